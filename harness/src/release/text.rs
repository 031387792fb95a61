//! YAML and JSON as values, with the line each part stands in.
//!
//! Depends on [`gift_plugin::yaml`] and [`crate::publish`], which reads files of the same kind.

use crate::publish::load;
use gift_plugin::yaml::{Document, Lines, Node, Path, Segment};
use serde_json::Value;

/// A text and its documents.
#[derive(Debug)]
pub(super) struct Text<'t> {
    lines: Lines<'t>,
    pub(super) documents: Vec<Document<'t>>,
}

impl<'t> Text<'t> {
    /// Reads YAML or JSON; an error begins with its line.
    pub(super) fn read(text: &'t str) -> Result<Self, String> {
        Ok(Self { lines: Lines::new(text), documents: load(text)? })
    }

    /// The first document as a value; null when there is none.
    pub(super) fn value(&self) -> Value {
        self.documents.first().map_or(Value::Null, |document| crate::objects::to_json(&document.root))
    }

    /// The line of a node.
    pub(super) fn line(&self, node: &Node<'_>) -> usize {
        self.lines.position(node.span.start).0
    }

    /// The line in which the part of the first document stands that a JSON pointer leads to, or the nearest to it.
    pub(super) fn line_of(&self, pointer: &str) -> usize {
        let Some(document) = self.documents.first() else { return 1 };
        let mut path = Path::root();
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let (node, _) = path.nearest(&document.root);
            let segment = match part.parse() {
                Ok(index) if node.as_sequence().is_some() => Segment::Index(index),
                _ => Segment::Key(part),
            };
            path = path.then(segment);
        }
        self.line(path.nearest(&document.root).0)
    }
}

/// A key as a part of a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_line() {
        let text = Text::read("{\n\"a/b\": {\n  \"c\": [\n    1,\n    2]},\n\"0\": 3}\n").unwrap();
        for (pointer, line) in [("", 1), ("/a~1b/c/1", 5), ("/0", 6), ("/a~1b/gone/further", 2)] {
            assert_eq!(text.line_of(pointer), line, "{pointer}");
        }
        assert_eq!(escaped("a/b~"), "a~1b~0");
    }
}
