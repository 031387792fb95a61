//! Publishing, with the real clients and servers: both Helms, nginx, an OCI registry, GnuPG. `ci/setup publish`
//! brings what is not there.

mod interruption;
mod packaging;
mod plugin;
mod provenance;
mod readme;
mod registry;
mod repository;
pub(crate) mod servers;
mod signer;

use crate::workplace::{gift, helm, text};
use gift_harness::tools::HelmVersion;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a small chart, and clients that keep their things in it.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.chart("1.0.0", "first");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes `chart` one of this version, which renders a ConfigMap with this text.
    pub(super) fn chart(&self, version: &str, text: &str) {
        write_chart(&self.path("chart"), version, text);
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("HOME", self.path("home"))
            .env("HELM_DATA_HOME", self.path("home/data"))
            .env("HELM_CACHE_HOME", self.path("home/cache"))
            .env("HELM_CONFIG_HOME", self.path("home/config"))
            .env("GNUPGHOME", self.path("gnupg"))
            .env("GIFT_HELM3", helm(HelmVersion::V3))
            .env("GIFT_HELM4", helm(HelmVersion::V4))
            .env_remove("SOURCE_DATE_EPOCH")
            .env_remove("HELM_PLUGINS");
        command
    }

    /// `gift publish`, with these words behind it.
    pub(crate) fn publish(&self, arguments: &[&str]) -> Output {
        self.command(gift()).arg("publish").args(arguments).output().unwrap()
    }

    /// Publishes what has to be taken, and gives what was printed.
    pub(crate) fn published(&self, arguments: &[&str]) -> String {
        taken(&self.publish(arguments))
    }

    pub(crate) fn helm(&self, version: HelmVersion, arguments: &[&str]) -> Output {
        self.command(helm(version)).args(arguments).output().unwrap()
    }
}

pub(super) fn write_chart(folder: &Path, version: &str, text: &str) {
    fs::create_dir_all(folder.join("templates")).unwrap();
    let metadata = format!(
        "apiVersion: v2\nname: web\ndescription: A page.\nversion: {version}\nappVersion: \"1.10\"\nicon: file:///icon.svg\n"
    );
    fs::write(folder.join("Chart.yaml"), metadata).unwrap();
    let template = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: page\ndata:\n  text: {text}\n  version: {{{{ .Chart.AppVersion | quote }}}}\n"
    );
    fs::write(folder.join("templates/page.yaml"), template).unwrap();
}

/// What a command printed that had to succeed.
pub(crate) fn taken(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What a command said that had to be refused, and by which exit code.
pub(super) fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "taken: {}\n{}", text(&output.stdout), text(&output.stderr));
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}
