//! Workloads select their own pods, and no other's.

use super::{Assertion, Context, namespace::effective};
use crate::network::PodIndex;
use crate::objects::{Objects, PodTemplate, Selector};
use gift_plugin::protocol::Finding;
use std::collections::BTreeMap;

/// What a workload with a selector selects, and what labels its pods have.
struct Owner<'s, 'a> {
    template: PodTemplate<'s, 'a>,
    namespace: &'s str,
    labels: BTreeMap<&'s str, &'s str>,
    selector: Option<Selector<'s>>,
}

fn owners<'s, 'a>(objects: &'s Objects<'a>, context: &Context<'s>) -> Vec<Owner<'s, 'a>> {
    objects
        .pod_templates()
        .map(|template| {
            let object = template.object;
            // A Job's selector is the controller's own affair.
            let selector =
                (object.group() == "apps").then(|| object.root().at(&["spec", "selector"])).flatten();
            Owner {
                namespace: effective(object, context),
                labels: template.labels().collect(),
                selector: selector.map(Selector::of),
                template,
            }
        })
        .collect()
}

/// A workload's selector selects the pods of its template.
pub(super) struct SelectsOwnPods;

impl Assertion for SelectsOwnPods {
    fn id(&self) -> &'static str {
        "selector-matches-pods"
    }

    fn title(&self) -> &'static str {
        "a workload selects the pods it makes"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a workload whose selector does not select the pods of its template. A \
         selector cannot be changed later, so labels that change from release to release have no place in it."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web, tier: front}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: web:1}]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web, tier: front}}\n    spec: {containers: [{name: web, image: web:1}]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for owner in owners(objects, context) {
            let Some(selector) = &owner.selector else { continue };
            let message = match selector.unmet(&owner.labels) {
                _ if selector.is_empty() => "the selector asks for nothing".to_owned(),
                Some(unmet) => format!("the selector asks for {unmet}, which the pods do not have"),
                None => continue,
            };
            findings.push(owner.template.object.finding(
                self.id(),
                "spec.selector",
                message,
                "Give the pods of the template every label of the selector.",
            ));
        }
        findings
    }
}

/// No workload's selector selects another's pods.
pub(super) struct DisjointSelectors;

impl Assertion for DisjointSelectors {
    fn id(&self) -> &'static str {
        "disjoint-selectors"
    }

    fn title(&self) -> &'static str {
        "no workload selects another's pods"
    }

    fn explanation(&self) -> &'static str {
        "Two workloads that select the same pods count each other's as their own: `kubectl rollout status`, \
         disruption budgets and autoscalers then work with wrong numbers."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {tier: front}}\n  template: {metadata: {labels: {tier: front, app: web}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n  template: {metadata: {labels: {tier: front, app: shop}}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {tier: front, app: web}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n  template: {metadata: {labels: {tier: front, app: shop}}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let pods = PodIndex::of(objects, |object| effective(object, context));
        let mut findings = Vec::new();
        for owner in owners(objects, context) {
            let Some(selector) = owner.selector.as_ref().filter(|selector| !selector.is_empty()) else {
                continue;
            };
            for theirs in pods.selected(owner.namespace, selector) {
                let other = theirs.template.object;
                if std::ptr::eq(other, owner.template.object) {
                    continue;
                }
                findings.push(owner.template.object.finding(
                    self.id(),
                    "spec.selector",
                    format!("selects the pods of {} {} as well", other.kind(), other.name()),
                    "Add a label to the selector that only this workload's pods have.",
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
    fn workloads_of_other_namespaces_are_other_worlds() {
        let workload = |name: &str, namespace: &str| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}}}}}}}\n"
            )
        };
        let apart = format!("{}---\n{}", workload("a", "one"), workload("b", "two"));
        assert_eq!(findings(&apart, "disjoint-selectors"), []);
        let together = format!("{}---\n{}", workload("a", "one"), workload("b", "one"));
        assert_eq!(findings(&together, "disjoint-selectors").len(), 2);
    }

    #[test]
    fn an_empty_selector_is_none() {
        let stream = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {}, template: {}}}";
        assert_eq!(findings(stream, "selector-matches-pods")[0].message, "the selector asks for nothing");
    }
}
