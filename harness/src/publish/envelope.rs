//! Signed statements: an envelope of DSSE (Dead Simple Signing Envelope, version 1) around an in-toto Statement.
//!
//! Depends on nothing else here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// What an in-toto Statement is called in an envelope.
pub(super) const STATEMENT: &str = "application/vnd.in-toto+json";

/// An envelope, as it is written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    payload_type: &'static str,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

/// One of its signatures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct EnvelopeSignature {
    /// What the key is called by; a hint, and no proof of anything.
    pub(super) keyid: String,
    /// The signature over [`signed_bytes`], in base64.
    pub(super) sig: String,
}

impl EnvelopeSignature {
    pub(super) fn new(keyid: impl Into<String>, signature: &[u8]) -> Self {
        Self { keyid: keyid.into(), sig: STANDARD.encode(signature) }
    }
}

impl Envelope {
    pub(super) fn new(statement: &[u8], signatures: Vec<EnvelopeSignature>) -> Self {
        Self { payload_type: STATEMENT, payload: STANDARD.encode(statement), signatures }
    }

    /// One line of JSON, of which a file may have several.
    pub(super) fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// What is signed of a statement: the pre-authentication encoding, which binds the type to the bytes.
pub(super) fn signed_bytes(statement: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {STATEMENT} {} ", STATEMENT.len(), statement.len()).into_bytes();
    bytes.extend_from_slice(statement);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_length_are_part_of_what_is_signed() {
        assert_eq!(signed_bytes(b"{ }"), b"DSSEv1 28 application/vnd.in-toto+json 3 { }");
    }
}
