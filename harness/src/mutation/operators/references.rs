//! Names that lead nowhere.

use super::super::Operator;
use super::super::edit::replace;
use super::super::subject::Subject;
use crate::objects::{Object, path_of};
use gift_plugin::yaml::{Node, Path, Value};

pub(super) static CONFIG_MAP: Operator = Operator {
    id: "config-map-reference-renamed",
    mistake: "A variable is read from a ConfigMap that is not there; the pod does not start.",
    find: |subject| variables(subject, "configMapKeyRef", "name"),
};

pub(super) static SECRET: Operator = Operator {
    id: "secret-reference-renamed",
    mistake: "A variable is read from a Secret that is not there; the pod does not start.",
    find: |subject| variables(subject, "secretKeyRef", "name"),
};

pub(super) static KEY: Operator = Operator {
    id: "key-reference-renamed",
    mistake: "A variable is read from a key that its ConfigMap or Secret does not have.",
    find: |subject| {
        variables(subject, "configMapKeyRef", "key");
        variables(subject, "secretKeyRef", "key");
    },
};

pub(super) static SOURCE: Operator = Operator {
    id: "environment-source-renamed",
    mistake: "`envFrom` names a ConfigMap or Secret that is not there.",
    find: |subject| {
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for (path, source) in container.list("envFrom") {
                    for kind in ["configMapRef", "secretRef"] {
                        let Some(node) = source.get(kind) else { continue };
                        rename(subject, template.object, path.clone().key(kind), node, "name");
                    }
                }
            }
        }
    },
};

pub(super) static VOLUME: Operator = Operator {
    id: "volume-source-renamed",
    mistake: "A volume is made of a ConfigMap or Secret that is not there; the pod waits for ever.",
    find: |subject| {
        volumes(subject, "configMap", "name");
        volumes(subject, "secret", "secretName");
    },
};

pub(super) static CLAIM: Operator = Operator {
    id: "claim-renamed",
    mistake: "A volume names a claim that is not there; the pod is never scheduled.",
    find: |subject| volumes(subject, "persistentVolumeClaim", "claimName"),
};

pub(super) static SERVICE_ACCOUNT: Operator = Operator {
    id: "service-account-renamed",
    mistake: "A workload names a service account that is not there; no pod is made.",
    find: |subject| {
        for (template, spec, path) in subject.pods() {
            rename(subject, template.object, path, spec, "serviceAccountName");
        }
    },
};

pub(super) static ADDRESS: Operator = Operator {
    id: "address-port-shifted",
    mistake: "A URL in a variable or a ConfigMap names a port that its Service does not have.",
    find: |subject| {
        let services: Vec<&str> = subject.objects.kind("Service").map(Object::name).collect();
        for object in subject.objects {
            let mut found = Vec::new();
            crate::objects::scalars(object.root(), &mut Vec::new(), &mut |way, node| {
                if let Some(value) = node.as_str() {
                    found.extend(shifted(value, &services).map(|after| (path_of(way), node, after)));
                }
            });
            for (path, node, (before, after, value)) in found {
                // In a Secret a URL is encoded, and elsewhere Services are named by their own fields.
                let edit = replace(subject.text(), node, gift_plugin::yaml::quoted(&value));
                subject.add(object, path, format!("{before} becomes {after}"), edit);
            }
        }
    },
};

/// The first `service:port` of a text, what it becomes, and the text with that.
fn shifted(value: &str, services: &[&str]) -> Option<(String, String, String)> {
    let (at, rest) = value.find("://").map(|at| (at + 3, &value[at + 3..]))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = authority.rsplit_once(':')?;
    let number: u16 = port.parse().ok()?;
    let name = host.rsplit('@').next()?.split('.').next()?;
    if !services.contains(&name) {
        return None;
    }
    let after = format!("{name}:{}", number.checked_add(1)?);
    let port_at = at + host.len() + 1;
    let changed = format!("{}{}{}", &value[..port_at], number + 1, &value[port_at + port.len()..]);
    Some((format!("{name}:{number}"), after, changed))
}

fn rename(subject: &mut Subject<'_, '_>, object: &Object<'_>, path: Path, node: &Node<'_>, field: &str) {
    let Some(reference) = node.get(field) else { return };
    let is_optional = matches!(node.get("optional").map(|node| &node.value), Some(Value::Bool(true)));
    let Some(name) = reference.as_str().filter(|_| !is_optional) else { return };
    let edit = replace(subject.text(), reference, format!("{name}-x"));
    subject.add(object, path.key(field), format!("{name} becomes {name}-x"), edit);
}

fn variables(subject: &mut Subject<'_, '_>, source: &str, field: &str) {
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            for (path, variable) in container.list("env") {
                let Some(node) = variable.at(&["valueFrom", source]) else { continue };
                let path = path.key("valueFrom").key(source);
                rename(subject, template.object, path, node, field);
            }
        }
    }
}

fn volumes(subject: &mut Subject<'_, '_>, source: &str, field: &str) {
    for (template, spec, path) in subject.pods() {
        let volumes = spec.get("volumes").and_then(Node::as_sequence).unwrap_or_default();
        for (index, volume) in volumes.iter().enumerate() {
            let Some(node) = volume.get(source) else { continue };
            let path = path.clone().key("volumes").index(index).key(source);
            rename(subject, template.object, path, node, field);
        }
    }
}
