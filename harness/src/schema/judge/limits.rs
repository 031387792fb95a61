//! Bounds, patterns and alternatives of custom resources' schemas.

use super::Judge;
use super::trail::Trail;
use crate::objects::to_json;
use crate::schema::format::Format;
use crate::schema::limits::{Limits, Range};
use gift_plugin::yaml::{Node, Value};

impl Judge<'_> {
    pub(super) fn limits(&mut self, limits: &Limits, node: &Node<'_>, trail: &Trail<'_>) {
        if limits.nullable && node.value == Value::Null {
            return;
        }
        if let Some(values) = &limits.values {
            let value = to_json(node);
            if !values.contains(&value) {
                let values: Vec<_> = values.iter().map(ToString::to_string).collect();
                let message = format!("must be one of {}", values.join(", "));
                self.mistake(trail, message, "Write one of these, as it stands there.");
            }
        }
        if let Some(message) = breach(limits, node) {
            let help = match self.origin {
                Some(origin) => format!("Change it; the schema is that of {origin}."),
                None => "Change it.".to_owned(),
            };
            self.mistake(trail, message, help);
        }
        self.inside(limits, node, trail);
        self.alternatives(limits, node, trail);
    }

    /// What is asked of fields, items and values.
    fn inside(&mut self, limits: &Limits, node: &Node<'_>, trail: &Trail<'_>) {
        match &node.value {
            Value::Mapping(mapping) => {
                for (name, limits) in &limits.of_fields {
                    if let Some(node) = mapping.get(name).filter(|node| node.value != Value::Null) {
                        self.alternative(limits, node, &Trail::Key(trail, name));
                    }
                }
                for name in &limits.required {
                    // Null was left out before anybody asked.
                    if mapping.get(name).is_none_or(|node| node.value == Value::Null) {
                        let message = format!("`{name}` is missing");
                        self.mistake(&Trail::Key(trail, name), message, "Give it a value.");
                    }
                }
                if let Some(limits) = &limits.of_values {
                    for entry in mapping.entries() {
                        self.alternative(limits, &entry.value, &Trail::Key(trail, &entry.key));
                    }
                }
            }
            Value::Sequence(items) => {
                if let Some(limits) = &limits.of_items {
                    for (index, node) in items.iter().enumerate() {
                        self.alternative(limits, node, &Trail::Index(trail, index));
                    }
                }
            }
            _ => {}
        }
    }

    /// What is asked of a value where its shape is asked elsewhere, but for a type.
    fn alternative(&mut self, limits: &Limits, node: &Node<'_>, trail: &Trail<'_>) {
        if let Some(kind) = limits.kind.as_deref()
            && !has_type(kind, node)
            && !(limits.nullable && node.value == Value::Null)
        {
            self.mistake(trail, format!("must be of type {kind}"), "Write what is expected there.");
            return;
        }
        self.limits(limits, node, trail);
    }

    fn alternatives(&mut self, limits: &Limits, node: &Node<'_>, trail: &Trail<'_>) {
        for limits in &limits.all_of {
            self.alternative(limits, node, trail);
        }
        let holds = |judge: &mut Self, limits: &Limits| {
            let before = judge.mistakes.len();
            judge.alternative(limits, node, trail);
            let holds = judge.mistakes.len() == before;
            judge.mistakes.truncate(before);
            holds
        };
        if !limits.any_of.is_empty() && !limits.any_of.iter().any(|limits| holds(self, limits)) {
            let choices = choices(&limits.any_of);
            self.mistake(trail, format!("must have at least one of {choices}"), "Add what is asked for.");
        }
        if !limits.one_of.is_empty() {
            let held = limits.one_of.iter().filter(|limits| holds(self, limits)).count();
            if held != 1 {
                let choices = choices(&limits.one_of);
                let (message, help) = match held {
                    0 => (format!("must have one of {choices}, and has none"), "Add one of them."),
                    _ => (format!("must have one of {choices}, and has {held}"), "Leave one of them alone."),
                };
                self.mistake(trail, message, help);
            }
        }
        if let Some(not) = &limits.not
            && holds(self, not)
        {
            let choices = choices(std::slice::from_ref(&**not));
            self.mistake(trail, format!("must not have {choices}"), "Remove it.");
        }
    }
}

