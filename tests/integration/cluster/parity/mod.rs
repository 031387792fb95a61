//! The plugin and a real API server judge the same policies on the same objects and say the same, word for
//! word.
//!
//! Each policy is installed as it is, under a name and with a binding of its own that warns instead of
//! denying: then the API server judges by every validation and tells every message. What it answers also
//! holds the object as admission saw it, after defaulting. So there are two proofs for each pair of a policy
//! and an object: on the object as admission saw it the plugin must say exactly the same, and on the object as
//! it was sent too, unless an entry of [`normalisation::NORMALISATIONS`] explains what became of it on the way.

mod corpus;
mod mutation;
mod normalisation;
mod quantity;
pub(super) mod server;

use super::shared::kubectl_output;
use crate::workplace::repository;
use gift_plugin::policy::{PolicySet, Resource, labels};
use gift_plugin::protocol::{Options, Request, Source};
use gift_plugin::render::answer;
use gift_plugin::yaml::{Limits, load_stream};
use normalisation::NORMALISATIONS;
use serde_json::{Value, json};
use server::{Answer, Proxy};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Distinct pairs of a policy and an object it applies to that must have been compared.
const LEAST_PAIRS: usize = 2_000;

#[test]
fn the_library_judges_as_the_api_server_does() {
    let objects = corpus::corpus();
    let texts = yaml_files("chart/policies");
    let cases = |(system, params): &(String, Value)| -> Vec<Case> {
        let install = |text: &String| {
            let mut documents = corpus::documents(text);
            documents.push(params.clone());
            Case::install(&format!("parity-{system}"), documents, &json!({}))
        };
        texts.iter().map(install).collect()
    };
    let mut systems = params();
    let others = systems.split_off(1);
    // Every object by the parameters of one system, a few by those of the others.
    let tally = compare(&cases(&systems[0]), &objects);
    let few: Vec<Value> = objects.iter().step_by(60).cloned().collect();
    let others: Vec<Case> = others.iter().flat_map(cases).collect();
    compare(&others, &few);
    assert!(tally.pairs >= LEAST_PAIRS, "only {} pairs", tally.pairs);
    assert!(tally.breaches * 10 > tally.pairs, "only {} breaches in {} pairs", tally.breaches, tally.pairs);
    let needed = |title: &str| tally.explained.contains_key(title);
    assert!(needed(ORDER));
    for title in NORMALISATIONS.iter().map(|normalisation| normalisation.title).skip(1) {
        assert!(needed(title), "nothing needs: {title}");
    }
}

/// Policies written to use what the library does not: every field of a policy and every function of CEL.
#[test]
fn every_part_of_a_policy_means_what_it_means_to_the_api_server() {
    let objects: Vec<Value> = fs::read_to_string(repository().join("tests/policies/objects.yaml"))
        .map(|text| corpus::documents(&text))
        .unwrap();
    let mut cases = Vec::new();
    for text in yaml_files("tests/policies") {
        let mut group = Vec::new();
        for document in corpus::documents(&text) {
            // A policy begins a case; its bindings and parameters follow.
            if document["kind"] == "ValidatingAdmissionPolicy" && !group.is_empty() {
                cases.push(std::mem::take(&mut group));
            }
            group.push(document);
        }
        cases.push(group);
    }
    let cases: Vec<Case> = cases
        .into_iter()
        .filter(|documents| documents.iter().any(|document| document["kind"] == "ValidatingAdmissionPolicy"))
        .map(|documents| Case::install("parts", documents, &json!({"team": "shop", "stage": "test"})))
        .collect();
    let tally = compare(&cases, &objects);
    assert!(tally.breaches > cases.len(), "only {} breaches", tally.breaches);
    assert!(
        tally.explained.contains_key(NORMALISATIONS[0].title),
        "nothing needs: {}",
        NORMALISATIONS[0].title
    );
}

