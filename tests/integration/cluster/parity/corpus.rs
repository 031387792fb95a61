//! Objects to be judged: what the chart renders, and what is written here to stand on every bound and in
//! every form the policies speak of.

use super::mutation::mutations;
use crate::workplace::{helm, repository};
use gift_harness::tools::HelmVersion;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Quantities in every spelling, around the bounds of the chart's params.
const QUANTITIES: &[&str] = &[
    "50m",
    "49m",
    "51m",
    "0.05",
    "0.049",
    "0.0495",
    "5e-2",
    "50e-3",
    "49999u",
    "50000u",
    "50000000n",
    "49999999n",
    "1500m",
    "1501m",
    "1.5",
    "1.5001",
    "15e-1",
    "1",
    "2",
    "2.0",
    "0",
    "0.1",
    ".5",
    "5.",
    "+1",
    "1e3",
    "1E3",
    "1k",
    "100m",
    "128Mi",
    "127Mi",
    "129Mi",
    "128M",
    "131072Ki",
    "131071Ki",
    "134217728",
    "134217727",
    "134217.728k",
    "0.125Gi",
    "0.124Gi",
    "1.25e8",
    "2Gi",
    "2049Mi",
    "2048Mi",
    "2147483648",
    "2147483649",
    "2G",
    "3G",
    "2e9",
    "0.001Ti",
    "0.002Ti",
    "1Ti",
    "1Ei",
    "8Ei",
    "1E",
    "9223372036854775807",
    "9223372036854775808",
    "1.3m",
    "0.5Mi",
    "1.5Gi",
];

/// Images in every form.
const IMAGES: &[&str] = &[
    "web",
    "web:1.0",
    "web:latest",
    "web:1.0-latest",
    "web:latest-1",
    "web:LATEST",
    "host:5000/web",
    "host:5000/web:1",
    "host:5000/web:latest",
    "host/a/b/c:1",
    "localhost/web",
    "web@sha256:0123456789abcdef",
    "web:1.0@sha256:0123456789abcdef",
    "web:latest@sha256:0123456789abcdef",
    "web:",
    "a:b:c",
    "a/b:c/d",
    "web:v1.2.3+build",
    "웹:1",
    "web :1",
    "",
    "web:1 ",
    "UPPER/case:1",
    "host:5000/web@sha256:00",
    "web@sha512:aa",
    "web:1.0@",
    "@",
    ":",
    "/",
    "a@b@c:1",
];

/// Names of variables and of keys: sensitive, ordinary and nearly sensitive.
const NAMES: &[&str] = &[
    "PASSWORD",
    "password",
    "DB_PASSWORD",
    "db.password",
    "PASSWORD_FILE",
    "PASSWORDS",
    "passwd",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "SECRET_NAME",
    "client-secret",
    "API_KEY",
    "apikey",
    "api.key",
    "API_KEY_ID",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "private-key-id",
    "SIGNING_KEY",
    "JWT_KEY",
    "KEY",
    "KEYBOARD",
    "MONKEY",
    "TOKEN",
    "TOKENS",
    "TOKENIZER",
    "ACCESS_TOKEN",
    "CREDENTIAL",
    "credentials",
    "CLIENT_ID",
    "client.id",
    "clientid",
    "CLIENTELE",
    "server.key",
    "server.crt",
    "keystore.p12",
    "keystore.jks",
    "cert.pfx",
    "DB_URL",
    "DATABASE_URL",
    "db.user",
    "DB_NAME",
    "DATASOURCE_URL",
    "datasource-username",
    "SPRING_DATASOURCE_URL",
    "LOG_LEVEL",
    "URL",
    "MODE",
];

