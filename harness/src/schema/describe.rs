//! CustomResourceDefinitions as the compact text of [`super::table`].
//!
//! What a structural schema may say is in
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>.
//! Depends on [`super::limits`] for the keywords there are.

use super::limits::KEYWORDS;
use super::table::{KINDS, NUMBERED, TYPES};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Writes schemas of custom resources; definitions that say the same become one.
#[derive(Debug, Default)]
pub(super) struct Description {
    /// By kind and API version; the last one counts.
    kinds: BTreeMap<(String, String), String>,
    numbers: HashMap<String, usize>,
    definitions: String,
}

impl Description {
    /// Whether it holds no kind.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The text of everything added.
    pub(super) fn finish(&self) -> String {
        let kinds =
            self.kinds.iter().map(|((kind, api_version), rest)| format!("{kind} {api_version} {rest}\n"));
        format!("{KINDS}\n{}{TYPES}\n{}", kinds.collect::<String>(), self.definitions)
    }

    /// Adds the kinds of a CustomResourceDefinition; what is none adds nothing.
    pub(super) fn add(&mut self, definition: &Value) {
        let text = |path: &str| definition.pointer(path).and_then(Value::as_str);
        let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else { return };
        let scope = if text("/spec/scope") == Some("Cluster") { "cluster" } else { "namespaced" };
        // The first version of the API keeps unknown fields unless told otherwise.
        let is_first = text("/apiVersion").is_some_and(|version| version.ends_with("/v1beta1"));
        let keeps = definition.pointer("/spec/preserveUnknownFields").and_then(Value::as_bool);
        let is_open = keeps.unwrap_or(is_first);
        let shared = definition.pointer("/spec/validation/openAPIV3Schema");
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        for version in versions.into_iter().flatten() {
            let Some(name) = version.get("name").and_then(Value::as_str) else { continue };
            if [group, kind, name].into_iter().any(|word| !is_word(word)) {
                continue;
            }
            let is = |key: &str| version.get(key).and_then(Value::as_bool);
            let schema = version.pointer("/schema/openAPIV3Schema").or(shared);
            let mut line = scope.to_owned();
            if is("served") == Some(false) {
                line.push_str(" served=");
            }
            if is("deprecated") == Some(true) {
                line.push_str(" deprecated");
            }
            // With a subresource of its own the status of a new object is dropped unseen.
            let keeps_status = version.pointer("/subresources/status").is_none()
                && definition.pointer("/spec/subresources/status").is_none();
            let root = if keeps_status { Root::Yes } else { Root::WithoutStatus };
            let shape = schema.map_or_else(|| "any".to_owned(), |schema| self.object(schema, is_open, root));
            self.kinds.insert((kind.to_owned(), format!("{group}/{name}")), format!("{line} {shape}"));
        }
    }

    /// A schema as a shape.
    fn shape(&mut self, schema: &Value, is_open: bool) -> String {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        if truth(schema, "x-kubernetes-int-or-string") {
            return format!("{}integer-or-string", limits(schema, &["anyOf", "format"]));
        }
        match text("type") {
            Some("object") => self.object(schema, is_open, Root::No),
            Some("array") => {
                let list = match text("x-kubernetes-list-type") {
                    Some("set") => "<>".to_owned(),
                    Some("map") if keys(schema).iter().all(|key| is_word(key)) => {
                        format!("[{}]", keys(schema).join(","))
                    }
                    _ => "[]".to_owned(),
                };
                let items =
                    schema.get("items").map_or_else(|| "any".to_owned(), |items| self.shape(items, is_open));
                format!("{}{list}{items}", limits(schema, &[]))
            }
            Some("string") => match plain_values(schema) {
                Some(values) => format!("{}={}", limits(schema, &["enum", "format"]), values.join("|")),
                None => format!("{}string", limits(schema, &[])),
            },
            Some("integer") => {
                let width = match text("format") {
                    Some("int32") => "int32",
                    Some("int64") => "int64",
                    _ => "integer",
                };
                format!("{}{width}", limits(schema, &["format"]))
            }
            Some(scalar @ ("number" | "boolean")) => format!("{}{scalar}", limits(schema, &[])),
            _ => format!("{}any", limits(schema, &[])),
        }
    }

