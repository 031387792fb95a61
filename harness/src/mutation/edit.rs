//! Changes to the text of a stream, placed by the spans of its nodes, so that nothing else changes.
//!
//! Depends on `gift_plugin::yaml`. Each gives `None` where the text is not written in a way it knows; the
//! mutation is then not made.

use gift_plugin::encode::Edit;
use gift_plugin::yaml::{Entry, Node, Span, quoted};

/// A text in double quotes, or as it is where it reads back as the same text.
pub(super) fn word(text: &str) -> String {
    if gift_plugin::yaml::is_plain_word(text) { text.to_owned() } else { quoted(text) }
}

/// Puts `written` in the place of a scalar of one line.
pub(super) fn replace(text: &str, node: &Node<'_>, written: impl Into<String>) -> Option<Edit> {
    let before = text.get(node.span.start..node.span.end)?;
    let is_scalar = node.as_mapping().is_none() && node.as_sequence().is_none();
    (is_scalar && !before.is_empty() && !before.contains('\n') && !before.starts_with(['*', '&', '!']))
        .then(|| Edit { span: node.span, text: written.into() })
}

/// Gives a key another name.
pub(super) fn rename(text: &str, entry: &Entry<'_>, name: &str) -> Option<Edit> {
    let before = text.get(entry.key_span.start..entry.key_span.end)?;
    (!before.is_empty() && before != "<<" && before != name)
        .then(|| Edit { span: entry.key_span, text: word(name) })
}

/// Takes an entry out of a mapping.
pub(super) fn remove(text: &str, mapping: &Node<'_>, key: &str) -> Option<Edit> {
    let entries = mapping.as_mapping()?.entries();
    let at = entries.iter().position(|entry| entry.key == key)?;
    let entry = entries.get(at)?;
    if entries.len() == 1 {
        return emptied(text, mapping, "{}");
    }
    if is_flow(text, mapping) {
        let span = match (entries.get(at + 1), at.checked_sub(1).and_then(|before| entries.get(before))) {
            (Some(next), _) => Span { start: entry.key_span.start, end: next.key_span.start },
            (None, Some(before)) => Span { start: before.value.span.end, end: entry.value.span.end },
            (None, None) => return None,
        };
        return Some(Edit { span, text: String::new() });
    }
    // The first of an item of a sequence stands behind the dash: up to where the next begins.
    let span = match entries.get(at + 1) {
        Some(next) => Span { start: entry.key_span.start, end: next.key_span.start },
        None => {
            let start = line_start(text, entry.key_span.start)?;
            Span { start, end: block_end(text, &entry.value)? }
        }
    };
    Some(Edit { span, text: String::new() })
}

/// Takes an item out of a sequence.
pub(super) fn remove_item(text: &str, sequence: &Node<'_>, index: usize) -> Option<Edit> {
    let items = sequence.as_sequence()?;
    let item = items.get(index)?;
    if items.len() == 1 {
        return emptied(text, sequence, "[]");
    }
    let span = match (items.get(index + 1), index.checked_sub(1).and_then(|before| items.get(before))) {
        (Some(next), _) => Span { start: item.span.start, end: next.span.start },
        (None, Some(before)) if is_flow(text, sequence) => {
            Span { start: before.span.end, end: item.span.end }
        }
        (None, _) => Span { start: line_start(text, item.span.start)?, end: block_end(text, item)? },
    };
    Some(Edit { span, text: String::new() })
}

/// Puts an entry, written as `key: value` on one line, in front of the others of a mapping.
pub(super) fn insert(text: &str, mapping: &Node<'_>, entry: &str) -> Option<Edit> {
    let Some(first) = mapping.as_mapping()?.entries().first() else {
        return (text.get(mapping.span.start..mapping.span.end)? == "{}")
            .then(|| Edit { span: mapping.span, text: format!("{{{entry}}}") });
    };
    let start = first.key_span.start;
    let added = if is_flow(text, mapping) {
        format!("{entry}, ")
    } else {
        format!("{entry}\n{}", " ".repeat(start - line_start(text, start)?))
    };
    Some(Edit { span: Span { start, end: start }, text: added })
}

/// Puts an item, written on one line, in front of the others of a sequence.
pub(super) fn insert_item(text: &str, sequence: &Node<'_>, item: &str) -> Option<Edit> {
    let Some(first) = sequence.as_sequence()?.first() else {
        return (text.get(sequence.span.start..sequence.span.end)? == "[]")
            .then(|| Edit { span: sequence.span, text: format!("[{item}]") });
    };
    let start = first.span.start;
    let added = if is_flow(text, sequence) {
        format!("{item}, ")
    } else {
        let before = text.get(line_start(text, start)?..start)?;
        let dash = before.rfind('-')?;
        format!("{item}\n{}{}", " ".repeat(dash), before.get(dash..)?)
    };
    Some(Edit { span: Span { start, end: start }, text: added })
}

/// Adds lines behind a document.
pub(super) fn append_document(text: &str, document: Span, body: &str) -> Edit {
    let whole = text.get(..document.end).is_some_and(|before| before.ends_with('\n'));
    let break_before = if whole { "" } else { "\n" };
    let at = Span { start: document.end, end: document.end };
    Edit { span: at, text: format!("{break_before}---\n{body}\n") }
}

