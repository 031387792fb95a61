//! `index.yaml`: which versions of which charts a repository has.
//!
//! Whatever stands in it stays, keys this module does not know among it; a version is only ever added. Depends on
//! [`super::text`].

use super::package::Package;
use super::text;
use semver::Version;
use serde_json::{Map, Value, json};

/// The index of a chart repository.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Index {
    root: Map<String, Value>,
}

impl Index {
    /// One without a chart.
    pub(super) fn empty() -> Self {
        let mut root = Map::new();
        root.insert("apiVersion".to_owned(), json!("v1"));
        root.insert("entries".to_owned(), json!({}));
        Self { root }
    }

    /// Reads one; an error says why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let root = text::read_mapping(text)?;
        if root.get("apiVersion").and_then(Value::as_str).is_none() {
            return Err("it has no apiVersion, so it is no index of charts".to_owned());
        }
        match root.get("entries") {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => {
                for (name, versions) in entries {
                    if !versions.is_null() && !versions.is_array() {
                        return Err(format!("the entries of {name} are no list of versions"));
                    }
                }
            }
            Some(_) => return Err("its entries are no map of charts".to_owned()),
        }
        Ok(Self { root })
    }

    /// The entry of one version.
    pub(super) fn entry(&self, name: &str, version: &Version) -> Option<&Map<String, Value>> {
        let version = version.to_string();
        self.versions(name)
            .filter_map(Value::as_object)
            .find(|entry| entry.get("version").and_then(Value::as_str) == Some(&version))
    }

    /// The versions of a chart, in the order they stand.
    fn versions(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.root
            .get("entries")
            .and_then(|entries| entries.get(name))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// Adds a version, in front of those that are older than it.
    pub(super) fn add(&mut self, package: &Package, url: &str, now: &str) {
        let mut entry = package.metadata.fields.clone();
        entry.retain(|_, value| !value.is_null());
        entry.insert("created".to_owned(), json!(now));
        entry.insert("digest".to_owned(), json!(package.digest));
        entry.insert("urls".to_owned(), json!([url]));
        let entries = self.root.entry("entries").or_insert(Value::Null);
        if !entries.is_object() {
            *entries = json!({});
        }
        if let Value::Object(entries) = entries {
            let versions = entries.entry(package.metadata.name.clone()).or_insert(Value::Null);
            if !versions.is_array() {
                *versions = json!([]);
            }
            if let Value::Array(versions) = versions {
                let at = versions.iter().position(|other| {
                    let text = other.get("version").and_then(Value::as_str).unwrap_or_default();
                    Version::parse(text.trim_start_matches('v'))
                        .is_ok_and(|other| other < package.metadata.version)
                });
                versions.insert(at.unwrap_or(versions.len()), Value::Object(entry));
            }
        }
        self.root.insert("generated".to_owned(), json!(now));
    }

    /// As a file.
    pub(super) fn text(&self) -> String {
        text::write_mapping(&self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{Kind, Metadata};
    use super::*;

    fn package(version: &str) -> Package {
        let Value::Object(fields) = json!({"apiVersion": "v2", "name": "web", "version": version}) else {
            unreachable!()
        };
        let metadata = Metadata {
            kind: Kind::Chart,
            name: "web".to_owned(),
            version: Version::parse(version).unwrap(),
            fields,
        };
        Package {
            metadata,
            file_name: String::new(),
            bytes: Vec::new(),
            digest: version.to_owned(),
            contents: Vec::new(),
            time: 0,
        }
    }

    fn versions(index: &Index) -> Vec<&str> {
        index.versions("web").map(|entry| entry["version"].as_str().unwrap()).collect()
    }

    #[test]
    fn versions_stand_newest_first_whatever_the_order_they_came_in() {
        let mut index = Index::empty();
        for version in ["1.9.0", "1.10.0", "1.10.0-rc.1", "1.2.0"] {
            index.add(&package(version), "a.tgz", "2026-01-01T00:00:00Z");
        }
        assert_eq!(versions(&index), ["1.10.0", "1.10.0-rc.1", "1.9.0", "1.2.0"]);
        assert_eq!(Index::parse(&index.text()).unwrap(), index);
    }

    #[test]
    fn what_stands_in_an_index_stays() {
        let text = "apiVersion: v1\nannotations: {mine: yes please}\nentries:\n  web:\n  - {apiVersion: v1, name: web, version: 1.0.0, removed: true, created: 2020-02-02T02:02:02.123456789+09:00, digest: abc, urls: [http://elsewhere/web.tgz]}\n  empty:\n";
        let mut index = Index::parse(text).unwrap();
        let old = index.entry("web", &Version::new(1, 0, 0)).unwrap().clone();
        index.add(&package("2.0.0"), "b.tgz", "2026-01-01T00:00:00Z");
        let again = Index::parse(&index.text()).unwrap();
        assert_eq!(again.entry("web", &Version::new(1, 0, 0)), Some(&old));
        assert_eq!(old["created"], "2020-02-02T02:02:02.123456789+09:00");
        assert_eq!(again.root["annotations"], json!({"mine": "yes please"}));
        assert_eq!(again.entry("web", &Version::new(2, 0, 0)).unwrap()["digest"], "2.0.0");
    }

    #[test]
    fn what_is_no_index_is_told() {
        for (text, told) in [
            ("", "there are 0"),
            ("a: 1", "no apiVersion"),
            ("apiVersion: v1\nentries: []", "no map of charts"),
            ("apiVersion: v1\nentries: {web: 1}", "the entries of web are no list"),
        ] {
            let error = Index::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
