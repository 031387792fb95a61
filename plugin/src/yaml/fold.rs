//! The texts of scalars: lines joined, escapes resolved, indentation taken off.
//!
//! Depends on [`super::characters`]. What is written as it is read is borrowed.

use super::characters::{Cursor, SyntaxError};
use std::borrow::Cow;

/// A plain scalar.
pub(super) struct Plain<'a> {
    pub(super) text: Cow<'a, str>,
    /// Behind its last character; blanks behind it were passed already.
    pub(super) end: usize,
    /// Whether the place is on a later line now.
    pub(super) crossed_lines: bool,
}

/// A text that is a stretch of the source as long as it can be.
struct Builder<'a> {
    source: Cursor<'a>,
    start: usize,
    end: usize,
    owned: Option<String>,
}

impl<'a> Builder<'a> {
    fn new(source: Cursor<'a>) -> Self {
        Self { source, start: source.byte(), end: source.byte(), owned: None }
    }

    /// Takes a stretch of the source as it is.
    fn take(&mut self, start: usize, end: usize) {
        if start == end {
            return;
        }
        match &mut self.owned {
            Some(owned) => owned.push_str(self.source.text(start, end)),
            None if self.start == self.end => (self.start, self.end) = (start, end),
            None if self.end == start => self.end = end,
            None => self.add(self.source.text(start, end)),
        }
    }

    /// Adds what the source does not say in these words.
    fn add(&mut self, text: &str) {
        if !text.is_empty() {
            self.owned
                .get_or_insert_with(|| self.source.text(self.start, self.end).to_owned())
                .push_str(text);
        }
    }

    fn finish(self) -> Cow<'a, str> {
        match self.owned {
            Some(owned) => owned.into(),
            None => self.source.text(self.start, self.end).into(),
        }
    }
}

/// Blanks and line breaks between the words of a scalar.
#[derive(Default)]
struct Gap<'a> {
    blanks: (usize, usize),
    first: &'a str,
    others: String,
    has_break: bool,
}

impl<'a> Gap<'a> {
    /// Passes blanks and line breaks. `has_break` says that a line was crossed before already.
    fn pass(
        cursor: &mut Cursor<'a>,
        has_break: bool,
        least_column: Option<isize>,
    ) -> Result<Self, SyntaxError> {
        let start = cursor.byte();
        let mut gap = Self { blanks: (start, start), has_break, ..Self::default() };
        loop {
            if cursor.is_blank(0) {
                if gap.has_break
                    && cursor.at(0) == b'\t'
                    && least_column.is_some_and(|least| cursor.column_signed() < least)
                {
                    return Err(cursor.error("a tab where only spaces indent"));
                }
                cursor.skip();
                if !gap.has_break {
                    gap.blanks.1 = cursor.byte();
                }
            } else if cursor.is_break(0) {
                let read = cursor.read_break();
                if gap.has_break {
                    gap.others.push_str(read);
                } else {
                    gap.blanks = (start, start);
                    gap.first = read;
                    gap.has_break = true;
                }
            } else {
                return Ok(gap);
            }
        }
    }

    fn write(&self, out: &mut Builder<'a>) {
        if !self.has_break {
            out.take(self.blanks.0, self.blanks.1);
        } else if self.first == "\n" {
            out.add(if self.others.is_empty() { " " } else { &self.others });
        } else {
            out.add(self.first);
            out.add(&self.others);
        }
    }
}

