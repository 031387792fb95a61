//! What is found in a stream that was not found before it was broken.
//!
//! The plugin judges objects one by one, so it is shown the changed document alone, with the Namespaces of the
//! stream, whose labels policies may ask for, and the document that says which system this is. Assertions see
//! the whole.

use super::Mutation;
use crate::assertions::{self, Context, Scope};
use crate::objects::{Objects, ObjectsError};
use crate::post_render::SYSTEM_LABEL;
use crate::run::PostRender;
use gift_plugin::protocol::{Finding, ObjectReference};
use gift_plugin::yaml::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What is told of a stream that can no longer be read, or that the plugin refuses.
const REFUSED: &str = "refused";

/// What tells one finding from another: lines move when a stream is changed.
type Key = (String, ObjectReference, String);

/// A sound stream, and what is found in it.
pub(super) struct Judge<'j> {
    stream: &'j [u8],
    context: &'j Context<'j>,
    post_render: Option<&'j dyn PostRender>,
    namespace: &'j str,
    /// What the plugin needs of other documents.
    beside: Vec<Span>,
    names: BTreeSet<ObjectReference>,
    asserted: BTreeSet<Key>,
    /// What the plugin finds in each document, once it is asked for.
    judged: Mutex<BTreeMap<usize, BTreeSet<Key>>>,
}

impl<'j> Judge<'j> {
    pub(super) fn new(
        stream: &'j [u8],
        objects: &Objects<'_>,
        context: &'j Context<'j>,
        post_render: Option<&'j dyn PostRender>,
        namespace: &'j str,
    ) -> Self {
        let mut beside = Vec::new();
        let mut is_told = false;
        for object in objects {
            let tells = !is_told && object.label(SYSTEM_LABEL).is_some();
            is_told |= tells;
            if (tells || object.kind() == "Namespace") && beside.last() != Some(&object.span()) {
                beside.push(object.span());
            }
        }
        Self {
            stream,
            context,
            post_render,
            namespace,
            beside,
            names: objects.iter().map(crate::objects::Object::reference).collect(),
            asserted: keys(&look(objects, context)),
            judged: Mutex::default(),
        }
    }

    /// The rules that notice a mutation.
    pub(super) fn noticed_by(&self, mutation: &Mutation) -> BTreeSet<String> {
        let mut rules = self.judged(mutation);
        let stream = mutation.apply(self.stream);
        match Objects::read(&stream) {
            Ok(objects) => rules.extend(self.newly(&self.asserted, &look(&objects, self.context))),
            Err(ObjectsError::Encoding { .. } | ObjectsError::Yaml { .. }) => {
                rules.insert(REFUSED.to_owned());
            }
        }
        rules
    }

    /// The rules of the plugin that do.
    fn judged(&self, mutation: &Mutation) -> BTreeSet<String> {
        let Some(post_render) = self.post_render else { return BTreeSet::new() };
        let document = mutation.document;
        let mut before = Vec::new();
        for span in self.beside.iter().filter(|span| **span != document) {
            before.extend_from_slice(self.stream.get(span.start..span.end).unwrap_or_default());
            if !before.ends_with(b"\n") {
                before.push(b'\n');
            }
        }
        let text = |changed: &[u8]| {
            // The first document of a stream needs no separator of its own.
            let separator: &[u8] = if changed.starts_with(b"---") { b"" } else { b"---\n" };
            [before.as_slice(), separator, changed].concat()
        };
        let ask = |stream: &[u8]| post_render.post_render(stream, self.namespace);
        let known = {
            let judged = self.judged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            judged.get(&document.start).cloned()
        };
        let known = known.unwrap_or_else(|| {
            let sound = self.stream.get(document.start..document.end).unwrap_or_default();
            let found = ask(&text(sound)).map(|answer| keys(&answer.findings)).unwrap_or_default();
            let mut judged = self.judged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            judged.insert(document.start, found.clone());
            found
        });
        match ask(&text(&mutation.apply_to(self.stream, document))) {
            Ok(answer) => self.newly(&known, &answer.findings),
            Err(_) => BTreeSet::from([REFUSED.to_owned()]),
        }
    }

    /// The rules of findings that were not there before.
    fn newly(&self, known: &BTreeSet<Key>, findings: &[Finding]) -> BTreeSet<String> {
        let is_new = |finding: &&Finding| {
            let is_same = |(rule, object, path): &Key| {
                *rule == finding.rule
                    && *path == finding.path
                    // An object under another name keeps the findings it had.
                    && (*object == finding.object
                        || (object.kind == finding.object.kind && !self.names.contains(&finding.object)))
            };
            !known.iter().any(is_same)
        };
        findings.iter().filter(is_new).map(|finding| finding.rule.clone()).collect()
    }
}

/// What the assertions that need one stream alone find.
fn look(objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
    [Scope::Stream, Scope::Kubernetes].map(|scope| assertions::check_scope(objects, context, scope)).concat()
}

fn keys(findings: &[Finding]) -> BTreeSet<Key> {
    findings
        .iter()
        .map(|finding| (finding.rule.clone(), finding.object.clone(), finding.path.clone()))
        .collect()
}
