//! What a `$ref` stands for.

use super::{Cow, Part};
use serde_json::Value;

/// A chain of references longer than this leads nowhere.
const LONGEST: usize = 32;

/// A part with what it refers to in its place. What stands beside a reference counts too, and wins where both say
/// something of the same keyword.
pub(super) fn resolved<'s>(root: &'s Value, schema: &Value, pointer: String) -> Part<'s> {
    let mut schema = schema.clone();
    let mut pointer = pointer;
    for _ in 0..LONGEST {
        let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'))
        else {
            break;
        };
        let (target, site) = (target.to_owned(), pointer.clone());
        let Some(Value::Object(found)) = root.pointer(&target) else { break };
        let Value::Object(own) = schema else { break };
        pointer = target;
        let mut merged = found.clone();
        for (keyword, value) in own.into_iter().filter(|(keyword, _)| keyword != "$ref") {
            if !is_annotation(&keyword) {
                // Another reference to the same may stand beside something else.
                if !pointer.contains('^') {
                    pointer = format!("{pointer}^{site}");
                }
                merged.insert(keyword, value);
            }
        }
        schema = Value::Object(merged);
    }
    Part { schema: Cow::Owned(schema), pointer }
}

/// Whether a keyword asks nothing of a value.
pub(super) fn is_annotation(keyword: &str) -> bool {
    [
        "$schema",
        "$id",
        "$comment",
        "$anchor",
        "$defs",
        "definitions",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "format",
        "contentEncoding",
        "contentMediaType",
    ]
    .contains(&keyword)
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::json;

    #[test]
    fn a_definition_counts_where_it_is_referred_to_and_is_told_once() {
        let schema = |kind: &str| {
            json!({
                "properties": {"a": {"$ref": "#/$defs/x", "title": "A"}, "b": {"$ref": "#/$defs/x"}},
                "$defs": {"x": {"type": kind, "properties": {"again": {"$ref": "#/$defs/x"}}}},
            })
        };
        let changes = told(&schema("string"), &schema("integer"));
        assert_eq!(changes, ["major a: may not be string any more", "minor a: may be integer now"]);
    }

    #[test]
    fn a_definition_nobody_refers_to_asks_for_nothing() {
        assert_eq!(told(&json!({"$defs": {"x": {"type": "string"}}}), &json!({})), [""; 0]);
    }

    #[test]
    fn what_is_written_out_is_what_was_referred_to() {
        let before = json!({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "string"}}});
        let after = json!({"properties": {"a": {"type": "string"}}});
        assert_eq!(told(&before, &after), [""; 0]);
    }

    #[test]
    fn what_stands_beside_a_reference_counts() {
        let schema = |most: u64| json!({"properties": {"a": {"$ref": "#/$defs/x"}, "b": {"$ref": "#/$defs/x", "maxLength": most}}, "$defs": {"x": {}}});
        assert_eq!(told(&schema(5), &schema(4)), ["major b: maxLength is 4, and was 5"]);
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let schema = json!({"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/x"}}});
        assert_eq!(told(&schema, &schema), [""; 0]);
    }
}
