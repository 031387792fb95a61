//! The same values give the same bytes, names depend on nothing but values, and both linters agree.

use super::{HELMS, chart, own_system, rendered};
use crate::workplace::repository;
use gift_harness::chart::Environments;
use gift_harness::tools::{Tool, find};
use serde_json::Value;
use std::process::Command;

/// The systems and environments there are values for.
fn environments() -> Vec<String> {
    let environments = Environments::new(repository().join("values"));
    let of = |system: String| -> Vec<String> {
        environments.of(&system).into_iter().map(|name| format!("{system}/{name}")).collect()
    };
    let all: Vec<_> = environments.systems().into_iter().flat_map(of).collect();
    assert!(!all.is_empty());
    all
}

#[test]
fn the_same_values_give_the_same_bytes() {
    for environment in environments() {
        for helm in HELMS {
            let chart = chart().environment(repository().join("values"), &environment).unwrap().helm(helm);
            let first = chart.render().unwrap().stream;
            assert_eq!(first, chart.render().unwrap().stream, "{environment}");
        }
    }
}

#[test]
fn both_helms_render_the_same_objects() {
    for environment in environments() {
        let chart = chart().environment(repository().join("values"), &environment).unwrap();
        let [third, fourth] = HELMS.map(|helm| {
            let mut objects = rendered(&chart.clone().helm(helm));
            objects.sort_by_key(ToString::to_string);
            objects
        });
        assert_eq!(third, fourth, "{environment}");
    }
}

#[test]
fn names_do_not_depend_on_the_release() {
    let names = |release: &str| -> Vec<String> {
        let name = |object: &Value| format!("{}/{}", object["kind"], object["metadata"]["name"]);
        rendered(&chart().release(release, "default")).iter().map(name).collect()
    };
    assert_eq!(names("one"), names("another"));
}

#[test]
fn a_new_version_of_the_chart_or_the_system_touches_no_pod_and_no_selector() {
    let pods = |chart: gift_harness::chart::Chart| -> Vec<Value> {
        let parts = |object: Value| [object["spec"]["template"].clone(), object["spec"]["selector"].clone()];
        rendered(&chart).into_iter().filter(|object| object["kind"] == "Deployment").flat_map(parts).collect()
    };
    let copy = tempfile::tempdir().unwrap();
    let copied =
        Command::new("cp").arg("-R").arg(repository().join("chart")).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    let file = copy.path().join("chart/Chart.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let newer = text.replace("\nversion: ", "\nversion: 9").replace("\nappVersion: \"", "\nappVersion: \"9");
    assert_ne!(text, newer);
    std::fs::write(&file, newer).unwrap();
    let newer = gift_harness::chart::Chart::open(copy.path().join("chart"))
        .unwrap()
        .kubernetes("1.34")
        .set_string(format!("{}.version", own_system()), "9.9");
    let (before, after) = (pods(chart()), pods(newer));
    assert!(!before.is_empty());
    assert_eq!(before, after);
}

#[test]
fn helm_lint_has_nothing_against_the_chart() {
    let files: Vec<_> = environments()
        .into_iter()
        .map(|name| Environments::new(repository().join("values")).files(&name).unwrap())
        .chain([Vec::new()])
        .collect();
    for helm in HELMS {
        let program = find(Tool::Helm(helm)).unwrap().path;
        for values in &files {
            let mut command = Command::new(&program);
            command
                .arg("lint")
                .arg("--strict")
                .args(["--kube-version", "1.34"])
                .arg(repository().join("chart"));
            for file in values {
                command.arg("--values").arg(file);
            }
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("0 chart(s) failed"), "{said}");
            assert!(!said.contains("[WARNING]") && !said.contains("[ERROR]"), "{said}");
        }
    }
}
