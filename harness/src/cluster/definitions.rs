//! Definitions of custom resources, from the folder that `ci/setup crds` fills, or one of the user's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use gift_plugin::yaml::Node;
use serde_json::Value;

use super::error::ClusterError;
use super::location;
use crate::objects::{Object, Objects};

/// The variable that names another folder.
const VARIABLE: &str = "GIFT_CRDS";

/// The CustomResourceDefinitions of these kinds, each a group and a kind.
pub(super) fn find(kinds: &BTreeSet<(String, String)>) -> Result<Vec<Value>, ClusterError> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let folder = match env::var_os(VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => location::cache()?.join("crds"),
    };
    within(&folder, kinds)
}

fn within(folder: &Path, kinds: &BTreeSet<(String, String)>) -> Result<Vec<Value>, ClusterError> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let mut missing = kinds.clone();
    let mut definitions = Vec::new();
    for path in files {
        let text = fs::read(&path).map_err(|source| ClusterError::File {
            path: path.clone(),
            action: "read",
            source,
        })?;
        // There are hundreds of definitions and a few are wanted: reading them all would take seconds.
        if !missing.iter().any(|(group, _)| contains(&text, group)) {
            continue;
        }
        let objects = Objects::read(&text)
            .map_err(|error| ClusterError::Definitions { path, detail: error.to_string() })?;
        for object in objects.kind("CustomResourceDefinition") {
            if missing.remove(&defines(object)) {
                definitions.push(object.to_json());
            }
        }
    }
    match missing.first() {
        Some((group, kind)) => Err(ClusterError::NoDefinition {
            kind: kind.clone(),
            group: group.clone(),
            folder: folder.to_owned(),
        }),
        None => Ok(definitions),
    }
}

/// The group and kind a definition is of.
fn defines(definition: &Object<'_>) -> (String, String) {
    let text = |path| definition.get(path).and_then(Node::as_str).unwrap_or_default().to_owned();
    (text("spec.group"), text("spec.names.kind"))
}

fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window == word.as_bytes())
}

/// YAML files below a folder, which need not be there.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ClusterError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(ClusterError::File { path: folder.to_owned(), action: "read", source }),
    };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
        metadata: {name: lamps.example.com}\nspec: {group: example.com, names: {kind: Lamp}}\n";

    fn kinds(names: &[&str]) -> BTreeSet<(String, String)> {
        names.iter().map(|name| ("example.com".to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn a_definition_is_found_by_its_group_and_kind() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("house")).unwrap();
        fs::write(folder.path().join("house/lamps.yaml"), LAMP).unwrap();
        // Whatever is about something else need not even be YAML.
        fs::write(folder.path().join("other.yaml"), "{{ nothing }}").unwrap();
        let found = within(folder.path(), &kinds(&["Lamp"])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["metadata"]["name"], "lamps.example.com");
    }

    #[test]
    fn a_kind_nobody_defines_is_named_with_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("lamps.yaml"), LAMP).unwrap();
        let told = within(folder.path(), &kinds(&["Lamp", "Mirror"])).unwrap_err().to_string();
        assert!(told.contains("Mirror of example.com"), "{told}");
        assert!(told.contains(folder.path().to_str().unwrap()), "{told}");
        let told = within(Path::new("nowhere"), &kinds(&["Lamp"])).unwrap_err().to_string();
        assert!(told.contains("nowhere"), "{told}");
    }
}
