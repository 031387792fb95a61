//! Where the files of a cluster are: `$GIFT_CACHE/clusters/<name>/`, laid out by kwokctl.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::ClusterError;
use super::processes::COMPONENTS;
use crate::directories;

/// The folder of one cluster. It need not exist.
#[derive(Clone, Debug)]
pub(super) struct Location {
    name: String,
    cache: PathBuf,
    directory: PathBuf,
    kubeconfig: PathBuf,
}

impl Location {
    /// The place of the cluster of that name in the user cache.
    pub(super) fn of(name: &str) -> Result<Self, ClusterError> {
        Self::within(cache()?, name)
    }

    /// The same below another folder.
    pub(super) fn within(cache: PathBuf, name: &str) -> Result<Self, ClusterError> {
        let edge =
            |character: Option<char>| character.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.len() > 40
            || !name.chars().all(inner)
            || !edge(name.chars().next())
            || !edge(name.chars().last())
        {
            return Err(ClusterError::Name { name: name.to_owned() });
        }
        let directory = cache.join("clusters").join(name);
        Ok(Self { name: name.to_owned(), kubeconfig: directory.join("kubeconfig.yaml"), directory, cache })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What kwokctl calls its work directory; it puts clusters into `clusters/` of it.
    pub(super) fn cache(&self) -> &Path {
        &self.cache
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// The folder of the files that hold process numbers.
    pub(super) fn pids(&self) -> PathBuf {
        self.directory.join("pids")
    }

    /// The configuration given to kwokctl. Not in the cluster's folder, which must not exist before.
    pub(super) fn configuration(&self) -> PathBuf {
        self.cache.join("clusters").join(format!("{}.yaml", self.name))
    }

    /// One lock for all clusters: two that start at once would be given the same ports.
    pub(super) fn lock(&self) -> PathBuf {
        self.cache.join("clusters").join(".lock")
    }

    /// Whether everything is there that the cluster can be started from again. kwokctl itself goes on
    /// trying until its time is up.
    pub(super) fn is_whole(&self) -> bool {
        ["kubeconfig.yaml", "kwok.yaml", "pki/ca.crt", "pki/admin.crt", "pki/admin.key", "etcd/member"]
            .iter()
            .map(PathBuf::from)
            // Links to the tools as they were then; `exists` follows them.
            .chain(COMPONENTS.iter().map(|component| Path::new("bin").join(component)))
            .all(|path| self.directory.join(path).exists())
    }

    /// Removes everything that belongs to the cluster.
    pub(super) fn remove(&self) -> Result<(), ClusterError> {
        let removed = |path: PathBuf, result: std::io::Result<()>| match result {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(ClusterError::File { path, action: "removed", source })
            }
            _ => Ok(()),
        };
        removed(self.configuration(), fs::remove_file(self.configuration()))?;
        removed(self.directory.clone(), fs::remove_dir_all(&self.directory))
    }
}

/// The user cache.
pub(super) fn cache() -> Result<PathBuf, ClusterError> {
    directories::cache().ok_or(ClusterError::NoCache)
}

/// The names of all clusters that have a folder.
pub(super) fn names() -> Result<Vec<String>, ClusterError> {
    let folder = cache()?.join("clusters");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(ClusterError::File { path: folder, action: "read", source });
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        let accepted = |name| Location::within("/cache".into(), name).is_ok();
        for name in ["gift", "a", "upgrade-test-2", "0"] {
            assert!(accepted(name), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a/b", "..", "a b", "ä", &"a".repeat(41)] {
            assert!(!accepted(name), "{name}");
        }
    }

    #[test]
    fn everything_of_a_cluster_is_below_the_cache() {
        let location = Location::within("/cache".into(), "one").unwrap();
        for path in [
            location.directory().to_owned(),
            location.kubeconfig().to_owned(),
            location.configuration(),
            location.lock(),
            location.pids(),
        ] {
            assert!(path.starts_with("/cache/clusters"), "{}", path.display());
        }
    }
}
