//! The functions an expression can call, one module for each library of the API server.
//!
//! A library is a table of [`Overload`]s: the types it takes, the type it gives, the Kubernetes
//! version that accepts it, and what it does. The checker and the evaluator read the same table.
//!
//! Depends on [`super::value`], [`super::types`], [`super::operators`] and [`super::budget`].

pub(super) mod cidr;
pub(super) mod conversion;
pub(super) mod decimal;
pub(super) mod format;
pub(super) mod ip;
pub(super) mod lists;
pub(super) mod number;
pub(super) mod optional;
pub(super) mod quantity;
mod quoting;
pub(super) mod regex;
pub(super) mod semver;
pub(super) mod sets;
pub(super) mod strings;
pub(super) mod templates;
pub(super) mod time;
pub(super) mod url;

use super::budget::Budget;
use super::error::EvaluationError;
use super::types::{Kind, Shape};
use super::value::Value;
use regex_automata::meta::Regex;
use std::sync::Arc;

/// What a function gives.
pub(super) type Outcome<'a> = Result<Value<'a>, EvaluationError>;

/// What a function does: its arguments have the kinds its overload asks for.
pub(super) type Run = for<'a> fn(&mut CallContext<'_>, &[Value<'a>]) -> Outcome<'a>;

/// What a function gets beside its arguments.
pub(super) struct CallContext<'c> {
    pub(super) budget: &'c mut Budget,
    /// The pattern of the call, when it is a literal.
    pub(super) regex: Option<&'c Arc<Regex>>,
}

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) name: &'static str,
    /// Whether the first parameter is written before the dot.
    pub(super) method: bool,
    pub(super) parameters: &'static [Shape],
    pub(super) result: Shape,
    /// The first Kubernetes minor version that accepts it in a new policy.
    pub(super) since: u32,
    /// Whether the API server looks at the elements of lists before it calls it.
    pub(super) guarded: bool,
    pub(super) run: Run,
}

impl Overload {
    /// `name(parameters)`.
    const fn function(name: &'static str, parameters: &'static [Shape], result: Shape, run: Run) -> Self {
        Self { name, method: false, parameters, result, since: 0, guarded: true, run }
    }

    /// `target.name(parameters)`, the target being the first parameter.
    const fn method(name: &'static str, parameters: &'static [Shape], result: Shape, run: Run) -> Self {
        Self { name, method: true, parameters, result, since: 0, guarded: true, run }
    }

    /// Called with any list.
    const fn unguarded(self) -> Self {
        Self { guarded: false, ..self }
    }

    /// The first Kubernetes minor version that accepts it in a new policy.
    const fn since(self, minor: u32) -> Self {
        Self { since: minor, ..self }
    }
}

/// In the order in which the API server adds them to the language: of two functions of the same name it asks the
/// one that came first.
const LIBRARIES: [&[Overload]; 14] = [
    conversion::OVERLOADS,
    time::OVERLOADS,
    url::OVERLOADS,
    regex::OVERLOADS,
    lists::OVERLOADS,
    optional::OVERLOADS,
    quantity::OVERLOADS,
    strings::OVERLOADS,
    templates::OVERLOADS,
    sets::OVERLOADS,
    ip::OVERLOADS,
    cidr::OVERLOADS,
    format::OVERLOADS,
    semver::OVERLOADS,
];

/// The overloads of `name`, of any version.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Overload> {
    LIBRARIES.into_iter().flatten().filter(move |overload| overload.name == name)
}

/// What is said of arguments no overload takes.
pub(super) fn refusal(overload: Option<&'static Overload>, arguments: &[Value<'_>]) -> EvaluationError {
    let Some(Overload { name, .. }) = overload else { return EvaluationError::NoSuchOverload };
    match (*name, arguments) {
        ("contains" | "startsWith" | "endsWith", _) => EvaluationError::NoSuchOverload,
        ("flatten", [target, depth @ ..]) => {
            let depth = depth.first().map_or("", |depth| depth.kind().name());
            let target = match target.kind() {
                Kind::Map => "map(dyn, dyn)",
                kind => kind.name(),
            };
            EvaluationError::NoSuchFunction(format!("{target}.flatten({depth})").into())
        }
        // These ask the value itself, and only then who it is.
        ("matches", [target, ..])
            if matches!(target.kind(), Kind::String | Kind::Duration | Kind::Timestamp) =>
        {
            EvaluationError::NoSuchOverload
        }
        ("size" | "sort", [value])
            if matches!(value.kind(), Kind::String | Kind::Duration | Kind::Timestamp) =>
        {
            EvaluationError::NoSuchOverload
        }
        ("matches" | "size" | "sort", _) => EvaluationError::NoSuchFunction((*name).into()),
        (name, arguments) => {
            let kinds: Vec<&str> = arguments.iter().map(|argument| argument.kind().name()).collect();
            EvaluationError::NoSuchFunction(format!("{name}({})", kinds.join(", ")).into())
        }
    }
}

const A: Shape = Shape::Parameter(0);
const LIST_OF_A: Shape = Shape::List(&A);
const DYN: Shape = Shape::Dyn;
const BOOL: Shape = Shape::Is(Kind::Bool);
const INT: Shape = Shape::Is(Kind::Int);
const UINT: Shape = Shape::Is(Kind::Uint);
const DOUBLE: Shape = Shape::Is(Kind::Double);
const STRING: Shape = Shape::Is(Kind::String);
const STRINGS: Shape = Shape::List(&STRING);
const BYTES: Shape = Shape::Is(Kind::Bytes);
const DURATION: Shape = Shape::Is(Kind::Duration);
const TIMESTAMP: Shape = Shape::Is(Kind::Timestamp);

/// The argument at `index`, which the overload says is text.
fn text<'v>(arguments: &'v [Value<'_>], index: usize) -> Result<&'v str, EvaluationError> {
    arguments.get(index).and_then(Value::as_str).ok_or(EvaluationError::NoSuchOverload)
}

/// The argument at `index`, which the overload says is a whole number.
fn int(arguments: &[Value<'_>], index: usize) -> Result<i64, EvaluationError> {
    arguments.get(index).and_then(Value::as_int).ok_or(EvaluationError::NoSuchOverload)
}
