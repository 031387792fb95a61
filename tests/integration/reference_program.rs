//! Programs around the packages others read and judge with, which the plugin is held against.

use crate::workplace::{repository, text};
use std::path::PathBuf;
use std::process::Command;

/// The program of a folder in `tests`. Go builds it, and keeps what it built: a moment when nothing has changed.
pub(crate) fn reference_program(folder: &str) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let built = Command::new("go")
        .args(["build", "-trimpath", "-o"])
        .arg(&program)
        .arg(".")
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-mod=readonly")
        .env("GOWORK", "off")
        .current_dir(repository().join("tests").join(folder))
        .output()
        .unwrap_or_else(|error| panic!("Go builds tests/{folder}: install Go as ci/setup asks for: {error}"));
    assert!(built.status.success(), "tests/{folder}: {}", text(&built.stderr));
    program
}
