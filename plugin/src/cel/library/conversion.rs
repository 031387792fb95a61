//! Conversions between types, and `size`.
//!
//! Depends on [`super::number`], [`super::time`] and [`crate::cel::operators`].

use super::time::{Duration, Timestamp};
use super::{
    A, BOOL, BYTES, DOUBLE, DURATION, DYN, INT, LIST_OF_A, Outcome, Overload, STRING, TIMESTAMP, UINT, text,
};
use crate::cel::error::EvaluationError;
use crate::cel::library::{CallContext, number};
use crate::cel::operators;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};

const MAP: Shape = Shape::Map(&Shape::Parameter(0), &Shape::Parameter(1));
const IP: Shape = Shape::Is(Kind::Ip);
const CIDR: Shape = Shape::Is(Kind::Cidr);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("size", &[BYTES], INT, size),
    Overload::function("size", &[LIST_OF_A], INT, size),
    Overload::function("size", &[MAP], INT, size),
    Overload::function("size", &[STRING], INT, size),
    Overload::method("size", &[BYTES], INT, size),
    Overload::method("size", &[LIST_OF_A], INT, size),
    Overload::method("size", &[MAP], INT, size),
    Overload::method("size", &[STRING], INT, size),
    Overload::function("type", &[A], Shape::TypeOf(&A), type_of),
    Overload::function("dyn", &[A], DYN, same),
    Overload::function("bool", &[BOOL], BOOL, same),
    Overload::function("bool", &[STRING], BOOL, to_bool),
    Overload::function("int", &[INT], INT, same),
    Overload::function("int", &[DOUBLE], INT, to_int),
    Overload::function("int", &[DURATION], INT, to_int),
    Overload::function("int", &[STRING], INT, to_int),
    Overload::function("int", &[TIMESTAMP], INT, to_int),
    Overload::function("int", &[UINT], INT, to_int),
    Overload::function("uint", &[UINT], UINT, same),
    Overload::function("uint", &[DOUBLE], UINT, to_uint),
    Overload::function("uint", &[INT], UINT, to_uint),
    Overload::function("uint", &[STRING], UINT, to_uint),
    Overload::function("double", &[DOUBLE], DOUBLE, same),
    Overload::function("double", &[INT], DOUBLE, to_double),
    Overload::function("double", &[STRING], DOUBLE, to_double),
    Overload::function("double", &[UINT], DOUBLE, to_double),
    Overload::function("string", &[STRING], STRING, same),
    Overload::function("string", &[BOOL], STRING, to_string),
    Overload::function("string", &[BYTES], STRING, to_string),
    Overload::function("string", &[DOUBLE], STRING, to_string),
    Overload::function("string", &[DURATION], STRING, to_string),
    Overload::function("string", &[INT], STRING, to_string),
    Overload::function("string", &[TIMESTAMP], STRING, to_string),
    Overload::function("string", &[UINT], STRING, to_string),
    Overload::function("string", &[IP], STRING, to_string).since(31),
    Overload::function("string", &[CIDR], STRING, to_string).since(31),
    Overload::function("bytes", &[BYTES], BYTES, same),
    Overload::function("bytes", &[STRING], BYTES, to_bytes),
    Overload::function("duration", &[DURATION], DURATION, same),
    Overload::function("duration", &[INT], DURATION, to_duration),
    Overload::function("duration", &[STRING], DURATION, to_duration),
    Overload::function("timestamp", &[TIMESTAMP], TIMESTAMP, same),
    Overload::function("timestamp", &[INT], TIMESTAMP, to_timestamp),
    Overload::function("timestamp", &[STRING], TIMESTAMP, to_timestamp),
];

fn first<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    arguments.first().cloned().map(Value::plain).ok_or(EvaluationError::NoSuchOverload)
}

fn conversion_error<'a>(from: Kind, to: Kind) -> Outcome<'a> {
    Err(EvaluationError::function(format!("type conversion error from '{}' to '{}'", from.name(), to.name())))
}

fn size<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    operators::size(&first(arguments)?, context.budget).map(Value::Int)
}

fn type_of<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Type(first(arguments)?.kind()))
}

