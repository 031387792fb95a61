//! Rules no API server can judge, for it never sees what they are about: the text of a stream, and
//! Secrets before they were encoded. One rule, one module, one id.
//!
//! Depends on [`crate::yaml`], [`crate::encode`] and what [`crate::policy`] calls a resource. The rules written as policies are judged by
//! [`crate::policy`].

mod duplicate_key;
mod no_string_data;
mod secret_data_base64;
mod secret_value_type;
mod unparsable;
mod unresolved_secret_reference;

use crate::protocol::Severity;
use crate::yaml::{Document, Node, Path, Span};

/// The id of the finding about a document that is not YAML.
pub const UNPARSABLE: &str = "unparsable";

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
    check: fn(&Subject<'_, '_, '_>, &mut Vec<Breach>),
}

/// What a rule looks at.
pub struct Subject<'s, 'a, 'b> {
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
    &duplicate_key::RULE,
    &no_string_data::RULE,
    &secret_data_base64::RULE,
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
