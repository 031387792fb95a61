//! Policy files: those this command carries, or those of a directory.
//!
//! Depends on [`gift_plugin::protocol`]. `params/<system>.yaml` beside the policies has the parameters
//! of one system.

use crate::diagnosis::{Category, Diagnose};
use gift_plugin::protocol::Source;
use std::path::{Path, PathBuf};

static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// Which policies to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PolicySelection {
    /// Those this command carries: `chart/policies` as it was when it was built.
    #[default]
    Embedded,
    /// Those of a directory of the same shape.
    Directory(PathBuf),
    /// None; the rules that are built in are judged all the same.
    None,
}

/// Policy files and the files with their parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The policies and bindings.
    pub policies: Vec<Source>,
    /// The parameter objects, by system.
    pub params: Vec<(String, Source)>,
}

/// Why policy files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFilesError {
    /// A file or directory cannot be read.
    #[error("the policies in {} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing to judge by.
    #[error("there is no policy (*.yaml) in {}", .0.display())]
    Empty(PathBuf),
    /// Nobody wrote parameters for the system.
    #[error("there are no policy parameters for the system {system}; there are some for {}", known.join(", "))]
    Unknown {
        /// The system that was asked for.
        system: String,
        /// The systems there are.
        known: Vec<String>,
    },
}

impl Diagnose for PolicyFilesError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } | Self::Empty(_) => {
                "--policy takes a directory of ValidatingAdmissionPolicies, or none.".to_owned()
            }
            Self::Unknown { system, .. } => {
                format!("Write params/{system}.yaml beside the policies, or name one of those there are.")
            }
        })
    }
}

impl Policies {
    /// Reads what is selected.
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError`] when a directory is unreadable or holds no policy.
    pub fn read(selection: &PolicySelection) -> Result<Self, PolicyFilesError> {
        let mut policies = Self::default();
        match selection {
            PolicySelection::None => {}
            PolicySelection::Embedded => {
                for (path, text) in EMBEDDED {
                    policies.add(Path::new(path), (*text).to_owned());
                }
            }
            PolicySelection::Directory(directory) => {
                for path in yaml_files(directory)? {
                    let text = std::fs::read_to_string(&path)
                        .map_err(|source| PolicyFilesError::Read { path: path.clone(), source })?;
                    policies.add(path.strip_prefix(directory).unwrap_or(&path), text);
                }
                if policies.policies.is_empty() {
                    return Err(PolicyFilesError::Empty(directory.clone()));
                }
            }
        }
        Ok(policies)
    }

    fn add(&mut self, path: &Path, text: String) {
        let source = Source { name: path.display().to_string(), text };
        match (path.parent().and_then(Path::to_str), path.file_stem().and_then(|stem| stem.to_str())) {
            (Some("params"), Some(system)) => self.params.push((system.to_owned(), source)),
            _ => self.policies.push(source),
        }
    }

    /// The parameters of a system.
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError::Unknown`] when there are none.
    pub fn params_of(&self, system: &str) -> Result<&Source, PolicyFilesError> {
        self.params.iter().find(|(name, _)| name == system).map(|(_, source)| source).ok_or_else(|| {
            PolicyFilesError::Unknown {
                system: system.to_owned(),
                known: self.params.iter().map(|(name, _)| name.clone()).collect(),
            }
        })
    }
}

fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, PolicyFilesError> {
    let failed = |source| PolicyFilesError::Read { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_in_order_and_its_parameters_kept_apart() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("params")).unwrap();
        for (name, text) in [("b.yaml", "b"), ("a.yaml", "a"), ("params/shop.yaml", "p"), ("README.md", "no")]
        {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let policies = Policies::read(&PolicySelection::Directory(directory.path().to_owned())).unwrap();
        let names: Vec<_> = policies.policies.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["a.yaml", "b.yaml"]);
        assert_eq!(policies.params_of("shop").unwrap().text, "p");
        assert!(matches!(policies.params_of("other"), Err(PolicyFilesError::Unknown { .. })));
    }

    #[test]
    fn a_directory_without_policies_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let selection = PolicySelection::Directory(directory.path().to_owned());
        assert!(matches!(Policies::read(&selection), Err(PolicyFilesError::Empty(_))));
        let missing = PolicySelection::Directory(directory.path().join("no"));
        assert!(matches!(Policies::read(&missing), Err(PolicyFilesError::Read { .. })));
        assert_eq!(Policies::read(&PolicySelection::None).unwrap(), Policies::default());
    }
}
