//! Changes to a text, and where in the text the entries of a mapping begin and end.
//!
//! Depends on [`crate::yaml`] alone. An edit that would not read back as meant is the caller's to
//! notice: it loads the result and compares.

use crate::yaml::{Entry, Mapping, Node, Span, Value, is_plain_word, quoted};

/// A stretch of text and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// Carries out edits that do not overlap, on the stretch `window` of `text`.
///
/// ```
/// use gift_plugin::encode::{Edit, apply};
/// use gift_plugin::yaml::Span;
///
/// let edit = Edit { span: Span { start: 3, end: 4 }, text: "2".to_owned() };
/// assert_eq!(apply("a: 1\n", Span { start: 0, end: 5 }, vec![edit]), "a: 2\n");
/// ```
#[must_use]
pub fn apply(text: &str, window: Span, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(window.end - window.start);
    let mut at = window.start;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = at.max(edit.span.end);
    }
    out.push_str(text.get(at..window.end).unwrap_or_default());
    out
}

/// Puts Base64 in the place of a value, in the style the value was written in.
pub(super) fn replace_value(text: &str, entry: &Entry<'_>, encoded: &str) -> Edit {
    let span = entry.value.span;
    let written_quoted = text.as_bytes().get(span.start) == Some(&b'"');
    let word = word(encoded, written_quoted);
    let glued = span.start == span.end && text.as_bytes().get(span.start.wrapping_sub(1)) == Some(&b':');
    Edit { span, text: if glued { format!(" {word}") } else { word } }
}

fn word(encoded: &str, always_quoted: bool) -> String {
    if !always_quoted && is_plain_word(encoded) { encoded.to_owned() } else { quoted(encoded) }
}

/// Whether a mapping is written in braces.
pub(super) fn is_flow(text: &str, node: &Node<'_>) -> bool {
    text.as_bytes().get(node.span.start) == Some(&b'{')
}

/// Takes an entry out of a mapping: its lines in block style, with a comma in flow style.
pub(super) fn remove_entry(text: &str, mapping: &Node<'_>, key: &str) -> Option<Edit> {
    let entries = mapping.as_mapping()?.entries();
    let at = entries.iter().position(|entry| entry.key == key)?;
    let entry = &entries[at];
    let span = if is_flow(text, mapping) {
        match (entries.get(at + 1), at.checked_sub(1).and_then(|before| entries.get(before))) {
            (Some(next), _) => Span { start: entry.key_span.start, end: next.key_span.start },
            (None, Some(before)) => Span { start: before.value.span.end, end: entry.value.span.end },
            (None, None) => Span { start: entry.key_span.start, end: entry.value.span.end },
        }
    } else {
        let start = text.get(..entry.key_span.start)?.rfind('\n').map_or(0, |line| line + 1);
        Span { start, end: line_end(text, entry.value.span.end) }
    };
    Some(Edit { span, text: String::new() })
}

/// Adds entries behind the last one of a mapping that has some.
pub(super) fn append_entries(text: &str, mapping: &Node<'_>, added: &[(&str, &str)]) -> Option<Edit> {
    let Value::Mapping(entries) = &mapping.value else { return None };
    let last = Mapping::entries(entries).last()?;
    if is_flow(text, mapping) {
        let at = last.value.span.end;
        let body: String =
            added.iter().map(|(key, value)| format!(", {}: {}", quoted(key), quoted(value))).collect();
        return Some(Edit { span: Span { start: at, end: at }, text: body });
    }
    let line = text.get(..last.key_span.start)?.rfind('\n').map_or(0, |line| line + 1);
    let indent = text.get(line..last.key_span.start)?;
    let at = line_end(text, last.value.span.end);
    let break_before = if text.get(..at)?.ends_with('\n') { "" } else { "\n" };
    let body: String = added
        .iter()
        .map(|(key, value)| format!("{indent}{}: {}\n", key_word(key), word(value, false)))
        .collect();
    Some(Edit { span: Span { start: at, end: at }, text: format!("{break_before}{body}") })
}

fn key_word(key: &str) -> String {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && key.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && (key.contains(['_', '-', '.']) || is_plain_word(key));
    if is_plain { key.to_owned() } else { quoted(key) }
}

/// The first byte of the line after the one that holds the byte before `at`.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |line| at + line + 1)
}
