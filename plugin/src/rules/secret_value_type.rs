//! Values of a Secret's `stringData` that are not text.

use super::{Breach, Rule, Subject};
use crate::encode::is_secret;
use crate::protocol::Severity;
use crate::yaml::{Path, Value};

pub(super) static RULE: Rule = Rule {
    id: "secret-value-type",
    number: None,
    title: "values of `stringData` are text",
    reason: "An API server refuses numbers and booleans there; unquoted digits and words such as yes become those.",
    help: "Quote the value in the template.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if !is_secret(subject.before) {
        return;
    }
    let Some(plain) = subject.before.get("stringData") else { return };
    let path = Path::root().key("stringData");
    match &plain.value {
        Value::Null => {}
        Value::Mapping(mapping) => {
            for entry in mapping.entries() {
                if !matches!(entry.value.value, Value::String(_) | Value::Null) {
                    let message = format!("the value of key {} is not text", entry.key);
                    let path = path.clone().key(entry.key.clone());
                    breaches.push(RULE.breach(Severity::Error, path, Some(entry.key_span), message));
                }
            }
        }
        _ => {
            breaches.push(RULE.breach(Severity::Error, path, None, "stringData is not a mapping".to_owned()))
        }
    }
}
