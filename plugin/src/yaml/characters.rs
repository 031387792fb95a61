//! A place in a text that moves on, and what can be read there without knowing what comes next.
//!
//! Lines and columns are counted as `go.yaml.in/yaml/v2` counts them. Depends on nothing.

/// Where and why a text is not YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The byte of the text.
    pub(super) at: usize,
    /// What is wrong there.
    pub(super) message: &'static str,
}

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    byte: usize,
    character: usize,
    line: usize,
    column: usize,
    /// A second byte order mark, which stands for nothing where the text begins.
    mark: Option<usize>,
}

const MARK: &str = "\u{feff}";

impl<'a> Cursor<'a> {
    /// The start of `text`, whose characters must all be those YAML allows.
    pub(super) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
        if !text.bytes().all(plain)
            && let Some((at, _)) = text.char_indices().find(|(_, character)| !is_allowed(*character))
        {
            return Err(SyntaxError { at, message: "a character that YAML does not allow" });
        }
        let start = if text.starts_with(MARK) { MARK.len() } else { 0 };
        let mark = text[start..].starts_with(MARK).then_some(start);
        Ok(Self { text, byte: start, character: 0, line: 0, column: 0, mark })
    }

    pub(super) fn byte(&self) -> usize {
        self.byte
    }

    pub(super) fn character(&self) -> usize {
        self.character
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn column(&self) -> usize {
        self.column
    }

    pub(super) fn column_signed(&self) -> isize {
        isize::try_from(self.column).unwrap_or(isize::MAX)
    }

    pub(super) fn error(&self, message: &'static str) -> SyntaxError {
        SyntaxError { at: self.byte, message }
    }

    /// The byte `ahead` of the place, 0 behind the end: YAML allows no such character.
    pub(super) fn at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.byte + ahead).copied().unwrap_or(0)
    }

    pub(super) fn text(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn is_end(&self) -> bool {
        self.byte >= self.text.len()
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), b' ' | b'\t')
    }

    /// How many bytes the line break has that stands `ahead`, 0 when there is none.
    fn break_length(&self, ahead: usize) -> usize {
        match self.at(ahead) {
            b'\r' if self.at(ahead + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            0xC2 if self.at(ahead + 1) == 0x85 => 2,
            0xE2 if self.at(ahead + 1) == 0x80 && matches!(self.at(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        self.break_length(ahead) > 0
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.at(ahead) == 0 || self.is_break(ahead)
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// `---` or `...` at the start of a line, and nothing that belongs to it behind.
    pub(super) fn is_document_indicator(&self) -> bool {
        let first = self.at(0);
        self.column == 0
            && matches!(first, b'-' | b'.')
            && self.at(1) == first
            && self.at(2) == first
            && self.is_blank_or_end(3)
    }

    /// Passes one character.
    pub(super) fn skip(&mut self) {
        self.byte += match self.at(0) {
            0x00..=0x7F => 1,
            0x80..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        self.character += 1;
        self.column += 1;
    }

    /// Passes the bytes that are wanted; they must be ASCII, and no line breaks.
    pub(super) fn skip_run(&mut self, wanted: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.byte..).unwrap_or_default();
        let length = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.byte += length;
        self.character += length;
        self.column += length;
    }

    /// Passes a line break, if there is one.
    pub(super) fn skip_break(&mut self) {
        let length = self.break_length(0);
        if length > 0 {
            self.character += if self.at(0) == b'\r' { length } else { 1 };
            self.byte += length;
            self.column = 0;
            self.line += 1;
        }
    }

    /// Passes a line break and gives what it stands for in a value.
    pub(super) fn read_break(&mut self) -> &'a str {
        let start = self.byte;
        let is_separator = self.at(0) == 0xE2;
        self.skip_break();
        if start == self.byte {
            ""
        } else if is_separator {
            self.text(start, self.byte)
        } else {
            "\n"
        }
    }

    /// Passes everything up to the end of the line.
    pub(super) fn skip_to_break(&mut self) {
        loop {
            self.skip_run(|byte| matches!(byte, b' '..=b'~'));
            if self.is_break_or_end(0) {
                return;
            }
            self.skip();
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        self.skip_run(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// Ends a last line that has no line break.
    pub(super) fn end_line(&mut self) {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
    }

    /// Passes a second byte order mark where the text begins.
    pub(super) fn skip_leading_mark(&mut self) {
        if self.mark == Some(self.byte) {
            self.skip();
        }
    }

    /// Passes letters, digits, `-` and `_`.
    pub(super) fn word(&mut self) -> &'a str {
        let start = self.byte;
        self.skip_run(is_word);
        self.text(start, self.byte)
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

pub(super) fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'
    )
}
