//! Real Helm, for what only it can say: whether it takes a package, and what a registry has.
//!
//! Depends on [`crate::tools`].

use super::documents::signature_name;
use super::error::PublishError;
use super::package::{Package, sha256};
use super::registry::Registry;
use crate::tools::{self, HelmVersion, Tool, ToolError};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A Helm, and a package where it can read it.
#[derive(Debug)]
pub(super) struct Helm {
    program: PathBuf,
    folder: TempDir,
}

impl Helm {
    /// The one there is.
    pub(super) fn find() -> Result<Self, PublishError> {
        let program = program()?;
        let folder = tempfile::Builder::new().prefix("gift-publish-").tempdir();
        let folder = folder.map_err(super::error::at(std::env::temp_dir(), "written"))?;
        Ok(Self { program, folder })
    }

    /// Whether `helm lint` finds nothing that keeps the chart from being installed.
    pub(super) fn lint(&self, package: &Package) -> Result<(), PublishError> {
        let path = self.place(package, None)?;
        let output = self.run(&["lint", "--quiet", &path.to_string_lossy()])?;
        if output.status.success() { Ok(()) } else { Err(PublishError::Refused(told(&output))) }
    }

    /// The digest of what a registry has under the package's name and version.
    pub(super) fn published(
        &self,
        package: &Package,
        registry: &Registry,
    ) -> Result<Option<String>, PublishError> {
        let folder = self.folder.path().join("pulled");
        std::fs::create_dir_all(&folder).map_err(super::error::at(&folder, "made"))?;
        let reference = format!("{}/{}", registry.address, package.metadata.name);
        let (version, to) = (package.metadata.version.to_string(), folder.to_string_lossy());
        let mut arguments = vec!["pull", &reference, "--version", &version, "--destination", &to];
        arguments.extend(registry.plain_http.then_some("--plain-http"));
        let output = self.run(&arguments)?;
        if output.status.success() {
            let path = folder.join(&package.file_name);
            let bytes = std::fs::read(&path).map_err(super::error::at(&path, "read"))?;
            return Ok(Some(sha256(&bytes)));
        }
        let reason = told(&output);
        if is_absent(&reason) { Ok(None) } else { Err(registry.refused(package, reason)) }
    }

    /// Pushes the package and its signature.
    pub(super) fn push(
        &self,
        package: &Package,
        signature: Option<&[u8]>,
        registry: &Registry,
    ) -> Result<(), PublishError> {
        let path = self.place(package, signature)?;
        let path = path.to_string_lossy();
        let mut arguments = vec!["push", &path, &registry.address];
        arguments.extend(registry.plain_http.then_some("--plain-http"));
        let output = self.run(&arguments)?;
        if output.status.success() { Ok(()) } else { Err(registry.refused(package, told(&output))) }
    }

    fn place(&self, package: &Package, signature: Option<&[u8]>) -> Result<PathBuf, PublishError> {
        let write = |name: &str, bytes: &[u8]| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, bytes).map_err(super::error::at(&path, "written"))?;
            Ok::<_, PublishError>(path)
        };
        if let Some(signature) = signature {
            write(&signature_name(package), signature)?;
        }
        let path = write(&package.file_name, &package.bytes)?;
        // Helm tells a registry when the file was made, which is then part of what is pushed.
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(package.time);
        let file = std::fs::File::options().append(true).open(&path);
        file.and_then(|file| file.set_modified(made)).map_err(super::error::at(&path, "written"))?;
        Ok(path)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, PublishError> {
        command(&self.program)
            .args(arguments)
            .output()
            .map_err(|source| PublishError::Program { program: self.name(), source })
    }

    fn name(&self) -> String {
        Path::new(&self.program).display().to_string()
    }
}

/// Helm 4, or Helm 3 where there is no other.
pub(crate) fn program() -> Result<PathBuf, ToolError> {
    tools::find(Tool::Helm(HelmVersion::V4))
        .or_else(|error| tools::find(Tool::Helm(HelmVersion::V3)).map_err(|_| error))
        .map(|found| found.path)
}

/// A call of Helm that asks nobody and runs no plugin.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HELM_NO_PLUGINS", "1").stdin(Stdio::null());
    command
}

/// Whether a registry never heard of a name, or has no such version, by what Helm said.
pub(crate) fn is_absent(reason: &str) -> bool {
    ["not found", "NAME_UNKNOWN", "MANIFEST_UNKNOWN", "manifest unknown", "name unknown"]
        .iter()
        .any(|known| reason.contains(known))
}

/// What Helm said of a failure, on one line.
pub(crate) fn told(output: &Output) -> String {
    let text = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).join("\n");
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").trim_start_matches("Error: ").to_owned()
}