/// Values: sensitive, ordinary and nearly sensitive.
const VALUES: &[&str] = &[
    "",
    "info",
    "-----BEGIN PRIVATE KEY-----\nMII\n",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN EC  PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig",
    "eyJhbGci.eyJzdWIi.x",
    "eyJ",
    "https://user:word@example.com/",
    "https://example.com:8080/a@b",
    "postgres://user:pw@db/app",
    "postgres://user@db/app",
    "jdbc:postgresql://db/app",
    " jdbc:x",
    "JDBC:x",
    "https://u:p@",
    "https://user:pass word@x",
    "ftp://a/b:c@d",
    "선물",
    "line\nbreak",
    "tab\tinside",
    "$(OTHER)",
    "'\"\\",
];

/// The corpus, each object once.
pub(super) fn corpus() -> Vec<Value> {
    let mut objects = Vec::new();
    let rendered = rendered();
    for kind in [
        "Deployment",
        "Service",
        "ConfigMap",
        "Secret",
        "Pod",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
        "ServiceAccount",
    ] {
        objects.extend(
            rendered.iter().find(|object| object["kind"] == kind).map(mutations).into_iter().flatten(),
        );
    }
    objects.extend(rendered);
    let pods = pod_specs();
    objects.extend(pods.iter().map(|spec| workload("Deployment", spec)));
    for kind in ["Pod", "CronJob", "Job", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"] {
        objects.extend(pods.iter().step_by(7).map(|spec| workload(kind, spec)));
    }
    for kind in ["Pod", "CronJob"] {
        objects.extend(mutations(&workload(kind, &pods[0])));
    }
    objects.extend(labelled());
    objects.extend(config_maps());
    let mut seen = BTreeSet::new();
    objects.retain(|object| seen.insert(object.to_string()));
    objects
}

/// Everything the chart renders in each of its environments.
fn rendered() -> Vec<Value> {
    let mut objects = Vec::new();
    let mut systems: Vec<_> =
        fs::read_dir(repository().join("values")).unwrap().map(|entry| entry.unwrap().path()).collect();
    systems.retain(|path| path.is_dir());
    systems.sort();
    for system in systems {
        let base = system.join("base.yaml");
        let mut environments: Vec<_> =
            fs::read_dir(&system).unwrap().map(|entry| entry.unwrap().path()).collect();
        environments
            .retain(|path| path.extension().is_some_and(|extension| extension == "yaml") && *path != base);
        environments.sort();
        for values in environments {
            let mut helm = Command::new(helm(HelmVersion::V4));
            helm.args(["template", "parity"]).arg(repository().join("chart"));
            for values in [&base, &values].into_iter().filter(|path| path.exists()) {
                helm.arg("-f").arg(values);
            }
            let output = helm.output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {told}", values.display());
            objects.extend(documents(&String::from_utf8(output.stdout).unwrap()));
        }
    }
    for object in &mut objects {
        // Each policy judges in a namespace of its own.
        object["metadata"].as_object_mut().unwrap().remove("namespace");
    }
    objects.iter_mut().for_each(fill);
    assert!(objects.len() > 20, "the chart renders {} objects", objects.len());
    objects
}

/// Puts something in place of the secrets that have to be filled in before an API server takes them.
fn fill(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("secretRef:") => *text = "aGk=".to_owned(),
        Value::Array(items) => items.iter_mut().for_each(fill),
        Value::Object(fields) => fields.values_mut().for_each(fill),
        _ => {}
    }
}

/// The documents of a stream as JSON.
pub(in crate::cluster) fn documents(text: &str) -> Vec<Value> {
    let documents = gift_plugin::yaml::load_stream(text, &gift_plugin::yaml::Limits::default()).unwrap();
    documents
        .iter()
        .map(|document| serde_json::from_str(&gift_plugin::yaml::to_json(&document.root)).unwrap())
        .collect()
}

/// The names of apps, the project and the tiers that the first system's parameters allow.
fn facts() -> (Vec<String>, String, Vec<String>) {
    let params = &super::params()[0].1;
    let list = |key: &str| {
        params["data"][key].as_str().unwrap().split(',').map(|name| name.trim().to_owned()).collect()
    };
    (list("apps"), params["data"]["project"].as_str().unwrap().to_owned(), list("tiers"))
}

