//! The policy files this command carries: the organisation's, and the sets beside them.
//!
//! They are kept as text. Nothing of a set is looked at until it is asked for, and of the organisation's
//! policies the examples are left out, which are for readers: a run starts no later for them.

use super::{PolicyFilesError, PolicySet};
use gift_plugin::protocol::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Path below `chart/policies` and text, sorted by path.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// The folder with a folder for each set beside the organisation's policies.
pub(super) const LIBRARY: &str = "library";

/// The file in [`LIBRARY`] that says which sets there are.
pub(super) const INDEX: &str = "sets.yaml";

/// The folder with the parameters of each system.
pub(super) const PARAMS: &str = "params";

/// The name of the set that is in force unless another is asked for.
pub const ORGANISATION: &str = "organisation";

/// What `sets.yaml` says of one set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    description: String,
    #[serde(default)]
    includes: Vec<String>,
    #[serde(default)]
    replaces: Vec<String>,
}

/// The parameters of each system, by its name.
pub(super) fn params() -> impl Iterator<Item = (String, Source)> {
    FILES.iter().filter_map(|(path, text)| {
        let system = path.strip_prefix(PARAMS)?.strip_prefix('/')?.strip_suffix(".yaml")?;
        Some((system.to_owned(), source(path, text)))
    })
}

/// The organisation's policies.
pub(super) fn organisation() -> PolicySet {
    PolicySet {
        name: ORGANISATION.to_owned(),
        title: "The organisation's policies".to_owned(),
        description: "What every system keeps; the numbers and names are parameters of each system."
            .to_owned(),
        includes: Vec::new(),
        replaces: Vec::new(),
        policies: FILES
            .iter()
            .filter(|(path, _)| !path.contains('/'))
            .map(|(path, text)| source(path, text))
            .collect(),
        embedded: true,
    }
}

/// The names of all sets, the organisation's first.
///
/// # Errors
///
/// [`PolicyFilesError::Index`] when `sets.yaml` is not what it should be.
pub fn names() -> Result<Vec<String>, PolicyFilesError> {
    Ok(std::iter::once(ORGANISATION.to_owned()).chain(index()?.keys().cloned()).collect())
}

/// A set without those it includes.
pub(super) fn set(name: &str) -> Result<PolicySet, PolicyFilesError> {
    if name == ORGANISATION {
        return Ok(organisation());
    }
    let Some(entry) = index()?.get(name).cloned() else {
        return Err(PolicyFilesError::UnknownSet { name: name.to_owned(), known: names()? });
    };
    let folder = format!("{LIBRARY}/{name}/");
    Ok(PolicySet {
        name: name.to_owned(),
        title: entry.title,
        description: entry.description.trim_end().to_owned(),
        includes: entry.includes,
        replaces: entry.replaces,
        policies: FILES
            .iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .map(|(path, text)| source(path, text))
            .collect(),
        embedded: true,
    })
}

/// `sets.yaml`, which is read once: each set that is asked for asks for it.
fn index() -> Result<&'static BTreeMap<String, Entry>, PolicyFilesError> {
    static READ: OnceLock<Result<BTreeMap<String, Entry>, String>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        let path = format!("{LIBRARY}/{INDEX}");
        let text = FILES.iter().find(|(name, _)| *name == path).map_or("{}", |(_, text)| text);
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    });
    read.as_ref().map_err(|error| PolicyFilesError::Index(error.clone()))
}

fn source(path: &str, text: &str) -> Source {
    Source { name: path.to_owned(), text: text.to_owned() }
}

/// A policy file without the annotations that hold its examples: they are most of its text, and nothing
/// is judged by them.
pub(super) fn without_examples(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut skipped = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indentation = line.len() - content.len();
        if skipped.is_some_and(|of| content.trim_end().is_empty() || indentation > of) {
            continue;
        }
        let is_example = ["passes:", "breaches:"].iter().any(|name| {
            content
                .strip_prefix(crate::rules::ANNOTATION_PREFIX)
                .is_some_and(|annotation| annotation.starts_with(name))
        });
        skipped = is_example.then_some(indentation);
        if !is_example {
            kept.push_str(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_left_out_and_nothing_else() {
        let text = "metadata:\n  annotations:\n    policies.gift.dev/title: t\n    policies.gift.dev/passes: |\n      a: 1\n\n      ---\n      b: 2\n    policies.gift.dev/breaches: |\n      c: 3\nspec: {}\n---\nd: 4\n";
        assert_eq!(
            without_examples(text),
            "metadata:\n  annotations:\n    policies.gift.dev/title: t\nspec: {}\n---\nd: 4\n"
        );
    }

    #[test]
    fn every_set_has_policies_and_names_sets_and_rules_there_are() {
        let names = names().unwrap();
        assert_eq!(names[0], ORGANISATION);
        for name in &names {
            let set = set(name).unwrap();
            assert!(!set.policies.is_empty(), "{name}");
            let mut known = Vec::new();
            for included in &set.includes {
                let included = super::set(included).unwrap();
                assert!(included.includes.is_empty(), "{}: one level is enough", included.name);
                known.extend(crate::rules::described_by(&included.policies).into_iter().map(|rule| rule.id));
            }
            assert!(set.replaces.iter().all(|rule| known.contains(rule)), "{name}: {:?}", set.replaces);
        }
        let folders = FILES.iter().filter_map(|(path, _)| path.strip_prefix("library/")?.split_once('/'));
        for (folder, _) in folders {
            assert!(names.iter().any(|name| name == folder), "sets.yaml does not say what {folder} is");
        }
    }
}
