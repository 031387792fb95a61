//! Tags and directives.
//!
//! Depends on [`super::characters`].

use super::characters::{Cursor, SyntaxError, is_word};
use super::scanner::Token;

impl<'a> Cursor<'a> {
    /// A tag: its handle, empty for a verbatim one, and what follows.
    pub(super) fn tag(&mut self) -> Result<(&'a str, String), SyntaxError> {
        let (handle, suffix) = if self.at(1) == b'<' {
            self.skip();
            self.skip();
            let suffix = self.uri("")?;
            if self.at(0) != b'>' {
                return Err(self.error("a tag without `>`"));
            }
            self.skip();
            ("", suffix)
        } else {
            let handle = self.handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                (handle, self.uri("")?)
            } else {
                let suffix = self.uri(handle)?;
                if suffix.is_empty() { ("", "!".to_owned()) } else { ("!", suffix) }
            }
        };
        if !self.is_blank_or_end(0) {
            return Err(self.error("something sticks to a tag"));
        }
        Ok((handle, suffix))
    }

    fn handle(&mut self, whole: bool) -> Result<&'a str, SyntaxError> {
        let start = self.byte();
        if self.at(0) != b'!' {
            return Err(self.error("a tag without `!`"));
        }
        self.skip();
        self.word();
        if self.at(0) == b'!' {
            self.skip();
        } else if whole && self.byte() > start + 1 {
            return Err(self.error("a tag's handle without a second `!`"));
        }
        Ok(self.text(start, self.byte()))
    }

    /// What may follow a handle; `head` was taken for one and is part of this, without its `!`.
    fn uri(&mut self, head: &str) -> Result<String, SyntaxError> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut is_there = !head.is_empty();
        loop {
            match self.at(0) {
                b'%' => uri.extend(self.escaped()?),
                byte if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.skip();
                }
                _ => break,
            }
            is_there = true;
        }
        if !is_there {
            return Err(self.error("a tag without a name"));
        }
        String::from_utf8(uri).map_err(|_| self.error("a tag with an escape that is no character"))
    }

    /// The bytes of one character as `%XX` each.
    fn escaped(&mut self) -> Result<Vec<u8>, SyntaxError> {
        let mut bytes = Vec::new();
        let mut wanted = 1;
        while bytes.len() < wanted {
            let digits = (self.at(0) == b'%').then(|| self.text(self.byte() + 1, self.byte() + 3));
            let octet = digits
                .filter(|digits| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or_else(|| self.error("`%` without two hexadecimal digits in a tag"))?;
            if bytes.is_empty() {
                wanted = match octet {
                    0x00..=0x7F => 1,
                    0xC0..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    0xF0..=0xF7 => 4,
                    _ => return Err(self.error("a tag with an escape that is no character")),
                };
            }
            bytes.push(octet);
            for _ in 0..3 {
                self.skip();
            }
        }
        Ok(bytes)
    }

    /// A line that begins with `%`.
    pub(super) fn directive(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.skip();
        let name = self.word();
        if name.is_empty() || !self.is_blank_or_end(0) {
            return Err(self.error("`%` begins a directive, and this is none"));
        }
        let token = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.version_number()?;
                if self.at(0) != b'.' {
                    return Err(self.error("a version without `.`"));
                }
                self.skip();
                Token::Version(major, self.version_number()?)
            }
            "TAG" => {
                self.skip_blanks();
                let handle = self.handle(true)?;
                if !self.is_blank(0) {
                    return Err(self.error("a tag's handle without a prefix"));
                }
                self.skip_blanks();
                let prefix = self.uri("")?;
                if !self.is_blank_or_end(0) {
                    return Err(self.error("something sticks to a tag's prefix"));
                }
                Token::TagPrefix(handle, prefix)
            }
            _ => return Err(self.error("there are the directives %YAML and %TAG alone")),
        };
        self.skip_blanks();
        if self.at(0) == b'#' {
            self.skip_to_break();
        }
        if !self.is_break_or_end(0) {
            return Err(self.error("something follows a directive"));
        }
        self.skip_break();
        Ok(token)
    }

    fn version_number(&mut self) -> Result<u32, SyntaxError> {
        let start = self.byte();
        while self.at(0).is_ascii_digit() {
            self.skip();
        }
        let digits = self.text(start, self.byte());
        if digits.len() > 2 {
            return Err(self.error("a version that is too long"));
        }
        digits.parse().map_err(|_| self.error("a version without a number"))
    }
}
