//! YAML to and from values, as Helm reads it.
//!
//! What is written is quoted unless nothing could take it for anything but text: a digest of digits, a version
//! such as 1.10 and a word such as `on` come back as they were. Depends on [`gift_plugin::yaml`].

use gift_plugin::yaml::{Document, Limits, Lines, load_stream, quoted, to_json};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The documents of a text; the error begins with its place.
pub(crate) fn load(text: &str) -> Result<Vec<Document<'_>>, String> {
    load_stream(text, &Limits::default()).map_err(|error| {
        let (line, column) = Lines::new(text).position(error.at);
        format!("line {line}, column {column}: {error}")
    })
}

/// The one document of a text.
///
/// The error names the line where one is known.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let documents = load(text)?;
    let [document] = documents.as_slice() else {
        return Err(format!("one YAML document is expected, and there are {}", documents.len()));
    };
    serde_json::from_str(&to_json(&document.root)).map_err(|error| error.to_string())
}

/// A mapping that is to be the whole of a text.
pub(super) fn read_mapping(text: &str) -> Result<Map<String, Value>, String> {
    match read(text)? {
        Value::Object(mapping) => Ok(mapping),
        _ => Err("a mapping is expected".to_owned()),
    }
}

/// The mapping as YAML in block style, with a line break at its end.
pub(super) fn write_mapping(mapping: &Map<String, Value>) -> String {
    let mut out = String::new();
    entries(mapping, 0, true, &mut out);
    out
}

fn entries(mapping: &Map<String, Value>, depth: usize, indent_first: bool, out: &mut String) {
    for (at, (key, value)) in mapping.iter().enumerate() {
        if at > 0 || indent_first {
            indent(depth, out);
        }
        scalar(key, out);
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                entries(inner, depth + 1, true, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                sequence(items, depth, out);
            }
            other => {
                out.push(' ');
                leaf(other, out);
                out.push('\n');
            }
        }
    }
}

fn sequence(items: &[Value], depth: usize, out: &mut String) {
    for item in items {
        indent(depth, out);
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => entries(inner, depth + 1, false, out),
            other => {
                leaf(other, out);
                out.push('\n');
            }
        }
    }
}

/// What stands on one line; a sequence in a sequence does so in flow style.
fn leaf(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => scalar(text, out),
        // Writing to a String does not fail.
        other => drop(write!(out, "{other}")),
    }
}

fn scalar(text: &str, out: &mut String) {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte));
    let lower = text.to_ascii_lowercase();
    let is_other = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&lower.as_str());
    if is_word && !is_other { out.push_str(text) } else { out.push_str(&quoted(text)) }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        let Value::Object(mapping) = json!({
            "apiVersion": "v1", "digest": "123456e789", "version": "1.10", "on": "off", "empty": "", "y": "n",
            "text": "two\nlines: {}\n- three # four", "count": 3, "flag": true, "nothing": null, "": "no key",
            "none": {}, "list": [], "entries": {"a": [{"b": [{"c": 1, "d": ["e", "- f"]}], "g": {}}, "h", [1, [2]]]},
        }) else {
            unreachable!()
        };
        let text = write_mapping(&mapping);
        assert_eq!(read_mapping(&text).unwrap(), mapping, "{text}");
    }

    #[test]
    fn block_style_is_what_people_read() {
        let Value::Object(mapping) = json!({"entries": {"gift": [{"urls": ["a.tgz"], "version": "1.0.0"}]}})
        else {
            unreachable!()
        };
        assert_eq!(
            write_mapping(&mapping),
            "entries:\n  gift:\n  - urls:\n    - a.tgz\n    version: \"1.0.0\"\n"
        );
    }

    #[test]
    fn what_is_no_mapping_is_told_with_its_line() {
        assert_eq!(read_mapping("- a").unwrap_err(), "a mapping is expected");
        assert!(read_mapping("a: 1\nb: [").unwrap_err().starts_with("line "));
        assert!(read_mapping("a: 1\n---\nb: 2\n").unwrap_err().contains("there are 2"));
    }
}
