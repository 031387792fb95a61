//! Rules no API server can judge, for it never sees what they are about: the text of a stream, and
//! Secrets before they were encoded. One rule, one module, one id.
//!
//! Depends on [`crate::yaml`], [`crate::encode`] and what [`crate::policy`] calls a resource. The rules
//! written as policies are judged by [`crate::policy`].

mod counterpart;
mod double_encoding;
mod duplicate_key;
mod name;
mod no_string_data;
mod placeholder;
mod random;
mod secret_data_base64;
mod secret_in_annotation;
mod secret_in_config_map;
mod secret_in_container;
mod secret_value_type;
mod sensitive;
mod shape;
mod strings;
mod unparsable;
mod unresolved_secret_reference;

pub(crate) use counterpart::{exceptions_of, settle};

use crate::protocol::Severity;
use crate::yaml::{Document, Node, Path, Span};

/// The id of the finding about a document that is not YAML.
pub const UNPARSABLE: &str = "unparsable";

/// The id of the rule that an organisation switches on by a parameter of its policies.
pub const NO_STRING_DATA: &str = "no-string-data";

/// A built-in rule, for documentation and for choosing.
pub struct Rule {
    /// The stable id.
    pub id: &'static str,
    /// The organisation's own number for it: `P10`.
    pub number: Option<&'static str>,
    /// What it asks for, in one line.
    pub title: &'static str,
    /// Why it is asked for.
    pub reason: &'static str,
    /// How to mend a breach.
    pub help: &'static str,
    /// How bad a breach is at worst.
    pub severity: Severity,
    /// The policy that says the same about what an API server can see. Where it has spoken, or the object
    /// has an exception from it, this rule is silent.
    pub counterpart: Option<&'static str>,
    check: fn(&Subject<'_, '_, '_>, &mut Vec<Breach>),
}

/// What a rule looks at.
pub struct Subject<'s, 'a, 'b> {
    /// The stream as it came in, which the places of `before` are counted in.
    pub text: &'s str,
    /// The document as it came in.
    pub document: &'s Document<'a>,
    /// Whether the object is the first of its document: rules about the whole document look once.
    pub first: bool,
    /// The object as it came in.
    pub before: &'s Node<'a>,
    /// The object as it goes out.
    pub after: &'s Node<'b>,
    /// What is asked beyond the ordinary.
    pub settings: Settings,
}

/// What can be asked of the built-in rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether the stream is encoded, or only judged.
    pub encode: bool,
    /// Whether `stringData` may not be used at all.
    pub forbid_string_data: bool,
    /// Whether references were filled from a published example, whose values are blanks by intention.
    pub example_secrets: bool,
}

/// What a rule found, before it is told which object it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule's id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where in the object.
    pub path: Path,
    /// Where in the stream that came in, if the path does not tell.
    pub at: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// Every built-in rule about an object, by id.
pub static RULES: &[&Rule] = &[
    &double_encoding::RULE,
    &duplicate_key::RULE,
    &no_string_data::RULE,
    &placeholder::RULE,
    &secret_data_base64::RULE,
    &secret_in_annotation::RULE,
    &secret_in_config_map::RULE,
    &secret_in_container::RULE,
    &secret_value_type::RULE,
    &unparsable::RULE,
    &unresolved_secret_reference::RULE,
];

impl Rule {
    /// Judges one object.
    pub fn check(&self, subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
        (self.check)(subject, breaches);
    }

    fn breach(&self, severity: Severity, path: Path, at: Option<Span>, message: String) -> Breach {
        Breach { rule: self.id.to_owned(), severity, path, at, message, help: self.help.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{encode_document, objects};
    use crate::yaml::{Chunk, Limits, Lines, load_chunk, load_stream};

    /// What a rule says about the objects of a stream: line, path and message.
    pub(super) fn found(rule: &str, stream: &str) -> Vec<String> {
        found_with(rule, stream, &[], Settings { encode: true, ..Settings::default() })
    }

    /// The same, with secret sources and settings.
    pub(super) fn found_with(
        rule: &str,
        stream: &str,
        sources: &[(&str, &str)],
        settings: Settings,
    ) -> Vec<String> {
        let rule = RULES.iter().find(|known| known.id == rule).unwrap();
        let sources = sources.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut told = Vec::new();
        for document in &load_stream(stream, &Limits::default()).unwrap() {
            let encoded = encode_document(stream, document, &sources).unwrap().text;
            let changed = encoded.as_ref().filter(|_| settings.encode).map(|text| {
                let chunk = Chunk { span: Span { start: 0, end: text.len() }, source: None };
                load_chunk(text, chunk, &Limits::default()).unwrap().unwrap()
            });
            let after = changed.as_ref().map_or(&document.root, |document| &document.root);
            for (before, after) in objects(&document.root).into_iter().zip(objects(after)) {
                let mut breaches = Vec::new();
                let subject = Subject { text: stream, document, first: true, before, after, settings };
                rule.check(&subject, &mut breaches);
                for breach in breaches {
                    let at = breach.at.unwrap_or_else(|| breach.path.nearest(before).0.span);
                    let (line, _) = Lines::new(stream).position(at.start);
                    told.push(format!("{line} {}: {}", breach.path, breach.message));
                }
            }
        }
        told
    }

    #[test]
    fn ids_are_sorted_and_unique_and_every_rule_explains_itself() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for rule in RULES {
            assert!(
                !rule.title.is_empty() && !rule.reason.is_empty() && !rule.help.is_empty(),
                "{}",
                rule.id
            );
        }
    }
}
