//! The environment Helm runs in, the same for the command and the worker.
//!
//! None of the user's settings, repositories or plugins, no cluster and no network, so that the result
//! depends on the request and on Helm's version alone.

use super::RenderError;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// An empty home for Helm, gone when it is dropped.
#[derive(Debug)]
pub(super) struct HelmHome {
    directory: TempDir,
}

impl HelmHome {
    pub(super) fn new() -> Result<Self, RenderError> {
        let directory =
            tempfile::Builder::new().prefix("gift-helm-").tempdir().map_err(RenderError::Directory)?;
        Ok(Self { directory })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A command that sees this home and nothing of the user's.
    pub(super) fn command(&self, program: &Path) -> Command {
        let home = self.path();
        let mut command = Command::new(program);
        command.env_clear();
        // Whatever a post-renderer needs to find its own programs, and a temporary directory.
        for name in ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "GIFT_CACHE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", home).env("KUBECONFIG", home.join("no-cluster"));
        for name in ["HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME"] {
            command.env(name, home.join(name));
        }
        // A schema may refer to a web page; nothing answers on this port.
        for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
            command.env(name, "http://127.0.0.1:9");
        }
        command
    }
}
