//! What values may say: two schemas, walked side by side.
//!
//! What was taken and is refused now breaks, what was refused and is taken now is new. One module for each kind of
//! change. What cannot be told to ask for less counts as asking for more. Titles, descriptions, defaults and examples
//! ask for nothing; `format` is an annotation in the drafts Helm reads schemas by, and counts as one.
//!
//! Depends on [`serde_json`] for the schemas and on [`super::text`] for their lines.

mod bounds;
mod branches;
mod choices;
mod closed;
mod patterns;
mod properties;
mod reference;
mod required;
mod types;

use super::error::at;
use super::text::{Text, escaped};
use super::{Area, Bump, Reason, ReleaseError};
use semver::Version;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The file Helm holds values against.
const FILE: &str = "values.schema.json";

/// What changed between the schemas of two charts.
pub(super) fn compare(before: &Path, after: &Path, published: &Version) -> Result<Vec<Reason>, ReleaseError> {
    let (before, after) = (read(before)?, read(after)?);
    let wrong = |reason| ReleaseError::Text { path: PathBuf::from(FILE), reason };
    let parse = |text: &Option<String>| -> Result<Value, ReleaseError> {
        let Some(text) = text else { return Ok(Value::Bool(true)) };
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))
    };
    let (old, new) = (parse(&before)?, parse(&after)?);
    let mut walk = Walk::new(&old, &new);
    walk.roots();
    let lines = |text: &Option<String>| text.clone().unwrap_or_default();
    let (before, after) = (lines(&before), lines(&after));
    let (before, after) = (Text::read(&before).map_err(wrong)?, Text::read(&after).map_err(wrong)?);
    Ok(walk
        .changes
        .into_iter()
        .map(|change| {
            let place = match change.side {
                Side::After => format!("{FILE}:{}", after.line_of(&change.pointer)),
                Side::Before => format!("{FILE}:{} of {published}", before.line_of(&change.pointer)),
            };
            let values = if change.values.is_empty() { "the values".to_owned() } else { change.values };
            let message = format!("{values}: {}", change.message);
            Reason { bump: change.bump, area: Area::Schema, place, message }
        })
        .collect())
}

fn read(chart: &Path) -> Result<Option<String>, ReleaseError> {
    let path = chart.join(FILE);
    if path.is_file() {
        std::fs::read_to_string(&path).map(Some).map_err(at(&path, "read"))
    } else {
        Ok(None)
    }
}

/// Which of the two files a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// A difference with a say in what values may be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    bump: Bump,
    side: Side,
    /// Where in that file, as a JSON pointer.
    pointer: String,
    /// What it is about, as a path in values.
    values: String,
    message: String,
}

/// A part of a schema, with what it refers to in its place.
#[derive(Clone, Debug)]
struct Part<'s> {
    schema: Cow<'s, Value>,
    /// Where it stands, or where what it refers to does.
    pointer: String,
}

impl Part<'_> {
    fn get(&self, keyword: &str) -> Option<&Value> {
        self.schema.as_object()?.get(keyword)
    }

    /// The mapping below a keyword, empty where there is none.
    fn map(&self, keyword: &str) -> Cow<'_, Map<String, Value>> {
        self.get(keyword).and_then(Value::as_object).map_or_else(|| Cow::Owned(Map::new()), Cow::Borrowed)
    }

    fn below(&self, parts: &[&str]) -> String {
        parts.iter().fold(self.pointer.clone(), |pointer, part| format!("{pointer}/{}", escaped(part)))
    }
}

/// The same place in both schemas.
struct Pair<'s> {
    before: Part<'s>,
    after: Part<'s>,
    values: String,
}

impl Pair<'_> {
    /// A change at a keyword of the place; it is shown in the new file where it stands there.
    fn change(&self, bump: Bump, keyword: &str, message: impl Into<String>) -> Change {
        let side = if self.after.get(keyword).is_some() || self.before.get(keyword).is_none() {
            Side::After
        } else {
            Side::Before
        };
        let part = if side == Side::After { &self.after } else { &self.before };
        let pointer = part.below(&[keyword]);
        Change { bump, side, pointer, values: self.values.clone(), message: message.into() }
    }

    /// A keyword as both have it, when they do not have it alike.
    fn differing(&self, keyword: &str) -> Option<(Option<&Value>, Option<&Value>)> {
        let (before, after) = (self.before.get(keyword), self.after.get(keyword));
        (before != after).then_some((before, after))
    }
}