impl<'a> Cursor<'a> {
    /// A scalar without quotes.
    pub(super) fn plain(&mut self, indent: isize, in_flow: bool) -> Result<Plain<'a>, SyntaxError> {
        let indent = indent + 1;
        let mut out = Builder::new(*self);
        let mut end = self.byte();
        let mut gap: Option<Gap<'a>> = None;
        loop {
            if self.is_document_indicator() || self.at(0) == b'#' {
                break;
            }
            let start = self.byte();
            while !self.is_blank_or_end(0) {
                let byte = self.at(0);
                let ends = match byte {
                    b':' => self.is_blank_or_end(1),
                    b',' | b'?' | b'[' | b']' | b'{' | b'}' => in_flow,
                    _ => false,
                };
                if ends {
                    break;
                }
                self.skip();
                self.skip_run(|byte| {
                    matches!(byte, b'!'..=b'~')
                        && !matches!(byte, b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}')
                });
            }
            if self.byte() > start {
                if let Some(gap) = gap.take() {
                    gap.write(&mut out);
                }
                out.take(start, self.byte());
                end = self.byte();
            }
            if !self.is_blank(0) && !self.is_break(0) {
                break;
            }
            gap = Some(Gap::pass(self, false, Some(indent))?);
            if !in_flow && self.column_signed() < indent {
                break;
            }
        }
        let crossed_lines = gap.is_some_and(|gap| gap.has_break);
        Ok(Plain { text: out.finish(), end, crossed_lines })
    }

    /// A scalar in quotes.
    pub(super) fn quoted(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let quote = self.at(0);
        self.skip();
        let mut out = Builder::new(*self);
        loop {
            if self.is_document_indicator() {
                return Err(self.error("a document ends inside quotes"));
            }
            if self.is_end() {
                return Err(self.error("quotes without an end"));
            }
            let mut has_break = false;
            let mut start = self.byte();
            while !self.is_blank_or_end(0) {
                let byte = self.at(0);
                if byte == quote {
                    if quote == b'"' || self.at(1) != b'\'' {
                        break;
                    }
                    self.skip();
                    out.take(start, self.byte());
                    self.skip();
                    start = self.byte();
                } else if quote == b'"' && byte == b'\\' {
                    out.take(start, self.byte());
                    if self.is_break(1) {
                        self.skip();
                        self.skip_break();
                        start = self.byte();
                        has_break = true;
                        break;
                    }
                    out.add(self.escape()?.encode_utf8(&mut [0; 4]));
                    start = self.byte();
                } else {
                    self.skip();
                    self.skip_run(|byte| matches!(byte, b'!'..=b'~') && byte != quote && byte != b'\\');
                }
            }
            out.take(start, self.byte());
            if self.at(0) == quote {
                self.skip();
                return Ok(out.finish());
            }
            Gap::pass(self, has_break, None)?.write(&mut out);
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let (digits, character) = match self.at(1) {
            b'0' => (0, '\0'),
            b'a' => (0, '\u{7}'),
            b'b' => (0, '\u{8}'),
            b't' | b'\t' => (0, '\t'),
            b'n' => (0, '\n'),
            b'v' => (0, '\u{b}'),
            b'f' => (0, '\u{c}'),
            b'r' => (0, '\r'),
            b'e' => (0, '\u{1b}'),
            b' ' => (0, ' '),
            b'"' => (0, '"'),
            b'\'' => (0, '\''),
            b'\\' => (0, '\\'),
            b'N' => (0, '\u{85}'),
            b'_' => (0, '\u{a0}'),
            b'L' => (0, '\u{2028}'),
            b'P' => (0, '\u{2029}'),
            b'x' => (2, '\0'),
            b'u' => (4, '\0'),
            b'U' => (8, '\0'),
            _ => return Err(self.error("`\\` in front of a character that it means nothing with")),
        };
        self.skip();
        self.skip();
        if digits == 0 {
            return Ok(character);
        }
        let code = self.text(self.byte(), self.byte() + digits);
        if code.len() != digits || !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.error("an escape without its hexadecimal digits"));
        }
        let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        let character = character.ok_or_else(|| self.error("an escape that is no character"))?;
        for _ in 0..digits {
            self.skip();
        }
        Ok(character)
    }

    /// A scalar behind `|` or `>`, and the end of its last line.
    pub(super) fn block_scalar(&mut self, parent: isize) -> Result<(Cow<'a, str>, usize), SyntaxError> {
        let is_literal = self.at(0) == b'|';
        self.skip();
        let (keep, strip, step) = self.block_header()?;
        let mut end = self.byte();
        let mut indent = step.map(|step| parent.max(0) + step);
        let mut out = Builder::new(*self);
        let mut trailing = self.block_breaks(&mut indent, parent)?;
        let column = indent.unwrap_or_default();
        let (mut leading, mut was_blank) = ("", false);
        while self.column_signed() == column && !self.is_end() {
            let is_blank = self.is_blank(0);
            if !is_literal && !was_blank && !is_blank && leading == "\n" {
                if trailing.is_empty() {
                    out.add(" ");
                }
            } else {
                out.add(leading);
            }
            out.add(&trailing);
            was_blank = is_blank;
            let start = self.byte();
            self.skip_to_break();
            out.take(start, self.byte());
            end = self.byte();
            leading = self.read_break();
            trailing = self.block_breaks(&mut indent, parent)?;
        }
        if !strip {
            out.add(leading);
        }
        if keep {
            out.add(&trailing);
        }
        Ok((out.finish(), end))
    }

    /// Whether line breaks at the end are kept or all taken off, and the indentation, if stated.
    fn block_header(&mut self) -> Result<(bool, bool, Option<isize>), SyntaxError> {
        let (mut keep, mut strip, mut step) = (false, false, None);
        for _ in 0..2 {
            match self.at(0) {
                b'+' if !keep && !strip => keep = true,
                b'-' if !keep && !strip => strip = true,
                b'0' if step.is_none() => return Err(self.error("an indentation of 0")),
                digit @ b'1'..=b'9' if step.is_none() => step = Some(isize::from(digit - b'0')),
                _ => break,
            }
            self.skip();
        }
        self.skip_blanks();
        if self.at(0) == b'#' {
            self.skip_to_break();
        }
        if !self.is_break_or_end(0) {
            return Err(self.error("something follows `|` or `>` on its line"));
        }
        self.skip_break();
        Ok((keep, strip, step))
    }

    /// Passes indentation and empty lines, and finds the indentation out when it is not known.
    fn block_breaks(&mut self, indent: &mut Option<isize>, parent: isize) -> Result<String, SyntaxError> {
        let mut breaks = String::new();
        let mut deepest = 0;
        loop {
            while indent.is_none_or(|indent| self.column_signed() < indent) && self.at(0) == b' ' {
                self.skip();
            }
            deepest = deepest.max(self.column_signed());
            if indent.is_none_or(|indent| self.column_signed() < indent) && self.at(0) == b'\t' {
                return Err(self.error("a tab where only spaces indent"));
            }
            if !self.is_break(0) {
                break;
            }
            breaks.push_str(self.read_break());
        }
        indent.get_or_insert(deepest.max(parent + 1).max(1));
        Ok(breaks)
    }
}
