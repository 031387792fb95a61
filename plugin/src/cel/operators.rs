//! What operators do with values: arithmetic, equality, order, membership.
//!
//! Depends on [`super::value`] and [`super::library::time`].

use super::ast::Operator;
use super::budget::Budget;
use super::error::EvaluationError;
use super::types::Kind;
use super::value::{Opaque, Text, Value, whole};
use std::cmp::Ordering;
use std::sync::Arc;

type Result<T> = std::result::Result<T, EvaluationError>;

/// `left operator right`, for all operators whose operands are always evaluated.
pub(super) fn binary<'a>(
    operator: Operator,
    left: Value<'a>,
    right: Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>> {
    match operator {
        Operator::Equal => equal(&left, &right, budget).map(Value::Bool),
        Operator::NotEqual => equal(&left, &right, budget).map(|same| Value::Bool(!same)),
        Operator::In => contains(&right, &left, budget).map(Value::Bool),
        operator if !takes(operator, left.kind()) => {
            Err(EvaluationError::NoSuchFunction(operator.function().into()))
        }
        Operator::Less => compare(&left, &right).map(|order| Value::Bool(order.is_lt())),
        Operator::LessOrEqual => compare(&left, &right).map(|order| Value::Bool(order.is_le())),
        Operator::Greater => compare(&left, &right).map(|order| Value::Bool(order.is_gt())),
        Operator::GreaterOrEqual => compare(&left, &right).map(|order| Value::Bool(order.is_ge())),
        Operator::Add => add(left.plain(), right.plain(), budget),
        Operator::Subtract => subtract(left.plain(), right.plain()),
        Operator::Multiply | Operator::Divide | Operator::Modulo => {
            scale(operator, &left.plain(), &right.plain())
        }
        Operator::Or | Operator::And | Operator::Not | Operator::Negate | Operator::Conditional => {
            Err(EvaluationError::NoSuchOverload)
        }
    }
}

/// Whether the API server asks a value of kind `left` what the operator makes of it; of others it tells the
/// operator's name.
const fn takes(operator: Operator, left: Kind) -> bool {
    match left {
        // These are asked for everything.
        Kind::String | Kind::Duration | Kind::Timestamp | Kind::Int => true,
        Kind::Uint => !matches!(operator, Operator::Negate),
        Kind::Double => !matches!(operator, Operator::Modulo),
        Kind::Bool => matches!(
            operator,
            Operator::Less
                | Operator::LessOrEqual
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::Negate
        ),
        Kind::Bytes => !matches!(
            operator,
            Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo | Operator::Negate
        ),
        Kind::List => matches!(operator, Operator::Add),
        _ => false,
    }
}

/// `-operand`.
pub(super) fn negate(operand: Value<'_>) -> Result<Value<'_>> {
    match operand.plain() {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(EvaluationError::IntegerOverflow),
        Value::Double(value) => Ok(Value::Double(-value)),
        Value::Duration(value) => value.negate().map(Value::Duration),
        other if takes(Operator::Negate, other.kind()) => Err(EvaluationError::NoSuchOverload),
        _ => Err(EvaluationError::NoSuchFunction(Operator::Negate.function().into())),
    }
}

/// Whether two values are the same; values of different types are not, numbers of different types may be.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>, budget: &mut Budget) -> Result<bool> {
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        budget.spend_bytes(left.len().min(right.len()))?;
        return Ok(left == right);
    }
    if let (Some(left), Some(right)) = (left.as_list(), right.as_list()) {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right.iter()) {
            budget.enter()?;
            let same = equal(&left, &right, budget);
            budget.leave();
            if !same? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(left), Some(right)) = (left.as_map(), right.as_map()) {
        if left.len() != right.len() {
            return Ok(false);
        }
        for key in left.keys() {
            let (Some(left), Some(right)) = (left.get(&key), right.get(&key)) else { return Ok(false) };
            budget.enter()?;
            let same = equal(&left, &right, budget);
            budget.leave();
            if !same? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    match (left.clone().plain(), right.clone().plain()) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Bytes(left), Value::Bytes(right)) => Ok(left == right),
        (Value::Type(left), Value::Type(right)) => Ok(left == right),
        (Value::Duration(left), Value::Duration(right)) => Ok(left == right),
        (Value::Timestamp(left), Value::Timestamp(right)) => Ok(left == right),
        (Value::Optional(left), Value::Optional(right)) => match (left, right) {
            (None, None) => Ok(true),
            (Some(left), Some(right)) => {
                budget.enter()?;
                let same = equal(&left, &right, budget);
                budget.leave();
                same
            }
            _ => Ok(false),
        },
        (Value::Opaque(left), right) => match (&*left, right.as_opaque()) {
            (Opaque::Quantity(left) | Opaque::Sum(left), Some(Opaque::Quantity(right))) => Ok(left == right),
            (Opaque::Url(left), Some(Opaque::Url(right))) => Ok(left == right),
            (Opaque::Ip(left), Some(Opaque::Ip(right))) => Ok(left == right),
            (Opaque::Cidr(left), Some(Opaque::Cidr(right))) => Ok(left == right),
            (Opaque::Semver(left), Some(Opaque::Semver(right))) => Ok(left == right),
            (Opaque::Format(left), Some(Opaque::Format(right))) => Ok(left == right),
            // The types of Kubernetes know no equality with anything else.
            _ => Err(EvaluationError::NoSuchOverload),
        },
        (left, right) => Ok(numeric_order(&left, &right).is_some_and(|order| order == Some(Ordering::Equal))),
    }
}

