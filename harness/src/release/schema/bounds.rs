//! Bounds and forms: one that is drawn closer, or is new, breaks.

use super::{Bump, Change, Pair};
use serde_json::Value;

/// Bounds from below: a higher one takes less.
const LEAST: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
/// Bounds from above.
const MOST: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/// Where two that differ cannot be told to take the same.
const FORMS: [&str; 3] = ["pattern", "multipleOf", "uniqueItems"];

pub(super) fn compare(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let numbers = |value: &Value| value.as_f64();
    for (keyword, is_least) in
        LEAST.map(|keyword| (keyword, true)).into_iter().chain(MOST.map(|keyword| (keyword, false)))
    {
        let Some((before, after)) = pair.differing(keyword) else { continue };
        let (was, is) = (before.and_then(numbers), after.and_then(numbers));
        let (bump, message) = match (was, is) {
            (None, None) => continue,
            (Some(was), None) => (Bump::Minor, format!("{keyword} was {was}, and there is none any more")),
            (None, Some(is)) => (Bump::Major, format!("{keyword} is {is} now")),
            (Some(was), Some(is)) if was == is => continue,
            (Some(was), Some(is)) => {
                let takes_less = if is_least { is > was } else { is < was };
                let bump = if takes_less { Bump::Major } else { Bump::Minor };
                (bump, format!("{keyword} is {is}, and was {was}"))
            }
        };
        changes.push(pair.change(bump, keyword, message));
    }
    for keyword in FORMS {
        let is_off = |value: Option<&Value>| value.is_none_or(|value| *value == Value::Bool(false));
        let Some((before, after)) = pair.differing(keyword) else { continue };
        let (bump, message) = match (is_off(before), is_off(after), after) {
            (true, true, _) | (_, _, None) if is_off(before) => continue,
            (_, true, _) => (Bump::Minor, format!("there is no {keyword} any more")),
            (_, _, after) => {
                let after = after.map(ToString::to_string).unwrap_or_default();
                (Bump::Major, format!("{keyword} is {after} now"))
            }
        };
        changes.push(pair.change(bump, keyword, message));
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::{Value, json};

    fn bounds(before: Value, after: Value) -> Vec<String> {
        told(&json!({"properties": {"a": before}}), &json!({"properties": {"a": after}}))
    }

    #[test]
    fn a_bound_that_is_drawn_closer_breaks() {
        for (before, after, told) in [
            (json!({"minimum": 1}), json!({"minimum": 2}), "major a: minimum is 2, and was 1"),
            (json!({"minimum": 2}), json!({"minimum": 1}), "minor a: minimum is 1, and was 2"),
            (json!({"maxLength": 9}), json!({"maxLength": 8}), "major a: maxLength is 8, and was 9"),
            (json!({"maxLength": 8}), json!({"maxLength": 9}), "minor a: maxLength is 9, and was 8"),
            (json!({}), json!({"minItems": 1}), "major a: minItems is 1 now"),
            (json!({"maxItems": 1}), json!({}), "minor a: maxItems was 1, and there is none any more"),
        ] {
            assert_eq!(bounds(before, after), [told]);
        }
        assert_eq!(bounds(json!({"minimum": 1}), json!({"minimum": 1.0})), [""; 0]);
    }

    #[test]
    fn another_form_breaks() {
        let pattern = |text: &str| json!({"pattern": text});
        assert_eq!(bounds(pattern("^a"), pattern("^b")), [r#"major a: pattern is "^b" now"#]);
        assert_eq!(bounds(json!({}), pattern("^b")), [r#"major a: pattern is "^b" now"#]);
        assert_eq!(bounds(pattern("^b"), json!({})), ["minor a: there is no pattern any more"]);
        assert_eq!(bounds(json!({}), json!({"uniqueItems": true})), ["major a: uniqueItems is true now"]);
        assert_eq!(
            bounds(json!({"uniqueItems": true}), json!({"uniqueItems": false})),
            ["minor a: there is no uniqueItems any more"]
        );
        assert_eq!(bounds(json!({}), json!({"uniqueItems": false})), [""; 0]);
    }
}
