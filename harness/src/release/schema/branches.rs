//! Schemas within schemas: of items, of names, and those that are put together by `allOf`, `anyOf`, `oneOf`, `not`
//! and `if`.

use super::reference::is_annotation;
use super::{Bump, Pair, Walk};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where a value that takes less makes the whole take less.
const WITHIN: [(&str, &str); 3] = [("items", "[]"), ("contains", "[]"), ("propertyNames", " (its names)")];
/// Lists of schemas.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// What the other modules compare.
const ELSEWHERE: [&str; 18] = [
    "type",
    "enum",
    "const",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "minimum",
    "exclusiveMinimum",
    "minLength",
    "minItems",
    "minProperties",
    "maximum",
    "exclusiveMaximum",
    "maxLength",
    "maxItems",
    "maxProperties",
    "pattern",
];

pub(super) fn compare(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    for (keyword, suffix) in WITHIN {
        let (before, after) = (pair.before.get(keyword), pair.after.get(keyword));
        if before.is_none() && after.is_none() {
            continue;
        }
        let open = Value::Bool(true);
        let values = format!("{}{suffix}", pair.values);
        walk.below(pair, &[keyword], before.unwrap_or(&open), after.unwrap_or(&open), values);
    }
    for keyword in LISTS {
        list(pair, keyword, walk);
    }
    condition(pair, walk);
    rest(pair, walk);
}

/// Pairs the schemas of two lists: the same with the same, and what is left in its order when as much is left.
fn list(pair: &Pair<'_>, keyword: &str, walk: &mut Walk<'_>) {
    let of = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
    let (before, after) = match (of(pair.before.get(keyword)), of(pair.after.get(keyword))) {
        (None, None) => return,
        (before, after) => (before, after),
    };
    let (had, has) = (before.is_some(), after.is_some());
    let number =
        |list: Option<Vec<Value>>| list.unwrap_or_default().into_iter().enumerate().collect::<Vec<_>>();
    let (mut before, mut after) = (number(before), number(after));
    before.retain(|(old_at, old)| {
        let old_pointer = pair.before.below(&[keyword, &old_at.to_string()]);
        let same = after.iter().position(|(new_at, new)| {
            let new_pointer = pair.after.below(&[keyword, &new_at.to_string()]);
            walk.are_same(old, old_pointer.clone(), new, new_pointer)
        });
        same.is_none_or(|at| {
            after.remove(at);
            false
        })
    });
    if before.len() == after.len() {
        for ((old_at, old), (new_at, new)) in before.iter().zip(&after) {
            let (old_at, new_at) = (old_at.to_string(), new_at.to_string());
            let (old_pointer, new_pointer) =
                (pair.before.below(&[keyword, &old_at]), pair.after.below(&[keyword, &new_at]));
            walk.pair(old, old_pointer, new, new_pointer, pair.values.clone());
        }
        return;
    }
    let asks_for_all = keyword == "allOf";
    // A list for the first time asks for something, and one that is gone does not any more.
    let (fewer, more) = match (asks_for_all, had, has) {
        (true, ..) | (_, false, _) | (_, _, false) => (Bump::Minor, Bump::Major),
        _ => (Bump::Major, Bump::Minor),
    };
    if !before.is_empty() {
        let message = format!("{} of {keyword} gone", count(before.len()));
        walk.changes.push(pair.change(fewer, keyword, message));
    }
    if !after.is_empty() {
        walk.changes.push(pair.change(more, keyword, format!("{} of {keyword} new", count(after.len()))));
    }
}

fn count(number: usize) -> String {
    if number == 1 { "one schema".to_owned() } else { format!("{number} schemas") }
}

/// `then` and `else` are compared where the condition is the same.
fn condition(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    let (before, after) = (pair.before.get("if"), pair.after.get("if"));
    let same = match (before, after) {
        (None, None) => return,
        (Some(before), Some(after)) => {
            walk.are_same(before, pair.before.below(&["if"]), after, pair.after.below(&["if"]))
        }
        _ => false,
    };
    if !same {
        let (bump, message) = match after {
            None => (Bump::Minor, "what was asked for on a condition is not any more"),
            Some(_) => (Bump::Major, "the condition is another, and may ask for more"),
        };
        walk.changes.push(pair.change(bump, "if", message));
        return;
    }
    let open = Value::Bool(true);
    for keyword in ["then", "else"] {
        let (before, after) =
            (pair.before.get(keyword).unwrap_or(&open), pair.after.get(keyword).unwrap_or(&open));
        walk.below(pair, &[keyword], before, after, pair.values.clone());
    }
}

