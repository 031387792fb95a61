//! An expression's text as tokens.
//!
//! Depends on [`super::error`] alone.

use super::error::CompileError;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) kind: TokenKind,
    /// As it is written.
    pub(super) text: &'s str,
    pub(super) offset: usize,
}

/// What a [`Token`] is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    End,
    Identifier,
    /// Digits, or `0x` and hexadecimal digits.
    Int,
    /// The same with a `u` behind, which the text still has.
    Uint,
    Double,
    String(String),
    Bytes(Vec<u8>),
    /// One of the operators and brackets; the text says which.
    Symbol,
}

/// Symbols, longer ones first.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", ".", ",", ":", "?", "(", ")", "[", "]", "{", "}", "<", ">", "+", "-",
    "*", "/", "%", "!", "=",
];

/// All tokens of `source`, the last one being [`TokenKind::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, CompileError> {
    let mut lexer = Lexer { source, position: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    position: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.position..]
    }

    fn error<T>(&self, offset: usize, message: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::new(self.source, offset, message))
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            let comment =
                if trimmed.starts_with("//") { trimmed.find('\n').unwrap_or(trimmed.len()) } else { 0 };
            if trimmed.len() == rest.len() && comment == 0 {
                return;
            }
            self.position += rest.len() - trimmed.len() + comment;
        }
    }

    fn next(&mut self) -> Result<Token<'s>, CompileError> {
        self.skip_blanks();
        let offset = self.position;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token { kind: TokenKind::End, text: "<EOF>", offset });
        };
        let kind = if let Some(kind) = self.text_literal()? {
            kind
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.position += length;
            TokenKind::Identifier
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            self.number()
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.position += symbol.len();
            TokenKind::Symbol
        } else {
            return self.error(offset, format!("Syntax error: token recognition error at: '{first}'"));
        };
        Ok(Token { kind, text: &self.source[offset..self.position], offset })
    }

    fn number(&mut self) -> TokenKind {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut kind = TokenKind::Int;
        let mut length;
        let hexadecimal = match rest {
            [b'0', b'x', tail @ ..] => tail.iter().take_while(|byte| byte.is_ascii_hexdigit()).count(),
            _ => 0,
        };
        if hexadecimal > 0 {
            length = 2 + hexadecimal;
        } else {
            length = digits(0);
            if rest.get(length) == Some(&b'.') && digits(length + 1) > 0 {
                length += 1 + digits(length + 1);
                kind = TokenKind::Double;
            }
            if matches!(rest.get(length), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(rest.get(length + 1), Some(b'+' | b'-')));
                let exponent = if length + 1 + sign <= rest.len() { digits(length + 1 + sign) } else { 0 };
                if exponent > 0 {
                    length += 1 + sign + exponent;
                    kind = TokenKind::Double;
                }
            }
        }
        if kind == TokenKind::Int && matches!(rest.get(length), Some(b'u' | b'U')) {
            length += 1;
            kind = TokenKind::Uint;
        }
        self.position += length;
        kind
    }

    /// A string or bytes literal, if there is one here.
    fn text_literal(&mut self) -> Result<Option<TokenKind>, CompileError> {
        let start = self.position;
        let rest = self.rest();
        let (mut raw, mut bytes, mut prefix) = (false, false, 0);
        for character in rest.chars().take(2) {
            match character {
                'r' | 'R' if !raw => raw = true,
                // `br` and no `rb`.
                'b' | 'B' if !bytes && !raw => bytes = true,
                _ => break,
            }
            prefix += 1;
        }
        let body = &rest[prefix..];
        let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote))
        else {
            return Ok(None);
        };
        let long = quote.len() == 3;
        let mut text = Vec::new();
        let mut at = start + prefix + quote.len();
        loop {
            let remaining = &self.source[at..];
            if remaining.starts_with(quote) {
                self.position = at + quote.len();
                break;
            }
            match remaining.chars().next() {
                Some('\\') if !raw => at += self.escape(at, bytes, &mut text)?,
                Some('\\') => {
                    // In a raw string a backslash is itself, yet still keeps the quote behind it from ending the string.
                    text.push(b'\\');
                    at += 1;
                    if let Some(next) =
                        self.source[at..].chars().next().filter(|next| long || !matches!(next, '\n' | '\r'))
                    {
                        text.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
                        at += next.len_utf8();
                    }
                }
                Some(character) if long || !matches!(character, '\n' | '\r') => {
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    at += character.len_utf8();
                }
                _ => {
                    let shown: String = rest.chars().take(40).collect();
                    return self.error(start, format!("Syntax error: token recognition error at: '{shown}'"));
                }
            }
        }
        if bytes {
            return Ok(Some(TokenKind::Bytes(text)));
        }
        match String::from_utf8(text) {
            Ok(text) => Ok(Some(TokenKind::String(text))),
            Err(_) => self.error(start, "invalid unicode code point"),
        }
    }

    /// Appends what the escape sequence at byte `at` stands for; gives its length.
    fn escape(&self, at: usize, bytes: bool, text: &mut Vec<u8>) -> Result<usize, CompileError> {
        let sequence = &self.source[at + 1..];
        let Some(letter) = sequence.chars().next() else {
            return self.error(at, "Syntax error: token recognition error at: '\\'");
        };
        let simple = match letter {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' | '\'' | '"' | '`' | '?' => letter as u8,
            _ => 0,
        };
        if simple != 0 {
            text.push(simple);
            return Ok(2);
        }
        let (skip, count, radix) = match letter {
            'x' | 'X' => (1, 2, 16),
            'u' if !bytes => (1, 4, 16),
            'U' if !bytes => (1, 8, 16),
            '0'..='3' => (0, 3, 8),
            _ => return self.error(at, format!("Syntax error: token recognition error at: '\\{letter}'")),
        };
        let code = sequence
            .get(skip..skip + count)
            .filter(|digits| digits.chars().all(|digit| digit.is_digit(radix)))
            .and_then(|digits| u32::from_str_radix(digits, radix).ok());
        let Some(code) = code else {
            return self.error(at, "invalid escape sequence");
        };
        if bytes {
            match u8::try_from(code) {
                Ok(byte) => text.push(byte),
                Err(_) => return self.error(at, "invalid escape sequence"),
            }
        } else {
            match char::from_u32(code) {
                Some(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                None => return self.error(at, "invalid unicode code point"),
            }
        }
        Ok(1 + skip + count)
    }
}
