//! `'%s has %d'.format([a, b])`.
//!
//! Depends on [`super::number`] and [`super::conversion`].

use super::conversion::as_text;
use super::{CallContext, Outcome, Overload, number, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::Kind;
use crate::cel::value::{ListView, Value};
use std::fmt::Write as _;

/// The function itself is declared with the other functions of text.
pub(super) const OVERLOADS: &[Overload] = &[];

/// How many digits behind the point there are when the template says nothing.
const PRECISION: usize = 6;

/// More digits than any number has; a template asking for more is a mistake.
const MAX_PRECISION: usize = 1000;

type Formatted = Result<String, EvaluationError>;

fn fail<T>(message: impl Into<String>) -> Result<T, EvaluationError> {
    Err(EvaluationError::function(message))
}

/// Fills the template that is the first argument with the elements of the second.
pub(super) fn format<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let template = text(arguments, 0)?;
    let list = arguments.get(1).and_then(Value::as_list).ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend_bytes(template.len())?;
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('%') {
            filled.push('%');
            rest = behind;
            continue;
        }
        let Some(argument) = list.get(used) else { return fail(format!("index {used} out of range")) };
        used += 1;
        let part;
        (part, rest) = clause(context, rest, &argument)?;
        context.budget.spend_bytes(part.len())?;
        filled.push_str(&part);
    }
    filled.push_str(rest);
    Ok(Value::text(filled))
}

/// What a clause makes of `argument`, and the template behind the clause.
fn clause<'t>(
    context: &mut CallContext<'_>,
    template: &'t str,
    argument: &Value<'_>,
) -> Result<(String, &'t str), EvaluationError> {
    let (precision, template) = match template.strip_prefix('.') {
        None => (PRECISION, template),
        Some(behind) => {
            let length = behind.find(|character: char| !character.is_ascii_digit());
            let Some(length) = length else {
                return fail(
                    "could not parse formatting clause: error while parsing precision: could not find end of precision specifier",
                );
            };
            match behind[..length].parse() {
                Ok(precision) if precision <= MAX_PRECISION => (precision, &behind[length..]),
                _ => {
                    return fail(
                        "could not parse formatting clause: error while parsing precision: error while converting precision to integer",
                    );
                }
            }
        }
    };
    let mut characters = template.chars();
    let Some(letter) = characters.next() else { return fail("unexpected end of string") };
    let formatted = match letter {
        's' => shown(context, argument),
        'd' => decimal(argument),
        'f' => floating(argument, "fixed-point", |value| number::fixed(value, precision)),
        // The API server reads a precision here and then does without it.
        'e' => floating(argument, "scientific", |value| number::scientific(value, PRECISION)),
        'b' => binary(argument),
        'x' => hexadecimal(argument),
        'X' => hexadecimal(argument).map(|digits| digits.to_ascii_uppercase()),
        'o' => octal(argument),
        other => {
            return fail(format!(
                "could not parse formatting clause: unrecognized formatting clause \"{other}\""
            ));
        }
    };
    match formatted {
        Ok(formatted) => Ok((formatted, characters.as_str())),
        Err(fatal) if fatal.is_fatal() => Err(fatal),
        Err(error) => fail(format!("error during formatting: {error}")),
    }
}

/// `%s`: any value, as text.
fn shown(context: &mut CallContext<'_>, value: &Value<'_>) -> Formatted {
    if let Some(list) = value.as_list() {
        return elements(context, list);
    }
    if let Some(map) = value.as_map() {
        let mut entries = Vec::with_capacity(map.len());
        for key in map.keys() {
            let Some(value) = map.get(&key) else { continue };
            entries.push((quoted(context, &key)?, quoted(context, &value)?));
        }
        entries.sort();
        let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
        return Ok(format!("{{{}}}", entries.join(", ")));
    }
    match value.kind() {
        Kind::Null => Ok("null".to_owned()),
        kind if kind <= Kind::Bytes || matches!(kind, Kind::Type | Kind::Duration | Kind::Timestamp) => {
            as_text(value)
        }
        kind => fail(format!(
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
            kind.name()
        )),
    }
}