/// The argument itself, with its place in the tree.
fn same<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    arguments.first().cloned().ok_or(EvaluationError::NoSuchOverload)
}

fn to_bool<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match text(arguments, 0)? {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
        _ => conversion_error(Kind::String, Kind::Bool),
    }
}

fn to_int<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let overflow = EvaluationError::IntegerOverflow;
    match first(arguments)? {
        // The API server takes the bounds themselves for out of range.
        Value::Double(value) if value <= i64::MIN as f64 || value >= i64::MAX as f64 => Err(overflow),
        Value::Double(value) => operators::truncated(value).map(Value::Int).ok_or(overflow),
        Value::Duration(value) => Ok(Value::Int(value.nanoseconds())),
        Value::Timestamp(value) => Ok(Value::Int(value.seconds())),
        Value::Uint(value) => i64::try_from(value).map(Value::Int).map_err(|_| overflow),
        Value::String(text) => match text.as_str().parse() {
            Ok(value) => Ok(Value::Int(value)),
            Err(_) => conversion_error(Kind::String, Kind::Int),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn to_uint<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    const BOUND: f64 = 18_446_744_073_709_551_616.0;
    let overflow = EvaluationError::UnsignedOverflow;
    match first(arguments)? {
        Value::Double(value) if (0.0..BOUND).contains(&value) => Ok(Value::Uint(value as u64)),
        Value::Double(_) => Err(overflow),
        Value::Int(value) => u64::try_from(value).map(Value::Uint).map_err(|_| overflow),
        Value::String(text) => match text.as_str().parse() {
            Ok(value) if !text.as_str().starts_with('+') => Ok(Value::Uint(value)),
            _ => conversion_error(Kind::String, Kind::Uint),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn to_double<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match first(arguments)? {
        Value::Int(value) => Ok(Value::Double(value as f64)),
        Value::Uint(value) => Ok(Value::Double(value as f64)),
        Value::String(text) => match number::parse(text.as_str()) {
            Some(value) => Ok(Value::Double(value)),
            None => conversion_error(Kind::String, Kind::Double),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

/// The text `string(value)` gives, if there is one.
pub(super) fn as_text(value: &Value<'_>) -> Result<String, EvaluationError> {
    match value.clone().plain() {
        Value::Bool(value) => Ok(value.to_string()),
        Value::Int(value) => Ok(value.to_string()),
        Value::Uint(value) => Ok(value.to_string()),
        Value::Double(value) => Ok(number::shortest(value)),
        Value::String(value) => Ok(value.as_str().to_owned()),
        Value::Duration(value) => Ok(value.to_string()),
        Value::Timestamp(value) => Ok(value.to_string()),
        Value::Type(kind) => Ok(kind.name().to_owned()),
        Value::Bytes(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(EvaluationError::function("invalid UTF-8 in bytes, cannot convert to string")),
        },
        Value::Opaque(opaque) => match &*opaque {
            Opaque::Ip(address) => Ok(address.to_string()),
            Opaque::Cidr(range) => Ok(range.to_string()),
            _ => Err(EvaluationError::NoSuchOverload),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn to_string<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    as_text(&first(arguments)?).map(Value::text)
}

fn to_bytes<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bytes(text(arguments, 0)?.as_bytes().into()))
}

fn to_duration<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match first(arguments)? {
        // The API server declares this, and then does not do it.
        Value::Int(_) => conversion_error(Kind::Int, Kind::Duration),
        Value::String(text) => match Duration::parse(text.as_str()) {
            Ok(value) => Ok(Value::Duration(value)),
            Err(_) => conversion_error(Kind::String, Kind::Duration),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn to_timestamp<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match first(arguments)? {
        Value::Int(seconds) => Timestamp::from_seconds(seconds).map(Value::Timestamp),
        Value::String(text) => match Timestamp::parse(text.as_str()) {
            Ok(value) => Ok(Value::Timestamp(value)),
            Err(EvaluationError::TimestampOverflow) => Err(EvaluationError::TimestampOverflow),
            Err(_) => conversion_error(Kind::String, Kind::Timestamp),
        },
        _ => Err(EvaluationError::NoSuchOverload),
    }
}
