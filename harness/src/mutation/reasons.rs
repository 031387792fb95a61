//! Why some survivors cannot be noticed, as a file beside the matrix tells it.
//!
//! ```yaml
//! survivors:
//! - operator: container-port-shifted
//!   kind: Deployment
//!   path: spec.template
//!   reason: only the program knows where it listens
//! ```
//!
//! `kind`, `name` and `path` (its beginning) may be left out.

use super::Mutation;
use crate::diagnosis::{Category, Diagnose};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Reasons why survivors are none to worry about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    survivors: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    operator: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    path: Option<String>,
    reason: String,
}

/// Why the reasons cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReasonsError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its text has another shape.
    #[error("{}: {message}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What does not fit, with its line.
        message: String,
    },
    /// An operator that is not there.
    #[error("{}: there is no operator `{id}`", path.display())]
    Operator {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
}

impl Diagnose for ReasonsError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::File { .. } => "Check the name.".to_owned(),
            Self::Text { .. } => {
                "Each entry of `survivors` has operator and reason, and may have kind, name and path."
                    .to_owned()
            }
            Self::Operator { .. } => "`gift mutate --list` names the operators.".to_owned(),
        })
    }
}

impl Reasons {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`ReasonsError`] when it is not there, has another shape or names an operator that is not there.
    pub fn read(path: &Path) -> Result<Self, ReasonsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ReasonsError::File { path: path.to_owned(), source })?;
        let reasons: Self = serde_yaml::from_str(&text)
            .map_err(|error| ReasonsError::Text { path: path.to_owned(), message: error.to_string() })?;
        match reasons.survivors.iter().find(|entry| super::find(&entry.operator).is_none()) {
            Some(entry) => Err(ReasonsError::Operator { path: path.to_owned(), id: entry.operator.clone() }),
            None => Ok(reasons),
        }
    }

    /// The reason why nothing can notice a mutation.
    #[must_use]
    pub fn of(&self, mutation: &Mutation) -> Option<&str> {
        let is =
            |stated: &Option<String>, value: &str| stated.as_deref().is_none_or(|stated| stated == value);
        let entry = self.survivors.iter().find(|entry| {
            entry.operator == mutation.operator
                && is(&entry.kind, &mutation.object.kind)
                && is(&entry.name, &mutation.object.name)
                && entry.path.as_deref().is_none_or(|path| mutation.path.starts_with(path))
        })?;
        Some(&entry.reason)
    }
}
