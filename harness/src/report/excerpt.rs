//! The line of a stream a finding points at, with everything hidden that may be secret.
//!
//! Depends on the findings' shape alone.

use gift_plugin::protocol::Finding;

/// What stands in the place of a hidden value.
const HIDDEN: &str = "(hidden)";

/// Fields whose values may carry credentials in any object: they are never shown.
const CONFIDENTIAL_FIELDS: &[&str] =
    &["data", "stringData", "binaryData", "env", "args", "command", "annotations", "httpHeaders"];

/// Keys at the start of a line of a Secret whose values are not secret.
const OPEN_KEYS: &[&str] = &["apiVersion", "kind", "type", "immutable"];

/// A manifest stream to quote from.
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    lines: Vec<&'a [u8]>,
}

/// A line to show and what to point at in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, without control characters, its secret parts replaced.
    pub text: String,
    /// The first character to point at, counted from 0.
    pub column: usize,
    /// How many characters to point at, at least 1.
    pub width: usize,
}

impl<'a> Stream<'a> {
    /// Takes the stream the findings' lines are counted in.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { lines: bytes.split(|&byte| byte == b'\n').collect() }
    }

    /// The line `finding` points at, if there is one.
    #[must_use]
    pub fn excerpt(&self, finding: &Finding) -> Option<Excerpt> {
        let index = finding.line.checked_sub(1)?;
        let line = String::from_utf8_lossy(self.lines.get(index)?);
        let line = line.trim_start_matches('\u{feff}').trim_end();
        let start = finding.column.saturating_sub(1);
        if self.is_confidential(finding, index) {
            return Some(hide(line, start, finding));
        }
        let text: String = line.chars().map(printable).collect();
        Some(Excerpt { width: width_of_value(&text, start), text, column: start })
    }

    fn is_confidential(&self, finding: &Finding, index: usize) -> bool {
        finding.object.kind == "Secret"
            || segments(&finding.path).any(|field| CONFIDENTIAL_FIELDS.contains(&field))
            || self.document_around(index).iter().any(|line| names_a_secret(line))
    }

    fn document_around(&self, index: usize) -> &[&'a [u8]] {
        let is_separator = |line: &&[u8]| line.starts_with(b"---");
        let start = self.lines[..index].iter().rposition(is_separator).unwrap_or(0);
        let end = self.lines[index + 1..]
            .iter()
            .position(is_separator)
            .map_or(self.lines.len(), |end| index + 1 + end);
        &self.lines[start..end]
    }
}

/// The fields of a path, indexes and quotes left out: `a.b[0]["c"]` gives `a`, `b`, `0`, `c`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']', '"', '\'']).filter(|segment| !segment.is_empty())
}

/// Whether a line may say that its object, or an item of its List, is a Secret; also in JSON, where
/// everything may stand on one line.
fn names_a_secret(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    line.match_indices("kind").any(|(at, word)| {
        let rest = line[at + word.len()..].trim_start_matches(['"', '\'', ' ', '\t', ':']);
        rest.starts_with("Secret")
    })
}

fn hide(line: &str, start: usize, finding: &Finding) -> Excerpt {
    let indentation: String = line.chars().take_while(|c| matches!(c, ' ' | '-')).collect();
    let rest = line[indentation.len()..].trim_start_matches(['"', '\'']);
    let key = rest.split([':', '"', '\'']).next().unwrap_or_default();
    let after = rest[key.len()..].trim_start_matches(['"', '\'']);
    let known = after.starts_with(": ") || after == ":";
    let path = finding.path.trim_end_matches(['"', ']', '\'']);
    let own_key = !key.is_empty()
        && path.strip_suffix(key).is_some_and(|before| before.ends_with(['.', '[', '"', '\'']));
    let open_key = indentation.is_empty() && OPEN_KEYS.contains(&key);
    if known && open_key {
        let text: String = line.chars().map(printable).collect();
        return Excerpt { width: width_of_value(&text, start), text, column: start };
    }
    let prefix = if known && own_key { format!("{indentation}{key}: ") } else { indentation };
    let column = prefix.chars().count();
    let text: String = prefix.chars().map(printable).chain(HIDDEN.chars()).collect();
    Excerpt { text, column, width: HIDDEN.len() }
}

