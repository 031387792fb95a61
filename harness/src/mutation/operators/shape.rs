//! Documents that are not what their kind is.

use super::super::Operator;
use super::super::edit::{append_document, insert, rename, replace, word};
use super::super::subject::Subject;
use crate::objects::{Object, path_of};
use gift_plugin::encode::Edit;
use gift_plugin::yaml::{Node, Path, Span, Value};

pub(super) static KEY_TWICE: Operator = Operator {
    id: "key-twice",
    mistake: "A key stands twice in a mapping; Helm takes the last and says nothing.",
    find: |subject| {
        for object in subject.objects {
            let Some(metadata) = object.root().get("metadata") else { continue };
            let edit = insert(subject.text(), metadata, "name: other");
            subject.add(object, "metadata", "name stands twice", edit);
        }
    },
};

pub(super) static OBJECT_TWICE: Operator = Operator {
    id: "object-twice",
    mistake: "Two templates print the same object; the second overwrites the first.",
    find: |subject| {
        let text = subject.text();
        for object in subject.objects {
            let root = object.root().span;
            let Some(body) = text.get(root.start..root.end).filter(|_| is_alone(subject, object)) else {
                continue;
            };
            let edit = append_document(text, object.span(), body);
            subject.add(object, "metadata.name", "the object stands twice", Some(edit));
        }
    },
};

pub(super) static NAMESPACE: Operator = Operator {
    id: "namespace-changed",
    mistake: "An object is put where nothing else of the release is.",
    find: |subject| {
        let created: Vec<_> = subject.objects.kind("Namespace").map(Object::name).collect();
        for object in subject.objects {
            let Some(node) = object.get("metadata.namespace") else { continue };
            if let Some(name) = node.as_str().filter(|_| !created.contains(&"elsewhere")) {
                let edit = replace(subject.text(), node, "elsewhere");
                subject.add(object, "metadata.namespace", format!("{name} becomes elsewhere"), edit);
            }
        }
    },
};

pub(super) static FIELD_MISSPELT: Operator = Operator {
    id: "field-misspelt",
    mistake: "A field is misspelt; the API server drops it and says nothing, and the default counts.",
    find: |subject| {
        for object in subject.objects.iter().filter(|object| is_known(object)) {
            let spec = object.root().get("spec").and_then(Node::as_mapping);
            for entry in spec.map(|spec| spec.entries()).unwrap_or_default() {
                let name = format!("{}s", entry.key);
                let path = Path::root().key("spec").key(entry.key.as_ref());
                let edit = rename(subject.text(), entry, &name);
                subject.add(object, path, format!("{} becomes {name}", entry.key), edit);
            }
        }
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for key in ["env", "ports", "resources", "readinessProbe", "livenessProbe", "securityContext"]
                {
                    let entry = container.node.as_mapping().and_then(|mapping| mapping.entry(key));
                    let Some(entry) = entry else { continue };
                    let name = format!("{key}x");
                    let edit = rename(subject.text(), entry, &name);
                    let path = container.path.clone().key(key);
                    subject.add(template.object, path, format!("{key} becomes {name}"), edit);
                }
            }
        }
    },
};

pub(super) static TYPE_CHANGED: Operator = Operator {
    id: "type-changed",
    mistake: "A number is quoted, or a word stands in its place; the API server refuses.",
    find: |subject| {
        for object in subject.objects.iter().filter(|object| is_known(object)) {
            let mut found = Vec::new();
            crate::objects::scalars(object.root(), &mut Vec::new(), &mut |way, node| {
                let path = path_of(way);
                let is_port = path.to_string().ends_with("Port\"]") || takes_words(&path);
                if matches!(node.value, Value::Int(_) | Value::Bool(_)) && !is_port {
                    found.push((path, node));
                }
            });
            for (path, node) in found {
                let edit = replace(subject.text(), node, "many");
                subject.add(object, path, "a number or truth becomes the word `many`", edit);
            }
        }
    },
};

