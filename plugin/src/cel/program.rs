//! A compiled expression: names looked up, macros expanded, literals prepared.
//!
//! Depends on [`super::types`], [`super::library`] for what is called, and on [`super::evaluate`]
//! and [`super::blame`], which run it.

use super::activation::Activation;
use super::ast::Operator;
use super::blame::{self, Blame};
use super::budget::Budget;
use super::error::EvaluationError;
use super::evaluate::Evaluator;
use super::library::Overload;
use super::library::time::{Duration, Timestamp};
use super::types::{Kind, Type};
use super::value::Value;
use regex_automata::meta::Regex;
use std::sync::Arc;

/// An expression that can be evaluated, any number of times, against any values.
#[derive(Debug)]
pub struct Program {
    pub(super) root: Step,
    pub(super) result: Type,
}

impl Program {
    /// What the expression gives, as far as that is known before it runs. The API server refuses a
    /// validation whose type is not exactly `bool`, and a message whose type is not exactly `string`.
    #[must_use]
    pub const fn result_type(&self) -> &Type {
        &self.result
    }

    /// The value of the expression.
    ///
    /// # Errors
    ///
    /// Whatever the API server fails with too, and an exhausted budget.
    pub fn evaluate<'a>(
        &'a self,
        activation: &Activation<'a>,
        budget: &mut Budget,
    ) -> Result<Value<'a>, EvaluationError> {
        Evaluator::new(activation, budget).evaluate(&self.root)
    }

    /// The places of the root variable `object` that made this validation false, or fail: the most
    /// specific first, none twice. Empty when the expression holds, or when no part of the object
    /// has to do with it.
    pub fn blame<'a>(&'a self, activation: &Activation<'a>, budget: &mut Budget) -> Vec<Blame<'a>> {
        blame::blame(self, activation, budget)
    }
}

/// A part of a compiled expression.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kind: StepKind,
}

/// What a [`Step`] does.
#[derive(Debug)]
pub(super) enum StepKind {
    Literal(Literal),
    /// A type whose name has a type and no value; a plan with one is none.
    UndefinedType(&'static str),
    /// A root variable.
    Root(Box<str>),
    /// `variables.<name>` or `variables.?<name>`.
    Variable {
        name: Box<str>,
        optional: bool,
    },
    /// A variable of a macro, by its place on the stack.
    Local(usize),
    Select {
        operand: Box<Step>,
        field: Box<str>,
        optional: bool,
    },
    Has {
        operand: Box<Step>,
        field: Box<str>,
    },
    Index {
        operand: Box<Step>,
        index: Box<Step>,
        optional: bool,
    },
    And(Vec<Step>),
    Or(Vec<Step>),
    Not(Box<Step>),
    Negate(Box<Step>),
    Conditional(Box<[Step; 3]>),
    Binary(Operator, Box<[Step; 2]>),
    Call(Call),
    /// `a.or(b)` and `a.orValue(b)`: `b` is evaluated only when needed.
    OrElse {
        operands: Box<[Step; 2]>,
        unwrap: bool,
    },
    List(Vec<(bool, Step)>),
    Map(Vec<(bool, Step, Step)>),
    Fold(Box<Fold>),
    /// `a.optMap(x, b)` and `a.optFlatMap(x, b)`.
    OptionalMap {
        operand: Box<Step>,
        slot: usize,
        body: Box<Step>,
        flat: bool,
    },
}

/// A value written in the expression, or worked out of such ones.
#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Box<str>),
    Bytes(Arc<[u8]>),
    Type(Kind),
    Duration(Duration),
    Timestamp(Timestamp),
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    /// The overloads the arguments may fit, of which the first fitting one runs.
    pub(super) overloads: Vec<&'static Overload>,
    /// The target first, if it is a method.
    pub(super) arguments: Vec<Step>,
    /// The pattern of `matches`, `find` and `findAll`, when it is a literal.
    pub(super) regex: Option<Arc<Regex>>,
    /// The argument whose size the API server looks at even when it is an error.
    pub(super) measured: Option<usize>,
}

/// A macro over a list or a map.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) kind: FoldKind,
    pub(super) range: Step,
    /// The place of the first variable; a second one is behind it.
    pub(super) slot: usize,
    /// Whether there are two variables: index or key, and value.
    pub(super) two: bool,
    /// What decides about an element; always there for `all`, `exists`, `exists_one` and `filter`.
    pub(super) predicate: Option<Step>,
    /// What becomes of an element, for `map` and its relatives.
    pub(super) transform: Option<Step>,
    /// Whether the API server looks at the size of the keys a list is sorted by even when they are an error.
    pub(super) measured: bool,
}

/// Which macro a [`Fold`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    /// `map` and `transformList`.
    List,
    /// `transformMap`.
    Map,
    /// `transformMapEntry`.
    Entries,
    /// `sortBy`; the transform gives the key an element is sorted by.
    Sort,
}
