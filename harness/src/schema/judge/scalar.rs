//! Texts, numbers and truth values.

use super::trail::Trail;
use super::{Judge, Rules, words};
use crate::schema::format::{is_base64, is_time};
use crate::schema::shape::{Shape, Width};
use gift_plugin::cel::Quantity;
use gift_plugin::yaml::{Node, Value};

impl Judge<'_> {
    pub(super) fn wrong_type(&mut self, shape: &Shape, node: &Node<'_>, trail: &Trail<'_>) {
        let message = format!("is {}, and must be {}", words::found(&node.value), words::expected(shape));
        self.mistake(trail, message, words::remedy(shape, &node.value));
    }

    pub(super) fn scalar(&mut self, rules: Rules<'_>, shape: &Shape, node: &Node<'_>, trail: &Trail<'_>) {
        match (shape, &node.value) {
            (Shape::String, Value::String(_))
            | (Shape::Boolean, Value::Bool(_))
            | (Shape::Number, Value::Int(_) | Value::Float(_))
            | (Shape::IntegerOrString(_), Value::String(_)) => {}
            // Go takes no text for none, and what is left out has a default.
            (Shape::OneOf(_), Value::String(text)) if rules.is_native && text.is_empty() => {}
            (Shape::OneOf(values), Value::String(text)) => {
                if !values.iter().any(|value| **value == **text) {
                    let near = super::nearest(text, values.iter().map(|value| &**value));
                    let help = match near {
                        Some(near) => format!("Did you mean `{near}`?"),
                        None => "Write one of these, as it stands there.".to_owned(),
                    };
                    self.mistake(trail, format!("must be {}", words::expected(shape)), help);
                }
            }
            (Shape::Integer(width) | Shape::IntegerOrString(width), Value::Int(number)) => {
                if *width == Width::Bits32 && i32::try_from(*number).is_err() {
                    let message = "is beyond what 32 bits hold";
                    let help = format!("Write a number between {} and {}.", i32::MIN, i32::MAX);
                    self.mistake(trail, message, help);
                }
            }
            (Shape::Integer(Width::Unbounded), Value::Float(number)) if number.fract() == 0.0 => {}
            (Shape::Integer(_) | Shape::IntegerOrString(_), Value::Float(number))
                if number.fract() == 0.0 =>
            {
                self.mistake(trail, "is beyond what 64 bits hold", "Write a smaller number.");
            }
            (Shape::Time, Value::String(text)) => {
                if !is_time(text) {
                    let help = "Write it as RFC 3339 does: \"2026-01-31T12:00:00Z\".";
                    self.mistake(trail, "is no date and time", help);
                }
            }
            (Shape::Base64, Value::String(text)) => {
                if !is_base64(text) {
                    let help = "Encode it; in a template, `| b64enc`.";
                    self.mistake(trail, "is no Base64", help);
                }
            }
            (Shape::Quantity, Value::Int(_) | Value::Float(_)) => {}
            (Shape::Quantity, Value::String(text)) => {
                if Quantity::parse(text.trim()).is_err() {
                    let help = "Write a number and one of the suffixes n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei.";
                    self.mistake(trail, "is no quantity", help);
                }
            }
            _ => self.wrong_type(shape, node, trail),
        }
    }
}
