//! Disruption budgets let nodes be drained.

use super::{Assertion, Context, namespace::effective};
use crate::network::PodIndex;
use crate::objects::{Objects, Selector};
use gift_plugin::protocol::{Finding, Severity};
use gift_plugin::yaml::{Node, Value};
use std::collections::HashMap;

/// A budget leaves a pod that may go.
pub(super) struct EvictionPossible;

/// A number, or a part of all pods rounded up as the disruption controller does.
fn of_all(node: &Node<'_>, all: i64) -> Option<i64> {
    match &node.value {
        Value::Int(number) => Some(*number),
        Value::String(text) => {
            let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
            Some(percent.checked_mul(all)?.checked_add(99)? / 100)
        }
        _ => None,
    }
}

impl Assertion for EvictionPossible {
    fn id(&self) -> &'static str {
        "eviction-possible"
    }

    fn title(&self) -> &'static str {
        "a disruption budget leaves a pod that may go"
    }

    fn explanation(&self) -> &'static str {
        "A budget that asks for as many pods as there are lets none go: a node that has one of them cannot be \
         drained, and an upgrade of the cluster stops there. Counted are the workload's replicas, or the least \
         number its autoscaler keeps."
    }

    fn severity(&self) -> (Severity, &'static str) {
        (
            Severity::Warning,
            "The release runs; the nodes' administrator must step in. For what must never stop this is meant.",
        )
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, template: {metadata: {labels: {app: web}}}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, template: {metadata: {labels: {app: web}}}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let pods = PodIndex::of(objects, |object| effective(object, context));
        let whole = |node: Option<&Node<'_>>| match node.map(|node| &node.value) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        let mut least = HashMap::new();
        for autoscaler in objects.kind("HorizontalPodAutoscaler") {
            let text = |key| autoscaler.root().at(&["spec", "scaleTargetRef", key]).and_then(Node::as_str);
            if let (Some(kind), Some(name)) = (text("kind"), text("name")) {
                let number = whole(autoscaler.root().at(&["spec", "minReplicas"])).unwrap_or(1);
                least.insert((effective(autoscaler, context), kind, name), number);
            }
        }
        let mut findings = Vec::new();
        for budget in objects.kind("PodDisruptionBudget") {
            let Some(selector) = budget.root().at(&["spec", "selector"]).map(Selector::of) else { continue };
            let namespace = effective(budget, context);
            let selected = pods.selected(namespace, &selector);
            let [workload] = selected.as_slice() else { continue };
            let object = workload.template.object;
            if !matches!(object.kind(), "Deployment" | "StatefulSet" | "ReplicaSet") {
                continue;
            }
            let stated = whole(object.root().at(&["spec", "replicas"])).unwrap_or(1);
            let replicas = least.get(&(namespace, object.kind(), object.name())).copied().unwrap_or(stated);
            let Some((key, node)) = ["minAvailable", "maxUnavailable"]
                .iter()
                .find_map(|key| Some((*key, budget.root().at(&["spec", key])?)))
            else {
                continue;
            };
            let Some(number) = of_all(node, replicas) else { continue };
            let left = if key == "minAvailable" { replicas - number } else { number };
            if replicas > 0 && left <= 0 {
                let message =
                    format!("none of the {replicas} pods of {} {} may go", object.kind(), object.name());
                let help = "Ask for fewer than there are, or run more.";
                findings.push(budget.finding(self.id(), format!("spec.{key}").as_str(), message, help));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn parts_are_rounded_up_and_autoscalers_count() {
        let found = |spec: &str, replicas: u32, autoscaler: &str| {
            let stream = format!(
                "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: a}}, spec: {{{spec}, selector: {{matchLabels: {{app: a}}}}}}}}\n---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {{replicas: {replicas}, template: {{metadata: {{labels: {{app: a}}}}}}}}}}\n---\n{autoscaler}\n"
            );
            findings(&stream, "eviction-possible").len()
        };
        let keeps = |number: u32| {
            format!(
                "{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: a}}, spec: {{minReplicas: {number}, scaleTargetRef: {{kind: Deployment, name: a}}}}}}"
            )
        };
        assert_eq!(found("minAvailable: 51%", 2, ""), 1);
        assert_eq!(found("minAvailable: 50%", 2, ""), 0);
        assert_eq!(found("maxUnavailable: 0", 5, ""), 1);
        assert_eq!(found("maxUnavailable: 1%", 5, ""), 0);
        assert_eq!(found("minAvailable: 2", 2, &keeps(3)), 0);
        assert_eq!(found("minAvailable: 2", 5, &keeps(2)), 1);
        assert_eq!(found("minAvailable: 1", 0, ""), 0);
    }
}
