//! Keys of ConfigMaps and Secrets that somebody reads by name.

use super::super::Operator;
use super::super::edit::{remove, rename};
use super::super::subject::Subject;
use gift_plugin::yaml::{Node, Path};
use std::collections::BTreeSet;

pub(super) static CONFIG_RENAMED: Operator = Operator {
    id: "config-key-renamed",
    mistake: "A key of a ConfigMap is renamed and the pods that read it are forgotten; they do not start.",
    find: |subject| change(subject, "ConfigMap", true),
};

pub(super) static SECRET_RENAMED: Operator = Operator {
    id: "secret-key-renamed",
    mistake: "A key of a Secret is renamed and the pods that read it are forgotten; they do not start.",
    find: |subject| change(subject, "Secret", true),
};

pub(super) static CONFIG_DROPPED: Operator = Operator {
    id: "config-key-dropped",
    mistake: "A key of a ConfigMap is thought to be unused and taken out.",
    find: |subject| change(subject, "ConfigMap", false),
};

pub(super) static SECRET_DROPPED: Operator = Operator {
    id: "secret-key-dropped",
    mistake: "A key of a Secret is thought to be unused and taken out.",
    find: |subject| change(subject, "Secret", false),
};

fn change(subject: &mut Subject<'_, '_>, kind: &str, renames: bool) {
    let read = read_keys(subject, kind);
    let text = subject.text();
    for object in subject.objects.kind(kind) {
        for field in ["data", "binaryData", "stringData"] {
            let Some(data) = object.root().get(field) else { continue };
            for entry in data.as_mapping().map(|mapping| mapping.entries()).unwrap_or_default() {
                let key = entry.key.as_ref();
                if !read.contains(&(object.namespace(), object.name(), key)) {
                    continue;
                }
                let path = Path::root().key(field).key(key);
                if renames {
                    let name = format!("{key}_OLD");
                    subject.add(object, path, format!("{key} becomes {name}"), rename(text, entry, &name));
                } else {
                    subject.add(object, path, format!("key {key} dropped"), remove(text, data, key));
                }
            }
        }
    }
}

/// The namespace, the name and the key of everything pods read by key and must find.
fn read_keys<'s>(subject: &Subject<'s, '_>, kind: &str) -> BTreeSet<(&'s str, &'s str, &'s str)> {
    let (variable, volume, field) = match kind {
        "Secret" => ("secretKeyRef", "secret", "secretName"),
        _ => ("configMapKeyRef", "configMap", "name"),
    };
    let mut read = BTreeSet::new();
    let text = |node: &'s Node<'_>, key| node.get(key).and_then(Node::as_str);
    for (template, spec, _) in subject.pods() {
        let namespace = template.object.namespace();
        let mut note = |node: &'s Node<'_>, name: Option<&'s str>| {
            let is_optional = node.get("optional").is_some();
            if let (Some(name), Some(key), false) = (name, text(node, "key"), is_optional) {
                read.insert((namespace, name, key));
            }
        };
        for container in template.containers() {
            for (_, item) in container.list("env") {
                if let Some(node) = item.at(&["valueFrom", variable]) {
                    note(node, text(node, "name"));
                }
            }
        }
        for item in spec.get("volumes").and_then(Node::as_sequence).unwrap_or_default() {
            let Some(node) = item.get(volume) else { continue };
            for item in node.get("items").and_then(Node::as_sequence).unwrap_or_default() {
                note(item, text(node, field));
            }
        }
    }
    read
}
