//! A stream in the eyes of an operator, and the mutations it gathers there.

use crate::objects::{Object, Objects, PodTemplate};
use gift_plugin::encode::{Edit, apply};
use gift_plugin::protocol::ObjectReference;
use gift_plugin::yaml::{Node, Path, Span};

/// One small change to a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The operator's id.
    pub operator: &'static str,
    /// The object that is broken.
    pub object: ObjectReference,
    /// Where in it.
    pub path: String,
    /// What was changed to what; of a secret, never the value.
    pub change: String,
    /// Why it changes nothing that matters; it is then not made.
    pub equivalent: Option<&'static str>,
    /// The document it is in.
    pub(super) document: Span,
    pub(super) edit: Edit,
}

impl Mutation {
    /// The stream with the change.
    #[must_use]
    pub fn apply(&self, stream: &[u8]) -> Vec<u8> {
        self.apply_to(stream, Span { start: 0, end: stream.len() })
    }

    /// A stretch of the stream with the change.
    pub(super) fn apply_to(&self, stream: &[u8], window: Span) -> Vec<u8> {
        let text = std::str::from_utf8(stream).unwrap_or_default();
        apply(text, window, vec![self.edit.clone()]).into_bytes()
    }
}

/// What an operator looks at, and what it has found there.
pub(super) struct Subject<'s, 'a> {
    operator: &'static str,
    pub(super) objects: &'s Objects<'a>,
    pub(super) mutations: Vec<Mutation>,
}

impl<'s, 'a> Subject<'s, 'a> {
    pub(super) fn new(operator: &'static str, objects: &'s Objects<'a>) -> Self {
        Self { operator, objects, mutations: Vec::new() }
    }

    /// The stream.
    pub(super) fn text(&self) -> &'s str {
        self.objects.text()
    }

    /// The pod templates, each with its pod's specification and the path of that.
    pub(super) fn pods(&self) -> Vec<(PodTemplate<'s, 'a>, &'s Node<'a>, Path)> {
        let objects = self.objects;
        objects
            .pod_templates()
            .filter_map(|template| {
                let (spec, path) = template.spec()?;
                Some((template, spec, path))
            })
            .collect()
    }

    /// A mutation, where the text lets itself be edited.
    pub(super) fn add(
        &mut self,
        object: &Object<'_>,
        path: impl ToString,
        change: impl Into<String>,
        edit: Option<Edit>,
    ) {
        self.add_unless(object, path, change, edit, None);
    }

    /// The same, with the reason why it changes nothing that matters where it does not.
    pub(super) fn add_unless(
        &mut self,
        object: &Object<'_>,
        path: impl ToString,
        change: impl Into<String>,
        edit: Option<Edit>,
        equivalent: Option<&'static str>,
    ) {
        let Some(edit) = edit else { return };
        self.mutations.push(Mutation {
            operator: self.operator,
            object: object.reference(),
            path: path.to_string(),
            change: change.into(),
            equivalent,
            document: object.span(),
            edit,
        });
    }
}
