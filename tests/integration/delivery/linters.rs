//! Linters of what is delivered to other tools; `ci/setup delivery` brings them.

use crate::workplace::text;
use gift_harness::directories;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A linter in the project's cache.
pub(super) fn linter(name: &str) -> PathBuf {
    let path = directories::cache().unwrap().join("bin").join(name);
    assert!(path.exists(), "{} is not there; `ci/setup delivery` brings it", path.display());
    path
}

/// What a linter says in a folder, and whether it is content.
pub(super) fn lint(name: &str, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(linter(name)).args(arguments).current_dir(folder).output().unwrap();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

/// The linter must be content with a file, and must not be with each of these changes to it: what is replaced, by
/// what, and what the linter then speaks of.
pub(super) fn is_read(name: &str, arguments: &[&str], file: &Path, mistakes: &[(&str, &str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let copy = file.file_name().unwrap().to_str().unwrap();
    let said = |text: &str| {
        std::fs::write(folder.path().join(copy), text).unwrap();
        lint(name, folder.path(), &[arguments, &[copy]].concat())
    };
    let (good, told) = said(&text);
    assert!(good, "{}: {told}", file.display());
    for (right, wrong, expected) in mistakes {
        assert!(text.contains(right), "{}: {right}", file.display());
        let (good, told) = said(&text.replacen(right, wrong, 1));
        assert!(!good && told.contains(expected), "{}: {wrong}: {told}", file.display());
    }
}
