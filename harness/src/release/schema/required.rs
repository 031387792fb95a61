//! What has to be stated: what nobody had to state before breaks.

use super::{Bump, Change, Pair, Part, join};
use serde_json::Value;

pub(super) fn compare(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (before, after) = (required(&pair.before), required(&pair.after));
    for name in after.iter().filter(|name| !before.contains(name)) {
        let change = pair.change(Bump::Major, "required", "has to be stated now");
        changes.push(Change { values: join(&pair.values, name), ..change });
    }
    for name in before.iter().filter(|name| !after.contains(name)) {
        // What is gone altogether is told as that.
        if pair.after.get("properties").and_then(|properties| properties.get(name)).is_some() {
            let change = pair.change(Bump::Minor, "required", "does not have to be stated any more");
            changes.push(Change { values: join(&pair.values, name), ..change });
        }
    }
}

fn required(part: &Part<'_>) -> Vec<String> {
    let names = part.get("required").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::json;

    #[test]
    fn what_is_newly_required_breaks() {
        let schema = |names: &[&str]| json!({"properties": {"a": {"required": names, "properties": {"b": {}, "c": {}}}}});
        assert_eq!(told(&schema(&["b"]), &schema(&["c", "b"])), ["major a.c: has to be stated now"]);
        let changes = told(&schema(&["c", "b"]), &schema(&["b"]));
        assert_eq!(changes, ["minor a.c: does not have to be stated any more"]);
    }

    #[test]
    fn what_is_new_and_required_breaks() {
        let before = json!({"properties": {"a": {}}, "additionalProperties": false});
        let after =
            json!({"properties": {"a": {}, "b": {}}, "required": ["b"], "additionalProperties": false});
        assert_eq!(told(&before, &after), ["major b: has to be stated now", "minor b: new"]);
    }

    #[test]
    fn what_is_gone_is_told_once() {
        let before = json!({"properties": {"a": {}, "b": {}}, "required": ["b"]});
        assert_eq!(told(&before, &json!({"properties": {"a": {}}})), ["major b: gone"]);
    }
}
