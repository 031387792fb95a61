//! Objects that act on others, and miss them.

use super::super::Operator;
use super::super::edit::replace;
use super::ports::{backends, shift};
use gift_plugin::yaml::{Node, Path};

pub(super) static AUTOSCALER: Operator = Operator {
    id: "autoscaler-target-renamed",
    mistake: "An autoscaler scales a workload that is not there.",
    find: |subject| {
        for object in subject.objects.kind("HorizontalPodAutoscaler") {
            let Some(node) = object.get("spec.scaleTargetRef.name") else { continue };
            let Some(name) = node.as_str() else { continue };
            let edit = replace(subject.text(), node, format!("{name}-x"));
            subject.add(object, "spec.scaleTargetRef.name", format!("{name} becomes {name}-x"), edit);
        }
    },
};

pub(super) static BUDGET: Operator = Operator {
    id: "disruption-budget-selector-changed",
    mistake: "A disruption budget selects no pod, and protects nothing.",
    find: |subject| {
        for object in subject.objects.kind("PodDisruptionBudget") {
            let labels = object.get("spec.selector.matchLabels").and_then(Node::as_mapping);
            for entry in labels.map(|labels| labels.entries()).unwrap_or_default() {
                let Some(value) = entry.value.as_str() else { continue };
                let path =
                    Path::root().key("spec").key("selector").key("matchLabels").key(entry.key.as_ref());
                let edit = replace(subject.text(), &entry.value, format!("{value}-x"));
                subject.add(object, path, format!("{value} becomes {value}-x"), edit);
            }
        }
    },
};

pub(super) static INGRESS: Operator = Operator {
    id: "ingress-service-renamed",
    mistake: "An Ingress sends to a Service that is not there; users see 503.",
    find: |subject| {
        for object in subject.objects.kind("Ingress") {
            let mut found = Vec::new();
            backends(object.root(), Path::root(), &mut |path, service| found.push((path, service)));
            for (path, service) in found {
                let Some(node) = service.get("name") else { continue };
                let Some(name) = node.as_str() else { continue };
                let edit = replace(subject.text(), node, format!("{name}-x"));
                subject.add(object, path.key("name"), format!("{name} becomes {name}-x"), edit);
            }
        }
    },
};

pub(super) static INGRESS_PORT: Operator = Operator {
    id: "ingress-port-shifted",
    mistake: "An Ingress sends to a port its Service does not have; users see 503.",
    find: |subject| {
        for object in subject.objects.kind("Ingress") {
            let mut found = Vec::new();
            backends(object.root(), Path::root(), &mut |path, service| found.push((path, service)));
            for (path, service) in found {
                for field in ["number", "name"] {
                    if let Some(port) = service.at(&["port", field]) {
                        shift(subject, object, path.clone().key("port").key(field), port);
                    }
                }
            }
        }
    },
};

pub(super) static ROLE: Operator = Operator {
    id: "role-binding-renamed",
    mistake: "A binding names a role that is not there, or grants it to an account that is not there.",
    find: |subject| {
        let bindings = ["RoleBinding", "ClusterRoleBinding"];
        for object in subject.objects.iter().filter(|object| bindings.contains(&object.kind())) {
            let subjects = object.get("subjects").and_then(Node::as_sequence).map_or(0, <[_]>::len);
            let accounts = (0..subjects).map(|index| format!("subjects[{index}].name"));
            for path in std::iter::once("roleRef.name".to_owned()).chain(accounts) {
                let Some(node) = object.get(&path) else { continue };
                let Some(name) = node.as_str() else { continue };
                let edit = replace(subject.text(), node, format!("{name}-x"));
                subject.add(object, &path, format!("{name} becomes {name}-x"), edit);
            }
        }
    },
};
