//! Services lead to pods, and to ports that are there.

use super::{Assertion, Context, namespace::effective};
use crate::network::PodIndex;
use crate::objects::{Objects, Selector};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path, Value};

/// A Service selects pods, and its target ports are ports of theirs.
pub(super) struct ServiceTarget;

/// Whether a container of a pod has a port by this name or number.
///
/// A number that no container declares may still be listened on, so it counts as there when nothing
/// at all is declared.
pub(super) fn has_port(containers: &[&Node<'_>], port: &Node<'_>) -> bool {
    let ports = || {
        containers
            .iter()
            .flat_map(|container| container.get("ports").and_then(Node::as_sequence).unwrap_or_default())
    };
    match &port.value {
        Value::Int(number) => {
            let mut declared = ports().filter_map(|declared| declared.get("containerPort")).peekable();
            declared.peek().is_none()
                || declared.any(|declared| matches!(&declared.value, Value::Int(other) if other == number))
        }
        Value::String(name) => {
            ports().any(|declared| declared.get("name").and_then(Node::as_str) == Some(name.as_ref()))
        }
        _ => false,
    }
}

/// A port as people write it.
pub(super) fn port_text(port: &Node<'_>) -> String {
    match &port.value {
        Value::Int(number) => number.to_string(),
        Value::String(name) => format!("`{name}`"),
        _ => "without a name or number".to_owned(),
    }
}

impl Assertion for ServiceTarget {
    fn id(&self) -> &'static str {
        "service-target"
    }

    fn title(&self) -> &'static str {
        "a Service leads to pods, and to ports that they have"
    }

    fn explanation(&self) -> &'static str {
        "A Service whose selector selects no pod, or whose target port no container has, is accepted by the \
         API server; connections to it are refused. A Service without a selector is somebody else's to fill."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80, targetPort: web}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let pods = PodIndex::of(objects, |object| effective(object, context));
        let mut findings = Vec::new();
        for service in objects.kind("Service").filter(|object| object.group().is_empty()) {
            let Some(node) = service.root().at(&["spec", "selector"]) else { continue };
            let selector = Selector::of_labels(node);
            if selector.is_empty() {
                if node.as_mapping().is_none() {
                    continue;
                }
                findings.push(service.finding(
                    self.id(),
                    "spec.selector",
                    "the selector asks for nothing, and so selects nothing",
                    "Select pods, or leave `selector` out where somebody else makes the EndpointSlices.",
                ));
                continue;
            }
            let selected = pods.selected(effective(service, context), &selector);
            if selected.is_empty() {
                findings.push(service.finding(
                    self.id(),
                    "spec.selector",
                    "selects no pod of the release",
                    "Make the selector a part of the labels of the pods it is for.",
                ));
            }
            let ports = service.root().at(&["spec", "ports"]).and_then(Node::as_sequence).unwrap_or_default();
            for (index, port) in ports.iter().enumerate() {
                let Some((key, target)) =
                    ["targetPort", "port"].iter().find_map(|key| Some((*key, port.get(key)?)))
                else {
                    continue;
                };
                for workload in &selected {
                    let pod = &workload.template;
                    let containers = pod.containers();
                    let running: Vec<_> = containers.iter().map(|container| container.node).collect();
                    if !has_port(&running, target) {
                        let path = Path::root().key("spec").key("ports").index(index).key(key);
                        let message = format!(
                            "leads to port {}, which {} {} does not have",
                            port_text(target),
                            pod.object.kind(),
                            pod.object.name()
                        );
                        let help = "Name a port that a container of the pod declares.";
                        findings.push(service.finding(self.id(), path, message, help));
                    }
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn found(service: &str, pod: &str) -> Vec<String> {
        let stream = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {service}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {{app: p}}}}, spec: {{containers: [{pod}]}}}}\n"
        );
        findings(&stream, "service-target").into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_number_is_declared_where_anything_is() {
        let service = "{selector: {app: p}, ports: [{port: 80, targetPort: 8080}]}";
        assert!(found(service, "{name: c}").is_empty());
        assert!(found(service, "{name: c, ports: [{containerPort: 8080}]}").is_empty());
        assert_eq!(
            found(service, "{name: c, ports: [{containerPort: 8081}]}"),
            ["leads to port 8080, which Pod p does not have"]
        );
    }

    #[test]
    fn without_a_target_the_port_is_the_target() {
        let pod = "{name: c, ports: [{containerPort: 8080}]}";
        assert_eq!(found("{selector: {app: p}, ports: [{port: 80}]}", pod).len(), 1);
        assert!(found("{selector: {app: p}, ports: [{port: 8080}]}", pod).is_empty());
    }

    #[test]
    fn a_service_without_pods_is_found_and_one_without_selector_is_not() {
        assert_eq!(found("{selector: {app: q}}", "{name: c}"), ["selects no pod of the release"]);
        assert!(found("{type: ExternalName, externalName: example.com}", "{name: c}").is_empty());
    }
}
