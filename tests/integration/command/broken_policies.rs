//! A policy that cannot be read, compiled or evaluated stops the release, and says which and where: it never
//! passes what it was to judge.

use super::exit_codes::assert_told;
use crate::workplace::{Workplace, text};
use std::fs;

const OBJECT: &str = "\
# Source: shop/templates/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app.kubernetes.io/part-of: shop}}
data: {limit: '10'}
";

/// A policy on ConfigMaps and its binding.
fn policy(expression: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: house-rule}}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}}]
  validations:
    - expression: \"{expression}\"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: house-rule}}
spec: {{policyName: house-rule, validationActions: [Deny]}}
"
    )
}

/// The same with parameters, and an object that keeps it when the limit is 20.
fn with_params() -> String {
    policy("int(object.data.limit) <= int(params.data.limit)")
        .replace(
            "spec:\n  failurePolicy",
            "spec:\n  paramKind: {apiVersion: v1, kind: ConfigMap}\n  failurePolicy",
        )
        .replace(
            "policyName: house-rule,",
            "policyName: house-rule, paramRef: {name: bounds, parameterNotFoundAction: Deny},",
        )
}

const PARAMS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bounds}\ndata: {limit: '20'}\n";

/// A folder of policies by file name.
fn workplace(files: &[(&str, &str)]) -> Workplace {
    let workplace = Workplace::new(4);
    fs::create_dir(workplace.path().join("rules")).unwrap();
    for (name, text) in files {
        workplace.write(&format!("rules/{name}"), text);
    }
    workplace
}