fn is_flow(text: &str, collection: &Node<'_>) -> bool {
    matches!(text.as_bytes().get(collection.span.start), Some(b'{' | b'['))
}

/// An empty collection in the place of one with a single member.
fn emptied(text: &str, collection: &Node<'_>, written: &str) -> Option<Edit> {
    let span = collection.span;
    let body = text.get(span.start..span.end)?;
    // What is written in block style may end with its line.
    let line_break = if body.ends_with('\n') { "\n" } else { "" };
    // A sequence may stand as far left as its key, where a value in brackets may not.
    Some(Edit { span, text: format!(" {written}{line_break}") })
}

fn line_start(text: &str, at: usize) -> Option<usize> {
    Some(text.get(..at)?.rfind('\n').map_or(0, |line| line + 1))
}

/// The first byte behind the lines of a value in block style.
fn block_end(text: &str, value: &Node<'_>) -> Option<usize> {
    let end = value.span.end;
    if text.get(..end)?.ends_with('\n') {
        return Some(end);
    }
    Some(text.get(end..)?.find('\n').map_or(text.len(), |line| end + line + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Objects;
    use gift_plugin::encode::apply;

    const BLOCK: &str = "\
a:
  b: 1 # one
  c: |
    two
  d: [x, z]
e:
- name: f
  value: g
- name: h
i:
- j
";
    const FLOW: &str = "{a: {b: 1, c: two, d: [x, z]}, e: [{name: f, value: g}, {name: h}], i: [j]}\n";

    /// What an edit makes of a text, read as JSON.
    fn edited(text: &str, path: &str, edit: impl Fn(&Node<'_>) -> Option<Edit>) -> Option<serde_json::Value> {
        let objects = Objects::read(text.as_bytes()).unwrap();
        let object = objects.iter().next().unwrap();
        let node = if path.is_empty() { object.root() } else { object.get(path).unwrap() };
        let changed = apply(text, Span { start: 0, end: text.len() }, vec![edit(node)?]);
        let read = Objects::read(changed.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{changed}"));
        Some(read.iter().next().unwrap().to_json())
    }

    #[test]
    fn both_styles_are_edited_alike() {
        let whole = edited(FLOW, "a.b", |node| replace(FLOW, node, "1")).unwrap();
        for text in [BLOCK, FLOW] {
            let check = |path: &str, edit: &dyn Fn(&Node<'_>) -> Option<Edit>, pointer: &str, expected| {
                let found = edited(text, path, edit).unwrap();
                let found = found.pointer(pointer).cloned().unwrap_or(serde_json::Value::Null);
                assert_eq!(found, expected, "{path} {pointer} in\n{text}");
            };
            use serde_json::json;
            let two = if text == BLOCK { "two\n" } else { "two" };
            check("a", &|n| remove(text, n, "b"), "/a", json!({"c": two, "d": ["x", "z"]}));
            check("a", &|n| remove(text, n, "c"), "/a", json!({"b": 1, "d": ["x", "z"]}));
            check("a", &|n| remove(text, n, "d"), "/a", json!({"b": 1, "c": two}));
            check("", &|n| remove(text, n, "i"), "/i", json!(null));
            check("", &|n| remove(text, n, "i"), "/e", whole["e"].clone());
            check("e[0]", &|n| remove(text, n, "name"), "/e/0", json!({"value": "g"}));
            check("e[0]", &|n| remove(text, n, "value"), "/e", json!([{"name": "f"}, {"name": "h"}]));
            check("e[1]", &|n| remove(text, n, "name"), "/e/1", json!({}));
            check("e", &|n| remove_item(text, n, 0), "/e", json!([{"name": "h"}]));
            check("e", &|n| remove_item(text, n, 1), "/e", json!([{"name": "f", "value": "g"}]));
            check("i", &|n| remove_item(text, n, 0), "/i", json!([]));
            check("a.d", &|n| remove_item(text, n, 1), "/a/d", json!(["x"]));
            check("e[0]", &|n| insert(text, n, "k: 1"), "/e/0", json!({"k": 1, "name": "f", "value": "g"}));
            check("a", &|n| insert(text, n, "k: 1"), "/a/k", json!(1));
            check("e", &|n| insert_item(text, n, "{k: 1}"), "/e/0", json!({"k": 1}));
            check("e", &|n| insert_item(text, n, "{k: 1}"), "/e/2", json!({"name": "h"}));
            check("a.b", &|n| replace(text, n, "two"), "/a/b", json!("two"));
            check("a", &|n| rename(text, n.as_mapping()?.entry("b")?, "B"), "/a/B", json!(1));
        }
    }

    #[test]
    fn what_is_written_over_several_lines_is_left_alone() {
        assert_eq!(edited(BLOCK, "a.c", |node| replace(BLOCK, node, "x")), None);
        assert_eq!(edited(BLOCK, "a", |node| replace(BLOCK, node, "x")), None);
    }
}
