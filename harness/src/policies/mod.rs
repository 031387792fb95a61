//! Policy files: sets this command carries, or those of a directory.
//!
//! Depends on [`gift_plugin::protocol`] and [`crate::rules`]. `params/<system>.yaml` beside the policies has the parameters
//! of one system, `library/` the sets which are in force only where they are asked for.

mod embedded;

pub use embedded::{ORGANISATION, names};

use crate::diagnosis::{Category, Diagnose};
use crate::rules::{self, Rule};
use gift_plugin::protocol::Source;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which policies to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PolicySelection {
    /// The organisation's which this command carries: `chart/policies` as it was when it was built.
    #[default]
    Embedded,
    /// A set this command carries, by its name, and those it includes.
    Set(String),
    /// Those of a directory of the same shape.
    Directory(PathBuf),
    /// All of several.
    Several(Vec<Self>),
    /// None; the rules that are built in are judged all the same.
    None,
}

/// Policies that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    /// The name `--policy` takes: `pod-security-baseline`; the path of a directory.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// The sets that come with it.
    pub includes: Vec<String>,
    /// The rules of other sets which stricter ones of this set take the place of.
    pub replaces: Vec<String>,
    /// Its files, as they were written, examples and all.
    pub policies: Vec<Source>,
    /// Whether this command carries it; else it was read from a directory.
    pub embedded: bool,
}

impl PolicySet {
    /// Its policies as rules.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules = rules::described_by(&self.policies);
        for rule in &mut rules {
            rule.set.clone_from(&self.name);
        }
        rules
    }
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
    #[error("there are no policy parameters for the system {system}; there are {}", some_for(known))]
    Unknown {
        /// The system that was asked for.
        system: String,
        /// The systems there are.
        known: Vec<String>,
    },
    /// There is no such set.
    #[error("there is neither a set of policies nor a folder named {name}; the sets are {}", known.join(", "))]
    UnknownSet {
        /// The set that was asked for.
        name: String,
        /// The sets there are.
        known: Vec<String>,
    },
    /// The list of the sets this command carries cannot be read.
    #[error("library/sets.yaml: {0}")]
    Index(String),
}

fn some_for(known: &[String]) -> String {
    if known.is_empty() { "none at all".to_owned() } else { format!("some for {}", known.join(", ")) }
}

impl Diagnose for PolicyFilesError {
    fn category(&self) -> Category {
        match self {
            Self::Index(_) => Category::Internal,
            _ => Category::Input,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } | Self::Empty(_) | Self::UnknownSet { .. } => {
                "--policy takes a directory of ValidatingAdmissionPolicies, the name of a set, or none; it may be \
                 given several times."
                    .to_owned()
            }
            Self::Unknown { system, .. } => {
                format!("Write params/{system}.yaml beside the policies, or name one of those there are.")
            }
            Self::Index(_) => "Build the command again from a tree whose sets.yaml is right.".to_owned(),
        })
    }
}

