//! Every way to end, with the right exit code and one paragraph that says what to do.

use crate::workplace::{Workplace, text};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const CLEAN: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  COLOUR: blue
";

/// Plaintext where only Base64 may be, and a key twice: built-in rules that hold for any chart.
const BREACH: &str = "\
---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: token
data:
  TOKEN: plain, not encoded
";

/// Runs `gift` and gives exit code, stdout and stderr.
fn run(workplace: &Workplace, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let output = workplace.gift(arguments).write_stdin(input).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// The error is one paragraph, names `place`, gives a way out, and is no panic.
pub(super) fn assert_told(stderr: &str, place: &str) {
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains(place), "{stderr} does not name {place}");
    assert!(stderr.contains("\nhelp: "), "{stderr} gives no way out");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(stderr.lines().count() <= 4, "{stderr} is more than a paragraph");
}

#[test]
fn help_and_version_are_data() {
    let workplace = Workplace::new(4);
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"], &["help", "post-render"]] {
        let (code, stdout, stderr) = run(&workplace, arguments, b"");
        assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!stdout.is_empty(), "{arguments:?}");
    }
    let (_, help, _) = run(&workplace, &["--help"], b"");
    for taught in ["Examples:", "Environment variables:", "Exit codes:", "GIFT_CACHE", "NO_COLOR", "70"] {
        assert!(help.contains(taught), "{taught} is not in the help");
    }
}

#[test]
fn wrong_usage_is_2() {
    let workplace = Workplace::new(4);
    for arguments in
        [&["chekc"][..], &["check"], &["check", "-", "--fromat", "json"], &["check", "-", "--format", "xml"]]
    {
        let (code, stdout, stderr) = run(&workplace, arguments, CLEAN.as_bytes());
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn what_cannot_be_read_is_told_whatever_rules_are_asked_for() {
    let workplace = Workplace::new(4);
    for only in ["pinned-image-tag", "no-string-data", "unique-name", "schema"] {
        let (code, stdout, _) = run(&workplace, &["check", "-", "--only", only], b"a: [\n");
        assert_eq!(code, 1, "{only}: {stdout}");
        assert!(stdout.contains("error[unparsable]"), "{only}: {stdout}");
    }
    let skipped = ["check", "-", "--only", "unique-name", "--skip", "unparsable"];
    assert_eq!(run(&workplace, &skipped, b"a: [\n").0, 0);
}

#[test]
fn input_that_cannot_be_judged_is_2() {
    let workplace = Workplace::new(4);
    let empty = workplace.write("empty.yaml", "");
    let large = workplace.write("large.yaml", "");
    std::fs::File::options().write(true).open(&large).unwrap().set_len(50 << 20).unwrap();
    for (file, place) in [
        (empty.to_str().unwrap(), "empty.yaml has 0 bytes"),
        (large.to_str().unwrap(), "large.yaml has more than"),
        ("absent.yaml", "absent.yaml"),
    ] {
        let (code, stdout, stderr) = run(&workplace, &["check", file], b"");
        assert_eq!((code, stdout.as_str()), (2, ""), "{file}: {stderr}");
        assert_told(&stderr, place);
    }
    for verb in [&["check", "-"][..], &["post-render"]] {
        let (code, stdout, stderr) = run(&workplace, verb, b"");
        assert_eq!((code, stdout.as_str()), (2, ""), "{verb:?}: {stderr}");
        assert_told(&stderr, "standard input has 0 bytes");
    }
}

#[test]
fn clean_is_0_and_breach_is_1() {
    let workplace = Workplace::new(4);
    let (code, stdout, stderr) = run(&workplace, &["check", "-", "--policy", "none"], CLEAN.as_bytes());
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("nothing is wrong"), "{stderr}");
    let (code, stdout, stderr) =
        run(&workplace, &["check", "-", "--policy", "none", "-q"], BREACH.as_bytes());
    assert_eq!((code, stderr.as_str()), (1, ""), "{stdout}");
    for told in [
        "error[P10 secret-data-base64]",
        "shop/templates/secret.yaml (8:10 of the stream)",
        "Secret token: data.TOKEN",
        "help: ",
    ] {
        assert!(stdout.contains(told), "{told} is not in {stdout}");
    }
    assert!(!stdout.contains("plain, not encoded"), "a secret value is shown: {stdout}");
}

#[test]
fn post_render_gives_all_or_nothing() {
    let workplace = Workplace::new(4);
    let (code, stdout, stderr) = run(&workplace, &["post-render", "--policy", "none"], CLEAN.as_bytes());
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, CLEAN, ""));
    let stream = format!("{CLEAN}{BREACH}");
    let (code, stdout, stderr) = run(&workplace, &["post-render", "--policy", "none"], stream.as_bytes());
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("secret-data-base64"), "{stderr}");
}

