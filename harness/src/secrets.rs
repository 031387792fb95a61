//! Secret sources: where the values of `secretRef:` references come from.
//!
//! Values are held as Base64 only, never printed, never part of an error, and never written anywhere.
//! Depends on [`gift_plugin::encode`] for what a reference is, and on [`crate::tools`] for the `sops`
//! command.

mod env_file;
mod sops;

use crate::diagnosis::{Category, Diagnose};
use crate::tools::ToolError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use sops::SopsFault;

/// Where to look first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecretSelection {
    /// `VALUES/SYSTEM/ENVIRONMENT.secrets.env` for references that name system and environment, then the
    /// same encrypted by SOPS (`.secrets.sops.env`, `.secrets.sops.yaml` or `.secrets.sops.json`), then
    /// environment variables.
    #[default]
    Default,
    /// This file, of `KEY=VALUE` lines or encrypted by SOPS, then as by default.
    File(PathBuf),
    /// The published `VALUES/SYSTEM/ENVIRONMENT.secrets.env.example`: for tests, never for a cluster.
    Example,
}

/// Why secret sources cannot be used. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A file that was asked for cannot be read.
    #[error("the secret source {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is no assignment.
    #[error("{}:{line}: expected KEY=VALUE", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A file is encrypted by SOPS, and there is no `sops`.
    #[error("the secret source {} is encrypted by SOPS: {tool}", path.display())]
    NoSops {
        /// The file.
        path: PathBuf,
        /// Where `sops` was looked for.
        tool: ToolError,
    },
    /// `sops` does not decrypt a file.
    #[error("the secret source {} cannot be decrypted: {fault}", path.display())]
    Sops {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: SopsFault,
    },
    /// A file that is to be encrypted by SOPS is not.
    #[error("the secret source {} is not encrypted by SOPS", path.display())]
    NotEncrypted {
        /// The file.
        path: PathBuf,
    },
    /// A value in a SOPS file is a number, a list or another thing that is not text.
    #[error("the value of {key} in {} is not text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// Nobody has the key.
    #[error("no secret source has {key}; looked in {}", looked.join(", then in "))]
    Missing {
        /// The key.
        key: String,
        /// Where it was looked for.
        looked: Vec<String>,
    },
    /// There is nothing behind the key.
    #[error("the secret {key} is empty in {place}")]
    Empty {
        /// The key.
        key: String,
        /// The source that has it.
        place: String,
    },
}

impl Diagnose for SecretError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoSops { tool, .. } => return tool.help(),
            Self::Sops { path, fault } => fault.help(path),
            Self::NotEncrypted { path } => format!(
                "Encrypt it with `sops encrypt --in-place {}`; files of KEY=VALUE lines end in .env, and those in \
                 plain text stay out of version control.",
                path.display()
            ),
            Self::NotText { key, .. } => format!(
                "Quote the value of {key}: as a number or a truth value it would lose zeros and take other forms. Keys \
                 stand at the top of the file."
            ),
            Self::Read { .. } => "Give a file of KEY=VALUE lines with --secrets FILE.".to_owned(),
            Self::Line { .. } => {
                "Write one KEY=VALUE in a line; quote values with spaces or line breaks.".to_owned()
            }
            Self::Missing { key, .. } => format!(
                "Copy the .secrets.env.example beside the values to .secrets.env and fill in {key}, or give \
                 --secrets FILE, or keep it in a .secrets.sops.yaml, or set the environment variable {key}."
            ),
            Self::Empty { key, .. } => format!(
                "Fill in {key}, or remove it there to have it looked for elsewhere; a service that is to have no such \
                 secret does not refer to it."
            ),
        })
    }
}

/// Finds the value of every reference, as Base64 by the reference's text.
///
/// A reference is `KEY` or `SYSTEM/ENVIRONMENT/KEY`.
///
/// # Errors
///
/// [`SecretError`] when a file is unreadable or malformed, or a key is nowhere or empty.
pub fn resolve(
    references: &BTreeSet<String>,
    selection: &SecretSelection,
    values: &Path,
) -> Result<BTreeMap<String, String>, SecretError> {
    let mut files: BTreeMap<PathBuf, BTreeMap<String, Found>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for reference in references {
        let key = reference.rsplit('/').next().unwrap_or(reference);
        let beside = reference.rsplit_once('/').map(|(place, _)| place).filter(|place| is_plain(place));
        let mut looked = Vec::new();
        let mut value = None;
        for path in candidates(selection, values, beside) {
            let required = matches!(selection, SecretSelection::File(file) if *file == path);
            if value.is_none() {
                value = match read_once(&mut files, &path, required)?.get(key) {
                    Some(Found::Value(value)) => Some(value.clone()),
                    Some(Found::NotText) => return Err(SecretError::NotText { path, key: key.to_owned() }),
                    None => None,
                };
                looked.push(path.display().to_string());
            }
        }
        if value.is_none() && *selection != SecretSelection::Example {
            value = std::env::var_os(key).map(|value| STANDARD.encode(value.as_encoded_bytes()));
            looked.push(format!("the environment variable {key}"));
        }
        let Some(value) = value else { return Err(SecretError::Missing { key: key.to_owned(), looked }) };
        if value.is_empty() {
            let place = looked.pop().unwrap_or_default();
            return Err(SecretError::Empty { key: key.to_owned(), place });
        }
        found.insert(reference.clone(), value);
    }
    Ok(found)
}

