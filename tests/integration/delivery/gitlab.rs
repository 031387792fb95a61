//! Templates for GitLab are what GitLab's own schema says, and their scripts are what a shell reads.

use super::linters::is_read;
use crate::workplace::{repository, text};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn templates() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(repository().join("ci/gitlab")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 1, "{files:?}");
    files
}

#[test]
fn templates_are_what_gitlabs_schema_says() {
    let arguments = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    for file in templates() {
        let mistakes = [("script:", "scripts:", "script"), ("variables:", "variables: [", "arse")];
        is_read("check-jsonschema", &arguments, &file, &mistakes);
    }
}

#[test]
fn scripts_are_shell() {
    for file in templates() {
        let template: Value = serde_yaml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let mut lines = 0;
        for job in template.as_object().unwrap().values() {
            for line in job["script"].as_array().into_iter().flatten() {
                let line = line.as_str().unwrap_or_else(|| panic!("{}: {line} is no text", file.display()));
                let read = Command::new("sh").args(["-n", "-c", line]).output().unwrap();
                assert!(read.status.success(), "{}: {}", file.display(), text(&read.stderr));
                lines += 1;
            }
        }
        assert!(lines > 2, "{}", file.display());
    }
}