/// The walk through two schemas.
struct Walk<'s> {
    before: &'s Value,
    after: &'s Value,
    /// Definitions are referred to from many places, and from themselves.
    seen: HashSet<(String, String)>,
    changes: Vec<Change>,
}

impl<'s> Walk<'s> {
    fn new(before: &'s Value, after: &'s Value) -> Self {
        Self { before, after, seen: HashSet::new(), changes: Vec::new() }
    }

    fn roots(&mut self) {
        let (before, after) = (self.before, self.after);
        self.pair(before, String::new(), after, String::new(), String::new());
    }

    /// Compares what stands at two places.
    fn pair(&mut self, before: &Value, old: String, after: &Value, new: String, values: String) {
        let before = reference::resolved(self.before, before, old);
        let after = reference::resolved(self.after, after, new);
        if !self.seen.insert((before.pointer.clone(), after.pointer.clone())) {
            return;
        }
        let pair = Pair { before, after, values };
        if closed::compare(&pair, &mut self.changes) {
            return;
        }
        types::compare(&pair, &mut self.changes);
        choices::compare(&pair, &mut self.changes);
        required::compare(&pair, &mut self.changes);
        bounds::compare(&pair, &mut self.changes);
        properties::compare(&pair, self);
        patterns::compare(&pair, self);
        branches::compare(&pair, self);
    }

    /// Compares what stands below the same keywords of a pair.
    fn below(&mut self, pair: &Pair<'_>, keywords: &[&str], before: &Value, after: &Value, values: String) {
        self.pair(before, pair.before.below(keywords), after, pair.after.below(keywords), values);
    }

    /// Whether two parts take the same, which is found out without telling what differs.
    fn are_same(&self, before: &Value, old: String, after: &Value, new: String) -> bool {
        // What is being compared already, or was, is told there.
        let mut walk = Walk { seen: self.seen.clone(), ..Walk::new(self.before, self.after) };
        walk.pair(before, old, after, new, String::new());
        walk.changes.is_empty()
    }
}

fn join(values: &str, key: &str) -> String {
    if values.is_empty() { key.to_owned() } else { format!("{values}.{key}") }
}

/// The changes between two schemas, as tests want them: the bump, the path in values, the message.
#[cfg(test)]
fn told(before: &Value, after: &Value) -> Vec<String> {
    let mut walk = Walk::new(before, after);
    walk.roots();
    walk.changes
        .iter()
        .map(|change| format!("{} {}: {}", change.bump, change.values, change.message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_only_documents_is_no_change() {
        let before =
            json!({"properties": {"a": {"type": "string", "title": "A", "default": "x", "format": "uri"}}});
        let after = json!({"$schema": "x", "properties": {"a": {"type": "string", "description": "an A", "examples": [1]}}});
        assert_eq!(told(&before, &after), [""; 0]);
    }

    #[test]
    fn a_chart_that_has_a_schema_for_the_first_time_refuses_more() {
        let schema = json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false});
        let told = |before: &Value, after: &Value| super::told(before, after).join("\n");
        assert!(told(&json!(true), &schema).contains("major"), "{}", told(&json!(true), &schema));
        assert!(!told(&schema, &json!(true)).contains("major"), "{}", told(&schema, &json!(true)));
    }

    #[test]
    fn a_change_is_told_with_its_line() {
        let folder = |schema: &str| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(FILE), schema).unwrap();
            folder
        };
        let before =
            folder("{\"properties\": {\n  \"a\": {},\n  \"b\": {\"type\": [\"string\", \"null\"]}\n}}\n");
        let after = folder("{\n\n\"properties\": {\n  \"b\": {\n    \"type\": \"string\"}\n}}\n");
        let reasons = compare(before.path(), after.path(), &Version::new(1, 0, 0)).unwrap();
        let told: Vec<_> =
            reasons.iter().map(|reason| (reason.place.as_str(), reason.message.as_str())).collect();
        assert_eq!(
            told,
            [
                ("values.schema.json:2 of 1.0.0", "a: gone"),
                ("values.schema.json:5", "b: may not be null any more"),
            ]
        );
    }
}
