//! One object and its place in the stream.

use gift_plugin::protocol::{Finding, ObjectReference, Severity};
use gift_plugin::yaml::{Duplicate, Lines, Node, Path, Segment, Span};
use std::sync::Arc;

/// Where a document stands.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) span: Span,
    pub(super) source: Option<&'a str>,
    pub(super) lines: Arc<Lines<'a>>,
}

/// One object of a stream.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    root: Node<'a>,
    place: Place<'a>,
    pub(super) duplicates: Vec<Duplicate<'a>>,
}

/// The part of an object a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot(Path);

impl From<Path> for Spot {
    fn from(path: Path) -> Self {
        Self(path)
    }
}

impl From<&Path> for Spot {
    fn from(path: &Path) -> Self {
        Self(path.clone())
    }
}

impl From<&str> for Spot {
    /// Reads `spec.containers[0].image` and `metadata.labels["example.com/team"]`.
    fn from(text: &str) -> Self {
        Self(parse(text))
    }
}

impl<'a> Object<'a> {
    pub(super) fn new(root: Node<'a>, place: &Place<'a>) -> Self {
        Self { root, place: place.clone(), duplicates: Vec::new() }
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Node<'a> {
        &self.root
    }

    fn text(&self, keys: &[&str]) -> &str {
        self.root.at(keys).and_then(Node::as_str).unwrap_or_default()
    }

    /// `apps/v1`, or empty.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"])
    }

    /// The group of the API version: `apps`, empty for the core.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// `Deployment`, or empty.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    /// The namespace the document states, or empty.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"])
    }

    /// The name, or empty.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// The value of a label, of the object itself.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.root.at(&["metadata", "labels", key]).and_then(Node::as_str)
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.root.at(&["metadata", "annotations", key]).and_then(Node::as_str)
    }

    /// Whether Helm treats it as a hook instead of a part of the release.
    #[must_use]
    pub fn is_hook(&self) -> bool {
        self.annotation("helm.sh/hook").is_some()
    }

    /// The template it came from, or empty.
    #[must_use]
    pub fn source(&self) -> &str {
        self.place.source.unwrap_or_default()
    }

    /// The keys that stand twice in one mapping, of the document the object came in.
    #[must_use]
    pub fn duplicates(&self) -> &[Duplicate<'a>] {
        &self.duplicates
    }

    /// The stretch of the stream its document stands in.
    #[must_use]
    pub fn span(&self) -> Span {
        self.place.span
    }

    /// The node at a path as people write it: `spec.ports[0].name`,
    /// `metadata.labels["example.com/team"]`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Node<'a>> {
        let (node, is_end) = parse(path).nearest(&self.root);
        is_end.then_some(node)
    }

    /// The line of one of its nodes, from 1.
    #[must_use]
    pub fn line(&self, node: &Node<'_>) -> Option<usize> {
        let span = self.place.span;
        (span.start <= node.span.start && node.span.start <= span.end)
            .then(|| self.place.lines.position(node.span.start).0)
    }

    /// The line and column of a byte of the stream.
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        self.place.lines.position(byte)
    }

    /// How findings speak of it.
    #[must_use]
    pub fn reference(&self) -> ObjectReference {
        ObjectReference {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }

    /// The object as JSON, as an API server would be sent it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        super::to_json(&self.root)
    }

    /// An error about a part of this object, placed where that part stands, or would stand.
    #[must_use]
    pub fn finding(
        &self,
        rule: &str,
        at: impl Into<Spot>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        let Spot(path) = at.into();
        let (node, _) = path.nearest(&self.root);
        let (line, column) = self.position(node.span.start);
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Error,
            object: self.reference(),
            path: path.to_string(),
            line,
            column,
            source: self.source().to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }
}

fn parse(text: &str) -> Path {
    let mut segments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let end = quoted.find("\"]").unwrap_or(quoted.len());
            segments.push(Segment::Key(quoted[..end].to_owned()));
            rest = quoted.get(end + 2..).unwrap_or_default();
        } else if let Some(index) = rest.strip_prefix('[') {
            let end = index.find(']').unwrap_or(index.len());
            segments.push(
                index[..end].parse().map_or_else(|_| Segment::Key(index[..end].to_owned()), Segment::Index),
            );
            rest = index.get(end + 1..).unwrap_or_default();
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            segments.push(Segment::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    segments.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_are_written() {
        for text in ["", "spec", "a.b[0].c", "metadata.labels[\"example.com/team\"].x[12]", "a[0][1]"] {
            assert_eq!(parse(text).to_string(), text);
        }
    }
}