/// The parameters of each system, by its name.
fn params() -> Vec<(String, Value)> {
    static PARAMS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    let read = || {
        let mut paths: Vec<_> = fs::read_dir(repository().join("chart/policies/params"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let read = |path: &PathBuf| {
            let mut documents = corpus::documents(&fs::read_to_string(path).unwrap());
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), documents.remove(0))
        };
        paths.iter().map(read).collect()
    };
    PARAMS.get_or_init(read).clone()
}

/// The texts of the YAML files directly in a folder of the repository.
fn yaml_files(folder: &str) -> Vec<String> {
    let mut paths: Vec<_> =
        fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path: &std::path::PathBuf| {
        path.extension().is_some_and(|extension| extension == "yaml") && !path.ends_with("objects.yaml")
    });
    paths.sort();
    paths.iter().map(|path: &std::path::PathBuf| fs::read_to_string(Path::new(path)).unwrap()).collect()
}

/// One policy in force in a namespace of its own, on the API server and in the plugin. It stays as long as
/// the cluster: an API server that loses its last policy with ConfigMaps for parameters does not look at them
/// again when there are new ones.
struct Case {
    policy: String,
    namespace: String,
    request: Request,
}

impl Case {
    fn install(prefix: &str, mut documents: Vec<Value>, labels: &Value) -> Self {
        let original = documents
            .iter()
            .find(|document| document["kind"] == "ValidatingAdmissionPolicy")
            .and_then(|policy| policy["metadata"]["name"].as_str())
            .unwrap()
            .to_owned();
        let policy = format!("{prefix}-{original}");
        let namespace = policy.clone();
        let mut labels = labels.clone();
        kubectl_apply(&[json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels},
        })]);
        for document in &mut documents {
            match document["kind"].as_str().unwrap() {
                "ValidatingAdmissionPolicy" => {
                    document["metadata"]["name"] = json!(policy);
                }
                "ValidatingAdmissionPolicyBinding" => {
                    let name = format!("{prefix}-{}", document["metadata"]["name"].as_str().unwrap());
                    document["metadata"]["name"] = json!(name);
                    let spec = &mut document["spec"];
                    spec["policyName"] = json!(policy);
                    spec["validationActions"] = json!(["Warn"]);
                    confine(&mut spec["matchResources"], &namespace);
                    if !spec["paramRef"].is_null() {
                        spec["paramRef"]["namespace"] = json!(namespace);
                    }
                }
                _ => document["metadata"]["namespace"] = json!(namespace),
            }
        }
        // Parameters first, so that no request finds the policy without them.
        documents.sort_by_key(|document| document["kind"].as_str().unwrap().len());
        kubectl_apply(&documents);
        let is_policy = |document: &&Value| document["apiVersion"] == "admissionregistration.k8s.io/v1";
        let source = |documents: Vec<&Value>| Source { name: original.clone(), text: stream(documents) };
        labels["kubernetes.io/metadata.name"] = json!(namespace);
        let request = Request {
            policies: vec![source(documents.iter().filter(is_policy).collect())],
            params: vec![source(documents.iter().filter(|document| !is_policy(document)).collect())],
            options: Options {
                namespace: namespace.clone(),
                namespaces: [(namespace.clone(), serde_json::from_value(labels).unwrap())].into(),
                only: vec![policy.clone()],
                ..Options::default()
            },
            ..Request::default()
        };
        Self { policy, namespace, request }
    }

    /// What the plugin says about each of the objects.
    fn plugin<'v>(&self, objects: impl IntoIterator<Item = &'v Value>) -> Vec<BTreeSet<String>> {
        let objects: Vec<&Value> = objects.into_iter().collect();
        let count = objects.len();
        let (report, _) = answer(&self.request, stream(objects).as_bytes());
        assert!(report.error.is_none(), "{}: {:?}", self.policy, report.error);
        let mut messages = vec![BTreeSet::new(); count];
        for finding in report.findings {
            // Each object is one line below its `---`.
            messages[finding.line / 2 - 1].insert(finding.message);
        }
        messages
    }

    /// What the API server says about an object; `None` when it is none to the API server.
    fn server(&self, answer: &Answer) -> Option<BTreeSet<String>> {
        let said = |text: &str| {
            let (start, message) = text.split_once("': ")?;
            start
                .contains(&format!("ValidatingAdmissionPolicy '{}' with binding '", self.policy))
                .then(|| message.to_owned())
        };
        if answer.status >= 400 {
            // A binding that cannot be used refuses whatever its action is.
            let (place, message) = answer.body["message"].as_str()?.split_once(" denied request: ")?;
            return place.contains(&self.policy).then(|| BTreeSet::from([message.to_owned()]));
        }
        Some(answer.warnings.iter().filter_map(|text| said(text)).collect())
    }
}

