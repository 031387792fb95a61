//! One document's Secrets: what must change, and the changes.
//!
//! The smallest change is tried first (a key renamed, a value replaced, a line added or removed).
//! Its result is read back; where it does not read as meant, which unusual anchors or layouts can
//! cause, the Secret is written anew as JSON, which is YAML too.

use super::edit::{Edit, append_entries, apply, remove_entry, replace_value};
use super::{is_secret, objects, reference};
use crate::yaml::{Chunk, Document, Limits, Mapping, Node, Path, Span, Value, load_chunk, to_json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A document with its Secrets encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The new text of the whole document, `None` when nothing had to change.
    pub text: Option<String>,
    /// How many values of `stringData` were encoded.
    pub encoded: usize,
    /// How many references were filled.
    pub resolved: usize,
}

/// Why a Secret cannot be encoded. No message holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Nobody gave a value for a reference.
    #[error("no secret source has {name}, which key {key} of Secret {secret} refers to")]
    Missing {
        /// The Secret's name.
        secret: String,
        /// The key in its `data`.
        key: String,
        /// What the reference names.
        name: String,
    },
    /// The encoded document does not read back as it should: a fault of this module.
    #[error("the encoded form of Secret {secret} does not read back as it should")]
    ReadBack {
        /// The Secret's name.
        secret: String,
    },
}

/// Encodes the Secrets of a document, which stands in `text` at `document.span`.
///
/// `sources` has the Base64 of every reference's value.
///
/// # Errors
///
/// [`EncodeError::Missing`] when a reference is not in `sources`.
pub fn encode_document(
    text: &str,
    document: &Document<'_>,
    sources: &BTreeMap<String, String>,
) -> Result<Encoded, EncodeError> {
    let mut result = Encoded::default();
    let mut edits = Vec::new();
    let mut wanted: Option<Node<'_>> = None;
    for secret in objects(&document.root).into_iter().filter(|object| is_secret(object)) {
        let Some(plan) = Plan::of(secret, sources)? else { continue };
        result.encoded += plan.encoded;
        result.resolved += plan.resolved;
        let root = wanted.get_or_insert_with(|| document.root.clone());
        let path = Path::of(secret, &document.root).unwrap_or_default();
        set(root, &path, plan.tree.clone());
        edits.push((
            plan.edits(text, secret),
            Edit { span: secret.span, text: to_json(&plan.tree) },
            plan.name,
        ));
    }
    let Some(wanted) = wanted else { return Ok(result) };

    let small: Option<Vec<Edit>> =
        edits.iter().map(|(small, ..)| small.clone()).collect::<Option<Vec<_>>>().map(|all| all.concat());
    let whole: Vec<Edit> = edits.iter().map(|(_, whole, _)| whole.clone()).collect();
    for edits in small.into_iter().chain([whole]) {
        let candidate = apply(text, document.span, edits);
        if reads_as(&candidate, &wanted) {
            result.text = Some(candidate);
            return Ok(result);
        }
    }
    let secret = edits.into_iter().map(|(.., name)| name).next().unwrap_or_default();
    Err(EncodeError::ReadBack { secret })
}

/// What becomes of one Secret.
struct Plan<'a> {
    name: String,
    /// The Secret as it should read afterwards.
    tree: Node<'a>,
    /// Values for `data`, by key, that are not there yet or not the same.
    changed: BTreeMap<String, String>,
    encoded: usize,
    resolved: usize,
}

impl<'a> Plan<'a> {
    fn of(secret: &Node<'a>, sources: &BTreeMap<String, String>) -> Result<Option<Self>, EncodeError> {
        let name =
            secret.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or("without a name").to_owned();
        let Some(fields) = secret.as_mapping() else { return Ok(None) };
        let mut changed = BTreeMap::new();
        let mut resolved = 0;
        let data = secret.get("data").and_then(Node::as_mapping);
        let string_data = secret.get("stringData");
        for entry in data.map(Mapping::entries).unwrap_or_default() {
            let Some(source) = entry.value.as_str().and_then(reference) else { continue };
            if string_data.is_some_and(|string_data| string_data.get(&entry.key).is_some()) {
                continue;
            }
            let Some(value) = sources.get(source) else {
                return Err(EncodeError::Missing {
                    secret: name,
                    key: entry.key.clone().into_owned(),
                    name: source.to_owned(),
                });
            };
            changed.insert(entry.key.clone().into_owned(), value.clone());
            resolved += 1;
        }
        let plain = match string_data.map(|node| &node.value) {
            Some(Value::Mapping(mapping)) => mapping.entries(),
            Some(Value::Null) => &[],
            // Not a mapping: the API server refuses it, and so does the check of types.
            Some(_) => return Ok(None),
            None if resolved == 0 => return Ok(None),
            None => &[],
        };
        for entry in plain {
            let value = match &entry.value.value {
                Value::String(value) => value.as_ref(),
                Value::Null => "",
                // As above: only text may stand here.
                _ => return Ok(None),
            };
            changed.insert(entry.key.clone().into_owned(), STANDARD.encode(value));
        }
        let tree = Self::tree(secret, fields, &changed);
        Ok(Some(Self { name, tree, encoded: plain.len(), resolved, changed }))
    }

