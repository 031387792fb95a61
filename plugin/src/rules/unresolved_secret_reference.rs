//! References to secret sources that nobody filled.

use super::{Breach, Rule, Subject};
use crate::encode::{is_secret, reference};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};

pub(super) static RULE: Rule = Rule {
    id: "unresolved-secret-reference",
    number: None,
    title: "every secret reference has a source",
    reason: "A reference without a source would reach the cluster as a placeholder, and the pods would read that instead of the secret.",
    help: "Render through `gift render` or `gift post-render`, and give the key a value in the secret source: `--secrets FILE`, `values/<system>/<environment>.secrets.env`, or an environment variable of that name.",
    severity: Severity::Error,
    counterpart: None,
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
