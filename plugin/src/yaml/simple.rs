//! Documents as templates print most of them: block mappings and sequences whose scalars stand on one line,
//! and texts behind `|`.
//!
//! They are read line by line, several times faster than token by token. Whatever goes beyond that, anchors,
//! tags, flow collections, escapes, repeated keys, other line breaks, and every mistake, is left to
//! [`super::read`], which begins again: what both of them read, they read alike. Depends on
//! [`super::node`], [`super::scalar`] and what [`super::characters`] allows.

use super::characters::is_allowed;
use super::node::{Mapping, Node, Span, Value};
use super::scalar::{Scalar, resolve};
use std::borrow::Cow;

/// Reads the one document of `part`, which begins `offset` bytes behind the start of its stream; `None` when
/// there is none, or it takes more to read it.
pub(super) fn read(part: &str, offset: usize, max_depth: usize) -> Option<Node<'_>> {
    if !part.bytes().all(is_plain_byte) && !part.chars().all(is_plain_character) {
        return None;
    }
    let mut reader = Reader { text: part, offset, max_depth, at: 0, column: END, last_end: 0 };
    reader.find_content(0)?;
    if reader.is_marker(b'-') {
        let end = reader.rest_of_line(reader.at + 3)?;
        reader.next_line(end)?;
    } else if reader.is_marker(b'.') {
        return None;
    }
    let root = reader.block(0)?;
    (reader.column == END).then_some(root)
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

