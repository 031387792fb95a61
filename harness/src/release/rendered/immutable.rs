//! What an API server lets nobody change: an upgrade that tries fails, or has the object made anew.
//!
//! Depends on [`crate::objects`] for amounts.

use crate::objects::Quantity;
use serde_json::Value;

/// What may not change of a kind.
struct Immutable {
    group: &'static str,
    kind: &'static str,
    fields: Fields,
}

enum Fields {
    /// These, and what they are when nothing is said.
    These(&'static [(&'static str, &'static str)]),
    /// All of `spec` but these.
    SpecBut(&'static [&'static str]),
}

use Fields::{SpecBut, These};

const SELECTOR: Fields = These(&[("/spec/selector", "")]);

const IMMUTABLE: &[Immutable] = &[
    Immutable { group: "apps", kind: "Deployment", fields: SELECTOR },
    Immutable { group: "apps", kind: "ReplicaSet", fields: SELECTOR },
    Immutable { group: "apps", kind: "DaemonSet", fields: SELECTOR },
    Immutable {
        group: "apps",
        kind: "StatefulSet",
        fields: SpecBut(&[
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ]),
    },
    Immutable {
        group: "batch",
        kind: "Job",
        fields: These(&[
            ("/spec/template", ""),
            ("/spec/selector", ""),
            ("/spec/completions", ""),
            ("/spec/completionMode", "NonIndexed"),
            ("/spec/podFailurePolicy", ""),
            ("/spec/backoffLimitPerIndex", ""),
        ]),
    },
    Immutable {
        group: "",
        kind: "Service",
        fields: These(&[("/spec/clusterIP", ""), ("/spec/clusterIPs", ""), ("/spec/loadBalancerClass", "")]),
    },
    // What it asks for may grow, which is looked at apart.
    Immutable {
        group: "",
        kind: "PersistentVolumeClaim",
        fields: SpecBut(&["resources", "volumeAttributesClassName"]),
    },
    Immutable {
        group: "",
        kind: "PersistentVolume",
        fields: SpecBut(&[
            "capacity",
            "accessModes",
            "claimRef",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "mountOptions",
            "nodeAffinity",
            "volumeAttributesClassName",
        ]),
    },
    Immutable { group: "", kind: "Secret", fields: These(&[("/type", "Opaque")]) },
    Immutable {
        group: "",
        kind: "ResourceQuota",
        fields: These(&[("/spec/scopes", ""), ("/spec/scopeSelector", "")]),
    },
    Immutable { group: "rbac.authorization.k8s.io", kind: "RoleBinding", fields: These(&[("/roleRef", "")]) },
    Immutable {
        group: "rbac.authorization.k8s.io",
        kind: "ClusterRoleBinding",
        fields: These(&[("/roleRef", "")]),
    },
    Immutable {
        group: "storage.k8s.io",
        kind: "StorageClass",
        fields: These(&[
            ("/provisioner", ""),
            ("/parameters", ""),
            ("/reclaimPolicy", "Delete"),
            ("/volumeBindingMode", "Immediate"),
        ]),
    },
    Immutable {
        group: "scheduling.k8s.io",
        kind: "PriorityClass",
        fields: These(&[("/value", ""), ("/preemptionPolicy", "PreemptLowerPriority")]),
    },
    Immutable {
        group: "networking.k8s.io",
        kind: "IngressClass",
        fields: These(&[("/spec/controller", "")]),
    },
    Immutable { group: "node.k8s.io", kind: "RuntimeClass", fields: These(&[("/handler", "")]) },
    Immutable {
        group: "apiextensions.k8s.io",
        kind: "CustomResourceDefinition",
        fields: These(&[("/spec/group", ""), ("/spec/scope", ""), ("/spec/names/kind", "")]),
    },
];

/// Fields of `spec` that are something when nothing is said of them.
const DEFAULTS: [(&str, &str); 3] =
    [("podManagementPolicy", "OrderedReady"), ("volumeMode", "Filesystem"), ("serviceName", "")];

/// The fields of an object that changed and may not, as paths.
pub(super) fn changed(group: &str, before: &Value, after: &Value) -> Vec<String> {
    let kind = before["kind"].as_str().unwrap_or_default();
    let mut fields = Vec::new();
    for rule in IMMUTABLE.iter().filter(|rule| (rule.group, rule.kind) == (group, kind)) {
        match rule.fields {
            These(these) => {
                let changed = these.iter().filter(|(pointer, default)| {
                    stated(before.pointer(pointer), default) != stated(after.pointer(pointer), default)
                });
                fields.extend(
                    changed.map(|(pointer, _)| pointer.replace('/', ".").trim_start_matches('.').to_owned()),
                );
            }
            SpecBut(others) => fields.extend(spec(before, after, others)),
        }
    }
    if kind == "PersistentVolumeClaim" && shrinks(before, after) {
        fields.push("spec.resources.requests.storage".to_owned());
    }
    let is_sealed = |object: &Value| object["immutable"] == Value::Bool(true);
    if group.is_empty() && ["ConfigMap", "Secret"].contains(&kind) && is_sealed(before) {
        let sealed = ["data", "binaryData", "stringData", "immutable"];
        fields.extend(sealed.into_iter().filter(|field| before[field] != after[field]).map(str::to_owned));
    }
    fields
}