/// Judges [`OBJECT`] with `gift post-render`, and gives exit code, stdout and stderr.
fn judge(workplace: &Workplace, policy: &str) -> (i32, String, String) {
    let output = workplace.gift(&["post-render", "--policy", policy]).write_stdin(OBJECT).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_object_keeps_the_policies_that_are_broken_below() {
    let plain = policy("int(object.data.limit) <= 20");
    assert_eq!(judge(&workplace(&[("rule.yaml", &plain)]), "rules"), (0, OBJECT.to_owned(), String::new()));
    let with_params = workplace(&[("rule.yaml", &with_params()), ("params/shop.yaml", PARAMS)]);
    assert_eq!(judge(&with_params, "rules"), (0, OBJECT.to_owned(), String::new()));
}

#[test]
fn one_that_cannot_be_loaded_is_named_with_the_place() {
    let good = policy("true");
    let cases: [(&str, String, &[&str]); 11] = [
        ("no YAML", "kind: [Validating\n".into(), &["rules/broken.yaml", "broken.yaml:2:1: not YAML"]),
        (
            "no spec",
            "kind: ValidatingAdmissionPolicy\nmetadata: {name: a}\n".into(),
            &["policy a: spec is missing"],
        ),
        ("no name", good.replacen("{name: house-rule}", "{}", 1), &["metadata.name is missing"]),
        ("nothing to judge by", good.replace("validations:", "validation:"), &["spec.validations is empty"]),
        (
            "a rule that matches nothing",
            good.replace("operations:", "operation:"),
            &["policy house-rule", "resourceRules[0].operations is missing"],
        ),
        ("no action", good.replace("[Deny]", "[Reject]"), &["binding house-rule", "Reject is none of Deny"]),
        (
            "a syntax error",
            policy("object.data.limit <="),
            &[
                "policy house-rule: spec.validations[0].expression does not compile: Syntax error",
                "object.data.limit <=",
            ],
        ),
        (
            "a type error",
            policy("1 + 'a' == 2"),
            &["found no matching overload for '_+_'", "  | 1 + 'a' == 2", "  |   ^"],
        ),
        (
            "an unknown function",
            policy("shout(object)"),
            &["undeclared reference to 'shout'", "  | shout(object)"],
        ),
        ("an unknown variable", policy("objct.data == null"), &["undeclared reference to 'objct'"]),
        ("no verdict", policy("object.metadata.name + 'a'"), &["must evaluate to bool"]),
    ];
    for (about, text, expected) in cases {
        let workplace =
            workplace(&[("good.yaml", &good.replace("house-rule", "good")), ("broken.yaml", &text)]);
        let (code, stdout, stderr) = judge(&workplace, "rules");
        assert_eq!((code, stdout.as_str()), (2, ""), "{about}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("\nhelp: "), "{about}: {stderr}");
        assert!(stderr.contains("broken.yaml"), "{about}: {stderr}");
        for part in &expected[usize::from(about == "no YAML")..] {
            assert!(stderr.contains(part), "{about}: {part} is not in {stderr}");
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let good = policy("true");
    let workplace = workplace(&[("good.yaml", &good), ("params/shop.yaml", PARAMS)]);
    fs::create_dir_all(workplace.path().join("empty/params")).unwrap();
    fs::create_dir_all(workplace.path().join("binary")).unwrap();
    fs::write(workplace.path().join("binary/rule.yaml"), b"kind: \xff\n").unwrap();
    let mut cases = vec![
        ("./absent", "the policies in ./absent cannot be read"),
        ("rules/good.yaml", "the policies in rules/good.yaml cannot be read"),
        ("absent", "neither a set of policies nor a folder named absent"),
        ("empty", "no policy (*.yaml) in empty"),
        ("binary", "the policies in binary/rule.yaml cannot be read"),
    ];
    #[cfg(unix)]
    {
        for (folder, link) in [("dangling", "rule.yaml"), ("dangling-params", "params/shop.yaml")] {
            let link = workplace.path().join(folder).join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            fs::write(workplace.path().join(folder).join("good.yaml"), &good).unwrap();
            std::os::unix::fs::symlink("nowhere", link).unwrap();
        }
        cases.push(("dangling", "the policies in dangling/rule.yaml cannot be read"));
        cases.push(("dangling-params", "the policies in dangling-params/params/shop.yaml cannot be read"));
    }
    for (folder, expected) in cases {
        let (code, stdout, stderr) = judge(&workplace, folder);
        assert_eq!((code, stdout.as_str()), (2, ""), "{folder}: {stderr}");
        assert_told(&stderr, expected);
    }
}

#[test]
fn an_error_while_judging_is_a_breach_unless_the_policy_ignores_it() {
    let failing = policy("int(object.data.none) <= 20");
    let (code, stdout, stderr) = judge(&workplace(&[("rule.yaml", &failing)]), "rules");
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    for told in [
        "error[house-rule]",
        "int(object.data.none) <= 20",
        "no such key: none",
        "shop/templates/settings.yaml",
    ] {
        assert!(stderr.contains(told), "{told} is not in {stderr}");
    }
    // As in a cluster the object passes then; here it is told.
    let ignoring = failing.replace("failurePolicy: Fail", "failurePolicy: Ignore");
    let (code, stdout, stderr) = judge(&workplace(&[("rule.yaml", &ignoring)]), "rules");
    assert_eq!((code, stdout.as_str()), (0, OBJECT), "{stderr}");
    assert!(stderr.starts_with("note: house-rule: ") && stderr.contains("no such key: none"), "{stderr}");
}

#[test]
fn params_of_another_shape_do_not_switch_a_policy_off() {
    let rule = with_params();
    for (about, params, code, expected) in [
        ("no YAML", "data: [\n", 2, "params/shop.yaml:2:1: not YAML"),
        ("empty", "# to be written\n", 1, "no params found for policy binding with `Deny`"),
        ("a list", "- limit\n", 1, "no params found for policy binding with `Deny`"),
        ("another name", &PARAMS.replace("bounds", "bound"), 1, "no params found for policy binding"),
        ("another kind", &PARAMS.replace("ConfigMap", "Secret"), 1, "no params found for policy binding"),
        ("no data", &PARAMS.replace("data: {limit: '20'}", ""), 1, "no such key: data"),
        ("no limit", &PARAMS.replace("limit:", "limits:"), 1, "no such key: limit"),
        ("a list for a map", &PARAMS.replace("{limit: '20'}", "[20]"), 1, "resulted in error"),
        ("no number", &PARAMS.replace("'20'", "'many'"), 1, "resulted in error"),
    ] {
        let (found, stdout, stderr) =
            judge(&workplace(&[("rule.yaml", &rule), ("params/shop.yaml", params)]), "rules");
        assert_eq!((found, stdout.as_str()), (code, ""), "{about}: {stderr}");
        let named = if code == 2 { "error: " } else { "error[house-rule]" };
        assert!(stderr.starts_with(named) && stderr.contains("help: ") || code == 1, "{about}: {stderr}");
        assert!(stderr.contains(expected), "{about}: {expected} is not in {stderr}");
    }
}
