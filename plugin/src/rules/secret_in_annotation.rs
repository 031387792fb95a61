//! Secrets in annotations, of objects and of the pods they make.

use super::sensitive::judge;
use super::strings::{Trail, descend};
use super::{Breach, Rule, Subject};
use crate::protocol::Severity;
use crate::yaml::Node;

pub(super) static RULE: Rule = Rule {
    id: "secret-in-annotation",
    number: None,
    title: "no annotation holds what looks like a secret",
    reason: "Annotations are read by every controller and everybody who may list objects, and end in logs and events.",
    help: "Let the annotation name a Secret, as most controllers allow; then draw a new value, for this one was printed.",
    severity: Severity::Error,
    counterpart: None,
    check,
};

/// What `kubectl apply` keeps of the whole object; its fields are judged where they belong.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Checksums look random, and are printed for everybody.
fn is_passed_over(key: &str) -> bool {
    key == LAST_APPLIED || key.contains("checksum")
}

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    // Custom resources have pod templates in many places.
    descend(subject.before, None, &mut |trail, node| {
        match (trail.last_key(), node.get("annotations").and_then(Node::as_mapping)) {
            (Some("metadata"), Some(annotations)) => {
                let all = Trail::key(Some(trail), "annotations");
                for annotation in annotations.entries().iter().filter(|entry| !is_passed_over(&entry.key)) {
                    let path = || Trail::key(Some(&all), &annotation.key).path();
                    let named = (annotation.key.as_ref(), &annotation.value, &path as &dyn Fn() -> _);
                    judge(&RULE, subject.text, named, breaches);
                }
                false
            }
            // Nothing in these has metadata of its own.
            (Some("data" | "stringData" | "binaryData"), _) => !trail.is_first(),
            _ => true,
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::found;

    #[test]
    fn annotations_of_objects_and_of_their_pods_are_looked_at() {
        let stream = "apiVersion: example.com/v1\nkind: Cluster\nmetadata:\n  annotations:\n    example.com/token: k7Gd92mQxL0v\n    checksum/secret: 9f86d081884c7d659a2feaa0c55ad015\nspec:\n  groups:\n  - template:\n      metadata:\n        annotations:\n          hook: https://bot:k7Gd92m@chat.example.com\n      spec: {url: 'https://bot:k7Gd92m@chat.example.com'}\n";
        let told = found("secret-in-annotation", stream);
        assert_eq!(
            told,
            [
                "5 metadata.annotations[\"example.com/token\"]: this looks like the value of a secret: its name is example.com/token, and it looks random",
                "12 spec.groups[0].template.metadata.annotations.hook: this looks like an address with a password",
            ]
        );
    }

    #[test]
    fn what_kubectl_keeps_and_what_is_no_annotation_is_passed_over() {
        for stream in [
            "kind: A\nmetadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: 'https://bot:k7Gd92m@x'}}\n",
            "kind: A\nmetadata: {labels: {a: b}, annotations: [https://bot:k7Gd92m@x]}\n",
            "kind: A\nannotations: {a: 'https://bot:k7Gd92m@x'}\n",
        ] {
            assert!(found("secret-in-annotation", stream).is_empty(), "{stream}");
        }
    }
}
