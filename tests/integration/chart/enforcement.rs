//! `policies.enforce`: the files the post-renderer judges by, put in force in the cluster.

use super::{HELMS, chart, find, own_system, refusal, rendered};
use crate::workplace::repository;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// The objects of the organisation's policy files.
fn published() -> Vec<Value> {
    published_in("chart/policies")
}

/// The objects of the policy files in a folder.
fn published_in(folder: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
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
        for kind in [POLICY, BINDING] {
            assert_eq!(names(&objects, kind), names(&published(), kind));
        }
        for policy in published().iter().filter(|object| object["kind"] == POLICY) {
            let name = format!("{}.team", policy["metadata"]["name"].as_str().unwrap());
            let found = find(&objects, POLICY, &name);
            assert_eq!(found["spec"], policy["spec"], "{name}");
            assert_eq!(
                found["metadata"]["annotations"],
                installed(&policy["metadata"]["annotations"]),
                "{name}"
            );
        }
    }
}

/// What is installed of a policy's annotations: the examples are for readers of the file alone.
fn installed(annotations: &Value) -> Value {
    let mut annotations = annotations.clone();
    for example in ["passes", "breaches"] {
        let removed = annotations.as_object_mut().unwrap().remove(&format!("policies.gift.dev/{example}"));
        assert!(removed.is_some(), "a policy without {example}");
    }
    annotations
}

/// The names of what is installed, without the ending, by kind; each once, with or without a second binding.
fn names(objects: &[Value], kind: &str) -> BTreeSet<String> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    of_kind
        .map(|object| name(object).trim_end_matches(".cluster").trim_end_matches(".team").to_owned())
        .collect()
}

#[test]
fn sets_are_installed_with_what_they_include_and_without_what_they_replace() {
    for helm in HELMS {
        let chart = chart().helm(helm).release("r", "team");
        let objects = rendered(&chart.set("policies.sets[0]", "pod-security-restricted"));
        let index: Value = serde_yaml::from_str(
            &std::fs::read_to_string(repository().join("chart/policies/library/sets.yaml")).unwrap(),
        )
        .unwrap();
        let replaced = index["pod-security-restricted"]["replaces"].as_array().unwrap();
        assert_eq!(replaced.len(), 4);
        for kind in [POLICY, BINDING] {
            let mut wanted = names(&published_in("chart/policies/library/pod-security-restricted"), kind);
            wanted.extend(names(&published_in("chart/policies/library/pod-security-baseline"), kind));
            wanted.retain(|name| !replaced.iter().any(|other| other == name.as_str()));
            assert_eq!(names(&objects, kind), wanted);
        }
        // The organisation's parameters come with the organisation's policies alone.
        assert!(objects.iter().all(|object| object["metadata"]["name"] != "policy-params"));
    }
}

#[test]
fn every_set_can_be_installed_beside_the_organisations_policies() {
    let folder = repository().join("chart/policies/library");
    let mut sets: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.retain(|path| path.is_dir());
    sets.sort();
    for set in sets {
        let set = set.file_name().unwrap().to_str().unwrap().to_owned();
        let chart = chart().release("r", "team").set("policies.enforce", "true");
        let objects = rendered(&chart.set("policies.sets[0]", set.as_str()));
        let found = names(&objects, POLICY);
        assert!(found.is_superset(&names(&published(), POLICY)), "{set}");
        for policy in published_in(&format!("chart/policies/library/{set}")) {
            let name = format!("{}.team", policy["metadata"]["name"].as_str().unwrap());
            if policy["kind"] == POLICY {
                let found = find(&objects, POLICY, &name);
                assert_eq!(found["spec"], policy["spec"], "{name}");
                assert_eq!(found["metadata"]["annotations"], installed(&policy["metadata"]["annotations"]));
            }
        }
    }
    let told = refusal(&chart().set("policies.sets[0]", "pod-security"));
    assert!(told.contains("/policies/sets/0") && told.contains("pod-security-baseline"), "{told}");
}

#[test]
fn bindings_hold_for_what_is_of_the_release_alone() {
    let objects = enforced();
    let mut outside = BTreeSet::new();
    for binding in objects.iter().filter(|object| object["kind"] == BINDING) {
        let spec = &binding["spec"];
        let policy = spec["policyName"].as_str().unwrap();
        assert!(names(&objects, POLICY).contains(policy.trim_end_matches(".team")));
        let resources = &spec["matchResources"];
        let name = binding["metadata"]["name"].as_str().unwrap();
        if name == policy {
            assert_eq!(
                resources["namespaceSelector"],
                json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team"]}]})
            );
            assert_eq!(resources["resourceRules"][0]["scope"], "Namespaced");
        } else {
            // What lives in no namespace is told by its labels.
            assert_eq!(name, format!("{policy}.cluster"));
            let of_it = json!({"app.kubernetes.io/instance": "r", "app.kubernetes.io/part-of": own_system()});
            assert_eq!(resources["objectSelector"], json!({"matchLabels": of_it}));
            assert_eq!(resources["resourceRules"][0]["scope"], "Cluster");
            outside.insert(policy.trim_end_matches(".team"));
        }
        if let Some(params) = spec.get("paramRef") {
            assert_eq!(params["namespace"], "team");
            let name = params["name"].as_str().unwrap();
            assert_eq!(find(&objects, "ConfigMap", name)["metadata"]["namespace"], "team");
        }
    }
    assert_eq!(outside, BTreeSet::from(["require-app-label", "require-project-label", "require-tier-label"]));
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
