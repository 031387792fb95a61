//! The chart through both Helms with the plugin between them and the cluster.
//!
//! What breaks which rule is data: `tests/breaches.yaml`.

use crate::workplace::{Workplace, repository, text};
use serde::Deserialize;
use std::fs;
use std::process::{Command, Output};

/// A change of values and the rule it breaks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Breach {
    /// The organisation's number of the rule.
    pub(crate) number: String,
    pub(crate) rule: String,
    /// The object that breaks it, as findings name it.
    object: String,
    path: String,
    /// The template the object comes from, without the chart's name.
    template: String,
    /// A values file with the change.
    pub(crate) values: String,
    /// A text that must not be shown.
    #[serde(default)]
    secret: Option<String>,
}

pub(crate) fn breaches() -> Vec<Breach> {
    serde_yaml::from_str(&fs::read_to_string(repository().join("tests/breaches.yaml")).unwrap()).unwrap()
}

/// The name of the chart, and of the system it deploys by itself.
pub(crate) fn chart_and_system() -> (String, String) {
    #[derive(Deserialize)]
    struct Chart {
        name: String,
    }
    #[derive(Deserialize)]
    struct Values {
        system: String,
    }
    let read = |name: &str| fs::read_to_string(repository().join("chart").join(name)).unwrap();
    let chart: Chart = serde_yaml::from_str(&read("Chart.yaml")).unwrap();
    let values: Values = serde_yaml::from_str(&read("values.yaml")).unwrap();
    (chart.name, values.system)
}

fn workplace(helm_major: u32) -> Workplace {
    let workplace = Workplace::new(helm_major);
    workplace.write(
        "copy/plugin.yaml",
        "apiVersion: v1\ntype: postrenderer/v1\nname: copy\nversion: 0.1.0\nruntime: subprocess\n\
         runtimeConfig:\n  platformCommand:\n    - command: cat\n",
    );
    if helm_major == 4 {
        for plugin in ["./plugin", "./copy"] {
            workplace.helm(&["plugin", "install", plugin]).assert().success();
        }
    }
    workplace
}

/// `helm VERB... SYSTEM ./chart` with `gift` as post-renderer.
fn with_gift(workplace: &Workplace, helm_major: u32, verb: &[&str], more: &[&str]) -> Command {
    let mut command = workplace.command("helm");
    command.args(verb).args(["release", "./chart", "--post-renderer", "gift"]);
    if helm_major == 3 {
        command.arg("--post-renderer-args=post-render");
    }
    command.args(more);
    command
}

fn with_copy(workplace: &Workplace, helm_major: u32, more: &[&str]) -> Command {
    let mut command = workplace.command("helm");
    let copy = if helm_major == 3 { "cat" } else { "copy" };
    command.args(["template", "release", "./chart", "--post-renderer", copy]).args(more);
    command
}

fn documents(stream: &str) -> Vec<&str> {
    let stream = stream.strip_prefix("---\n").unwrap_or(stream);
    stream.split("\n---\n").map(|document| document.trim_end_matches('\n')).collect()
}

fn is_secret(document: &&str) -> bool {
    document.lines().any(|line| line == "kind: Secret")
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn only_secrets_change_and_nothing_stays_unfilled() {
    let (_, system) = chart_and_system();
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let values = workplace.path().join("values").join(&system);
        let mut environments = vec![Vec::new()];
        for entry in fs::read_dir(values).unwrap() {
            let path = entry.unwrap().path().to_str().unwrap().to_owned();
            if path.ends_with(".yaml") {
                environments.push(vec!["-f".to_owned(), path]);
            }
        }
        assert!(environments.len() > 2, "{system} has environments");
        for environment in environments {
            let mut more: Vec<&str> = environment.iter().map(String::as_str).collect();
            let copied = succeeded(&with_copy(&workplace, helm_major, &more).output().unwrap());
            more.extend(["--post-renderer-args=--secrets", "--post-renderer-args=example"]);
            let encoded =
                succeeded(&with_gift(&workplace, helm_major, &["template"], &more).output().unwrap());
            assert!(!encoded.contains("stringData") && !encoded.contains("secretRef:"), "{environment:?}");
            let (copied, encoded) = (documents(&copied), documents(&encoded));
            assert_eq!(copied.len(), encoded.len(), "{environment:?}");
            assert!(copied.iter().any(is_secret), "{environment:?} has a Secret");
            for (before, after) in copied.iter().zip(&encoded) {
                assert_eq!(is_secret(before), is_secret(after));
                assert!(is_secret(before) || before == after, "{environment:?}:\n{before}\nbecame\n{after}");
            }
        }
    }
}

