//! `policies.enforce`: the files the post-renderer judges by, put in force in the cluster.

use super::{HELMS, chart, find, own_system, refusal, rendered};
use crate::workplace::repository;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// The objects of the policy files.
fn published() -> Vec<Value> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(repository().join("chart/policies")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(path).unwrap();
            objects.extend(
                text.split("\n---\n").map(|document| serde_yaml::from_str::<Value>(document).unwrap()),
            );
        }
    }
    assert!(!objects.is_empty());
    objects
}

fn enforced() -> Vec<Value> {
    rendered(&chart().release("r", "team").set("policies.enforce", "true"))
}

#[test]
fn nothing_is_enforced_unless_asked_for() {
    for helm in HELMS {
        let objects = rendered(&chart().helm(helm));
        assert!(objects.iter().all(|object| object["kind"] != POLICY && object["kind"] != BINDING));
    }
}

#[test]
fn every_policy_is_enforced_word_for_word() {
    for helm in HELMS {
        let objects = rendered(&chart().helm(helm).release("r", "team").set("policies.enforce", "true"));
        let names = |objects: &[Value], kind: &str| -> BTreeSet<String> {
            let of_kind = objects.iter().filter(|object| object["kind"] == kind);
            of_kind.map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
        };
        for kind in [POLICY, BINDING] {
            let wanted: BTreeSet<_> =
                names(&published(), kind).iter().map(|name| format!("{name}.team")).collect();
            assert_eq!(names(&objects, kind), wanted);
        }
        for policy in published().iter().filter(|object| object["kind"] == POLICY) {
            let name = format!("{}.team", policy["metadata"]["name"].as_str().unwrap());
            let found = find(&objects, POLICY, &name);
            assert_eq!(found["spec"], policy["spec"], "{name}");
            assert_eq!(found["metadata"]["annotations"], policy["metadata"]["annotations"], "{name}");
        }
    }
}

#[test]
fn bindings_hold_for_the_namespaces_of_the_release_alone() {
    let objects = enforced();
    for binding in objects.iter().filter(|object| object["kind"] == BINDING) {
        let spec = &binding["spec"];
        assert!(
            objects
                .iter()
                .any(|object| object["kind"] == POLICY && object["metadata"]["name"] == spec["policyName"])
        );
        assert_eq!(
            spec["matchResources"]["namespaceSelector"],
            json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team"]}]})
        );
        // What lives in no namespace is not the release's, and has no namespace to find parameters in.
        assert_eq!(spec["matchResources"]["resourceRules"][0]["scope"], "Namespaced");
        if let Some(params) = spec.get("paramRef") {
            assert_eq!(params["namespace"], "team");
            let name = params["name"].as_str().unwrap();
            assert_eq!(find(&objects, "ConfigMap", name)["metadata"]["namespace"], "team");
        }
    }
    let elsewhere = chart()
        .release("r", "team")
        .set("policies.enforce", "true")
        .set(format!("{}.services.gift-app.namespace", own_system()), "front");
    let objects = rendered(&elsewhere);
    let binding = objects.iter().find(|object| object["kind"] == BINDING).unwrap();
    let values = &binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"][0]["values"];
    assert_eq!(values, &json!(["front", "team"]));
}

#[test]
fn the_parameters_are_those_of_the_system() {
    let objects = enforced();
    let path = repository().join(format!("chart/policies/params/{}.yaml", own_system()));
    let params: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = find(&objects, "ConfigMap", params["metadata"]["name"].as_str().unwrap());
    assert_eq!(found["data"], params["data"]);
    let web = json!({
        "kind": "Deployment",
        "selector": {"app.kubernetes.io/name": "web"},
        "image": {"repository": "example/web", "tag": "1.0"},
    });
    let values =
        json!({"system": "harbour", "harbour": {"services": {"web": web}}, "policies": {"enforce": true}});
    let told = refusal(&chart().inline(values));
    assert!(told.contains("no policy parameters for the system \"harbour\""), "{told}");
    assert!(told.contains(&format!("There are some for: {}", own_system())), "{told}");
}

#[test]
fn an_exception_in_values_marks_the_objects_and_narrows_the_policy() {
    let system = own_system();
    let exceptions = json!({"pinned-image-tag": {"reason": "vendor image", "expires": "2099-12-31"}});
    let values = json!({system.as_str(): {"services": {"user-service": {"exceptions": exceptions}}}});
    let objects = rendered(&chart().release("r", "team").set("policies.enforce", "true").inline(values));
    let annotation = |name: &str| -> Option<Value> {
        let text = find(&objects, "Deployment", name)["metadata"]
            .get("annotations")?
            .get("policies.gift.dev/exceptions")?;
        serde_json::from_str(text.as_str().unwrap()).ok()
    };
    let granted = json!([{"rule": "pinned-image-tag", "reason": "vendor image", "expires": "2099-12-31"}]);
    assert_eq!(annotation("user-service"), Some(granted));
    assert_eq!(annotation("wish-service"), None);
    let conditions =
        |rule: &str| find(&objects, POLICY, &format!("{rule}.team"))["spec"].get("matchConditions").cloned();
    assert_eq!(conditions("pinned-image-tag").unwrap()[0]["name"], "service-user-service");
    assert_eq!(conditions("minimum-requests"), None);
}
