//! A key written twice in one mapping.

use super::{Breach, Rule, Subject};
use crate::protocol::Severity;
use crate::yaml::Path;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-key",
    title: "No key stands twice in one mapping",
    reason: "Kubernetes keeps the last one without a word, or refuses the object, depending on who reads it first.",
    help: "Keep one of the two; if a template prints both, merge the maps before printing.",
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if !subject.first {
        return;
    }
    for duplicate in &subject.document.duplicates {
        let message = format!("key `{}` stands twice in one mapping", duplicate.key);
        breaches.push(RULE.breach(Severity::Error, Path::root(), Some(duplicate.second), message));
    }
}