/// How two numbers are ordered; the inner `None` is a comparison with NaN.
fn numeric_order(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    Some(match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Uint(left), Value::Uint(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Uint(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Value::Uint(left), Value::Int(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Double(left), Value::Int(right)) => compare_double(*left, (*right).into()),
        (Value::Double(left), Value::Uint(right)) => compare_double(*left, (*right).into()),
        (Value::Int(left), Value::Double(right)) => {
            compare_double(*right, (*left).into()).map(Ordering::reverse)
        }
        (Value::Uint(left), Value::Double(right)) => {
            compare_double(*right, (*left).into()).map(Ordering::reverse)
        }
        _ => return None,
    })
}

/// How a floating point number and a whole number are ordered: by their real values. The API server
/// rounds the whole number first where it exceeds 53 bits.
fn compare_double(left: f64, right: i128) -> Option<Ordering> {
    left.partial_cmp(&(right as f64))
}

/// How two values are ordered.
pub(super) fn compare(left: &Value<'_>, right: &Value<'_>) -> Result<Ordering> {
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return Ok(left.cmp(right));
    }
    let (left, right) = (left.clone().plain(), right.clone().plain());
    match (&left, &right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        (Value::Bytes(left), Value::Bytes(right)) => Ok(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Ok(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Ok(left.cmp(right)),
        _ => match numeric_order(&left, &right) {
            Some(Some(order)) => Ok(order),
            Some(None) => Err(EvaluationError::function("NaN values cannot be ordered")),
            None => Err(EvaluationError::NoSuchOverload),
        },
    }
}

/// `element in container`.
fn contains(container: &Value<'_>, element: &Value<'_>, budget: &mut Budget) -> Result<bool> {
    if let Some(list) = container.as_list() {
        budget.spend(list.len() as u64)?;
        for candidate in list.iter() {
            match equal(element, &candidate, budget) {
                Ok(true) => return Ok(true),
                Err(fatal) if fatal.is_fatal() => return Err(fatal),
                _ => {}
            }
        }
        return Ok(false);
    }
    match container.as_map() {
        Some(map) => Ok(map.get(element).is_some()),
        None => Err(EvaluationError::NoSuchOverload),
    }
}

fn add<'a>(left: Value<'a>, right: Value<'a>, budget: &mut Budget) -> Result<Value<'a>> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_add(right).map(Value::Int).ok_or(EvaluationError::IntegerOverflow)
        }
        (Value::Uint(left), Value::Uint(right)) => {
            left.checked_add(right).map(Value::Uint).ok_or(EvaluationError::UnsignedOverflow)
        }
        (Value::Double(left), Value::Double(right)) => Ok(Value::Double(left + right)),
        (Value::String(left), Value::String(right)) => concatenate(&left, &right, budget),
        (Value::Bytes(left), Value::Bytes(right)) => {
            budget.spend_bytes(left.len() + right.len())?;
            Ok(Value::Bytes([&*left, &*right].concat().into()))
        }
        (Value::Duration(left), Value::Duration(right)) => left.add(right).map(Value::Duration),
        (Value::Timestamp(time), Value::Duration(duration))
        | (Value::Duration(duration), Value::Timestamp(time)) => time.add(duration).map(Value::Timestamp),
        (left, right) => match (left.as_list(), right.as_list()) {
            (Some(_), Some(list)) if list.is_empty() => Ok(left),
            (Some(list), Some(_)) if list.is_empty() => Ok(right),
            (Some(first), Some(second)) => {
                budget.spend((first.len() + second.len()) as u64)?;
                Ok(Value::List(first.iter().chain(second.iter()).collect()))
            }
            _ => Err(EvaluationError::NoSuchOverload),
        },
    }
}

