//! A folder to run commands in, as a user would have it, apart from the user's own files.

use assert_cmd::Command;
use gift_harness::diagnosis::Diagnose;
use gift_harness::directories;
use gift_harness::tools::{self, HelmVersion, Tool};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, process};
use tempfile::TempDir;

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The `gift` command of this build. Cargo builds no binaries of other packages for a test, so it
/// is asked to, once; that takes a moment when there is nothing to do.
pub(crate) fn gift() -> &'static Path {
    static GIFT: OnceLock<PathBuf> = OnceLock::new();
    GIFT.get_or_init(|| {
        let test = env::current_exe().unwrap();
        let folder = test.ancestors().nth(2).unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let built = process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "gift-harness", "--bin", "gift", "--profile", profile])
            .arg("--target-dir")
            .arg(folder.parent().unwrap())
            .current_dir(repository())
            .status()
            .unwrap();
        assert!(built.success(), "cargo build of the gift command");
        folder.join(format!("gift{}", env::consts::EXE_SUFFIX))
    })
}

/// A Helm, as the harness finds it.
pub(crate) fn helm(version: HelmVersion) -> PathBuf {
    tools::find(Tool::Helm(version)).unwrap_or_else(|error| panic!("{error}\n{:?}", error.help())).path
}

/// A folder of its own with the chart, the values, the matrix and the Helm plugin, a home of its own, and a
/// PATH with `gift` and `helm` in front.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// One whose `helm` is of the given major version.
    pub(crate) fn new(helm_major: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for copied in ["chart", "values"] {
            let from = repository().join(copied);
            if from.exists() {
                copy(&from, &root.join(copied));
            }
        }
        fs::create_dir_all(root.join("tests")).unwrap();
        fs::copy(repository().join("tests/matrix.yaml"), root.join("tests/matrix.yaml")).unwrap();
        fs::create_dir_all(root.join("plugin")).unwrap();
        for file in ["plugin.yaml", "post-render"] {
            fs::copy(repository().join("plugin").join(file), root.join("plugin").join(file)).unwrap();
        }
        fs::create_dir_all(root.join("bin")).unwrap();
        link(gift(), &root.join("bin/gift"));
        link(&helm(HelmVersion::from_major(helm_major).unwrap()), &root.join("bin/helm"));
        Self { folder }
    }

    /// One with `helm` and nothing else.
    pub(crate) fn empty(helm_major: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        link(&helm(HelmVersion::from_major(helm_major).unwrap()), &folder.path().join("bin/helm"));
        Self { folder }
    }

    /// Where commands run.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A command that runs here.
    pub(crate) fn command(&self, program: &str) -> process::Command {
        let mut command = process::Command::new(if program == "gift" || program == "helm" {
            self.path().join("bin").join(program)
        } else {
            PathBuf::from(program)
        });
        let home = self.path().join("home");
        let path = env::join_paths(
            std::iter::once(self.path().join("bin")).chain(env::split_paths(&env::var_os("PATH").unwrap())),
        );
        command
            .current_dir(self.path())
            .env("PATH", path.unwrap())
            .env("HOME", &home)
            // The tools are there, and the plugin as machine code, which takes a while to make.
            .env("GIFT_CACHE", directories::cache().unwrap())
            .env("XDG_STATE_HOME", home.join("state"))
            .env("HELM_DATA_HOME", home.join("helm/data"))
            .env("HELM_CACHE_HOME", home.join("helm/cache"))
            .env("HELM_CONFIG_HOME", home.join("helm/config"))
            .env("KUBECONFIG", home.join("no-cluster"))
            .env("GIFT_HELM3", helm(HelmVersion::V3))
            .env("GIFT_HELM4", helm(HelmVersion::V4));
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "HELM_NAMESPACE", "HELM_PLUGINS", "HELM_PLUGIN_DIR"] {
            command.env_remove(variable);
        }
        command
    }

    /// `gift`, with what it does to be asserted on.
    pub(crate) fn gift(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("gift");
        command.args(arguments);
        Command::from_std(command)
    }

    /// `helm`, with what it does to be asserted on.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("helm");
        command.args(arguments);
        Command::from_std(command)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).unwrap();
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

/// What a command wrote, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