#[test]
fn a_missing_secret_source_stops_helm() {
    let (_, system) = chart_and_system();
    for helm_major in [3, 4] {
        let workplace = workplace(helm_major);
        let prod = format!("values/{system}/prod.yaml");
        let output = with_gift(&workplace, helm_major, &["template"], &["-f", &prod]).output().unwrap();
        let stderr = text(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{stderr}");
        assert!(stderr.contains("error: no secret source has ") && stderr.contains("help: "), "{stderr}");
        assert!(stderr.contains(".secrets.env"), "{stderr}");
    }
}

#[test]
fn a_breach_stops_helm_3() {
    breaches_stop(3);
}

#[test]
fn a_breach_stops_helm_4() {
    breaches_stop(4);
}

fn breaches_stop(helm_major: u32) {
    let (chart, _) = chart_and_system();
    let workplace = workplace(helm_major);
    let breaches = breaches();
    let numbers: std::collections::BTreeSet<_> =
        breaches.iter().map(|breach| breach.number.as_str()).collect();
    let all: std::collections::BTreeSet<String> = (1..=12).map(|number| format!("P{number}")).collect();
    assert_eq!(numbers, all.iter().map(String::as_str).collect(), "every policy is broken once");
    // Helm 3 asks for a cluster even then; the tests on the cluster install with both.
    let verbs: &[&[&str]] =
        if helm_major == 3 { &[&["template"]] } else { &[&["template"], &["install", "--dry-run=client"]] };
    for breach in &breaches {
        let values = workplace.write(&format!("{}.yaml", breach.number), &breach.values);
        let more = ["-f", values.to_str().unwrap()];
        for verb in verbs {
            let output = with_gift(&workplace, helm_major, verb, &more).output().unwrap();
            let stderr = text(&output.stderr);
            assert!(!output.status.success(), "{} passes {verb:?}", breach.number);
            assert_eq!(text(&output.stdout), "", "{}: something reaches the cluster", breach.number);
            assert_told(breach, &chart, &stderr);
            let errors: Vec<_> = stderr.lines().filter(|line| line.starts_with("error")).collect();
            let rule = format!("error[{} {}]", breach.number, breach.rule);
            assert!(
                errors.iter().all(|line| line.starts_with(&rule)),
                "other rules are broken too: {errors:?}"
            );
        }
        let rendered =
            workplace.helm(&[&["template", "release", "./chart"][..], &more].concat()).output().unwrap();
        let checked = workplace.gift(&["check", "-"]).write_stdin(rendered.stdout).output().unwrap();
        assert_eq!(checked.status.code(), Some(1), "{}: {}", breach.number, text(&checked.stderr));
        assert_told(breach, &chart, &text(&checked.stdout));
    }
}

fn assert_told(breach: &Breach, chart: &str, told: &str) {
    let head = format!("error[{} {}]: ", breach.number, breach.rule);
    let template = format!("--> {chart}/{} (", breach.template);
    for part in [head.as_str(), &template, "help: "] {
        assert!(told.contains(part), "{}: {part} is not in\n{told}", breach.number);
    }
    // The namespace, where one is stated, stands between the kind and the name.
    let (kind, name) = breach.object.split_once(' ').unwrap();
    let (kind, place) = (format!("= {kind} "), format!("{name}: {}", breach.path));
    assert!(
        told.lines().filter_map(|line| line.trim_start().strip_prefix(&kind)).any(|object| {
            object == place || object.split_once('/').is_some_and(|(_, unqualified)| unqualified == place)
        }),
        "{}: {} of {} is not in\n{told}",
        breach.number,
        breach.path,
        breach.object
    );
    if let Some(secret) = &breach.secret {
        assert!(!told.contains(secret.as_str()), "{}: a secret value is shown:\n{told}", breach.number);
    }
}

#[test]
fn a_breach_that_is_only_a_warning_passes() {
    let workplace = workplace(4);
    // The chart's own values break nothing, so that what is told below comes from the policy below.
    let clean = with_gift(&workplace, 4, &["template"], &[]).output().unwrap();
    assert_eq!(text(&clean.stderr), "");
    workplace.write(
        "policies/no-load-balancer.yaml",
        r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: no-load-balancer
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [""]
        apiVersions: [v1]
        operations: [CREATE, UPDATE]
        resources: [services]
  validations:
    - expression: object.spec.?type.orValue("ClusterIP") != "LoadBalancer"
      message: a load balancer costs money
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: no-load-balancer
spec:
  policyName: no-load-balancer
  validationActions: [Warn]
"#,
    );
    let policy = ["--post-renderer-args=--policy", "--post-renderer-args=policies"];
    let output = with_gift(&workplace, 4, &["template"], &policy).output().unwrap();
    let stderr = text(&output.stderr);
    assert!(succeeded(&output).contains("type: LoadBalancer"));
    assert!(stderr.contains("warning[no-load-balancer]: a load balancer costs money"), "{stderr}");
    let strict = [&policy[..], &["--post-renderer-args=--deny-warnings"]].concat();
    let output = with_gift(&workplace, 4, &["template"], &strict).output().unwrap();
    assert!(!output.status.success());
}
