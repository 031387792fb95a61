//! Autoscalers and disruption budgets lead to workloads that can follow them.

use super::{Assertion, Context, namespace::effective};
use crate::network::PodIndex;
use crate::objects::{Object, Objects, PodTemplate, Selector};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path};
use std::collections::HashMap;

/// A HorizontalPodAutoscaler scales a workload of the release, and can measure it.
pub(super) struct AutoscalerTarget;

impl AutoscalerTarget {
    fn measure(&self, autoscaler: &Object<'_>, target: &PodTemplate<'_, '_>, findings: &mut Vec<Finding>) {
        let metrics =
            autoscaler.root().at(&["spec", "metrics"]).and_then(Node::as_sequence).unwrap_or_default();
        for (index, metric) in metrics.iter().enumerate() {
            let relative = metric.at(&["resource", "target", "averageUtilization"]).is_some();
            let Some(resource) = metric.at(&["resource", "name"]).and_then(Node::as_str).filter(|_| relative)
            else {
                continue;
            };
            for container in target.containers().iter().filter(|container| !container.is_init) {
                if container.node.at(&["resources", "requests", resource]).is_none() {
                    let path = Path::root().key("spec").key("metrics").index(index).key("resource");
                    let message = format!(
                        "container {} requests no {resource}, of which this is a part",
                        container.name()
                    );
                    let help = "Give the container a request; utilization is measured against it.";
                    findings.push(autoscaler.finding(self.id(), path, message, help));
                }
            }
        }
    }
}

impl Assertion for AutoscalerTarget {
    fn id(&self) -> &'static str {
        "autoscaler-target"
    }

    fn title(&self) -> &'static str {
        "an autoscaler scales a workload of the release, can measure it and alone says how many pods it has"
    }

    fn explanation(&self) -> &'static str {
        "An autoscaler whose target is not there, or whose target requests none of what is measured, does \
         nothing. Where the target states `replicas` too, each upgrade throws the autoscaler's number away."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {template: {}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: web}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {template: {}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut targets = HashMap::new();
        for object in objects {
            let name = (effective(object, context), object.api_version(), object.kind(), object.name());
            targets.entry(name).or_insert(object);
        }
        let mut findings = Vec::new();
        for autoscaler in objects.kind("HorizontalPodAutoscaler") {
            let text = |key| {
                autoscaler
                    .root()
                    .at(&["spec", "scaleTargetRef", key])
                    .and_then(Node::as_str)
                    .unwrap_or_default()
            };
            let (kind, name) = (text("kind"), text("name"));
            let target = (effective(autoscaler, context), text("apiVersion"), kind, name);
            let Some(target) = targets.get(&target) else {
                findings.push(autoscaler.finding(
                    self.id(),
                    "spec.scaleTargetRef",
                    format!("there is no {kind} `{name}` in the release"),
                    "Name the apiVersion, kind and name of a workload of the release.",
                ));
                continue;
            };
            if target.get("spec.replicas").is_some() {
                findings.push(target.finding(
                    self.id(),
                    "spec.replicas",
                    format!("HorizontalPodAutoscaler {} says how many", autoscaler.name()),
                    "Leave `replicas` out where there is an autoscaler.",
                ));
            }
            if let Some(template) = PodTemplate::of(target) {
                self.measure(autoscaler, &template, &mut findings);
            }
        }
        findings
    }
}

/// A PodDisruptionBudget is for pods of the release.
pub(super) struct DisruptionBudgetTarget;

impl Assertion for DisruptionBudgetTarget {
    fn id(&self) -> &'static str {
        "disruption-budget-target"
    }

    fn title(&self) -> &'static str {
        "a disruption budget is for the pods of one workload of the release"
    }

    fn explanation(&self) -> &'static str {
        "A budget that selects no pod protects nothing, and one that selects the pods of several workloads lets \
         all pods of one of them go."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {matchLabels: {app: shop}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {app: web}}}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {app: web}}}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let pods = PodIndex::of(objects, |object| effective(object, context));
        let mut findings = Vec::new();
        for budget in objects.kind("PodDisruptionBudget") {
            let Some(selector) = budget.root().at(&["spec", "selector"]).map(Selector::of) else { continue };
            let selected: Vec<_> = pods
                .selected(effective(budget, context), &selector)
                .iter()
                .map(|workload| workload.template.object)
                .map(|object| format!("{} {}", object.kind(), object.name()))
                .collect();
            let message = match selected.as_slice() {
                [] => "selects no pod of the release".to_owned(),
                [_] => continue,
                several => format!("selects the pods of {}", several.join(" and ")),
            };
            let help = "Select by the labels of the one workload it is for.";
            findings.push(budget.finding(self.id(), "spec.selector", message, help));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn a_target_states_no_number_and_requests_what_is_measured() {
        let stream = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]}}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 2, template: {spec: {containers: [{name: c, resources: {requests: {memory: 1Gi}}}]}}}}\n";
        let found: Vec<_> = findings(stream, "autoscaler-target").into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["spec.replicas", "spec.metrics[0].resource"]);
    }

    #[test]
    fn a_budget_for_two_workloads_protects_neither() {
        let workload = |name: &str| {
            format!(
                "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: {{tier: x}}}}}}}}}}\n"
            )
        };
        let stream = format!(
            "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: b}}, spec: {{selector: {{matchLabels: {{tier: x}}}}}}}}\n{}{}",
            workload("a"),
            workload("b")
        );
        assert_eq!(
            findings(&stream, "disruption-budget-target")[0].message,
            "selects the pods of Deployment a and Deployment b"
        );
    }
}
