//! Findings reach the user through both Helms, wherever Helm's stderr goes, and once only.

use crate::workplace::{Workplace, helm, text};
use gift_harness::tools::HelmVersion;
use std::fs::File;
use std::process::{Command, Output};

/// A chart with one breach of a built-in rule: an error, or none at all.
const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata:
  name: token
data:
  TOKEN: {{ .Values.token | quote }}
";

const FINDING: &str = "error[P10 secret-data-base64]";

fn workplace(helm_major: u32) -> Workplace {
    let workplace = Workplace::new(helm_major);
    workplace.write("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
    workplace.write("shop/values.yaml", "token: aGVsbG8=\n");
    workplace.write("shop/templates/secret.yaml", SECRET);
    if helm_major == 4 {
        workplace.helm(&["plugin", "install", "./plugin"]).assert().success();
    }
    workplace
}

fn template(workplace: &Workplace, helm_major: u32) -> Command {
    let mut command = workplace.command("helm");
    command.args(["template", "shop", "./shop", "--post-renderer", "gift"]);
    // `=` keeps Helm from reading the values as flags of its own.
    if helm_major == 3 {
        command.arg("--post-renderer-args=post-render");
    }
    command.args(["--post-renderer-args=--policy", "--post-renderer-args=none"]);
    command
}

fn times(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

fn failing(workplace: &Workplace, helm_major: u32) -> Command {
    let mut command = template(workplace, helm_major);
    command.args(["--set", "token=not Base64 at all"]);
    command
}

fn assert_stopped(output: &Output, stderr: &str) {
    assert!(!output.status.success());
    assert_eq!(text(&output.stdout), "", "something reaches the cluster");
    assert_eq!(times(stderr, FINDING), 1, "{stderr}");
    for told in ["shop/templates/secret.yaml", "Secret token: data.TOKEN", "help: ", "1 error"] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    assert!(!stderr.contains("not Base64 at all"), "a secret value is shown: {stderr}");
}

#[test]
fn a_pipe_is_reached_once() {
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let output = failing(&workplace, helm_major).output().unwrap();
        assert_stopped(&output, &text(&output.stderr));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_opened_for_appending_is_reached_once() {
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let log = workplace.write("log", "before\n");
        let stderr = File::options().append(true).open(&log).unwrap();
        let output = failing(&workplace, helm_major).stderr(stderr).output().unwrap();
        let stderr = std::fs::read_to_string(&log).unwrap();
        assert!(stderr.starts_with("before\n"));
        assert_stopped(&output, &stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_reached_once_and_in_colour() {
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let command = failing(&workplace, helm_major);
        let line: Vec<_> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| format!("'{}'", word.to_str().unwrap()))
            .collect();
        let mut script = workplace.command("script");
        script.args([
            "--quiet",
            "--return",
            "--command",
            &format!("{} >stdout", line.join(" ")),
            "/dev/null",
        ]);
        let output = script.env("TERM", "xterm").output().unwrap();
        let screen = text(&output.stdout);
        assert_eq!(times(&screen, "error[P10 secret-data-base64]"), 1, "{screen}");
        // Helm 3 passes on what a process without a terminal wrote.
        assert_eq!(screen.contains("\u{1b}[31merror"), helm_major == 4, "{screen:?}");
        assert_eq!(std::fs::read_to_string(workplace.path().join("stdout")).unwrap(), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_plain_file_gets_all_or_nothing() {
    // Helm writes over what others put into a file it opened for plain writing, unless the very same
    // descriptor can be had. Either way nothing is garbled and the saved report has it.
    let workplace = workplace(4);
    let log = workplace.path().join("log");
    let output = failing(&workplace, 4).stderr(File::create(&log).unwrap()).output().unwrap();
    assert!(!output.status.success());
    let stderr = std::fs::read_to_string(&log).unwrap();
    assert!(
        times(&stderr, FINDING) <= 1 && times(&stderr, "Error: ") == 1 && !stderr.contains('\0'),
        "{stderr}"
    );
    assert_kept(&workplace);
}

#[test]
fn the_last_report_has_it_where_stderr_is_lost() {
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let output = failing(&workplace, helm_major).stderr(std::process::Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        assert_kept(&workplace);
        let clean = template(&workplace, helm_major).output().unwrap();
        assert!(clean.status.success(), "{}", text(&clean.stderr));
        workplace.gift(&["explain"]).assert().success().stdout("nothing was found\n");
    }
}

#[test]
fn wrong_arguments_are_told_behind_helm_too() {
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let mut command = template(&workplace, helm_major);
        let output = command.arg("--post-renderer-args=--polcy").output().unwrap();
        let stderr = text(&output.stderr);
        assert!(!output.status.success());
        assert_eq!(times(&stderr, "unexpected argument '--polcy'"), 1, "{stderr}");
    }
}

#[test]
fn a_plugin_without_the_command_says_so() {
    let workplace = workplace(4);
    std::fs::remove_file(workplace.path().join("bin/gift")).unwrap();
    let output = template(&workplace, 4).env("PATH", "/usr/bin:/bin").output().unwrap();
    let stderr = text(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains("the gift command is neither in") && stderr.contains("help: "), "{stderr}");
}

#[test]
fn helm_3_bears_the_plugin_of_helm_4() {
    // Both look for plugins in the same place.
    let workplace = workplace(4);
    let mut helm3 = workplace.command(helm(HelmVersion::V3).to_str().unwrap());
    let output = helm3.args(["template", "shop", "./shop"]).output().unwrap();
    assert!(
        output.status.success() && text(&output.stdout).contains("kind: Secret"),
        "{}",
        text(&output.stderr)
    );
}

fn assert_kept(workplace: &Workplace) {
    let told = workplace.gift(&["explain"]).assert().success();
    let told = text(&told.get_output().stdout);
    assert!(told.contains(FINDING), "{told}");
}
