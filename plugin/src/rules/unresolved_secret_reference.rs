//! References to secret sources that nobody filled.

use super::{Breach, Rule, Subject};
use crate::encode::{is_secret, reference};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};

pub(super) static RULE: Rule = Rule {
    id: "unresolved-secret-reference",
    title: "Secret references are filled",
    reason: "A reference is no Base64, so an API server refuses the Secret.",
    help: "Render through `gift post-render` or `gift render` with a secret source that has the key.",
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    // When the stream is encoded, a reference without a source has ended everything before this.
    if subject.settings.encode || !is_secret(subject.after) {
        return;
    }
    let Some(data) = subject.after.get("data").and_then(Node::as_mapping) else { return };
    for entry in data.entries() {
        if let Some(name) = entry.value.as_str().and_then(reference) {
            let message = format!("key {} still refers to {name}", entry.key);
            let path = Path::root().key("data").key(entry.key.clone());
            breaches.push(RULE.breach(Severity::Error, path, None, message));
        }
    }
}
