//! Text into tokens, by the rules of libyaml as `go.yaml.in/yaml/v2` applies them, on which
//! `sigs.k8s.io/yaml`, and so everything that reads manifests for Kubernetes, stands.
//!
//! YAML 1.1 and that library's own ways differ from YAML 1.2 in more than scalars: which tabs are taken,
//! what a colon in a flow collection means, which characters break lines. Depends on [`super::characters`]
//! and [`super::fold`]; knows nothing of values.

use super::characters::{Cursor, SyntaxError};
use std::borrow::Cow;
use std::collections::VecDeque;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// What the text consists of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    StreamEnd,
    Version(u32, u32),
    /// `%TAG`: a handle and the prefix it stands for.
    TagPrefix(&'a str, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// A handle, empty for a verbatim tag, and what follows it.
    Tag(&'a str, String),
    Scalar(Cow<'a, str>, Style),
}

/// A token and the bytes it takes.
#[derive(Clone, Debug)]
pub(super) struct Placed<'a> {
    pub(super) token: Token<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A place where a key without `?` may have begun, which only the `:` behind it tells.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// The number of the token that would be the key.
    token: usize,
    /// Nobody waits for the `:` any more, which may come all the same: the library forgets a flow
    /// collection in which no key could have begun.
    forgotten: bool,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    byte: usize,
    character: usize,
    line: usize,
    column: usize,
}

/// A key without `?` ends on its line, within so many characters.
const LONGEST_SIMPLE_KEY: usize = 1024;

/// The tokens of one text.
pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    tokens: VecDeque<Placed<'a>>,
    /// How many tokens were taken.
    taken: usize,
    /// The column of the innermost block collection, -1 outside of any.
    indent: isize,
    indents: Vec<isize>,
    pub(super) flow_level: usize,
    key_allowed: bool,
    /// One for each flow level, and one for the block context.
    keys: Vec<SimpleKey>,
    at_end: bool,
    /// Whether the first token is there and nothing can come in front of it any more.
    is_ready: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        Ok(Self {
            cursor: Cursor::new(text)?,
            tokens: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            at_end: false,
            is_ready: false,
        })
    }

    /// The next token, which stays where it is. Behind the end there is the end again.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<&Placed<'a>, SyntaxError> {
        // Asked for several times before it is taken.
        if !self.is_ready {
            self.prepare()?;
        }
        Ok(&self.tokens[0])
    }

    #[inline(never)]
    fn prepare(&mut self) -> Result<(), SyntaxError> {
        while !self.at_end && self.needs_more()? {
            self.fetch()?;
        }
        if self.tokens.is_empty() {
            let end = self.cursor.byte();
            self.tokens.push_back(Placed { token: Token::StreamEnd, start: end, end });
        }
        self.is_ready = true;
        Ok(())
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Placed<'a>, SyntaxError> {
        self.peek()?;
        self.is_ready = false;
        self.taken += 1;
        let end = self.cursor.byte();
        Ok(self.tokens.pop_front().unwrap_or(Placed { token: Token::StreamEnd, start: end, end }))
    }

    /// Whether there is no token, or the first may yet turn out to have a key in front of it.
    fn needs_more(&mut self) -> Result<bool, SyntaxError> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        let Some(at) =
            self.keys.iter().position(|key| key.possible && !key.forgotten && key.token == self.taken)
        else {
            return Ok(false);
        };
        self.is_valid(at)
    }

    fn here(&self) -> Place {
        Place {
            byte: self.cursor.byte(),
            character: self.cursor.character(),
            line: self.cursor.line(),
            column: self.cursor.column(),
        }
    }

    fn push(&mut self, token: Token<'a>, start: usize) {
        let end = self.cursor.byte();
        self.tokens.push_back(Placed { token, start, end });
    }

    fn fetch(&mut self) -> Result<(), SyntaxError> {
        self.skip_to_token();
        self.unroll(self.cursor.column_signed());
        let cursor = &self.cursor;
        if cursor.is_end() {
            return self.stream_end();
        }
        if cursor.column() == 0 {
            if cursor.at(0) == b'%' {
                return self.directive();
            }
            if cursor.is_document_indicator() {
                let token = if cursor.at(0) == b'-' { Token::DocumentStart } else { Token::DocumentEnd };
                return self.document_indicator(token);
            }
        }
        let in_flow = self.flow_level > 0;
        let blank_follows = cursor.is_blank_or_end(1);
        match cursor.at(0) {
            b'[' => self.flow_start(Token::FlowSequenceStart),
            b'{' => self.flow_start(Token::FlowMappingStart),
            b']' => self.flow_end(Token::FlowSequenceEnd),
            b'}' => self.flow_end(Token::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if blank_follows => self.block_entry(),
            b'?' if in_flow || blank_follows => self.key(),
            b':' if in_flow || blank_follows => self.value(),
            b'*' | b'&' => self.anchor(),
            b'!' => self.tag(),
            b'|' | b'>' if !in_flow => self.block_scalar(),
            b'\'' | b'"' => self.quoted(),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(self.cursor.error("a character that nothing can start with"))
            }
            _ => self.plain(),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            if self.cursor.column() == 0 {
                self.cursor.skip_leading_mark();
            }
            let tabs = self.flow_level > 0 || !self.key_allowed;
            self.cursor.skip_run(|byte| byte == b' ' || (tabs && byte == b'\t'));
            if self.cursor.at(0) == b'#' {
                self.cursor.skip_to_break();
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn is_valid(&mut self, at: usize) -> Result<bool, SyntaxError> {
        let (line, character) = (self.cursor.line(), self.cursor.character());
        let key = &mut self.keys[at];
        if !key.possible {
            return Ok(false);
        }
        if key.place.line < line || key.place.character + LONGEST_SIMPLE_KEY < character {
            if key.required {
                return Err(SyntaxError { at: key.place.byte, message: "a key without `:` behind it" });
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_key(&mut self) -> Result<(), SyntaxError> {
        if self.key_allowed {
            let place = self.here();
            let required = self.flow_level == 0 && self.indent == self.cursor.column_signed();
            let token = self.taken + self.tokens.len();
            self.remove_key()?;
            if let Some(key) = self.keys.last_mut() {
                *key = SimpleKey { possible: true, required, token, forgotten: false, place };
            }
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Result<(), SyntaxError> {
        match self.keys.last_mut() {
            Some(key) if key.possible && key.required => {
                Err(SyntaxError { at: key.place.byte, message: "a key without `:` behind it" })
            }
            Some(key) => {
                key.possible = false;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Opens a block collection when `column` is deeper than what is open; `number` says in front of
    /// which token, by default behind all.
    fn roll(&mut self, column: usize, number: Option<usize>, token: Token<'a>, byte: usize) {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let placed = Placed { token, start: byte, end: byte };
        match number {
            Some(number) => self.insert(number, placed),
            None => self.tokens.push_back(placed),
        }
    }

    /// Puts a token in front of one that is not taken yet, else behind all.
    fn insert(&mut self, number: usize, placed: Placed<'a>) {
        let at = number.checked_sub(self.taken).unwrap_or(self.tokens.len());
        self.tokens.insert(at, placed);
    }

    fn unroll(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            let here = self.cursor.byte();
            self.push(Token::BlockEnd, here);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Result<(), SyntaxError> {
        self.cursor.end_line();
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        self.at_end = true;
        let here = self.cursor.byte();
        self.push(Token::StreamEnd, here);
        Ok(())
    }

    fn document_indicator(&mut self, token: Token<'a>) -> Result<(), SyntaxError> {
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        for _ in 0..3 {
            self.cursor.skip();
        }
        self.push(token, start);
        Ok(())
    }

    /// An indicator of one character.
    fn indicator(&mut self, token: Token<'a>) {
        let start = self.cursor.byte();
        self.cursor.skip();
        self.push(token, start);
    }

    fn flow_start(&mut self, token: Token<'a>) -> Result<(), SyntaxError> {
        self.save_key()?;
        let number = self.taken + self.tokens.len();
        self.keys.push(SimpleKey { token: number, ..SimpleKey::default() });
        self.flow_level += 1;
        self.key_allowed = true;
        self.indicator(token);
        Ok(())
    }

    fn flow_end(&mut self, token: Token<'a>) -> Result<(), SyntaxError> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let closed = self.keys.pop();
            for key in &mut self.keys {
                key.forgotten |= closed.is_some_and(|closed| closed.token == key.token);
            }
        }
        self.key_allowed = false;
        self.indicator(token);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), SyntaxError> {
        self.remove_key()?;
        self.key_allowed = true;
        self.indicator(Token::FlowEntry);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.cursor.error("a sequence entry may not stand here"));
            }
            self.roll(self.cursor.column(), None, Token::BlockSequenceStart, self.cursor.byte());
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.indicator(Token::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.cursor.error("a key may not stand here"));
            }
            self.roll(self.cursor.column(), None, Token::BlockMappingStart, self.cursor.byte());
        }
        self.remove_key()?;
        self.key_allowed = self.flow_level == 0;
        self.indicator(Token::Key);
        Ok(())
    }

    fn value(&mut self) -> Result<(), SyntaxError> {
        let last = self.keys.len() - 1;
        if self.is_valid(last)? {
            let key = self.keys[last];
            let byte = key.place.byte;
            let placed = Placed { token: Token::Key, start: byte, end: byte };
            self.insert(key.token, placed);
            self.roll(key.place.column, Some(key.token), Token::BlockMappingStart, byte);
            self.keys[last].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(self
                        .cursor
                        .error("a mapping may not stand here; is a value with `: ` without quotes?"));
                }
                self.roll(self.cursor.column(), None, Token::BlockMappingStart, self.cursor.byte());
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.indicator(Token::Value);
        Ok(())
    }

    fn anchor(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        let is_alias = self.cursor.at(0) == b'*';
        self.cursor.skip();
        let name = self.cursor.word();
        let ends = self.cursor.is_blank_or_end(0)
            || matches!(self.cursor.at(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.cursor.error("the name of an anchor has letters, digits, `-` and `_` alone"));
        }
        self.push(if is_alias { Token::Alias(name) } else { Token::Anchor(name) }, start);
        Ok(())
    }

    fn tag(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        let (handle, suffix) = self.cursor.tag()?;
        self.push(Token::Tag(handle, suffix), start);
        Ok(())
    }

    fn directive(&mut self) -> Result<(), SyntaxError> {
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        let token = self.cursor.directive()?;
        self.push(token, start);
        Ok(())
    }

    fn block_scalar(&mut self) -> Result<(), SyntaxError> {
        self.remove_key()?;
        self.key_allowed = true;
        let start = self.cursor.byte();
        let (text, end) = self.cursor.block_scalar(self.indent)?;
        self.tokens.push_back(Placed { token: Token::Scalar(text, Style::Block), start, end });
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        let text = self.cursor.quoted()?;
        self.push(Token::Scalar(text, Style::Quoted), start);
        Ok(())
    }

    fn plain(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.cursor.byte();
        let plain = self.cursor.plain(self.indent, self.flow_level > 0)?;
        self.tokens.push_back(Placed {
            token: Token::Scalar(plain.text, Style::Plain),
            start,
            end: plain.end,
        });
        self.key_allowed = plain.crossed_lines;
        Ok(())
    }
}
