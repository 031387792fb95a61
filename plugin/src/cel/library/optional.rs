//! Values that may be absent. `or`, `orValue`, `optMap` and `optFlatMap` are part of the language.
//!
//! Depends on nothing but the library's own module.

use super::{A, CallContext, LIST_OF_A, Outcome, Overload};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::Value;

const OPTIONAL: Shape = Shape::Optional(&A);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("optional.of", &[A], OPTIONAL, of),
    Overload::function("optional.ofNonZeroValue", &[A], OPTIONAL, of_non_zero_value),
    Overload::function("optional.none", &[], OPTIONAL, none),
    Overload::method("value", &[OPTIONAL], A, value),
    Overload::method("hasValue", &[OPTIONAL], Shape::Is(Kind::Bool), has_value),
    Overload::function("optional.unwrap", &[Shape::List(&OPTIONAL)], LIST_OF_A, unwrap).since(33),
    Overload::method("unwrapOpt", &[Shape::List(&OPTIONAL)], LIST_OF_A, unwrap).since(33),
    Overload::method("first", &[LIST_OF_A], OPTIONAL, first).since(33),
    Overload::method("last", &[LIST_OF_A], OPTIONAL, last).since(33),
];

fn argument<'v, 'a>(arguments: &'v [Value<'a>]) -> Result<&'v Value<'a>, EvaluationError> {
    arguments.first().ok_or(EvaluationError::NoSuchOverload)
}

fn of<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::some(argument(arguments)?.clone()))
}

fn of_non_zero_value<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let value = argument(arguments)?;
    Ok(if value.is_zero() { Value::Optional(None) } else { Value::some(value.clone()) })
}

fn none<'a>(_: &mut CallContext<'_>, _: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Optional(None))
}

fn value<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match argument(arguments)? {
        Value::Optional(Some(value)) => Ok((**value).clone()),
        Value::Optional(None) => Err(EvaluationError::function("optional.none() dereference")),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn has_value<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match argument(arguments)? {
        Value::Optional(value) => Ok(Value::Bool(value.is_some())),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn unwrap<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = argument(arguments)?.as_list().ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend(list.len() as u64)?;
    let mut values = Vec::new();
    for element in list.iter() {
        match element {
            Value::Optional(Some(value)) => values.push((*value).clone()),
            Value::Optional(None) => {}
            other => {
                return Err(EvaluationError::function(format!("value {} is not optional", other.shown())));
            }
        }
    }
    Ok(Value::list(values))
}

fn first<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = argument(arguments)?.as_list().ok_or(EvaluationError::NoSuchOverload)?;
    Ok(list.get(0).map_or(Value::Optional(None), Value::some))
}

fn last<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = argument(arguments)?.as_list().ok_or(EvaluationError::NoSuchOverload)?;
    Ok(list.len().checked_sub(1).and_then(|index| list.get(index)).map_or(Value::Optional(None), Value::some))
}
