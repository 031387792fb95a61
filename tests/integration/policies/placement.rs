//! Findings name the exact place: the object, the path, the line and the column.

use super::{DEPLOYMENT, deployment, findings};

#[track_caller]
fn place(manifest: &str) -> (String, String) {
    let findings = findings(manifest);
    let finding = findings.first().expect("a finding");
    let lines: Vec<&str> = manifest.lines().collect();
    let line = lines[finding.line - 1];
    let at = line.chars().skip(finding.column - 1).collect::<String>();
    (finding.path.clone(), at)
}

#[test]
fn a_number_beyond_its_bound_is_blamed_itself() {
    let manifest = deployment("cpu: 500m", "cpu: 1501m");
    assert_eq!(
        place(&manifest),
        ("spec.template.spec.containers[0].resources.limits.cpu".to_owned(), "1501m".to_owned())
    );
}

#[test]
fn what_is_missing_is_blamed_on_the_deepest_thing_that_is_there() {
    let manifest = deployment("              memory: 512Mi\n", "");
    assert_eq!(
        place(&manifest),
        ("spec.template.spec.containers[0].resources.limits.memory".to_owned(), "cpu: 500m".to_owned())
    );
}

#[test]
fn init_containers_are_told_from_containers() {
    let manifest = deployment("wait:1.0", "wait:latest");
    assert_eq!(
        place(&manifest),
        (
            "spec.template.spec.initContainers[0].image".to_owned(),
            "registry.example.com:5000/wait:latest".to_owned()
        )
    );
}

#[test]
fn a_wrong_label_is_blamed_itself_and_a_missing_one_by_its_path() {
    let wrong = DEPLOYMENT.replacen("    tier: backend", "    tier: middleware", 1);
    assert_eq!(place(&wrong), ("metadata.labels.tier".to_owned(), "middleware".to_owned()));
    let missing = DEPLOYMENT.replacen("    tier: backend\n", "", 1);
    assert_eq!(place(&missing).0, "metadata.labels.tier");
}

#[test]
fn a_key_of_a_map_is_blamed_by_its_path() {
    let manifest = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  labels: {app: user-service, project: gift-service, tier: backend}
data:
  LOG_LEVEL: info
  DB_PASSWORD: x1
";
    assert_eq!(place(manifest).0, "data.DB_PASSWORD");
}

#[test]
fn an_environment_variable_is_blamed_by_its_element() {
    let manifest = deployment("- name: MODE", "- name: API_KEY");
    assert!(
        place(&manifest).0.starts_with("spec.template.spec.containers[0].env[0]"),
        "{:?}",
        place(&manifest)
    );
}

#[test]
fn every_breach_has_a_message_and_a_remedy() {
    for finding in findings(&DEPLOYMENT.replace("2.1", "latest").replace("cpu: 500m", "cpu: 2")) {
        assert!(!finding.message.is_empty());
        assert!(!finding.help.is_empty(), "{finding:?}");
    }
}
