//! Requests keep to limits.

use super::{Assertion, Context};
use crate::objects::{Objects, Quantity};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Value};

/// No container requests more of something than its limit allows.
pub(super) struct RequestLimit;

fn amount(node: &Node<'_>) -> Option<Quantity> {
    match &node.value {
        Value::Int(number) => Some(Quantity::whole(*number)),
        Value::Float(number) => Quantity::parse(&number.to_string()),
        Value::String(text) => Quantity::parse(text),
        _ => None,
    }
}

impl Assertion for RequestLimit {
    fn id(&self) -> &'static str {
        "request-within-limit"
    }

    fn title(&self) -> &'static str {
        "no container requests more than its limit allows"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a pod that requests more than its limit, and a workload whose template does so \
         makes no pods at all."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, resources: {requests: {memory: 2Gi}, limits: {memory: 512Mi}}}]}}",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, resources: {requests: {memory: 512Mi, cpu: 1}, limits: {memory: 512Mi}}}]}}",
        )
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            for container in template.containers() {
                let requests = container.node.at(&["resources", "requests"]);
                let requests = requests.and_then(|requests| requests.as_mapping());
                for entry in requests.map(|requests| requests.entries()).unwrap_or_default() {
                    let resource = entry.key.as_ref();
                    let limit = container.node.at(&["resources", "limits", resource]);
                    let (Some(limit), Some(request)) = (limit.and_then(amount), amount(&entry.value)) else {
                        continue;
                    };
                    if request > limit {
                        let path = container.path.clone().key("resources").key("requests").key(resource);
                        let message = format!(
                            "container {} requests more {resource} than its limit allows",
                            container.name()
                        );
                        let help = "Raise the limit or lower the request.";
                        findings.push(template.object.finding(self.id(), path, message, help));
                    }
                }
            }
        }
        findings
    }
}
