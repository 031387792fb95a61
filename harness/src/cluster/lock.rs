//! One process at a time starts or stops clusters. The operating system releases the lock when its
//! holder ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use super::error::ClusterError;

/// Held until dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "dropping it releases the lock")] File);

impl Lock {
    /// Takes the lock; calls `waiting` once when another process has it.
    pub(super) fn acquire(path: PathBuf, waiting: impl FnOnce()) -> Result<Self, ClusterError> {
        let failed = |action, source| ClusterError::File { path: path.clone(), action, source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| failed("created", source))?;
        }
        let file = File::create(&path).map_err(|source| failed("written", source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(|source| failed("locked", source))?;
            }
            Err(TryLockError::Error(source)) => return Err(failed("locked", source)),
        }
        Ok(Self(file))
    }
}
