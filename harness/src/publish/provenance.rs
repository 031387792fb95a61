//! Signatures as Helm verifies them: the metadata and the digest of a package, signed in the clear.
//!
//! GnuPG signs, so that keys stay where their owner keeps them. Depends on [`super::package`], [`super::process`]
//! and [`super::text`].

use super::error::PublishError;
use super::package::Package;
use super::process::run;
use super::text;
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// A key that signs, in the keeping of GnuPG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    fingerprint: String,
    passphrase_file: Option<PathBuf>,
}

impl Signer {
    /// Asks GnuPG for the key with this fingerprint, number or address. A passphrase is asked for by GnuPG's
    /// agent, unless a file has it.
    ///
    /// # Errors
    ///
    /// [`PublishError::Program`] without GnuPG, [`PublishError::Key`] without exactly one such key.
    pub fn find(key: &str, passphrase_file: Option<PathBuf>) -> Result<Self, PublishError> {
        let refused = |reason: String| PublishError::Key { key: key.to_owned(), reason };
        let listed = run("gpg", gpg().args(["--with-colons", "--list-secret-keys", "--", key]), b"")?
            .map_err(&refused)?;
        let listed = String::from_utf8_lossy(&listed);
        let mut fingerprints = Vec::new();
        let mut is_primary = false;
        for line in listed.lines() {
            let fields: Vec<_> = line.split(':').collect();
            match (fields.first(), fields.get(9)) {
                (Some(&"sec"), _) => is_primary = true,
                (Some(&"fpr"), Some(fingerprint)) if is_primary => {
                    fingerprints.push((*fingerprint).to_owned());
                    is_primary = false;
                }
                _ => {}
            }
        }
        match <[String; 1]>::try_from(fingerprints) {
            Ok([fingerprint]) => Ok(Self { fingerprint, passphrase_file }),
            Err(several) => Err(refused(format!("{} keys are called so", several.len()))),
        }
    }

    /// The fingerprint of the key.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The text of the provenance file that lies beside the package.
    ///
    /// # Errors
    ///
    /// [`PublishError::Signing`] when GnuPG does not sign.
    pub fn sign(&self, package: &Package) -> Result<Vec<u8>, PublishError> {
        self.signed(&["--clear-sign"], message(package).as_bytes())
    }

    /// A signature of bytes alone, as `gpg --verify` takes it.
    ///
    /// # Errors
    ///
    /// [`PublishError::Signing`] when GnuPG does not sign.
    pub(super) fn sign_detached(&self, bytes: &[u8]) -> Result<Vec<u8>, PublishError> {
        self.signed(&["--detach-sign"], bytes)
    }

    /// The same as text.
    ///
    /// # Errors
    ///
    /// [`PublishError::Signing`] when GnuPG does not sign.
    pub(super) fn sign_armored(&self, bytes: &[u8]) -> Result<Vec<u8>, PublishError> {
        self.signed(&["--detach-sign", "--armor"], bytes)
    }

    fn signed(&self, how: &[&str], bytes: &[u8]) -> Result<Vec<u8>, PublishError> {
        let mut command = gpg();
        // Helm reads no digest weaker than SHA-256 and signs with SHA-512 itself.
        command.args(["--digest-algo", "SHA512"]).args(how).args(["--output", "-"]);
        command.arg("--local-user").arg(&self.fingerprint);
        if let Some(file) = &self.passphrase_file {
            command.args(["--pinentry-mode", "loopback", "--passphrase-file"]).arg(file);
        }
        run("gpg", &mut command, bytes)?
            .map_err(|reason| PublishError::Signing { key: self.fingerprint.clone(), reason })
    }

    /// The public key, as Helm's `--keyring` takes it.
    ///
    /// # Errors
    ///
    /// [`PublishError::Key`] when GnuPG does not give it.
    pub fn public_key(&self) -> Result<Vec<u8>, PublishError> {
        let exported = run(
            "gpg",
            gpg().args(["--export-options", "export-minimal", "--export", &self.fingerprint]),
            b"",
        )?;
        exported.map_err(|reason| PublishError::Key { key: self.fingerprint.clone(), reason })
    }
}

/// What is signed.
fn message(package: &Package) -> String {
    let mut metadata = package.metadata.fields.clone();
    metadata.retain(|_, value| !value.is_null());
    let digest = json!(format!("sha256:{}", package.digest));
    let mut files = Map::new();
    files.insert(package.file_name.clone(), digest.clone());
    // Helm keeps an installed plugin under this name, whatever the file was called.
    files.insert(format!("{}-{}.tgz", package.metadata.name, package.metadata.version), digest);
    let sums = Map::from_iter([("files".to_owned(), Value::Object(files))]);
    format!("{}\n...\n{}", text::write_mapping(&metadata), text::write_mapping(&sums))
}

fn gpg() -> Command {
    let program = std::env::var_os("GIFT_GPG").filter(|name| !name.is_empty());
    let mut command = Command::new(program.unwrap_or_else(|| OsString::from("gpg")));
    command.args(["--batch", "--no-tty", "--quiet", "--yes"]);
    command
}