    fn object(&mut self, schema: &Value, is_open: bool, root: Root) -> String {
        let limits = limits(schema, &[]);
        let fields = schema.get("properties").and_then(Value::as_object).filter(|fields| !fields.is_empty());
        let is_embedded = truth(schema, "x-kubernetes-embedded-resource");
        let is_whole = root != Root::No || is_embedded;
        if fields.is_none() && !is_whole {
            match schema.get("additionalProperties") {
                Some(Value::Bool(true)) => return format!("{limits}{{}}any"),
                Some(values @ Value::Object(_)) => {
                    return format!("{limits}{{}}{}", self.shape(values, is_open));
                }
                _ => {}
            }
        }
        let mut is_open_here = is_open || truth(schema, "x-kubernetes-preserve-unknown-fields");
        let required: BTreeSet<&str> = texts(schema.get("required")).collect();
        let mut lines = Vec::new();
        for (name, field) in fields.into_iter().flatten() {
            if !is_word(name) {
                is_open_here = true;
                continue;
            }
            if is_whole && WHOLE.contains(&name.as_str()) {
                continue;
            }
            if root == Root::WithoutStatus && name == "status" {
                lines.push(" status any\n".to_owned());
                continue;
            }
            // A default takes the place of what is missing.
            let mark =
                if required.contains(name.as_str()) && field.get("default").is_none() { "!" } else { "" };
            lines.push(format!(" {name}{mark} {}\n", self.shape(field, is_open)));
        }
        if is_whole {
            let mark = if is_embedded { "!" } else { "" };
            let of_metadata = fields.and_then(|fields| fields.get("metadata")).and_then(nested);
            let of_metadata = of_metadata.map(|limits| format!("~{limits}")).unwrap_or_default();
            lines.push(format!(" apiVersion{mark} string\n"));
            lines.push(format!(" kind{mark} string\n"));
            lines.push(format!(" metadata {of_metadata}metadata\n"));
        }
        lines.sort();
        let body = format!("{}\n{}", if is_open_here { " open" } else { "" }, lines.concat());
        let next = self.numbers.len();
        let number = *self.numbers.entry(body).or_insert_with_key(|body| {
            self.definitions.push_str(&format!("{NUMBERED}{next}{body}"));
            next
        });
        format!("{limits}{NUMBERED}{number}")
    }
}

/// Whether a schema is that of a whole object of Kubernetes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Yes,
    WithoutStatus,
    No,
}

/// The fields of a whole object that are not its schema's own.
const WHOLE: &[&str] = &["apiVersion", "kind", "metadata"];

/// Whether a text can stand in a line between others.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text
            .contains(|letter: char| letter.is_whitespace() || letter.is_control() || "!,[]".contains(letter))
}

fn truth(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The fields that tell the items of a list apart, each with its default.
fn keys(schema: &Value) -> Vec<String> {
    let default = |key: &str| schema.pointer(&format!("/items/properties/{key}/default"));
    texts(schema.get("x-kubernetes-list-map-keys"))
        .map(|key| match default(key) {
            Some(Value::String(text)) => format!("{key}={text}"),
            Some(other) => format!("{key}={other}"),
            None => key.to_owned(),
        })
        .collect()
}

/// The values of an enumeration, when all are texts that can stand in a line.
fn plain_values(schema: &Value) -> Option<Vec<&str>> {
    let values = schema.get("enum")?.as_array()?;
    let plain = |value: &str| !value.contains(|letter: char| letter == '|' || letter.is_control());
    values.iter().map(|value| value.as_str().filter(|text| plain(text))).collect()
}

/// What a schema asks for beyond its shape, written before it; nothing when it asks for nothing.
fn limits(schema: &Value, except: &[&str]) -> String {
    let wanted = |key: &str| KEYWORDS.contains(&key) && !except.contains(&key);
    match kept(schema, wanted) {
        Some(limits) => format!("~{limits}"),
        None => String::new(),
    }
}

/// What a schema inside another asks for.
fn nested(schema: &Value) -> Option<Value> {
    let inside = |key: &str| {
        KEYWORDS.contains(&key)
            || matches!(key, "type" | "required" | "properties" | "items" | "additionalProperties")
    };
    kept(schema, inside)
}

fn kept(schema: &Value, wanted: impl Fn(&str) -> bool) -> Option<Value> {
    let mut limits = Map::new();
    for (key, value) in schema.as_object()?.iter().filter(|(key, _)| wanted(key)) {
        let value = match key.as_str() {
            "nullable" | "exclusiveMaximum" | "exclusiveMinimum" if value == &Value::Bool(false) => None,
            "allOf" | "anyOf" | "oneOf" => value.as_array().map(|list| {
                list.iter().map(|one| nested(one).unwrap_or(Value::Object(Map::new()))).collect()
            }),
            "not" => Some(nested(value).unwrap_or(Value::Object(Map::new()))),
            "items" | "additionalProperties" => nested(value),
            "properties" => value.as_object().map(|fields| {
                let nested = |(name, field): (&String, &Value)| Some((name.clone(), nested(field)?));
                Value::Object(fields.iter().filter_map(nested).collect())
            }),
            _ => Some(value.clone()),
        };
        limits.extend(value.map(|value| (key.clone(), value)));
    }
    (!limits.is_empty()).then_some(Value::Object(limits))
}