fn spec(before: &Value, after: &Value, others: &[&str]) -> Vec<String> {
    let names = [before, after]
        .into_iter()
        .filter_map(|object| object["spec"].as_object())
        .flat_map(|spec| spec.keys());
    let mut names: Vec<&String> = names.filter(|name| !others.contains(&name.as_str())).collect();
    names.sort();
    names.dedup();
    let is_changed = |name: &&String| {
        let default = DEFAULTS.iter().find(|(known, _)| known == name).map_or("", |(_, default)| default);
        stated(before["spec"].get(*name), default) != stated(after["spec"].get(*name), default)
    };
    names.into_iter().filter(is_changed).map(|name| format!("spec.{name}")).collect()
}

/// What a field is; the same for one that is absent and one that states what it is anyway.
fn stated(value: Option<&Value>, default: &str) -> Option<Value> {
    value
        .filter(|value| !value.is_null() && value.as_str() != Some(default) && value.as_str() != Some(""))
        .cloned()
}

fn shrinks(before: &Value, after: &Value) -> bool {
    let storage = |object: &Value| {
        let amount = object.pointer("/spec/resources/requests/storage")?;
        Quantity::parse(&amount.as_str().map_or_else(|| amount.to_string(), str::to_owned))
    };
    storage(before).zip(storage(after)).is_some_and(|(before, after)| after < before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(group: &str, kind: &str, before: Value, after: Value) -> Vec<String> {
        let object = |mut fields: Value| {
            fields["kind"] = kind.into();
            fields
        };
        changed(group, &object(before), &object(after))
    }

    #[test]
    fn a_field_that_no_server_lets_change_is_found() {
        let app = |name: &str| json!({"spec": {"selector": {"matchLabels": {"app": name}}}});
        for kind in ["Deployment", "DaemonSet", "StatefulSet"] {
            assert_eq!(of("apps", kind, app("a"), app("b")), ["spec.selector"], "{kind}");
            assert_eq!(of("apps", kind, app("a"), app("a")), [""; 0]);
        }
        for (group, kind, before, after, field) in [
            (
                "apps",
                "StatefulSet",
                json!({"spec": {"serviceName": "a"}}),
                json!({"spec": {"serviceName": "b"}}),
                "spec.serviceName",
            ),
            (
                "apps",
                "StatefulSet",
                json!({"spec": {"volumeClaimTemplates": [1]}}),
                json!({"spec": {}}),
                "spec.volumeClaimTemplates",
            ),
            (
                "batch",
                "Job",
                json!({"spec": {"template": {"a": 1}}}),
                json!({"spec": {"template": {"a": 2}}}),
                "spec.template",
            ),
            ("", "Service", json!({"spec": {}}), json!({"spec": {"clusterIP": "None"}}), "spec.clusterIP"),
            ("", "Secret", json!({}), json!({"type": "kubernetes.io/tls"}), "type"),
            (
                "",
                "ConfigMap",
                json!({"immutable": true, "data": {"a": "1"}}),
                json!({"immutable": true, "data": {}}),
                "data",
            ),
            (
                "",
                "PersistentVolumeClaim",
                json!({"spec": {"accessModes": ["a"]}}),
                json!({"spec": {"accessModes": ["b"]}}),
                "spec.accessModes",
            ),
            (
                "rbac.authorization.k8s.io",
                "RoleBinding",
                json!({"roleRef": {"name": "a"}}),
                json!({"roleRef": {"name": "b"}}),
                "roleRef",
            ),
        ] {
            assert_eq!(of(group, kind, before, after), [field], "{kind}");
        }
    }

    #[test]
    fn what_may_change_is_none_of_them() {
        let stateful = |replicas: u64, policy: Value| json!({"spec": {"replicas": replicas, "template": replicas, "podManagementPolicy": policy}});
        assert_eq!(
            of("apps", "StatefulSet", stateful(1, Value::Null), stateful(2, json!("OrderedReady"))),
            [""; 0]
        );
        assert_eq!(
            of(
                "",
                "Service",
                json!({"spec": {"ports": [1]}}),
                json!({"spec": {"ports": [2], "clusterIP": ""}})
            ),
            [""; 0]
        );
        assert_eq!(of("", "ConfigMap", json!({"data": 1}), json!({"data": 2})), [""; 0]);
        assert_eq!(of("", "Secret", json!({}), json!({"type": "Opaque"})), [""; 0]);
        // A kind of the same name of somebody else's.
        assert_eq!(
            of("example.com", "Deployment", json!({"spec": {"selector": 1}}), json!({"spec": {}})),
            [""; 0]
        );
    }

    #[test]
    fn a_claim_may_grow_and_not_shrink() {
        let claim = |storage: &str| json!({"spec": {"resources": {"requests": {"storage": storage}}}});
        assert_eq!(of("", "PersistentVolumeClaim", claim("1Gi"), claim("2Gi")), [""; 0]);
        assert_eq!(
            of("", "PersistentVolumeClaim", claim("2Gi"), claim("1536Mi")),
            ["spec.resources.requests.storage"]
        );
    }
}
