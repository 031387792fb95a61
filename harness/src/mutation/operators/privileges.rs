//! Rights on the node that a pod should not have.

use super::super::Operator;
use super::super::edit::{insert, insert_item, replace};
use super::super::subject::Subject;
use crate::objects::{Container, Object};
use gift_plugin::yaml::{Node, Path};

pub(super) static PRIVILEGED: Operator = Operator {
    id: "privileged",
    mistake: "A container is privileged: whoever breaks into it has the node.",
    find: |subject| set(subject, "privileged", "true"),
};

pub(super) static ROOT: Operator = Operator {
    id: "root-user",
    mistake: "A container runs as root.",
    find: |subject| set(subject, "runAsUser", "0"),
};

pub(super) static ESCALATION: Operator = Operator {
    id: "privilege-escalation",
    mistake: "A container's processes may gain rights their parent does not have.",
    find: |subject| set(subject, "allowPrivilegeEscalation", "true"),
};

pub(super) static CAPABILITY: Operator = Operator {
    id: "capability-added",
    mistake: "A container is given the capability that is almost root.",
    find: |subject| set(subject, "capabilities", "{add: [SYS_ADMIN]}"),
};

pub(super) static HOST_PATH: Operator = Operator {
    id: "host-path",
    mistake: "A pod mounts the node's file system.",
    find: |subject| {
        for (template, spec, path) in subject.pods() {
            let item = "{name: node, hostPath: {path: /}}";
            let edit = match spec.get("volumes") {
                Some(volumes) => insert_item(subject.text(), volumes, item),
                None => insert(subject.text(), spec, &format!("volumes: [{item}]")),
            };
            let path = path.key("volumes").index(0).key("hostPath");
            subject.add(template.object, path, "volume hostPath / added", edit);
        }
    },
};

pub(super) static HOST_NETWORK: Operator = Operator {
    id: "host-network",
    mistake: "A pod is in the node's network, past every NetworkPolicy.",
    find: |subject| {
        for (template, spec, path) in subject.pods() {
            if spec.get("hostNetwork").is_none() {
                let edit = insert(subject.text(), spec, "hostNetwork: true");
                subject.add(template.object, path.key("hostNetwork"), "hostNetwork: true added", edit);
            }
        }
    },
};

/// Gives a field of the containers' security contexts a value.
fn set(subject: &mut Subject<'_, '_>, field: &str, value: &str) {
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            one(subject, template.object, &container, field, value);
        }
    }
}

fn one(
    subject: &mut Subject<'_, '_>,
    object: &Object<'_>,
    container: &Container<'_, '_>,
    field: &str,
    value: &str,
) {
    let text = subject.text();
    let path: Path = container.path.clone().key("securityContext").key(field);
    let edit = match container.node.get("securityContext") {
        None => insert(text, container.node, &format!("securityContext: {{{field}: {value}}}")),
        Some(context) => match context.get(field) {
            None => insert(text, context, &format!("{field}: {value}")),
            Some(node) if written(text, node) == value => None,
            Some(node) => match node.get("add") {
                Some(added) if node.as_mapping().is_some() => insert_item(text, added, "SYS_ADMIN"),
                _ if node.as_mapping().is_some() => insert(text, node, "add: [SYS_ADMIN]"),
                _ => replace(text, node, value),
            },
        },
    };
    subject.add(object, path, format!("{field} becomes {value}"), edit);
}

fn written<'t>(text: &'t str, node: &Node<'_>) -> &'t str {
    text.get(node.span.start..node.span.end).unwrap_or_default()
}
