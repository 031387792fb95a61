//! What `Chart.yaml` and `plugin.yaml` say of themselves, as far as publishing needs it.
//!
//! Depends on [`super::crates`] and [`super::text`].

use super::crates::Crate;
use super::error::{PublishError, at};
use super::text;
use semver::Version;
use serde_json::{Map, Value, json};
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
    /// A program: a file for one platform.
    Program,
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

    /// What there is to tell of a program that is built from a crate.
    pub(super) fn of_program(name: &str, built_from: &Crate) -> Self {
        let version = built_from.version.clone();
        let mut fields = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("version".to_owned(), json!(version.to_string())),
        ]);
        fields.extend(built_from.licence.as_ref().map(|licence| ("license".to_owned(), json!(licence))));
        fields.extend(built_from.repository.as_ref().map(|home| ("home".to_owned(), json!(home))));
        Self { kind: Kind::Program, name: name.to_owned(), version, fields }
    }

    /// The names of the charts it depends on.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.charts().map(|(name, _)| name)
    }

    /// The charts it depends on, and in which versions.
    pub(super) fn charts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list("dependencies").filter_map(|dependency| {
            let version = dependency.get("version").and_then(Value::as_str).unwrap_or_default();
            Some((dependency.get("name")?.as_str()?, version))
        })
    }

    /// The images a chart says it deploys.
    pub(super) fn images(&self) -> Vec<String> {
        let told = self.annotation("artifacthub.io/images").and_then(|told| text::read(told).ok());
        let told = told.as_ref().and_then(Value::as_array).into_iter().flatten();
        told.filter_map(|image| Some(image.get("image")?.as_str()?.to_owned())).collect()
    }

    /// Its licence, as an SPDX expression.
    pub(super) fn licence(&self) -> Option<&str> {
        self.annotation("artifacthub.io/license").or_else(|| self.text("license"))
    }

    /// Where its source is, as it says itself.
    pub(super) fn source(&self) -> Option<&str> {
        let listed = self.list("sources").next().and_then(Value::as_str);
        listed.or_else(|| self.text("sourceURL")).or_else(|| self.text("home"))
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.fields.get("annotations")?.get(key)?.as_str()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.as_str()
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.fields.get(key).and_then(Value::as_array).into_iter().flatten()
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
