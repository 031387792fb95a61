//! The values reference in the chart's README: made from the schema's titles and descriptions and the
//! chart's own values, so that it cannot say anything else than they do.
//!
//! `UPDATE_EXPECT=1 cargo test -p gift-tests --test integration readme` writes it anew.

use crate::workplace::repository;
use serde_json::Value;
use std::fmt::Write as _;

const BEGIN: &str =
    "<!-- The reference: made from values.schema.json and values.yaml, checked by a test. -->\n";
const END: &str = "<!-- The end of the reference. -->\n";

/// The schema, and the values it describes.
struct Reference {
    schema: Value,
    values: Value,
    system: String,
}

impl Reference {
    fn read() -> Self {
        let read = |name: &str| -> Value {
            let text = std::fs::read_to_string(repository().join("chart").join(name)).unwrap();
            serde_yaml::from_str(&text).unwrap()
        };
        let values = read("values.yaml");
        let system = values["system"].as_str().unwrap().to_owned();
        Self { schema: read("values.schema.json"), values, system }
    }

    fn write(&self) -> String {
        let mut text = String::from(BEGIN);
        self.section("", &self.schema, Some(&self.values), &mut text);
        for name in self.order() {
            let defaults = match name.as_str() {
                "tree" => Some(&self.values[&self.system]),
                "microservice" => Some(&self.values[&self.system]["defaults"]),
                _ => None,
            };
            self.section(&name, &self.schema["$defs"][&name], defaults, &mut text);
        }
        text.push_str(END);
        text
    }

    /// The definitions that are objects of their own, in the order they are spoken of.
    fn order(&self) -> Vec<String> {
        let mut order = Vec::new();
        self.references(&self.schema, &mut order);
        let mut at = 0;
        while let Some(name) = order.get(at).cloned() {
            self.references(&self.schema["$defs"][&name], &mut order);
            at += 1;
        }
        order
    }

    /// The definitions with sections of their own that a schema refers to, in its order.
    fn references(&self, schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(_) => {
                for (key, value) in sorted(schema) {
                    match (key, value.as_str()) {
                        ("$ref", Some(reference)) => {
                            let name = reference.trim_start_matches("#/$defs/").to_owned();
                            if self.has_section(&name) && !found.contains(&name) {
                                found.push(name);
                            } else if !self.has_section(&name) {
                                self.references(&self.schema["$defs"][&name], found);
                            }
                        }
                        ("$defs", _) => {}
                        _ => self.references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.references(item, found)),
            _ => {}
        }
    }

    fn has_section(&self, name: &str) -> bool {
        self.schema["$defs"][name].get("properties").is_some()
    }

    fn section(&self, name: &str, schema: &Value, defaults: Option<&Value>, text: &mut String) {
        if name.is_empty() {
            text.push_str("\n### The root\n\n");
        } else {
            writeln!(text, "\n### {name}\n\n{}\n", words(schema, "description")).unwrap();
        }
        let head = if defaults.is_some() {
            "| Key | Type | Default | Meaning |"
        } else {
            "| Key | Type | Meaning |"
        };
        let rule = if defaults.is_some() { "|---|---|---|---|" } else { "|---|---|---|" };
        writeln!(text, "{head}\n{rule}").unwrap();
        self.rows("", schema, defaults, text);
        if name.is_empty() {
            let tree =
                schema["additionalProperties"]["$ref"].as_str().unwrap().trim_start_matches("#/$defs/");
            let blank = if defaults.is_some() { " |" } else { "" };
            writeln!(
                text,
                "| `<system>` | [{tree}](#{}) |{blank} The tree of a system. |",
                tree.to_lowercase()
            )
            .unwrap();
        }
    }

    /// One row for each key, nested ones with their path.
    fn rows(&self, path: &str, schema: &Value, defaults: Option<&Value>, text: &mut String) {
        for (key, property) in schema.get("properties").map(sorted).unwrap_or_default() {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.row(&path, property, defaults.map(|values| &values[key]), text);
        }
    }

    fn row(&self, path: &str, schema: &Value, default: Option<&Value>, text: &mut String) {
        let column = match default {
            Some(value) => format!(" {} |", scalar(value)),
            None => String::new(),
        };
        let meaning = words(schema, "description").replace('|', "\\|");
        writeln!(text, "| `{path}` | {} |{column} {meaning} |", self.kind(schema)).unwrap();
        let shape = self.shape(schema);
        if shape.get("properties").is_some() {
            self.rows(path, shape, default, text);
        }
        for (keyword, ending) in [("patternProperties", ".<name>"), ("items", "[]")] {
            if let Some(item) = item(shape, keyword).filter(|item| item.get("properties").is_some()) {
                self.rows(&format!("{path}{ending}"), item, default.map(|_| &Value::Null), text);
            }
        }
    }

    /// What a schema says about nested keys: nothing, where they have a section of their own.
    fn shape<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema.get("$ref").and_then(Value::as_str).map(|text| text.trim_start_matches("#/$defs/")) {
            Some(name) if !self.has_section(name) => &self.schema["$defs"][name],
            _ => schema,
        }
    }

