//! What is not the same and is to stay so; each must be needed by an expression that is compared, and nothing else may
//! explain a difference.

use super::reference::{Evaluation, Outcome, Reference};
use super::{Case, first_refusal};

/// A difference that stays.
pub(super) struct Difference {
    /// What it is; `docs/cel.md` says why.
    pub(super) title: &'static str,
    explains: fn(&Case, &Evaluation, &Evaluation) -> bool,
}

/// All there are.
pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        title: "a function of a later version is told with that version",
        explains: |_, ours, theirs| {
            let without_version = |refused: &str| {
                let (first, rest) = refused.split_once('\n')?;
                Some(format!("{}\n{rest}", first.split_once(" (in container ''): ")?.0))
            };
            ours.refused.contains(" needs Kubernetes 1.")
                && without_version(&ours.refused)
                    == first_refusal(&theirs.refused)
                        .split_once(" (in container '')")
                        .map(|(start, rest)| format!("{start}{rest}"))
        },
    },
    Difference {
        title: "nobody can be asked what the authorizer knows",
        explains: |_, ours, _| ours.refused.contains("authorizer asks a running cluster"),
    },
    Difference {
        title: "a syntax error is told in other words, at the same place",
        explains: |_, ours, theirs| {
            // The API server reads on and may find more, before that place too.
            let mut all = theirs.refused.split("ERROR: ").skip(1).map(place);
            theirs.refused.contains(": Syntax error: ") && all.any(|theirs| theirs == place(&ours.refused))
        },
    },
    Difference {
        title: "what is wrong with a literal pattern is told",
        explains: |_, ours, theirs| {
            ours.refused.contains("invalid matches argument: ")
                && theirs.refused.contains("invalid matches argument")
                && same_place(ours, theirs)
        },
    },
    Difference {
        title: "the API server's compiler fails on an optional element whose type is not known",
        explains: |_, _, theirs| theirs.refused.starts_with("the compiler gives up: "),
    },
    Difference {
        title: "a number in the place of a quantity is one",
        explains: |case, _, theirs| {
            let failed = |results: &[Outcome]| {
                results.first().is_some_and(|result| {
                    ["quantity", "isQuantity"].iter().any(|name| {
                        ["int", "double"]
                            .iter()
                            .any(|of| result.error.ends_with(&format!("no such overload: {name}({of})")))
                    })
                })
            };
            case.expression.to_string().contains("uantity(") && failed(&theirs.results)
        },
    },
    Difference {
        title: "functions of optionals are those of the time",
        explains: |case, ours, _| {
            let text = case.expression.to_string();
            case.world.minor < 33
                && !ours.refused.is_empty()
                && ["optional.unwrap(", ".unwrapOpt(", ".first(", ".last("]
                    .iter()
                    .any(|name| text.contains(name))
        },
    },
    Difference {
        title: "there are no protobuf messages",
        explains: |_, ours, _| ours.refused.contains("undeclared reference to 'google'"),
    },
    Difference {
        title: "keys of maps are what the language allows",
        explains: |_, ours, _| failed_with(ours, "unsupported key type: "),
    },
    Difference {
        title: "a value that was outside of the language is an error at once, in other words",
        explains: |_, ours, _| failed_with(ours, "unsupported conversion to ref.Val: ("),
    },
    Difference {
        title: "an error tells that a value is a map, not what is in it",
        explains: |_, ours, theirs| {
            let (Some(ours), Some(theirs)) = (ours.results.first(), theirs.results.first()) else {
                return false;
            };
            let start =
                ours.error.strip_suffix("map").filter(|start| start.ends_with(" non-optional value "));
            start.is_some_and(|start| theirs.error.starts_with(&format!("{start}{{")))
        },
    },
    Difference {
        title: "time zones have no names but UTC",
        explains: |_, ours, _| {
            ours.results.first().is_some_and(|result| result.error.contains("only UTC and offsets"))
        },
    },
];

/// Expressions that need one of them, where hardly any generated one does.
pub(super) const RARE: &[&str] = &[
    "sign(quantity(object.spec.replicas))",
    "[?optional.of(1).optMap(v, ip('127.0.0.1')), ip('::1')][2].isUnspecified()",
    "[?dyn({'a': 1, 'b': 2, 'c': 3}).orValue(optional.none())]",
];

/// The API server goes through the entries of a map in another order each time, the engine in one.
pub(super) const ORDER: &str = "entries of a map come in any order";

/// How often the API server is asked again where the order of a map's entries may show.
const REPEATS: usize = 200;

/// The title of the difference that explains why two answers are not the same.
pub(super) fn explanation(
    reference: &Reference,
    case: &Case,
    ours: &Evaluation,
    theirs: &Evaluation,
) -> Option<&'static str> {
    if let Some(difference) = DIFFERENCES.iter().find(|difference| (difference.explains)(case, ours, theirs))
    {
        return Some(difference.title);
    }
    if !ours.refused.is_empty() || !theirs.refused.is_empty() || ours.of != theirs.of {
        return None;
    }
    let request = case.world.request(&[case.expression.to_string()], REPEATS);
    let results = reference.ask(&[request]).remove(0).expressions.remove(0).results;
    (results.len() > 1 && results.contains(&ours.results[0])).then_some(ORDER)
}

fn failed_with(evaluation: &Evaluation, message: &str) -> bool {
    evaluation.results.first().is_some_and(|result| result.error.contains(message))
}

/// Line and column of a refusal.
fn place(refused: &str) -> Vec<&str> {
    refused.trim_start_matches("ERROR: ").split(':').skip(1).take(2).collect()
}

/// Whether both are about the same place in the text.
fn same_place(ours: &Evaluation, theirs: &Evaluation) -> bool {
    place(&ours.refused) == place(first_refusal(&theirs.refused))
}
