//! Which values files make a system's environment.
//!
//! `gift/prod` is `gift/base.yaml`, where there is one, and `gift/prod.yaml` over it; `gift` alone is
//! its base, or nothing but the chart's own values.

use crate::diagnosis::{Category, Diagnose};
use std::path::{Path, PathBuf};

/// The file every environment of a system starts from.
const BASE: &str = "base";

/// A directory of values: one directory for each system, one file for each environment.
#[derive(Clone, Debug)]
pub struct Environments {
    directory: PathBuf,
}

/// Why there are no values for an environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// No such system.
    #[error("there is no system `{system}` under {}: {}", directory.display(), list(known))]
    System {
        /// The system asked for.
        system: String,
        /// The directory of values.
        directory: PathBuf,
        /// The systems there are.
        known: Vec<String>,
    },
    /// No such environment of a system.
    #[error("the system `{system}` has no environment `{environment}` under {}: {}", directory.display(), list(known))]
    Environment {
        /// The system.
        system: String,
        /// The environment asked for.
        environment: String,
        /// The directory of values.
        directory: PathBuf,
        /// The environments there are.
        known: Vec<String>,
    },
}

fn list(known: &[String]) -> String {
    if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) }
}

impl Diagnose for EnvironmentError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::System { directory, system, .. } => {
                format!("Name one of them, or write {}.", directory.join(system).join("base.yaml").display())
            }
            Self::Environment { directory, system, environment, .. } => format!(
                "Name one of them, or write {}.",
                directory.join(system).join(format!("{environment}.yaml")).display()
            ),
        })
    }
}

impl Environments {
    /// The environments under a directory, which need not exist yet.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The values files of `system` or `system/environment`, the later ones over the earlier ones.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`], which lists what there is.
    pub fn files(&self, name: &str) -> Result<Vec<PathBuf>, EnvironmentError> {
        let (system, environment) = match name.split_once('/') {
            Some((system, environment)) => (system, Some(environment)),
            None => (name, None),
        };
        let folder = self.directory.join(system);
        // A name is one step: `..` and the like lead out of the directory.
        if !is_name(system) || !folder.is_dir() {
            return Err(EnvironmentError::System {
                system: system.to_owned(),
                directory: self.directory.clone(),
                known: self.systems(),
            });
        }
        let base = folder.join("base.yaml");
        let mut files = Vec::new();
        if base.is_file() {
            files.push(base);
        }
        if let Some(environment) = environment {
            let file = folder.join(format!("{environment}.yaml"));
            if !is_name(environment) || environment == BASE || !file.is_file() {
                return Err(EnvironmentError::Environment {
                    system: system.to_owned(),
                    environment: environment.to_owned(),
                    directory: self.directory.clone(),
                    known: self.of(system),
                });
            }
            files.push(file);
        }
        Ok(files)
    }

    /// The systems, sorted.
    #[must_use]
    pub fn systems(&self) -> Vec<String> {
        names(&self.directory, |path| path.is_dir().then(|| path.file_name()).flatten())
    }

    /// The environments of a system, sorted.
    #[must_use]
    pub fn of(&self, system: &str) -> Vec<String> {
        let mut known = names(&self.directory.join(system), |path| {
            (path.is_file() && path.extension().is_some_and(|extension| extension == "yaml"))
                .then(|| path.file_stem())
                .flatten()
        });
        known.retain(|name| name != BASE);
        known
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\'])
}

fn names(directory: &Path, name: impl Fn(&Path) -> Option<&std::ffi::OsStr>) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| name(&entry.path()).and_then(std::ffi::OsStr::to_str).map(str::to_owned))
        .filter(|name| is_name(name))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in ["shop/base.yaml", "shop/prod.yaml", "shop/prod.secrets.env", "blog/dev.yaml"] {
            let path = directory.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        directory
    }

    #[test]
    fn the_base_comes_first_where_there_is_one() {
        let root = directory();
        let environments = Environments::new(root.path());
        let names = |name: &str| {
            let files = environments.files(name).unwrap();
            files
                .iter()
                .map(|path| path.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("shop/prod"), ["shop/base.yaml", "shop/prod.yaml"]);
        assert_eq!(names("shop"), ["shop/base.yaml"]);
        assert_eq!(names("blog/dev"), ["blog/dev.yaml"]);
        assert!(names("blog").is_empty());
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let root = directory();
        let environments = Environments::new(root.path());
        let error = environments.files("forum/prod").unwrap_err();
        assert!(error.to_string().ends_with(": there are blog, shop"), "{error}");
        let error = environments.files("shop/production").unwrap_err();
        assert!(error.to_string().ends_with(": there are prod"), "{error}");
        assert!(error.help().unwrap().contains("production.yaml"));
        for name in ["shop/base", "shop/../shop/prod", "../x", "", "/", "shop/"] {
            assert!(environments.files(name).is_err(), "{name}");
        }
        assert!(Environments::new("nowhere").files("a").unwrap_err().to_string().ends_with("there are none"));
    }
}
