//! The programs a cluster is made of, and where they are.

use std::env;
use std::path::PathBuf;

use super::error::ClusterError;
use super::location;

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
            kwokctl: find("kwokctl")?,
            kwok: find("kwok")?,
            etcd: find("etcd")?,
            apiserver: find("kube-apiserver")?,
            controller_manager: find("kube-controller-manager")?,
            scheduler: find("kube-scheduler")?,
            kubectl: find("kubectl")?,
        })
    }
}

/// `GIFT_<PROGRAM>`, then the user cache. Not PATH: a control plane is made of parts of one version.
pub(super) fn find(program: &'static str) -> Result<PathBuf, ClusterError> {
    let variable = variable(program);
    let candidates = env::var_os(&variable)
        .map(PathBuf::from)
        .into_iter()
        .chain([location::cache()?.join("bin").join(program)]);
    let mut looked_for = variable.clone();
    for candidate in candidates {
        if candidate.is_file() {
            return Ok(candidate);
        }
        looked_for = format!("{looked_for}, {}", candidate.display());
    }
    Err(ClusterError::MissingProgram { program, looked_for })
}

/// The environment variable that names a program: `GIFT_KUBE_APISERVER`.
pub(super) fn variable(program: &str) -> String {
    format!("GIFT_{}", program.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_upper_case_with_underscores() {
        assert_eq!(variable("kube-apiserver"), "GIFT_KUBE_APISERVER");
    }
}
