//! What the chart says about itself: to a registry in Chart.yaml, to its operator in NOTES.txt.

use super::{chart, own_system, own_values, rendered};
use crate::workplace::repository;
use gift_harness::chart::Environments;
use gift_harness::render::HelmVersion;
use gift_harness::tools::{Tool, find};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn chart_file() -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(repository().join("chart/Chart.yaml")).unwrap()).unwrap()
}

#[test]
fn the_images_announced_are_those_that_run() {
    let text = chart_file()["annotations"]["artifacthub.io/images"].as_str().unwrap().to_owned();
    let announced: Vec<Value> = serde_yaml::from_str(&text).unwrap();
    let announced: BTreeSet<String> = announced
        .iter()
        .map(|entry| format!("{} {}", entry["name"].as_str().unwrap(), entry["image"].as_str().unwrap()))
        .collect();
    let mut running = BTreeSet::new();
    for object in rendered(&chart()) {
        let spec = object.pointer("/spec/template/spec").unwrap_or(&object["spec"]);
        for container in spec["containers"].as_array().into_iter().flatten() {
            running.insert(format!(
                "{} {}",
                container["name"].as_str().unwrap(),
                container["image"].as_str().unwrap()
            ));
        }
    }
    assert!(!running.is_empty());
    assert_eq!(announced, running);
}

/// What an operator reads after an installation. Helm 3 shows it only to those with a cluster.
fn notes(environment: &str) -> String {
    let mut command = Command::new(find(Tool::Helm(HelmVersion::V4)).unwrap().path);
    command.args(["install", "r", "--namespace", "team", "--dry-run=client"]).arg(repository().join("chart"));
    for file in Environments::new(repository().join("values")).files(environment).unwrap() {
        command.arg("--values").arg(file);
    }
    let home = tempfile::tempdir().unwrap();
    let output =
        command.env("HOME", home.path()).env("KUBECONFIG", home.path().join("none")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    said.split_once("\nNOTES:\n").unwrap().1.to_owned()
}

#[test]
fn the_notes_name_every_service_and_the_next_steps() {
    let system = own_system();
    for environment in Environments::new(repository().join("values")).of(&system) {
        let said = notes(&format!("{system}/{environment}"));
        for service in own_values()[&system]["services"].as_object().unwrap().keys() {
            assert!(said.contains(&format!("\n  {service} ")), "{service} in {said}");
        }
        for step in ["kubectl get service gift-app-svc --namespace team", "helm test r --namespace team"] {
            assert!(said.contains(step), "{step} in {said}");
        }
        let headline = format!("{system} ({environment}) is installed as release r in namespace team:");
        assert!(said.contains(&headline), "{said}");
    }
}

#[test]
fn the_notes_speak_of_references_where_there_are_any() {
    let system = own_system();
    let speaks = |environment: &str| notes(environment).contains("are filled in by the post-renderer");
    assert!(speaks(&format!("{system}/prod")));
    assert!(!speaks(&system));
}
