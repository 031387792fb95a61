//! `stringData` where an organisation does not allow it, or where nobody will encode it.

use super::{Breach, NO_STRING_DATA, Rule, Subject};
use crate::encode::is_secret;
use crate::protocol::Severity;
use crate::yaml::{Node, Path, Value};

pub(super) static RULE: Rule = Rule {
    id: NO_STRING_DATA,
    number: Some("P11"),
    title: "no Secret carries `stringData`",
    reason: "Plaintext in a manifest ends in version control, in release records and on screens.",
    help: "Refer to a secret source with `secretRefs` (`gift` fills it in at render time), or give the encoded value under `data`.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    let severity = match (subject.settings.forbid_string_data, subject.settings.encode) {
        (true, _) => Severity::Error,
        (false, false) => Severity::Warning,
        (false, true) => return,
    };
    if !is_secret(subject.before) {
        return;
    }
    let Some(entry) = subject.before.as_mapping().and_then(|fields| fields.entry("stringData")) else {
        return;
    };
    let keys = match &entry.value.value {
        Value::Mapping(mapping) => mapping.len(),
        Value::Null => return,
        _ => 1,
    };
    if keys == 0 {
        return;
    }
    let name = subject.before.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    let message = format!("Secret {name} has {keys} value{} in stringData", if keys == 1 { "" } else { "s" });
    breaches.push(RULE.breach(severity, Path::root().key("stringData"), Some(entry.key_span), message));
}
