//! Signatures as Helm verifies them: the metadata and the digest of a package, signed in the clear.
//!
//! GnuPG signs, so that keys stay where their owner keeps them. Depends on [`super::package`] and
//! [`super::text`].

use super::error::PublishError;
use super::package::Package;
use super::text;
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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
        let listed =
            run(gpg().args(["--with-colons", "--list-secret-keys", "--", key]), b"")?.map_err(&refused)?;
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
        let mut command = gpg();
        // Helm reads no digest weaker than SHA-256 and signs with SHA-512 itself.
        command.args(["--digest-algo", "SHA512", "--clear-sign", "--output", "-"]);
        command.arg("--local-user").arg(&self.fingerprint);
        if let Some(file) = &self.passphrase_file {
            command.args(["--pinentry-mode", "loopback", "--passphrase-file"]).arg(file);
        }
        run(&mut command, message(package).as_bytes())?
            .map_err(|reason| PublishError::Signing { key: self.fingerprint.clone(), reason })
    }

    /// The public key, as Helm's `--keyring` takes it.
    ///
    /// # Errors
    ///
    /// [`PublishError::Key`] when GnuPG does not give it.
    pub fn public_key(&self) -> Result<Vec<u8>, PublishError> {
        let exported =
            run(gpg().args(["--export-options", "export-minimal", "--export", &self.fingerprint]), b"")?;
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

/// What it printed, or what it said of why it did not.
fn run(command: &mut Command, input: &[u8]) -> Result<Result<Vec<u8>, String>, PublishError> {
    let failed = |source| PublishError::Program { program: "gpg".to_owned(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends early says why on its standard error.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() && !output.stdout.is_empty() {
        return Ok(Ok(output.stdout));
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told: Vec<_> = told.lines().map(|line| line.trim_start_matches("gpg: ")).collect();
    Ok(Err(if told.is_empty() { "it printed nothing".to_owned() } else { told.join("; ") }))
}
