//! What is published beside a package: what it is made of, how it came to be, and signatures.
//!
//! Depends on [`super::bill_of_materials`], [`super::statement`], [`super::envelope`] and the two who sign.

use super::bill_of_materials::bill_of_materials;
use super::checkout::Commit;
use super::crates::Crates;
use super::envelope::{Envelope, EnvelopeSignature, signed_bytes};
use super::error::PublishError;
use super::metadata::Kind;
use super::package::{Addition, Package, sha256};
use super::provenance::Signer;
use super::repository::{KEYRING, PublicKey};
use super::signing_key::SigningKey;
use super::statement::{Circumstances, Resource, statement};

/// What Helm verifies.
const PROVENANCE: &str = ".prov";
/// What GnuPG verifies.
const DETACHED: &str = ".asc";
const BILL_OF_MATERIALS: &str = ".cdx.json";
const STATEMENT: &str = ".provenance.json";
const ENVELOPE: &str = ".intoto.jsonl";

/// What is put behind the name of a package.
pub(super) const ENDINGS: &[&str] = &[PROVENANCE, DETACHED, BILL_OF_MATERIALS, STATEMENT, ENVELOPE];

/// What is published under a name already; none where nothing is.
pub(super) type Kept = Result<Option<Vec<u8>>, PublishError>;

/// A file beside a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signers<'a> {
    pub(super) gnupg: Option<&'a Signer>,
    pub(super) key: Option<&'a SigningKey>,
}

impl Signers<'_> {
    pub(super) fn public_keys(self) -> Result<Vec<PublicKey>, PublishError> {
        let mut keys = Vec::new();
        if let Some(signer) = self.gnupg {
            keys.push(PublicKey { name: KEYRING.to_owned(), bytes: signer.public_key()? });
        }
        if let Some(key) = self.key {
            keys.push(PublicKey { name: key.public_key_name(), bytes: key.public_key().as_bytes().to_vec() });
        }
        Ok(keys)
    }
}

/// What there is to say of a package.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) package: &'a Package,
    /// What a program in it is built from.
    pub(super) crates: Option<&'a Crates>,
    /// Files that were packed from elsewhere.
    pub(super) additions: &'a [Addition],
    /// What everything in it was committed as; none when it was not.
    pub(super) commit: Option<&'a Commit>,
    pub(super) builder: &'a str,
    pub(super) platform: Option<&'a str>,
}

/// The name of the file with the signature of a package.
pub(super) fn signature_name(package: &Package) -> String {
    let ending = if package.metadata.kind == Kind::Program { DETACHED } else { PROVENANCE };
    format!("{}{ending}", package.file_name)
}

impl Subject<'_> {
    /// What can be said without a key. `kept` gives what is published already under a name.
    pub(super) fn documents(self, kept: &dyn Fn(&str) -> Kept) -> Result<Vec<Document>, PublishError> {
        let mut documents = Vec::new();
        let name = |ending: &str| format!("{}{ending}", self.package.file_name);
        if self.package.metadata.kind == Kind::Chart || self.crates.is_some() {
            let time = self.commit.map(|commit| commit.time);
            let name = name(BILL_OF_MATERIALS);
            let bytes = match kept(&name)? {
                Some(bytes) => bytes,
                None => bill_of_materials(self.package, self.crates, time)?,
            };
            documents.push(Document { name, bytes });
        }
        if let Some(commit) = self.commit {
            let name = name(STATEMENT);
            let bytes = match kept(&name)? {
                Some(bytes) => bytes,
                None => {
                    let circumstances = Circumstances {
                        builder: self.builder,
                        commit,
                        materials: self.materials()?,
                        platform: self.platform,
                    };
                    statement(self.package, &documents, circumstances)?
                }
            };
            documents.push(Document { name, bytes });
        }
        Ok(documents)
    }

    /// What went into it and is in no commit, or pins what is in none.
    fn materials(self) -> Result<Vec<Resource>, PublishError> {
        let mut materials = Vec::new();
        materials.extend(self.crates.map(|crates| Resource::file("Cargo.lock", &sha256(&crates.lock))));
        for addition in self.additions.iter().filter(|addition| addition.source.is_file()) {
            let bytes =
                std::fs::read(&addition.source).map_err(super::error::at(&addition.source, "read"))?;
            materials.push(Resource::file(&addition.path, &sha256(&bytes)));
        }
        Ok(materials)
    }
}

/// The names of what is signed of a package.
pub(super) fn signed_names(package: &Package, documents: &[Document], signers: Signers<'_>) -> Vec<String> {
    let mut names = Vec::new();
    names.extend(signers.gnupg.map(|_| signature_name(package)));
    let is_signed = signers.gnupg.is_some() || signers.key.is_some();
    let has_statement = documents.iter().any(|document| document.name.ends_with(STATEMENT));
    names.extend((is_signed && has_statement).then(|| format!("{}{ENVELOPE}", package.file_name)));
    names
}

/// Signs what [`signed_names`] tells, as far as `wanted` does.
pub(super) fn sign(
    package: &Package,
    documents: &[Document],
    signers: Signers<'_>,
    wanted: &[String],
) -> Result<Vec<Document>, PublishError> {
    let mut signed = Vec::new();
    for name in wanted {
        let statement = documents.iter().find(|document| document.name.ends_with(STATEMENT));
        let bytes = match (signers.gnupg, statement) {
            (_, Some(statement)) if name.ends_with(ENVELOPE) => envelope(&statement.bytes, signers)?,
            (Some(signer), _) if name.ends_with(DETACHED) => signer.sign_armored(&package.bytes)?,
            (Some(signer), _) if name.ends_with(PROVENANCE) => signer.sign(package)?,
            _ => continue,
        };
        signed.push(Document { name: name.clone(), bytes });
    }
    Ok(signed)
}

fn envelope(statement: &[u8], signers: Signers<'_>) -> Result<Vec<u8>, PublishError> {
    let message = signed_bytes(statement);
    let mut signatures = Vec::new();
    if let Some(key) = signers.key {
        signatures.push(EnvelopeSignature::new(key.id(), &key.sign(&message)?));
    }
    if let Some(signer) = signers.gnupg {
        signatures.push(EnvelopeSignature::new(signer.fingerprint(), &signer.sign_detached(&message)?));
    }
    Ok(Envelope::new(statement, signatures).line()?)
}
