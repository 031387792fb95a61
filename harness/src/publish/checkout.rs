//! Whether what is packed is what is committed. Depends on [`super::package`], and on git where the folder
//! is in a repository of git's.

use super::error::PublishError;
use super::package::Package;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Refuses a package with files that are not as they were committed; a folder outside git is taken as it is.
///
/// # Errors
///
/// [`PublishError::Uncommitted`] with the files.
pub(super) fn require_committed(folder: &Path, package: &Package) -> Result<(), PublishError> {
    let Some(prefix) = git(folder, &["rev-parse", "--show-prefix"], true)? else { return Ok(()) };
    let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
    let status =
        ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", "."];
    let Some(status) = git(folder, &status, false)? else { return Ok(()) };
    let status = String::from_utf8_lossy(&status);
    let changed: Vec<String> = status
        .split('\0')
        .filter_map(|line| {
            let (state, path) = (line.get(..2)?, line.get(3..)?.strip_prefix(&prefix)?);
            let is_packed = package
                .contents
                .iter()
                .any(|(packed, _)| packed == path || (path.ends_with('/') && packed.starts_with(path)));
            // What was deleted is not packed, and was committed.
            (is_packed || state.contains('D')).then(|| path.to_owned())
        })
        .collect();
    if changed.is_empty() { Ok(()) } else { Err(PublishError::Uncommitted(changed)) }
}

/// What git printed; `None` where there is no git, or no repository.
fn git(folder: &Path, arguments: &[&str], may_fail: bool) -> Result<Option<Vec<u8>>, PublishError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(Some(output.stdout)),
        Ok(_) if may_fail => Ok(None),
        Ok(output) => Err(PublishError::Git(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PublishError::Git(error.to_string())),
    }
}