fn elements(context: &mut CallContext<'_>, list: ListView<'_, '_>) -> Formatted {
    let mut parts = Vec::with_capacity(list.len());
    for element in list.iter() {
        parts.push(quoted(context, &element)?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

/// A value inside a list or a map: as it could be written in an expression.
fn quoted(context: &mut CallContext<'_>, value: &Value<'_>) -> Formatted {
    context.budget.enter()?;
    let text = match value.clone().plain() {
        Value::Double(value) if !value.is_finite() => Ok(format!("{:?}", number::shortest(value))),
        Value::Double(value) => Ok(format!("{value:.PRECISION$}")),
        Value::Timestamp(value) => Ok(format!("timestamp(\"{value}\")")),
        Value::Duration(value) => Ok(format!("duration(\"{value}\")")),
        Value::String(text) => Ok(format!("{:?}", text.as_str())),
        Value::Bytes(_) => shown(context, value).map(|text| format!("b{text:?}")),
        Value::Optional(_) | Value::Opaque(_) => {
            fail(format!("no formatting function for {}", value.kind().name()))
        }
        plain => shown(context, &plain),
    };
    context.budget.leave();
    text
}

fn decimal(value: &Value<'_>) -> Formatted {
    match value.clone().plain() {
        Value::Int(value) => Ok(value.to_string()),
        Value::Uint(value) => Ok(value.to_string()),
        other => {
            fail(format!("decimal clause can only be used on integers, was given {}", other.kind().name()))
        }
    }
}

fn floating(value: &Value<'_>, clause: &str, format: impl Fn(f64) -> String) -> Formatted {
    match value.clone().plain() {
        Value::Double(value) => Ok(format(value)),
        Value::String(text) => match text.as_str() {
            "NaN" => Ok(format(f64::NAN)),
            "Infinity" => Ok(format(f64::INFINITY)),
            "-Infinity" => Ok(format(f64::NEG_INFINITY)),
            _ => fail(format!("{clause} clause can only be used on doubles, was given string")),
        },
        other => {
            fail(format!("{clause} clause can only be used on doubles, was given {}", other.kind().name()))
        }
    }
}

/// A negative number as its sign and what `write` makes of its magnitude.
fn signed(value: i64, write: impl Fn(u64) -> String) -> String {
    let magnitude = write(value.unsigned_abs());
    if value < 0 { format!("-{magnitude}") } else { magnitude }
}

fn binary(value: &Value<'_>) -> Formatted {
    match value.clone().plain() {
        Value::Int(value) => Ok(signed(value, |magnitude| format!("{magnitude:b}"))),
        Value::Uint(value) => Ok(format!("{value:b}")),
        Value::Bool(value) => Ok(u8::from(value).to_string()),
        other => fail(format!(
            "only integers and bools can be formatted as binary, was given {}",
            other.kind().name()
        )),
    }
}

fn octal(value: &Value<'_>) -> Formatted {
    match value.clone().plain() {
        Value::Int(value) => Ok(signed(value, |magnitude| format!("{magnitude:o}"))),
        Value::Uint(value) => Ok(format!("{value:o}")),
        other => {
            fail(format!("octal clause can only be used on integers, was given {}", other.kind().name()))
        }
    }
}

fn hexadecimal(value: &Value<'_>) -> Formatted {
    let bytes = |bytes: &[u8]| {
        bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    };
    match value.clone().plain() {
        Value::Int(value) => Ok(signed(value, |magnitude| format!("{magnitude:x}"))),
        Value::Uint(value) => Ok(format!("{value:x}")),
        Value::String(text) => Ok(bytes(text.as_str().as_bytes())),
        Value::Bytes(value) => Ok(bytes(&value)),
        other => fail(format!(
            "only integers, byte buffers, and strings can be formatted as hex, was given {}",
            other.kind().name()
        )),
    }
}
