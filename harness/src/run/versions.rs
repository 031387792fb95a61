//! Helm 3 and Helm 4 render the same objects.

use crate::objects::{Object, Objects};
use crate::rules::{ASSERTIONS_SET, Rule};
use crate::tools::HelmVersion;
use gift_plugin::protocol::{Finding, Severity};
use std::collections::BTreeMap;

/// The id of this rule.
pub(super) const RULE: &str = "helm-versions-agree";

/// What it asks for.
pub(super) fn rule() -> Rule {
    Rule {
        id: RULE.to_owned(),
        number: None,
        title: "Helm 3 and Helm 4 render the same objects".to_owned(),
        reason: "Both are in use, and a release must not change because somebody upgraded Helm.".to_owned(),
        remedy: "Look for a function, a default or an order that differs between Helm's versions.".to_owned(),
        severity: Severity::Error,
        set: ASSERTIONS_SET.to_owned(),
        passes: Vec::new(),
        breaches: Vec::new(),
    }
}

/// What is in one stream and not, or not so, in the one the other Helm gave.
pub(super) fn compare(here: &Objects<'_>, there: &Objects<'_>, other: HelmVersion) -> Vec<Finding> {
    let help = "Look for a function, a default or an order that differs between Helm's versions; the release is to be the same with both.";
    let mut theirs = by_name(there);
    let mut findings = Vec::new();
    for object in here {
        match theirs.remove(&key(object)) {
            None => {
                let message = format!("{other} does not render this object");
                findings.push(object.finding(RULE, "", message, help));
            }
            Some(theirs) => {
                for path in crate::assertions::differences(&object.to_json(), &theirs.to_json()) {
                    let message = format!("{other} renders another value here");
                    findings.push(object.finding(RULE, path, message, help));
                }
            }
        }
    }
    for object in theirs.into_values() {
        // Its line would be one of the other stream.
        let mut finding = object.finding(RULE, "", format!("only {other} renders this object"), help);
        (finding.line, finding.column) = (1, 1);
        findings.push(finding);
    }
    findings
}

fn key<'s>(object: &'s Object<'_>) -> (&'s str, &'s str, &'s str, &'s str) {
    (object.api_version(), object.kind(), object.namespace(), object.name())
}

fn by_name<'s, 'a>(
    objects: &'s Objects<'a>,
) -> BTreeMap<(&'s str, &'s str, &'s str, &'s str), &'s Object<'a>> {
    objects.iter().map(|object| (key(object), object)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_of_them_renders_is_found() {
        let here = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {x: 1}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: b}}\n";
        let there = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {x: '1'}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: c}}\n";
        let (here, there) =
            (Objects::read(here.as_bytes()).unwrap(), Objects::read(there.as_bytes()).unwrap());
        let found: Vec<_> = compare(&here, &there, HelmVersion::V3)
            .into_iter()
            .map(|finding| (finding.object.name, finding.path, finding.message))
            .collect();
        let expected = [
            ("a", "spec.x", "helm3 renders another value here"),
            ("b", "", "helm3 does not render this object"),
            ("c", "", "only helm3 renders this object"),
        ];
        assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        assert!(compare(&here, &here, HelmVersion::V3).is_empty());
    }
}
