//! Secrets as the cluster wants them: `stringData` becomes `data`, references are filled.
//!
//! Nothing is guessed. `data` is taken as encoded; `stringData` is taken as plaintext. A reference
//! stands in `data` and begins with [`REFERENCE_PREFIX`], whose colon is outside the Base64
//! alphabet, so it can never be encoded data and an API server never takes it for such.
//!
//! Depends on [`crate::yaml`]. Works on the tree of a Secret and gives changes to its text; a
//! document that needs none is never touched.

mod checksum;
mod edit;
mod secret;

pub use checksum::{Filled, refresh};
pub use edit::{Edit, apply};
pub use secret::{EncodeError, Encoded, encode_document};

use crate::yaml::{Limits, Node, Value, load_chunk, split};
use std::collections::BTreeSet;

/// What the value of a reference begins with.
pub const REFERENCE_PREFIX: &str = "secretRef:";

/// The name a value of `data` refers to, if it is a reference.
///
/// ```
/// use gift_plugin::encode::reference;
///
/// assert_eq!(reference("secretRef:shop/prod/DB_PASSWORD"), Some("shop/prod/DB_PASSWORD"));
/// assert_eq!(reference("c2VjcmV0UmVm"), None);
/// ```
#[must_use]
pub fn reference(value: &str) -> Option<&str> {
    value.strip_prefix(REFERENCE_PREFIX)
}

/// Every reference in the Secrets of a stream, without reading the documents that cannot hold one.
/// Documents that are not YAML hold none here; they are reported when they are judged.
///
/// ```
/// use gift_plugin::encode::references;
///
/// let stream = "kind: Secret\napiVersion: v1\ndata: {A: 'secretRef:X', B: aGk=}\n";
/// assert_eq!(references(stream).into_iter().collect::<Vec<_>>(), ["X"]);
/// ```
#[must_use]
pub fn references(stream: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let limits = Limits::default();
    for chunk in split(stream) {
        if !stream[chunk.span.start..chunk.span.end].contains(REFERENCE_PREFIX) {
            continue;
        }
        let Ok(Some(document)) = load_chunk(stream, chunk, &limits) else { continue };
        for object in objects(&document.root) {
            for entry in data_entries(object) {
                found.extend(entry.as_str().and_then(reference).map(str::to_owned));
            }
        }
    }
    found
}

/// The objects of a document: itself, or the items of a `List`, in any depth.
pub fn objects<'tree, 'a>(root: &'tree Node<'a>) -> Vec<&'tree Node<'a>> {
    let is_list = root.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    match root.get("items").and_then(Node::as_sequence) {
        Some(items) if is_list => items.iter().flat_map(objects).collect(),
        _ => vec![root],
    }
}

/// Whether an object is a core Secret.
#[must_use]
pub fn is_secret(object: &Node<'_>) -> bool {
    object.get("kind").and_then(Node::as_str) == Some("Secret")
        && object.get("apiVersion").and_then(Node::as_str) == Some("v1")
}

fn data_entries<'tree, 'a>(object: &'tree Node<'a>) -> impl Iterator<Item = &'tree Node<'a>> {
    let data = if is_secret(object) { object.get("data") } else { None };
    data.and_then(|data| match &data.value {
        Value::Mapping(mapping) => Some(mapping.entries().iter().map(|entry| &entry.value)),
        _ => None,
    })
    .into_iter()
    .flatten()
}
