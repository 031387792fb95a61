//! How findings reach the user although Helm stands in between.
//!
//! Helm 4 throws away what a post-renderer writes to stderr; Helm 3 shows it when the post-renderer
//! fails and throws it away otherwise. So the last report is kept in the user's state folder, where
//! `gift explain` finds it, and on Linux what Helm would throw away is written to Helm's own
//! stderr, when that is a terminal, a pipe or a file opened for appending. Into a file opened for
//! plain writing Helm itself would write over it, since each has a position of its own; there, and
//! for sockets, Helm's own descriptor is needed, which the kernel does not give to everyone.

use super::failure::{CommandError, Failure};
use super::output::ColorWhen;
use gift_harness::report::json;
use gift_harness::report::text::Appearance;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is kept of the last run. No secret value is in it: findings never carry one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LastReport {
    /// The verb that ran: `post-render`.
    pub(crate) command: String,
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    /// The folder it ran in.
    pub(crate) directory: PathBuf,
    /// Why nothing was judged, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub(crate) document: json::Document,
}

impl LastReport {
    pub(crate) fn new(command: &str, document: json::Document, error: Option<String>) -> Self {
        Self {
            command: command.to_owned(),
            at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()),
            directory: std::env::current_dir().unwrap_or_default(),
            error,
            document,
        }
    }

    /// Keeps the report, readable by the user alone, in the place of the one before.
    ///
    /// Readers see the old report or the new one, never half of one.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let path = path()?;
        let failed = |source| CommandError::Write { path: path.clone(), source };
        let Some(directory) = path.parent() else { return Err(CommandError::NoStateDirectory.into()) };
        create_private_directory(directory).map_err(failed)?;
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        let temporary = directory.join(format!(".last-report.{}.json", std::process::id()));
        let written = write_private(&temporary, &text).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            // It may not exist; the error that matters is the one before.
            let _ = fs::remove_file(&temporary);
        }
        Ok(written.map_err(failed)?)
    }

    /// Reads the report of the last run.
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = path()?;
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(CommandError::NoReport { path }.into());
            }
            Err(source) => return Err(CommandError::Read { path, source }.into()),
        };
        Ok(serde_json::from_slice(&text).map_err(|source| CommandError::BadReport { path, source })?)
    }
}

/// Where the last report is kept.
fn path() -> Result<PathBuf, Failure> {
    let state = gift_harness::directories::state().ok_or(CommandError::NoStateDirectory)?;
    Ok(state.join("last-report.json"))
}

#[cfg(unix)]
fn create_private_directory(directory: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create_private_directory(directory: &std::path::Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)
}

fn write_private(path: &std::path::Path, text: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text)
}

/// Writes to Helm's stderr what Helm would throw away.
///
/// `failing` tells whether this process is about to end with an error, in which case Helm 3 shows
/// our stderr by itself. Does nothing when not run by Helm, when our stderr is Helm's own, or
/// where Helm's stderr cannot be reached: the saved report remains.
pub(crate) fn tell_behind_helm(
    failing: bool,
    color: ColorWhen,
    write: impl FnOnce(&mut dyn Write, Appearance) -> std::io::Result<()>,
) {
    #[cfg(target_os = "linux")]
    if let Some(mut stderr) = linux::stderr_of_helm(failing) {
        let appearance = super::output::appearance(stderr.file(), color);
        let mut text = Vec::new();
        // A reader who cannot be reached here is reached by the saved report.
        let _ = write(&mut text, appearance).and_then(|()| stderr.write_all(&text));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (failing, color, write);
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::{FileType, OFlags};
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
    use std::fs::{self, File};
    use std::io::{self, Write};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    /// How many processes may stand between Helm and this one: a launcher, a wrapper script.
    const MOST_ANCESTORS: usize = 4;

    /// How long a pipe may stay full before its reader is given up.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Helm's stderr, opened anew.
    pub(super) struct HelmStderr(File);

    impl HelmStderr {
        pub(super) fn file(&self) -> &File {
            &self.0
        }
    }

    impl Write for HelmStderr {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let start = Instant::now();
            loop {
                match self.0.write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && start.elapsed() < PATIENCE => {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    done => return done,
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The stderr of the Helm that runs this process, if Helm would throw our own away.
    pub(super) fn stderr_of_helm(failing: bool) -> Option<HelmStderr> {
        // Helm 4 runs post-renderers as plugins and says so; Helm 3 shows the stderr of those that fail.
        let is_plugin =
            std::env::var_os("HELM_PLUGIN_DIR").is_some() && std::env::var_os("HELM_PLUGIN_NAME").is_some();
        if !is_plugin && failing {
            return None;
        }
        let own = identity("self")?;
        let mut process = std::os::unix::process::parent_id();
        for _ in 0..MOST_ANCESTORS {
            if identity(&process.to_string())? != own {
                return is_helm(process).then(|| open(process)).flatten();
            }
            process = parent_of(process)?;
        }
        None
    }

    /// Device and inode of a process's stderr.
    fn identity(process: &str) -> Option<(u64, u64)> {
        let metadata = fs::metadata(format!("/proc/{process}/fd/2")).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    fn is_helm(process: u32) -> bool {
        let executable = fs::read_link(format!("/proc/{process}/exe")).ok();
        let name = executable.as_deref().and_then(|path| path.file_name());
        name.is_some_and(|name| name.to_string_lossy().contains("helm"))
    }

    fn parent_of(process: u32) -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        line.trim().parse().ok().filter(|&parent| parent > 1)
    }

    /// Opens the stderr of a process so that what is written there lands behind what is there.
    fn open(process: u32) -> Option<HelmStderr> {
        let path = PathBuf::from(format!("/proc/{process}/fd/2"));
        let kind = fs::metadata(&path).ok()?.file_type();
        if !(kind.is_char_device() || kind.is_fifo() || (kind.is_file() && appends(process))) {
            return duplicate(process);
        }
        // Without NONBLOCK a pipe that nobody reads would keep us waiting for ever.
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
        let file = File::options().append(true).custom_flags(flags).open(&path).ok()?;
        // What was opened must be what was looked at.
        let opened = rustix::fs::fstat(&file).ok()?;
        (FileType::from_raw_mode(opened.st_mode) == expected(kind)).then_some(HelmStderr(file))
    }

    /// Takes the very descriptor, with its position in a plain file. The kernel allows that to those
    /// who may trace the process: root, or anyone where tracing is not restricted.
    fn duplicate(process: u32) -> Option<HelmStderr> {
        let pid = Pid::from_raw(i32::try_from(process).ok()?)?;
        let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let descriptor = pidfd_getfd(&process, 2, PidfdGetfdFlags::empty()).ok()?;
        Some(HelmStderr(File::from(descriptor)))
    }

    fn expected(kind: fs::FileType) -> FileType {
        if kind.is_char_device() {
            FileType::CharacterDevice
        } else if kind.is_fifo() {
            FileType::Fifo
        } else {
            FileType::RegularFile
        }
    }

    /// Whether the process opened its stderr for appending.
    fn appends(process: u32) -> bool {
        let flags = fs::read_to_string(format!("/proc/{process}/fdinfo/2")).ok();
        let flags =
            flags.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("flags:")));
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
        flags.is_some_and(|flags| OFlags::from_bits_retain(flags).contains(OFlags::APPEND))
    }
}
