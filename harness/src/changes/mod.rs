//! What changed since a commit: services, by the folders they are built from, and environments and cells of
//! the matrix, by the files they are rendered from.
//!
//! Depends on [`crate::git`], [`crate::chart`] and [`crate::matrix`]. Where nothing can be compared with,
//! everything counts as changed: to build too much costs time, to build too little a release.

mod sources;

pub use sources::{Source, Sources, SourcesError};

use crate::chart::Environments;
use crate::git::{GitError, Repository};
use crate::matrix::Matrix;
use std::path::{Path, PathBuf};

/// The files that changed, as seen from the root of the work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The commit they are compared with; none when there was none to be found.
    pub since: Option<String>,
    files: Vec<String>,
    repository: Repository,
}

impl Changes {
    /// What is in `HEAD` and was not in `since`. Everything, when that is no commit of this repository.
    ///
    /// # Errors
    ///
    /// [`GitError`] when git cannot tell.
    pub fn of(repository: Repository, since: Option<&str>) -> Result<Self, GitError> {
        let since = since.map(|name| repository.commit(name)).transpose()?.flatten();
        let files =
            since.as_deref().map(|since| repository.changed_since(since)).transpose()?.unwrap_or_default();
        Ok(Self { since, files, repository })
    }

    /// The services whose source changed, in the order of their names.
    #[must_use]
    pub fn services<'s>(&self, sources: &'s Sources) -> Vec<&'s Source> {
        let all = self.since.is_none() || sources.shared.iter().any(|shared| self.is_changed(shared));
        let services = sources.services.iter();
        services.filter(|source| all || source.paths().any(|path| self.is_changed(path))).collect()
    }

    /// The environments, as `system/environment`, that are rendered from something that changed.
    #[must_use]
    pub fn environments(&self, inputs: &Inputs) -> Vec<String> {
        let environments = Environments::new(&inputs.values);
        let named = environments.systems().into_iter().flat_map(|system| {
            let own = environments.of(&system).into_iter().map(|name| format!("{system}/{name}"));
            own.collect::<Vec<_>>()
        });
        named.filter(|name| self.is_rendered_anew(Some(name), inputs)).collect()
    }

    /// The ids of the cells that are rendered from something that changed, the matrix included.
    #[must_use]
    pub fn cells(&self, inputs: &Inputs, matrix: &Matrix) -> Vec<String> {
        let below = |path: &Path| self.seen(path).is_some_and(|path| self.is_changed(&path));
        let all = below(&inputs.matrix) || matrix.schemas().iter().any(|folder| below(folder));
        let cells = matrix.cells().into_iter();
        cells
            .filter(|cell| all || self.is_rendered_anew(cell.environment.as_deref(), inputs))
            .map(|cell| cell.id)
            .collect()
    }

    /// An environment changes with the chart, with its own files and with its system's base.
    fn is_rendered_anew(&self, environment: Option<&str>, inputs: &Inputs) -> bool {
        if self.since.is_none() || self.seen(&inputs.chart).is_some_and(|chart| self.is_changed(&chart)) {
            return true;
        }
        let Some((name, values)) = environment.zip(self.seen(&inputs.values)) else { return false };
        let (system, environment) = name.split_once('/').unwrap_or((name, "base"));
        let folder = join(&values, system);
        self.files.iter().any(|file| {
            let own = file.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/'));
            let stem = own.and_then(|name| name.split_once('.')).map(|(stem, _)| stem);
            stem.is_some_and(|stem| stem == "base" || stem == environment)
        })
    }

    fn seen(&self, path: &Path) -> Option<String> {
        self.repository.from_root(path)
    }

    /// Whether a file, or one below a folder, changed.
    fn is_changed(&self, path: &str) -> bool {
        self.files.iter().any(|file| {
            path.is_empty()
                || file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What environments and cells are rendered from, as seen from the folder the command runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The chart.
    pub chart: PathBuf,
    /// The folder of values.
    pub values: PathBuf,
    /// The file of the matrix.
    pub matrix: PathBuf,
}
