//! An expression's text as tokens.
//!
//! What is no token is left out and told; the rest is read as if it were not there.
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
    /// Text with an escape sequence that stands for nothing, and what is said of it.
    Unescapable(&'static str),
    /// A name between backticks.
    Escaped,
    /// One of the operators and brackets; the text says which.
    Symbol,
}

/// Symbols, longer ones first.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", ".", ",", ":", "?", "(", ")", "[", "]", "{", "}", "<", ">", "+", "-",
    "*", "/", "%", "!",
];

/// All tokens of `source`, the last one being [`TokenKind::End`], and what is none.
pub(super) fn tokens(source: &str) -> (Vec<Token<'_>>, Vec<CompileError>) {
    let mut lexer = Lexer { source, position: 0, errors: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            return (tokens, lexer.errors);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    position: usize,
    errors: Vec<CompileError>,
}

/// Where a token ends that never came to its end: behind the character that does not belong there.
struct Broken(usize);

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.position..]
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

    fn next(&mut self) -> Token<'s> {
        loop {
            self.skip_blanks();
            let offset = self.position;
            if self.rest().is_empty() {
                return Token { kind: TokenKind::End, text: "<EOF>", offset };
            }
            match self.token() {
                Ok((kind, length)) => {
                    self.position += length;
                    return Token { kind, text: &self.source[offset..self.position], offset };
                }
                Err(Broken(length)) => {
                    let text = &self.rest()[..length];
                    let message = format!("Syntax error: token recognition error at: '{text}'");
                    self.errors.push(CompileError::new(self.source, offset, message));
                    self.position += length;
                }
            }
        }
    }

    /// The token here and its length.
    fn token(&self) -> Result<(TokenKind, usize), Broken> {
        let rest = self.rest();
        let characters = |wanted: fn(char) -> bool| rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        let mut start = rest.chars();
        let (first, second) = (start.next().unwrap_or_default(), start.next());
        match first {
            '\'' | '"' => text_literal(rest, 0, false, false),
            first if first.is_ascii_alphabetic() || first == '_' => {
                let (raw, bytes, prefix) = prefix(rest);
                if rest[prefix..].starts_with(['\'', '"'])
                    && let Ok(literal) = text_literal(rest, prefix, raw, bytes)
                {
                    return Ok(literal);
                }
                Ok((TokenKind::Identifier, characters(|c| c.is_ascii_alphanumeric() || c == '_')))
            }
            first
                if first.is_ascii_digit() || (first == '.' && second.is_some_and(|c| c.is_ascii_digit())) =>
            {
                Ok(number(rest.as_bytes()))
            }
            '`' => {
                let name = &rest[1..];
                let length = name
                    .find(|c: char| !c.is_ascii_alphanumeric() && !"_.-/ ".contains(c))
                    .unwrap_or(name.len());
                let behind = name[length..].chars().next();
                match behind {
                    Some('`') if length > 0 => Ok((TokenKind::Escaped, length + 2)),
                    behind => Err(Broken(1 + length + behind.map_or(0, char::len_utf8))),
                }
            }
            // Half a symbol, and what is there instead of the other half.
            '=' | '&' | '|' if second != Some(first) => Err(Broken(1 + second.map_or(0, char::len_utf8))),
            first => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => Ok((TokenKind::Symbol, symbol.len())),
                None => Err(Broken(first.len_utf8())),
            },
        }
    }
}

/// Whether the literal here is raw, whether it is one of bytes, and the length of what says so.
fn prefix(rest: &str) -> (bool, bool, usize) {
    let mut letters = rest.bytes().map(|letter| letter.to_ascii_lowercase());
    match (letters.next(), letters.next()) {
        // `br` and no `rb`.
        (Some(b'b'), Some(b'r')) => (true, true, 2),
        (Some(b'b'), _) => (false, true, 1),
        (Some(b'r'), _) => (true, false, 1),
        _ => (false, false, 0),
    }
}

/// A number and its length.
fn number(rest: &[u8]) -> (TokenKind, usize) {
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
    (kind, length)
}

