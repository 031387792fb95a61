//! Types: one that goes breaks, one that comes is new. A whole number is a number.

use super::{Bump, Change, Pair, Part};
use serde_json::Value;

const ALL: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

pub(super) fn compare(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (before, after) = (taken(&pair.before), taken(&pair.after));
    let without = |these: &[&'static str], those: &[&'static str]| {
        let left: Vec<_> = these.iter().copied().filter(|kind| !those.contains(kind)).collect();
        // A number that goes takes the whole ones with it.
        let is_told = |kind: &&&str| **kind != "integer" || !left.contains(&"number");
        left.iter().filter(is_told).copied().collect::<Vec<_>>()
    };
    let gone = without(&before, &after);
    if gone.len() == 1 && gone == ["number"] && after.contains(&"integer") {
        changes.push(pair.change(Bump::Major, "type", "may not have a fraction any more"));
    } else if !gone.is_empty() {
        let message = if pair.before.get("type").is_none() {
            format!("has to be {} now, and could be anything", after.join(" or "))
        } else {
            format!("may not be {} any more", gone.join(" or "))
        };
        changes.push(pair.change(Bump::Major, "type", message));
    }
    let come = without(&after, &before);
    if !come.is_empty() {
        let message = if pair.after.get("type").is_none() {
            "may be of any type now".to_owned()
        } else {
            format!("may be {} now", come.join(" or "))
        };
        changes.push(pair.change(Bump::Minor, "type", message));
    }
}

/// The types that are taken: those that are stated, else those of the values that are listed, else all.
fn taken(part: &Part<'_>) -> Vec<&'static str> {
    let named = |kind: &str| {
        ALL.into_iter()
            .filter(move |known| *known == kind || (kind == "number" && *known == "integer"))
            .collect::<Vec<_>>()
    };
    let mut types: Vec<&'static str> = match part.get("type") {
        Some(Value::String(kind)) => named(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).flat_map(named).collect(),
        _ => match super::choices::listed(part) {
            Some(values) => values.iter().flat_map(|value| named(type_of(value))).collect(),
            None => ALL.to_vec(),
        },
    };
    types.sort_unstable();
    types.dedup();
    types
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::{Value, json};

    fn types(before: &Value, after: &Value) -> Vec<String> {
        let schema = |kind: &Value| json!({"properties": {"a": {"type": kind}}});
        told(&schema(before), &schema(after))
    }

    #[test]
    fn a_type_that_goes_breaks() {
        assert_eq!(
            types(&json!(["string", "null"]), &json!("string")),
            ["major a: may not be null any more"]
        );
        assert_eq!(types(&json!("number"), &json!("integer")), ["major a: may not have a fraction any more"]);
        let changes = types(&json!("object"), &json!("array"));
        assert_eq!(changes, ["major a: may not be object any more", "minor a: may be array now"]);
    }

    #[test]
    fn a_type_that_comes_is_new() {
        assert_eq!(types(&json!("integer"), &json!("number")), ["minor a: may be number now"]);
        assert_eq!(types(&json!("string"), &json!(["null", "string"])), ["minor a: may be null now"]);
        assert_eq!(types(&json!(["string", "null"]), &json!(["null", "string"])), [""; 0]);
    }

    #[test]
    fn a_type_that_is_stated_for_the_first_time_breaks_unless_it_was_so_anyway() {
        let open = json!({"properties": {"a": {}}});
        let typed = json!({"properties": {"a": {"type": "string"}}});
        assert_eq!(told(&open, &typed), ["major a: has to be string now, and could be anything"]);
        assert_eq!(told(&typed, &open), ["minor a: may be of any type now"]);
        let listed = json!({"properties": {"a": {"enum": ["x"]}}});
        let both = json!({"properties": {"a": {"enum": ["x"], "type": "string"}}});
        assert_eq!(told(&listed, &both), [""; 0]);
    }
}
