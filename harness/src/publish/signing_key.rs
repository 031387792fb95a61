//! A key whose signatures cosign and every verifier of DSSE envelopes checks: ECDSA on P-256 with SHA-256.
//!
//! OpenSSL signs, so that the key may be a file, be locked by a passphrase, or be in a device that OpenSSL knows.
//! Depends on [`super::package`] and [`super::process`].

use super::error::PublishError;
use super::package::sha256;
use super::process::run;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::ffi::OsString;
use std::process::Command;

/// What every public key on P-256 begins with in DER, before the two numbers of its point: RFC 5480.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// The variable with the passphrase, as cosign has it.
const PASSPHRASE: &str = "COSIGN_PASSWORD";

/// A private key in the keeping of OpenSSL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    key: OsString,
    public_key: String,
    id: String,
}

impl SigningKey {
    /// Asks OpenSSL for a key: a file in PEM, or whatever else its `-key` takes. A passphrase is taken from
    /// `COSIGN_PASSWORD`, and asked for by OpenSSL otherwise.
    ///
    /// # Errors
    ///
    /// [`PublishError::Program`] without OpenSSL, [`PublishError::SigningKey`] without a key on the curve P-256.
    pub fn find(key: impl Into<OsString>) -> Result<Self, PublishError> {
        let key = key.into();
        let refused =
            |reason: String| PublishError::SigningKey { key: key.to_string_lossy().into_owned(), reason };
        let mut command = openssl();
        command.args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&key).args(passphrase());
        let der = run("openssl", &mut command, b"")?.map_err(&refused)?;
        if der.len() != P256.len() + 64 || !der.starts_with(P256) {
            return Err(refused("it is no key on the curve P-256".to_owned()));
        }
        let text = STANDARD.encode(&der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let public_key =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        Ok(Self { id: sha256(&der), key, public_key })
    }

    /// The SHA-256 of the public key in DER, in hexadecimal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key in PEM, as `cosign verify --key` takes it.
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The name of the file the public key is published in.
    pub(super) fn public_key_name(&self) -> String {
        format!("cosign-{}.pub", self.id.get(..16).unwrap_or(&self.id))
    }

    /// The signature of bytes, in DER.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, PublishError> {
        let mut command = openssl();
        command.args(["dgst", "-sha256", "-sign"]).arg(&self.key).args(passphrase());
        run("openssl", &mut command, bytes)?.map_err(|reason| PublishError::SigningKey {
            key: self.key.to_string_lossy().into_owned(),
            reason,
        })
    }
}

fn openssl() -> Command {
    let program = std::env::var_os("GIFT_OPENSSL").filter(|name| !name.is_empty());
    Command::new(program.unwrap_or_else(|| OsString::from("openssl")))
}

fn passphrase() -> Vec<String> {
    match std::env::var_os(PASSPHRASE) {
        Some(_) => vec!["-passin".to_owned(), format!("env:{PASSPHRASE}")],
        None => Vec::new(),
    }
}
