//! The file of Kubernetes' own kinds: what its versions have in common is there once.

use super::openapi::{Document, Field};
use super::{Module, enumerations, lifecycle, openapi};
use crate::schema::table::{KINDS, TYPES};
use crate::schema::version::{Minor, Minors};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The minor version a module is the source of.
fn minor(module: &Module) -> Option<Minor> {
    (module.path() == "k8s.io/kubernetes").then(|| Minor::parse(module.version()).unwrap())
}

fn document(module: &Module) -> Document {
    openapi::read(&module.directory, &enumerations::read(&module.directory))
}

/// By name and shape of a field: the minor versions that have it, and those that require it.
type Fields = BTreeMap<(String, String), (Minors, Minors)>;

#[derive(Default)]
struct Merged {
    /// By kind and API version: whether it is namespaced, its definition, the versions that serve it.
    kinds: BTreeMap<(String, String), (bool, String, Minors)>,
    /// By name, field and shape: the versions that have it, and those that require it.
    definitions: BTreeMap<String, Fields>,
    /// The versions that have a definition.
    present: BTreeMap<String, Minors>,
}

/// The whole file but for its head.
pub(super) fn made(modules: &[Module]) -> String {
    let mut merged = Merged::default();
    let versions: BTreeSet<_> = modules.iter().filter_map(minor).collect();
    assert_eq!(
        (versions.first(), versions.last(), versions.len()),
        (
            Some(&Minor::OLDEST),
            Some(&Minor::NEWEST),
            usize::from(Minor::NEWEST.number() - Minor::OLDEST.number()) + 1
        )
    );
    for module in modules {
        if let Some(minor) = minor(module) {
            merged.add(minor, document(module));
        }
    }
    let sources: Vec<_> = modules
        .iter()
        .filter(|module| minor(module).is_none())
        .map(|module| Module::read(&module.line).unwrap())
        .collect();
    merged.correct();
    merged.write(&lifecycle::read(&sources))
}

impl Merged {
    fn add(&mut self, minor: Minor, document: Document) {
        for (kind, (is_namespaced, definition)) in document.kinds {
            let entry = self.kinds.entry(kind).or_insert((is_namespaced, definition.clone(), Minors::NONE));
            assert_eq!((entry.0, &entry.1), (is_namespaced, &definition));
            entry.2.insert(minor);
        }
        for (name, fields) in document.definitions {
            self.present.entry(name.clone()).or_default().insert(minor);
            let known = self.definitions.entry(name).or_default();
            for (field, Field { shape, required }) in fields {
                let (present, needed) = known.entry((field, shape)).or_default();
                present.insert(minor);
                if required {
                    needed.insert(minor);
                }
            }
        }
    }

    /// What a later document no longer calls required never was: the server did without it all along.
    fn correct(&mut self) {
        for fields in self.definitions.values_mut() {
            let mut last: BTreeMap<String, (Minor, bool)> = BTreeMap::new();
            for ((field, _), (present, required)) in fields.iter() {
                let newest = present.last().unwrap();
                let of_field = last.entry(field.clone()).or_insert((newest, false));
                if newest >= of_field.0 {
                    *of_field = (newest, required.contains(newest));
                }
            }
            for ((field, _), (_, required)) in fields.iter_mut() {
                if !last[field].1 {
                    *required = Minors::NONE;
                }
            }
        }
    }

