//! Versions and folders of schemas, as the command takes them.

use crate::workplace::{Workplace, text};

const STREAM: &str = "apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: example.com/v1
kind: Web
metadata: {name: web}
spec: {size: many}
";

const DEFINITION: &str = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: webs.example.com}, \
     spec: {group: example.com, scope: Namespaced, names: {kind: Web, plural: webs}, versions: [{name: v1, served: true, storage: true, \
     schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]}}";

/// The exit code, standard output and standard error of `gift check` with further arguments.
fn check(workplace: &Workplace, arguments: &[&str]) -> (Option<i32>, String, String) {
    let all = [&["check", "-", "--policy", "none", "--only", "schema"], arguments].concat();
    let output = workplace.gift(&all).write_stdin(STREAM).output().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_version_decides_what_is_served() {
    let workplace = Workplace::new(4);
    let (code, stdout, stderr) = check(&workplace, &["--kubernetes", "1.26"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stdout.contains(
            "Kubernetes 1.26 has no HorizontalPodAutoscaler of autoscaling/v2beta2: 1.26 removed it"
        )
    );
    assert!(stdout.contains("Use autoscaling/v2,"), "{stdout}");
    let (code, stdout, _) = check(&workplace, &["--kubernetes", "1.25"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains("is deprecated since 1.23, and 1.26 removes it"), "{stdout}");
    let (code, _, stderr) = check(&workplace, &["--kubernetes", "new"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("a Kubernetes version is written as 1.34"), "{stderr}");
}

#[test]
fn custom_resources_are_held_against_the_definitions_of_a_folder() {
    let workplace = Workplace::new(4);
    let version = ["--kubernetes", "1.22"];
    let (code, _, stderr) = check(&workplace, &version);
    assert_eq!(code, Some(0));
    let note = "1 custom resource of no known schema is not held against one (Web of example.com/v1)";
    assert!(stderr.contains(note), "{stderr}");
    let definition = workplace.write("crds/web.yaml", DEFINITION);
    let folder = definition.parent().unwrap().to_str().unwrap();
    let (code, stdout, stderr) = check(&workplace, &[&version[..], &["--schemas", folder]].concat());
    assert_eq!(code, Some(1));
    assert!(stdout.contains("is text, and must be an integer"), "{stdout}");
    assert!(!stderr.contains("no known schema"), "{stderr}");
    let (code, _, stderr) = check(&workplace, &["--schemas", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("cannot read nowhere") && stderr.contains("help: "), "{stderr}");
}
