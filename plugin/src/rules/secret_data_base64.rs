//! Values of a Secret's `data` that are not Base64.

use super::{Breach, Rule, Subject};
use crate::encode::{is_secret, reference};
use crate::protocol::Severity;
use crate::yaml::{Path, Value};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

pub(super) static RULE: Rule = Rule {
    id: "secret-data-base64",
    number: Some("P10"),
    title: "every value under a Secret's `data` is Base64",
    reason: "The API server refuses a Secret whose `data` is not Base64, after the rest of the release was already applied.",
    help: "Encode the value (standard alphabet, padded, no line breaks), put plaintext under `stringData` to have it encoded, or refer to a source with `secretRefs`.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

/// Go's `base64.StdEncoding`, which does not look at the bits behind the last byte.
const AS_GO_READS_IT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if !is_secret(subject.after) {
        return;
    }
    let Some(data) = subject.after.get("data").and_then(|data| data.as_mapping()) else { return };
    for entry in data.entries() {
        let path = Path::root().key("data").key(entry.key.clone());
        let problem = match &entry.value.value {
            Value::String(text) if reference(text).is_some() => continue,
            Value::String(text) => {
                let text = text.replace(['\n', '\r'], "");
                match AS_GO_READS_IT.decode(text) {
                    Ok(_) => continue,
                    Err(_) => "is not Base64",
                }
            }
            Value::Null => continue,
            _ => "is not text",
        };
        breaches.push(RULE.breach(
            Severity::Error,
            path,
            None,
            format!("the value of key {} {problem}", entry.key),
        ));
    }
}