/// Whatever else stands in a schema, `not` among it, cannot be told to ask for less.
fn rest(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    let keywords = |part: &super::Part<'_>| {
        part.schema.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect::<Vec<_>>()
    };
    let known = |keyword: &str| {
        is_annotation(keyword)
            || ELSEWHERE.contains(&keyword)
            || LISTS.contains(&keyword)
            || ["multipleOf", "uniqueItems", "items", "contains", "propertyNames", "if", "then", "else"]
                .contains(&keyword)
    };
    let all: BTreeSet<String> = [&pair.before, &pair.after].into_iter().flat_map(keywords).collect();
    for keyword in all.iter().filter(|keyword| !known(keyword)) {
        let Some((_, after)) = pair.differing(keyword) else { continue };
        let (bump, message) = match after {
            None => (Bump::Minor, format!("there is no {keyword} any more")),
            Some(_) => (Bump::Major, format!("{keyword} is another, and may ask for more")),
        };
        walk.changes.push(pair.change(bump, keyword, message));
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::{Value, json};

    fn within(before: Value, after: Value) -> Vec<String> {
        told(&json!({"properties": {"a": before}}), &json!({"properties": {"a": after}}))
    }

    #[test]
    fn items_and_names_are_part_of_the_value() {
        let items = |kind: &str| json!({"items": {"properties": {"b": {"type": kind}}}});
        assert_eq!(
            within(items("number"), items("integer")),
            ["major a[].b: may not have a fraction any more"]
        );
        let changes = within(json!({}), json!({"propertyNames": {"maxLength": 9}}));
        assert_eq!(changes, ["major a (its names): maxLength is 9 now"]);
    }

    #[test]
    fn an_alternative_that_goes_breaks() {
        let (text, number, truth) =
            (json!({"type": "string"}), json!({"type": "number"}), json!({"type": "boolean"}));
        for keyword in ["anyOf", "oneOf"] {
            let (two, three) = (json!({keyword: [text, number]}), json!({keyword: [truth, number, text]}));
            assert_eq!(
                within(three.clone(), two.clone()),
                [format!("major a: one schema of {keyword} gone")]
            );
            assert_eq!(within(two.clone(), three), [format!("minor a: one schema of {keyword} new")]);
            assert_eq!(within(json!({}), two.clone()), [format!("major a: 2 schemas of {keyword} new")]);
            assert_eq!(within(two, json!({})), [format!("minor a: 2 schemas of {keyword} gone")]);
        }
        let changes = within(
            json!({"anyOf": [text, number]}),
            json!({"anyOf": [number, {"type": "string", "maxLength": 3}]}),
        );
        assert_eq!(changes, ["major a: maxLength is 3 now"]);
    }

    #[test]
    fn a_further_condition_breaks() {
        let (one, two) =
            (json!({"allOf": [{"minLength": 1}]}), json!({"allOf": [{"maxLength": 9}, {"minLength": 1}]}));
        assert_eq!(within(one.clone(), two.clone()), ["major a: one schema of allOf new"]);
        assert_eq!(within(two, one), ["minor a: one schema of allOf gone"]);
    }

    #[test]
    fn what_follows_from_the_same_condition_is_compared() {
        let schema = |kind: &str, least: u64| json!({"if": {"type": kind}, "then": {"minItems": least}, "else": {"minLength": 1}});
        assert_eq!(within(schema("array", 1), schema("array", 2)), ["major a: minItems is 2, and was 1"]);
        let changes = within(schema("array", 1), schema("object", 1));
        assert_eq!(changes, ["major a: the condition is another, and may ask for more"]);
        assert_eq!(within(schema("array", 1), json!({})).len(), 1);
    }

    #[test]
    fn alternatives_that_refer_to_themselves_end() {
        let schema = |least: u64| json!({"$ref": "#/$defs/x", "$defs": {"x": {"anyOf": [{"type": "string", "minLength": least}, {"items": {"$ref": "#/$defs/x"}}]}}});
        assert_eq!(told(&schema(1), &schema(1)), [""; 0]);
        assert_eq!(told(&schema(1), &schema(2)), ["major : minLength is 2, and was 1"]);
    }

    #[test]
    fn what_is_not_understood_may_ask_for_more() {
        let not = |value: &str| json!({"not": {"const": value}});
        assert_eq!(within(not("a"), not("b")), ["major a: not is another, and may ask for more"]);
        assert_eq!(within(not("a"), json!({})), ["minor a: there is no not any more"]);
    }
}