/// Limits a binding to objects in a namespace, beside what it is limited to already.
fn confine(resources: &mut Value, namespace: &str) {
    if resources["resourceRules"].is_null() {
        resources["resourceRules"] = json!([{
            "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"], "scope": "Namespaced",
        }]);
    }
    let expressions = &mut resources["namespaceSelector"]["matchExpressions"];
    let mut list = expressions.as_array().cloned().unwrap_or_default();
    list.push(json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}));
    *expressions = Value::Array(list);
}

fn kubectl_apply(documents: &[Value]) {
    let output = kubectl_output(&["apply", "--server-side", "-f", "-"], &stream(documents));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn stream<'v>(documents: impl IntoIterator<Item = &'v Value>) -> String {
    documents.into_iter().map(|document| format!("---\n{document}\n")).collect()
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    /// Distinct pairs of a policy and an object it is about.
    pairs: usize,
    /// Those of them in which something is wrong.
    breaches: usize,
    /// Pairs that are the same only after a normalisation, by its title.
    explained: BTreeMap<&'static str, usize>,
}

/// The API server goes through the entries of a map in another order each time, the plugin in the order they
/// are written in; so does a list in a message that is made of them.
const ORDER: &str = "entries of a map come in any order";

fn unordered(messages: &BTreeSet<String>) -> BTreeSet<(String, BTreeSet<String>)> {
    messages
        .iter()
        .map(|message| {
            let (start, list) = message.rsplit_once(": ").unwrap_or((message, ""));
            (start.to_owned(), list.split(", ").map(str::to_owned).collect())
        })
        .collect()
}

/// Compares every verdict; panics when one differs without an explanation.
fn compare(cases: &[Case], objects: &[Value]) -> Tally {
    let began = Instant::now();
    let proxy = Proxy::start();
    let next = AtomicUsize::new(0);
    let results: Vec<(Tally, Vec<String>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = proxy.connect();
                    let mut result = (Tally::default(), Vec::new());
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        compare_case(case, objects, &mut connection, &mut result);
                    }
                    result
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut total = Tally::default();
    let mut differences = Vec::new();
    for (tally, found) in results {
        total.pairs += tally.pairs;
        total.breaches += tally.breaches;
        for (title, count) in tally.explained {
            *total.explained.entry(title).or_default() += count;
        }
        differences.extend(found);
    }
    eprintln!("{} policies, {} objects, {:.1?}: {total:#?}", cases.len(), objects.len(), began.elapsed());
    let shown: Vec<_> = differences.iter().take(60).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), shown.join("\n"));
    total
}

