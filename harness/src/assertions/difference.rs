//! Where two trees, or two streams, differ.

use crate::objects::{Object, Objects};
use gift_plugin::yaml::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// The paths at which the second tree has another value, or none, or one more.
pub(crate) fn differences(here: &Value, there: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    descend(here, there, Path::root(), &mut paths);
    paths
}

fn descend(here: &Value, there: &Value, path: Path, paths: &mut Vec<Path>) {
    match (here, there) {
        (Value::Object(here), Value::Object(there)) => {
            for (key, value) in here {
                match there.get(key) {
                    Some(other) => descend(value, other, path.clone().key(key), paths),
                    None => paths.push(path.clone().key(key)),
                }
            }
            for key in there.keys().filter(|key| !here.contains_key(*key)) {
                paths.push(path.clone().key(key));
            }
        }
        (Value::Array(here), Value::Array(there)) if here.len() == there.len() => {
            for (index, (value, other)) in here.iter().zip(there).enumerate() {
                descend(value, other, path.clone().index(index), paths);
            }
        }
        (here, there) if here == there => {}
        _ => paths.push(path),
    }
}

/// What differs between two streams, by the object of the first; objects of the second alone come
/// last. The path is the root where one of the streams has no such object.
pub(super) fn changes<'s, 'a>(here: &'s Objects<'a>, there: &'s Objects<'a>) -> Vec<(&'s Object<'a>, Path)> {
    let key =
        |object: &'s Object<'a>| (object.api_version(), object.kind(), object.namespace(), object.name());
    let mut theirs: BTreeMap<_, _> = there.iter().map(|object| (key(object), object)).collect();
    let mut changes = Vec::new();
    for object in here {
        match theirs.remove(&key(object)) {
            None => changes.push((object, Path::root())),
            Some(other) => {
                let paths = differences(&object.to_json(), &other.to_json());
                changes.extend(paths.into_iter().map(|path| (object, path)));
            }
        }
    }
    changes.extend(theirs.into_values().map(|object| (object, Path::root())));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_smallest_parts_that_differ_are_named() {
        let here = json!({"a": [{"b": 1, "c": 2}], "d": [1], "e": 1, "same": {"x": null}});
        let there = json!({"a": [{"b": 1, "c": "2"}], "d": [1, 2], "f": 1, "same": {"x": null}});
        let paths: Vec<_> = differences(&here, &there).iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["a[0].c", "d", "e", "f"]);
    }
}
