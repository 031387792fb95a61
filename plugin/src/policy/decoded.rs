//! What an API server makes of an object before policies see it, as far as no schema is needed for it.
//!
//! Fields that hold null are not there: what Kubernetes' own kinds are decoded into has no nulls, so `initContainers: null` is the
//! same as nothing, and a null in a map or a list of texts is the empty text, in a map of quantities 0. For custom resources the
//! schema decides, which is not known here; they stay as they are. Depends on [`super::resource`] and
//! [`crate::yaml`].

use super::resource::Resource;
use crate::yaml::{Mapping, Node, Value};

/// Fields that are maps of texts, Base64 among them.
const TEXTS: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "stringData",
];

/// Fields that are lists of texts.
const LISTS: &[&str] = &[
    "accessModes",
    "add",
    "apiGroups",
    "args",
    "command",
    "drop",
    "externalIPs",
    "finalizers",
    "loadBalancerSourceRanges",
    "nameservers",
    "nonResourceURLs",
    "policyTypes",
    "resourceNames",
    "resources",
    "searches",
    "values",
    "verbs",
];

/// Fields that are lists of numbers.
const NUMBERS: &[&str] = &["supplementalGroups"];

/// Fields that are maps of quantities.
const QUANTITIES: &[&str] =
    &["capacity", "default", "defaultRequest", "hard", "limits", "max", "min", "requests"];

/// The object without its nulls, or `None` when it has none, or may keep them.
pub(super) fn without_nulls<'a>(object: &Node<'a>, resource: &Resource<'_>) -> Option<Node<'a>> {
    let is_built_in = !resource.group.contains('.') || resource.group.ends_with(".k8s.io");
    (is_built_in && has_null(object)).then(|| {
        let is_map = matches!(resource.kind, "Service" | "ReplicationController");
        dropped(object, "", is_map)
    })
}

fn has_null(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Sequence(items) => items.iter().any(has_null),
        Value::Mapping(mapping) => mapping.entries().iter().any(|entry| has_null(&entry.value)),
        _ => false,
    }
}

/// `selector_is_map` tells the kinds whose selector is nothing but labels.
fn dropped<'a>(node: &Node<'a>, field: &str, selector_is_map: bool) -> Node<'a> {
    let value = match &node.value {
        Value::Sequence(items) => {
            let item = |item: &Node<'a>| match item.value {
                Value::Null if LISTS.contains(&field) => {
                    Node { value: Value::String("".into()), span: item.span }
                }
                Value::Null if NUMBERS.contains(&field) => Node { value: Value::Int(0), span: item.span },
                _ => dropped(item, "", selector_is_map),
            };
            Value::Sequence(items.iter().map(item).collect())
        }
        Value::Mapping(mapping) => {
            let null = if TEXTS.contains(&field) || (selector_is_map && field == "selector") {
                Some("")
            } else if QUANTITIES.contains(&field) {
                Some("0")
            } else {
                None
            };
            let mut kept = Mapping::default();
            for entry in mapping.entries() {
                let value = match (&entry.value.value, null) {
                    (Value::Null, None) => continue,
                    (Value::Null, Some(text)) => {
                        Node { value: Value::String(text.into()), span: entry.value.span }
                    }
                    _ => dropped(&entry.value, &entry.key, selector_is_map),
                };
                kept.insert(entry.key.clone(), entry.key_span, value);
            }
            Value::Mapping(kept)
        }
        value => value.clone(),
    };
    Node { value, span: node.span }
}

/// The object with the namespace it is created in, which the API server fills in.
pub(super) fn with_namespace<'a>(mut object: Node<'a>, namespace: &'a str) -> Node<'a> {
    let name = Node { value: Value::String(namespace.into()), span: object.span };
    if let Value::Mapping(fields) = &mut object.value
        && let Some(Node { value: Value::Mapping(metadata), span }) = fields.get_mut("metadata")
    {
        metadata.insert("namespace".into(), *span, name);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, load_stream, to_json};

    fn read(text: &str) -> Option<String> {
        let documents = load_stream(text, &Limits::default()).unwrap();
        let root = &documents[0].root;
        without_nulls(root, &Resource::of(root).unwrap()).map(|node| to_json(&node))
    }

    #[test]
    fn fields_go_and_entries_of_maps_become_empty() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {app: null}}\nspec: {a: [{b: null, limits: {cpu: ~}}], selector: }\n";
        assert_eq!(
            read(text).unwrap(),
            r#"{"apiVersion": "apps/v1","kind": "Deployment","metadata": {"labels": {"app": ""}},"spec": {"a": [{"limits": {"cpu": "0"}}]}}"#
        );
    }

    #[test]
    fn items_of_lists_of_texts_become_empty() {
        let text =
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: [{apiGroups: [~], verbs: [get]}]\n";
        assert_eq!(
            read(text).unwrap(),
            r#"{"apiVersion": "rbac.authorization.k8s.io/v1","kind": "Role","rules": [{"apiGroups": [""],"verbs": ["get"]}]}"#
        );
    }

    #[test]
    fn custom_resources_and_objects_without_nulls_stay_as_they_are() {
        assert_eq!(read("apiVersion: example.com/v1\nkind: Thing\nspec: {a: null}\n"), None);
        assert_eq!(read("apiVersion: v1\nkind: Pod\nspec: {a: 1}\n"), None);
    }
}
