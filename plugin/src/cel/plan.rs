//! Works out what constants give, once for all evaluations.
//!
//! A conversion of a literal has its value before the expression runs; where it has none, the API server refuses
//! the expression. Depends on [`super::program`] and [`super::evaluate`].

use super::activation::Activation;
use super::ast::Operator;
use super::budget::Budget;
use super::error::CompileError;
use super::evaluate::Evaluator;
use super::library::regex;
use super::program::{Call, Literal, Step, StepKind};
use super::types::Kind;
use super::value::Value;

/// More steps than a conversion takes.
const STEPS: u64 = 1 << 20;

/// The functions whose value is known when their argument is.
const CONVERSIONS: [&str; 10] =
    ["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];

/// Replaces what is constant by its value.
///
/// # Errors
///
/// The first constant that has none.
pub(super) fn plan(source: &str, root: &mut Step) -> Result<(), CompileError> {
    fold(root)
        .map_err(|message| CompileError::new(source, 0, format!("program instantiation failed: {message}")))
}

fn fold(step: &mut Step) -> Result<(), String> {
    match &mut step.kind {
        StepKind::UndefinedType(name) => return Err(format!("reference to undefined type: {name}")),
        StepKind::Literal(_) | StepKind::Root(_) | StepKind::Variable { .. } | StepKind::Local(_) => {}
        StepKind::Select { operand, .. }
        | StepKind::Has { operand, .. }
        | StepKind::Not(operand)
        | StepKind::Negate(operand) => fold(operand)?,
        StepKind::Index { operand, index, .. } => {
            fold(operand)?;
            fold(index)?;
            check_index(index)?;
        }
        StepKind::And(operands) | StepKind::Or(operands) => operands.iter_mut().try_for_each(fold)?,
        StepKind::Conditional(parts) => parts.iter_mut().try_for_each(fold)?,
        StepKind::Binary(_, operands) | StepKind::OrElse { operands, .. } => {
            operands.iter_mut().try_for_each(fold)?;
        }
        StepKind::Call(call) => {
            call.arguments.iter_mut().try_for_each(fold)?;
            compile_pattern(call)?;
        }
        StepKind::List(elements) => elements.iter_mut().try_for_each(|(_, element)| fold(element))?,
        StepKind::Map(entries) => entries.iter_mut().try_for_each(|(_, key, value)| {
            fold(key)?;
            fold(value)
        })?,
        StepKind::Fold(macros) => {
            fold(&mut macros.range)?;
            macros.predicate.iter_mut().chain(&mut macros.transform).try_for_each(fold)?;
        }
        StepKind::OptionalMap { operand, body, .. } => {
            fold(operand)?;
            fold(body)?;
        }
    }
    if let StepKind::Binary(Operator::In, operands) = &step.kind
        && matches!(&operands[1].kind, StepKind::List(elements) if elements.is_empty())
    {
        // Nothing is in nothing, not even an error.
        step.kind = StepKind::Literal(Literal::Bool(false));
    }
    if let Some(value) = constant(step)? {
        step.kind = StepKind::Literal(value);
    }
    Ok(())
}

/// The value of a conversion of a constant, if the step is one and the value can be written as a literal.
fn constant(step: &Step) -> Result<Option<Literal>, String> {
    let StepKind::Call(Call { overloads, arguments, .. }) = &step.kind else { return Ok(None) };
    let is_conversion = overloads.first().is_some_and(|overload| CONVERSIONS.contains(&overload.name));
    if !is_conversion || !matches!(arguments.as_slice(), [argument] if is_constant(argument)) {
        return Ok(None);
    }
    let activation = Activation::default();
    let value = Evaluator::new(&activation, &mut Budget::new(STEPS)).evaluate(step);
    value.map(|value| literal(&value)).map_err(|error| error.to_string())
}

fn is_constant(step: &Step) -> bool {
    match &step.kind {
        StepKind::Literal(_) => true,
        StepKind::List(elements) => elements.iter().all(|(_, element)| is_constant(element)),
        StepKind::Map(entries) => {
            entries.iter().all(|(_, key, value)| is_constant(key) && is_constant(value))
        }
        // What is constant and still a call has a value no literal can have.
        StepKind::Call(Call { overloads, arguments, .. }) => {
            overloads.first().is_some_and(|overload| CONVERSIONS.contains(&overload.name))
                && arguments.iter().all(is_constant)
        }
        _ => false,
    }
}

fn literal(value: &Value<'_>) -> Option<Literal> {
    Some(match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::Int(value) => Literal::Int(*value),
        Value::Uint(value) => Literal::Uint(*value),
        Value::Double(value) => Literal::Double(*value),
        Value::String(text) => Literal::String(text.as_str().into()),
        Value::Bytes(bytes) => Literal::Bytes(bytes.clone()),
        Value::Type(kind) => Literal::Type(*kind),
        Value::Duration(value) => Literal::Duration(*value),
        Value::Timestamp(value) => Literal::Timestamp(*value),
        _ => return None,
    })
}

/// Compiles the pattern of `find`, `findAll` and `matches`, when it is constant.
fn compile_pattern(call: &mut Call) -> Result<(), String> {
    let takes_pattern = call
        .overloads
        .first()
        .is_some_and(|overload| matches!(overload.name, "find" | "findAll" | "matches"));
    if let Some(StepKind::Literal(Literal::String(pattern))) =
        call.arguments.get(1).map(|pattern| &pattern.kind)
        && takes_pattern
    {
        call.regex = Some(regex::compile(pattern).map_err(|error| regex::message(&error))?);
    }
    Ok(())
}

/// Only scalars can be keys.
fn check_index(index: &Step) -> Result<(), String> {
    let kind = match &index.kind {
        StepKind::Literal(Literal::Null) => Kind::Null,
        StepKind::Literal(Literal::Bytes(_)) => Kind::Bytes,
        StepKind::Literal(Literal::Type(_)) => Kind::Type,
        StepKind::Literal(Literal::Duration(_)) => Kind::Duration,
        StepKind::Literal(Literal::Timestamp(_)) => Kind::Timestamp,
        StepKind::List(_) if is_constant(index) => Kind::List,
        StepKind::Map(_) if is_constant(index) => Kind::Map,
        _ => return Ok(()),
    };
    Err(format!("invalid qualifier type: {}", kind.implementation()))
}