/// What alternatives ask for, in words.
fn choices(alternatives: &[Limits]) -> String {
    let mut words: Vec<String> = Vec::new();
    for limits in alternatives {
        let required: Vec<_> = limits.required.iter().map(|name| format!("`{name}`")).collect();
        if !required.is_empty() {
            words.push(required.join(" with "));
        } else if let Some(pattern) = &limits.pattern {
            words.push(format!("the form `{}`", pattern.source));
        } else if let Some(kind) = &limits.kind {
            words.push(format!("the type {kind}"));
        }
    }
    match words.as_slice() {
        [] => "the forms the schema allows".to_owned(),
        words => words.join(", "),
    }
}

fn has_type(kind: &str, node: &Node<'_>) -> bool {
    match (kind, &node.value) {
        ("object", Value::Mapping(_))
        | ("array", Value::Sequence(_))
        | ("string", Value::String(_))
        | ("boolean", Value::Bool(_))
        | ("integer", Value::Int(_))
        | ("number", Value::Int(_) | Value::Float(_)) => true,
        ("integer", Value::Float(number)) => number.fract() == 0.0,
        _ => false,
    }
}

/// What a single value breaks.
fn breach(limits: &Limits, node: &Node<'_>) -> Option<String> {
    match &node.value {
        Value::String(text) => of_text(limits, text),
        Value::Int(number) => of_number(limits, *number as f64, Some(*number)),
        Value::Float(number) => of_number(limits, *number, None),
        Value::Sequence(items) => count(limits.items, items.len(), "item"),
        Value::Mapping(mapping) => {
            let stated = mapping.entries().iter().filter(|entry| entry.value.value != Value::Null);
            count(limits.properties, stated.count(), "field")
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn of_text(limits: &Limits, text: &str) -> Option<String> {
    if let Some(message) = count(limits.length, text.chars().count(), "character") {
        return Some(message);
    }
    if let Some(pattern) = limits.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
        return Some(format!("must have the form `{}`", pattern.source));
    }
    match limits.format {
        Some(Format::Text(words, has)) if !has(text) => Some(format!("must be {words}")),
        _ => None,
    }
}

fn of_number(limits: &Limits, number: f64, whole: Option<i64>) -> Option<String> {
    let Range { least, most } = limits.number;
    let (above, below) = limits.is_exclusive;
    match (least, most) {
        (Some(least), _) if number < least => return Some(format!("must be at least {least}")),
        (Some(least), _) if above && number == least => return Some(format!("must be more than {least}")),
        (_, Some(most)) if number > most => return Some(format!("must be at most {most}")),
        (_, Some(most)) if below && number == most => return Some(format!("must be less than {most}")),
        _ => {}
    }
    if let Some(factor) = limits.multiple_of.filter(|factor| *factor > 0.0)
        && (number / factor).fract() != 0.0
    {
        return Some(format!("must be a multiple of {factor}"));
    }
    match limits.format {
        Some(Format::Int32) if whole.is_none_or(|number| i32::try_from(number).is_err()) => {
            Some("is beyond what 32 bits hold".to_owned())
        }
        Some(Format::Float) if number.abs() > f64::from(f32::MAX) => {
            Some("is beyond what 32 bits hold".to_owned())
        }
        _ => None,
    }
}

fn count(range: Range<u64>, found: usize, what: &str) -> Option<String> {
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    let told = |number: u64| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    match range {
        Range { least: Some(least), .. } if found < least => {
            Some(format!("has {}, and must have at least {least}", told(found)))
        }
        Range { most: Some(most), .. } if found > most => {
            Some(format!("has {}, and must have at most {most}", told(found)))
        }
        _ => None,
    }
}
