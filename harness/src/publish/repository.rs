//! A folder as a chart repository, for any server of static files.
//!
//! One process at a time changes it, behind a lock the kernel gives back whatever becomes of its holder. Every
//! file is written beside its place, brought to the disk and then given its name, and the index comes last: a
//! process that ends at any moment leaves an index whose every package is there, and checksums that all hold.
//! Depends on [`super::checksums`], [`super::documents`], [`super::index`] and [`super::package`].

use super::Event;
use super::checksums::Checksums;
use super::documents::{Document, ENDINGS};
use super::error::{PublishError, at};
use super::index::Index;
use super::metadata::Kind;
use super::package::{Package, sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The index of the charts.
const INDEX: &str = "index.yaml";

/// The public keys of whoever signed something here, as `--keyring` of Helm takes them.
pub const KEYRING: &str = "keyring.gpg";

/// The digests of all that is published here.
const CHECKSUMS: &str = "SHA256SUMS";

const LOCK: &str = ".publish.lock";

/// What begins the name of a file that is being written.
const UNFINISHED: &str = ".publish-";

/// What became of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now.
    Added,
    /// It was there already, the same bytes.
    Unchanged,
}

/// A file with a public key, or several one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// A folder that is a chart repository, or is to be one.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    folder: PathBuf,
    /// What is put before the names of packages; without it they are beside the index, wherever that is.
    url: Option<String>,
}

impl Repository {
    pub(super) fn new(folder: impl Into<PathBuf>, url: Option<String>) -> Self {
        Self { folder: folder.into(), url }
    }

    /// What publishing would do, without a lock and without a change.
    pub(super) fn look(&self, package: &Package) -> Result<Outcome, PublishError> {
        self.compare(&self.index()?, package)
    }

    /// What is published beside the package under this name, if the package itself is there.
    pub(super) fn kept(&self, package: &Package, name: &str) -> Result<Option<Vec<u8>>, PublishError> {
        if self.digest_of(&package.file_name)?.as_ref() != Some(&package.digest) {
            return Ok(None);
        }
        self.read(name)
    }

