//! The directory of kept results: private to its owner, safe for several processes.

use crate::diagnosis::{Category, Diagnose};
use crate::directories;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The first bytes of a file; another format has another number.
const MAGIC: &[u8] = b"gift kept 2\n";

/// How long an entry may be used before that is noted in its time, by which the oldest are told.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// Why results cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may look into the directory, and streams may hold secrets.
    #[error("{} is open to others than its owner", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
    },
}

impl Diagnose for StoreError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Directory { .. } => {
                "Set GIFT_CACHE to a directory of yours, or pass --no-cache.".to_owned()
            }
            Self::Open { path } => format!("Close it with `chmod 700 {}`, or delete it.", path.display()),
        })
    }
}

/// Where results are kept.
#[derive(Clone, Debug)]
pub struct StoreDirectory {
    path: PathBuf,
}

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// How many results.
    pub entries: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// When the one that was not used for the longest time was last used.
    pub oldest: Option<SystemTime>,
}

struct File {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl StoreDirectory {
    /// The user's: `rendered` in [`directories::cache`].
    #[must_use]
    pub fn of_user() -> Self {
        Self::at(directories::cache_or_temporary().join("rendered"))
    }

    /// A directory, which is made when something is first kept in it.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Directory { path: self.path.clone(), source }
    }

    fn place(&self, name: &str) -> PathBuf {
        // To make a folder takes longer than to find a file in a large one.
        let (first, rest) = name.split_at_checked(1).unwrap_or(("", name));
        self.path.join(first).join(rest)
    }

    /// The bytes kept under a name; `None` when there are none, or not all of them.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let place = self.place(name);
        self.check_private().ok()?;
        let bytes = opened(&std::fs::read(&place).ok()?).map(<[u8]>::to_vec);
        if bytes.is_none() {
            // Left half written by a crash of the machine; the next one who renders it writes it anew.
            std::fs::remove_file(&place).ok();
        } else if let Ok(metadata) = place.metadata()
            && metadata.modified().is_ok_and(|used| used.elapsed().is_ok_and(|since| since > NOTED))
            && let Ok(file) = std::fs::File::options().append(true).open(&place)
        {
            file.set_modified(SystemTime::now()).ok();
        }
        bytes
    }

    /// Keeps bytes under a name.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        make_private(&self.path).map_err(|source| self.failed(source))?;
        self.check_private()?;
        let place = self.place(name);
        let parent = place.parent().unwrap_or(&self.path);
        make_private(parent).map_err(|source| self.failed(source))?;
        // Readable by the owner alone from the beginning.
        let mut file = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(parent)
            .map_err(|source| self.failed(source))?;
        for part in [MAGIC, blake3::hash(bytes).as_bytes(), bytes] {
            file.write_all(part).map_err(|source| self.failed(source))?;
        }
        file.persist(&place).map_err(|error| self.failed(error.error))?;
        Ok(())
    }

    /// Keeps what is kept under a name under another one too, without a copy of it.
    pub(super) fn link(&self, name: &str, also: &str) -> io::Result<()> {
        let place = self.place(also);
        make_private(place.parent().unwrap_or(&self.path))?;
        match std::fs::hard_link(self.place(name), &place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    }

    #[cfg(unix)]
    fn check_private(&self) -> Result<(), StoreError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = self.path.metadata().map_err(|source| self.failed(source))?.permissions().mode();
        if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::Open { path: self.path.clone() }) }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
    fn check_private(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What is kept here; nothing when there is no such directory.
    ///
    /// # Errors
    ///
    /// [`StoreError::Directory`] when it cannot be read.
    pub fn inventory(&self) -> Result<Inventory, StoreError> {
        let files = self.files().map_err(|source| self.failed(source))?;
        Ok(Inventory {
            entries: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            oldest: files.iter().map(|file| file.used).min(),
        })
    }

    /// Removes what was not used for so long, and tells what that was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Directory`] when something cannot be removed.
    pub fn forget(&self, unused_for: Duration) -> Result<Inventory, StoreError> {
        let is_old =
            |file: &File| unused_for.is_zero() || file.used.elapsed().is_ok_and(|since| since >= unused_for);
        let files = self.files().map_err(|source| self.failed(source))?;
        self.remove(files.into_iter().filter(is_old))
    }

    /// Removes the oldest until at most so many bytes are left.
    ///
    /// # Errors
    ///
    /// [`StoreError::Directory`] when something cannot be removed.
    pub fn shrink(&self, most: u64) -> Result<Inventory, StoreError> {
        let mut files = self.files().map_err(|source| self.failed(source))?;
        files.sort_by_key(|file| file.used);
        let mut left: u64 = files.iter().map(|file| file.bytes).sum();
        self.remove(files.into_iter().take_while(|file| {
            let goes = left > most;
            left = left.saturating_sub(file.bytes);
            goes
        }))
    }

    fn remove(&self, files: impl Iterator<Item = File>) -> Result<Inventory, StoreError> {
        let mut removed = Inventory::default();
        for file in files {
            match std::fs::remove_file(&file.path) {
                Ok(()) => {}
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(self.failed(error)),
            }
            removed.entries += 1;
            removed.bytes += file.bytes;
            removed.oldest = removed.oldest.into_iter().chain([file.used]).min();
        }
        Ok(removed)
    }

    /// Every file, those a crash left half written too.
    fn files(&self) -> io::Result<Vec<File>> {
        let mut files = Vec::new();
        let folders = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
            folders => folders?,
        };
        for folder in folders {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(folder.path())? {
                let file = file?;
                // It may be gone by now.
                let Ok(metadata) = file.metadata() else { continue };
                files.push(File { path: file.path(), bytes: metadata.len(), used: metadata.modified()? });
            }
        }
        Ok(files)
    }
}

/// What is in a file, if all of it is there.
fn opened(file: &[u8]) -> Option<&[u8]> {
    let (hash, bytes) = file.strip_prefix(MAGIC)?.split_at_checked(blake3::OUT_LEN)?;
    (blake3::hash(bytes).as_bytes() == hash).then_some(bytes)
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
