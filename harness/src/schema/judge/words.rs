//! What a value is and what it must be, in words. No value is ever quoted: it may be a secret.

use crate::schema::shape::{Shape, Width};
use gift_plugin::yaml::Value;

/// What a shape asks for: `text`, `an integer`.
pub(super) fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Any => "any value".to_owned(),
        Shape::String => "text".to_owned(),
        Shape::OneOf(values) => {
            let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            match quoted.as_slice() {
                [one] => one.clone(),
                [others @ .., last] => format!("{} or {last}", others.join(", ")),
                [] => "text".to_owned(),
            }
        }
        Shape::Time => "a date and time, as \"2026-01-31T12:00:00Z\"".to_owned(),
        Shape::Base64 => "Base64".to_owned(),
        Shape::Integer(Width::Bits32) => "an integer of 32 bits".to_owned(),
        Shape::Integer(_) => "an integer".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Quantity => "a quantity, as 500m or 1Gi".to_owned(),
        Shape::IntegerOrString(_) => "an integer or text".to_owned(),
        Shape::Object(_) | Shape::Metadata | Shape::Map(_) => "a mapping".to_owned(),
        Shape::List(..) => "a list".to_owned(),
        Shape::Limited(shape, _) => expected(shape),
    }
}

/// What a value is: `a list`.
pub(super) fn found(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Int(_) => "an integer",
        Value::Float(_) => "a number that is no integer",
        Value::String(_) => "text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
    }
}

/// How to make the one of the other.
pub(super) fn remedy(shape: &Shape, value: &Value<'_>) -> &'static str {
    match (shape, value) {
        (Shape::Limited(shape, _), _) => remedy(shape, value),
        (
            Shape::String | Shape::OneOf(_) | Shape::Time | Shape::Base64,
            Value::Int(_) | Value::Float(_) | Value::Bool(_),
        ) => "Put it in quotes; in a template, `| quote`.",
        (Shape::Integer(_) | Shape::Number | Shape::Boolean, Value::String(_)) => {
            "Remove the quotes; in a template, `| int` or no `| quote`."
        }
        (Shape::List(..), Value::Mapping(_)) => "Begin each item with `- `.",
        (Shape::List(..), _) => "Write a list, each item after `- `.",
        (Shape::Object(_) | Shape::Map(_) | Shape::Metadata, Value::Sequence(_)) => {
            "Write the fields without `- ` before them."
        }
        _ => "Write what is expected there.",
    }
}