    /// The type of a value, with a link where it has a section.
    fn kind(&self, schema: &Value) -> String {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.trim_start_matches("#/$defs/");
            if self.has_section(name) {
                return format!("[{name}](#{})", name.to_lowercase());
            }
            return self.kind(&self.schema["$defs"][name]);
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            let choices: Vec<_> = choices.iter().filter(|choice| !choice.is_null()).map(scalar).collect();
            return choices.join(", ");
        }
        if schema.get("if").is_some() {
            return [&schema["then"], &schema["else"]].map(|part| self.kind(part)).join(", ");
        }
        let types: Vec<_> = match schema.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => vec!["any"],
        };
        let item = |keyword: &str| item(schema, keyword).map(|item| self.kind(item));
        let kinds = types.into_iter().filter(|name| *name != "null").map(|name| match name {
            "array" => item("items").map_or("list".to_owned(), |item| format!("list of {item}")),
            "object" => item("patternProperties").map_or("map".to_owned(), |item| format!("map of {item}")),
            name => name.to_owned(),
        });
        kinds.collect::<Vec<_>>().join(", ")
    }
}

/// The entries of an object by key: what order a parser keeps is its own affair.
fn sorted(object: &Value) -> Vec<(&str, &Value)> {
    let mut entries: Vec<_> =
        object.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

/// What a list or a map consists of.
fn item<'s>(schema: &'s Value, keyword: &str) -> Option<&'s Value> {
    let named = schema.get(keyword);
    if keyword != "patternProperties" {
        return named;
    }
    let any = schema.get("additionalProperties").filter(|any| any.is_object());
    named.and_then(|patterns| patterns.as_object()?.values().next()).or(any)
}

fn words(schema: &Value, key: &str) -> String {
    schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A scalar as it is written; nothing for what is no scalar.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", if text.is_empty() { "\"\"" } else { text }),
        Value::Bool(truth) => format!("`{truth}`"),
        Value::Number(number) => format!("`{number}`"),
        _ => String::new(),
    }
}

#[test]
fn the_values_reference_says_what_schema_and_values_say() {
    let path = repository().join("chart/README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has no reference");
    let (found, after) = rest.split_once(END).expect("the reference has no end");
    let wanted = Reference::read().write();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{before}{wanted}{after}")).unwrap();
        return;
    }
    let found = format!("{BEGIN}{found}{END}");
    for (at, (found, wanted)) in found.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(
            found,
            wanted,
            "line {} of the reference in {}; UPDATE_EXPECT=1 writes it anew",
            at + 1,
            path.display()
        );
    }
    assert_eq!(found, wanted, "UPDATE_EXPECT=1 writes it anew");
}

#[test]
fn every_part_of_the_schema_has_a_title_and_a_description() {
    fn visit(schema: &Value, path: &str, missing: &mut Vec<String>) {
        let Some(mapping) = schema.as_object() else { return };
        let refers = mapping.get("$ref").is_some();
        if !refers && (mapping.get("title").is_none() || mapping.get("description").is_none()) {
            missing.push(path.to_owned());
        }
        for keyword in ["properties", "$defs", "patternProperties"] {
            for (key, item) in schema.get(keyword).map(sorted).unwrap_or_default() {
                visit(item, &format!("{path}/{keyword}/{key}"), missing);
            }
        }
        for keyword in ["additionalProperties", "items"] {
            if let Some(item) =
                schema.get(keyword).filter(|item| item.is_object() && item.get("$ref").is_none())
            {
                visit(item, &format!("{path}/{keyword}"), missing);
            }
        }
    }
    let mut missing = Vec::new();
    visit(&Reference::read().schema, "#", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_example_system_renders() {
    let readme = std::fs::read_to_string(repository().join("chart/README.md")).unwrap();
    let example = readme.split("```yaml\n").find(|block| block.starts_with("system:")).unwrap();
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    std::fs::write(&file, example.split("```").next().unwrap()).unwrap();
    for helm in super::HELMS {
        let objects = super::rendered(&super::chart().helm(helm).values(file.path()));
        let web = super::find(&objects, "Deployment", "web");
        let env = &web["spec"]["template"]["spec"]["containers"][0]["env"][0];
        assert_eq!((&env["name"], &env["value"]), (&"ORDERS_URI".into(), &"http://orders:9090".into()));
        let secret = super::find(&objects, "Secret", "orders-db");
        assert_eq!(secret["data"]["DB_PASSWORD"], "secretRef:shop/prod/ORDERS_DB_PASSWORD");
    }
}
