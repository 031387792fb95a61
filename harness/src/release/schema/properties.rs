//! Properties by name: one that goes breaks, whether it is refused from then on or nobody reads it any more; one that
//! comes is new.

use super::patterns::Others;
use super::{Bump, Change, Pair, Side, Walk, join};

pub(super) fn compare(pair: &Pair<'_>, walk: &mut Walk<'_>) {
    let (before, after) = (pair.before.map("properties"), pair.after.map("properties"));
    if !before.is_empty() && pair.after.get("properties").is_none() && Others::of(&pair.after) == Others::Open
    {
        // Nothing is said of names any more, so nothing is said against these.
        walk.changes.push(pair.change(Bump::Minor, "properties", "names are not listed any more"));
        return;
    }
    for (name, schema) in before.iter() {
        let values = join(&pair.values, name);
        if let Some(now) = after.get(name) {
            walk.below(pair, &["properties", name], schema, now, values);
        } else {
            walk.changes.push(Change {
                bump: Bump::Major,
                side: Side::Before,
                pointer: pair.before.below(&["properties", name]),
                values,
                message: "gone".to_owned(),
            });
        }
    }
    for (name, schema) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let values = join(&pair.values, name);
        walk.changes.push(Change {
            bump: Bump::Minor,
            side: Side::After,
            pointer: pair.after.below(&["properties", name]),
            values: values.clone(),
            message: "new".to_owned(),
        });
        // Whatever was called so before was to be of the form of all others.
        if let Others::Schema(others) = Others::of(&pair.before) {
            let (old, new) =
                (pair.before.below(&["additionalProperties"]), pair.after.below(&["properties", name]));
            walk.pair(&others, old, schema, new, values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::json;

    #[test]
    fn a_property_that_goes_breaks_and_one_that_comes_is_new() {
        let before =
            json!({"properties": {"a": {"properties": {"b": {}, "c": {}}, "additionalProperties": false}}});
        let after =
            json!({"properties": {"a": {"properties": {"c": {}, "d": {}}, "additionalProperties": false}}});
        assert_eq!(told(&before, &after), ["major a.b: gone", "minor a.d: new"]);
    }

    #[test]
    fn a_property_that_goes_breaks_where_anything_may_be_stated_too() {
        let before = json!({"properties": {"a": {}, "b": {}}});
        assert_eq!(told(&before, &json!({"properties": {"b": {}}})), ["major a: gone"]);
    }

    #[test]
    fn where_nothing_is_said_of_names_any_more_nothing_is_gone() {
        let before = json!({"type": "object", "properties": {"a": {}}});
        assert_eq!(told(&before, &json!({"type": "object"})), ["minor : names are not listed any more"]);
    }

    #[test]
    fn a_name_that_was_free_may_have_been_used() {
        let before = json!({"additionalProperties": {"type": ["string", "integer"]}});
        let after = json!({"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": ["string", "integer"]}});
        assert_eq!(told(&before, &after), ["minor a: new", "major a: may not be integer any more"]);
    }
}
