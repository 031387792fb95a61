//! The hooks for pre-commit, tried by pre-commit itself in a repository that asks for them.

use super::linters::{is_read, linter};
use super::repository::Repository;
use crate::workplace::{repository, text};
use std::fs;
use std::path::Path;

const MANIFEST: &str = ".pre-commit-hooks.yaml";

const TOKEN: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\n";

#[test]
fn pre_commit_takes_the_manifest() {
    is_read(
        "pre-commit",
        &["validate-manifest"],
        &repository().join(MANIFEST),
        &[("language: script", "language: scrip", "language"), ("entry:", "entri:", "entry")],
    );
}

/// A repository with the hooks, at a commit, beside one that uses them.
fn hooks(shop: &Repository) -> String {
    for file in [MANIFEST, "ci/pre-commit/check"] {
        let copy = shop.file(&format!("../hooks/{file}"));
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(repository().join(file), copy).unwrap();
    }
    shop.git_in("hooks", &["init", "--quiet"]);
    shop.git_in("hooks", &["add", "--all"]);
    shop.git_in("hooks", &["commit", "--quiet", "--message", "hooks"]);
    shop.git_in("hooks", &["rev-parse", "HEAD"])
}

#[test]
fn a_commit_is_stopped_by_what_gift_finds() {
    let shop = Repository::new();
    let revision = hooks(&shop);
    let address = shop.file("../hooks").display().to_string();
    shop.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n- repo: {address}\n  rev: {revision}\n  hooks:\n  - id: gift-check\n    args: [--policy=none]\n    files: ^manifests/\n  - id: gift-test\n    args: [--policy=none]\n"
        ),
    );
    shop.write("chart/templates/page.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page, namespace: shop}\ndata: {text: '{{ .Values.text }}'}\n");
    shop.write("chart/values.yaml", "text: hello\n");
    shop.commit("hooks");
    let pre_commit = |arguments: &[&str]| {
        let cache = shop.file("../hooks-cache");
        let mut words =
            vec![format!("PRE_COMMIT_HOME={}", cache.display()), linter("pre-commit").display().to_string()];
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = shop.run("work", Path::new("env"), &words);
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let (installed, told) = pre_commit(&["install"]);
    assert!(installed, "{told}");

    // git runs the hook, which runs pre-commit, which runs gift.
    let commit = |message: &str| {
        shop.git(&["add", "--all"]);
        let cache = format!("PRE_COMMIT_HOME={}", shop.file("../hooks-cache").display());
        let output = shop.run("work", Path::new("env"), &[&cache, "git", "commit", "--message", message]);
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let before = shop.git(&["rev-parse", "HEAD"]);
    shop.write("manifests/good.yaml", &format!("{TOKEN}data: {{TOKEN: eA==}}\n"));
    shop.write("manifests/bad file.yaml", &format!("{TOKEN}data: {{TOKEN: not Base64}}\n"));
    shop.write("manifests/templates/page.yaml", "{{- if .Values.page }}\nkind: Page\n{{- end }}\n");
    let (taken, told) = commit("bad");
    assert!(!taken && told.contains("P10 secret-data-base64") && told.contains("bad file.yaml"), "{told}");
    assert_eq!(shop.git(&["rev-parse", "HEAD"]), before);
    fs::remove_file(shop.file("manifests/bad file.yaml")).unwrap();
    let (taken, told) = commit("good");
    assert!(taken && !told.contains("Failed"), "{told}");
    // Nothing of the chart is in that commit, so its matrix is left alone.
    assert!(told.lines().any(|line| line.starts_with("gift test") && line.contains("Skipped")), "{told}");

    shop.write("chart/values.yaml", "text: '{{ unrendered }}'\n");
    let (taken, told) = commit("unrendered");
    assert!(!taken && told.contains("gift test") && told.contains("unrendered"), "{told}");
    shop.write("chart/values.yaml", "text: again\n");
    let (taken, told) = commit("rendered");
    assert!(
        taken && told.lines().any(|line| line.starts_with("gift test") && line.ends_with("Passed")),
        "{told}"
    );
}
