//! Every limit, reached through the command: the exit code is 2, the limit and the way out are told, and nothing
//! is printed. What a policy may do is a limit too; reaching it is a breach of the policy.

use super::exit_codes::assert_told;
use crate::workplace::{Workplace, text};

const STREAM: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {A: a}\n";

/// Runs `gift` and gives exit code, stdout and stderr.
fn run(workplace: &Workplace, arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = workplace.gift(arguments).write_stdin(input).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn assert_refused(workplace: &Workplace, arguments: &[&str], input: &str, limit: &str, way_out: &str) {
    let (code, stdout, stderr) = run(workplace, arguments, input);
    assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
    assert_told(&stderr, limit);
    assert!(stderr.contains(way_out), "{way_out} is not in {stderr}");
}

const VERBS: [&[&str]; 2] = [&["post-render", "--policy", "none"], &["check", "-", "--policy", "none"]];

#[test]
fn input_size() {
    let workplace = Workplace::new(4);
    let stream = format!("{STREAM}# {}\n", "-".repeat(2000));
    for verb in VERBS {
        let bounded = [verb, &["--max-input", "1Ki"]].concat();
        assert_refused(
            &workplace,
            &bounded,
            &stream,
            "standard input has more than 1024 bytes",
            "--max-input",
        );
        let (code, _, stderr) = run(&workplace, &[verb, &["--max-input", "3k"]].concat(), &stream);
        assert_eq!(code, 0, "{stderr}");
    }
    // What Helm rendered is held against the limit by the module.
    workplace.write("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
    workplace.write("shop/templates/settings.yaml", &stream);
    workplace.write("values/shop/dev.yaml", "{}\n");
    let render = ["render", "shop/dev", "--chart", "shop", "--policy", "none"];
    let output = workplace.gift(&render).env("GIFT_MAX_INPUT", "1Ki").output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{stderr}");
    assert_told(&stderr, "bytes, the limit is 1024");
    assert!(stderr.contains("--max-input"), "{stderr}");
}

#[test]
fn nesting() {
    let workplace = Workplace::new(4);
    for (levels, open, close) in [(129, "[", "]"), (100_000, "[", "]"), (20_000, "{a: ", "}")] {
        let stream = format!("{STREAM}deep: {}{}\n", open.repeat(levels), close.repeat(levels));
        for verb in VERBS {
            let told = "beyond a limit at line 6: nested more than 128 levels deep";
            assert_refused(&workplace, verb, &stream, told, "a fault of the template");
        }
    }
}

#[test]
fn alias_expansion() {
    let workplace = Workplace::new(4);
    let mut stream = format!("{STREAM}bomb0: &bomb0 [a, a, a, a, a, a, a, a, a]\n");
    for level in 1..10 {
        let alias = format!("*bomb{}", level - 1);
        stream.push_str(&format!("bomb{level}: &bomb{level} [{}]\n", vec![alias; 9].join(", ")));
    }
    for verb in VERBS {
        let told = "aliases add more than 100000 nodes to the document";
        assert_refused(&workplace, verb, &stream, told, "a fault of the template");
    }
}

/// A workplace with a policy of this expression on ConfigMaps.
fn policy(expression: &str, failure_policy: &str) -> Workplace {
    let workplace = Workplace::new(4);
    workplace.write(
        "rules/rule.yaml",
        format!(
            "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: house-rule
  annotations: {{policies.gift.dev/remedy: Ask the house.}}
spec:
  failurePolicy: {failure_policy}
  matchConstraints:
    resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}}]
  validations:
    - expression: >-
        {expression}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: house-rule}}
spec: {{policyName: house-rule, validationActions: [Deny]}}
"
        ),
    );
    workplace
}

const JUDGED: &[&str] = &["post-render", "--policy", "rules"];

#[track_caller]
fn assert_breach(expression: &str, input: &str, told: &str) {
    let (code, stdout, stderr) = run(&policy(expression, "Fail"), JUDGED, input);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    for part in ["error[house-rule]", "ConfigMap settings", told, "Ask the house."] {
        assert!(stderr.contains(part), "{part} is not in {stderr}");
    }
}

#[test]
fn the_cost_of_a_policy() {
    let costly = "lists.range(10000).all(a, lists.range(10000).all(b, a + b >= 0))";
    let told = "actual cost limit exceeded: the expression needs more than 10000000 steps; simplify it";
    assert_breach(costly, STREAM, told);
    // A limit that was reached is not absorbed by what else holds.
    assert_breach(&format!("{costly} || true"), STREAM, told);
    let (code, stdout, stderr) = run(&policy(costly, "Ignore"), JUDGED, STREAM);
    assert_eq!((code, stdout.as_str()), (0, STREAM), "{stderr}");
    assert!(stderr.starts_with("note: house-rule: ") && stderr.contains("cost limit exceeded"), "{stderr}");
}

