//! Every text of an object, with the way to it: what the rules about texts go through once.
//!
//! Depends on [`crate::yaml`] alone. A path is made only for what is reported.

use crate::yaml::{Node, Path, Segment, Span, Value};

/// The way from an object to one of its nodes, kept on the stack while walking.
pub(super) struct Trail<'t> {
    before: Option<&'t Trail<'t>>,
    step: Step<'t>,
}

/// One step of a [`Trail`].
#[derive(Clone, Copy)]
enum Step<'t> {
    Key(&'t str),
    Index(usize),
}

impl<'t> Trail<'t> {
    /// The way to the value of a key.
    pub(super) fn key(before: Option<&'t Self>, key: &'t str) -> Self {
        Self { before, step: Step::Key(key) }
    }

    /// The way to an item.
    pub(super) fn index(before: Option<&'t Self>, index: usize) -> Self {
        Self { before, step: Step::Index(index) }
    }

    /// The key the way ends with; `None` at an item.
    pub(super) fn last_key(&self) -> Option<&'t str> {
        match self.step {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }

    /// Whether it is one step from the object.
    pub(super) fn is_first(&self) -> bool {
        self.before.is_none()
    }

    /// Whether the way leads through this key, or ends with it.
    pub(super) fn passes(&self, key: &str) -> bool {
        self.last_key() == Some(key) || self.before.is_some_and(|before| before.passes(key))
    }

    /// The way as a path.
    pub(super) fn path(&self) -> Path {
        let path = self.before.map(Self::path).unwrap_or_default();
        path.then(match self.step {
            Step::Key(key) => Segment::Key(key.to_owned()),
            Step::Index(index) => Segment::Index(index),
        })
    }
}

/// Goes through the texts of a node and below it, in the order of the document.
pub(super) fn visit<'n>(
    node: &'n Node<'_>,
    trail: Option<&Trail<'_>>,
    visitor: &mut dyn FnMut(&Trail<'_>, &'n Node<'_>, &'n str),
) {
    let mut texts = |trail: &Trail<'_>, node: &'n Node<'_>| {
        if let Value::String(text) = &node.value {
            visitor(trail, node, text);
        }
        true
    };
    if let Some(trail) = trail {
        texts(trail, node);
    }
    descend(node, trail, &mut texts);
}

/// Goes through the nodes below a node, in the order of the document; the visitor says whether to go
/// below each.
pub(super) fn descend<'n, 'a>(
    node: &'n Node<'a>,
    trail: Option<&Trail<'_>>,
    visitor: &mut dyn FnMut(&Trail<'_>, &'n Node<'a>) -> bool,
) {
    match &node.value {
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let here = Trail::index(trail, index);
                if visitor(&here, item) {
                    descend(item, Some(&here), visitor);
                }
            }
        }
        Value::Mapping(mapping) => {
            for entry in mapping.entries() {
                let here = Trail::key(trail, &entry.key);
                if visitor(&here, &entry.value) {
                    descend(&entry.value, Some(&here), visitor);
                }
            }
        }
        _ => {}
    }
}

/// Where a part of a text stands in the stream: in a text of many lines, its own line. `None` when it is
/// not written there as it reads.
pub(super) fn place(stream: &str, node: &Node<'_>, part: &str) -> Option<Span> {
    let first_line = part.lines().next().filter(|line| !line.is_empty())?;
    let at = node.span.start + stream.get(node.span.start..node.span.end)?.find(first_line)?;
    Some(Span { start: at, end: at + first_line.len() })
}

/// Whether the line that holds `at` is a comment in one of the usual languages of configuration.
pub(super) fn is_in_comment(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let Some(line) = before.rfind('\n').map(|line| line + 1).or(text.contains('\n').then_some(0)) else {
        return false;
    };
    let line = text.get(line..).unwrap_or_default().trim_start();
    ["#", "//", ";", "--", "* ", "/*", "<!--", "{{/*"].iter().any(|sign| line.starts_with(sign))
        && !line.starts_with("-----")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, load_stream};

    #[test]
    fn every_text_is_visited_once_with_its_path() {
        let stream = "a: one\nb: [two, 3, {c.d: three}]\ne: {f: ~, g: |\n    four\n    five\n  }\n";
        let stream = stream
            .replace("e: {f: ~, g: |\n    four\n    five\n  }\n", "e:\n  f: ~\n  g: |\n    four\n    five\n");
        let documents = load_stream(&stream, &Limits::default()).unwrap();
        let mut seen = Vec::new();
        visit(&documents[0].root, None, &mut |trail, node, text| {
            let place = place(&stream, node, text.lines().last().unwrap()).unwrap();
            seen.push((trail.path().to_string(), stream[place.start..place.end].to_owned()));
        });
        let expected = [("a", "one"), ("b[0]", "two"), ("b[2][\"c.d\"]", "three"), ("e.g", "five")];
        assert_eq!(seen, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }

    #[test]
    fn comments_are_told_in_texts_of_many_lines_only() {
        for (text, expected) in [
            ("a: 1\n # x@\n", true),
            ("// x@\nb\n", true),
            ("# x@", false),
            ("a: 1 # x@\n", false),
            ("-----BEGIN@\n", false),
            ("x@\n# c\n", false),
        ] {
            assert_eq!(is_in_comment(text, text.find('@').unwrap()), expected, "{text:?}");
        }
    }
}
