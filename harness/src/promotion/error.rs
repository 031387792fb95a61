//! Why tags cannot be read or set.

use crate::chart::EnvironmentError;
use crate::diagnosis::{Category, Diagnose};
use std::io;
use std::path::PathBuf;

/// Why tags cannot be read or set.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// No such environment.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// A system of the chart's own values alone.
    #[error("`{name}` has no values file")]
    NoFile {
        /// The system.
        name: String,
    },
    /// Environments of different systems.
    #[error("`{from}` and `{to}` are environments of different systems")]
    Systems {
        /// The one.
        from: String,
        /// The other.
        to: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not YAML.
    #[error("{}:{line}:{column} is not YAML that Helm can read: {message}", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file states no tag at all.
    #[error("{} states no image tag of any service of `{name}`", path.display())]
    NoTags {
        /// The file.
        path: PathBuf,
        /// The environment.
        name: String,
    },
    /// The file states no tag of this service.
    #[error("{} has no {system}.services.{service}.image.tag{}", path.display(), known(services))]
    NoTag {
        /// The file.
        path: PathBuf,
        /// The system.
        system: String,
        /// The service.
        service: String,
        /// The services whose tags it states.
        services: Vec<String>,
    },
    /// A number where a text is meant.
    #[error("{}:{line}: the tag of {service} is no text", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The service.
        service: String,
    },
    /// No tag of an image.
    #[error("`{tag}` is no image tag")]
    Tag {
        /// What was given.
        tag: String,
    },
    /// The image has a digest, which wins.
    #[error("{}: {service} has an image.digest, which wins over its tag", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// The service.
        service: String,
    },
    /// The tag stands somewhere others read it too.
    #[error("{}:{line}: the tag of {service} is shared with others through an anchor", path.display())]
    Shared {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The service.
        service: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn known(services: &[String]) -> String {
    if services.is_empty() { String::new() } else { format!("; it states those of {}", services.join(", ")) }
}

impl Diagnose for PromotionError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Environment(error) => return error.help(),
            Self::NoFile { name } => format!("Name one of its environments, as {name}/prod."),
            Self::Systems { .. } => "Name two environments of one system.".to_owned(),
            Self::Read { .. } => "Check the name, and that you may read it.".to_owned(),
            Self::Yaml { .. } => "A values file is one YAML mapping of keys to values.".to_owned(),
            Self::NoTags { .. } => {
                "Write image.tag below each service this environment is to run a version of its own of.".to_owned()
            }
            Self::NoTag { path, service, .. } => format!(
                "Write `image: {{tag: ...}}` below services.{service} in {}, or leave that service out.",
                path.display()
            ),
            Self::NoText { .. } => "Put it into quotes: 1.10 without them is the number 1.1.".to_owned(),
            Self::Tag { .. } => {
                "A tag has letters, digits, `_`, `.` and `-`, begins with none of the last two, and has 128 at \
                 most."
                    .to_owned()
            }
            Self::Digest { .. } => "Remove the digest, or change it by hand.".to_owned(),
            Self::Shared { .. } => "Write the tag out below the service.".to_owned(),
            Self::Write { .. } => "Check that the disk has room and that you may write there.".to_owned(),
        })
    }
}