fn compare_case(
    case: &Case,
    objects: &[Value],
    connection: &mut server::Connection,
    (tally, differences): &mut (Tally, Vec<String>),
) {
    // What a policy is not about it says nothing about; a few objects show that.
    let about = case.is_about(objects);
    let chosen: Vec<(&Value, bool)> = objects
        .iter()
        .zip(about)
        .enumerate()
        .filter(|(at, (_, about))| *about || at % 40 == 0)
        .map(|(_, chosen)| chosen)
        .collect();
    let sent = case.plugin(chosen.iter().map(|(object, _)| *object));
    if !wait_until_in_force(case, &chosen, &sent, connection) {
        differences.push(format!("{}: the API server never says what the plugin says", case.policy));
        return;
    }
    let (mut judged, mut admitted) = (Vec::new(), Vec::new());
    for ((object, about), plugin) in chosen.into_iter().zip(&sent) {
        let answer = connection.create(object, &case.namespace);
        if let Some(server) = case.server(&answer) {
            judged.push((object, about, plugin, server));
            admitted.push(answer.body);
        }
    }
    let seen = case.plugin(&admitted);
    for (((object, about, plugin, server), admitted), seen) in judged.into_iter().zip(&admitted).zip(seen) {
        tally.pairs += usize::from(about);
        tally.breaches += usize::from(!server.is_empty());
        let differ = |object: &Value, what: &str, plugin: &BTreeSet<String>| {
            format!(
                "{} on the object {what}: {object}\n  plugin:     {plugin:?}\n  API server: {server:?}",
                case.policy
            )
        };
        let refused = admitted["kind"] == "Status";
        let seen_differs = seen != server && unordered(&seen) != unordered(&server);
        if !refused && seen_differs {
            differences.push(differ(admitted, "as admission saw it", &seen));
        }
        if *plugin == server {
            continue;
        }
        if unordered(plugin) == unordered(&server) {
            *tally.explained.entry(ORDER).or_default() += 1;
            continue;
        }
        match normalisation::explains(object, |normal| {
            unordered(&case.plugin([normal]).remove(0)) == unordered(&server)
        }) {
            Some(titles) => {
                for title in titles {
                    *tally.explained.entry(title).or_default() += 1;
                }
            }
            None => differences.push(differ(object, "as it was sent", plugin)),
        }
    }
}

impl Case {
    /// Whether the policy's own rules take each of the objects.
    fn is_about(&self, objects: &[Value]) -> Vec<bool> {
        let policies = PolicySet::read(&self.request.policies, &[]).unwrap();
        let namespace = &self.request.options.namespaces[&self.namespace];
        let takes = |object: &Value| {
            let text = object.to_string();
            let documents = load_stream(&text, &Limits::default()).unwrap();
            let root = &documents[0].root;
            Resource::of(root).is_some_and(|resource| {
                policies.policies[0].constraints.matches(&resource, &labels(root), Some(namespace))
            })
        };
        objects.iter().map(takes).collect()
    }
}

/// Policies come into force a moment after they are made.
fn wait_until_in_force(
    case: &Case,
    objects: &[(&Value, bool)],
    plugin: &[BTreeSet<String>],
    connection: &mut server::Connection,
) -> bool {
    let mut breaching = objects.iter().zip(plugin).filter(|(_, messages)| !messages.is_empty()).peekable();
    if breaching.peek().is_none() {
        thread::sleep(Duration::from_secs(3));
        return true;
    }
    let breaching: Vec<_> = breaching.map(|((object, _), messages)| (*object, messages)).collect();
    // Not every one is an object to the API server, and parameters arrive later than policies.
    let probes: Vec<_> = breaching.iter().step_by(breaching.len() / 40 + 1).collect();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        let mut has_object = false;
        for (probe, expected) in &probes {
            let answer = connection.create(probe, &case.namespace);
            let Some(messages) = case.server(&answer) else { continue };
            has_object = true;
            let is_settled = began.elapsed() > Duration::from_secs(10);
            if !messages.is_empty() && (is_settled || unordered(&messages) == unordered(expected)) {
                return true;
            }
        }
        if !has_object {
            // Nothing that breaks it is taken here: no differences could be seen, however long one waited.
            return true;
        }
        thread::sleep(Duration::from_millis(200));
    }
    false
}
