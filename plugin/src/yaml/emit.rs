//! Values as text: JSON, which is YAML in flow style, and single scalars.
//!
//! Depends on [`super::node`] and [`super::scalar`].

use super::node::{Node, Value};
use super::scalar::{self, Scalar};
use std::fmt::Write as _;

/// Writes a tree as JSON on one line. Valid wherever YAML allows a node.
#[must_use]
pub fn to_json(node: &Node<'_>) -> String {
    let mut out = String::new();
    write_json(&node.value, &mut out);
    out
}

fn write_json(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&format!("{number:?}")),
        Value::String(text) => write_quoted(text, out),
        Value::Sequence(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json(&item.value, out);
            }
            out.push(']');
        }
        Value::Mapping(mapping) => {
            out.push('{');
            for (at, entry) in mapping.entries().iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_quoted(&entry.key, out);
                out.push_str(": ");
                write_json(&entry.value.value, out);
            }
            out.push('}');
        }
    }
}

/// Writes a string in double quotes, as JSON and YAML both read it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, &mut out);
    out
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What YAML would not take as printable, and what some readers take for line breaks.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Whether a word of letters, digits, `+`, `/` and `=` reads back as itself without quotes.
#[must_use]
pub fn is_plain_word(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    text.bytes().next().is_some_and(|first| word(first) && first != b'=')
        && text.bytes().all(word)
        && matches!(scalar::resolve(None, text.into()), Ok(Scalar::String(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, load_stream};
    use proptest::prelude::*;

    #[test]
    fn words_that_would_be_numbers_or_booleans_need_quotes() {
        for word in ["1234", "true", "null", "0x12", "1e10", "", "=", "yes", "0644"] {
            assert!(!is_plain_word(word), "{word}");
        }
        for word in ["aGk=", "YWMyMGQ=", "+abc", "/w==", "MTIz"] {
            assert!(is_plain_word(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn every_string_survives_quoting(text in any::<String>()) {
            let yaml = format!("k: {}\n", quoted(&text));
            let documents = load_stream(&yaml, &Limits::default()).unwrap();
            prop_assert_eq!(documents[0].root.get("k").unwrap().as_str(), Some(text.as_str()));
            let json: serde_json::Value = serde_json::from_str(&quoted(&text)).unwrap();
            prop_assert_eq!(json.as_str(), Some(text.as_str()));
        }
    }
}
