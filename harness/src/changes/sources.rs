//! The file that says which folders services are built from.

use crate::diagnosis::{Category, Diagnose};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is built from a repository.
///
/// ```
/// use gift_harness::changes::Sources;
/// use std::path::Path;
///
/// let text = "services: {shop: {folder: service-shop, image: bakery/shop}}\nshared: [libraries]\n";
/// let sources = Sources::parse(text, Path::new("services.yaml"))?;
/// assert_eq!(sources.services[0].name, "shop");
/// # Ok::<(), gift_harness::changes::SourcesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The services, in the order of their names.
    pub services: Vec<Source>,
    /// Files and folders that concern every service.
    pub shared: Vec<String>,
}

/// What one service is built from. Paths are as seen from the root of the work tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The service, as values name it.
    pub name: String,
    /// The folder it is built in.
    pub folder: String,
    /// Other files and folders that concern it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Its image, without registry and tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// Why it is not known what services are built from.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// The file is not there.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something else.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong there.
        message: String,
    },
}

impl Diagnose for SourcesError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(
            "It says what services are built from: `services: {shop: {folder: service-shop}}`, and `shared: \
             [libraries]` for what concerns them all. Name the file with --sources."
                .to_owned(),
        )
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    services: BTreeMap<String, Entry>,
    #[serde(default)]
    shared: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    folder: String,
    #[serde(default)]
    sources: Vec<String>,
    image: Option<String>,
}

impl Sources {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`SourcesError`], with the line where there is one.
    pub fn load(path: &Path) -> Result<Self, SourcesError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SourcesError::File { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    ///
    /// [`SourcesError`], with the line where there is one.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SourcesError> {
        let file: File = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            let message = error.without_snippet().to_string();
            let message = message.lines().next().unwrap_or_default().to_owned();
            SourcesError::Text { path: path.to_owned(), line, column, message }
        })?;
        let clean = |paths: Vec<String>| paths.iter().map(|path| plain(path)).collect();
        let services = file.services.into_iter().map(|(name, entry)| Source {
            name,
            folder: plain(&entry.folder),
            sources: clean(entry.sources),
            image: entry.image,
        });
        Ok(Self { services: services.collect(), shared: clean(file.shared) })
    }
}

impl Source {
    /// Everything that concerns the service.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.folder.as_str()).chain(self.sources.iter().map(String::as_str))
    }
}

/// A path without `./` before it and `/` behind it; nothing for the root itself.
fn plain(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
    if path == "." { String::new() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let text = "services:\n  shop:\n    foldre: a\n";
        let error = Sources::parse(text, Path::new("s.yaml")).unwrap_err().to_string();
        assert!(error.starts_with("s.yaml:3:") && error.contains("foldre"), "{error}");
        let error = Sources::load(Path::new("nowhere.yaml")).unwrap_err();
        assert!(error.help().unwrap().contains("--sources"), "{error}");
    }

    #[test]
    fn paths_are_plain() {
        for (written, read) in [("./a/", "a"), ("a/b", "a/b"), (".", ""), ("./", "")] {
            assert_eq!(plain(written), read, "{written}");
        }
    }
}
