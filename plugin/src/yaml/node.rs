//! The tree a document becomes: values as Kubernetes reads them, each with its place in the stream.
//!
//! Depends on nothing else in the crate. Strings borrow from the stream where they can.

use std::borrow::Cow;

/// A half-open range of bytes in the stream, counted from the stream's first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and the bytes it was written as.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// What Kubernetes reads there.
    pub value: Value<'a>,
    /// Where it stands. A node reached through an alias has the place of the alias.
    pub span: Span,
}

/// A value as `sigs.k8s.io/yaml` hands it to the API machinery: JSON's types, with integers apart
/// from floats as in `k8s.io/apimachinery/pkg/util/json`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, `~` or nothing at all.
    Null,
    /// A boolean, YAML 1.1's `yes`, `no`, `on` and `off` included.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(Cow<'a, str>),
    /// A sequence, in the order of the document.
    Sequence(Vec<Node<'a>>),
    /// A mapping, in the order of the document.
    Mapping(Mapping<'a>),
}

/// The entries of a mapping in the order of the document, no key twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping<'a> {
    entries: Vec<Entry<'a>>,
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The key as a string, which is what JSON makes of any scalar key.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub key_span: Span,
    /// What it maps to.
    pub value: Node<'a>,
}

impl<'a> Mapping<'a> {
    /// The value of `key`.
    ///
    /// ```
    /// use gift_plugin::yaml::{Mapping, Node, Span, Value};
    ///
    /// let mut mapping = Mapping::default();
    /// mapping.insert("a".into(), Span::default(), Node { value: Value::Int(1), span: Span::default() });
    /// assert_eq!(mapping.get("a").map(|node| &node.value), Some(&Value::Int(1)));
    /// assert!(mapping.get("b").is_none());
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// The entry of `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Sets `key`; a value already there is replaced and given back.
    pub fn insert(&mut self, key: Cow<'a, str>, key_span: Span, value: Node<'a>) -> Option<Node<'a>> {
        self.insert_entry(key, key_span, value).map(|(_, before)| before)
    }

    /// Sets `key`; the place of the key and the value already there are given back.
    pub(super) fn insert_entry(
        &mut self,
        key: Cow<'a, str>,
        key_span: Span,
        value: Node<'a>,
    ) -> Option<(Span, Node<'a>)> {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => Some((
                std::mem::replace(&mut entry.key_span, key_span),
                std::mem::replace(&mut entry.value, value),
            )),
            None => {
                self.entries.push(Entry { key, key_span, value });
                None
            }
        }
    }

    /// The entries, in the order of the document.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Value<'_> {
    /// The same value, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::String(text) => Value::String(text.into_owned().into()),
            Self::Sequence(items) => Value::Sequence(items.into_iter().map(Node::into_owned).collect()),
            Self::Mapping(mapping) => Value::Mapping(Mapping {
                entries: mapping
                    .entries
                    .into_iter()
                    .map(|entry| Entry {
                        key: entry.key.into_owned().into(),
                        key_span: entry.key_span,
                        value: entry.value.into_owned(),
                    })
                    .collect(),
            }),
        }
    }
}

impl<'a> Node<'a> {
    /// The same node, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        Node { value: self.value.into_owned(), span: self.span }
    }

    /// The mapping here, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping<'a>> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The items here, if it is a sequence.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The text here, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The node under `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.as_mapping().and_then(|mapping| mapping.get(key))
    }

    /// The node at the end of `keys`, each a key of the mapping before.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Node<'a>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }
}
