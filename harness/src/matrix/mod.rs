//! Every combination a chart is tested in, read from a file.
//!
//! Axes, `include` and `exclude` mean what they mean in GitHub Actions' `strategy.matrix`. Depends on
//! [`crate::tools`] for Helm's versions and on [`crate::chart`] for the environments there are.

mod cell;
mod combine;
mod file;

pub use cell::{Cell, Expectation};
pub use file::MatrixError;

use crate::chart::Environments;
use std::path::{Path, PathBuf};

/// The cells of a matrix and the chart they are for.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    chart: PathBuf,
    values: PathBuf,
    schemas: Vec<PathBuf>,
    cells: Vec<Cell>,
}

impl Matrix {
    /// Reads a matrix; paths in it are relative to the file's directory.
    ///
    /// # Errors
    ///
    /// [`MatrixError`], with the line where there is one.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, MatrixError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| MatrixError::File { path: path.to_owned(), source })?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, path, directory)
    }

    /// Reads a matrix from its text. `path` is the name for messages, `directory` what paths in the
    /// text are relative to.
    ///
    /// # Errors
    ///
    /// [`MatrixError`], with the line where there is one.
    pub fn parse(text: &str, path: &Path, directory: &Path) -> Result<Self, MatrixError> {
        let file = file::read(text, path)?;
        let values = directory.join(&file.values);
        let cells = file.cells(path, &Environments::new(&values))?;
        let schemas = file.schemas.iter().map(|folder| directory.join(folder)).collect();
        Ok(Self { chart: directory.join(&file.chart), values, schemas, cells })
    }

    /// The chart.
    #[must_use]
    pub fn chart(&self) -> &Path {
        &self.chart
    }

    /// The directory of values.
    #[must_use]
    pub fn values_directory(&self) -> &Path {
        &self.values
    }

    /// The folders of CustomResourceDefinitions.
    #[must_use]
    pub fn schemas(&self) -> &[PathBuf] {
        &self.schemas
    }

    /// The cells, in the order of the file: the first axis turns slowest, what `include` adds comes
    /// last.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        self.cells.clone()
    }

    /// The cells whose id contains every one of these texts.
    #[must_use]
    pub fn select(&self, filters: &[String]) -> Vec<Cell> {
        let wanted = |cell: &&Cell| filters.iter().all(|filter| cell.id.contains(filter.as_str()));
        self.cells.iter().filter(wanted).cloned().collect()
    }
}
