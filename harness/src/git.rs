//! What a git repository says of its files: asked of the `git` command.
//!
//! Nothing is ever written to the repository. Depends on [`crate::diagnosis`].

use crate::diagnosis::{Category, Diagnose};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// A repository, seen from a folder in its work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    folder: PathBuf,
    /// The way from the root of the work tree to the folder, with a `/` at its end, or empty.
    prefix: String,
}

/// Why git has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git`.
    #[error("git cannot be run: {0}")]
    NoGit(io::Error),
    /// Not in a repository.
    #[error("{} is not in a git repository: {message}", folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// What git says.
        message: String,
    },
    /// Something else.
    #[error("git {command} failed: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// What git says.
        message: String,
    },
}

impl Diagnose for GitError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoGit(_) => "Install git and put it on PATH.".to_owned(),
            Self::NoRepository { .. } => "Run this inside the work tree of the repository.".to_owned(),
            Self::Failed { .. } => "Look at what git says; `git status` may tell more.".to_owned(),
        })
    }
}

impl Repository {
    /// The repository a folder is in.
    ///
    /// # Errors
    ///
    /// [`GitError`] when there is no git, or no repository.
    pub fn of(folder: impl Into<PathBuf>) -> Result<Self, GitError> {
        let folder = folder.into();
        let mut repository = Self { folder, prefix: String::new() };
        match repository.ask(&["rev-parse", "--show-prefix"])? {
            Ok(prefix) => prefix.trim_end_matches(['\n', '\r']).clone_into(&mut repository.prefix),
            Err(message) => return Err(GitError::NoRepository { folder: repository.folder, message }),
        }
        Ok(repository)
    }

    /// The whole id of a commit, `None` when there is no such commit here: history may have been cut off,
    /// or rewritten.
    ///
    /// # Errors
    ///
    /// [`GitError`] when git cannot be run.
    pub fn commit(&self, name: &str) -> Result<Option<String>, GitError> {
        if name.is_empty() || name.starts_with('-') {
            return Ok(None);
        }
        let found = self.ask(&["rev-parse", "--quiet", "--verify", &format!("{name}^{{commit}}")])?;
        Ok(found.ok().map(|id| id.trim().to_owned()))
    }

    /// The files that differ between a commit and `HEAD`, as seen from the root of the work tree, those
    /// that are gone included.
    ///
    /// # Errors
    ///
    /// [`GitError`] when git cannot tell.
    pub fn changed_since(&self, commit: &str) -> Result<Vec<String>, GitError> {
        let diff = ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "HEAD", "--"];
        Ok(names(&self.must(&diff)?))
    }

    /// Which of these files, as seen from the folder, have changes that are in no commit.
    ///
    /// # Errors
    ///
    /// [`GitError`] when git cannot tell.
    pub fn uncommitted(&self, files: &[&Path]) -> Result<Vec<PathBuf>, GitError> {
        let mut dirty = Vec::new();
        for file in files {
            let path = file.to_string_lossy();
            let told = self.must(&["status", "--porcelain", "-z", "--", &format!(":(literal){path}")])?;
            if !told.is_empty() {
                dirty.push((*file).to_owned());
            }
        }
        Ok(dirty)
    }

    /// A path as seen from the folder, as seen from the root of the work tree; `None` for one outside.
    #[must_use]
    pub fn from_root(&self, path: &Path) -> Option<String> {
        let mut parts: Vec<String> =
            self.prefix.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    parts.pop()?;
                }
                Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(parts.join("/"))
    }

    fn must(&self, arguments: &[&str]) -> Result<String, GitError> {
        let command = arguments.first().copied().unwrap_or_default().to_owned();
        self.ask(arguments)?.map_err(|message| GitError::Failed { command, message })
    }

    /// What git prints, or what it complains of.
    fn ask(&self, arguments: &[&str]) -> Result<Result<String, String>, GitError> {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args(arguments)
            .env("LC_ALL", "C")
            .output()
            .map_err(GitError::NoGit)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr).lines().next().unwrap_or("it says nothing").to_owned())
        })
    }
}

fn names(list: &str) -> Vec<String> {
    list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_as_seen_from_the_root() {
        let repository = Repository { folder: "x".into(), prefix: "deploy/trial/".to_owned() };
        let seen = |path: &str| repository.from_root(Path::new(path));
        assert_eq!(seen("values").as_deref(), Some("deploy/trial/values"));
        assert_eq!(seen("../chart/./x").as_deref(), Some("deploy/chart/x"));
        assert_eq!(seen("../..").as_deref(), Some(""));
        assert_eq!(seen("../../../elsewhere"), None);
        assert_eq!(seen("/elsewhere"), None);
    }

    #[test]
    fn outside_a_repository_that_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let error = Repository::of(directory.path()).unwrap_err();
        assert!(matches!(error, GitError::NoRepository { .. }), "{error}");
    }
}
