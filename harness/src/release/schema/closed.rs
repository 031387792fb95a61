//! Schemas that take everything, or nothing: `true` and `false`.

use super::{Bump, Change, Pair};
use serde_json::Value;

/// Tells when one of the two is `false`; whether there is nothing more to compare.
pub(super) fn compare(pair: &Pair<'_>, changes: &mut Vec<Change>) -> bool {
    let is_closed = |part: &super::Part<'_>| *part.schema == Value::Bool(false);
    match (is_closed(&pair.before), is_closed(&pair.after)) {
        (false, false) => false,
        (true, true) => true,
        (false, true) => {
            changes.push(at_itself(pair, Bump::Major, "may not be stated any more"));
            true
        }
        (true, false) => {
            changes.push(at_itself(pair, Bump::Minor, "may be stated now"));
            true
        }
    }
}

fn at_itself(pair: &Pair<'_>, bump: Bump, message: &str) -> Change {
    Change { pointer: pair.after.pointer.clone(), ..pair.change(bump, "", message) }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use serde_json::json;

    #[test]
    fn what_takes_nothing_refuses_what_was_taken() {
        let (open, closed) = (json!({"properties": {"a": true}}), json!({"properties": {"a": false}}));
        assert_eq!(told(&open, &closed), ["major a: may not be stated any more"]);
        assert_eq!(told(&closed, &open), ["minor a: may be stated now"]);
        assert_eq!(told(&closed, &closed), [""; 0]);
        assert_eq!(told(&open, &json!({"properties": {"a": {}}})), [""; 0]);
    }
}