    fn write(&self, lifecycles: &BTreeMap<(String, String), lifecycle::Lifecycle>) -> String {
        let mut text = format!("{KINDS}\n");
        let of_interest = lifecycles.iter().filter(|(_, lifecycle)| lifecycle.removed.is_some());
        let mut kinds: BTreeSet<_> = self.kinds.keys().collect();
        kinds.extend(of_interest.map(|(kind, _)| kind).filter(|(kind, _)| is_object(kind)));
        for key @ (kind, api_version) in kinds {
            let served = self.kinds.get(key);
            // A kind has the same scope in every version of its API.
            let alike = self.kinds.iter().find(|((other, _), _)| other == kind).map(|(_, found)| found);
            let is_namespaced = served.or(alike).is_some_and(|(is_namespaced, ..)| *is_namespaced);
            let scope = if is_namespaced { "namespaced" } else { "cluster" };
            write!(text, "{kind} {api_version} {scope}").unwrap();
            let minors = served.map_or(Minors::NONE, |(_, _, minors)| *minors);
            if minors != Minors::ALL {
                write!(text, " served={minors}").unwrap();
            }
            let mut lifecycle = lifecycles.get(key).cloned().unwrap_or_default();
            // What the versions serve is true, whatever was planned.
            if let Some(gone) = minors.first().and_then(|first| minors.end_after(first)) {
                lifecycle.removed = Some(gone.number());
            }
            if let Some(minor) = lifecycle.deprecated {
                write!(text, " deprecated={minor}").unwrap();
            }
            if let Some(minor) = lifecycle.removed {
                write!(text, " removed={minor}").unwrap();
            }
            if let Some((api_version, kind)) = lifecycle.replacement {
                write!(text, " use={api_version}/{kind}").unwrap();
            }
            if let Some((_, definition, _)) = served {
                write!(text, " {definition}").unwrap();
            }
            text.push('\n');
        }
        writeln!(text, "{TYPES}").unwrap();
        for (name, fields) in &self.definitions {
            let whole = self.present[name];
            writeln!(text, "{name}").unwrap();
            for ((field, shape), (present, required)) in fields {
                write!(text, " {field}").unwrap();
                match required {
                    none if *none == Minors::NONE => {}
                    all if all == present => text.push('!'),
                    some => write!(text, "!{some}").unwrap(),
                }
                if *present != whole {
                    write!(text, " {present}").unwrap();
                }
                writeln!(text, " {shape}").unwrap();
            }
        }
        text
    }
}

/// Whether a type is one people write down: the others are asked or answered.
fn is_object(kind: &str) -> bool {
    !kind.ends_with("List") && !kind.ends_with("Options") && !kind.ends_with("Review") && kind != "Scale"
}

/// Whether the file says of one version what that version's module says.
pub(super) fn assert_holds(committed: &str, module: &Module) {
    let Some(minor) = minor(module) else { return };
    let document = document(module);
    let mut definitions: BTreeMap<String, BTreeMap<String, Field>> = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    let (_, rest) = committed.split_once(KINDS).unwrap();
    let (kind_lines, definition_lines) = rest.split_once(TYPES).unwrap();
    for line in kind_lines.trim().lines() {
        let served = line.split(' ').find_map(|word| word.strip_prefix("served="));
        if served.is_none_or(|minors| Minors::parse(minors).is_some_and(|minors| minors.contains(minor))) {
            let mut words = line.split(' ').map(str::to_owned);
            kinds.insert((words.next().unwrap(), words.next().unwrap()));
        }
    }
    assert_eq!(kinds, document.kinds.keys().cloned().collect(), "the kinds of {minor}");
    let mut name = "";
    for line in definition_lines.trim().lines() {
        let Some(line) = line.strip_prefix(' ') else {
            name = line;
            continue;
        };
        let (head, mut shape) = line.split_once(' ').unwrap();
        let (field, required) = match head.split_once('!') {
            None => (head, Minors::NONE),
            Some((field, "")) => (field, Minors::ALL),
            Some((field, minors)) => (field, Minors::parse(minors).unwrap()),
        };
        if shape.starts_with(|letter: char| letter.is_ascii_digit()) {
            let (minors, rest) = shape.split_once(' ').unwrap();
            if !Minors::parse(minors).unwrap().contains(minor) {
                continue;
            }
            shape = rest;
        }
        let of_field = Field { shape: shape.to_owned(), required: required.contains(minor) };
        definitions.entry(name.to_owned()).or_default().insert(field.to_owned(), of_field);
    }
    for (name, fields) in &document.definitions {
        let held = definitions.entry(name.clone()).or_default();
        // What a later document takes back is not required in the file.
        for (field, stated) in fields {
            if let Some(held) = held.get_mut(field).filter(|_| stated.required) {
                held.required = true;
            }
        }
        assert_eq!(held, fields, "{name} of {minor}");
    }
}
