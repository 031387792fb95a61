//! A git repository with a chart, the values of a system, services and a remote.

use crate::workplace::{Workplace, text};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// What services are built from.
const SERVICES: &str = "services:
  oven: {folder: service-oven, image: shop/oven, sources: [proto/oven.proto]}
  till: {folder: service-till}
shared: [libraries]
";

const MATRIX: &str = "chart: ../chart
values: ../values
matrix:
  environment: [shop/dev, shop/prod, forge/dev]
  helm: [4]
  kubernetes: ['1.35', '1.36']
";

/// The repository, which is a folder of a workplace.
pub(super) struct Repository {
    workplace: Workplace,
}

impl Repository {
    /// One commit, pushed to the branch `main` of a remote `origin`.
    pub(super) fn new() -> Self {
        let repository = Self { workplace: Workplace::new(4) };
        let work = repository.path().join("work");
        fs::create_dir_all(&work).unwrap();
        let environment = |name: &str, tag: &str| {
            format!(
                "# {name}\nshop:\n  environment: {name}\n  services:\n    oven:\n      image:\n        tag: {tag} # \
                 baked\n    till: {{image: {{tag: '{tag}'}}}}\n    cache:\n      replicas: 2\n"
            )
        };
        for (path, content) in [
            ("ci/services.yaml", SERVICES.to_owned()),
            ("tests/matrix.yaml", MATRIX.to_owned()),
            ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n".to_owned()),
            (
                "values/shop/base.yaml",
                "system: shop\nshop: {services: {cache: {image: {tag: v9}}}}\n".to_owned(),
            ),
            ("values/shop/dev.yaml", environment("dev", "v1")),
            ("values/shop/prod.yaml", environment("prod", "v0")),
            ("values/shop/README.md", "shop\n".to_owned()),
            ("values/forge/dev.yaml", "forge: {}\n".to_owned()),
            ("service-oven/main", "1\n".to_owned()),
            ("service-till/main", "1\n".to_owned()),
            ("proto/oven.proto", "1\n".to_owned()),
            ("libraries/bread", "1\n".to_owned()),
        ] {
            repository.write(path, &content);
        }
        repository.git(&["init", "--quiet", "--bare", "../remote"]);
        repository.git(&["init", "--quiet"]);
        repository.git(&["remote", "add", "origin", "../remote"]);
        repository.commit("first");
        repository.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        repository
    }

    fn path(&self) -> &Path {
        self.workplace.path()
    }

    /// A command in the work tree, or in `folder` beside it.
    pub(super) fn run(&self, folder: &str, program: &Path, arguments: &[&str]) -> Output {
        let mut command = self.workplace.command(program.to_str().unwrap());
        command
            .args(arguments)
            .current_dir(self.path().join(folder))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE");
        for (at, (key, value)) in
            [("user.name", "Test"), ("user.email", "test@example.com"), ("init.defaultBranch", "main")]
                .into_iter()
                .enumerate()
        {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command.env("GIT_CONFIG_COUNT", "3").output().unwrap()
    }

    /// git, which must succeed.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_in("work", arguments)
    }

    /// git in a folder beside the work tree.
    pub(super) fn git_in(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.run(folder, Path::new("git"), arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// gift: its exit code, what it prints, what it says.
    pub(super) fn gift(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run("work", &self.path().join("bin/gift"), arguments);
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// The lines gift prints, when all is well.
    pub(super) fn told(&self, arguments: &[&str]) -> Vec<String> {
        let (code, stdout, stderr) = self.gift(arguments);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        stdout.lines().map(str::to_owned).collect()
    }

    /// The JSON gift prints, when all is well.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.told(&[arguments, &["--format", "json"]].concat()).join("\n")).unwrap()
    }

    /// Where a file is.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.path().join("work").join(path)
    }

    /// Writes a file.
    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap()
    }

    /// Commits everything there is, and gives the commit's id.
    pub(super) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Changes some files and commits that.
    pub(super) fn change(&self, paths: &[&str]) -> String {
        for path in paths {
            let before = fs::read_to_string(self.file(path)).unwrap_or_default();
            self.write(path, &format!("{before}# changed\n"));
        }
        self.commit("change")
    }
}
