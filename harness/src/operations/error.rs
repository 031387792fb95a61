//! What can go wrong while a system is run on a machine, and the way out.

use std::io;
use std::path::PathBuf;

use crate::diagnosis::{Category, Diagnose};

/// Why a system could not be brought up, reached or taken away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// `operations` in the values is not what it must be.
    #[error("the values at {system}.operations cannot be read: {source}")]
    Values {
        /// The system.
        system: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The values say nothing of what was asked for.
    #[error("the values have no {system}.operations.{what}")]
    Nothing {
        /// The system.
        system: String,
        /// The key.
        what: &'static str,
    },
    /// Something under `operations` names what is not rendered.
    #[error("{path} in the values: no {kind} `{name}` is rendered")]
    Unknown {
        /// Path of the values.
        path: String,
        /// `Service`, `Deployment`, ...
        kind: &'static str,
        /// The name.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// A program could not be run at all.
    #[error("{program} could not be run: {source}")]
    Run {
        /// Its name or path.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program ended badly.
    #[error("`{command}` failed: {detail}")]
    Failed {
        /// What was run.
        command: String,
        /// What it said.
        detail: String,
    },
    /// A file or folder.
    #[error("{} cannot be written: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An address that is none.
    #[error("`{url}` is no address of the form http://HOST:PORT/PATH")]
    Address {
        /// The address.
        url: String,
    },
    /// Nobody answers.
    #[error("no answer from {url}: {source}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// Another answer than the one that counts as good.
    #[error("{name}: {url} answers {found}, and {expected} is expected")]
    Answer {
        /// The check's name.
        name: String,
        /// What was asked.
        url: String,
        /// The status.
        found: u16,
        /// The status there should be.
        expected: u16,
    },
    /// A port of this machine is taken.
    #[error("port {port} of this machine is taken; it is for {service}")]
    PortTaken {
        /// The port.
        port: u16,
        /// The Service it is for.
        service: String,
    },
}

impl Diagnose for OperationError {
    fn category(&self) -> Category {
        match self {
            Self::Answer { .. } | Self::NoAnswer { .. } => Category::Findings,
            _ => Category::Input,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Values { system, .. } | Self::Nothing { system, .. } => format!(
                "chart/values.schema.json says what {system}.operations may hold; put it into the environment's file."
            ),
            Self::Unknown { known, .. } => format!("There are {}.", known.join(", ")),
            Self::Run { program, .. } => format!("Install {program} and put it on PATH."),
            Self::Failed { .. } => "Its own words are above; mend that and run this again.".to_owned(),
            Self::File { .. } => "Check the folder's owner and the room on its disk.".to_owned(),
            Self::Address { .. } => "Only plain HTTP is asked.".to_owned(),
            Self::NoAnswer { .. } | Self::Answer { .. } => {
                "Look at the pods behind it with `kubectl get pods` and `kubectl logs`.".to_owned()
            }
            Self::PortTaken { .. } => {
                "Stop what listens there, or state another localPort in the values.".to_owned()
            }
        })
    }
}
