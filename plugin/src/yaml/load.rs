//! From text to documents.
//!
//! Depends on [`super::read`], which reads everything, [`super::simple`], which reads what most of it is, and
//! [`super::stream`].

use super::node::{Node, Span, Value};
use super::path::Path;
use super::read::read;
use super::scalar::ScalarError;
use super::simple;
use super::stream::{Chunk, split};
use std::borrow::Cow;

/// Bounds on what a document may make us do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deeply collections may nest.
    pub max_depth: usize,
    /// How many nodes aliases may add to one document.
    pub max_alias_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 128, max_alias_nodes: 100_000 }
    }
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The tree.
    pub root: Node<'a>,
    /// The stretch of the stream it stands in.
    pub span: Span,
    /// The template that Helm names in a `# Source:` line.
    pub source: Option<&'a str>,
    /// Keys that stand twice in one mapping, in the order of the document.
    pub duplicates: Vec<Duplicate<'a>>,
}

/// A key that stands twice in one mapping. Kubernetes keeps the last one, or refuses both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where it stood first.
    pub first: Span,
    /// Where it stands again.
    pub second: Span,
}

impl Duplicate<'_> {
    /// The path of the second, in the tree it stands in.
    #[must_use]
    pub fn path(&self, root: &Node<'_>) -> Path {
        path_of(root, self.second, Path::root()).unwrap_or_default()
    }
}

/// The path of the entry whose key stands at a place.
fn path_of(node: &Node<'_>, key: Span, path: Path) -> Option<Path> {
    match &node.value {
        Value::Mapping(mapping) => mapping.entries().iter().find_map(|entry| {
            let below = path.clone().key(entry.key.as_ref());
            if entry.key_span == key { Some(below) } else { path_of(&entry.value, key, below) }
        }),
        Value::Sequence(items) => {
            items.iter().enumerate().find_map(|(index, item)| path_of(item, key, path.clone().index(index)))
        }
        _ => None,
    }
}

/// Why a document has no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct LoadError {
    /// The byte of the stream where reading stopped.
    pub at: usize,
    /// Why.
    #[source]
    pub kind: LoadErrorKind,
}

/// The kinds of [`LoadError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadErrorKind {
    /// Not YAML.
    #[error("not YAML: {0}")]
    Syntax(String),
    /// A scalar without a value in JSON.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// A key that is null, a sequence or a mapping.
    #[error("a key must be a string, a number or a boolean")]
    Key,
    /// `<<` with something else than a mapping or a sequence of mappings.
    #[error("`<<` takes a mapping or a sequence of mappings")]
    Merge,
    /// An alias inside the node it stands for.
    #[error("an alias stands inside the node it refers to")]
    Recursion,
    /// Nested too deeply.
    #[error("nested more than {0} levels deep")]
    Depth(usize),
    /// Aliases that multiply.
    #[error("aliases add more than {0} nodes to the document")]
    Aliases(usize),
    /// Text after `...` that the API machinery would not read.
    #[error("text behind the end of the document, which Kubernetes would not read")]
    SecondDocument,
}

/// Reads every document of a stream; stretches without a document are left out.
///
/// # Errors
///
/// One [`LoadError`] for each document that has no tree, in place of it.
pub fn load_documents<'a>(
    text: &'a str,
    limits: &Limits,
) -> impl Iterator<Item = Result<Document<'a>, (Chunk<'a>, LoadError)>> {
    split(text)
        .into_iter()
        .filter_map(move |chunk| load_chunk(text, chunk, limits).map_err(|error| (chunk, error)).transpose())
}

/// Reads every document of a stream.
///
/// ```
/// use gift_plugin::yaml::{Limits, load_stream};
///
/// let documents = load_stream("replicas: 0x10\n---\n# nothing\n---\non: 1_000\n", &Limits::default())?;
/// assert_eq!(documents.len(), 2);
/// assert_eq!(documents[1].root.as_mapping().map(|mapping| mapping.entries()[0].key.as_ref()), Some("true"));
/// # Ok::<(), gift_plugin::yaml::LoadError>(())
/// ```
///
/// # Errors
///
/// The first [`LoadError`] of the stream.
pub fn load_stream<'a>(text: &'a str, limits: &Limits) -> Result<Vec<Document<'a>>, LoadError> {
    load_documents(text, limits).map(|document| document.map_err(|(_, error)| error)).collect()
}

/// Reads the document in a stretch of the stream, `None` when there is none.
///
/// # Errors
///
/// [`LoadError`] when the stretch is not YAML, or beyond a limit.
pub fn load_chunk<'a>(
    text: &'a str,
    chunk: Chunk<'a>,
    limits: &Limits,
) -> Result<Option<Document<'a>>, LoadError> {
    let Chunk { span, source } = chunk;
    let part = &text[span.start..span.end];
    let (root, duplicates) = match simple::read(part, span.start, limits.max_depth) {
        Some(root) => (Some(root), Vec::new()),
        None => read(part, span.start, limits)?,
    };
    Ok(root.map(|root| Document { root, span, source, duplicates }))
}

#[cfg(test)]
mod tests;
