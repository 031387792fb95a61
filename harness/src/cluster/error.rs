//! What can go wrong with an embedded cluster, and the way out.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::diagnosis::{Category, Diagnose};
use crate::tools::Tool;

/// Why a cluster could not be brought up, asked or taken down.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The name cannot be the name of a cluster.
    #[error("`{name}` cannot be the name of a cluster")]
    Name {
        /// The name.
        name: String,
    },
    /// Neither `GIFT_CACHE` nor `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("there is no folder for clusters: none of GIFT_CACHE, XDG_CACHE_HOME and HOME is set")]
    NoCache,
    /// A tool is not there.
    #[error("{} is not installed (looked for {looked_for})", tool.name())]
    MissingProgram {
        /// Which.
        tool: Tool,
        /// Where it was looked for.
        looked_for: String,
    },
    /// A tool could not be run at all.
    #[error("{} could not be run: {source}", program.display())]
    Run {
        /// Its path.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The control plane did not start.
    #[error("the control plane of cluster `{name}` did not start: {detail}")]
    Start {
        /// Name of the cluster.
        name: String,
        /// What was said about it.
        detail: String,
        /// The folder of the processes' logs.
        logs: PathBuf,
    },
    /// The API server was not ready in time.
    #[error("the API server of cluster `{name}` is not ready after {} s", after.as_secs())]
    NotReady {
        /// Name of the cluster.
        name: String,
        /// How long was waited.
        after: Duration,
        /// The folder of the processes' logs.
        logs: PathBuf,
    },
    /// kubectl failed.
    #[error("kubectl {action} failed on cluster `{name}`: {detail}")]
    Kubectl {
        /// Name of the cluster.
        name: String,
        /// What it was to do.
        action: &'static str,
        /// What it said.
        detail: String,
    },
    /// kubectl answered something that is not what was asked for.
    #[error("kubectl's answer about cluster `{name}` cannot be read: {source}")]
    Answer {
        /// Name of the cluster.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A file of definitions of custom resources is none.
    #[error("{} cannot be read as definitions of custom resources: {detail}", path.display())]
    Definitions {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// Nothing defines a custom resource.
    #[error("there is no definition of {kind} of {group} in {}", folder.display())]
    NoDefinition {
        /// Its kind.
        kind: String,
        /// Its group.
        group: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Processes that do not stop.
    #[error("processes of cluster `{name}` do not stop: {processes}")]
    StillRunning {
        /// Name of the cluster.
        name: String,
        /// Their numbers.
        processes: String,
    },
    /// A file or folder of the cluster.
    #[error("{} cannot be {action}: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// `read`, `written`, ...
        action: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl Diagnose for ClusterError {
    fn category(&self) -> Category {
        match self {
            Self::Name { .. }
            | Self::NoCache
            | Self::MissingProgram { .. }
            | Self::Run { .. }
            | Self::Start { .. }
            | Self::NotReady { .. }
            | Self::Kubectl { .. }
            | Self::Definitions { .. }
            | Self::NoDefinition { .. }
            | Self::File { .. } => Category::Input,
            Self::Answer { .. } | Self::StillRunning { .. } => Category::Internal,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Name { .. } => {
                "Use lower-case letters, digits and inner hyphens, at most 40 of them, as in \
                `gift` or `upgrade-test-2`."
                    .to_owned()
            }
            Self::NoCache => "Set GIFT_CACHE to a folder of yours.".to_owned(),
            Self::MissingProgram { tool, .. } => format!(
                "Run `ci/setup cluster`, which brings the whole control plane, or set {} to the one you have.",
                tool.variable()
            ),
            Self::Run { program, .. } => {
                format!("Remove {} and run `ci/setup cluster` to have it built anew.", program.display())
            }
            Self::Start { logs, .. } | Self::NotReady { logs, .. } => format!(
                "The processes' own words are in {}. `gift down` clears what is left; then try again.",
                logs.display()
            ),
            Self::Kubectl { .. } => {
                "`gift status` shows which of its processes run; `gift up` starts those that are missing."
                    .to_owned()
            }
            Self::Definitions { .. } | Self::NoDefinition { .. } => {
                "Run `ci/setup crds`, which brings those of well-known projects, or name a folder of \
                CustomResourceDefinitions with GIFT_CRDS."
                    .to_owned()
            }
            Self::Answer { .. } => {
                "This is a fault of the harness: report it with kubectl's version.".to_owned()
            }
            Self::StillRunning { processes, .. } => {
                format!("They may belong to another user. Stop them with `kill {processes}`.")
            }
            Self::File { .. } => {
                "Check the folder's owner and the room on its disk, or set GIFT_CACHE to another one."
                    .to_owned()
            }
        })
    }
}
