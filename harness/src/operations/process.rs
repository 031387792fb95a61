//! Programs run to their end, with what they print and what they say when they fail.

use super::{OperationError, Step};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// So many lines of what a failed program said are told.
const LINES: usize = 8;

/// Runs a program, tells its command line and gives what it printed. `settings` are environment variables, as
/// `NAME=VALUE`.
pub(super) fn run(
    program: &OsStr,
    arguments: &[&str],
    settings: &[&str],
    input: Option<&str>,
    on_step: &mut dyn FnMut(Step),
) -> Result<String, OperationError> {
    let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
    let mut command = name.clone();
    for argument in arguments {
        // Writing to a String cannot fail.
        let _ = write!(command, " {argument}");
    }
    on_step(Step::Runs(command.clone()));
    let failed = |source| OperationError::Run { program: name.clone(), source };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(settings.iter().filter_map(|setting| setting.split_once('=')))
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let (Some(mut stdin), Some(text)) = (child.stdin.take(), input) {
        // A program that ends without reading says why itself.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let detail = lines[lines.len().saturating_sub(LINES)..].join("\n  ");
    Err(OperationError::Failed { command, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_told_with_its_last_words() {
        let mut told = Vec::new();
        let script = "cat; echo $GREETING; for n in 1 2 3 4 5 6 7 8 9; do echo $n >&2; done; exit $1";
        let run = |code: &str, told: &mut Vec<Step>| {
            let arguments = ["-c", script, "sh", code];
            super::run("sh".as_ref(), &arguments, &["GREETING=a=b"], Some("in "), &mut |step| told.push(step))
        };
        assert_eq!(run("0", &mut told).unwrap(), "in a=b\n");
        let Err(OperationError::Failed { command, detail }) = run("3", &mut told) else { panic!() };
        assert!(command.starts_with("sh -c cat") && command.ends_with(" sh 3"), "{command}");
        assert_eq!(detail.split_whitespace().collect::<Vec<_>>(), ["2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run("/nowhere/kind".as_ref(), &[], &[], None, &mut |_| {}).unwrap_err();
        assert!(error.to_string().starts_with("kind could not be run"), "{error}");
    }
}