/// To the end of the line, without a comment, and at least one character.
fn width_of_value(text: &str, start: usize) -> usize {
    let value: String = text.chars().skip(start).collect();
    let value = if value.starts_with(['"', '\'']) {
        value.as_str()
    } else {
        value.split(" #").next().unwrap_or(&value)
    };
    value.trim_end().chars().count().max(1)
}

/// Keeps a hostile manifest from driving the reader's terminal.
pub(crate) fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        // Marks that reorder text, which can make a line read as something else.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples::{STREAM, findings};

    fn finding(path: &str, kind: &str, line: usize, column: usize) -> Finding {
        let mut finding = findings().remove(0);
        finding.path = path.into();
        finding.object.kind = kind.into();
        finding.line = line;
        finding.column = column;
        finding
    }

    #[test]
    fn the_value_is_pointed_at() {
        let excerpt = Stream::new(STREAM.as_bytes()).excerpt(&findings()[0]).unwrap();
        assert_eq!(excerpt.text, "          image: shop/cart:latest");
        assert_eq!((excerpt.column, excerpt.width), (17, 16));
    }

    #[test]
    fn values_that_may_be_secret_are_hidden() {
        let stream = Stream::new(STREAM.as_bytes());
        for finding in &findings()[1..] {
            let excerpt = stream.excerpt(finding).unwrap();
            assert!(!excerpt.text.contains("hunter2"), "{excerpt:?}");
            assert!(excerpt.text.contains(HIDDEN), "{excerpt:?}");
        }
        assert_eq!(stream.excerpt(&findings()[2]).unwrap().text, "  PASSWORD: (hidden)");
    }

    #[test]
    fn a_secret_is_recognised_however_it_is_written() {
        for document in [
            "apiVersion: v1\nkind: Secret\nstringData:\n  a: hunter2",
            "apiVersion: v1\nkind: \"Secret\"\nstringData:\n  a: hunter2",
            "kind: List\nitems:\n  - kind: Secret\n    data: {a: hunter2}",
            "{\"kind\":\"List\",\n\"items\":[{\"kind\" : \"Secret\",\n\"data\":{\"a\":\n\"hunter2\"}}]}",
            "stringData:\n  a: |\n    hunter2: x\nkind: Secret",
            "kind: SecretList\nitems:\n- data:\n    a: hunter2",
        ] {
            let stream = Stream::new(document.as_bytes());
            for line in 1..=document.lines().count() {
                for path in ["", "items[0]", "spec.x"] {
                    let text = stream.excerpt(&finding(path, "", line, 1)).unwrap().text;
                    assert!(!text.contains("hunter2"), "{document}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_neighbour_of_a_secret_is_shown() {
        let stream = "kind: Secret\ndata: {a: aGk=}\n---\nkind: Pod\nspec:\n  nodeName: x\n---\nkind: Secret";
        let excerpt =
            Stream::new(stream.as_bytes()).excerpt(&finding("spec.nodeName", "Pod", 6, 13)).unwrap();
        assert_eq!(excerpt.text, "  nodeName: x");
    }

    #[test]
    fn terminal_sequences_do_not_pass() {
        let stream = "kind: Pod\nimage: \u{1b}]0;owned\u{7}x\u{202e}\n";
        let text = Stream::new(stream.as_bytes()).excerpt(&finding("image", "Pod", 2, 8)).unwrap().text;
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn a_line_that_is_not_there_has_no_excerpt() {
        let stream = Stream::new(b"a: 1\n");
        assert_eq!(stream.excerpt(&finding("a", "Pod", 0, 0)), None);
        assert_eq!(stream.excerpt(&finding("a", "Pod", 9, 1)), None);
    }

    #[test]
    fn a_comment_is_not_pointed_at() {
        let excerpt = Stream::new(b"image: x # why").excerpt(&finding("image", "Pod", 1, 8)).unwrap();
        assert_eq!(excerpt.width, 1);
    }
}
