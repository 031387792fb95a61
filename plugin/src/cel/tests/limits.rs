//! What keeps an expression from running forever, and what a version of Kubernetes does not know.

use super::{OBJECT, result};
use crate::cel::{Activation, Budget, CompileError, Declarations, Environment, EvaluationError};

fn evaluate(source: &str, steps: u64) -> Result<(), EvaluationError> {
    let program = Environment::for_minor(36).compile(source, &Declarations::default()).unwrap();
    program.evaluate(&Activation::default(), &mut Budget::new(steps)).map(drop)
}

fn compile(source: &str, minor: u32) -> Result<(), CompileError> {
    Environment::for_minor(minor).compile(source, &Declarations::default()).map(drop)
}

#[test]
fn work_is_limited() {
    let nested = "lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0))";
    assert_eq!(evaluate(nested, 10_000), Err(EvaluationError::BudgetExceeded(10_000)));
    assert_eq!(evaluate(nested, 100_000_000), Ok(()));
}

#[test]
fn an_exhausted_budget_is_not_absorbed() {
    let source = "lists.range(1000).all(a, a >= 0) || true";
    assert_eq!(evaluate(source, 100), Err(EvaluationError::BudgetExceeded(100)));
}

#[test]
fn long_text_costs_more() {
    let short = "'a'.contains('b')";
    let long = format!("'{}'.contains('b')", "a".repeat(100_000));
    assert_eq!(evaluate(short, 1_000), Ok(()));
    assert_eq!(evaluate(&long, 1_000), Err(EvaluationError::BudgetExceeded(1_000)));
}

#[test]
fn ranges_are_limited() {
    assert!(evaluate("lists.range(9223372036854775807).size() > 0", u64::MAX).is_err());
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("{1: ", "}")] {
        let source = format!("{}true{}", open.repeat(100_000), close.repeat(100_000));
        let _ = compile(&source, 36).map(|()| evaluate(&source, 1_000_000));
    }
    let deep = format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(compile(&deep, 36).is_err());
}

#[test]
fn long_chains_compile() {
    for operator in ["&&", "||"] {
        let source = vec!["true"; 2_000].join(operator);
        assert_eq!(compile(&source, 36), Ok(()));
    }
}

#[test]
fn a_function_is_accepted_one_version_after_it_came() {
    for (source, since) in [
        ("isIP('::1')", 31),
        ("cidr('10.0.0.0/8').prefixLength() == 8", 31),
        ("format.dns1123Label().validate('a').hasValue()", 32),
        ("[1].all(i, v, v > i)", 33),
        ("isSemver('1.2.3')", 34),
        ("[1].sort() == [1]", 35),
        ("[1].sortBy(x, x) == [1]", 35),
    ] {
        assert_eq!(compile(source, since), Ok(()), "{source}");
        let error = compile(source, since - 1).unwrap_err().message;
        assert!(error.contains(&format!("needs Kubernetes 1.{since}")), "{source}: {error}");
    }
}

#[test]
fn values_of_the_object_are_read_as_the_manifest_means_them() {
    for (object, expected) in [
        ("v: 1", "1"),
        ("v: 1.0", "1"),
        ("v: '1'", r#""1""#),
        ("v: yes", "true"),
        ("v: ~", "null"),
        ("v: 0x10", "16"),
        ("v: 1e3", "1000"),
        ("v: 1.5", "1.5e0"),
    ] {
        assert_eq!(result("object.v", object, 36), expected, "{object}");
    }
    assert_eq!(result("object.kind", OBJECT, 36), r#""Pod""#);
}
