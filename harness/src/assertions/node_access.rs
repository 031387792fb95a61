//! Pods keep to themselves.

use super::{Assertion, Context};
use crate::objects::{Objects, PodTemplate};
use gift_plugin::protocol::{Finding, Severity};
use gift_plugin::yaml::{Node, Path, Value};

/// No pod asks for rights on its node.
pub(super) struct NodeAccess;

/// Capabilities that are as good as root on the node.
const POWERFUL: &[&str] =
    &["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "BPF", "DAC_READ_SEARCH"];

const HELP: &str = "Take it out; where the pod cannot do without, say so with an exception and its reason.";

fn is_true(node: Option<&Node<'_>>) -> bool {
    matches!(node.map(|node| &node.value), Some(Value::Bool(true)))
}

/// What a security context asks for, with the field that does.
fn asked(context: &Node<'_>, path: &Path, found: &mut Vec<(Path, String)>) {
    for (field, what) in
        [("privileged", "is privileged"), ("allowPrivilegeEscalation", "lets processes gain privileges")]
    {
        if is_true(context.get(field)) {
            found.push((path.clone().key(field), what.to_owned()));
        }
    }
    if matches!(context.get("runAsUser").map(|node| &node.value), Some(Value::Int(0))) {
        found.push((path.clone().key("runAsUser"), "runs as root".to_owned()));
    }
    let added = context.at(&["capabilities", "add"]).and_then(Node::as_sequence).unwrap_or_default();
    for (index, capability) in added.iter().enumerate() {
        let Some(name) = capability.as_str() else { continue };
        if POWERFUL.contains(&name.strip_prefix("CAP_").unwrap_or(name)) {
            let path = path.clone().key("capabilities").key("add").index(index);
            found.push((path, format!("has the capability {name}")));
        }
    }
}

fn of_pod(template: &PodTemplate<'_, '_>) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    let Some((spec, path)) = template.spec() else { return found };
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if is_true(spec.get(field)) {
            found.push((path.clone().key(field), format!("asks for {field}")));
        }
    }
    let volumes = spec.get("volumes").and_then(Node::as_sequence).unwrap_or_default();
    for (index, volume) in volumes.iter().enumerate() {
        if volume.get("hostPath").is_some() {
            let path = path.clone().key("volumes").index(index).key("hostPath");
            found.push((path, "mounts the file system of its node".to_owned()));
        }
    }
    if let Some(context) = spec.get("securityContext") {
        asked(context, &path.clone().key("securityContext"), &mut found);
    }
    for container in template.containers() {
        if let Some(context) = container.node.get("securityContext") {
            asked(context, &container.path.clone().key("securityContext"), &mut found);
        }
    }
    found
}

impl Assertion for NodeAccess {
    fn id(&self) -> &'static str {
        "node-access"
    }

    fn title(&self) -> &'static str {
        "no pod asks for rights on its node"
    }

    fn explanation(&self) -> &'static str {
        "Whoever breaks into a pod that is privileged, runs as root, is in the node's network or mounts its file \
         system has the node, and with it every other pod there. Only what is asked for outright is told, as a \
         warning: agents that look after nodes need it. What a pod must state to be safe is for policies to ask."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {hostNetwork: true, containers: [{name: web, securityContext: {privileged: true}}]}}",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, securityContext: {runAsUser: 1000, capabilities: {add: [NET_BIND_SERVICE]}}}]}}",
        )
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            for (path, what) in of_pod(&template) {
                let finding = template.object.finding(self.id(), path, what, HELP);
                findings.push(Finding { severity: Severity::Warning, ..finding });
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn every_way_to_the_node_is_told_with_its_place() {
        let stream = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {hostPID: true, securityContext: {runAsUser: 0}, volumes: [{name: a, hostPath: {path: /}}], initContainers: [{name: i, securityContext: {allowPrivilegeEscalation: true, capabilities: {add: [CHOWN, CAP_SYS_ADMIN]}}}]}}";
        let paths: Vec<_> = findings(stream, "node-access").into_iter().map(|found| found.path).collect();
        assert_eq!(
            paths,
            [
                "spec.hostPID",
                "spec.volumes[0].hostPath",
                "spec.securityContext.runAsUser",
                "spec.initContainers[0].securityContext.allowPrivilegeEscalation",
                "spec.initContainers[0].securityContext.capabilities.add[1]",
            ]
        );
    }
}
