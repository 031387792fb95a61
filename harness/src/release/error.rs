//! Why a release could not be looked at or prepared, and the way out.

use crate::diagnosis::{Category, Diagnose};
use crate::objects::ObjectsError;
use crate::publish::PublishError;
use crate::render::RenderError;
use crate::run::RunError;
use crate::tools::ToolError;
use semver::Version;
use std::io;
use std::path::PathBuf;

/// Why a release could not be looked at or prepared. No file was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
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
    /// A file does not say what it is to say.
    #[error("{}: {reason}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// A package cannot be unpacked.
    #[error("{package} cannot be unpacked: {reason}")]
    Archive {
        /// Its name.
        package: String,
        /// Why.
        reason: String,
    },
    /// A package is not what the index says of it.
    #[error("{package} is {actual}, and the index says {expected}")]
    Digest {
        /// Its name.
        package: String,
        /// The digest in the index.
        expected: String,
        /// The digest of what is there.
        actual: String,
    },
    /// The version to compare with was not published.
    #[error("there is no {name} {version} in {location}; published are: {}", known.join(", "))]
    NoSuchVersion {
        /// The chart.
        name: String,
        /// The version that was asked for.
        version: Version,
        /// Where it was looked for.
        location: String,
        /// What is there.
        known: Vec<String>,
    },
    /// Helm could not get what was published.
    #[error("{location}: Helm cannot get {name}: {reason}")]
    Pull {
        /// The address.
        location: String,
        /// The chart.
        name: String,
        /// What Helm said.
        reason: String,
    },
    /// There is no such place, or what is in a folder cannot be packed.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// There is no Helm.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The matrix cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The chart cannot be rendered at all.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// What one of the two rendered cannot be read.
    #[error("{cell}: {source}")]
    Rendered {
        /// The cell.
        cell: String,
        /// Why.
        #[source]
        source: ObjectsError,
    },
}

impl Diagnose for ReleaseError {
    fn category(&self) -> Category {
        match self {
            Self::Run(error) => error.category(),
            Self::Render(error) => error.category(),
            _ => Category::Input,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::File { .. } => "Check the name, and that you may read and write there.".to_owned(),
            Self::Text { .. } => "Mend the file and run again; nothing was written.".to_owned(),
            Self::Archive { .. } => "Publish it again, or name another version with --since.".to_owned(),
            Self::Digest { .. } => {
                "Somebody changed the package or the index. Find out who, before anything is published there.".to_owned()
            }
            Self::NoSuchVersion { .. } => "Name one of these with --since, or leave it out.".to_owned(),
            Self::Pull { .. } => {
                "Check the address, and log in with `helm registry login`. --plain-http is for registries without TLS."
                    .to_owned()
            }
            Self::Rendered { .. } => "Look at what `gift render --raw` prints there.".to_owned(),
            Self::Publish(PublishError::Destination { .. }) => {
                "Name a folder, a chart repository as https://HOST/PATH, or a registry as oci://HOST/PATH.".to_owned()
            }
            Self::Publish(error) => return error.help(),
            Self::Tool(error) => return error.help(),
            Self::Run(error) => return error.help(),
            Self::Render(error) => return error.help(),
        })
    }
}

/// An error of the file system, with its file.
pub(super) fn at(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(io::Error) -> ReleaseError {
    let path = path.into();
    move |source| ReleaseError::File { path, action, source }
}
