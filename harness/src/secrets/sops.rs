//! Files encrypted by SOPS, decrypted by its command.
//!
//! What the command writes is read from a pipe and kept in memory; nothing of it, not even what the
//! command complains about, is shown or written anywhere. Depends on [`crate::tools`].

use super::{Found, SecretError, env_file};
use crate::tools::{self, Tool};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// How an encrypted file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Env,
    Json,
    Yaml,
}

/// Why `sops` does not decrypt a file, told by its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SopsFault {
    /// None of the keys it is encrypted for is at hand.
    NoKey,
    /// It was changed after it was encrypted.
    Changed,
    /// `sops` gave no mapping of keys to values.
    Shape,
    /// `sops` could not be started, or was ended.
    NotRun,
    /// Another exit code of `sops`.
    Other(i32),
}

impl fmt::Display for SopsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => formatter.write_str("none of the keys it is encrypted for is at hand"),
            Self::Changed => formatter.write_str("it was changed after it was encrypted"),
            Self::Shape => formatter.write_str("it holds no mapping of keys to values"),
            Self::NotRun => formatter.write_str("sops could not be run to its end"),
            Self::Other(code) => write!(formatter, "sops ended with code {code}"),
        }
    }
}

impl SopsFault {
    pub(super) fn help(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::NoKey => format!(
                "Give sops a key of one of its recipients (SOPS_AGE_KEY_FILE or SOPS_AGE_KEY for age, gpg for PGP, the \
                 cloud's credentials for a KMS), or have the file encrypted for yours with `sops updatekeys {path}`."
            ),
            Self::Changed => {
                format!("Restore the file from version control, and change it with `sops edit {path}` alone.")
            }
            Self::Shape => "Write one KEY: \"value\" a line at the top of the file.".to_owned(),
            Self::NotRun | Self::Other(_) => format!("See what `sops decrypt {path}` says."),
        }
    }

    fn of(code: Option<i32>) -> Self {
        match code {
            Some(128 | 111) => Self::NoKey,
            Some(24 | 25 | 51 | 52) => Self::Changed,
            Some(code) => Self::Other(code),
            None => Self::NotRun,
        }
    }
}

impl Format {
    /// How a file is written if SOPS has encrypted it; `None` for a file of `KEY=VALUE` lines.
    ///
    /// Told by what is in it, so that nothing encrypted is ever taken for a value, nor plain text for
    /// something encrypted.
    pub(super) fn of(path: &Path, text: &str) -> Result<Option<Self>, SecretError> {
        let name =
            path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let format = match name.rsplit('.').next() {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            _ => Self::Env,
        };
        let is_encrypted = match format {
            Self::Env => {
                text.lines().any(|line| line.starts_with("sops_mac=") || line.starts_with("sops_version="))
            }
            Self::Yaml => text.lines().any(|line| line.trim_end() == "sops:"),
            Self::Json => text.contains("\"sops\""),
        };
        let is_meant = name.contains(".sops.") || format != Self::Env;
        match (is_encrypted, is_meant) {
            (true, _) => Ok(Some(format)),
            (false, true) => Err(SecretError::NotEncrypted { path: path.to_owned() }),
            (false, false) => Ok(None),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Env => "dotenv",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    /// What to ask for: a file of lines is read as one that never was encrypted.
    const fn output(self) -> Self {
        match self {
            Self::Env => Self::Env,
            Self::Json | Self::Yaml => Self::Json,
        }
    }
}

/// Decrypts a file into values by their keys.
pub(super) fn decrypt(path: &Path, format: Format) -> Result<BTreeMap<String, Found>, SecretError> {
    let sops = tools::find(Tool::Sops).map_err(|tool| SecretError::NoSops { path: path.to_owned(), tool })?;
    let fault = |fault| SecretError::Sops { path: path.to_owned(), fault };
    let output = Command::new(sops.path)
        .args(["decrypt", "--input-type", format.name(), "--output-type", format.output().name()])
        .arg(path)
        .stdin(Stdio::null())
        // It may quote what it could not read.
        .stderr(Stdio::null())
        .output()
        .map_err(|_| fault(SopsFault::NotRun))?;
    if !output.status.success() {
        return Err(fault(SopsFault::of(output.status.code())));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| fault(SopsFault::Shape))?;
    match format.output() {
        Format::Env => env_file::parse(&text, path),
        _ => mapping(&text).ok_or_else(|| fault(SopsFault::Shape)),
    }
}

fn mapping(text: &str) -> Option<BTreeMap<String, Found>> {
    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let found = |value| match value {
        serde_json::Value::String(text) => Found::Value(STANDARD.encode(text)),
        _ => Found::NotText,
    };
    Some(values.into_iter().map(|(key, value)| (key, found(value))).collect())
}

#[cfg(test)]
mod tests;
