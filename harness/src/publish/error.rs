//! Why something could not be published, and the way out.

use super::ignore::IgnoreError;
use crate::diagnosis::{Category, Diagnose};
use crate::tools::ToolError;
use std::io;
use std::path::PathBuf;

/// Why something could not be published. Nothing that was published before is ever touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The folder is neither a chart nor a plugin.
    #[error("{} has neither a Chart.yaml nor a plugin.yaml", .0.display())]
    NothingToPublish(PathBuf),
    /// `Chart.yaml` or `plugin.yaml` is not what Helm takes.
    #[error("{}: {reason}", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// A file of the folder cannot be packed.
    #[error("{} cannot be packed: {reason}", path.display())]
    Unpackable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `.helmignore` cannot be read.
    #[error("{}:{line}: {source}", path.display())]
    Ignore {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong in it.
        #[source]
        source: IgnoreError,
    },
    /// A chart it needs is not in `charts/`.
    #[error("{} depends on {missing}, which is not in its charts/", path.display())]
    Dependency {
        /// The chart.
        path: PathBuf,
        /// The chart it needs.
        missing: String,
    },
    /// What is to be packed is not what is committed.
    #[error("{} is not as it was committed, so nobody could make the same package again", .0.join(", "))]
    Uncommitted(Vec<String>),
    /// The same name and version are published with other bytes.
    #[error(
        "{name} {version} is published in {place} already, with other bytes: {published}, and this is {digest}"
    )]
    Taken {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// The repository.
        place: String,
        /// The digest of what is there.
        published: String,
        /// The digest of what was to be published.
        digest: String,
    },
    /// The index of the repository cannot be understood.
    #[error("{}: {reason}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be {action}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written`, …
        action: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program that is needed is not there.
    #[error("{program} cannot be run")]
    Program {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no Helm.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Helm does not take the package.
    #[error("Helm refuses the package: {0}")]
    Refused(String),
    /// Git cannot say what is committed.
    #[error("git cannot say whether everything is committed: {0}")]
    Git(String),
    /// There is no such key, or it cannot sign.
    #[error("GnuPG has no secret key for {key:?}: {reason}")]
    Key {
        /// What it was called by.
        key: String,
        /// What GnuPG said.
        reason: String,
    },
    /// GnuPG did not sign.
    #[error("GnuPG did not sign with {key}: {reason}")]
    Signing {
        /// The key's fingerprint.
        key: String,
        /// What GnuPG said.
        reason: String,
    },
    /// A key that cosign's signatures cannot be made with.
    #[error("OpenSSL cannot sign with {key}: {reason}")]
    SigningKey {
        /// What it was called by.
        key: String,
        /// What is wrong with it; nothing of what is in it.
        reason: String,
    },
    /// Cargo cannot say what a program is built from.
    #[error("{}: cargo cannot say what is built from it: {reason}", manifest.display())]
    Crates {
        /// The manifest.
        manifest: PathBuf,
        /// What cargo said.
        reason: String,
    },
    /// A program without a word on what it is built from.
    #[error("{} is a program, and nothing says what it is built from", .0.display())]
    Unexplained(PathBuf),
    /// A document beside a package cannot be written.
    #[error("a document on the package cannot be written: {0}")]
    Document(#[from] serde_json::Error),
    /// `SOURCE_DATE_EPOCH` is not a number of seconds.
    #[error("SOURCE_DATE_EPOCH is {0:?}, which is no number of seconds since 1970")]
    SourceDate(String),
    /// A registry that a plugin cannot be pushed to, or an address that is none.
    #[error("{destination}: {reason}")]
    Destination {
        /// The address.
        destination: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry, or Helm on the way to it, refused.
    #[error("{registry} did not take {package}: {reason}")]
    Registry {
        /// Its address.
        registry: String,
        /// Name and version.
        package: String,
        /// What Helm said.
        reason: String,
    },
}

impl Diagnose for PublishError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NothingToPublish(_) => "Name the folder of a chart, or of a Helm plugin.".to_owned(),
            Self::Metadata { .. } => "Mend the file and publish again; nothing was written.".to_owned(),
            Self::Unpackable { .. } => {
                "Name it in .helmignore if it does not belong in the package; else make it a plain file.".to_owned()
            }
            Self::Ignore { .. } => "Write the rule as Helm reads it: *, ? and [a-z] within a part of a path.".to_owned(),
            Self::Dependency { path, .. } => format!("Run `helm dependency build {}`.", path.display()),
            Self::Uncommitted(_) => "Commit it, or allow it with --allow-dirty.".to_owned(),
            Self::Taken { .. } => {
                "What is published stays as it is. Give what changed a version of its own.".to_owned()
            }
            Self::Index { path, .. } => format!(
                "Nothing was changed. Mend {}, or make it anew from the packages with `helm repo index`.",
                path.display()
            ),
            Self::File { .. } => "Check that the disk has room and that you may write there.".to_owned(),
            Self::Program { program, .. } if program == "gpg" => {
                "Install GnuPG (apt-get install gnupg), or name it in GIFT_GPG.".to_owned()
            }
            Self::Program { program, .. } if program == "openssl" => {
                "Install OpenSSL (apt-get install openssl), or name it in GIFT_OPENSSL.".to_owned()
            }
            Self::Program { program, .. } => format!("Install {program}."),
            Self::Tool(error) => return error.help(),
            Self::Refused(_) => "Run `helm lint` on the chart. --no-lint publishes it all the same.".to_owned(),
            Self::Git(_) => "Run it in a repository that git can read, or allow anything with --allow-dirty.".to_owned(),
            Self::Key { .. } => {
                "`gpg --list-secret-keys` shows the keys there are; name one by its fingerprint or address.".to_owned()
            }
            Self::Signing { .. } => {
                "Unlock the key for its agent, or name a file with its passphrase by --passphrase-file.".to_owned()
            }
            Self::SigningKey { .. } => {
                "Name a private key in PEM, its passphrase in COSIGN_PASSWORD. One is made by `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`.".to_owned()
            }
            Self::Crates { .. } => {
                "Name the Cargo.toml of the package the program is built from, with the Cargo.lock it was built by."
                    .to_owned()
            }
            Self::Unexplained(_) => "Name its Cargo.toml by --manifest.".to_owned(),
            Self::Document(_) => "This is a fault of gift; publish the package again with the same options.".to_owned(),
            Self::SourceDate(_) => "Set it to the seconds since 1970, or unset it.".to_owned(),
            Self::Destination { .. } => "Name a folder, or a registry as oci://HOST/PATH.".to_owned(),
            Self::Registry { .. } => {
                "Check the address, and log in with `helm registry login`. --plain-http is for registries without TLS."
                    .to_owned()
            }
        })
    }
}

/// An error of the file system, with its file.
pub(super) fn at(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.into();
    move |source| PublishError::File { path, action, source }
}