    fn tree(secret: &Node<'a>, fields: &Mapping<'a>, changed: &BTreeMap<String, String>) -> Node<'a> {
        let mut data = secret.get("data").and_then(Node::as_mapping).cloned().unwrap_or_default();
        for (key, value) in changed {
            let node = Node { value: Value::String(Cow::Owned(value.clone())), span: Span::default() };
            data.insert(key.clone().into(), Span::default(), node);
        }
        let mut after = Mapping::default();
        let has_data = fields.get("data").is_some_and(|data| data.value != Value::Null);
        for entry in fields.entries() {
            let replaced = match entry.key.as_ref() {
                "stringData" if has_data || data.is_empty() => continue,
                "data" if !has_data => continue,
                "data" | "stringData" => Node { value: Value::Mapping(data.clone()), span: entry.value.span },
                _ => entry.value.clone(),
            };
            let key = if entry.key == "stringData" { "data".into() } else { entry.key.clone() };
            after.insert(key, entry.key_span, replaced);
        }
        Node { value: Value::Mapping(after), span: secret.span }
    }

    /// The smallest change to the text, if the layout is an ordinary one.
    fn edits(&self, text: &str, secret: &Node<'_>) -> Option<Vec<Edit>> {
        let fields = secret.as_mapping()?;
        let data = fields.entry("data");
        let string_data = fields.entry("stringData");
        let has_values = |node: &Node<'_>| node.as_mapping().is_some_and(|mapping| !mapping.is_empty());
        let mut edits = Vec::new();
        match (data.filter(|entry| has_values(&entry.value)), string_data) {
            (Some(data), string_data) => {
                let present = data.value.as_mapping()?;
                let mut added = Vec::new();
                for (key, value) in &self.changed {
                    match present.entry(key) {
                        Some(entry) => edits.push(replace_value(text, entry, value)),
                        None => added.push((key.as_str(), value.as_str())),
                    }
                }
                if !added.is_empty() {
                    edits.push(append_entries(text, &data.value, &added)?);
                }
                if string_data.is_some() {
                    edits.push(remove_entry(text, secret, "stringData")?);
                }
            }
            (None, Some(plain)) if has_values(&plain.value) => {
                for entry in plain.value.as_mapping()?.entries() {
                    edits.push(replace_value(text, entry, self.changed.get(entry.key.as_ref())?));
                }
                let written = text.get(plain.key_span.start..plain.key_span.end)?;
                edits.push(Edit { span: plain.key_span, text: written.replace("stringData", "data") });
                if data.is_some() {
                    edits.push(remove_entry(text, secret, "data")?);
                }
            }
            (None, Some(_)) => edits.push(remove_entry(text, secret, "stringData")?),
            (None, None) => return None,
        }
        Some(edits)
    }
}

fn set<'a>(root: &mut Node<'a>, path: &Path, value: Node<'a>) {
    let mut node = root;
    for segment in path.segments() {
        let next = match (&mut node.value, segment) {
            (Value::Mapping(mapping), crate::yaml::Segment::Key(key)) => mapping.get_mut(key),
            (Value::Sequence(items), crate::yaml::Segment::Index(index)) => items.get_mut(*index),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return,
        }
    }
    *node = value;
}

fn reads_as(text: &str, wanted: &Node<'_>) -> bool {
    let chunk = Chunk { span: Span { start: 0, end: text.len() }, source: None };
    matches!(load_chunk(text, chunk, &Limits::default()), Ok(Some(document)) if same(&document.root, wanted))
}

/// Whether two trees hold the same values, wherever they stand and in whatever order their keys are.
fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.value, &other.value) {
        (Value::Mapping(one), Value::Mapping(other)) => {
            one.len() == other.len()
                && one.entries().iter().all(|entry| {
                    other.get(&entry.key).is_some_and(|counterpart| same(&entry.value, counterpart))
                })
        }
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests;
