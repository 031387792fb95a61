//! Where in a tree a node is, as people write it: `spec.containers[0].image`.
//!
//! Depends on [`super::node`] alone.

use super::node::{Node, Value};
use std::fmt::{self, Write as _};

/// One step from a collection to what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a mapping.
    Key(String),
    /// An index of a sequence, from 0.
    Index(usize),
}

/// A way from the root of an object to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The path of the root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of `node` below `root`, found by identity: equal values elsewhere do not count.
    #[must_use]
    pub fn of(node: &Node<'_>, root: &Node<'_>) -> Option<Self> {
        let mut path = Self::default();
        descend(node, root, &mut path).then_some(path)
    }

    /// This path and one step more.
    #[must_use]
    pub fn then(mut self, segment: Segment) -> Self {
        self.0.push(segment);
        self
    }

    /// This path and the key `key`.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.then(Segment::Key(key.into()))
    }

    /// This path and the index `index`.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    /// The steps, from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The node at the end of the path, or as far as the path leads, and whether it is the end.
    #[must_use]
    pub fn nearest<'tree, 'a>(&self, root: &'tree Node<'a>) -> (&'tree Node<'a>, bool) {
        let mut node = root;
        for segment in &self.0 {
            let next = match (segment, &node.value) {
                (Segment::Key(key), Value::Mapping(mapping)) => mapping.get(key),
                (Segment::Index(index), Value::Sequence(items)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return (node, false),
            }
        }
        (node, true)
    }
}

fn descend(wanted: &Node<'_>, node: &Node<'_>, path: &mut Path) -> bool {
    if std::ptr::eq(std::ptr::from_ref(wanted).cast::<u8>(), std::ptr::from_ref(node).cast::<u8>()) {
        return true;
    }
    match &node.value {
        Value::Mapping(mapping) => mapping.entries().iter().any(|entry| {
            path.0.push(Segment::Key(entry.key.clone().into_owned()));
            descend(wanted, &entry.value, path) || path.0.pop().is_none()
        }),
        Value::Sequence(items) => items.iter().enumerate().any(|(index, item)| {
            path.0.push(Segment::Index(index));
            descend(wanted, item, path) || path.0.pop().is_none()
        }),
        _ => false,
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    /// ```
    /// use gift_plugin::yaml::Path;
    ///
    /// let path = Path::root().key("metadata").key("labels").key("example.com/team");
    /// assert_eq!(path.to_string(), "metadata.labels[\"example.com/team\"]");
    /// ```
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(formatter, "[{index}]")?,
                Segment::Key(key) if is_plain(key) => {
                    if at > 0 {
                        formatter.write_char('.')?;
                    }
                    formatter.write_str(key)?;
                }
                Segment::Key(key) => write!(formatter, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, load_stream};

    #[test]
    fn a_node_is_found_by_identity() {
        let documents = load_stream("a: [{b: 1}, {b: 1}]\nc.d: 1\n", &Limits::default()).unwrap();
        let root = &documents[0].root;
        let node = root.get("a").unwrap().as_sequence().unwrap()[1].get("b").unwrap();
        assert_eq!(Path::of(node, root).unwrap().to_string(), "a[1].b");
        assert_eq!(Path::of(root.get("c.d").unwrap(), root).unwrap().to_string(), "[\"c.d\"]");
        assert_eq!(Path::of(root, root), Some(Path::root()));
        assert_eq!(Path::of(&root.clone(), root), None);
    }

    #[test]
    fn a_path_leads_as_far_as_it_can() {
        let documents = load_stream("a: {b: [1]}\n", &Limits::default()).unwrap();
        let root = &documents[0].root;
        let path = Path::root().key("a").key("b").index(3);
        assert_eq!(path.nearest(root), (root.at(&["a", "b"]).unwrap(), false));
        assert!(Path::root().key("a").nearest(root).1);
    }
}
