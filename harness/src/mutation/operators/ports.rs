//! Ports that no longer meet.

use super::super::Operator;
use super::super::edit::replace;
use super::super::subject::Subject;
use gift_plugin::yaml::{Node, Path, Value};
use std::collections::BTreeSet;

pub(super) static TARGET_SHIFTED: Operator = Operator {
    id: "service-target-port-shifted",
    mistake: "A Service sends to a port its pods do not have; every connection is refused.",
    find: |subject| {
        for service in subject.objects.kind("Service") {
            for (path, port) in ports(service.root()) {
                if let Some(target) = port.get("targetPort") {
                    shift(subject, service, path.key("targetPort"), target);
                }
            }
        }
    },
};

pub(super) static SERVICE_SHIFTED: Operator = Operator {
    id: "service-port-shifted",
    mistake: "A Service listens on another port than those who call it think.",
    find: |subject| {
        for service in subject.objects.kind("Service") {
            for (path, port) in ports(service.root()) {
                let Some(number) = port.get("port") else { continue };
                let Value::Int(value) = number.value else { continue };
                let is_pods = port.get("targetPort").is_none() && service.get("spec.selector").is_some();
                let is_called = is_pods || is_named(subject, service.name(), value);
                let edit = replace(subject.text(), number, (value + 1).to_string());
                let unless = (!is_called).then_some("nothing in the release names this port by its number");
                let told = format!("{value} becomes {}", value + 1);
                subject.add_unless(service, path.key("port"), told, edit, unless);
            }
        }
    },
};

pub(super) static CONTAINER_SHIFTED: Operator = Operator {
    id: "container-port-shifted",
    mistake: "A container declares another port than the one Services and probes use by number.",
    find: |subject| {
        let asked: BTreeSet<i64> = subject
            .objects
            .kind("Service")
            .flat_map(|service| ports(service.root()))
            .filter_map(|(_, port)| match port.get("targetPort").or(port.get("port"))?.value {
                Value::Int(number) => Some(number),
                _ => None,
            })
            .collect();
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for (path, port) in container.list("ports") {
                    let Some(number) = port.get("containerPort") else { continue };
                    if matches!(number.value, Value::Int(value) if asked.contains(&value)) {
                        shift(subject, template.object, path.key("containerPort"), number);
                    }
                }
            }
        }
    },
};

pub(super) static NAME_CHANGED: Operator = Operator {
    id: "port-name-changed",
    mistake: "A container's port is renamed, and Services and probes that use its name find none.",
    find: |subject| {
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for service in subject.objects.kind("Service") {
            for (_, port) in ports(service.root()) {
                asked.extend(port.get("targetPort").and_then(Node::as_str));
            }
        }
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for (path, port) in container.list("ports") {
                    let Some(node) = port.get("name") else { continue };
                    let Some(name) = node.as_str().filter(|name| asked.contains(name)) else { continue };
                    let edit = replace(subject.text(), node, format!("{name}x"));
                    subject.add(template.object, path.key("name"), format!("{name} becomes {name}x"), edit);
                }
            }
        }
    },
};

/// The ports of a Service, each with its path.
fn ports<'s, 'a>(service: &'s Node<'a>) -> Vec<(Path, &'s Node<'a>)> {
    let ports = service.at(&["spec", "ports"]).and_then(Node::as_sequence).unwrap_or_default();
    let path = Path::root().key("spec").key("ports");
    ports.iter().enumerate().map(|(index, port)| (path.clone().index(index), port)).collect()
}

/// Another number, or another name.
pub(super) fn shift(
    subject: &mut Subject<'_, '_>,
    object: &crate::objects::Object<'_>,
    path: Path,
    port: &Node<'_>,
) {
    let (before, after) = match &port.value {
        Value::Int(number) => (number.to_string(), (number + 1).to_string()),
        Value::String(name) => (name.to_string(), format!("{name}x")),
        _ => return,
    };
    let edit = replace(subject.text(), port, after.as_str());
    subject.add(object, path, format!("{before} becomes {after}"), edit);
}

/// Whether something says `name:port`, or sends an Ingress's traffic to that port.
fn is_named(subject: &Subject<'_, '_>, name: &str, port: i64) -> bool {
    let text = subject.text();
    let follows = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_digit());
    let address = |host: &str| {
        let wanted = format!("{host}:{port}");
        text.match_indices(&wanted).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            follows(&text[at + found.len()..])
                && !before
                    .is_some_and(|before| before.is_ascii_alphanumeric() || before == '-' || before == '.')
        })
    };
    let backend = subject.objects.kind("Ingress").any(|ingress| {
        let mut found = false;
        backends(ingress.root(), Path::root(), &mut |_, service| {
            let number = service.at(&["port", "number"]).map(|number| &number.value);
            found |=
                service.get("name").and_then(Node::as_str) == Some(name) && number == Some(&Value::Int(port));
        });
        found
    });
    backend || address(name)
}

/// Calls `visit` with every Service an Ingress sends to.
pub(super) fn backends<'s, 'a>(node: &'s Node<'a>, path: Path, visit: &mut dyn FnMut(Path, &'s Node<'a>)) {
    match &node.value {
        Value::Mapping(mapping) => {
            for entry in mapping.entries() {
                let path = path.clone().key(entry.key.as_ref());
                match entry.value.get("service") {
                    Some(service) if entry.key == "backend" || entry.key == "defaultBackend" => {
                        visit(path.key("service"), service);
                    }
                    _ => backends(&entry.value, path, visit),
                }
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                backends(item, path.clone().index(index), visit);
            }
        }
        _ => {}
    }
}
