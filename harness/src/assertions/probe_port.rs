//! Probes knock where somebody listens.

use super::service_target::{has_port, port_text};
use super::{Assertion, Context};
use crate::objects::Objects;
use gift_plugin::protocol::Finding;

/// Probes and lifecycle hooks use ports their container declares.
pub(super) struct ProbePort;

/// Where a container says what to connect to.
const HANDLERS: &[&[&str]] = &[
    &["startupProbe"],
    &["readinessProbe"],
    &["livenessProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

impl Assertion for ProbePort {
    fn id(&self) -> &'static str {
        "probe-port"
    }

    fn title(&self) -> &'static str {
        "probes use ports that their container declares"
    }

    fn explanation(&self) -> &'static str {
        "A probe of a port nobody listens on fails for ever: the pod never becomes ready, or is killed again \
         and again. A name that is not declared fails likewise."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    ports: [{name: http, containerPort: 8080}]\n    readinessProbe: {httpGet: {path: /ready, port: 8081}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    ports: [{name: http, containerPort: 8080}]\n    readinessProbe: {httpGet: {path: /ready, port: http}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, _context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            for container in template.containers() {
                for handler in HANDLERS {
                    for action in ["httpGet", "tcpSocket", "grpc"] {
                        let keys: Vec<_> = handler.iter().copied().chain([action, "port"]).collect();
                        let Some(port) = container.node.at(&keys) else { continue };
                        if !has_port(&[container.node], port) {
                            let path = keys.iter().fold(container.path.clone(), |path, key| path.key(*key));
                            let message = format!(
                                "container {} does not declare port {}",
                                container.name(),
                                port_text(port)
                            );
                            let help = "Name a port under the container's `ports`.";
                            findings.push(template.object.finding(self.id(), path, message, help));
                        }
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

    #[test]
    fn names_must_be_declared_and_other_containers_do_not_count() {
        let stream = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: x, ports: [{name: http, containerPort: 1}]}, {name: y, livenessProbe: {tcpSocket: {port: http}}, lifecycle: {preStop: {httpGet: {port: 1}}}}]}}";
        let found = findings(stream, "probe-port");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "spec.containers[1].livenessProbe.tcpSocket.port");
    }
}