/// Labels that every policy is content with.
fn labels() -> Value {
    let (apps, project, tiers) = facts();
    json!({"app": apps[0], "project": project, "tier": tiers[0]})
}

fn container(name: &str) -> Value {
    json!({
        "name": name, "image": "example.com/web:2.1",
        "env": [{"name": "MODE", "value": "fast"}],
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"},
        },
    })
}

fn with(mut value: Value, pointer: &str, replacement: Value) -> Value {
    *value.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = replacement;
    value
}

fn one(container: Value) -> Value {
    json!({"containers": [container]})
}

fn pod_specs() -> Vec<Value> {
    let good = container("web");
    let mut specs = vec![one(good.clone())];
    for quantity in QUANTITIES {
        for pointer in [
            "/resources/requests/cpu",
            "/resources/requests/memory",
            "/resources/limits/cpu",
            "/resources/limits/memory",
        ] {
            specs.push(one(with(good.clone(), pointer, json!(quantity))));
        }
    }
    for number in [0_i64, 1, 2, 3, 134_217_728, 134_217_727, 2_147_483_648, 2_147_483_649] {
        specs.push(one(with(good.clone(), "/resources/requests", json!({"cpu": number, "memory": number}))));
        specs.push(one(with(good.clone(), "/resources/limits", json!({"cpu": number, "memory": number}))));
    }
    for image in IMAGES {
        specs.push(one(with(good.clone(), "/image", json!(image))));
        specs.push(json!({"containers": [good], "initContainers": [with(container("prepare"), "/image", json!(image))]}));
    }
    for name in NAMES {
        specs.push(one(with(good.clone(), "/env", json!([{"name": name, "value": "x"}]))));
    }
    for name in NAMES.iter().step_by(3) {
        specs.extend([
            json!([{"name": name}]),
            json!([{"name": name, "value": ""}]),
            json!([{"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
            json!([{"name": name, "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k"}}}]),
            json!([{"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
            json!([{"name": "A", "value": "1"}, {"name": name, "value": "2"}, {"name": "B", "value": "3"}]),
        ].map(|env| one(with(good.clone(), "/env", env))));
    }
    for value in VALUES {
        specs.push(one(with(good.clone(), "/env", json!([{"name": "MODE", "value": value}]))));
    }
    // Containers of every sort, with and without resources.
    for resources in [
        Value::Null,
        json!({}),
        json!({"requests": {}}),
        json!({"limits": {}}),
        json!({"requests": {}, "limits": {}}),
        json!({"requests": {"cpu": "1"}}),
        json!({"limits": {"cpu": "1"}}),
        json!({"limits": {"memory": "1Gi"}}),
        json!({"limits": {"cpu": "1", "memory": "1Gi"}}),
        json!({"requests": {"cpu": "1", "memory": "1Gi"}}),
        json!({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}}),
        json!({"requests": null, "limits": null}),
    ] {
        let odd = with(container("odd"), "/resources", resources);
        specs.push(one(odd.clone()));
        specs.push(json!({"containers": [good, odd]}));
        specs.push(json!({"containers": [good], "initContainers": [odd]}));
        let mut sidecar = odd.clone();
        sidecar["restartPolicy"] = json!("Always");
        specs.push(json!({"containers": [good], "initContainers": [sidecar, container("second")]}));
    }
    for env in [Value::Null, json!([])] {
        specs.push(one(with(good.clone(), "/env", env)));
    }
    specs.push(json!({"containers": [good], "initContainers": null}));
    specs.push(json!({"containers": [good], "initContainers": []}));
    specs
}

/// A workload of a kind that keeps every rule but for what its pod breaks.
fn workload(kind: &str, spec: &Value) -> Value {
    let labels = labels();
    let mut spec = spec.clone();
    let mut template = json!({"metadata": {"labels": labels}, "spec": null});
    if matches!(kind, "Job" | "CronJob") {
        spec["restartPolicy"] = json!("Never");
    }
    template["spec"] = spec.clone();
    let app = &labels["app"];
    let selector = json!({"matchLabels": {"app": app}});
    let (version, spec) = match kind {
        "Pod" => ("v1", spec),
        "ReplicationController" => ("v1", json!({"selector": {"app": app}, "template": template})),
        "Job" => ("batch/v1", json!({"template": template})),
        "CronJob" => {
            ("batch/v1", json!({"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}}))
        }
        "StatefulSet" => {
            ("apps/v1", json!({"selector": selector, "serviceName": "web", "template": template}))
        }
        _ => ("apps/v1", json!({"selector": selector, "template": template})),
    };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web", "labels": labels}, "spec": spec})
}

/// Labels in every state, on objects of several kinds.
fn labelled() -> Vec<Value> {
    let good: Map<String, Value> = labels().as_object().cloned().unwrap();
    let (apps, _, tiers) = facts();
    let mut values =
        vec![Value::Null, json!(""), json!("other"), json!("Backend"), labels()["project"].clone()];
    values.extend(apps.iter().chain(&tiers).map(|value| json!(value)));
    let mut sets = vec![Value::Null, json!({}), Value::Object(good.clone())];
    for key in ["app", "project", "tier"] {
        for value in &values {
            let mut labels = good.clone();
            labels.insert(key.to_owned(), value.clone());
            sets.push(Value::Object(labels));
        }
    }
    let mut objects = Vec::new();
    for labels in &sets {
        for (version, kind, body) in [
            ("v1", "ConfigMap", json!({})),
            ("v1", "Secret", json!({"data": {"A": "aGk="}})),
            ("v1", "Secret", json!({"type": "helm.sh/release.v1"})),
            ("v1", "Service", json!({"spec": {"ports": [{"port": 80}]}})),
            ("v1", "ServiceAccount", json!({})),
            ("networking.k8s.io/v1", "NetworkPolicy", json!({"spec": {"podSelector": {}}})),
            ("policy/v1", "PodDisruptionBudget", json!({"spec": {"minAvailable": 1}})),
        ] {
            let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "labelled", "labels": labels}});
            for (key, value) in body.as_object().unwrap() {
                object[key] = value.clone();
            }
            objects.push(object);
        }
        let mut template = workload("Deployment", &one(container("web")));
        for (key, value) in labels.as_object().into_iter().flatten() {
            if key != "app" {
                template["spec"]["template"]["metadata"]["labels"][key] = value.clone();
            }
        }
        objects.push(template);
    }
    for owners in [
        Value::Null,
        json!([]),
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]),
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": true}]),
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": false}]),
    ] {
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned", "ownerReferences": owners},
        }));
    }
    for name in ["kube-root-ca.crt", "default", "other"] {
        for kind in ["ConfigMap", "ServiceAccount"] {
            objects.push(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}));
        }
    }
    objects
}

fn config_maps() -> Vec<Value> {
    let labels = labels();
    let config_map = |field: &str, data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": labels}, field: data});
    let mut objects = Vec::new();
    for name in NAMES {
        objects.push(config_map("data", json!({*name: "x"})));
        objects.push(config_map("binaryData", json!({*name: "aGk="})));
        objects.push(config_map("data", json!({"B": "1", *name: "x", "A_TOKEN": "2"})));
    }
    for value in VALUES {
        objects.push(config_map("data", json!({"A": value})));
        objects.push(config_map("data", json!({"Z": "jdbc:x", "A": value, "M": "m"})));
    }
    for data in [Value::Null, json!({}), json!({"A": null}), json!({"PASSWORD": null})] {
        objects.push(config_map("data", data.clone()));
        objects.push(config_map("binaryData", data));
    }
    objects
}