impl PolicySelection {
    /// What a word of the command line selects: `none`, a set's name, else a directory.
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError::UnknownSet`] for a single word that is neither.
    pub fn named(word: &Path) -> Result<Self, PolicyFilesError> {
        let name = word.to_str().unwrap_or_default();
        if name == "none" {
            return Ok(Self::None);
        }
        if name == ORGANISATION {
            return Ok(Self::Embedded);
        }
        let known = names()?;
        if known.iter().any(|set| set == name) {
            return Ok(Self::Set(name.to_owned()));
        }
        if word.components().count() == 1 && !word.is_dir() {
            return Err(PolicyFilesError::UnknownSet { name: word.display().to_string(), known });
        }
        Ok(Self::Directory(word.to_owned()))
    }

    /// All policies this command carries.
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError::Index`].
    pub fn everything() -> Result<Self, PolicyFilesError> {
        Ok(Self::Several(names()?.into_iter().map(Self::Set).collect()))
    }

    /// The sets selected, those they include before them, each once; nothing is left out for what
    /// [takes its place](PolicySet::replaces).
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError`] when there is no such set, or a directory is unreadable or holds no policy.
    pub fn sets(&self) -> Result<Vec<PolicySet>, PolicyFilesError> {
        let mut sets = Vec::new();
        self.collect(&mut sets)?;
        Ok(sets)
    }

    fn collect(&self, sets: &mut Vec<PolicySet>) -> Result<(), PolicyFilesError> {
        let mut add = |set: PolicySet| {
            if sets.iter().all(|known| known.name != set.name) {
                sets.push(set);
            }
        };
        match self {
            Self::None => {}
            Self::Embedded => add(embedded::organisation()),
            Self::Set(name) => {
                let set = embedded::set(name)?;
                for included in &set.includes {
                    add(embedded::set(included)?);
                }
                add(set);
            }
            Self::Directory(directory) => add(PolicySet {
                name: directory.display().to_string(),
                title: directory.display().to_string(),
                policies: sources(directory, &yaml_files(directory)?)?,
                ..PolicySet::default()
            }),
            Self::Several(selections) => {
                for selection in selections {
                    selection.collect(sets)?;
                }
            }
        }
        Ok(())
    }

    fn params(&self) -> Result<Vec<(String, Source)>, PolicyFilesError> {
        let mut params: Vec<(String, Source)> = Vec::new();
        let mut add = |more: Vec<(String, Source)>| {
            for (system, source) in more {
                if params.iter().all(|(known, _)| *known != system) {
                    params.push((system, source));
                }
            }
        };
        match self {
            Self::None => {}
            Self::Embedded | Self::Set(_) => add(embedded::params().collect()),
            Self::Directory(directory) => {
                let folder = directory.join(embedded::PARAMS);
                if folder.is_dir() {
                    let files = sources(directory, &yaml_files(&folder)?)?;
                    let system =
                        |file: &Source| Path::new(&file.name).file_stem()?.to_str().map(str::to_owned);
                    add(files.into_iter().filter_map(|file| Some((system(&file)?, file))).collect());
                }
            }
            Self::Several(selections) => {
                for selection in selections {
                    add(selection.params()?);
                }
            }
        }
        Ok(params)
    }
}

impl Policies {
    /// Reads what is selected, for judging: embedded files without their examples, and no rule which a
    /// stricter one takes the place of.
    ///
    /// # Errors
    ///
    /// [`PolicyFilesError`] when there is no such set, or a directory is unreadable or holds no policy.
    pub fn read(selection: &PolicySelection) -> Result<Self, PolicyFilesError> {
        let sets = selection.sets()?;
        let replaced: BTreeSet<_> = sets.iter().flat_map(|set| &set.replaces).cloned().collect();
        let mut policies = Vec::new();
        for set in sets {
            for mut file in set.policies {
                if set.embedded {
                    let rule = Path::new(&file.name).file_stem().and_then(|stem| stem.to_str());
                    if rule.is_some_and(|rule| replaced.contains(rule)) {
                        continue;
                    }
                    file.text = embedded::without_examples(&file.text);
                }
                policies.push(file);
            }
        }
        Ok(Self { policies, params: selection.params()? })
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

fn sources(directory: &Path, files: &[PathBuf]) -> Result<Vec<Source>, PolicyFilesError> {
    if files.is_empty() {
        return Err(PolicyFilesError::Empty(directory.to_owned()));
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PolicyFilesError::Read { path: path.clone(), source })?;
        Ok(Source { name: path.strip_prefix(directory).unwrap_or(path).display().to_string(), text })
    };
    files.iter().map(read).collect()
}

/// The policy files below a directory, sorted; parameters and the library of sets beside the directory's
/// own policies are none of them.
fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, PolicyFilesError> {
    let failed = |source| PolicyFilesError::Read { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != embedded::PARAMS && name != embedded::LIBRARY {
                files.extend(yaml_files(&path)?);
            }
        } else if name != embedded::INDEX
            && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
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
