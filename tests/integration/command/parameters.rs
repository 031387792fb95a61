//! A system nobody wrote policy parameters for is judged by fewer rules, and that is told.

use super::helm::chart_and_system;
use crate::policies::deployment;
use crate::workplace::{Workplace, text};

const LABEL: &str = "app.kubernetes.io/part-of";

/// Keeps every rule without parameters, and says which system it belongs to.
fn stream(system: &str) -> String {
    deployment(
        "    app: user-service\n    project: gift-service\n",
        &format!("    app: user-service\n    {LABEL}: {system}\n"),
    )
}

/// Runs `gift` and gives exit code, stdout and stderr.
fn run(workplace: &Workplace, arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = workplace.gift(arguments).write_stdin(input).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_rules_the_system_and_the_place_of_parameters_are_told() {
    let workplace = Workplace::new(4);
    let stream = stream("bakery");
    let (code, stdout, stderr) = run(&workplace, &["post-render"], &stream);
    assert_eq!((code, stdout.as_str()), (0, stream.as_str()), "{stderr}");
    for told in [
        "note: not judged by maximum-limits, minimum-requests, ",
        "require-app-label",
        "the system bakery",
        "chart/policies/params/bakery.yaml",
        "--policy",
    ] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    // Those that take no parameters judge all the same.
    assert!(!stderr.contains("pinned-image-tag"), "{stderr}");
    let latest = stream.replace("image: example.com/web:2.1", "image: example.com/web:latest");
    let (code, stdout, stderr) = run(&workplace, &["post-render"], &latest);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("pinned-image-tag") && stderr.contains("note: not judged by"), "{stderr}");

    let (code, stdout, stderr) = run(&workplace, &["check", "-", "--skip", "reference-exists"], &stream);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.starts_with("note: not judged by") && stderr.contains("nothing is wrong"), "{stderr}");
}

#[test]
fn a_stream_of_no_system_is_told_how_to_name_one() {
    let workplace = Workplace::new(4);
    let (_, system) = chart_and_system();
    let stream =
        deployment("    project: gift-service\n    tier: backend\nspec:", "    tier: backend\nspec:");
    let (code, _, stderr) = run(&workplace, &["post-render"], &stream);
    assert_eq!(code, 0, "{stderr}");
    for told in [LABEL, "--system names it: ", &system] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    let (code, _, stderr) = run(&workplace, &["post-render", "--system", &system], &stream);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("require-project-label") && !stderr.contains("not judged"), "{stderr}");
}

#[test]
fn it_is_in_the_report_and_only_where_it_matters() {
    let workplace = Workplace::new(4);
    let stream = stream("bakery");
    let (code, stdout, _) =
        run(&workplace, &["check", "-", "--skip", "reference-exists", "--format", "json"], &stream);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, report["findings"].as_array().unwrap().len()), (0, 0));
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.starts_with("not judged by ") && note.contains("bakery"), "{report}");
    // What was not judged by is not counted among the policies in force.
    let unjudged = note.trim_start_matches("not judged by ").split(':').next().unwrap().split(", ").count();
    let known = gift_harness::policies::PolicySelection::Embedded.sets().unwrap()[0].policies.len();
    assert_eq!(report["statistics"]["policies"], known - unjudged, "{report}");
    let (_, told, _) = run(&workplace, &["explain"], "");
    assert!(told.contains(note), "{told}");

    for (about, arguments) in [
        ("asked to be quiet", &["post-render", "-q"][..]),
        ("no policies", &["post-render", "--policy", "none"]),
        (
            "policies without parameters",
            &["post-render", "--policy", "networking", "--only", "require-ndots"],
        ),
        ("rules that need none", &["post-render", "--only", "pinned-image-tag"]),
    ] {
        let (_, _, stderr) = run(&workplace, arguments, &stream);
        assert!(!stderr.contains("not judged"), "{about}: {stderr}");
    }
    // No object that such a rule is about.
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{{LABEL}: bakery}}}}\n");
    let (code, _, stderr) = run(&workplace, &["post-render", "--only", "minimum-requests"], &namespace);
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn secrets_that_may_not_be_plain_elsewhere_are_told_too() {
    let workplace = Workplace::new(4);
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {A: a}\n";
    let (code, stdout, stderr) = run(&workplace, &["post-render"], &format!("{}{secret}", stream("bakery")));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("data: {A: YQ==}") && stderr.contains("no-string-data"), "{stderr}");
}

