//! Every document can be read, and is an object. What cannot be read at all never comes here: the
//! finding about it is made where the stream is read.

use super::{Breach, Rule, Subject};
use crate::policy::Resource;
use crate::protocol::Severity;
use crate::yaml::Path;

pub(super) static RULE: Rule = Rule {
    id: super::UNPARSABLE,
    number: None,
    title: "every document is YAML that Kubernetes can read",
    reason: "What cannot be read cannot be judged, and `kubectl` would refuse it too.",
    help: "Look at the line named in the finding, as `helm template --debug` prints it; most often indentation or a missing quote in a template is at fault.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    if Resource::of(subject.after).is_some() {
        return;
    }
    let message = "no Kubernetes object: apiVersion or kind is missing".to_owned();
    let breach = RULE.breach(Severity::Error, Path::root(), None, message);
    breaches.push(Breach {
        help: "Every document needs both; an empty one should print nothing at all.".to_owned(),
        ..breach
    });
}
