//! Values of Secrets that were encoded once too often.
//!
//! Encoding never looks at a value; this only doubts, for what a value is meant to be nobody else knows.

use super::{Breach, Rule, Subject};
use crate::encode::{is_secret, reference};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) static RULE: Rule = Rule {
    id: "double-encoding",
    number: None,
    title: "values of Secrets are encoded once",
    reason: "Encoding is done for what stands under `stringData` and in secret sources; what is Base64 there already reaches the pod as Base64, and a password that is sent like that is refused.",
    help: "Give the plain text under `stringData` or in the secret source, or move the encoded text to `data`; if the program wants Base64, say so in the key (…_BASE64).",
    severity: Severity::Warning,
    counterpart: None,
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if !is_secret(subject.before) {
        return;
    }
    let plain = subject.before.get("stringData").and_then(Node::as_mapping);
    for entry in plain.iter().flat_map(|plain| plain.entries()) {
        if let Some(text) = entry.value.as_str() {
            doubt(&entry.key, text, "stringData", "", breaches);
        }
    }
    let Some(data) = subject.after.get("data").and_then(Node::as_mapping) else { return };
    for entry in
        data.entries().iter().filter(|entry| plain.is_none_or(|plain| plain.get(&entry.key).is_none()))
    {
        let source = subject.before.at(&["data", &entry.key]).and_then(Node::as_str).and_then(reference);
        if source.is_some() && subject.settings.example_secrets {
            continue;
        }
        let decoded = entry.value.as_str().and_then(|encoded| STANDARD.decode(encoded).ok());
        let Some(text) = decoded.and_then(|decoded| String::from_utf8(decoded).ok()) else { continue };
        let whence = source.map(|source| format!(", from the secret source's {source},")).unwrap_or_default();
        doubt(&entry.key, &text, "data", &whence, breaches);
    }
}

fn doubt(key: &str, text: &str, field: &str, whence: &str, breaches: &mut Vec<Breach>) {
    if is_base64_of_text(text.trim_ascii_end()) && !wants_base64(key) {
        let message =
            format!("the value of key {key}{whence} is Base64 of text: a pod would read it encoded");
        breaches.push(RULE.breach(Severity::Warning, Path::root().key(field).key(key), None, message));
    }
}

/// Whether the key says that its value is encoded.
fn wants_base64(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["base64", "b64", "encoded", "basic"].iter().any(|word| key.contains(word))
}

/// Padded Base64 of printable text. What is drawn at random decodes to other bytes nearly always: to nine
/// printable ones, once in five thousand times.
fn is_base64_of_text(text: &str) -> bool {
    let least = if text.ends_with('=') { 8 } else { 12 };
    if text.len() < least || !text.len().is_multiple_of(4) {
        return false;
    }
    // Reading the first bytes tells nearly all others apart.
    let head = text.get(..8).and_then(|head| STANDARD.decode(head).ok());
    let is_text =
        |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let starts_as_text = text.len() <= 8 || head.is_some_and(|head| is_text(&head) || !head.is_ascii());
    starts_as_text
        && STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|plain| {
            plain.chars().all(|character| !character.is_control() || character.is_whitespace())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Settings;
    use crate::rules::tests::{found, found_with};
    use proptest::prelude::*;

    #[test]
    fn what_is_encoded_twice_is_doubted_wherever_it_comes_from() {
        let twice = STANDARD.encode("aHVudGVyMg==");
        let stream = format!(
            "apiVersion: v1\nkind: Secret\ndata:\n  A: {twice}\n  B: aHVudGVyMg==\n  C: secretRef:s/p/C\nstringData:\n  D: aHVudGVyMg==\n  E: hunter2\n"
        );
        let sources = [("s/p/C", twice.as_str())];
        let settings = Settings { encode: true, ..Settings::default() };
        let told = found_with("double-encoding", &stream, &sources, settings);
        assert_eq!(
            told,
            [
                "8 stringData.D: the value of key D is Base64 of text: a pod would read it encoded",
                "4 data.A: the value of key A is Base64 of text: a pod would read it encoded",
                "6 data.C: the value of key C, from the secret source's s/p/C, is Base64 of text: a pod would read it encoded",
            ]
        );
        let settings = Settings { example_secrets: true, ..settings };
        assert_eq!(found_with("double-encoding", &stream, &sources, settings).len(), 2);
    }

    #[test]
    fn a_key_may_ask_for_base64() {
        let stream = "apiVersion: v1\nkind: Secret\nstringData:\n  TOKEN_BASE64: aHVudGVyMg==\n  basic-auth: aHVudGVyMg==\n  b64key: aHVudGVyMg==\n";
        assert_eq!(found("double-encoding", stream), [""; 0]);
    }

    #[test]
    fn ordinary_values_are_not_base64_of_text() {
        for text in [
            "",
            "password",
            "passwordpassword",
            "hunter2",
            "aHVudGVyMg",
            "YQ==",
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "k7Gd92mQxL0vR4tY",
            "true",
            "aGVsbG8g d29ybGQ=",
        ] {
            assert!(!is_base64_of_text(text), "{text}");
        }
        for text in [
            "aHVudGVyMg==",
            "aHVudGVyMg==\n".trim_end(),
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
            "w6nDqcOpw6nDqcOpw6k=",
        ] {
            assert!(is_base64_of_text(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_that_was_encoded_is_always_found(text in "[ -~é]{9,60}") {
            prop_assert!(is_base64_of_text(&STANDARD.encode(&text)));
        }
    }

    #[test]
    fn drawn_bytes_are_hardly_ever_taken_for_text() {
        // A generator of Knuth's, so that the number is the same every time.
        let mut state: u64 = 42;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut wrong = 0;
        for _ in 0..20_000 {
            let text: String = (0..16).map(|_| alphabet[draw() % 62] as char).collect();
            wrong += usize::from(is_base64_of_text(&text));
        }
        assert!(wrong <= 20, "{wrong} of 20000");
    }
}
