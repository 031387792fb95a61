//! Values that are listed, by `enum` or `const`: one that goes breaks, one that comes is new.

use super::{Bump, Change, Pair, Part};
use serde_json::Value;

pub(super) fn compare(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let keyword = if pair.after.get("const").is_some() { "const" } else { "enum" };
    let told = |values: &[&Value]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (listed(&pair.before), listed(&pair.after)) {
        (None, None) => {}
        (None, Some(after)) => {
            let message = format!("has to be one of {} now", told(&after.iter().collect::<Vec<_>>()));
            changes.push(pair.change(Bump::Major, keyword, message));
        }
        (Some(_), None) => {
            changes.push(pair.change(Bump::Minor, keyword, "may have values beside those listed"))
        }
        (Some(before), Some(after)) => {
            let without = |these: &'_ [Value], those: &[Value]| {
                these.iter().filter(|value| !those.contains(value)).cloned().collect::<Vec<_>>()
            };
            let (gone, come) = (without(&before, &after), without(&after, &before));
            if !gone.is_empty() {
                let message = format!("may not be {} any more", told(&gone.iter().collect::<Vec<_>>()));
                changes.push(pair.change(Bump::Major, keyword, message));
            }
            if !come.is_empty() {
                let message = format!("may be {} now", told(&come.iter().collect::<Vec<_>>()));
                changes.push(pair.change(Bump::Minor, keyword, message));
            }
        }
    }
}

/// The values that are listed.
pub(super) fn listed(part: &Part<'_>) -> Option<Vec<Value>> {
    let only = part.get("const").map(|value| vec![value.clone()]);
    only.or_else(|| part.get("enum").and_then(Value::as_array).cloned())
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::{Value, json};

    fn listed(before: &Value, after: &Value) -> Vec<String> {
        let schema = |values: &Value| json!({"properties": {"a": values}});
        told(&schema(before), &schema(after))
    }

    #[test]
    fn a_value_that_goes_breaks_and_one_that_comes_is_new() {
        let changes = listed(&json!({"enum": ["a", "b"]}), &json!({"enum": ["c", "b"]}));
        assert_eq!(changes, [r#"major a: may not be "a" any more"#, r#"minor a: may be "c" now"#]);
        assert_eq!(listed(&json!({"enum": [1, 2]}), &json!({"enum": [2, 1]})), [""; 0]);
        assert_eq!(listed(&json!({"enum": [1]}), &json!({"const": 1})), [""; 0]);
        assert_eq!(listed(&json!({"const": 1}), &json!({"enum": [1, 2]})), ["minor a: may be 2 now"]);
    }

    #[test]
    fn a_list_for_the_first_time_breaks() {
        let (open, list) = (json!({"type": "string"}), json!({"type": "string", "enum": ["a"]}));
        assert_eq!(listed(&open, &list), [r#"major a: has to be one of "a" now"#]);
        assert_eq!(listed(&list, &open), ["minor a: may have values beside those listed"]);
    }
}
