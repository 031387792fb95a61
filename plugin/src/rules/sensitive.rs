//! What makes a text suspicious: the shape of a well-known secret in it, or a value that looks random
//! under a name that says it is secret.
//!
//! Depends on [`super::shape`] and [`super::name`]. Nothing that is said holds any of the text.

use super::name::names_a_secret;
use super::placeholder::{Kind, marker};
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

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// At the text as one value.
    Value,
    /// Also at assignments in it, as files, scripts and arguments have them.
    Assignments,
}

/// Judges the text of a setting by that name.
pub(super) fn suspicion(name: &str, text: &str, depth: Depth) -> Option<Suspicion> {
    if let Some(Shape { what, part }) = shape::find(text) {
        return Some(Suspicion { severity: Severity::Error, part, what: what.to_owned() });
    }
    if names_a_secret(name) && looks_random(text.trim()) {
        return Some(Suspicion { severity: Severity::Warning, part: 0..text.len(), what: random(name) });
    }
    if depth == Depth::Value {
        return None;
    }
    assignment(text)
}

/// Judges a text of an object and reports what it finds.
pub(super) fn judge(
    rule: &Rule,
    stream: &str,
    (name, node, path): (&str, &Node<'_>, &dyn Fn() -> Path),
    depth: Depth,
    breaches: &mut Vec<Breach>,
) {
    let Some(text) = node.as_str() else { return };
    if let Some(Suspicion { severity, part, what }) = suspicion(name, text, depth) {
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

const LONGEST: usize = 512;

/// Whether a text looks as if a machine had drawn it, or a person had made it hard to guess.
pub(super) fn looks_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !(8..=LONGEST).contains(&bytes.len()) || !bytes.iter().all(|byte| is_of_secrets(*byte)) {
        return false;
    }
    if text.starts_with(['/', '.', '%', '*']) || text.contains("://") || marker(text, Kind::Setting).is_some()
    {
        return false;
    }
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let stretches = stretches(bytes);
    let is_mixed = letters >= 3 && (digits >= 2 || digits >= 1 && bytes.len() < 16 || bytes.len() >= 24);
    // Names are made of words; what is drawn has hardly any.
    is_mixed
        && bytes.len() * 10 < stretches * 27
        && entropy(bytes) >= if bytes.len() < 12 { 2.5 } else { 3.0 }
}

fn is_of_secrets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'+' | b'/'
                | b'='
                | b'_'
                | b'-'
                | b'.'
                | b'!'
                | b'@'
                | b'#'
                | b'%'
                | b'^'
                | b'&'
                | b'*'
                | b'~'
                | b'?'
        )
}

/// How many words, numbers and signs there are. A capital belongs to the letters after it.
fn stretches(bytes: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let mut count = usize::from(!bytes.is_empty());
    for (at, pair) in bytes.windows(2).enumerate() {
        let begins_word = at == 0 || class(bytes[at - 1]) != 1;
        let is_word = class(pair[0]) == 1 && class(pair[1]) == 0 && begins_word;
        count += usize::from(class(pair[0]) != class(pair[1]) && !is_word);
    }
    count
}

/// Shannon's, in bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    #[allow(clippy::cast_precision_loss, reason = "never more than LONGEST bytes")]
    let length = bytes.len() as f64;
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_drawn_looks_random_and_names_do_not() {
        for text in [
            "k7Gd92mQxL0vR4",
            "p@ssw0rd",
            "S3cr3tP4ss",
            "9f86d081884c7d659a2feaa0c55ad015",
            "aB3dE6gH9jK2",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz",
            "550e8400-e29b-41d4-a716-446655440000",
            "dGhpcyBpcyBhIHNlY3JldCB2YWx1ZQ==",
        ] {
            assert!(looks_random(text), "{text}");
        }
        for text in [
            "",
            "password",
            "hunter2-in-a-config-map",
            "my-release-postgresql",
            "cert-manager-webhook-ca",
            "admin123",
            "/var/run/secrets/token",
            "${DB_PASSWORD}",
            "$(TOKEN)",
            "{{ .Values.password }}",
            "https://x9K2.example.com/a1B2",
            "someObject.getFoo1Bar",
            "aaaaaaaa11111111",
            "CHANGE_ME_k7Gd92m",
            "with spaces 1A2b3C",
            "12345678901234567890",
            "serviceAccountToken",
            "kubernetes.io/service-account-token",
            "vault-token-secret-1",
            "postgresql14",
        ] {
            assert!(!looks_random(text), "{text}");
        }
    }

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
            let found = suspicion("config", text, Depth::Assignments).unwrap();
            assert_eq!(
                (&text[found.part.clone()], found.severity),
                ("k7Gd92mQxL0v", Severity::Warning),
                "{text}"
            );
            assert!(!found.what.contains("k7Gd"));
            assert_eq!(suspicion("config", text, Depth::Value), None);
        }
        for text in [
            "# password: k7Gd92mQxL0v\na: 1\n",
            "etag: k7Gd92mQxL0v\n",
            "password: short\n",
            "password:\n  k7Gd92mQxL0v\n",
        ] {
            assert_eq!(suspicion("config", text, Depth::Assignments), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_judged(name in ".{0,12}", text in "(?s)(.{0,12}|[a-zA-Z]{0,9}[:=] ?.{0,20})") {
            if let Some(found) = suspicion(&name, &text, Depth::Assignments) {
                prop_assert!(text.get(found.part).is_some());
            }
        }

        #[test]
        fn passwords_of_sixteen_drawn_characters_are_nearly_always_found(seed in any::<[u8; 16]>()) {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
            let text: String = seed.iter().map(|byte| alphabet[usize::from(*byte) % 62] as char).collect();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            prop_assume!((2..=12).contains(&digits));
            prop_assume!(stretches(text.as_bytes()) >= 7);
            prop_assert!(entropy(text.as_bytes()) < 3.0 || looks_random(&text), "{text}");
        }
    }
}
