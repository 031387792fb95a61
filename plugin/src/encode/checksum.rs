//! Checksums of Secrets on pod templates, so that a changed secret restarts the pods that read it.
//!
//! A chart prints a checksum of a Secret beside the pods that use it. Where the Secret refers to a secret
//! source, the chart hashes the reference: the checksum stays the same when the secret changes. So the
//! checksum is made anew here, once the references are filled.
//!
//! The contract, for any chart: an annotation of a pod template is a checksum of a Secret when its key is
//! `checksum/secret-NAME` (of the Secret NAME, cut like all such names at 63 characters),
//! `checksum/secret` or `checksum/secrets` (of every Secret the pod reads). Its new text is the SHA-256,
//! in hexadecimal, of the old text and every filled value the pod reads, in the order of the names and
//! keys. A pod that reads no filled value keeps its text, and its document is not touched. Keys a pod does
//! not read do not count.
//!
//! Depends on [`crate::yaml`] and on [`super::edit`] for changes to the text. A pod template is told by what
//! it is made of, so that those in custom resources count too.

use super::edit::{Edit, apply, replace_value};
use super::{is_secret, objects, reference};
use crate::yaml::{Chunk, Document, Entry, Limits, Mapping, Node, Span, Value, load_chunk};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What the key of every checksum of Secrets begins with. A stream without it has none.
const PREFIX: &str = "checksum/secret";

/// The longest name of an annotation, behind its prefix.
const LONGEST_NAME: usize = 63;

/// The values that were filled into Secrets, as Base64, by Secret and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    secrets: BTreeMap<(String, String), BTreeMap<String, Vec<String>>>,
}

impl Filled {
    /// Notes the values that `sources` gives for the references of a document's Secrets. `namespace` is that
    /// of objects which name none.
    pub fn note(&mut self, document: &Document<'_>, sources: &BTreeMap<String, String>, namespace: &str) {
        for secret in objects(&document.root).into_iter().filter(|object| is_secret(object)) {
            let Some(data) = secret.get("data").and_then(Node::as_mapping) else { continue };
            for entry in data.entries() {
                let value = entry.value.as_str().and_then(reference).and_then(|source| sources.get(source));
                // Its `stringData` wins, and is in the chart's own checksum.
                let Some(value) = value.filter(|_| secret.at(&["stringData", &entry.key]).is_none()) else {
                    continue;
                };
                let place =
                    (namespace_of(secret, namespace), text_at(secret, &["metadata", "name"]).to_owned());
                let keys = self.secrets.entry(place).or_default();
                keys.entry(entry.key.clone().into_owned()).or_default().push(value.clone());
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

/// Makes the checksums in a document anew, which stands in `text` at `document.span`: its new text, `None`
/// when nothing in it has to change.
#[must_use]
pub fn refresh(text: &str, document: &Document<'_>, filled: &Filled, namespace: &str) -> Option<String> {
    let raw = text.get(document.span.start..document.span.end)?;
    if filled.is_empty() || !raw.contains(PREFIX) {
        return None;
    }
    let mut edits = Vec::new();
    for object in objects(&document.root) {
        let namespace = namespace_of(object, namespace);
        templates_below(object, &mut |template| {
            let read = Read::by(template);
            let Some(annotations) = annotations_of(template) else { return };
            for entry in annotations.entries() {
                if let Some(checksum) = checksum(entry, &read, filled, &namespace) {
                    edits.push(replace_value(text, entry, &checksum));
                }
            }
        });
    }
    if edits.is_empty() {
        return None;
    }
    // Templates that share their annotations by an alias would be written twice; they keep their text.
    let is_alias = |edit: &Edit| text.as_bytes().get(edit.span.start) == Some(&b'*');
    edits.retain(|edit| !is_alias(edit));
    edits.sort_by_key(|edit| edit.span.start);
    edits.dedup_by_key(|edit| edit.span.start);
    let candidate = apply(text, document.span, edits);
    let chunk = Chunk { span: Span { start: 0, end: candidate.len() }, source: None };
    matches!(load_chunk(&candidate, chunk, &Limits::default()), Ok(Some(_))).then_some(candidate)
}

/// The new text of an annotation, if it is a checksum of Secrets with filled values that are read here.
fn checksum(entry: &Entry<'_>, read: &Read, filled: &Filled, namespace: &str) -> Option<String> {
    let old = entry.value.as_str()?;
    let rest = entry.key.strip_prefix(PREFIX)?;
    let is_meant = |name: &str| match rest {
        "" | "s" => true,
        _ => is_cut_from(rest, name),
    };
    let mut digest = Sha256::new();
    digest.update(old);
    let mut is_any = false;
    for (name, keys) in read.secrets.iter().filter(|(name, _)| is_meant(name)) {
        let Some(values) = filled.secrets.get(&(namespace.to_owned(), name.clone())) else { continue };
        for (key, values) in values.iter().filter(|(key, _)| keys.has(key)) {
            is_any = true;
            for part in [name, key].into_iter().chain(values) {
                // No name, key or Base64 has a line break in it.
                digest.update("\n");
                digest.update(part);
            }
        }
    }
    is_any.then(|| {
        digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    })
}

/// Whether what follows the prefix is `-NAME`, cut where names of annotations end.
fn is_cut_from(rest: &str, name: &str) -> bool {
    let before = PREFIX.len() - "checksum/".len() + 1;
    let cut = name.get(..LONGEST_NAME - before).unwrap_or(name);
    rest.strip_prefix('-').is_some_and(|written| written == name || written == cut)
}

/// Calls `each` with every pod template here and below: a Pod is one itself.
fn templates_below<'n, 'a>(node: &'n Node<'a>, each: &mut dyn FnMut(&'n Node<'a>)) {
    if node.at(&["spec", "containers"]).is_some_and(|containers| containers.as_sequence().is_some()) {
        each(node);
        return;
    }
    match &node.value {
        Value::Mapping(mapping) => {
            mapping.entries().iter().for_each(|entry| templates_below(&entry.value, each))
        }
        Value::Sequence(items) => items.iter().for_each(|item| templates_below(item, each)),
        _ => {}
    }
}

fn annotations_of<'n, 'a>(template: &'n Node<'a>) -> Option<&'n Mapping<'a>> {
    template.at(&["metadata", "annotations"])?.as_mapping()
}

fn namespace_of(object: &Node<'_>, default: &str) -> String {
    let stated = text_at(object, &["metadata", "namespace"]);
    if stated.is_empty() { default.to_owned() } else { stated.to_owned() }
}

fn text_at<'n>(node: &'n Node<'_>, keys: &[&str]) -> &'n str {
    node.at(keys).and_then(Node::as_str).unwrap_or_default()
}

/// Which keys of a Secret a pod reads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Keys {
    All,
    Some(BTreeSet<String>),
}

impl Keys {
    fn has(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(keys) => keys.contains(key),
        }
    }
}

/// Which Secrets a pod reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Read {
    secrets: BTreeMap<String, Keys>,
}

/// The items of a sequence, none when there is no such.
fn items<'n, 'a>(node: &'n Node<'a>, key: &str) -> &'n [Node<'a>] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

