//! Workflows and the composite action for GitHub: what the linters say, what they may run, and the action's own
//! steps, run as a runner runs them.

use super::linters::{is_read, lint};
use super::repository::Repository;
use crate::workplace::{repository, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ACTION: &str = "ci/github/action/action.yml";

/// The project's own workflows, and those to be copied.
fn workflows() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = [".github/workflows", "ci/github"]
        .iter()
        .flat_map(|folder| fs::read_dir(repository().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    assert!(files.len() > 2, "{files:?}");
    files
}

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A repository that has copied the workflows, and the action beside them.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = |path: &str| folder.path().join(path);
    for made in [".git", ".github/workflows", "ci/github/action"] {
        fs::create_dir_all(place(made)).unwrap();
    }
    for file in workflows() {
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::copy(&file, place(&format!(".github/workflows/{name}"))).unwrap();
    }
    fs::copy(repository().join(ACTION), place(ACTION)).unwrap();
    folder
}

#[test]
fn actionlint_has_nothing_to_say() {
    let folder = copied();
    let (good, told) = lint("actionlint", folder.path(), &["-no-color"]);
    assert!(good, "{told}");
    let matrix = folder.path().join(".github/workflows/matrix.yml");
    let workflow = fs::read_to_string(&matrix).unwrap();
    // The inputs are held against the action beside it, expressions against what is there, scripts against bash.
    for (right, wrong, expected) in [
        ("allowed-exit-code:", "allowed-code:", "input \"allowed-code\" is not defined"),
        ("${{ matrix.part }}", "${{ matrix.prat }}", "property \"prat\" is not defined"),
        ("runs-on:", "run-on:", "unexpected key \"run-on\""),
        ("needs: part", "needs: parts", "needs job \"parts\""),
    ] {
        fs::write(&matrix, workflow.replacen(right, wrong, 1)).unwrap();
        let (good, told) = lint("actionlint", folder.path(), &["-no-color"]);
        assert!(!good && told.contains(expected), "{wrong}: {told}");
    }
}

#[test]
fn workflows_and_the_action_are_what_their_schemas_say() {
    for file in workflows() {
        let arguments = ["--builtin-schema", "vendor.github-workflows"];
        is_read("check-jsonschema", &arguments, &file, &[("runs-on:", "run-on:", "run-on")]);
    }
    is_read(
        "check-jsonschema",
        &["--builtin-schema", "vendor.github-actions"],
        &repository().join(ACTION),
        &[("using: composite", "using: composit", "composit"), ("shell: bash", "shel: bash", "shel")],
    );
}

/// An action is the commit that was looked at, and everywhere the same; `# v1.2.3` tells people which it is.
#[test]
fn actions_are_pinned_by_commit() {
    let mut pinned: BTreeMap<String, String> = BTreeMap::new();
    for file in workflows().into_iter().chain([repository().join(ACTION)]) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some(uses) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ") else {
                continue;
            };
            if uses.starts_with("./") {
                continue;
            }
            let place = format!("{}: {uses}", file.display());
            let (action, version) = uses.split_once('@').unwrap_or_else(|| panic!("{place}"));
            let (commit, tag) = version.split_once(" # v").unwrap_or_else(|| panic!("{place}"));
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{place}");
            assert_eq!(tag.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{place}");
            let first = pinned.entry(action.to_owned()).or_insert_with(|| version.to_owned());
            assert_eq!(first, version, "{place}");
        }
    }
    assert!(pinned.len() > 3, "{pinned:?}");
}

/// An expression in a script is text put into a program: what a branch is called would be run.
#[test]
fn scripts_get_what_they_are_given_by_the_environment() {
    fn scripts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(entries) => {
                found.extend(entries.get("run").and_then(Value::as_str));
                entries.values().for_each(|value| scripts(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| scripts(value, found)),
            _ => {}
        }
    }
    for file in workflows().into_iter().chain([repository().join(ACTION)]) {
        let content = yaml(&file);
        let mut found = Vec::new();
        scripts(&content, &mut found);
        assert!(!found.is_empty(), "{}", file.display());
        for script in found {
            assert!(!script.contains("${{"), "{}: {script}", file.display());
        }
    }
}

/// What a run of the action comes to.
struct Run {
    code: i32,
    told: String,
    outputs: String,
}

/// Runs the steps of the action in the work tree of a repository, as a runner does: each by its own bash, with
/// the environment the step says, and the path that steps before it have added to.
fn run(repository_with: &Repository, inputs: &[(&str, &str)]) -> Run {
    let action = repository().join(ACTION);
    let definition = yaml(&action);
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, input) in definition["inputs"].as_object().unwrap() {
        values.insert(format!("inputs.{name}"), input["default"].as_str().unwrap().to_owned());
    }
    for (name, value) in inputs {
        let old = values.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(old.is_some(), "there is no input {name}");
    }
    let filled = |text: &str| match text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) {
        Some(name) => values[name].clone(),
        None => text.to_owned(),
    };
    let mut result = Run { code: 0, told: String::new(), outputs: String::new() };
    let outputs = repository_with.file("../outputs");
    fs::write(&outputs, "").unwrap();
    for step in definition["runs"]["steps"].as_array().unwrap() {
        if let Some(condition) = step["if"].as_str() {
            assert_eq!(condition, "inputs.command != ''");
            if values["inputs.command"].is_empty() {
                continue;
            }
        }
        assert_eq!(step["shell"], "bash");
        let script = repository_with.file("../step");
        fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let folder = format!("work/{}", step["working-directory"].as_str().map_or(".".to_owned(), filled));
        let mut words = vec![
            format!("GITHUB_ACTION_PATH={}", action.parent().unwrap().display()),
            format!("GITHUB_OUTPUT={}", outputs.display()),
            format!("GITHUB_PATH={}", repository_with.file("../paths").display()),
        ];
        for (name, value) in step["env"].as_object().unwrap() {
            words.push(format!("{name}={}", filled(value.as_str().unwrap())));
        }
        for word in ["bash", "--noprofile", "--norc", "-eo", "pipefail"] {
            words.push(word.to_owned());
        }
        words.push(script.display().to_string());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = repository_with.run(&folder, Path::new("env"), &words);
        result.told += &(text(&output.stdout) + &text(&output.stderr));
        result.code = output.status.code().unwrap();
        if result.code != 0 {
            break;
        }
    }
    result.outputs = fs::read_to_string(outputs).unwrap();
    result
}

