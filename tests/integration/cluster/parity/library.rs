//! The sets of policies beside the organisation's: each rule on its own examples and what is one step away from
//! them, and each set on some of the corpus.

use super::super::enforcement::security_context_constraints;
use super::super::shared::kubectl;
use super::case::Case;
use super::corpus::{corpus, documents};
use super::mutation::mutations;
use super::normalisation::Shown;
use super::{Tally, assert_none, differences, kubectl_apply};
use gift_harness::policies::PolicySelection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_library_judges_as_the_api_server_does() {
    kubectl_apply(&[security_context_constraints()]);
    kubectl(&["wait", "--for=condition=Established", "crd", "--all"]);
    let corpus: Vec<Value> = corpus().into_iter().step_by(5).collect();
    let mut sets = PolicySelection::everything().unwrap().sets().unwrap();
    sets.retain(|set| set.name != "organisation");
    let mut prepared = Vec::new();
    for set in &sets {
        let mut objects = Vec::new();
        for rule in set.rules() {
            let examples = rule.passes.iter().chain(&rule.breaches);
            for example in examples.flat_map(|text| documents(text)) {
                objects.extend(mutations(&example));
                objects.push(example);
            }
        }
        objects.extend(corpus.iter().cloned());
        let mut seen = BTreeSet::new();
        objects.retain(|object| seen.insert(object.to_string()));
        // What is in no namespace is judged by its name, for the cluster is not this test's alone.
        let names: BTreeSet<_> =
            objects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect();
        let names: Vec<String> =
            names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let policies = set.policies.iter().flat_map(|file| documents(&file.text)).collect();
        prepared.push((Case::install(&format!("in-{}", set.name), policies, &json!({}), &names), objects));
    }
    let (mut total, mut differing) = (Tally::default(), Vec::new());
    for (case, objects) in prepared {
        let (tally, found) = differences(&[case], &objects);
        total.add(tally);
        differing.extend(found);
    }
    assert_none(&differing);
    total.assert_needs(Shown::Library);
    assert!(total.pairs > 10_000, "only {} pairs", total.pairs);
    assert!(total.breaches > 1_000, "only {} breaches", total.breaches);
}