impl Read {
    fn by(template: &Node<'_>) -> Self {
        let mut read = Self::default();
        let Some(spec) = template.get("spec") else { return read };
        for field in ["containers", "initContainers", "ephemeralContainers"] {
            for container in items(spec, field) {
                for variable in items(container, "env") {
                    if let Some(source) = variable.at(&["valueFrom", "secretKeyRef"]) {
                        read.key(text_at(source, &["name"]), text_at(source, &["key"]));
                    }
                }
                for source in items(container, "envFrom") {
                    read.all(text_at(source, &["secretRef", "name"]));
                }
            }
        }
        for volume in items(spec, "volumes") {
            if let Some(secret) = volume.get("secret") {
                read.mounted(text_at(secret, &["secretName"]), secret);
            }
            let projected =
                volume.get("projected").map(|projected| items(projected, "sources")).unwrap_or_default();
            for source in projected.iter().filter_map(|source| source.get("secret")) {
                read.mounted(text_at(source, &["name"]), source);
            }
        }
        read
    }

    fn mounted(&mut self, name: &str, source: &Node<'_>) {
        match source.get("items").and_then(Node::as_sequence) {
            Some(items) if !items.is_empty() => {
                items.iter().for_each(|item| self.key(name, text_at(item, &["key"])));
            }
            _ => self.all(name),
        }
    }

    fn key(&mut self, name: &str, key: &str) {
        if let Keys::Some(keys) = self.secrets.entry(name.to_owned()).or_insert(Keys::Some(BTreeSet::new())) {
            keys.insert(key.to_owned());
        }
    }

    fn all(&mut self, name: &str) {
        self.secrets.insert(name.to_owned(), Keys::All);
    }
}

#[cfg(test)]
mod tests;
