//! What policies refuse.

use super::Project;

const RULE: &str = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]}
  validations: [{expression: object.spec.replicas < 5}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few}
spec: {policyName: few, validationActions: [Warn]}
";

#[test]
fn a_rule_that_warns_is_a_new_minor_version_and_one_that_refuses_a_major_one() {
    let project = Project::published("1.4.2");
    project.write("chart/policies/few.yaml", RULE);
    project.assert_demands("1.5.0", "policies/few.yaml:1: few is new, and warns", &["1.4.3"]);
    project.replace("chart/policies/few.yaml", "[Warn]", "[Deny]");
    project.assert_demands(
        "2.0.0",
        "policies/few.yaml:1: few is new, and refuses what breaks it",
        &["1.5.0"],
    );
}

#[test]
fn a_rule_that_becomes_stricter_is_a_new_major_version() {
    let project = Project::published("1.4.2");
    project.write("chart/policies/few.yaml", &RULE.replace("[Warn]", "[Deny]"));
    project.replace("chart/Chart.yaml", "1.4.2", "2.0.0");
    project.replace("values/Chart.yaml", "1.4.2", "2.0.0");
    project.publish();
    project.replace("chart/policies/few.yaml", "< 5", "< 4");
    project.assert_demands(
        "3.0.0",
        "few: 1 of its validations new or another, which may refuse more",
        &["2.1.0"],
    );
}
