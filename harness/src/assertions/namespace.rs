//! Objects go where the release goes.

use super::{Assertion, Context};
use crate::objects::{Object, Objects};
use crate::schema::Schemas;
use gift_plugin::protocol::Finding;
use std::collections::{BTreeMap, BTreeSet};

/// The annotation of an object whose namespace somebody else makes, and is meant to.
const EXISTING: &str = "gift.dev/existing-namespace";

/// The namespace an object ends in: empty for one that has none.
pub(super) fn effective<'s>(object: &'s Object<'_>, context: &Context<'s>) -> &'s str {
    let schemas = Schemas::default();
    if context.schemas.unwrap_or(&schemas).is_namespaced(object) == Some(false) {
        ""
    } else if object.namespace().is_empty() {
        context.namespace.unwrap_or("default")
    } else {
        object.namespace()
    }
}

/// Every object is in one namespace, or in one the stream brings along.
pub(super) struct Namespace;

impl Assertion for Namespace {
    fn id(&self) -> &'static str {
        "consistent-namespace"
    }

    fn title(&self) -> &'static str {
        "all objects are in one namespace, in one that the stream creates, or in one they say exists"
    }

    fn explanation(&self) -> &'static str {
        "A workload cannot see a ConfigMap or Secret of another namespace, and `helm uninstall` leaves what \
         lies where nobody looks. Objects without a namespace go to the release's. Objects whose kind has no \
         namespace must not state one."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: b}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: other}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: other}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: other}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: other}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for object in objects {
            *counts.entry(effective(object, context)).or_default() += 1;
        }
        counts.remove("");
        let usual = counts.iter().max_by_key(|(_, count)| **count).map_or("", |(name, _)| *name);
        let created: BTreeSet<_> = objects.kind("Namespace").map(Object::name).collect();
        let mut findings = Vec::new();
        for object in objects {
            let namespace = effective(object, context);
            if namespace.is_empty() {
                if !object.namespace().is_empty() {
                    let message = format!("a {} has no namespace", object.kind());
                    findings.push(object.finding(
                        self.id(),
                        "metadata.namespace",
                        message,
                        "Remove the field.",
                    ));
                }
            } else if namespace != usual
                && !created.contains(namespace)
                && object.annotation(EXISTING) != Some("true")
            {
                let message = format!("is in namespace `{namespace}`, the others are in `{usual}`");
                findings.push(object.finding(
                    self.id(),
                    "metadata.namespace",
                    message,
                    "Give all objects one namespace, or none and let the release decide. In a namespace that is there \
                     already, say so: the annotation gift.dev/existing-namespace: \"true\"; in values, \
                     <system>.namespaces.<name>.existing.",
                ));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn a_cluster_scoped_object_states_no_namespace() {
        let stream = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a, namespace: b}}";
        assert_eq!(findings(stream, "consistent-namespace")[0].message, "a ClusterRole has no namespace");
    }
}
