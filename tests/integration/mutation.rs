//! The mistakes people make are noticed, in every system.

use crate::workplace::{Workplace, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is noticed at least, in percent. Nothing looks yet at what NetworkPolicies let through, where Ingresses and
/// role bindings lead, and at kinds that are not there: with these it is above 95.
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
    let run = |rest: &[&str]| workplace.gift(&[&["mutate", "default"], rest].concat()).output().unwrap();
    let images = ["--operator", "image-latest", "--skip"];
    let blind = run(&[&images[..], &["pinned-image-tag"]].concat());
    assert_eq!(blind.status.code(), Some(1), "{}", text(&blind.stderr));
    let report = text(&blind.stdout);
    assert!(report.contains("survivors in default") && report.contains("becomes"), "{report}");
    let seeing = run(&[&images[..], &["no-placeholder"]].concat());
    assert_eq!(seeing.status.code(), Some(0), "{}", text(&seeing.stdout));
    // Not to find anything to break is not to notice everything.
    let idle = run(&["--operator", "quota-exceeded"]);
    assert_eq!(idle.status.code(), Some(2), "{}", text(&idle.stdout));
    assert!(text(&idle.stderr).contains("nothing to break"), "{}", text(&idle.stderr));
    let unknown = run(&["--operator", "quota"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown.stderr));
    assert!(text(&unknown.stderr).contains("there is no operator `quota`"), "{}", text(&unknown.stderr));
}
