//! Files that are trusted as the command itself is: written whole or not at all, into a directory that
//! only the user can write to.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where they are: `modules` in [`crate::directories::cache`].
pub(super) fn directory() -> Option<PathBuf> {
    Some(crate::directories::cache()?.join("modules"))
}

/// Whether there is such a file, and nobody else could have written it.
pub(super) fn is_ours(path: &Path) -> bool {
    path.is_file() && path.parent().is_some_and(only_ours)
}

/// What is in it; `None` unless [it is ours](is_ours).
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    if is_ours(path) { std::fs::read(path).ok() } else { None }
}

/// Writes it; `None` when that cannot be done.
pub(super) fn write(path: &Path, content: &[u8]) -> Option<()> {
    let directory = path.parent()?;
    std::fs::create_dir_all(directory).ok()?;
    restrict(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).ok()?;
    file.write_all(content).ok()?;
    file.as_file().sync_all().ok()?;
    file.persist(path).ok()?;
    forget_oldest(directory, path.extension()?);
    Some(())
}

/// How many files of a kind are kept: one for each version of a module, and one for each set of policies
/// it was used with.
const KEPT: usize = 32;

fn forget_oldest(directory: &Path, extension: &OsStr) {
    let files = std::fs::read_dir(directory).into_iter().flatten().filter_map(|entry| {
        let entry = entry.ok()?;
        let path = entry.path();
        (path.extension() == Some(extension)).then_some((entry.metadata().ok()?.modified().ok()?, path))
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    for (_, path) in files.iter().rev().skip(KEPT) {
        // Another process may have been first.
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(unix)]
fn restrict(directory: &Path) -> Option<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).ok()
}

#[cfg(unix)]
fn only_ours(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(directory) else { return false };
    let Ok(own) = std::fs::metadata("/proc/self") else { return metadata.mode() & 0o022 == 0 };
    metadata.uid() == own.uid() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> Option<()> {
    Some(())
}

#[cfg(not(unix))]
fn only_ours(_: &Path) -> bool {
    true
}