/// A repository whose chart renders a Secret, well in one environment and badly in the other.
fn shop() -> Repository {
    let shop = Repository::new();
    shop.write(
        "chart/templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  namespace: shop\ndata:\n  TOKEN: {{ .Values.token | quote }}\n",
    );
    shop.write("chart/values.yaml", "token: aGVsbG8=\n");
    shop.write("tests/matrix.yaml", "chart: ../chart\nvalues: ../values\nmatrix:\n  environment: [shop/dev, shop/prod]\n  helm: [4]\n  kubernetes: ['1.36']\n");
    let prod = shop.read("values/shop/prod.yaml");
    shop.write("values/shop/prod.yaml", &format!("token: not Base64\n{prod}"));
    shop
}

#[test]
fn a_matrix_is_tested_annotated_and_reported() {
    let shop = shop();
    let good = run(&shop, &[("arguments", "--filter\nshop/dev\n--policy=none")]);
    assert_eq!((good.code, good.outputs.as_str()), (0, "exit-code=0\n"), "{}", good.told);
    assert!(good.told.contains("::notice title=gift::0 of 1 cell failed"), "{}", good.told);

    let arguments = ("arguments", "--policy=none\n--no-cache");
    let bad = run(&shop, &[arguments, ("report", "report.xml")]);
    assert_eq!((bad.code, bad.outputs.as_str()), (1, "exit-code=1\n"), "{}", bad.told);
    assert!(bad.told.contains("::error ") && bad.told.contains("P10 secret-data-base64"), "{}", bad.told);
    let report = shop.read("report.xml");
    assert!(report.contains("<testsuites") && report.contains("failures=\"1\""), "{report}");

    // A part is judged with the others: its report is what counts.
    for part in ["1/2", "2/2"] {
        let report = format!("part-{}.json", &part[..1]);
        let arguments = format!("--policy=none\n--shard\n{part}");
        let inputs = [("arguments", arguments.as_str()), ("report", &report), ("allowed-exit-code", "3")];
        let run = run(&shop, &inputs);
        assert_eq!(run.code, 0, "{}", run.told);
        assert!(!run.told.contains("::"), "{}", run.told);
    }
    let (code, merged, said) = shop.gift(&["report", "merge", "part-1.json", "part-2.json"]);
    assert!(code == 1 && merged.contains("secret-data-base64"), "{merged}{said}");
}

#[test]
fn other_verbs_run_as_they_are_named() {
    let shop = shop();
    shop.write(
        "token.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {TOKEN: not Base64}\n",
    );
    let check = "--policy=none\n--only=secret-data-base64\ntoken.yaml";
    let found = run(&shop, &[("command", "check"), ("arguments", check)]);
    assert!(found.code == 1 && found.told.contains("::error file=token.yaml"), "{}", found.told);
    let reported = run(&shop, &[("command", "check"), ("arguments", check), ("report", "check.sarif")]);
    assert_eq!(reported.code, 1, "{}", reported.told);
    let sarif: Value = serde_json::from_str(&shop.read("check.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");

    let since = shop.git(&["rev-parse", "HEAD"]);
    shop.change(&["service-oven/main"]);
    let arguments = format!("services\n--since\n{since}");
    let changed = run(&shop, &[("command", "changed"), ("arguments", &arguments)]);
    assert!(changed.code == 0 && changed.told.ends_with("oven\n"), "{}", changed.told);

    // An argument is a line, whatever is in it.
    let hostile = run(&shop, &[("command", "check"), ("arguments", "$(touch harmed); touch harmed")]);
    assert!(hostile.code == 2 && !shop.file("harmed").exists(), "{}", hostile.told);
    let unknown = run(&shop, &[("report", "report.txt")]);
    assert!(unknown.code == 2 && unknown.told.contains("has to end in"), "{}", unknown.told);
    assert_eq!(run(&shop, &[("command", "")]).outputs, "");
}

/// Where there is no gift, the action builds the one of its own commit, and has later steps find it.
#[test]
fn a_gift_that_is_missing_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let paths = folder.path().join("paths");
    let built = crate::workplace::gift();
    let path = std::env::var_os("PATH").unwrap();
    let without = std::env::split_paths(&path).filter(|folder| !folder.join("gift").exists());
    let mut provide = Command::new(repository().join("ci/github/action/provide"));
    let output = provide
        .env("PATH", std::env::join_paths(without).unwrap())
        .env("PROFILE", "dev")
        .env("GITHUB_PATH", &paths)
        .env("CARGO_TARGET_DIR", built.ancestors().nth(2).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let path = fs::read_to_string(&paths).unwrap();
    assert!(Path::new(path.trim_end()).join("gift").is_file(), "{path}");
}