    /// Publishes it.
    pub(super) fn publish(
        &self,
        package: &Package,
        documents: &[Document],
        keys: &[PublicKey],
        now: &str,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Outcome, PublishError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder, "made"))?;
        let _lock = self.lock(tell)?;
        self.sweep(tell)?;
        let mut index = self.index()?;
        let outcome = self.compare(&index, package)?;
        for key in keys {
            self.add_key(key)?;
        }
        let mut checksums = self.checksums()?;
        let holds_it = self.digest_of(&package.file_name)?.as_deref() == Some(package.digest.as_str());
        for ending in ENDINGS {
            let name = format!("{}{ending}", package.file_name);
            match documents.iter().find(|document| document.name == name) {
                Some(document) if !holds_it || !self.path(&name).is_file() => {
                    self.put(&name, &document.bytes, &mut checksums)?;
                }
                // One that an earlier, unfinished run left for other bytes.
                None if !holds_it && outcome == Outcome::Added => {
                    self.forget(&name, &mut checksums)?;
                    self.remove(&name)?;
                }
                _ => {}
            }
        }
        if !holds_it {
            self.put(&package.file_name, &package.bytes, &mut checksums)?;
        }
        self.tell_checksums(package, checksums)?;
        if package.metadata.kind == Kind::Chart && outcome == Outcome::Added {
            index.add(package, &self.url_of(package), now);
            self.write(INDEX, index.text().as_bytes())?;
        }
        Ok(outcome)
    }

    /// Where others find it.
    pub(super) fn url_of(&self, package: &Package) -> String {
        match &self.url {
            Some(url) => format!("{}/{}", url.trim_end_matches('/'), package.file_name),
            None => package.file_name.clone(),
        }
    }

    /// A version is published once the index names it; a plugin or a program once it is there.
    fn compare(&self, index: &Index, package: &Package) -> Result<Outcome, PublishError> {
        let metadata = &package.metadata;
        let published = match metadata.kind {
            Kind::Chart => match index.entry(&metadata.name, &metadata.version) {
                None => None,
                Some(entry) => match entry.get("digest").and_then(|digest| digest.as_str()) {
                    Some(digest) => Some(digest.trim_start_matches("sha256:").to_owned()),
                    // An index of long ago tells no digest.
                    None => Some(self.digest_of(&package.file_name)?.unwrap_or_else(|| "unknown".to_owned())),
                },
            },
            Kind::Plugin | Kind::Program => self.digest_of(&package.file_name)?,
        };
        match published {
            None => Ok(Outcome::Added),
            Some(published) if published == package.digest => Ok(Outcome::Unchanged),
            Some(published) => Err(PublishError::Taken {
                name: metadata.name.clone(),
                version: metadata.version.to_string(),
                place: self.folder.display().to_string(),
                published,
                digest: package.digest.clone(),
            }),
        }
    }

    fn index(&self) -> Result<Index, PublishError> {
        let path = self.path(INDEX);
        match fs::read_to_string(&path) {
            Ok(text) => Index::parse(&text).map_err(|reason| PublishError::Index { path, reason }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::empty()),
            Err(error) => Err(at(path, "read")(error)),
        }
    }

    fn checksums(&self) -> Result<Checksums, PublishError> {
        let Some(bytes) = self.read(CHECKSUMS)? else { return Ok(Checksums::default()) };
        Checksums::parse(&String::from_utf8_lossy(&bytes)).map_err(|line| PublishError::Index {
            path: self.path(CHECKSUMS),
            reason: format!("line {line} is no digest of SHA-256 with the name of a file"),
        })
    }

    /// Writes a file. One that is about to be another one is told of no more until it is.
    fn put(&self, name: &str, bytes: &[u8], checksums: &mut Checksums) -> Result<(), PublishError> {
        self.forget(name, checksums)?;
        self.write(name, bytes)
    }

    fn forget(&self, name: &str, checksums: &mut Checksums) -> Result<(), PublishError> {
        if checksums.remove(name) { self.write(CHECKSUMS, checksums.text().as_bytes()) } else { Ok(()) }
    }

    /// Tells the digests of the package and of what is beside it. What is told already stays, whatever has become
    /// of the file.
    fn tell_checksums(&self, package: &Package, mut checksums: Checksums) -> Result<(), PublishError> {
        let mut is_changed = false;
        for ending in std::iter::once(&"").chain(ENDINGS) {
            let name = format!("{}{ending}", package.file_name);
            if !checksums.contains(&name)
                && let Some(digest) = self.digest_of(&name)?
            {
                checksums.insert(&name, digest);
                is_changed = true;
            }
        }
        if is_changed { self.write(CHECKSUMS, checksums.text().as_bytes()) } else { Ok(()) }
    }

    fn digest_of(&self, name: &str) -> Result<Option<String>, PublishError> {
        Ok(self.read(name)?.as_deref().map(sha256))
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PublishError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(path, "read")(error)),
        }
    }

    fn lock(&self, tell: &mut dyn FnMut(Event)) -> Result<File, PublishError> {
        let path = self.path(LOCK);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path, "opened"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tell(Event::Waiting);
                file.lock().map_err(at(&path, "locked"))?;
            }
            Err(TryLockError::Error(error)) => return Err(at(path, "locked")(error)),
        }
        Ok(file)
    }

    /// Removes what processes that ended before their time were writing.
    fn sweep(&self, tell: &mut dyn FnMut(Event)) -> Result<(), PublishError> {
        let mut swept = 0;
        for entry in fs::read_dir(&self.folder).map_err(at(&self.folder, "read"))? {
            let entry = entry.map_err(at(&self.folder, "read"))?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path()).map_err(at(entry.path(), "removed"))?;
                swept += 1;
            }
        }
        if swept > 0 {
            tell(Event::Swept { files: swept });
        }
        Ok(())
    }

    /// Adds a key to those that are there; one that is published is never taken away.
    fn add_key(&self, key: &PublicKey) -> Result<(), PublishError> {
        let mut keys = self.read(&key.name)?.unwrap_or_default();
        if keys.windows(key.bytes.len()).any(|held| held == key.bytes) {
            return Ok(());
        }
        keys.extend_from_slice(&key.bytes);
        self.write(&key.name, &keys)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let unfinished = self.path(&format!("{UNFINISHED}{name}"));
        let path = self.path(name);
        write_durably(&unfinished, &path, bytes).map_err(at(&path, "written"))
    }

    fn remove(&self, name: &str) -> Result<(), PublishError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path, "removed")(error)),
            _ => Ok(()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn write_durably(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    // The name itself is on the disk once its folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