fn candidates(selection: &SecretSelection, values: &Path, beside: Option<&str>) -> Vec<PathBuf> {
    let beside = |ending: &str| beside.map(|place| values.join(format!("{place}.secrets{ending}")));
    // Only those that are there: nobody keeps all three.
    let encrypted = || SOPS_ENDINGS.iter().filter_map(|ending| beside(ending)).filter(|path| path.exists());
    match selection {
        SecretSelection::Default => beside(".env").into_iter().chain(encrypted()).collect(),
        SecretSelection::File(file) => {
            std::iter::once(file.clone()).chain(beside(".env")).chain(encrypted()).collect()
        }
        SecretSelection::Example => beside(".env.example").into_iter().collect(),
    }
}

/// How files beside the values end that are encrypted by SOPS.
const SOPS_ENDINGS: &[&str] = &[".sops.env", ".sops.yaml", ".sops.json"];

/// What a source has under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    /// The value, as Base64.
    Value(String),
    /// Something that is no text.
    NotText,
}

/// Only names may lead to a file, never `..`.
fn is_plain(place: &str) -> bool {
    place.split('/').all(|part| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn read_once<'f>(
    files: &'f mut BTreeMap<PathBuf, BTreeMap<String, Found>>,
    path: &Path,
    required: bool,
) -> Result<&'f BTreeMap<String, Found>, SecretError> {
    if !files.contains_key(path) {
        let assignments = match std::fs::read_to_string(path) {
            Ok(text) => match sops::Format::of(path, &text)? {
                Some(format) => sops::decrypt(path, format)?,
                None => env_file::parse(&text, path)?,
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => BTreeMap::new(),
            Err(source) => return Err(SecretError::Read { path: path.to_owned(), source }),
        };
        files.insert(path.to_owned(), assignments);
    }
    Ok(files.entry(path.to_owned()).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_looked_in_by_rank() {
        let values = tempfile::tempdir().unwrap();
        std::fs::create_dir(values.path().join("shop")).unwrap();
        std::fs::write(values.path().join("shop/prod.secrets.env"), "A=beside\nB=beside\n").unwrap();
        std::fs::write(values.path().join("shop/prod.secrets.env.example"), "A=example\n").unwrap();
        let file = values.path().join("mine.env");
        std::fs::write(&file, "A=mine\n").unwrap();
        let references = BTreeSet::from(["shop/prod/A".to_owned(), "shop/prod/B".to_owned()]);
        let one = BTreeSet::from(["shop/prod/A".to_owned()]);

        let found = resolve(&references, &SecretSelection::File(file), values.path()).unwrap();
        assert_eq!(found["shop/prod/A"], STANDARD.encode("mine"));
        assert_eq!(found["shop/prod/B"], STANDARD.encode("beside"));
        let found = resolve(&one, &SecretSelection::Default, values.path()).unwrap();
        assert_eq!(found["shop/prod/A"], STANDARD.encode("beside"));
        let found = resolve(&one, &SecretSelection::Example, values.path()).unwrap();
        assert_eq!(found["shop/prod/A"], STANDARD.encode("example"));
        assert!(resolve(&references, &SecretSelection::Example, values.path()).is_err());

        let empty = values.path().join("empty.env");
        std::fs::write(&empty, "A=\n").unwrap();
        let told =
            resolve(&one, &SecretSelection::File(empty.clone()), values.path()).unwrap_err().to_string();
        assert_eq!(told, format!("the secret A is empty in {}", empty.display()));
    }

    #[test]
    fn a_missing_key_is_named_with_every_place() {
        let error = resolve(
            &BTreeSet::from(["shop/prod/NOWHERE_TO_BE_FOUND".to_owned()]),
            &SecretSelection::Default,
            Path::new("values"),
        )
        .unwrap_err()
        .to_string();
        assert_eq!(
            error,
            "no secret source has NOWHERE_TO_BE_FOUND; looked in values/shop/prod.secrets.env, then in the \
             environment variable NOWHERE_TO_BE_FOUND"
        );
    }

    #[test]
    fn a_reference_never_leads_out_of_the_values() {
        assert!(!is_plain("../../etc") && !is_plain("a//b") && !is_plain("") && is_plain("shop/prod"));
    }

    #[test]
    fn a_file_that_was_asked_for_must_be_there() {
        let references = BTreeSet::from(["A".to_owned()]);
        let selection = SecretSelection::File(PathBuf::from("/nowhere/x.env"));
        assert!(matches!(
            resolve(&references, &selection, Path::new("values")),
            Err(SecretError::Read { .. })
        ));
    }
}
