//! Whether what is packed is what is committed. Depends on [`super::package`], and on git where the folder
//! is in a repository of git's.

use super::error::PublishError;
use super::package::Package;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a folder was at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    /// The whole id.
    pub(super) id: String,
    /// When it was committed, in seconds since 1970.
    pub(super) time: u64,
    /// Where the folder is below the root of the repository.
    pub(super) folder: String,
}

/// The commit a folder is at; none outside git, and before the first commit.
pub(super) fn commit(folder: &Path) -> Result<Option<Commit>, PublishError> {
    let Some(told) = git(folder, &["show", "--no-patch", "--format=%H %ct", "HEAD"], true)? else {
        return Ok(None);
    };
    let told = String::from_utf8_lossy(&told);
    let prefix = git(folder, &["rev-parse", "--show-prefix"], false)?.unwrap_or_default();
    let prefix = String::from_utf8_lossy(&prefix).trim_end().trim_end_matches('/').to_owned();
    Ok(told.trim_end().split_once(' ').and_then(|(id, time)| {
        let folder = if prefix.is_empty() { ".".to_owned() } else { prefix };
        Some(Commit { id: id.to_owned(), time: time.parse().ok()?, folder })
    }))
}

/// The files of a whole repository that are not as they were committed; those git was never told of are left out.
pub(super) fn changed(folder: &Path) -> Result<Vec<String>, PublishError> {
    let status = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--", ":/"];
    let status = git(folder, &status, true)?.unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    Ok(status.split('\0').filter_map(|line| Some(line.get(3..)?.to_owned())).collect())
}

/// The files of a package that are not as they were committed; in a folder outside git there are none.
pub(super) fn uncommitted(folder: &Path, package: &Package) -> Result<Vec<String>, PublishError> {
    let Some(prefix) = git(folder, &["rev-parse", "--show-prefix"], true)? else { return Ok(Vec::new()) };
    let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
    let status =
        ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", "."];
    let Some(status) = git(folder, &status, false)? else { return Ok(Vec::new()) };
    let status = String::from_utf8_lossy(&status);
    Ok(status
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
        .collect())
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
