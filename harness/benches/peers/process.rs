//! One run of a command, measured: wall-clock time, processor time and peak memory.
//!
//! The kernel counts what all children of a process took together, so each run is the only child of a
//! process of its own: this benchmark, started again with [`MEASURE`].

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::Failure;

/// The first argument of a process that measures: after it the file for the output, and the command.
pub(crate) const MEASURE: &str = "measure-one-run";

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Of all processors, in user and kernel mode.
    pub(crate) processor: Duration,
    /// In bytes.
    pub(crate) memory: u64,
}

/// Runs a command and gives what it took; what it prints goes to the file `output`.
pub(crate) fn measure(command: &Command, output: &Path) -> Result<Cost, Failure> {
    let mut measuring = Command::new(env::current_exe()?);
    measuring.arg(MEASURE).arg(output).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        measuring.current_dir(folder);
    }
    let answer = measuring.output()?;
    let told = String::from_utf8(answer.stdout)?;
    let numbers: Vec<u64> = told.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        // 1 is what each of them says when it found something.
        [0 | 1, wall, processor, memory] => Ok(Cost {
            wall: Duration::from_micros(*wall),
            processor: Duration::from_micros(*processor),
            memory: *memory,
        }),
        _ => {
            let said = fs::read_to_string(output.with_extension("errors")).unwrap_or_default();
            let errors = String::from_utf8_lossy(&answer.stderr);
            Err(format!("{command:?} failed: {told}{errors}{}", said.get(..2000).unwrap_or(&said)).into())
        }
    }
}

/// What a process that measures does; `arguments` are those after [`MEASURE`].
#[allow(clippy::print_stdout, reason = "the measurements are the output")]
pub(crate) fn measure_one_run(mut arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let output = arguments.next().ok_or("a file for the output")?;
    let mut command = Command::new(arguments.next().ok_or("a command")?);
    command.args(arguments).stdin(Stdio::null()).stdout(File::create(&output)?);
    command.stderr(File::create(Path::new(&output).with_extension("errors"))?);
    let begun = Instant::now();
    let code = command.status()?.code().unwrap_or(255);
    let wall = begun.elapsed();
    let (processor, memory) = usage_of_children()?;
    println!("{code} {} {processor} {memory}", wall.as_micros());
    Ok(())
}

/// Microseconds and bytes.
#[cfg(unix)]
fn usage_of_children() -> Result<(i64, i64), Failure> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = usage.user_time() + usage.system_time();
    // macOS counts in bytes, the others in kilobytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok((processor.num_microseconds(), usage.max_rss() * unit))
}

#[cfg(not(unix))]
fn usage_of_children() -> Result<(i64, i64), Failure> {
    Err("what a process took can only be measured on Unix".into())
}