/// The string or bytes literal whose quote is `prefix` bytes from here, and its length.
fn text_literal(rest: &str, prefix: usize, raw: bool, bytes: bool) -> Result<(TokenKind, usize), Broken> {
    let body = &rest[prefix..];
    let quote = &body[..1];
    let long = quote.repeat(3);
    if body.starts_with(&long) {
        return match scan(rest, prefix + 3, &long, raw) {
            Ok(end) => Ok((literal(&rest[prefix + 3..end], raw, bytes), end + 3)),
            // Three quotes that nothing ends are an empty text and the beginning of another one.
            Err(_) => Ok((literal("", raw, bytes), prefix + 2)),
        };
    }
    let end = scan(rest, prefix + 1, quote, raw)?;
    Ok((literal(&rest[prefix + 1..end], raw, bytes), end + 1))
}

/// Where the closing `quote` stands.
fn scan(rest: &str, from: usize, quote: &str, raw: bool) -> Result<usize, Broken> {
    let is_long = quote.len() > 1;
    let mut at = from;
    loop {
        let here = &rest[at..];
        if here.starts_with(quote) {
            return Ok(at);
        }
        match here.chars().next() {
            None => return Err(Broken(at)),
            Some('\\') if !raw => {
                at += escape_length(&here[1..]).map_err(|Broken(length)| Broken(at + 1 + length))? + 1
            }
            Some(newline @ ('\n' | '\r')) if !is_long => return Err(Broken(at + newline.len_utf8())),
            Some(character) => at += character.len_utf8(),
        }
    }
}

/// The length of what follows the backslash of an escape sequence.
fn escape_length(sequence: &str) -> Result<usize, Broken> {
    let (skip, count, radix) = match sequence.chars().next() {
        Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`') => return Ok(1),
        Some('x' | 'X') => (1, 2, 16),
        Some('u') => (1, 4, 16),
        Some('U') => (1, 8, 16),
        Some('0'..='3') => (1, 2, 8),
        other => return Err(Broken(other.map_or(0, char::len_utf8))),
    };
    for (at, character) in sequence.char_indices().skip(skip).take(count) {
        if !character.is_digit(radix) {
            return Err(Broken(at + character.len_utf8()));
        }
    }
    if sequence.len() < skip + count { Err(Broken(sequence.len())) } else { Ok(skip + count) }
}

/// What the text between quotes stands for.
fn literal(written: &str, raw: bool, bytes: bool) -> TokenKind {
    // However lines end in the file, they end in one character here.
    let normal;
    let written = if written.contains('\r') {
        normal = written.replace("\r\n", "\n").replace('\r', "\n");
        normal.as_str()
    } else {
        written
    };
    let mut text = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\').filter(|_| !raw) {
        text.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        match unescaped(rest, bytes, &mut text) {
            Ok(length) => rest = &rest[length..],
            Err(message) => return TokenKind::Unescapable(message),
        }
    }
    text.extend_from_slice(rest.as_bytes());
    match String::from_utf8(text) {
        Ok(text) if !bytes => TokenKind::String(text),
        Ok(text) => TokenKind::Bytes(text.into_bytes()),
        Err(error) => TokenKind::Bytes(error.into_bytes()),
    }
}

/// Appends what an escape sequence stands for, of which `sequence` begins behind the backslash; gives its length.
fn unescaped(sequence: &str, bytes: bool, text: &mut Vec<u8>) -> Result<usize, &'static str> {
    const UNABLE: &str = "unable to unescape string";
    let letter = sequence.as_bytes().first().copied().unwrap_or_default();
    let simple = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'\'' | b'"' | b'`' | b'?' => letter,
        _ => 0,
    };
    if simple != 0 {
        text.push(simple);
        return Ok(1);
    }
    let (skip, count, radix) = match letter {
        b'x' | b'X' => (1, 2, 16),
        b'u' if !bytes => (1, 4, 16),
        b'U' if !bytes => (1, 8, 16),
        b'0'..=b'3' => (0, 3, 8),
        _ => return Err(UNABLE),
    };
    let digits = sequence.get(skip..skip + count).ok_or(UNABLE)?;
    let code = u32::from_str_radix(digits, radix).map_err(|_| UNABLE)?;
    match (u8::try_from(code), char::from_u32(code)) {
        (Ok(byte), _) if bytes => text.push(byte),
        (_, Some(character)) if !bytes => {
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => return Err("invalid unicode code point"),
    }
    Ok(skip + count)
}
