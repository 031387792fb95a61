//! What is asked of a cluster's API server, through kubectl.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::control_plane::kubectl;
use super::error::ClusterError;
use super::location::Location;

/// A cluster's API server, reached by a kubectl.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server<'a> {
    pub(super) location: &'a Location,
    pub(super) kubectl: &'a Path,
}

impl Server<'_> {
    /// What kubectl prints. `action` is what an error says was tried.
    pub(super) fn ask(&self, action: &'static str, arguments: &[&str]) -> Result<String, ClusterError> {
        let output = kubectl(self.location, self.kubectl)
            .args(arguments)
            .output()
            .map_err(|source| ClusterError::Run { program: self.kubectl.to_owned(), source })?;
        self.check(action, &output)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sees to it that these objects are there as stated, whoever made them.
    pub(super) fn apply(&self, action: &'static str, objects: &[Value]) -> Result<(), ClusterError> {
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        let run = |source| ClusterError::Run { program: self.kubectl.to_owned(), source };
        let mut child = kubectl(self.location, self.kubectl)
            .args(["apply", "--server-side", "--force-conflicts", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(run)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(list.to_string().as_bytes()).map_err(run)?;
        }
        let output = child.wait_with_output().map_err(run)?;
        self.check(action, &output)
    }

    fn check(&self, action: &'static str, output: &Output) -> Result<(), ClusterError> {
        if output.status.success() {
            return Ok(());
        }
        Err(ClusterError::Kubectl {
            name: self.location.name().to_owned(),
            action,
            detail: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
