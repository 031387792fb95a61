//! Properties by the form of their names, and all others: `patternProperties` and `additionalProperties`.

use super::{Bump, Change, Pair, Part, Side, Walk, join};
use serde_json::Value;

/// What properties may be that nothing else says anything of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Others {
    /// Anything.
    Open,
    /// There may be none.
    Closed,
    /// Of this form.
    Schema(Value),
}

impl Others {
    pub(super) fn of(part: &Part<'_>) -> Self {
        match part.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Self::Open,
            Some(Value::Bool(false)) => Self::Closed,
            Some(Value::Object(schema)) if schema.is_empty() => Self::Open,
            Some(schema) => Self::Schema(schema.clone()),
        }
    }
}

pub(super) fn compare(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    by_form(pair, walk);
    let keyword = "additionalProperties";
    let values = join(&pair.values, "*");
    let change =
        |bump, message: &str| Change { values: values.clone(), ..pair.change(bump, keyword, message) };
    match (Others::of(&pair.before), Others::of(&pair.after)) {
        (before, after) if before == after && !matches!(before, Others::Schema(_)) => {}
        (Others::Schema(before), Others::Schema(after)) => {
            walk.below(pair, &[keyword], &before, &after, values);
        }
        (_, Others::Closed) => {
            walk.changes.push(change(Bump::Major, "nothing may be stated here but what is listed"));
        }
        (Others::Open, _) => walk.changes.push(change(Bump::Major, "has to be of a form now")),
        (Others::Closed, _) => {
            walk.changes.push(change(Bump::Minor, "names that are not listed may be stated now"))
        }
        (_, Others::Open) => walk.changes.push(change(Bump::Minor, "may be of any form now")),
    }
}

fn by_form(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    let (before, after) = (pair.before.map("patternProperties"), pair.after.map("patternProperties"));
    let values = join(&pair.values, "*");
    for (form, schema) in before.iter() {
        if let Some(now) = after.get(form) {
            walk.below(pair, &["patternProperties", form], schema, now, values.clone());
            continue;
        }
        let pointer = pair.before.below(&["patternProperties", form]);
        let message = format!("names of the form {form} are gone");
        let bump = if Others::of(&pair.after) == Others::Open { Bump::Minor } else { Bump::Major };
        walk.changes.push(Change { bump, side: Side::Before, pointer, values: values.clone(), message });
    }
    for (form, schema) in after.iter().filter(|(form, _)| !before.contains_key(*form)) {
        let pointer = pair.after.below(&["patternProperties", form]);
        match Others::of(&pair.before) {
            Others::Schema(others) => {
                let old = pair.before.below(&["additionalProperties"]);
                walk.pair(&others, old, schema, pointer, values.clone());
            }
            others => {
                let bump = if others == Others::Closed { Bump::Minor } else { Bump::Major };
                let message = format!("names of the form {form} are of a form of their own now");
                walk.changes.push(Change {
                    bump,
                    side: Side::After,
                    pointer,
                    values: values.clone(),
                    message,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::{Value, json};

    #[test]
    fn what_is_closed_refuses_what_was_taken() {
        let schema = |others: Value| json!({"properties": {"a": {"additionalProperties": others}}});
        for (before, after, expected) in [
            (json!(true), json!(false), "major a.*: nothing may be stated here but what is listed"),
            (
                json!({"type": "string"}),
                json!(false),
                "major a.*: nothing may be stated here but what is listed",
            ),
            (json!({}), json!({"type": "string"}), "major a.*: has to be of a form now"),
            (json!(false), json!(true), "minor a.*: names that are not listed may be stated now"),
            (json!({"type": "string"}), json!(true), "minor a.*: may be of any form now"),
            (
                json!({"type": ["string", "null"]}),
                json!({"type": "string"}),
                "major a.*: may not be null any more",
            ),
        ] {
            assert_eq!(told(&schema(before), &schema(after)), [expected]);
        }
        assert_eq!(told(&schema(json!(true)), &schema(json!({}))), [""; 0]);
    }

    #[test]
    fn names_of_a_form_are_compared_by_the_form() {
        let schema = |form: &str, kind: &str| json!({"patternProperties": {form: {"type": kind}}, "additionalProperties": false});
        let changes = told(&schema("^a", "number"), &schema("^a", "integer"));
        assert_eq!(changes, ["major *: may not have a fraction any more"]);
        let changes = told(&schema("^a", "string"), &schema("^b", "string"));
        assert_eq!(
            changes,
            [
                "major *: names of the form ^a are gone",
                "minor *: names of the form ^b are of a form of their own now",
            ]
        );
    }
}
