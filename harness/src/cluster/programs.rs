//! The programs a cluster is made of, and where they are.

use std::env;
use std::path::PathBuf;

use super::error::ClusterError;
use super::location;
use crate::tools::Tool;

/// Paths of everything kwokctl needs, and of kwokctl itself.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub(super) kwokctl: PathBuf,
    pub(super) kwok: PathBuf,
    pub(super) etcd: PathBuf,
    pub(super) apiserver: PathBuf,
    pub(super) controller_manager: PathBuf,
    pub(super) scheduler: PathBuf,
    pub(super) kubectl: PathBuf,
}

impl Programs {
    /// All of them, or the first that is missing.
    pub(super) fn find() -> Result<Self, ClusterError> {
        Ok(Self {
            kwokctl: find(Tool::Kwokctl)?,
            kwok: find(Tool::Kwok)?,
            etcd: find(Tool::Etcd)?,
            apiserver: find(Tool::KubeApiserver)?,
            controller_manager: find(Tool::KubeControllerManager)?,
            scheduler: find(Tool::KubeScheduler)?,
            kubectl: find(Tool::Kubectl)?,
        })
    }
}

/// Its variable, then the user cache. Not PATH: a control plane is made of parts of one version.
pub(super) fn find(tool: Tool) -> Result<PathBuf, ClusterError> {
    let named = env::var_os(tool.variable()).map(PathBuf::from);
    let mut looked_for = tool.variable();
    for candidate in named.into_iter().chain([location::cache()?.join("bin").join(tool.name())]) {
        if candidate.is_file() {
            return Ok(candidate);
        }
        looked_for = format!("{looked_for}, {}", candidate.display());
    }
    Err(ClusterError::MissingProgram { tool, looked_for })
}
