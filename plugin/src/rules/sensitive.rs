//! What makes a text suspicious: the shape of a well-known secret in it, or a value that looks random
//! under a name that says it is secret.
//!
//! Depends on [`super::shape`], [`super::name`] and [`super::random`]. Nothing that is said holds any of the text.

use super::name::names_a_secret;
use super::random::{LONGEST, looks_random};
use super::shape::{self, Shape};
use super::strings::{is_in_comment, place};
use super::{Breach, Rule};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};
use std::ops::Range;

/// What a text was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suspicion {
    /// A shape is certain, randomness is not.
    pub severity: Severity,
    /// Where in the text.
    pub part: Range<usize>,
    /// What it seems to be.
    pub what: String,
}

/// Judges the text of a setting by that name, and the assignments in it, as files, scripts, arguments and
/// connection strings have them.
pub(super) fn suspicion(name: &str, text: &str) -> Option<Suspicion> {
    if let Some(Shape { what, part }) = shape::find(text) {
        return Some(Suspicion { severity: Severity::Error, part, what: what.to_owned() });
    }
    if names_a_secret(name) && looks_random(text.trim()) {
        return Some(Suspicion { severity: Severity::Warning, part: 0..text.len(), what: random(name) });
    }
    assignment(text)
}

/// Judges a text of an object and reports what it finds.
pub(super) fn judge(
    rule: &Rule,
    stream: &str,
    (name, node, path): (&str, &Node<'_>, &dyn Fn() -> Path),
    breaches: &mut Vec<Breach>,
) {
    let Some(text) = node.as_str() else { return };
    if let Some(Suspicion { severity, part, what }) = suspicion(name, text) {
        let at = text.get(part).and_then(|part| place(stream, node, part));
        breaches.push(rule.breach(severity, path(), at, format!("this looks like {what}")));
    }
}

fn random(name: &str) -> String {
    format!("the value of a secret: its name is {name}, and it looks random")
}

/// The first assignment of something random to the name of a secret.
fn assignment(text: &str) -> Option<Suspicion> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(sign) =
        bytes[from..].iter().position(|byte| matches!(byte, b'=' | b':')).map(|at| from + at)
    {
        from = sign + 1;
        let Some(name) = name_before(text, sign) else { continue };
        if !names_a_secret(name) {
            continue;
        }
        let value = value_behind(text, sign + 1);
        if looks_random(&text[value.clone()]) && !is_in_comment(text, sign) {
            return Some(Suspicion { severity: Severity::Warning, part: value, what: random(name) });
        }
    }
    None
}

/// The word before a sign of assignment, without quotes.
fn name_before(text: &str, sign: usize) -> Option<&str> {
    let before = text[..sign].trim_end_matches([' ', '\t', '"', '\'']);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // No name is longer, and looking further would cost too much in a long text without any space.
    let length = before.bytes().rev().take(64).take_while(is_part).count();
    (length > 0).then(|| before[before.len() - length..].trim_start_matches('-'))
}

/// What is assigned, without quotes.
fn value_behind(text: &str, from: usize) -> Range<usize> {
    let rest = text[from..].trim_start_matches([' ', '\t']);
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let start = text.len() - rest.len() + usize::from(quote.is_some());
    let inside = &text.as_bytes()[start..];
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote as u8 || *byte == b'\n',
        None => byte.is_ascii_whitespace() || matches!(byte, b';' | b',' | b'"' | b'\''),
    };
    // Longer ones are no values that look random.
    let length = inside.iter().take(LONGEST + 1).position(ends);
    let end = start + length.unwrap_or_else(|| inside.len().min(LONGEST + 1));
    // In the middle of a character nothing is random.
    if text.is_char_boundary(end) { start..end } else { start..start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn assignments_are_read_as_files_scripts_and_arguments_write_them() {
        for text in [
            "a: 1\ndb.password: k7Gd92mQxL0v\n",
            "DB_PASSWORD=k7Gd92mQxL0v",
            "--db-password=k7Gd92mQxL0v",
            "{\"apiKey\": \"k7Gd92mQxL0v\"}",
            "export TOKEN='k7Gd92mQxL0v' && run",
            "Server=db;Password=k7Gd92mQxL0v;X=1",
        ] {
            let found = suspicion("config", text).unwrap();
            assert_eq!(
                (&text[found.part.clone()], found.severity),
                ("k7Gd92mQxL0v", Severity::Warning),
                "{text}"
            );
            assert!(!found.what.contains("k7Gd"));
        }
        for text in [
            "# password: k7Gd92mQxL0v\na: 1\n",
            "etag: k7Gd92mQxL0v\n",
            "password: short\n",
            "password:\n  k7Gd92mQxL0v\n",
        ] {
            assert_eq!(suspicion("config", text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_judged(name in ".{0,12}", text in "(?s)(.{0,12}|[a-zA-Z]{0,9}[:=] ?.{0,20})") {
            if let Some(found) = suspicion(&name, &text) {
                prop_assert!(text.get(found.part).is_some());
            }
        }
    }
}
