//! One run of a command, measured.

use crate::Failure;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::Wait4 as _;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Of all processors, in user and kernel mode.
    pub(crate) processor: Duration,
    /// The most it had at a time, in bytes.
    pub(crate) memory: u64,
}

/// Runs a command and gives what it took; what it prints goes to the file `output`.
pub(crate) fn measure(command: &mut Command, output: &Path) -> Result<Cost, Failure> {
    let errors = output.with_extension("errors");
    command.stdin(Stdio::null()).stdout(File::create(output)?).stderr(File::create(&errors)?);
    let begun = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = begun.elapsed();
    // 1 is what each of them says when it found something.
    if !matches!(used.status.code(), Some(0 | 1)) {
        let said = fs::read_to_string(errors).unwrap_or_default();
        return Err(format!("{command:?}: {}: {said}", used.status).into());
    }
    let processor = used.rusage.utime + used.rusage.stime;
    Ok(Cost { wall, processor, memory: used.rusage.maxrss })
}