#[test]
fn the_json_report_has_its_stable_shape() {
    let workplace = Workplace::new(4);
    let (code, stdout, _) =
        run(&workplace, &["check", "-", "--policy", "none", "--format", "json"], BREACH.as_bytes());
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &report["version"]), (1, &1.into()));
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "secret-data-base64");
    assert_eq!(finding["severity"], "error");
    assert_eq!(
        finding["object"],
        serde_json::json!({"apiVersion": "v1", "kind": "Secret", "namespace": "", "name": "token"})
    );
    assert_eq!((finding["path"].as_str(), finding["line"].as_u64()), (Some("data.TOKEN"), Some(8)));
    assert_eq!(finding["source"], "shop/templates/secret.yaml");
}

#[test]
fn every_format_is_written() {
    let workplace = Workplace::new(4);
    let beginnings = [
        ("text", "error[P10"),
        ("json", "{\n  \"version\": 1"),
        ("sarif", "{\n  \"$schema\""),
        ("junit", "<?xml"),
        ("github", "::error "),
    ];
    for (format, beginning) in beginnings {
        let arguments = ["check", "-", "--policy", "none", "--format", format];
        let (code, stdout, stderr) = run(&workplace, &arguments, BREACH.as_bytes());
        assert_eq!(code, 1, "{stderr}");
        assert!(stdout.starts_with(beginning), "{format}: {stdout}");
    }
}

#[test]
fn the_last_report_is_kept_for_the_user_alone() {
    let workplace = Workplace::new(4);
    let (code, _, stderr) = run(&workplace, &["explain"], b"");
    assert_eq!(code, 2);
    assert_told(&stderr, "last-report.json");
    run(&workplace, &["post-render", "--policy", "none"], BREACH.as_bytes());
    let (code, stdout, stderr) = run(&workplace, &["explain"], b"");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("secret-data-base64") && stderr.contains("gift post-render"), "{stdout}{stderr}");
    let report = workplace.path().join("home/state/gift/last-report.json");
    let kept = std::fs::read_to_string(&report).unwrap();
    assert!(!kept.contains("plain, not encoded"), "a secret value is kept: {kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
    }
    run(&workplace, &["post-render", "--policy", "none"], CLEAN.as_bytes());
    let (_, stdout, _) = run(&workplace, &["explain"], b"");
    assert_eq!(stdout, "nothing was found\n", "an old report outlives a clean run");
}

#[test]
fn rules_are_explained() {
    let workplace = Workplace::new(4);
    for asked in ["no-string-data", "P11", "p11"] {
        let (code, stdout, stderr) = run(&workplace, &["explain", asked], b"");
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.starts_with("no-string-data (P11): "), "{stdout}");
    }
    let (code, _, stderr) = run(&workplace, &["explain", "no-such-rule"], b"");
    assert_eq!(code, 2);
    assert_told(&stderr, "`no-such-rule`");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let workplace = Workplace::new(4);
    let mut child = workplace
        .command("gift")
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropping the reader after one byte closes the pipe long before the script is through.
    let mut reader = BufReader::with_capacity(1, child.stdout.take().unwrap());
    reader.fill_buf().unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn colours_are_sent_only_where_asked_for() {
    let workplace = Workplace::new(4);
    let arguments = ["check", "-", "--policy", "none"];
    let (_, plain, _) = run(&workplace, &arguments, BREACH.as_bytes());
    assert!(!plain.contains('\u{1b}'));
    let (_, always, _) =
        run(&workplace, &[&arguments[..], &["--color", "always"]].concat(), BREACH.as_bytes());
    assert!(always.contains('\u{1b}'));
    let mut forced = workplace.gift(&arguments);
    let forced = forced.env("CLICOLOR_FORCE", "1").write_stdin(BREACH).output().unwrap();
    assert!(text(&forced.stdout).contains('\u{1b}'));
    let mut refused = workplace.gift(&arguments);
    let refused =
        refused.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").write_stdin(BREACH).output().unwrap();
    assert!(!text(&refused.stdout).contains('\u{1b}'));
}

#[test]
fn completions_and_manual_pages_are_made() {
    let workplace = Workplace::new(4);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, stdout, _) = run(&workplace, &["completions", shell], b"");
        assert!(code == 0 && stdout.contains("post-render"), "{shell}");
    }
    let (code, _, stderr) = run(&workplace, &["man", "pages"], b"");
    assert_eq!(code, 0, "{stderr}");
    for page in ["gift.1", "gift-check.1", "gift-post-render.1"] {
        let text = std::fs::read_to_string(workplace.path().join("pages").join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}