pub(super) static API_REMOVED: Operator = Operator {
    id: "api-removed",
    mistake: "An API version is used that newer clusters no longer serve.",
    find: |subject| {
        for object in subject.objects {
            let old = match object.kind() {
                "Deployment" | "DaemonSet" | "Ingress" | "NetworkPolicy" => "extensions/v1beta1",
                "StatefulSet" => "apps/v1beta2",
                "CronJob" => "batch/v1beta1",
                "HorizontalPodAutoscaler" => "autoscaling/v2beta2",
                "PodDisruptionBudget" => "policy/v1beta1",
                _ => continue,
            };
            let Some(node) = object.get("apiVersion").filter(|_| is_known(object)) else { continue };
            let told = format!("{} becomes {old}", object.api_version());
            subject.add(object, "apiVersion", told, replace(subject.text(), node, old));
        }
    },
};

pub(super) static KIND_MISSPELT: Operator = Operator {
    id: "kind-misspelt",
    mistake: "The kind is misspelt; the API server knows no such resource.",
    find: |subject| {
        for object in subject.objects.iter().filter(|object| is_known(object)) {
            let Some(node) = object.get("kind") else { continue };
            let name = format!("{}e", object.kind());
            let told = format!("{} becomes {name}", object.kind());
            subject.add(object, "kind", told, replace(subject.text(), node, name));
        }
    },
};

pub(super) static NAME_TOO_LONG: Operator = Operator {
    id: "name-too-long",
    mistake: "A name grows beyond what Kubernetes takes; the API server refuses.",
    find: |subject| named(subject, |name| Some(format!("{name}-{}", "long-".repeat(50) + "name"))),
};

pub(super) static NAME_UPPER_CASE: Operator = Operator {
    id: "name-upper-case",
    mistake: "A name has a capital letter; the API server refuses.",
    find: |subject| {
        named(subject, |name| {
            let mut letters = name.chars();
            let first = letters.next().filter(char::is_ascii_lowercase)?;
            Some(first.to_ascii_uppercase().to_string() + letters.as_str())
        });
    },
};

pub(super) static INDENTATION: Operator = Operator {
    id: "indentation",
    mistake: "A template indents a line wrongly, and what it prints is no YAML, or other YAML than meant.",
    find: |subject| {
        for object in subject.objects {
            let entries = object.root().as_mapping().map(|mapping| mapping.entries()).unwrap_or_default();
            let Some(entry) = entries.iter().find(|entry| entry.key == "metadata" || entry.key == "spec")
            else {
                continue;
            };
            let start = entry.key_span.start;
            if !subject.text().get(..start).is_some_and(|before| before.ends_with('\n')) {
                continue;
            }
            let edit = Edit { span: Span { start, end: start }, text: " ".to_owned() };
            subject.add(object, entry.key.as_ref(), "indented by a blank", Some(edit));
        }
    },
};

/// Kinds of Kubernetes itself, whose shape is known.
fn is_known(object: &Object<'_>) -> bool {
    !object.group().contains('.') || object.group().ends_with(".k8s.io")
}

/// Whether an object has its document to itself.
fn is_alone(subject: &Subject<'_, '_>, object: &Object<'_>) -> bool {
    subject.objects.iter().filter(|other| other.span() == object.span()).count() == 1
}

/// Fields that take a number or a word, and those that take anything.
fn takes_words(path: &Path) -> bool {
    let text = path.to_string();
    let field = text.rsplit(['.', '[']).next().unwrap_or_default();
    let takes_any = ["port", "targetPort", "maxUnavailable", "minAvailable", "maxSurge", "cpu", "memory"];
    takes_any.contains(&field)
        || ["limits", "requests", "hard", "data", "annotations", "labels", "capacity"]
            .iter()
            .any(|holder| text.split(['.', '[']).any(|segment| segment == *holder))
}

/// Gives objects of any kind another name.
fn named(subject: &mut Subject<'_, '_>, rename: impl Fn(&str) -> Option<String>) {
    for object in subject.objects {
        let Some(node) = object.get("metadata.name") else { continue };
        let Some(name) = rename(object.name()) else { continue };
        let told = if name.len() < 80 {
            format!("{} becomes {name}", object.name())
        } else {
            format!("{} becomes a name of {} letters", object.name(), name.len())
        };
        subject.add(object, "metadata.name", told, replace(subject.text(), node, word(&name)));
    }
}
