//! The `request` and `namespaceObject` that expressions see, made up from what is known at render time.
//!
//! Depends on [`super::resource`] and [`crate::yaml`].

use super::resource::Resource;
use super::selector::Labels;
use crate::yaml::{Mapping, Node, Span, Value};

/// `AdmissionRequest` of admission.k8s.io/v1, for the creation of `resource` in `namespace`.
#[must_use]
pub(super) fn request<'a>(resource: &Resource<'a>, namespace: &'a str) -> Node<'a> {
    let kind = object(vec![
        ("group", text(resource.group)),
        ("version", text(resource.version)),
        ("kind", text(resource.kind)),
    ]);
    let plural = object(vec![
        ("group", text(resource.group)),
        ("version", text(resource.version)),
        ("resource", owned(resource.plural.clone())),
    ]);
    let mut fields = vec![
        ("uid", text("")),
        ("kind", kind.clone()),
        ("resource", plural.clone()),
        ("requestKind", kind),
        ("requestResource", plural),
        ("operation", text("CREATE")),
        (
            "userInfo",
            object(vec![
                ("username", text("")),
                ("uid", text("")),
                ("groups", node(Value::Sequence(Vec::new()))),
            ]),
        ),
        ("dryRun", node(Value::Bool(true))),
        ("options", object(vec![("kind", text("CreateOptions")), ("apiVersion", text("meta.k8s.io/v1"))])),
    ];
    // What is empty is not there.
    if !resource.name.is_empty() {
        fields.push(("name", text(resource.name)));
    }
    if resource.namespaced {
        fields.push(("namespace", text(namespace)));
    }
    object(fields)
}

/// The Namespace an object lives in.
#[must_use]
pub(super) fn namespace_object<'a>(name: &'a str, labels: &'a Labels) -> Node<'a> {
    let labels = labels.iter().map(|(key, value)| (key.as_str(), text(value))).collect();
    object(vec![
        ("apiVersion", text("v1")),
        ("kind", text("Namespace")),
        ("metadata", object(vec![("name", text(name)), ("labels", object(labels))])),
        ("spec", object(vec![("finalizers", node(Value::Sequence(vec![text("kubernetes")])))])),
        ("status", object(vec![("phase", text("Active"))])),
    ])
}

fn node(value: Value<'_>) -> Node<'_> {
    Node { value, span: Span::default() }
}

fn text(value: &str) -> Node<'_> {
    node(Value::String(value.into()))
}

fn owned<'a>(value: String) -> Node<'a> {
    node(Value::String(value.into()))
}

fn object<'a>(fields: Vec<(&'a str, Node<'a>)>) -> Node<'a> {
    let mut mapping = Mapping::default();
    for (key, value) in fields {
        mapping.insert(key.into(), Span::default(), value);
    }
    node(Value::Mapping(mapping))
}
