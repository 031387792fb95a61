//! The mistakes people make are noticed, in every system.

use crate::workplace::{Workplace, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is noticed today without the assertions about NetworkPolicies, in percent; with them it is 95.
const FLOOR: f64 = 95.0;

#[test]
fn mutations_of_one_cell_of_each_system_are_noticed() {
    let workplace = Workplace::new(4);
    let values = std::fs::read_dir(workplace.path().join("values")).unwrap();
    let mut environments: Vec<String> = values
        .filter_map(|system| {
            let system = system.unwrap().file_name().into_string().unwrap();
            let prod = workplace.path().join(format!("values/{system}/prod.yaml"));
            prod.exists().then(|| format!("{system}/prod"))
        })
        .collect();
    environments.sort();
    assert!(environments.len() > 4, "{environments:?}");
    let mut arguments = vec!["mutate", "--format", "json", "--most", "4", "--least", "0"];
    arguments.extend(environments.iter().map(String::as_str));
    let output = workplace.gift(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = |survivor: &Value| {
        format!("{} {} {} {}", survivor["cell"], survivor["operator"], survivor["object"], survivor["path"])
    };
    let survivors: Vec<_> = report["survivors"].as_array().unwrap().iter().map(told).collect();
    assert!(report["percent"].as_f64().unwrap() >= FLOOR, "{}: {survivors:#?}", report["percent"]);
    assert!(report["made"].as_u64().unwrap() > 300, "{}", report["made"]);
    let operators: BTreeSet<_> =
        report["operators"].as_array().unwrap().iter().map(|operator| operator["id"].to_string()).collect();
    assert!(operators.len() >= 50, "{operators:?}");
}

#[test]
fn a_rule_that_is_missing_shows() {
    let workplace = Workplace::new(4);
    let run = |skip: &str| {
        let arguments =
            ["mutate", "default", "--operator", "probe-port-shifted", "--format", "json", "--skip", skip];
        workplace.gift(&arguments).output().unwrap()
    };
    assert_eq!(run("probe-port").status.code(), Some(1));
    let found = run("quota");
    assert_eq!(found.status.code(), Some(2), "there is no such rule: {}", text(&found.stderr));
    let found = run("fits-quota");
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stdout));
}
