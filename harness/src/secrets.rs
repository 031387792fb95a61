//! Secret sources: where the values of `secretRef:` references come from.
//!
//! Values are held as Base64 only, never printed, and never part of an error. Depends on
//! [`gift_plugin::encode`] for what a reference is.

use crate::diagnosis::{Category, Diagnose};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where to look first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecretSelection {
    /// `VALUES/SYSTEM/ENVIRONMENT.secrets.env` for references that name system and environment, then
    /// environment variables.
    #[default]
    Default,
    /// This file, then as by default.
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
            Self::Read { .. } => "Give a file of KEY=VALUE lines with --secrets FILE.".to_owned(),
            Self::Line { .. } => {
                "Write one KEY=VALUE in a line; quote values with spaces or line breaks.".to_owned()
            }
            Self::Missing { key, .. } => format!(
                "Copy the .secrets.env.example beside the values to .secrets.env and fill in {key}, or give \
                 --secrets FILE, or set the environment variable {key}."
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
    let mut files: BTreeMap<PathBuf, BTreeMap<String, String>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for reference in references {
        let key = reference.rsplit('/').next().unwrap_or(reference);
        let beside = reference.rsplit_once('/').map(|(place, _)| place).filter(|place| is_plain(place));
        let mut looked = Vec::new();
        let mut value = None;
        for path in candidates(selection, values, beside) {
            let required = matches!(selection, SecretSelection::File(file) if *file == path);
            if value.is_none() {
                value = read_once(&mut files, &path, required)?.get(key).cloned();
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
    let beside = |ending: &str| beside.map(|place| values.join(format!("{place}.secrets.env{ending}")));
    match selection {
        SecretSelection::Default => beside("").into_iter().collect(),
        SecretSelection::File(file) => std::iter::once(file.clone()).chain(beside("")).collect(),
        SecretSelection::Example => beside(".example").into_iter().collect(),
    }
}

/// Only names may lead to a file, never `..`.
fn is_plain(place: &str) -> bool {
    place.split('/').all(|part| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn read_once<'f>(
    files: &'f mut BTreeMap<PathBuf, BTreeMap<String, String>>,
    path: &Path,
    required: bool,
) -> Result<&'f BTreeMap<String, String>, SecretError> {
    if !files.contains_key(path) {
        let assignments = match std::fs::read_to_string(path) {
            Ok(text) => parse(&text, path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => BTreeMap::new(),
            Err(source) => return Err(SecretError::Read { path: path.to_owned(), source }),
        };
        files.insert(path.to_owned(), assignments);
    }
    Ok(files.entry(path.to_owned()).or_default())
}

/// Reads `KEY=VALUE` lines: comments with `#`, an optional `export`, values bare, in single quotes
/// (verbatim) or in double quotes (with `\n`, `\t`, `\"`, `\\`), which may span lines. A bare value
/// ends before ` #`. Values come back as Base64.
fn parse(text: &str, path: &Path) -> Result<BTreeMap<String, String>, SecretError> {
    let mut assignments = BTreeMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let malformed = || SecretError::Line { path: path.to_owned(), line: at + 1 };
        let line = line.trim_start_matches('\u{feff}').trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, rest) = line.split_once('=').ok_or_else(malformed)?;
        let key = key.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if key.is_empty() || !key.bytes().all(is_name) {
            return Err(malformed());
        }
        let rest = rest.trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut raw = rest[1..].to_owned();
                loop {
                    if let Some(value) = close(&raw, quote) {
                        break value;
                    }
                    let (_, next) = lines.next().ok_or_else(malformed)?;
                    raw.push('\n');
                    raw.push_str(next);
                }
            }
            _ => rest.split(" #").next().unwrap_or_default().trim_end().to_owned(),
        };
        assignments.insert(key.to_owned(), STANDARD.encode(value));
    }
    Ok(assignments)
}

/// The text up to the closing quote, `None` when there is none yet.
fn close(raw: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quote == '"' => match characters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            character if character == quote => return Some(value),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BTreeMap<String, String> {
        let decode = |value: String| String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
        parse(text, Path::new("x.env"))
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key, decode(value)))
            .collect()
    }

    #[test]
    fn assignments_are_bare_or_quoted() {
        let found = read(
            "# c\nA=one # comment\nexport B='two # not'\nC=\"three\\nlines\"\nD=\nE=a=b==\nF=\"x\ny\"\nG = spaced \n",
        );
        let expected = [
            ("A", "one"),
            ("B", "two # not"),
            ("C", "three\nlines"),
            ("D", ""),
            ("E", "a=b=="),
            ("F", "x\ny"),
            ("G", "spaced"),
        ];
        assert_eq!(found.len(), expected.len());
        for (key, value) in expected {
            assert_eq!(found[key], value, "{key}");
        }
    }

    #[test]
    fn a_malformed_line_is_named_without_its_text() {
        for text in ["A=1\nhunter2\n", "A=1\n=hunter2\n", "A=1\nB C=hunter2\n", "A=1\nB=\"hunter2\n"] {
            let error = parse(text, Path::new("x.env")).unwrap_err().to_string();
            assert!(error.starts_with("x.env:2:") && !error.contains("hunter2"), "{error}");
        }
    }

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
