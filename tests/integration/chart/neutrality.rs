//! What the templates must not know: the systems they deploy.

use super::{chart, own_system, own_values, rendered};
use crate::workplace::repository;
use gift_harness::chart::Environments;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn templates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![repository().join("chart/templates")];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { pending.push(path) } else { found.push(path) }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Names of systems, services, ConfigMaps, Secrets and projects in all values there are. The chart is
/// called like the system it deploys by itself, so that one name is left to the other test.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut read = |text: &Value| {
        for (system, tree) in text.as_object().unwrap() {
            let Some(tree) = tree.as_object().filter(|tree| tree.contains_key("services")) else { continue };
            names.insert(system.clone());
            names.extend(tree.get("project").and_then(Value::as_str).map(str::to_owned));
            for kind in ["services", "configMaps", "secrets", "externals"] {
                names.extend(
                    tree.get(kind).and_then(Value::as_object).into_iter().flat_map(|map| map.keys().cloned()),
                );
            }
        }
    };
    read(&own_values());
    let values = repository().join("values");
    for system in Environments::new(&values).systems() {
        for entry in std::fs::read_dir(values.join(system)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                read(&serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
            }
        }
    }
    names.remove(&own_system());
    names
}

/// Whether a text speaks of a name, as a word of its own.
fn speaks_of(text: &str, name: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
    text.match_indices(name).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + name.len()..].chars().next())
    })
}

#[test]
fn no_template_names_a_system_or_a_part_of_one() {
    let names = names();
    assert!(names.len() > 6, "{names:?}");
    // A name which is an ordinary word of Kubernetes says nothing.
    let ordinary = ["database"];
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    for path in templates() {
        let text = read(&path);
        for name in names.iter().filter(|name| !ordinary.contains(&name.as_str())) {
            assert!(!speaks_of(&text, name), "{} names {name}", path.display());
        }
    }
    assert!(speaks_of("if eq $name \"user-service\"", "user-service"));
    assert!(!speaks_of("no-user-services", "user-service"));
}

#[test]
fn the_tree_under_another_name_gives_the_same_system_under_that_name() {
    let (own, other) = (own_system(), "harbour");
    let tree = own_values()[&own].to_string().replace(&own, other);
    let tree: Value = serde_json::from_str(&tree).unwrap();
    let objects = rendered(&chart().inline(json!({"system": other, other: tree})));
    let mut expected = rendered(&chart());
    let settle = |objects: &mut Vec<Value>| {
        // The chart keeps its own name, and checksums are of what was renamed.
        for object in objects.iter_mut() {
            object["metadata"]["labels"]["helm.sh/chart"].take();
            if let Some(annotations) = object.pointer_mut("/spec/template/metadata/annotations") {
                annotations.take();
            }
        }
        objects.sort_by_key(ToString::to_string);
    };
    let mut found = objects;
    settle(&mut found);
    settle(&mut expected);
    let mut expected: Vec<Value> = expected
        .iter()
        .map(|object| serde_json::from_str(&object.to_string().replace(&own, other)).unwrap())
        .collect();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
}
