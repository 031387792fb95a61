//! Files of `KEY=VALUE` lines.

use super::{Found, SecretError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads `KEY=VALUE` lines: comments with `#`, an optional `export`, values bare, in single quotes
/// (verbatim) or in double quotes (with `\n`, `\t`, `\"`, `\\`), which may span lines. A bare value
/// ends before ` #`. Values come back as Base64.
pub(super) fn parse(text: &str, path: &Path) -> Result<BTreeMap<String, Found>, SecretError> {
    let mut assignments = BTreeMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let malformed = || SecretError::Line { path: path.to_owned(), line: at + 1 };
        let line = line.trim_start_matches('\u{feff}').trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, rest) = line.split_once('=').ok_or_else(malformed)?;
        let key = key.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if key.is_empty() || !key.bytes().all(is_name) {
            return Err(malformed());
        }
        let rest = rest.trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut raw = rest[1..].to_owned();
                loop {
                    if let Some(value) = close(&raw, quote) {
                        break value;
                    }
                    let (_, next) = lines.next().ok_or_else(malformed)?;
                    raw.push('\n');
                    raw.push_str(next);
                }
            }
            _ => rest.split(" #").next().unwrap_or_default().trim_end().to_owned(),
        };
        assignments.insert(key.to_owned(), Found::Value(STANDARD.encode(value)));
    }
    Ok(assignments)
}

/// The text up to the closing quote, `None` when there is none yet.
fn close(raw: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quote == '"' => match characters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            character if character == quote => return Some(value),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BTreeMap<String, String> {
        let decode = |value: Found| match value {
            Found::Value(value) => String::from_utf8(STANDARD.decode(value).unwrap()).unwrap(),
            Found::NotText => panic!("everything is text here"),
        };
        parse(text, Path::new("x.env"))
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key, decode(value)))
            .collect()
    }

    #[test]
    fn assignments_are_bare_or_quoted() {
        let found = read(
            "# c\nA=one # comment\nexport B='two # not'\nC=\"three\\nlines\"\nD=\nE=a=b==\nF=\"x\ny\"\nG = spaced \n",
        );
        let expected = [
            ("A", "one"),
            ("B", "two # not"),
            ("C", "three\nlines"),
            ("D", ""),
            ("E", "a=b=="),
            ("F", "x\ny"),
            ("G", "spaced"),
        ];
        assert_eq!(found.len(), expected.len());
        for (key, value) in expected {
            assert_eq!(found[key], value, "{key}");
        }
    }

    #[test]
    fn a_malformed_line_is_named_without_its_text() {
        for text in ["A=1\nhunter2\n", "A=1\n=hunter2\n", "A=1\nB C=hunter2\n", "A=1\nB=\"hunter2\n"] {
            let error = parse(text, Path::new("x.env")).unwrap_err().to_string();
            assert!(error.starts_with("x.env:2:") && !error.contains("hunter2"), "{error}");
        }
    }
}
