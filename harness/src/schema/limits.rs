//! What the schema of a custom resource asks of a value beyond its shape.
//!
//! Read from the JSON of the schema's own keywords: `minimum`, `pattern`, `anyOf` and the like. Depends on
//! the plugin's regular expressions, which are those of Go.

use super::format::Format;
use gift_plugin::cel::Pattern;
use serde_json::Value;
use std::sync::OnceLock;

/// Bounds, patterns and alternatives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) nullable: bool,
    /// The type, where an alternative chooses one.
    pub(crate) kind: Option<Box<str>>,
    pub(crate) format: Option<Format>,
    pub(crate) pattern: Option<LazyPattern>,
    pub(crate) values: Option<Box<[Value]>>,
    pub(crate) length: Range<u64>,
    pub(crate) items: Range<u64>,
    pub(crate) properties: Range<u64>,
    pub(crate) number: Range<f64>,
    pub(crate) is_exclusive: (bool, bool),
    pub(crate) multiple_of: Option<f64>,
    pub(crate) required: Box<[Box<str>]>,
    /// What is asked of some fields.
    pub(crate) of_fields: Box<[(Box<str>, Limits)]>,
    /// What is asked of every item.
    pub(crate) of_items: Option<Box<Limits>>,
    /// What is asked of every value of a mapping.
    pub(crate) of_values: Option<Box<Limits>>,
    pub(crate) all_of: Box<[Limits]>,
    pub(crate) any_of: Box<[Limits]>,
    pub(crate) one_of: Box<[Limits]>,
    pub(crate) not: Option<Box<Limits>>,
}

/// The least and the most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Range<T> {
    pub(crate) least: Option<T>,
    pub(crate) most: Option<T>,
}

/// A pattern that is compiled when it is first held against a text.
#[derive(Clone, Debug)]
pub(crate) struct LazyPattern {
    pub(crate) source: Box<str>,
    compiled: OnceLock<Option<Pattern>>,
}

impl LazyPattern {
    /// Whether a text matches; one that is no pattern matches all, for no API server would have it.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Pattern::new(&self.source).ok());
        compiled.as_ref().is_none_or(|pattern| pattern.matches(text))
    }
}

/// The keywords that are limits.
pub(super) const KEYWORDS: &[&str] = &[
    "allOf",
    "anyOf",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
];

impl Limits {
    /// Reads them from a schema; what is no limit is passed over.
    pub(super) fn read(schema: &Value) -> Self {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let truth = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or_default();
        let count = |least: &str, most: &str| Range {
            least: schema.get(least).and_then(Value::as_u64),
            most: schema.get(most).and_then(Value::as_u64),
        };
        let list = |key: &str| schema.get(key).and_then(Value::as_array).map(Vec::as_slice);
        let several = |key: &str| list(key).unwrap_or_default().iter().map(Self::read).collect();
        let one =
            |key: &str| schema.get(key).filter(|value| value.is_object()).map(|v| Box::new(Self::read(v)));
        let fields = schema.get("properties").and_then(Value::as_object);
        Self {
            nullable: truth("nullable"),
            kind: text("type").map(Into::into),
            format: text("format").and_then(Format::named),
            pattern: text("pattern")
                .map(|source| LazyPattern { source: source.into(), compiled: OnceLock::new() }),
            values: list("enum").map(Into::into),
            length: count("minLength", "maxLength"),
            items: count("minItems", "maxItems"),
            properties: count("minProperties", "maxProperties"),
            number: Range {
                least: schema.get("minimum").and_then(Value::as_f64),
                most: schema.get("maximum").and_then(Value::as_f64),
            },
            is_exclusive: (truth("exclusiveMinimum"), truth("exclusiveMaximum")),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            required: list("required")
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_str)
                .map(Into::into)
                .collect(),
            of_fields: fields
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.as_str().into(), Self::read(schema)))
                .collect(),
            of_items: one("items"),
            of_values: one("additionalProperties"),
            all_of: several("allOf"),
            any_of: several("anyOf"),
            one_of: several("oneOf"),
            not: one("not"),
        }
    }
}