#[test]
fn the_size_and_the_work_of_regular_expressions() {
    let nested = format!("{}a{}", "(".repeat(6), "{1,1000})".repeat(6));
    let workplace = policy(&format!("object.data.A.matches('{nested}')"), "Fail");
    let place = "rule.yaml: policy house-rule: spec.validations[0].expression does not compile";
    let (code, stdout, stderr) = run(&workplace, JUDGED, STREAM);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains(place) && stderr.contains("\nhelp: Mend the policy"), "{stderr}");

    // One that is made of the object is compiled when the object is judged.
    let stream = STREAM.replace("A: a", &format!("A: '{nested}'"));
    assert_breach("'a'.matches(object.data.A)", &stream, "error parsing regexp");

    // What takes others exponential time takes this engine as long as the text is.
    let backtracking = STREAM.replace("A: a", &format!("A: {}b", "a".repeat(200_000)));
    let (code, stdout, stderr) =
        run(&policy("!object.data.A.matches('^(a|a)*(a+)+$')", "Fail"), JUDGED, &backtracking);
    assert_eq!((code, stdout == backtracking), (0, true), "{stderr}");
}

#[test]
fn the_nesting_of_expressions() {
    let deep = format!("{}true{}", "(".repeat(50_000), ")".repeat(50_000));
    let (code, stdout, stderr) = run(&policy(&deep, "Fail"), JUDGED, STREAM);
    assert_eq!((code, stdout.as_str()), (2, ""), "{}", &stderr[..stderr.len().min(2000)]);
    assert!(stderr.contains("rule.yaml: policy house-rule") && !stderr.contains("panicked"), "{stderr}");
}

/// A module whose `render` does this.
fn module(render: &str) -> Workplace {
    let workplace = Workplace::new(4);
    let wasm = wat::parse_str(format!(
        "(module
            (memory (export \"memory\") 2)
            (func $again (call $again))
            (func (export \"abi_version\") (result i32) (i32.const 1))
            (func (export \"alloc\") (param i32) (result i32) (i32.const 1024))
            (func (export \"render\") (param i32 i32) (result i64) {render} (i64.const 0)))"
    ));
    workplace.write("own.wasm", wasm.unwrap());
    workplace
}

const OWN: &[&str] = &["post-render", "--module", "own.wasm"];

#[test]
fn work() {
    let workplace = module("(loop (br 0))");
    for verb in [OWN, &["check", "-", "--module", "own.wasm"]] {
        let told = "own.wasm: the plugin did more work than it may (1000000 units of fuel)";
        assert_refused(&workplace, &[verb, &["--fuel", "1000000"]].concat(), STREAM, told, "--fuel");
    }
}

#[test]
fn time() {
    let workplace = module("(loop (br 0))");
    let told = "own.wasm: the plugin took longer than it may (1s)";
    assert_refused(&workplace, &[OWN, &["--deadline", "1"]].concat(), STREAM, told, "--deadline");
    let output = workplace.gift(OWN).env("GIFT_DEADLINE", "1").write_stdin(STREAM).output().unwrap();
    assert_told(&text(&output.stderr), told);
}

#[test]
fn memory() {
    let workplace = module("(loop (drop (memory.grow (i32.const 16))) (br 0))");
    let told = "own.wasm: the plugin needs more memory than it may have (4194304 bytes)";
    assert_refused(&workplace, &[OWN, &["--max-memory", "4Mi"]].concat(), STREAM, told, "--max-memory");
    // The module the command carries is bounded by the same.
    for policy in ["none", "organisation"] {
        let arguments = ["post-render", "--policy", policy, "--max-memory", "64Ki"];
        let told = "the plugin needs more memory than it may have (65536 bytes)";
        assert_refused(&workplace, &arguments, STREAM, told, "--max-memory");
    }
}

#[test]
fn stack() {
    let told = "own.wasm: the plugin failed: ";
    assert_refused(&module("(call $again)"), OWN, STREAM, told, "docs/modules.md");
}

#[test]
fn a_limit_that_is_none_is_wrong_usage() {
    let workplace = Workplace::new(4);
    for (option, value, way_out) in [
        ("--max-input", "much", "write it as 64Mi"),
        ("--max-memory", "0", "write it as 64Mi"),
        ("--deadline", "0", "is not in 1.."),
        ("--fuel", "-1", "--fuel"),
    ] {
        let (code, stdout, stderr) = run(&workplace, &["post-render", &format!("{option}={value}")], STREAM);
        assert_eq!((code, stdout.as_str()), (2, ""), "{option}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(way_out), "{stderr}");
    }
}
