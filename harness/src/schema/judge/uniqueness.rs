//! Items that must differ: server-side apply tells them apart by some of their fields.

use super::Judge;
use super::trail::Trail;
use crate::schema::shape::{Key, Uniqueness};
use gift_plugin::yaml::{Node, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// Below this many items each is held against those before it.
const FEW: usize = 16;

impl Judge<'_> {
    pub(super) fn unique(&mut self, uniqueness: &Uniqueness, items: &[Node<'_>], trail: &Trail<'_>) {
        if items.len() < 2 {
            return;
        }
        match uniqueness {
            Uniqueness::Free => {}
            Uniqueness::Set => {
                for (index, first) in twins(items.iter().map(|item| Some(text(item))).collect()) {
                    let message =
                        format!("is the same as item {first}, and the items of this list must differ");
                    self.mistake(&Trail::Index(trail, index), message, "Remove one of the two.");
                }
            }
            Uniqueness::Keys(keys) => {
                let values = items.iter().map(|item| key(keys, item)).collect();
                for (index, first) in twins(values) {
                    let names: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
                    let names = names.join(" and ");
                    let message =
                        format!("has the same {names} as item {first}: server-side apply refuses both");
                    let help =
                        format!("Give it another {}, or remove one of the two.", names.replace("and", "or"));
                    self.mistake(&Trail::Index(trail, index), message, help);
                }
            }
        }
    }
}

/// The items that are as one before them, each with the first such.
fn twins(values: Vec<Option<Cow<'_, str>>>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if values.len() < FEW {
        for (index, value) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
            found.extend(
                values[..index].iter().position(|before| before == value).map(|first| (index, first)),
            );
        }
        return found;
    }
    let mut seen = HashMap::new();
    for (index, value) in values.into_iter().enumerate() {
        if let Some(value) = value {
            let first = *seen.entry(value).or_insert(index);
            if first != index {
                found.push((index, first));
            }
        }
    }
    found
}

/// The fields that tell an item apart, as one text; `None` for what has none.
fn key<'s>(keys: &'s [Key], item: &'s Node<'_>) -> Option<Cow<'s, str>> {
    let mapping = item.as_mapping()?;
    let value = |key: &'s Key| match mapping.get(&key.name).filter(|node| node.value != Value::Null) {
        Some(node) => Some(text(node)),
        None => key.default.as_deref().map(Cow::Borrowed),
    };
    match keys {
        [one] => value(one),
        several => {
            let values: Vec<_> = several.iter().map(|key| value(key).unwrap_or_default()).collect();
            Some(values.join("\n").into())
        }
    }
}

/// A value as text; equal values have equal texts.
fn text<'s>(node: &'s Node<'_>) -> Cow<'s, str> {
    match &node.value {
        Value::String(text) => Cow::Borrowed(text),
        _ => crate::objects::to_json(node).to_string().into(),
    }
}
