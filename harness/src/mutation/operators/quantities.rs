//! Requests, limits and quotas.

use super::super::Operator;
use super::super::edit::{remove, replace};
use super::super::subject::Subject;
use gift_plugin::yaml::{Node, Path, Value};

pub(super) static LIMITS_DROPPED: Operator = Operator {
    id: "limits-dropped",
    mistake: "A container has no limits; one leak takes the node down.",
    find: |subject| dropped(subject, "limits"),
};

pub(super) static REQUESTS_DROPPED: Operator = Operator {
    id: "requests-dropped",
    mistake: "A container requests nothing; it is packed where there is no room and evicted first.",
    find: |subject| dropped(subject, "requests"),
};

pub(super) static LIMIT_RAISED: Operator = Operator {
    id: "limit-raised",
    mistake: "A limit is a thousand times what was meant: the unit is wrong.",
    find: |subject| scaled(subject, "limits", "memory", "4000Gi"),
};

pub(super) static REQUEST_ABOVE_LIMIT: Operator = Operator {
    id: "request-above-limit",
    mistake: "A container requests more than its limit allows; the API server refuses.",
    find: |subject| {
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for resource in ["cpu", "memory"] {
                    let limit = container.node.at(&["resources", "limits", resource]);
                    let request = container.node.at(&["resources", "requests", resource]);
                    let (Some(_), Some(request)) = (limit, request) else { continue };
                    let path = container.path.clone().key("resources").key("requests").key(resource);
                    let edit = replace(subject.text(), request, "900Gi");
                    subject.add(template.object, path, format!("{resource} becomes 900Gi"), edit);
                }
            }
        }
    },
};

pub(super) static QUOTA_EXCEEDED: Operator = Operator {
    id: "quota-exceeded",
    mistake: "More pods are asked for than the namespace's quota has room for; the last of them never come.",
    find: |subject| {
        let limited: Vec<&str> = subject
            .objects
            .kind("ResourceQuota")
            .filter(|quota| quota.get("spec.scopeSelector").is_none() && quota.get("spec.scopes").is_none())
            .map(|quota| quota.namespace())
            .collect();
        for object in subject.objects {
            let Some(replicas) = object.get("spec.replicas") else { continue };
            let path = Path::root().key("spec").key("replicas");
            if let (Value::Int(number), true) = (&replicas.value, limited.contains(&object.namespace())) {
                let told = format!("{number} becomes 5000");
                subject.add(object, path, told, replace(subject.text(), replicas, "5000"));
            }
        }
    },
};

fn dropped(subject: &mut Subject<'_, '_>, what: &str) {
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            let Some(resources) = container.node.get("resources") else { continue };
            if resources.get(what).and_then(Node::as_mapping).is_none_or(|mapping| mapping.is_empty()) {
                continue;
            }
            let path = container.path.clone().key("resources").key(what);
            let edit = remove(subject.text(), resources, what);
            subject.add(template.object, path, format!("{what} dropped"), edit);
        }
    }
}

fn scaled(subject: &mut Subject<'_, '_>, what: &str, resource: &str, value: &str) {
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            let Some(node) = container.node.at(&["resources", what, resource]) else { continue };
            let Some(before) = node.as_str() else { continue };
            let path = container.path.clone().key("resources").key(what).key(resource);
            let edit = replace(subject.text(), node, value);
            subject.add(template.object, path, format!("{before} becomes {value}"), edit);
        }
    }
}
