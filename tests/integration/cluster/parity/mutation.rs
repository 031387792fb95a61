//! Changes to an object, made the same way in every run: each field dropped, emptied, of another type, each
//! number a step beyond where it is.

use serde_json::{Value, json};

/// Where in an object: keys and indices from its root.
type Place = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// Every object that differs from `object` by one change at one place.
pub(super) fn mutations(object: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    collect(object, &mut Vec::new(), &mut places);
    let mut mutated = Vec::new();
    for place in &places {
        // Without these nobody can tell what the object is.
        if matches!(place.as_slice(), [Step::Key(key)] if key == "apiVersion" || key == "kind") {
            continue;
        }
        let mut dropped = object.clone();
        remove(&mut dropped, place);
        mutated.push(dropped);
        for replacement in replacements(at(object, place)) {
            let mut changed = object.clone();
            *at_mut(&mut changed, place) = replacement;
            mutated.push(changed);
        }
    }
    mutated
}

fn replacements(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![],
        Value::Bool(truth) => vec![Value::Null, json!(!truth)],
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or_default();
            vec![Value::Null, json!(number + 1), json!(number - 1), json!(0)]
        }
        Value::String(text) => vec![Value::Null, json!(""), json!(format!("{text}x")), json!(7), json!(true)],
        Value::Array(items) => {
            let mut doubled = items.clone();
            doubled.extend(items.iter().cloned());
            vec![Value::Null, json!([]), Value::Array(doubled)]
        }
        Value::Object(_) => vec![Value::Null, json!({})],
    }
}

fn collect(value: &Value, here: &mut Place, places: &mut Vec<Place>) {
    if !here.is_empty() {
        places.push(here.clone());
    }
    let mut visit = |step: Step, child: &Value| {
        here.push(step);
        collect(child, here, places);
        here.pop();
    };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, child)| visit(Step::Key(key.clone()), child));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, child)| visit(Step::Index(index), child));
        }
        _ => {}
    }
}

fn at<'v>(value: &'v Value, place: &[Step]) -> &'v Value {
    place.iter().fold(value, |value, step| match step {
        Step::Key(key) => &value[key],
        Step::Index(index) => &value[index],
    })
}

fn at_mut<'v>(value: &'v mut Value, place: &[Step]) -> &'v mut Value {
    place.iter().fold(value, |value, step| match step {
        Step::Key(key) => &mut value[key],
        Step::Index(index) => &mut value[index],
    })
}

fn remove(value: &mut Value, place: &[Step]) {
    let (last, parents) = place.split_last().unwrap();
    match (at_mut(value, parents), last) {
        (Value::Object(fields), Step::Key(key)) => drop(fields.remove(key)),
        (Value::Array(items), Step::Index(index)) => drop(items.remove(*index)),
        _ => unreachable!(),
    }
}
