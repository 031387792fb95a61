//! A folder as a chart repository, for any server of static files.
//!
//! One process at a time changes it, behind a lock the kernel gives back whatever becomes of its holder. Every
//! file is written beside its place, brought to the disk and then given its name, and the index comes last: a
//! process that ends at any moment leaves an index whose every package is there. Depends on [`super::index`] and
//! [`super::package`].

use super::Event;
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

/// A signature, and the key to verify it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// The provenance file.
    pub(super) provenance: Vec<u8>,
    /// The public key.
    pub(super) public_key: Vec<u8>,
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

    /// Whether a signature of the package is there.
    pub(super) fn is_signed(&self, package: &Package) -> bool {
        self.path(&provenance_name(package)).is_file()
    }

    /// Publishes it.
    pub(super) fn publish(
        &self,
        package: &Package,
        signature: Option<&Signature>,
        now: &str,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Outcome, PublishError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder, "made"))?;
        let _lock = self.lock(tell)?;
        self.sweep(tell)?;
        let mut index = self.index()?;
        let outcome = self.compare(&index, package)?;
        if let Some(signature) = signature {
            self.add_key(&signature.public_key)?;
        }
        let provenance = provenance_name(package);
        let holds_it = self.digest_of(&package.file_name)?.as_deref() == Some(package.digest.as_str());
        match signature {
            Some(signature) if !holds_it || !self.is_signed(package) => {
                self.write(&provenance, &signature.provenance)?;
            }
            // One that an earlier, unfinished run left for other bytes.
            None if !holds_it && outcome == Outcome::Added => self.remove(&provenance)?,
            _ => {}
        }
        if !holds_it {
            self.write(&package.file_name, &package.bytes)?;
        }
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

    /// A version is published once the index names it; a plugin once it is there.
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
            Kind::Plugin => self.digest_of(&package.file_name)?,
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

    fn digest_of(&self, name: &str) -> Result<Option<String>, PublishError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(sha256(&bytes))),
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
    fn add_key(&self, public_key: &[u8]) -> Result<(), PublishError> {
        let path = self.path(KEYRING);
        let mut keys = match fs::read(&path) {
            Ok(keys) => keys,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(at(path, "read")(error)),
        };
        if keys.windows(public_key.len()).any(|held| held == public_key) {
            return Ok(());
        }
        keys.extend_from_slice(public_key);
        self.write(KEYRING, &keys)
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

/// The name of the file with the signature of a package.
pub(super) fn provenance_name(package: &Package) -> String {
    format!("{}.prov", package.file_name)
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
