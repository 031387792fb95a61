//! What `Chart.yaml` and `plugin.yaml` say of themselves, as far as publishing needs it.
//!
//! Depends on [`super::text`].

use super::error::{PublishError, at};
use super::text;
use semver::Version;
use serde_json::{Map, Value};
use std::path::Path;

/// The keys of `Chart.yaml` that Helm knows; an index with others is not read.
const CHART: &[(&str, Shape)] = &[
    ("annotations", Shape::Texts),
    ("apiVersion", Shape::Text),
    ("appVersion", Shape::Text),
    ("condition", Shape::Text),
    ("dependencies", Shape::List),
    ("deprecated", Shape::Truth),
    ("description", Shape::Text),
    ("home", Shape::Text),
    ("icon", Shape::Text),
    ("keywords", Shape::List),
    ("kubeVersion", Shape::Text),
    ("maintainers", Shape::List),
    ("name", Shape::Text),
    ("sources", Shape::List),
    ("tags", Shape::Text),
    ("type", Shape::Text),
    ("version", Shape::Text),
];

#[derive(Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Truth,
    List,
}

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A chart: an index names it.
    Chart,
    /// A plugin of Helm 4: it is installed by its address.
    Plugin,
}

/// Name, version and what else an index or a signature tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Which of the two.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version, as SemVer 2 has it.
    pub version: Version,
    /// All that Helm knows, as it was written.
    pub fields: Map<String, Value>,
}

impl Metadata {
    /// Reads the file of a chart or a plugin.
    pub(super) fn read(path: &Path, kind: Kind) -> Result<Self, PublishError> {
        let wrong = |reason: String| PublishError::Metadata { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(at(path, "read"))?;
        let mut fields = text::read_mapping(&text).map_err(wrong)?;
        if kind == Kind::Chart {
            fields.retain(|key, _| CHART.iter().any(|(known, _)| known == key));
            for (key, value) in &fields {
                check(key, value).map_err(wrong)?;
            }
        }
        let get = |key: &str| match fields.get(key).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(wrong(format!("`{key}` is missing, or is no text"))),
        };
        let (name, version) = (get("name")?, get("version")?);
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(wrong(format!("the name {name:?} would be no name of a file")));
        }
        let version = Version::parse(&version).map_err(|error| {
            wrong(format!(
                "the version {version:?} is not MAJOR.MINOR.PATCH as Semantic Versioning has it: {error}"
            ))
        })?;
        get("apiVersion")?;
        Ok(Self { kind, name, version, fields })
    }

    /// The names of the charts it depends on.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.fields
            .get("dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|dependency| dependency.get("name")?.as_str())
    }
}

/// Whether Helm would take the value: a number where it wants text is an error to it.
fn check(key: &str, value: &Value) -> Result<(), String> {
    let shape = CHART.iter().find(|(known, _)| *known == key).map(|(_, shape)| *shape);
    let fits = match shape {
        Some(Shape::Text) => value.is_string() || value.is_null(),
        Some(Shape::Truth) => value.is_boolean() || value.is_null(),
        Some(Shape::List) => value.is_array() || value.is_null(),
        Some(Shape::Texts) => {
            value.is_null() || value.as_object().is_some_and(|texts| texts.values().all(Value::is_string))
        }
        None => true,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("`{key}` is {value}, which Helm does not take; text is put in quotes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Metadata, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Chart.yaml");
        std::fs::write(&path, text).unwrap();
        Metadata::read(&path, Kind::Chart).map_err(|error| error.to_string())
    }

    #[test]
    fn what_helm_does_not_know_stays_out_of_the_index() {
        let metadata = read("apiVersion: v2\nname: a\nversion: 1.2.3-rc.1+x\nours: 1\n").unwrap();
        assert_eq!(metadata.version.to_string(), "1.2.3-rc.1+x");
        assert_eq!(metadata.fields.keys().collect::<Vec<_>>(), ["apiVersion", "name", "version"]);
    }

    #[test]
    fn what_helm_would_stumble_over_is_refused() {
        for (text, told) in [
            ("apiVersion: v2\nname: a\nversion: 1.2\n", "`version` is 1.2, which Helm does not take"),
            ("apiVersion: v2\nname: a\nversion: v1.2.3\n", "is not MAJOR.MINOR.PATCH"),
            ("apiVersion: v2\nname: a/b\nversion: 1.2.3\n", "would be no name of a file"),
            ("apiVersion: v2\nversion: 1.2.3\n", "`name` is missing"),
            ("name: a\nversion: 1.2.3\n", "`apiVersion` is missing"),
            ("apiVersion: v2\nname: a\nversion: 1.2.3\nannotations: {a: 1}\n", "`annotations` is"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
