//! A manifest stream as objects: what kind each is, where it stands, what it holds.
//!
//! Depends on `gift_plugin::yaml`, which reads YAML as Kubernetes does.

mod object;
mod quantity;
mod selector;
mod typed;
mod workload;

pub use object::{Object, Spot};
pub use quantity::Quantity;
pub(crate) use selector::Selector;
pub use typed::TypedError;
pub(crate) use workload::labels;
pub use workload::{Container, PodTemplate};

use crate::diagnosis::{Category, Diagnose};
use gift_plugin::yaml::{Limits, Lines, Node, Path, Segment, Value, load_stream};
use std::sync::Arc;

/// The objects of a stream, in its order; a `List` is its items.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    text: &'a str,
    objects: Vec<Object<'a>>,
}

/// Why a stream has no objects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectsError {
    /// Not UTF-8.
    #[error("the stream is not UTF-8 from line {line} on")]
    Encoding {
        /// The line, from 1.
        line: usize,
    },
    /// Not YAML as Kubernetes reads it.
    #[error("line {line}, column {column} of the stream: {message}")]
    Yaml {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
}

impl Diagnose for ObjectsError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some("Look at that line of the rendered stream, and at the template that printed it.".to_owned())
    }
}

impl<'a> Objects<'a> {
    /// Reads a stream.
    ///
    /// ```
    /// use gift_harness::objects::Objects;
    ///
    /// let stream = b"kind: Service\napiVersion: v1\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    /// let objects = Objects::read(stream)?;
    /// let service = objects.find("Service", "web").ok_or("no Service")?;
    /// assert_eq!(service.get("spec.ports[0].port").and_then(|node| service.line(node)), Some(4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ObjectsError`] with the first place that is not YAML.
    pub fn read(stream: &'a [u8]) -> Result<Self, ObjectsError> {
        let text = std::str::from_utf8(stream).map_err(|error| ObjectsError::Encoding {
            line: 1 + stream[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
        })?;
        let lines = Arc::new(Lines::new(text));
        let documents = load_stream(text, &Limits::default()).map_err(|error| {
            let (line, column) = lines.position(error.at);
            ObjectsError::Yaml { line, column, message: error.to_string() }
        })?;
        let mut objects = Vec::new();
        for mut document in documents {
            let duplicates = std::mem::take(&mut document.duplicates);
            let first = objects.len();
            let place =
                object::Place { span: document.span, source: document.source, lines: Arc::clone(&lines) };
            collect(document.root, &place, &mut objects);
            if let Some(object) = objects.get_mut(first) {
                object.duplicates = duplicates;
            }
        }
        Ok(Self { text, objects })
    }

    /// The stream as text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The objects, in the order of the stream.
    pub fn iter(&self) -> std::slice::Iter<'_, Object<'a>> {
        self.objects.iter()
    }

    /// The objects of one kind, whatever their API version.
    pub fn kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Object<'a>> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The object of this kind and name, the first if there are several.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object<'a>> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }

    /// The objects that run pods, each with its pod template.
    pub fn pod_templates(&self) -> impl Iterator<Item = PodTemplate<'_, 'a>> {
        self.objects.iter().filter_map(PodTemplate::of)
    }
}

impl<'s, 'a> IntoIterator for &'s Objects<'a> {
    type Item = &'s Object<'a>;
    type IntoIter = std::slice::Iter<'s, Object<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.objects.iter()
    }
}

fn collect<'a>(root: Node<'a>, place: &object::Place<'a>, objects: &mut Vec<Object<'a>>) {
    let is_list = root.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    match root.get("items").and_then(Node::as_sequence) {
        Some(items) if is_list => {
            for item in items {
                collect(item.clone(), place, objects);
            }
        }
        _ => objects.push(Object::new(root, place)),
    }
}

/// The value of a node as JSON.
///
/// A float that JSON cannot carry, infinity for instance, is null; the loader refuses those.
#[must_use]
pub fn to_json(node: &Node<'_>) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => text.as_ref().into(),
        Value::Sequence(items) => items.iter().map(to_json).collect(),
        Value::Mapping(mapping) => mapping
            .entries()
            .iter()
            .map(|entry| (entry.key.clone().into_owned(), to_json(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// A scalar as text; empty for anything else.
pub(crate) fn scalar_text(node: &Node<'_>) -> String {
    match &node.value {
        Value::String(text) => text.clone().into_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

/// One step of the way to a scalar.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'t> {
    /// A key of a mapping.
    Key(&'t str),
    /// An index of a sequence.
    Index(usize),
}

/// A way as a path.
pub(crate) fn path_of(way: &[Step<'_>]) -> Path {
    way.iter()
        .map(|step| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        })
        .collect()
}

/// Calls `visit` with every scalar below a node and the way to it, which begins with `way`.
pub(crate) fn scalars<'tree, 'a>(
    node: &'tree Node<'a>,
    way: &mut Vec<Step<'tree>>,
    visit: &mut dyn FnMut(&[Step<'tree>], &'tree Node<'a>),
) {
    match &node.value {
        Value::Mapping(mapping) => {
            for entry in mapping.entries() {
                way.push(Step::Key(&entry.key));
                scalars(&entry.value, way, visit);
                way.pop();
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(Step::Index(index));
                scalars(item, way, visit);
                way.pop();
            }
        }
        _ => visit(way, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: team}}\n---\n# nothing\n---\n# Source: web/templates/b.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: c\n  name: d\nspec:\n  replicas: 0x10\n";

    #[test]
    fn lists_are_their_items_and_empty_documents_are_nothing() {
        let objects = Objects::read(STREAM.as_bytes()).unwrap();
        let names: Vec<_> =
            objects.iter().map(|object| (object.kind(), object.name(), object.source())).collect();
        assert_eq!(
            names,
            [
                ("ConfigMap", "a", "web/templates/a.yaml"),
                ("Secret", "b", "web/templates/a.yaml"),
                ("Deployment", "d", "web/templates/b.yaml"),
            ]
        );
        assert_eq!(objects.find("Secret", "b").unwrap().namespace(), "team");
        let deployment = objects.find("Deployment", "d").unwrap();
        assert_eq!(deployment.to_json()["spec"]["replicas"], 16);
        assert_eq!(deployment.duplicates().len(), 1);
    }

    #[test]
    fn a_finding_has_the_place_of_its_node() {
        let objects = Objects::read(STREAM.as_bytes()).unwrap();
        let deployment = objects.find("Deployment", "d").unwrap();
        let finding = deployment.finding("rule", "spec.replicas", "message", "help");
        assert_eq!((finding.line, finding.column), (18, 13));
        assert_eq!(finding.path, "spec.replicas");
        assert_eq!(finding.source, "web/templates/b.yaml");
        let finding = deployment.finding("rule", "spec.template.spec", "message", "help");
        assert_eq!((finding.path.as_str(), finding.line), ("spec.template.spec", 18));
    }

    #[test]
    fn what_is_not_yaml_is_named_with_its_line() {
        let error = Objects::read(b"a: 1\n---\nb: [1\n").unwrap_err();
        assert!(matches!(error, ObjectsError::Yaml { line: 3.., .. }), "{error}");
        assert_eq!(Objects::read(b"a: 1\nb: \xff\n").unwrap_err(), ObjectsError::Encoding { line: 2 });
    }
}
