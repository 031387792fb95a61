//! Names and labels are such as an API server takes, and no object has the name of another.

use super::{Assertion, Context};
use crate::objects::{Object, Objects};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path};
use std::collections::BTreeMap;

/// The longest name that fits a label, a host name and a generated Pod's prefix.
const LONGEST: usize = 63;

/// Every name is a DNS name of at most 63 characters.
pub(super) struct ValidName;

impl Assertion for ValidName {
    fn id(&self) -> &'static str {
        "valid-name"
    }

    fn title(&self) -> &'static str {
        "every name is a DNS name of at most 63 characters"
    }

    fn explanation(&self) -> &'static str {
        "An API server refuses other names, after part of the release is already applied. Longer names are \
         legal for some kinds, but controllers put them into labels and host names, where they are not. \
         Names of Services must also begin with a letter; names of RBAC objects may hold colons."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: Service, metadata: {name: 2-web}}")
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: Service, metadata: {name: web-2}}")
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        objects
            .iter()
            .filter_map(|object| {
                let name = object.name();
                let fault = if name.is_empty() {
                    if object.get("metadata.generateName").is_some() {
                        return None;
                    }
                    "the object has no name".to_owned()
                } else if name.chars().count() > LONGEST {
                    format!("`{name}` has {} characters, {LONGEST} are allowed", name.chars().count())
                } else {
                    name_fault(object, name)?
                };
                Some(object.finding(
                    self.id(),
                    "metadata.name",
                    fault,
                    "Use lower case letters, digits and `-`, beginning and ending with a letter or digit.",
                ))
            })
            .collect()
    }
}

fn name_fault(object: &Object<'_>, name: &str) -> Option<String> {
    match (object.group(), object.kind()) {
        ("rbac.authorization.k8s.io", _) => {
            name.contains(['/', '%']).then(|| format!("`{name}` must not hold `/` or `%`"))
        }
        ("", "Service") => (!is_label(name) || name.starts_with(|c: char| c.is_ascii_digit())).then(|| {
            format!("`{name}` is no name for a Service, which must be a DNS label that begins with a letter")
        }),
        _ => (!name.split('.').all(is_label)).then(|| format!("`{name}` is not a DNS name")),
    }
}

/// A label of a DNS name, RFC 1123.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// No two objects have one kind, namespace and name.
pub(super) struct UniqueName;

impl Assertion for UniqueName {
    fn id(&self) -> &'static str {
        "unique-name"
    }

    fn title(&self) -> &'static str {
        "no two objects of a kind share a name in a namespace"
    }

    fn explanation(&self) -> &'static str {
        "Helm applies both, one over the other, and which of them stays depends on the order."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: web}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: web}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: web}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: app}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut seen: BTreeMap<_, &Object<'_>> = BTreeMap::new();
        let mut findings = Vec::new();
        for object in objects.iter().filter(|object| !object.name().is_empty()) {
            let namespace = super::namespace::effective(object, context);
            let key = (object.group(), object.kind(), namespace, object.name());
            if let Some(first) = seen.get(&key) {
                let (line, _) = first.position(first.root().span.start);
                let message =
                    format!("a {} of this name is already in line {line} of the stream", object.kind());
                findings.push(object.finding(
                    self.id(),
                    "metadata.name",
                    message,
                    "Rename one of the two, or render it once.",
                ));
            } else {
                seen.insert(key, object);
            }
        }
        findings
    }
}

/// Every label is one.
pub(super) struct ValidLabel;

impl Assertion for ValidLabel {
    fn id(&self) -> &'static str {
        "valid-label"
    }

    fn title(&self) -> &'static str {
        "every label has a valid key and a text of at most 63 characters"
    }

    fn explanation(&self) -> &'static str {
        "An API server refuses other labels. A version or a number must be quoted to be a text."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: Service, metadata: {name: web, labels: {version: 2.1}}}")
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: Service, metadata: {name: web, labels: {version: '2.1'}}}")
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for object in objects {
            let own = (Path::root(), Some(object.root()));
            let template = crate::objects::PodTemplate::of(object).map(|pod| (pod.path, Some(pod.template)));
            for (path, node) in [Some(own), template].into_iter().flatten() {
                let Some(labels) = node.and_then(|node| node.at(&["metadata", "labels"])) else { continue };
                for entry in labels.as_mapping().map(|labels| labels.entries()).unwrap_or_default() {
                    let Some(fault) = label_fault(&entry.key, &entry.value) else { continue };
                    let at = path.clone().key("metadata").key("labels").key(entry.key.as_ref());
                    findings.push(object.finding(
                        self.id(),
                        at,
                        fault,
                        "Use letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit, and quote numbers.",
                    ));
                }
            }
        }
        findings
    }
}

fn label_fault(key: &str, value: &Node<'_>) -> Option<String> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_key = is_label_text(name) && !name.is_empty();
    if !is_key || prefix.is_some_and(|prefix| !prefix.split('.').all(is_label) || prefix.len() > 253) {
        return Some(format!("`{key}` is not a label's key"));
    }
    match value.as_str() {
        None => Some(format!("the label `{key}` is not a text")),
        Some(value) if !is_label_text(value) => Some(format!("`{value}` is not a label's value")),
        Some(_) => None,
    }
}

fn is_label_text(text: &str) -> bool {
    text.len() <= LONGEST
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !text.starts_with(['-', '_', '.'])
        && !text.ends_with(['-', '_', '.'])
}

#[cfg(test)]
mod tests {
    use super::super::tests::rules;

    fn rules_for(name: &str) -> Vec<String> {
        rules(&format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: '{name}'}}}}"))
    }

    #[test]
    fn sixty_three_characters_are_allowed() {
        assert!(rules_for(&"a".repeat(63)).is_empty());
        assert_eq!(rules_for(&"a".repeat(64)), ["valid-name"]);
        for bad in ["-a", "a-", "A", "a_b", "a..b", ""] {
            assert_eq!(rules_for(bad), ["valid-name"], "{bad}");
        }
        assert!(rules_for("a.b-c").is_empty());
    }

    #[test]
    fn kinds_of_different_groups_and_namespaces_may_share_a_name() {
        let stream = "{apiVersion: v1, kind: Service, metadata: {name: web}}\n---\n{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}}\n";
        assert!(rules(stream).is_empty());
    }

    #[test]
    fn labels_of_pods_are_looked_at_too() {
        let stream = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {'a b': x, 'example.com/ok': 'v1.0_a', big: '-'}}}}}";
        let findings = super::super::tests::findings(stream, "valid-label");
        let paths: Vec<_> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["spec.template.metadata.labels[\"a b\"]", "spec.template.metadata.labels.big"]);
    }
}