/// Neither a tab nor a line break other than `\n`, nor a byte order mark.
fn is_plain_character(character: char) -> bool {
    is_allowed(character)
        && !matches!(character, '\t' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The column behind the last line.
const END: isize = -1;

/// The longest key that is read here, less than what YAML allows.
const LONGEST_KEY: usize = 1000;

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    max_depth: usize,
    /// The first byte of the line that is not a space.
    at: usize,
    /// How deep it is indented.
    column: isize,
    /// Behind the last thing that was read.
    last_end: usize,
}

/// What a key or a dash is followed by.
#[derive(Clone, Copy)]
enum Parent {
    /// The column of a mapping.
    Mapping(isize),
    /// The column of a sequence, and where its dash is.
    Sequence(isize, usize),
}

/// What stands on one line.
enum Item<'a> {
    /// A key, where it ends, and where its colon is.
    Key(Cow<'a, str>, usize, usize),
    /// A value, where it ends, and where its line does.
    Value(Value<'a>, usize, usize),
}

impl<'a> Reader<'a> {
    /// The byte at a place, a line break behind the end.
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    fn is_space_or_break(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n')
    }

    fn is_entry(&self, at: usize) -> bool {
        self.byte(at) == b'-' && self.is_space_or_break(at + 1)
    }

    /// The first place from `at` on that is no space.
    fn skip_spaces(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| **byte == b' ').count()
    }

    /// The end of the line.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    }

    /// The end of the line, if nothing but a comment stands in front of it.
    fn rest_of_line(&self, at: usize) -> Option<usize> {
        let next = self.skip_spaces(at);
        match self.byte(next) {
            b'\n' => Some(next),
            b'#' if next > at => Some(self.line_end(next)),
            _ => None,
        }
    }

    /// Whether the line is `---` or `...`, or begins with it and a space.
    fn is_marker(&self, byte: u8) -> bool {
        self.column == 0
            && (0..3).all(|ahead| self.byte(self.at + ahead) == byte)
            && self.is_space_or_break(self.at + 3)
    }

    /// Goes on from the end of a line to the next one that holds something, and no other document.
    fn next_line(&mut self, end: usize) -> Option<()> {
        self.find_content(end + 1)?;
        (!self.is_marker(b'-') && !self.is_marker(b'.')).then_some(())
    }

    fn find_content(&mut self, mut start: usize) -> Option<()> {
        loop {
            let at = self.skip_spaces(start);
            match self.byte(at) {
                _ if at >= self.text.len() => {
                    (self.at, self.column) = (self.text.len(), END);
                    return Some(());
                }
                b'\n' => start = at + 1,
                b'#' => start = self.line_end(at) + 1,
                _ => {
                    (self.at, self.column) = (at, isize::try_from(at - start).ok()?);
                    return Some(());
                }
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { start: self.offset + start, end: self.offset + end }
    }

    /// The collection that begins on this line.
    fn block(&mut self, depth: usize) -> Option<Node<'a>> {
        if self.column == END || depth > self.max_depth {
            None
        } else if self.is_entry(self.at) {
            self.sequence(self.column, false, depth)
        } else {
            self.mapping(self.column, depth)
        }
    }

    fn mapping(&mut self, column: isize, depth: usize) -> Option<Node<'a>> {
        let start = self.at;
        let mut mapping = Mapping::default();
        while self.column == column {
            let at = self.at;
            let Item::Key(key, end, colon) = self.item(at)? else { return None };
            self.last_end = colon + 1;
            let value = self.value(Parent::Mapping(column), depth + 1)?;
            if mapping.insert(key, self.span(at, end), value).is_some() {
                return None;
            }
        }
        let span = self.span(start, self.last_end);
        // What is deeper goes on with a scalar, or is a mistake.
        (self.column < column).then_some(Node { value: Value::Mapping(mapping), span })
    }

    /// A sequence; one without an indentation of its own stands as deep as the mapping it belongs to.
    fn sequence(&mut self, column: isize, indentless: bool, depth: usize) -> Option<Node<'a>> {
        let start = self.at;
        let mut items = Vec::new();
        while self.column == column && self.is_entry(self.at) {
            let dash = self.at;
            self.last_end = dash + 1;
            items.push(self.value(Parent::Sequence(column, dash), depth + 1)?);
        }
        let span = self.span(start, self.last_end);
        let ends = self.column < column || (indentless && self.column == column);
        ends.then_some(Node { value: Value::Sequence(items), span })
    }

    /// What belongs to the colon or dash that was read last.
    fn value(&mut self, parent: Parent, depth: usize) -> Option<Node<'a>> {
        if depth > self.max_depth {
            return None;
        }
        let after = self.last_end;
        let (Parent::Mapping(column) | Parent::Sequence(column, _)) = parent;
        if let Some(end) = self.rest_of_line(after) {
            self.next_line(end)?;
            if self.column > column {
                return self.block(depth);
            }
            if matches!(parent, Parent::Mapping(_)) && self.column == column && self.is_entry(self.at) {
                return self.sequence(column, true, depth);
            }
            return Some(Node { value: Value::Null, span: self.span(after, after) });
        }
        let at = self.skip_spaces(after);
        if self.byte(at) == b'|' {
            return self.literal(at, column);
        }
        let is_nested = self.is_entry(at);
        let (value, end, line_end) = match (parent, self.item(at)) {
            (_, Some(Item::Value(value, end, line_end))) => (value, end, line_end),
            (Parent::Sequence(column, dash), item) if is_nested || item.is_some() => {
                (self.at, self.column) = (at, column + isize::try_from(at - dash).ok()?);
                return self.block(depth);
            }
            _ => return None,
        };
        self.last_end = end;
        self.next_line(line_end)?;
        Some(Node { value, span: self.span(at, end) })
    }

    /// A key or a value on one line.
    fn item(&self, at: usize) -> Option<Item<'a>> {
        match self.byte(at) {
            quote @ (b'"' | b'\'') => self.quoted(at, quote),
            open @ (b'[' | b'{') => {
                let value = match (open, self.byte(at + 1)) {
                    (b'[', b']') => Value::Sequence(Vec::new()),
                    (b'{', b'}') => Value::Mapping(Mapping::default()),
                    _ => return None,
                };
                Some(Item::Value(value, at + 2, self.rest_of_line(at + 2)?))
            }
            b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'#' | b',' | b']' | b'}' => None,
            b'-' | b'?' | b':' if self.is_space_or_break(at + 1) => None,
            _ => self.plain(at),
        }
    }

    fn quoted(&self, at: usize, quote: u8) -> Option<Item<'a>> {
        let rest = self.text.as_bytes().get(at + 1..)?;
        let stop = |byte: &u8| *byte == quote || *byte == b'\n' || (*byte == b'\\' && quote == b'"');
        let close = at + 1 + rest.iter().position(stop)?;
        let end = close + 1;
        if self.byte(close) != quote || (quote == b'\'' && self.byte(end) == b'\'') {
            return None;
        }
        let text = self.text.get(at + 1..close)?.into();
        if self.byte(end) == b':' {
            return (self.is_space_or_break(end + 1) && end - at <= LONGEST_KEY)
                .then_some(Item::Key(text, end, end));
        }
        Some(Item::Value(Value::String(text), end, self.rest_of_line(end)?))
    }

    fn plain(&self, at: usize) -> Option<Item<'a>> {
        let bytes = self.text.as_bytes();
        let mut end = at + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\n' => break,
                b'#' if bytes[end - 1] == b' ' => break,
                b':' if self.is_space_or_break(end + 1) => {
                    let text = self.text.get(at..end)?;
                    if text == "<<" || text.ends_with(' ') || text.len() > LONGEST_KEY {
                        return None;
                    }
                    return Some(Item::Key(resolve(None, text.into()).ok()?.key()?, end, end));
                }
                _ => end += 1,
            }
        }
        let text = self.text.get(at..end)?.trim_end_matches(' ');
        let value = resolve(None, text.into()).and_then(Scalar::value).ok()?;
        Some(Item::Value(value, at + text.len(), self.line_end(end)))
    }

    /// A text behind `|` or `|-`, whose first line tells how deep it is indented.
    fn literal(&mut self, at: usize, parent: isize) -> Option<Node<'a>> {
        let strip = self.byte(at + 1) == b'-';
        let mut line = at + 1 + usize::from(strip);
        if self.byte(line) != b'\n' || line >= self.text.len() {
            return None;
        }
        line += 1;
        let indent = self.skip_spaces(line) - line;
        if isize::try_from(indent).ok()? <= parent || indent == 0 || self.byte(line + indent) == b'\n' {
            return None;
        }
        let mut text = String::new();
        let mut breaks = 0;
        let mut end = at;
        let mut line_end = line - 1;
        while line < self.text.len() {
            let start = self.skip_spaces(line).min(line + indent);
            let is_blank = self.byte(start) == b'\n';
            if start - line < indent && !is_blank {
                break;
            }
            line_end = self.line_end(start);
            if is_blank && start < self.text.len() {
                breaks += 1;
            } else if !is_blank {
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(self.text.get(start..line_end)?);
                end = line_end;
                // The break of this line is part of the text only if one is there.
                breaks = usize::from(line_end < self.text.len());
            }
            line = line_end + 1;
        }
        if !strip && end < self.text.len() {
            text.push('\n');
        }
        self.last_end = at + self.text.get(at..end)?.trim_end().len();
        self.next_line(line_end)?;
        Some(Node { value: Value::String(text.into()), span: self.span(at, self.last_end) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Limits;
    use crate::yaml::read::read as read_tokens;
    use proptest::prelude::*;

    /// Whether a text is read here, and if so as it is read token by token.
    fn is_read(text: &str) -> bool {
        let limits = Limits::default();
        let Some(root) = read(text, 7, limits.max_depth) else { return false };
        assert_eq!(read_tokens(text, 7, &limits), Ok((Some(root), Vec::new())), "{text:?}");
        true
    }

    const DOCUMENT: &str = "---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"web\"   # why\n  labels: {}\n  'odd key': [] \n\n  annotations:\n    on: yes\n    1: 0x10\ndata:\n  empty:\n  url: http://web:80/#a\n  선물: 선물 \n  file: |\n    a: 1\n\n      deeper \n    # no comment\n      \n\n  stripped: |-\n    one\n   \n  # a comment\nlist:\n- a\n- - b\n  - c: 1\n    d:\n    - e\n    -\n    - f: |\n        g\n-\n  h: i\n- \"j: k\"\nlast: -1.5\n";

    #[test]
    fn what_templates_print_is_read_and_read_as_it_is_token_by_token() {
        assert!(is_read(DOCUMENT));
        assert!(is_read(DOCUMENT.trim_end()));
        // Cut off anywhere it is read alike, or not here.
        let ends = DOCUMENT.char_indices().map(|(at, _)| &DOCUMENT[..at]);
        assert!(ends.filter(|text| is_read(text)).count() > 200);
    }

    #[test]
    fn depth_is_counted_alike() {
        let nested =
            |depth: usize| (0..depth).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
        assert!(read(&nested(128), 0, 128).is_some());
        assert!(read(&nested(129), 0, 128).is_none());
        assert!(read_tokens(&nested(128), 0, &Limits::default()).is_ok());
        assert!(read_tokens(&nested(129), 0, &Limits::default()).is_err());
    }

    #[test]
    fn what_takes_more_is_left_to_others() {
        for text in [
            "",
            "# nothing\n",
            "---\n",
            "a\n",
            "a: 1\na: 2\n",
            "a: &b c\n",
            "a: *b\n",
            "<<: {}\n",
            "a: [b]\n",
            "a: b\n  c\n",
            "a: >\n  b\n",
            "a: |+\n  b\n",
            "a: |2\n   b\n",
            "a: \"\\n\"\n",
            "a: 'b''c'\n",
            "a: !!str 1\n",
            "? a\n: b\n",
            "a: b\n...\n",
            "a: b\n--- c\n",
            "... a: b\n",
            "---\n--- a: b\n",
            "a: b\n... c: d\n",
            "%YAML 1.1\n---\na: b\n",
            "a:\tb\n",
            "a: b\r\n",
            "\u{feff}a: b\n",
            "a: b: c\n",
            "a: .inf\n",
            "~: a\n",
            "a: b\n c: d\n",
            "a:\n  b: c\n d: e\n",
            "- a\nb: c\n",
        ] {
            assert!(!is_read(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_read_alike_or_not_here(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "b: ", "c:", "- ", "-", "\n", "\n", "\n", "\n  ", "\n  ", "\n    ", " ", "  ", "#", " # x", "\"", "'", "d: \"e\"",
                "'f': g", "|", "|\n", "|-\n", "h: |\n    i", "{}", "[]", "[", "1", "0x1", "~", "on", "?", ": ", ":", "---", "\n---\n",
                "...", "é", "\u{85}", "\t", "\r\n", "&x ", "*x", "!", ">", "%", "<<: ", "j: k\n", "  l: m\n", "- n: o\n", "- p\n", ",", "\\",
            ]), 0..24)
        ) {
            is_read(&parts.concat());
        }
    }
}
