//! The Jobs that run a matrix in parts are accepted, under the strictest Pod Security Standard.

use super::shared::{Place, eventually, kubectl, kubectl_output};
use crate::workplace::repository;
use std::fs;

#[test]
fn the_sharded_matrix_is_accepted_where_pods_are_restricted() {
    let place = Place::new("sharded-matrix", 4);
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    let warn = "pod-security.kubernetes.io/warn=restricted";
    kubectl(&["label", "namespace", &place.namespace, enforce, warn]);
    let file = repository().join("ci/kubernetes/matrix.yaml");
    let manifests = fs::read_to_string(&file).unwrap();
    let apply = |manifests: &str| {
        let arguments = ["apply", "--dry-run=server", "--validate=strict", "-n", &place.namespace, "-f", "-"];
        let output = kubectl_output(&arguments, manifests);
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), told)
    };
    let (accepted, told) = apply(&manifests);
    assert!(accepted, "{told}");
    assert_eq!(told.matches("created (server dry run)").count(), 3, "{told}");
    assert!(!told.contains("Warning"), "{told}");

    // The label and the dry run would tell: a Job whose pods break the standard is warned about.
    let loose = manifests.replace("runAsNonRoot: true", "runAsNonRoot: false");
    eventually("the standard counts", || apply(&loose).1.contains("Warning"));
    let (accepted, told) = apply(&manifests.replace("completionMode: Indexed", "completionMode: Numbered"));
    assert!(!accepted && told.contains("completionMode"), "{told}");
}
