//! A key written twice in one mapping.

use super::{Breach, Rule, Subject};
use crate::protocol::Severity;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-key",
    number: None,
    title: "no mapping states a key twice",
    reason: "YAML readers disagree about which of the two values counts; Helm and the API server keep the last one and say nothing.",
    help: "Remove one of the two keys; if they come from a template, look for a key that is written both by hand and by a loop.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if !subject.first {
        return;
    }
    for duplicate in &subject.document.duplicates {
        let message = format!("key `{}` stands twice in one mapping", duplicate.key);
        breaches.push(RULE.breach(
            Severity::Error,
            duplicate.path(&subject.document.root),
            Some(duplicate.second),
            message,
        ));
    }
}
