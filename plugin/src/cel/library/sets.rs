//! Lists as sets.
//!
//! Depends on [`crate::cel::operators`].

use super::{BOOL, CallContext, LIST_OF_A, Outcome, Overload};
use crate::cel::error::EvaluationError;
use crate::cel::operators;
use crate::cel::value::{ListView, Value};

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("sets.contains", &[LIST_OF_A, LIST_OF_A], BOOL, contains).since(30),
    Overload::function("sets.equivalent", &[LIST_OF_A, LIST_OF_A], BOOL, equivalent).since(30),
    Overload::function("sets.intersects", &[LIST_OF_A, LIST_OF_A], BOOL, intersects).since(30),
];

fn both<'v, 'a>(arguments: &'v [Value<'a>]) -> Result<[ListView<'v, 'a>; 2], EvaluationError> {
    match arguments {
        [first, second] => match (first.as_list(), second.as_list()) {
            (Some(first), Some(second)) => Ok([first, second]),
            _ => Err(EvaluationError::NoSuchOverload),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

/// Whether `element` is in `list`.
fn has(
    context: &mut CallContext<'_>,
    list: ListView<'_, '_>,
    element: &Value<'_>,
) -> Result<bool, EvaluationError> {
    for candidate in list.iter() {
        context.budget.spend(1)?;
        match operators::equal(&candidate, element, context.budget) {
            Ok(true) => return Ok(true),
            Err(fatal) if fatal.is_fatal() => return Err(fatal),
            _ => {}
        }
    }
    Ok(false)
}

/// Whether all of `inner` are in `outer`.
fn covers(
    context: &mut CallContext<'_>,
    outer: ListView<'_, '_>,
    inner: ListView<'_, '_>,
) -> Result<bool, EvaluationError> {
    for element in inner.iter() {
        if !has(context, outer, &element)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [first, second] = both(arguments)?;
    covers(context, first, second).map(Value::Bool)
}

fn equivalent<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [first, second] = both(arguments)?;
    Ok(Value::Bool(covers(context, first, second)? && covers(context, second, first)?))
}

fn intersects<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [first, second] = both(arguments)?;
    for element in first.iter() {
        if has(context, second, &element)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
