//! What holds for every assertion.

use super::*;
use std::collections::BTreeSet;

/// The findings of one assertion about a stream.
pub(super) fn findings(stream: &str, id: &str) -> Vec<Finding> {
    let objects = Objects::read(stream.as_bytes()).unwrap();
    find(id).unwrap().check(&objects, &Context::default())
}

/// The rules of all findings about a stream.
pub(super) fn rules(stream: &str) -> Vec<String> {
    let objects = Objects::read(stream.as_bytes()).unwrap();
    check(&objects, &Context::default()).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_failing_example_fails_and_every_passing_example_passes() {
    for assertion in all() {
        let id = assertion.id();
        let (Some(failing), Some(passing)) = (assertion.failing_example(), assertion.passing_example())
        else {
            assert_eq!(assertion.failing_example(), assertion.passing_example(), "{id}");
            continue;
        };
        let found = findings(failing, id);
        assert!(!found.is_empty(), "{id} finds nothing in its failing example");
        for finding in &found {
            assert_eq!(finding.rule, id);
            assert!(finding.line > 0 && finding.column > 0, "{id}");
            assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{id}");
        }
        assert_eq!(findings(passing, id), [], "{id} finds something in its passing example");
    }
}

#[test]
fn ids_are_unique_and_words() {
    let ids: BTreeSet<_> = all().iter().map(|assertion| assertion.id()).collect();
    assert_eq!(ids.len(), all().len());
    for id in ids {
        assert!(
            id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{id}"
        );
    }
}

#[test]
fn only_and_skip_choose_by_id() {
    let stream = "{apiVersion: v1, kind: Service, metadata: {name: A, labels: {a: '-'}}}";
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let rules = |only: &[&str], skip: &[&str]| {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let (only, skip) = (owned(only), owned(skip));
        let context = Context { only: &only, skip: &skip, ..Context::default() };
        check(&objects, &context).into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[], &[]), ["valid-name", "valid-label"]);
    assert_eq!(rules(&["valid-label"], &[]), ["valid-label"]);
    assert_eq!(rules(&[], &["valid-label"]), ["valid-name"]);
}

#[test]
fn an_exception_on_the_object_counts_until_its_last_day() {
    let stream = "apiVersion: v1\nkind: Service\nmetadata:\n  name: A\n  labels: {a: -x}\n  annotations:\n    \
                  policies.gift.dev/exceptions: '[{rule: valid-name, reason: legacy, expires: \"2026-06-30\"}]'\n";
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let rules = |today| {
        let context = Context { today, ..Context::default() };
        check(&objects, &context).into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(Some("2026-06-30")), ["valid-label"]);
    assert_eq!(rules(Some("2026-07-01")), ["valid-name", "valid-label"]);
    assert_eq!(rules(None), ["valid-name", "valid-label"]);
}

#[test]
fn a_secret_that_external_secrets_makes_can_be_referred_to() {
    let stream = |key: &str| {
        format!(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: made}}\nspec: {{target: \
             {{name: token}}, secretStoreRef: {{name: s}}, data: [{{secretKey: TOKEN, remoteRef: {{key: k}}}}]}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: \
             web}}\nspec:\n  containers:\n  - name: web\n    image: web:1\n    env:\n    - name: A\n      \
             valueFrom: {{secretKeyRef: {{name: token, key: {key}}}}}\n"
        )
    };
    let found = |stream: &str| {
        let findings = check(&Objects::read(stream.as_bytes()).unwrap(), &Context::default());
        findings.into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(found(&stream("TOKEN")), Vec::<String>::new());
    assert_eq!(found(&stream("OTHER")), ["reference-exists"]);
}
