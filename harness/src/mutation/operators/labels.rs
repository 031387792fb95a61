//! Labels, and what selects by them.

use super::super::Operator;
use super::super::edit::{insert, remove, replace};
use super::super::subject::Subject;
use crate::objects::{Object, Objects, Selector};
use gift_plugin::yaml::{Entry, Node, Path};
use std::collections::BTreeMap;

pub(super) static SELECTOR_DROPPED: Operator = Operator {
    id: "selector-label-dropped",
    mistake: "A label is taken out of a workload's selector, which then selects others' pods too, or nothing.",
    find: |subject| workloads(subject, Change::Drop),
};

pub(super) static SELECTOR_CHANGED: Operator = Operator {
    id: "selector-label-changed",
    mistake: "A workload's selector asks for a label its pods have with another value; the API server refuses.",
    find: |subject| workloads(subject, Change::Value),
};

pub(super) static POD_DROPPED: Operator = Operator {
    id: "pod-label-dropped",
    mistake: "A pod template loses a label that something selects by; nothing reaches its pods any more.",
    find: |subject| pods(subject, Change::Drop),
};

pub(super) static POD_CHANGED: Operator = Operator {
    id: "pod-label-changed",
    mistake: "A pod template has a label that something selects by with another value.",
    find: |subject| pods(subject, Change::Value),
};

pub(super) static SERVICE_DROPPED: Operator = Operator {
    id: "service-selector-dropped",
    mistake: "A label is taken out of a Service's selector, which then sends traffic to others' pods too.",
    find: |subject| services(subject, Change::Drop),
};

pub(super) static SERVICE_CHANGED: Operator = Operator {
    id: "service-selector-changed",
    mistake: "A Service selects by a value no pod has, and answers nobody.",
    find: |subject| services(subject, Change::Value),
};

pub(super) static REQUIRED_DROPPED: Operator = Operator {
    id: "required-label-dropped",
    mistake: "An object lacks a label by which the organisation finds and accounts for it.",
    find: |subject| {
        for object in subject.objects {
            let Some(labels) = object.root().at(&["metadata", "labels"]) else { continue };
            for key in ["app", "project", "tier"] {
                let path = Path::root().key("metadata").key("labels").key(key);
                let edit = remove(subject.text(), labels, key);
                subject.add(object, path, format!("label {key} dropped"), edit);
            }
        }
    },
};

pub(super) static INVALID: Operator = Operator {
    id: "label-invalid",
    mistake: "A label's value holds what no label may hold, such as a blank; the API server refuses.",
    find: |subject| {
        for object in subject.objects {
            let Some(labels) = object.root().at(&["metadata", "labels"]) else { continue };
            let edit = insert(subject.text(), labels, "example.com/owner: \"team one\"");
            let path = Path::root().key("metadata").key("labels").key("example.com/owner");
            subject.add(object, path, "label `team one` added", edit);
        }
    },
};

#[derive(Clone, Copy)]
enum Change {
    Drop,
    Value,
}

/// Why a dropped label may be missed by nobody.
const SAME_PODS: &str = "what is left selects the same pods of the release";

fn change(
    subject: &mut Subject<'_, '_>,
    object: &Object<'_>,
    labels: &Node<'_>,
    entry: &Entry<'_>,
    path: Path,
    how: Change,
    equivalent: Option<&'static str>,
) {
    let text = subject.text();
    let (key, path) = (entry.key.as_ref(), path.key(entry.key.as_ref()));
    match how {
        Change::Drop => {
            let edit = remove(text, labels, key);
            subject.add_unless(object, path, format!("label {key} dropped"), edit, equivalent);
        }
        Change::Value => {
            let Some(value) = entry.value.as_str() else { return };
            let edit = replace(text, &entry.value, format!("{value}-x"));
            subject.add(object, path, format!("{value} becomes {value}-x"), edit);
        }
    }
}

/// Which of the pod templates of its namespace a selector of these labels selects.
fn selected(
    objects: &Objects<'_>,
    namespace: &str,
    labels: &BTreeMap<&str, &str>,
    without: &str,
) -> Vec<bool> {
    let asked = || labels.iter().filter(|(key, _)| **key != without);
    objects
        .pod_templates()
        .map(|pod| {
            let own: BTreeMap<_, _> = pod.labels().collect();
            pod.object.namespace() == namespace
                && asked().next().is_some()
                && asked().all(|(key, value)| own.get(key) == Some(value))
        })
        .collect()
}

fn selectors(
    subject: &mut Subject<'_, '_>,
    object: &Object<'_>,
    labels: &Node<'_>,
    path: &Path,
    how: Change,
) {
    let Some(mapping) = labels.as_mapping() else { return };
    let all: BTreeMap<_, _> = mapping
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.key.as_ref(), entry.value.as_str()?)))
        .collect();
    let before = selected(subject.objects, object.namespace(), &all, "");
    for entry in mapping.entries() {
        let is_same = selected(subject.objects, object.namespace(), &all, &entry.key) == before;
        change(subject, object, labels, entry, path.clone(), how, is_same.then_some(SAME_PODS));
    }
}

fn workloads(subject: &mut Subject<'_, '_>, how: Change) {
    for object in subject.objects {
        let path = Path::root().key("spec").key("selector").key("matchLabels");
        let labels = object.root().at(&["spec", "selector", "matchLabels"]);
        if let (Some(labels), "apps") = (labels, object.group()) {
            selectors(subject, object, labels, &path, how);
        }
    }
}

fn services(subject: &mut Subject<'_, '_>, how: Change) {
    for object in subject.objects.kind("Service") {
        let path = Path::root().key("spec").key("selector");
        if let Some(labels) = object.root().at(&["spec", "selector"]) {
            selectors(subject, object, labels, &path, how);
        }
    }
}

fn pods(subject: &mut Subject<'_, '_>, how: Change) {
    let objects = subject.objects;
    let asked: Vec<_> = objects
        .iter()
        .filter_map(|object| {
            let spec = object.root().get("spec")?;
            let selector = match object.kind() {
                "Service" => Selector::of_labels(spec.get("selector")?),
                // Selectors of other kinds are not of pods, or need select none.
                "PodDisruptionBudget" => Selector::of(spec.get("selector")?),
                _ if object.group() == "apps" => Selector::of(spec.get("selector")?),
                _ => return None,
            };
            (!selector.is_empty()).then_some((object.namespace(), selector))
        })
        .collect();
    for template in objects.pod_templates() {
        let Some(labels) = template.template.at(&["metadata", "labels"]) else { continue };
        let own: BTreeMap<_, _> = template.labels().collect();
        for entry in labels.as_mapping().map(|mapping| mapping.entries()).unwrap_or_default() {
            let without = own
                .iter()
                .filter(|(key, _)| **key != entry.key.as_ref())
                .map(|(key, value)| (*key, *value))
                .collect();
            let is_asked_for = asked.iter().any(|(namespace, selector)| {
                *namespace == template.object.namespace()
                    && selector.selects(&own)
                    && !selector.selects(&without)
            });
            if is_asked_for {
                let path = template.path.clone().key("metadata").key("labels");
                change(subject, template.object, labels, entry, path, how, None);
            }
        }
    }
}
