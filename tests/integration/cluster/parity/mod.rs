//! The plugin and a real API server judge the same policies on the same objects and say the same, word for
//! word.
//!
//! Each policy is installed as it is, under a name and with a binding of its own that warns instead of
//! denying: then the API server judges by every validation and tells every message. What it answers also
//! holds the object as admission saw it, after defaulting. So there are two proofs for each pair of a policy
//! and an object: on the object as admission saw it the plugin must say exactly the same, and on the object as
//! it was sent too, unless an entry of [`normalisation::NORMALISATIONS`] explains what became of it on the way.
//! Policies which are about the same objects share a namespace, so that one request is judged by all of them.

mod case;
pub(super) mod corpus;
mod library;
mod mutation;
mod normalisation;
mod quantity;
pub(super) mod server;

use super::shared::kubectl_output;
use crate::workplace::repository;
use case::{Case, Said};
use normalisation::Shown;
use serde_json::{Value, json};
use server::Proxy;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

/// Distinct pairs of a policy and an object it applies to that must have been compared.
const LEAST_PAIRS: usize = 2_000;

#[test]
fn the_organisations_policies_judge_as_the_api_server_does() {
    let objects = corpus::corpus();
    let documents: Vec<Value> =
        yaml_files("chart/policies").iter().flat_map(|text| corpus::documents(text)).collect();
    let case = |(system, params): &(String, Value)| {
        let mut documents = documents.clone();
        documents.push(params.clone());
        Case::install(&format!("of-{system}"), documents, &json!({}), &[])
    };
    let mut systems = params();
    let others = systems.split_off(1);
    // Every object by the parameters of one system, a few by those of the others.
    let tally = compare(&[case(&systems[0])], &objects);
    let few: Vec<Value> = objects.iter().step_by(60).cloned().collect();
    compare(&others.iter().map(case).collect::<Vec<_>>(), &few);
    assert!(tally.pairs >= LEAST_PAIRS, "only {} pairs", tally.pairs);
    assert!(tally.breaches * 10 > tally.pairs, "only {} breaches in {} pairs", tally.breaches, tally.pairs);
    assert!(tally.explained.contains_key(ORDER));
    tally.assert_needs(Shown::Organisation);
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
        .map(|documents| {
            let name = documents[0]["metadata"]["name"].as_str().unwrap();
            let namespace = format!("parts-{name}");
            Case::install(&namespace, documents, &json!({"team": "shop", "stage": "test"}), &[])
        })
        .collect();
    let tally = compare(&cases, &objects);
    assert!(tally.breaches > cases.len(), "only {} breaches", tally.breaches);
    tally.assert_needs(Shown::Parts);
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

fn unordered(said: &Said) -> BTreeSet<(&str, &str, BTreeSet<&str>)> {
    said.iter()
        .map(|(policy, message)| {
            let (start, list) = message.rsplit_once(": ").unwrap_or((message, ""));
            (policy.as_str(), start, list.split(", ").collect())
        })
        .collect()
}

/// Compares every verdict; panics when one differs without an explanation.
fn compare(cases: &[Case], objects: &[Value]) -> Tally {
    let (tally, differences) = differences(cases, objects);
    assert_none(&differences);
    tally
}

fn assert_none(differences: &[String]) {
    let shown: Vec<_> = differences.iter().take(60).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), shown.join("\n"));
}

/// Compares every verdict, and tells which differ without an explanation.
fn differences(cases: &[Case], objects: &[Value]) -> (Tally, Vec<String>) {
    let began = Instant::now();
    let proxy = Proxy::start();
    let mut total = Tally::default();
    let mut differences = Vec::new();
    for case in cases {
        let chosen = case.choose(objects);
        let sent = case.plugin(chosen.iter().map(|(object, _)| *object));
        case.wait_until_in_force(&chosen, &sent, &mut proxy.connect());
        let share = chosen.len().div_ceil(CONNECTIONS).max(1);
        let parts = chosen.chunks(share).zip(sent.chunks(share));
        let results: Vec<(Tally, Vec<String>)> = thread::scope(|scope| {
            let proxy = &proxy;
            let compare =
                |(chosen, sent)| scope.spawn(move || compare_part(case, chosen, sent, &mut proxy.connect()));
            let workers: Vec<_> = parts.map(compare).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        for (tally, found) in results {
            total.add(tally);
            differences.extend(found);
        }
    }
    eprintln!("{} cases, {} objects, {:.1?}: {total:#?}", cases.len(), objects.len(), began.elapsed());
    (total, differences)
}

/// How many requests the API server is asked at once.
const CONNECTIONS: usize = 4;

fn compare_part(
    case: &Case,
    chosen: &[(&Value, usize)],
    sent: &[Said],
    connection: &mut server::Connection,
) -> (Tally, Vec<String>) {
    let (mut tally, mut differences) = (Tally::default(), Vec::new());
    let (mut judged, mut admitted) = (Vec::new(), Vec::new());
    for ((object, about), plugin) in chosen.iter().zip(sent) {
        let answer = connection.create(object, &case.namespace);
        if let Some(server) = case.server(&answer) {
            judged.push((*object, about, plugin, server));
            admitted.push(answer.body);
        }
    }
    let seen = case.plugin(&admitted);
    for (((object, about, plugin, server), admitted), seen) in judged.into_iter().zip(&admitted).zip(seen) {
        tally.pairs += about;
        tally.breaches += server.iter().map(|(policy, _)| policy).collect::<BTreeSet<_>>().len();
        let differ = |object: &Value, what: &str, plugin: &Said| {
            format!(
                "{} on the object {what}: {object}\n  plugin:     {:?}\n  API server: {:?}",
                case.namespace,
                plugin.difference(&server).collect::<Vec<_>>(),
                server.difference(plugin).collect::<Vec<_>>()
            )
        };
        let refused = admitted["kind"] == "Status";
        if !refused && seen != server && unordered(&seen) != unordered(&server) {
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
    (tally, differences)
}

impl Tally {
    /// What explains differences is needed, or it would hide one.
    fn assert_needs(&self, shown: Shown) {
        let needless = normalisation::needless(shown, |title| self.explained.contains_key(title));
        assert!(needless.is_empty(), "nothing needs: {needless:?}");
    }

    fn add(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.breaches += other.breaches;
        for (title, count) in other.explained {
            *self.explained.entry(title).or_default() += count;
        }
    }
}