#[test]
fn render_tells_it_of_a_chart_of_ones_own() {
    let workplace = Workplace::new(4);
    workplace.write("bakery/Chart.yaml", "apiVersion: v2\nname: bakery\nversion: 0.1.0\n");
    workplace.write("bakery/templates/deployment.yaml", stream("bakery"));
    workplace.write("values/bakery/dev.yaml", "{}\n");
    let (code, stdout, stderr) = run(&workplace, &["render", "bakery/dev", "--chart", "bakery"], "");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("kind: Deployment") && !stdout.contains("not judged"), "{stdout}");
    assert!(stderr.contains("note: not judged by") && stderr.contains("the system bakery"), "{stderr}");
}

/// What Helm would throw away.
#[cfg(target_os = "linux")]
#[test]
fn both_helms_show_it() {
    for helm_major in [3, 4] {
        let workplace = Workplace::new(helm_major);
        workplace.write("bakery/Chart.yaml", "apiVersion: v2\nname: bakery\nversion: 0.1.0\n");
        workplace.write("bakery/templates/deployment.yaml", stream("bakery"));
        if helm_major == 4 {
            workplace.helm(&["plugin", "install", "./plugin"]).assert().success();
        }
        let mut arguments = vec!["template", "bakery", "./bakery", "--post-renderer", "gift"];
        if helm_major == 3 {
            arguments.push("--post-renderer-args=post-render");
        }
        let output = workplace.helm(&arguments).output().unwrap();
        let stderr = text(&output.stderr);
        assert!(output.status.success() && text(&output.stdout).contains("kind: Deployment"), "{stderr}");
        assert_eq!(stderr.matches("note: not judged by").count(), 1, "Helm {helm_major}: {stderr}");
    }
}

/// Policies of a folder, and one of its params, or none.
fn rules(action: &str, params: Option<&str>) -> Workplace {
    let workplace = Workplace::new(4);
    workplace.write(
        "rules/bounds.yaml",
        format!(
            "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: bounds}}
spec:
  paramKind: {{apiVersion: v1, kind: ConfigMap}}
  matchConstraints:
    resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}}]
  validations: [{{expression: \"object.metadata.name == params.data.name\"}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: bounds}}
spec:
  policyName: bounds
  paramRef: {{name: bounds, parameterNotFoundAction: {action}}}
  validationActions: [Deny]
"
        ),
    );
    if let Some(system) = params {
        let name = format!("rules/params/{system}.yaml");
        workplace
            .write(&name, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {name: web}\n");
    }
    workplace
}

#[test]
fn where_a_binding_asks_for_parameters_their_want_is_what_it_is_in_a_cluster() {
    let stream = stream("bakery");
    for (action, params, expected) in [
        // The folder has no parameters for anybody, or some for this system that are not those asked for.
        ("Deny", None, 1),
        ("Deny", Some("bakery"), 1),
        ("Allow", None, 0),
        ("Allow", Some("bakery"), 0),
        // It has some, but for others: it is not in force for this one.
        ("Deny", Some("forge"), 0),
        ("Allow", Some("forge"), 0),
    ] {
        let workplace = rules(action, params);
        let (code, stdout, stderr) = run(&workplace, &["post-render", "--policy", "rules"], &stream);
        let about = format!("{action} {params:?}: {stderr}");
        assert_eq!((code, stdout.is_empty()), (expected, expected == 1), "{about}");
        let missing = "no params found for policy binding with `Deny` parameterNotFoundAction";
        assert_eq!(stderr.contains(missing), expected == 1, "{about}");
        assert_eq!(stderr.contains("note: not judged by bounds: "), params == Some("forge"), "{about}");
        assert!(expected == 0 || stderr.contains("params/<system>.yaml"), "{about}");
    }
}
