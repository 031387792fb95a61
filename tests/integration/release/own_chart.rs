//! The project's own chart, with the values it is published with.

use crate::workplace::{Workplace, text};
use serde_json::Value;

fn review(workplace: &Workplace, filter: &str) -> Value {
    let mut command = workplace.command("gift");
    let output =
        command.args(["release", "--from", "site", "--format", "json", "--filter", filter]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_tree_as_it_is_differs_from_itself_in_nothing_and_a_change_is_seen_where_it_is() {
    let workplace = Workplace::new(4);
    let version = |folder: &str, from: &str, to: &str| {
        let path = workplace.path().join(folder).join("Chart.yaml");
        let chart = std::fs::read_to_string(&path).unwrap();
        let changed = chart.replacen(&format!("\nversion: {from}\n"), &format!("\nversion: {to}\n"), 1);
        assert_ne!(chart, changed);
        std::fs::write(path, changed).unwrap();
    };
    for folder in ["chart", "values"] {
        version(folder, env!("CARGO_PKG_VERSION"), "0.0.7");
        workplace.gift(&["publish", folder, "--to", "site", "--no-lint", "--no-test"]).assert().success();
        version(folder, "0.0.7", env!("CARGO_PKG_VERSION"));
    }
    for filter in ["helm4 k8s1.36", "helm3 k8s1.19"] {
        let review = review(&workplace, filter);
        assert_eq!(review["reasons"], Value::Array(Vec::new()), "{review:#}");
        assert!(review["cells"].as_u64().unwrap() > 2, "{review}");
    }
    let schema = workplace.path().join("chart/values.schema.json");
    let before = std::fs::read_to_string(&schema).unwrap();
    assert!(before.contains("\"replicas\""));
    std::fs::write(&schema, before.replace("\"replicas\":", "\"replicaCount\":")).unwrap();
    let review = review(&workplace, "default helm4 k8s1.36");
    let reasons = review["reasons"].as_array().unwrap();
    let told = |bump: &str, area: &str, message: &str| {
        reasons.iter().any(|reason| {
            reason["bump"] == bump
                && reason["area"] == area
                && reason["message"].as_str().unwrap().contains(message)
        })
    };
    assert!(told("major", "schema", "replicas: gone"), "{review:#}");
    assert!(told("minor", "schema", "replicaCount: new"), "{review:#}");
    assert!(told("major", "rendered", "default: the tree does not render it"), "{review:#}");
    assert_eq!(review["demanded"], "0.1.0", "{review:#}");
}
