//! Schemas of custom resources, from CustomResourceDefinitions in a stream, a chart or a folder.
//!
//! Depends on [`super::describe`] and [`crate::objects`].

use super::describe::Description;
use super::judge::Mistake;
use super::served::{group_of, not_served};
use super::table::{Kind, Table};
use crate::diagnosis::{Category, Diagnose};
use crate::objects::{Objects, ObjectsError};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The schemas of some custom resources, and what they were taken from.
#[derive(Debug)]
pub struct CustomSchemas {
    origin: String,
    table: Table,
    /// Another for other schemas.
    identity: String,
}

/// Why a folder gives no schemas.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no stream of objects.
    #[error("{}: {source}", path.display())]
    Stream {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ObjectsError,
    },
    /// There is no CustomResourceDefinition in it.
    #[error("{} holds no CustomResourceDefinition", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl Diagnose for SchemaError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some("Give a folder with CustomResourceDefinitions in .yaml, .yml or .json files.".to_owned())
    }
}

impl CustomSchemas {
    fn new(origin: String, description: &Description) -> Self {
        let text = description.finish();
        let identity = format!("{origin} {}", blake3::hash(text.as_bytes()));
        Self { origin, table: Table::read(text), identity }
    }

    /// Those of the CustomResourceDefinitions in a stream.
    ///
    /// ```
    /// use gift_harness::objects::Objects;
    /// use gift_harness::schema::CustomSchemas;
    ///
    /// let stream = b"{apiVersion: v1, kind: ConfigMap, metadata: {name: web}}";
    /// assert!(CustomSchemas::of_stream(&Objects::read(stream)?).is_empty());
    /// # Ok::<(), gift_harness::objects::ObjectsError>(())
    /// ```
    #[must_use]
    pub fn of_stream(objects: &Objects<'_>) -> Self {
        let mut description = Description::default();
        add(&mut description, objects);
        Self::new("the CustomResourceDefinition in this stream".to_owned(), &description)
    }

    /// Those of every file below a folder.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when a file cannot be read, is no stream of objects, or none of them holds a
    /// CustomResourceDefinition.
    pub fn of_folder(folder: &Path) -> Result<Self, SchemaError> {
        let mut description = Description::default();
        let mut files = Vec::new();
        list(folder, &mut files)?;
        add_files(&mut description, files)?;
        if description.is_empty() {
            return Err(SchemaError::Empty { path: folder.to_owned() });
        }
        Ok(Self::new(format!("{}", folder.display()), &description))
    }

    /// Those a chart and the charts it depends on bring along in `crds/`; those of archives are not
    /// looked at.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when a file cannot be read or is no stream of objects.
    pub fn of_chart(chart: &Path) -> Result<Self, SchemaError> {
        let mut description = Description::default();
        let mut files = Vec::new();
        let mut charts = vec![chart.to_owned()];
        while let Some(chart) = charts.pop() {
            let definitions = chart.join("crds");
            if definitions.is_dir() {
                list(&definitions, &mut files)?;
            }
            for entry in fs::read_dir(chart.join("charts")).into_iter().flatten().filter_map(Result::ok) {
                charts.extend(Some(entry.path()).filter(|path| path.is_dir()));
            }
        }
        add_files(&mut description, files)?;
        Ok(Self::new("the chart's crds/".to_owned(), &description))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.kinds().next().is_none()
    }

    /// What they were taken from.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// A kind; a mistake when the kind is defined and this version of it not served.
    pub(super) fn find(&self, api_version: &str, kind: &str) -> Option<Result<Kind<'_>, Mistake>> {
        let is_served = |known: &Kind<'_>| known.served.first().is_some();
        if let Some(known) = self.table.kind(api_version, kind).filter(is_served) {
            return Some(Ok(known));
        }
        let group = group_of(api_version);
        let of_group = |known: &Kind<'_>| group_of(known.api_version) == group && is_served(known);
        let versions = self.table.kinds_named(kind).filter(of_group).map(|known| known.api_version);
        let versions: Vec<_> = versions.collect();
        (!versions.is_empty()).then(|| Err(not_served(kind, api_version, &versions, &self.origin)))
    }
}

fn add_files(description: &mut Description, mut files: Vec<PathBuf>) -> Result<(), SchemaError> {
    files.sort();
    for file in files {
        let text = fs::read(&file).map_err(|source| SchemaError::File { path: file.clone(), source })?;
        let objects =
            Objects::read(&text).map_err(|source| SchemaError::Stream { path: file.clone(), source })?;
        add(description, &objects);
    }
    Ok(())
}

fn add(description: &mut Description, objects: &Objects<'_>) {
    for object in objects.kind("CustomResourceDefinition") {
        if object.group() == "apiextensions.k8s.io" {
            description.add(&object.to_json());
        }
    }
}

/// Every file of manifests below a folder.
pub(super) fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SchemaError> {
    let failed = |source| SchemaError::File { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml" || ending == "json")
        {
            files.push(path);
        }
    }
    Ok(())
}
