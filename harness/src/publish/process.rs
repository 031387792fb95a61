//! Programs that take bytes and give bytes: GnuPG, OpenSSL.
//!
//! Depends on nothing else here.

use super::error::PublishError;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What it printed, or what it said of why it did not.
pub(super) fn run(
    program: &str,
    command: &mut Command,
    input: &[u8],
) -> Result<Result<Vec<u8>, String>, PublishError> {
    let failed = |source| PublishError::Program { program: program.to_owned(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends early says why on its standard error.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() && !output.stdout.is_empty() {
        return Ok(Ok(output.stdout));
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told: Vec<_> = told.lines().map(|line| line.trim_start_matches("gpg: ")).collect();
    Ok(Err(if told.is_empty() { "it printed nothing".to_owned() } else { told.join("; ") }))
}