fn concatenate<'a>(left: &Text<'a>, right: &Text<'a>, budget: &mut Budget) -> Result<Value<'a>> {
    let (left, right) = (left.as_str(), right.as_str());
    budget.spend_bytes(left.len() + right.len())?;
    let mut text = String::with_capacity(left.len() + right.len());
    text.push_str(left);
    text.push_str(right);
    Ok(Value::String(Text::Shared(Arc::from(text))))
}

fn subtract<'a>(left: Value<'a>, right: Value<'a>) -> Result<Value<'a>> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_sub(right).map(Value::Int).ok_or(EvaluationError::IntegerOverflow)
        }
        (Value::Uint(left), Value::Uint(right)) => {
            left.checked_sub(right).map(Value::Uint).ok_or(EvaluationError::UnsignedOverflow)
        }
        (Value::Double(left), Value::Double(right)) => Ok(Value::Double(left - right)),
        (Value::Duration(left), Value::Duration(right)) => left.subtract(right).map(Value::Duration),
        (Value::Timestamp(time), Value::Duration(duration)) => {
            time.add(duration.negate()?).map(Value::Timestamp)
        }
        (Value::Timestamp(left), Value::Timestamp(right)) => left.since(right).map(Value::Duration),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn scale<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>> {
    let zero = if operator == Operator::Modulo {
        EvaluationError::ModulusByZero
    } else {
        EvaluationError::DivisionByZero
    };
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => match operator {
            Operator::Multiply => left.checked_mul(*right),
            _ if *right == 0 => return Err(zero),
            Operator::Divide => left.checked_div(*right),
            _ => left.checked_rem(*right),
        }
        .map(Value::Int)
        .ok_or(EvaluationError::IntegerOverflow),
        (Value::Uint(left), Value::Uint(right)) => match operator {
            Operator::Multiply => left.checked_mul(*right),
            _ if *right == 0 => return Err(zero),
            Operator::Divide => left.checked_div(*right),
            _ => left.checked_rem(*right),
        }
        .map(Value::Uint)
        .ok_or(EvaluationError::UnsignedOverflow),
        (Value::Double(left), Value::Double(right)) => match operator {
            Operator::Multiply => Ok(Value::Double(left * right)),
            Operator::Divide => Ok(Value::Double(left / right)),
            _ => Err(EvaluationError::NoSuchOverload),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

/// The size of text in characters, of bytes in bytes, of a list or a map in elements.
pub(super) fn size(value: &Value<'_>, budget: &mut Budget) -> Result<i64> {
    let size = if let Some(text) = value.as_str() {
        budget.spend_bytes(text.len())?;
        text.chars().count()
    } else if let Some(list) = value.as_list() {
        list.len()
    } else if let Some(map) = value.as_map() {
        map.len()
    } else if let Value::Bytes(bytes) = value {
        bytes.len()
    } else {
        return Err(EvaluationError::NoSuchOverload);
    };
    Ok(i64::try_from(size).unwrap_or(i64::MAX))
}

/// A floating point number cut to a whole one, if it fits; used by conversions and by keys.
pub(super) fn truncated(value: f64) -> Option<i64> {
    whole(value.trunc())
}

/// Whether a value of `kind` can be ordered.
pub(super) const fn is_ordered(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::Int
            | Kind::Uint
            | Kind::Double
            | Kind::String
            | Kind::Bytes
            | Kind::Duration
            | Kind::Timestamp
    )
}
