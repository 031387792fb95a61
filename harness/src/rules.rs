//! What each rule asks for, why, and how to satisfy it.
//!
//! A rule is either a policy, described by the annotations of its `ValidatingAdmissionPolicy`, or
//! built into the plugin because an API server can never see what it is about. Depends on the
//! policies' text alone; reads no files.

use gift_plugin::protocol::{Severity, Source};
use gift_plugin::yaml::{Limits, Node, load_documents};
use serde::Serialize;

/// The prefix of the annotations that describe a policy.
pub(crate) const ANNOTATION_PREFIX: &str = "policies.gift.dev/";

/// One rule, as `gift explain RULE` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The stable id, as findings carry it: `minimum-requests`.
    pub id: String,
    /// The organisation's own number for it: `P5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What it asks for, in one line.
    pub title: String,
    /// Why it is asked for.
    pub reason: String,
    /// How to satisfy it.
    pub remedy: String,
    /// How bad a breach is.
    pub severity: Severity,
    /// What it belongs to: a set of policies, [`BUILT_IN_SET`] or [`ASSERTIONS_SET`].
    pub set: String,
    /// Manifests that keep it, one document each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<String>,
    /// Manifests that break it, one document each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<String>,
}

/// What the rules built into the plugin belong to.
pub const BUILT_IN_SET: &str = "built-in";

/// What the assertions of `gift test` and `gift check` belong to.
pub const ASSERTIONS_SET: &str = "assertions";

/// The rules built into the plugin.
///
/// ```
/// let rules = gift_harness::rules::built_in();
/// assert!(rules.iter().any(|rule| rule.id == "no-string-data"));
/// ```
#[must_use]
pub fn built_in() -> Vec<Rule> {
    let rule = |rule: &&gift_plugin::rules::Rule| Rule {
        id: rule.id.to_owned(),
        number: rule.number.map(str::to_owned),
        title: rule.title.to_owned(),
        reason: rule.reason.to_owned(),
        remedy: rule.help.to_owned(),
        severity: rule.severity,
        set: BUILT_IN_SET.to_owned(),
        passes: Vec::new(),
        breaches: Vec::new(),
    };
    sorted(gift_plugin::rules::RULES.iter().map(rule).collect())
}

/// The rules that policy files describe in the annotations of their `ValidatingAdmissionPolicies`.
///
/// Documents of any other kind, and files that are not YAML, describe nothing: complaining about
/// them is the plugin's part, which loads the same files.
#[must_use]
pub fn described_by(policies: &[Source]) -> Vec<Rule> {
    let limits = Limits::default();
    let documents = policies.iter().flat_map(|file| load_documents(&file.text, &limits));
    sorted(documents.flatten().filter_map(|document| rule_of(&document.root)).collect())
}

/// By number, then by id.
fn sorted(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by_cached_key(|rule| (number_of(rule), rule.id.clone()));
    rules
}

/// P2 before P10, and rules without a number last.
fn number_of(rule: &Rule) -> (bool, u32) {
    let digits =
        rule.number.as_deref().map(|number| number.trim_start_matches(|c: char| !c.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(number) => (false, number),
        None => (true, 0),
    }
}

fn rule_of(policy: &Node<'_>) -> Option<Rule> {
    let text = |keys: &[&str]| policy.at(keys).and_then(Node::as_str);
    if text(&["kind"]) != Some("ValidatingAdmissionPolicy") {
        return None;
    }
    let written = |name: &str| text(&["metadata", "annotations", &format!("{ANNOTATION_PREFIX}{name}")]);
    let annotation =
        |name: &str| written(name).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(Rule {
        set: String::new(),
        passes: documents_of(written("passes").unwrap_or_default()),
        breaches: documents_of(written("breaches").unwrap_or_default()),
        number: annotation("id"),
        title: annotation("title").unwrap_or_default(),
        reason: annotation("reason").unwrap_or_default(),
        remedy: annotation("remedy").unwrap_or_default(),
        severity: match annotation("severity").as_deref() {
            Some("warning") => Severity::Warning,
            Some("info") => Severity::Info,
            _ => Severity::Error,
        },
        id: text(&["metadata", "name"]).unwrap_or_default().to_owned(),
    })
}

/// The documents of a YAML stream, as text.
fn documents_of(stream: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in stream.lines() {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: minimum-requests
  annotations:
    policies.gift.dev/id: P5
    policies.gift.dev/title: requests are not below the minimum
    policies.gift.dev/reason: >-
      A container that asks for too little
      starves on a busy node.
    policies.gift.dev/remedy: Raise `resources.requests`.
    policies.gift.dev/severity: warning
    policies.gift.dev/passes: |
      a: 1
      ---
      b:
        - 2
    policies.gift.dev/breaches: "c: 3"
spec:
  validations: []
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: minimum-requests
"#;

    #[test]
    fn a_policy_is_described_by_its_annotations() {
        let file = Source { name: "minimum-requests.yaml".into(), text: POLICY.into() };
        let rules = described_by(&[file]);
        assert_eq!(
            rules,
            [Rule {
                id: "minimum-requests".into(),
                number: Some("P5".into()),
                title: "requests are not below the minimum".into(),
                reason: "A container that asks for too little starves on a busy node.".into(),
                remedy: "Raise `resources.requests`.".into(),
                severity: Severity::Warning,
                set: String::new(),
                passes: vec!["a: 1\n".into(), "b:\n  - 2\n".into()],
                breaches: vec!["c: 3\n".into()],
            }]
        );
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let policy = |name: &str, id: &str| Source {
            name: name.into(),
            text: format!(
                "kind: ValidatingAdmissionPolicy\nmetadata:\n  name: {name}\n  annotations:\n    policies.gift.dev/id: {id}\n"
            ),
        };
        let rules = described_by(&[policy("ten", "P10"), policy("two", "P2")]);
        assert_eq!(rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["two", "ten"]);
    }

    #[test]
    fn a_file_that_is_no_policy_describes_nothing() {
        let file = Source { name: "broken.yaml".into(), text: "a: [".into() };
        assert_eq!(described_by(&[file]), []);
    }
}
