//! Every fact that the description of a system states, held against what the chart renders.
//!
//! The facts are data, one file per system in `tests/facts/`; nothing here knows a system. Depends on
//! the chart, the values and both Helms.

use crate::workplace::repository;
use gift_harness::chart::Chart;
use gift_harness::objects::Objects;
use gift_harness::render::HelmVersion;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

/// A file of facts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    system: String,
    environments: Vec<String>,
    objects: OneOrMany,
    /// What alone differs between the environments, if the description says so.
    differences: Option<Differences>,
    facts: Vec<Fact>,
}

/// The objects of all environments, or those of some and those of others.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Closed),
    Many(Vec<Closed>),
}

/// Fields which may differ between environments; everything else is equal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    line: String,
    /// `Kind/name` and a field of the object: `ConfigMap/settings data`.
    only: Vec<String>,
}

/// The objects there are, and no more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    line: String,
    /// Where nothing but these is rendered.
    environments: Vec<String>,
    exactly: BTreeSet<String>,
    /// The kinds of which nothing else is rendered in any other environment either.
    #[serde(default)]
    kinds: BTreeSet<String>,
}

/// One fact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    id: String,
    line: String,
    object: String,
    path: String,
    equals: Option<Value>,
    elements: Option<Vec<Value>>,
    #[serde(default)]
    absent: bool,
    environments: Option<Vec<String>>,
}

/// A fact that does not hold.
#[derive(Debug, PartialEq, Eq)]
struct Contradiction {
    fact: String,
    line: String,
    object: String,
    path: String,
    expected: String,
    found: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fact, line, object, path, expected, found } = self;
        write!(formatter, "{fact} ({line}): {object} {path}\n    expected {expected}\n    found    {found}")
    }
}

impl Facts {
    fn hold_in(&self, environment: &str, objects: &Objects<'_>) -> Vec<Contradiction> {
        let rendered: Vec<Value> = objects.iter().map(|object| object.to_json()).collect();
        let mut contradictions: Vec<_> = self
            .facts
            .iter()
            .filter(|fact| fact.is_about(environment))
            .filter_map(|fact| fact.contradiction(&rendered))
            .collect();
        let closed = self.closed().iter().filter(|closed| closed.is_about(environment));
        contradictions.extend(closed.filter_map(|closed| closed.contradiction(environment, &rendered)));
        contradictions
    }

    fn closed(&self) -> &[Closed] {
        match &self.objects {
            OneOrMany::One(closed) => std::slice::from_ref(closed),
            OneOrMany::Many(closed) => closed,
        }
    }
}

impl Differences {
    /// The objects without what may differ, by reference.
    fn without(&self, stream: &[u8]) -> BTreeMap<String, Value> {
        let objects = Objects::read(stream).unwrap();
        let settle = |mut object: Value| {
            let name = reference(&object);
            for field in self.only.iter().filter_map(|only| only.strip_prefix(&name)?.strip_prefix(' ')) {
                object.as_object_mut().unwrap().remove(field);
            }
            (name, object)
        };
        objects.iter().map(|object| settle(object.to_json())).collect()
    }
}

impl Closed {
    fn is_about(&self, environment: &str) -> bool {
        !self.kinds.is_empty() || self.environments.iter().any(|name| name == environment)
    }

    fn contradiction(&self, environment: &str, rendered: &[Value]) -> Option<Contradiction> {
        let everything = self.environments.iter().any(|name| name == environment);
        let found: BTreeSet<String> = rendered
            .iter()
            .filter(|object| object.pointer("/metadata/annotations/helm.sh~1hook").is_none())
            .filter(|object| {
                everything || object["kind"].as_str().is_some_and(|kind| self.kinds.contains(kind))
            })
            .map(reference)
            .collect();
        let list = |set: &mut dyn Iterator<Item = &String>| set.cloned().collect::<Vec<_>>().join(", ");
        (found != self.exactly).then(|| Contradiction {
            fact: "nothing-else".to_owned(),
            line: self.line.clone(),
            object: "all".to_owned(),
            path: "kind/metadata.name".to_owned(),
            expected: format!("also {}", list(&mut self.exactly.difference(&found))),
            found: format!("unexpected {}", list(&mut found.difference(&self.exactly))),
        })
    }
}

impl Fact {
    fn is_about(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|names| names.iter().any(|name| name == environment))
    }

    fn contradiction(&self, rendered: &[Value]) -> Option<Contradiction> {
        let contradicts = |expected: String, found: String| {
            Some(Contradiction {
                fact: self.id.clone(),
                line: self.line.clone(),
                object: self.object.clone(),
                path: self.path.clone(),
                expected,
                found,
            })
        };
        let expected = match (&self.equals, &self.elements, self.absent) {
            (Some(value), None, false) => value.to_string(),
            (None, Some(values), false) => format!("in any order {}", Value::from(values.clone())),
            (None, None, true) => "nothing".to_owned(),
            _ => panic!("{}: state exactly one of equals, elements and absent: true", self.id),
        };
        let Some(object) = rendered.iter().find(|object| reference(object) == self.object) else {
            return contradicts(expected, "no such object".to_owned());
        };
        let found = look(object, &self.path);
        let holds = match (&self.equals, &self.elements) {
            (Some(value), _) => found.as_ref() == Some(value),
            (_, Some(values)) => {
                let sorted = |values: &[Value]| {
                    let mut texts: Vec<_> = values.iter().map(Value::to_string).collect();
                    texts.sort();
                    texts
                };
                let items = found.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
                sorted(&items) == sorted(values)
            }
            _ => found.is_none(),
        };
        if holds {
            return None;
        }
        contradicts(expected, found.map_or("nothing".to_owned(), |value| value.to_string()))
    }
}

/// `Kind/name`.
fn reference(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// What is at a path: dots, `[name=x]`, `[0]`, `[*]` for all items, `[*keys]` for the keys, and `[a.b/c]`
/// for a key with dots in it.
fn look(value: &Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(value.clone());
    }
    if let Some(rest) = path.strip_prefix('[') {
        let (chosen, rest) = rest.split_once(']')?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        return match chosen {
            "*" => Some(value.as_array()?.iter().filter_map(|item| look(item, rest)).collect()),
            "*keys" => Some(value.as_object()?.keys().cloned().collect()),
            _ => match chosen.split_once('=') {
                Some((key, wanted)) => look(value.as_array()?.iter().find(|item| item[key] == wanted)?, rest),
                None if value.is_array() => look(value.get(chosen.parse::<usize>().ok()?)?, rest),
                None => look(value.get(chosen)?, rest),
            },
        };
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (field, rest) = path.split_at(end);
    look(value.get(field)?, rest.strip_prefix('.').unwrap_or(rest))
}

fn files() -> Vec<(PathBuf, Facts)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(repository().join("tests/facts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let facts = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, facts)
    };
    paths.into_iter().map(read).collect()
}

fn render(environment: &str, helm: HelmVersion) -> Vec<u8> {
    Chart::open(repository().join("chart"))
        .unwrap()
        .environment(repository().join("values"), environment)
        .unwrap()
        .helm(helm)
        .kubernetes("1.34")
        .render()
        .unwrap()
        .stream
}

#[test]
fn every_fact_holds_in_every_environment_with_both_helms() {
    let mut told = String::new();
    let mut checked = 0;
    for (path, facts) in files() {
        for environment in &facts.environments {
            for helm in [HelmVersion::V3, HelmVersion::V4] {
                let stream = render(environment, helm);
                for contradiction in facts.hold_in(environment, &Objects::read(&stream).unwrap()) {
                    told.push_str(&format!(
                        "\n{environment} {helm}, {}:\n  {contradiction}\n",
                        path.file_name().unwrap().display()
                    ));
                }
                checked += facts.facts.iter().filter(|fact| fact.is_about(environment)).count();
            }
        }
    }
    assert!(told.is_empty(), "{told}");
    assert!(checked > 0, "there are no facts");
}

#[test]
fn nothing_differs_between_environments_but_what_the_facts_allow() {
    let mut compared = 0;
    for (path, facts) in files() {
        let Some(differences) = &facts.differences else { continue };
        for helm in [HelmVersion::V3, HelmVersion::V4] {
            let streams: Vec<_> = facts.environments.iter().map(|name| render(name, helm)).collect();
            let settled: Vec<_> = streams.iter().map(|stream| differences.without(stream)).collect();
            for (at, pair) in settled.windows(2).enumerate() {
                let names = &facts.environments[at..=at + 1];
                assert_eq!(pair[0], pair[1], "{}, {}: {names:?}", path.display(), differences.line);
                assert_ne!(streams[at], streams[at + 1], "{names:?} are the same");
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no system says that its environments are alike");
}

#[test]
fn no_fact_holds_where_there_is_nothing() {
    for (path, facts) in files() {
        let ids: BTreeSet<_> = facts.facts.iter().map(|fact| fact.id.as_str()).collect();
        assert_eq!(ids.len(), facts.facts.len(), "{}: two facts have one id", path.display());
        for environment in &facts.environments {
            let told = facts.hold_in(environment, &Objects::read(b"").unwrap());
            let about = facts.facts.iter().filter(|fact| fact.is_about(environment)).count();
            let closed = facts.closed().iter().filter(|closed| closed.is_about(environment)).count();
            assert!(closed > 0, "{}: {environment} may hold any object", path.display());
            assert_eq!(told.len(), about + closed, "{}: {environment}", path.display());
            assert_eq!(environment.split('/').next(), Some(facts.system.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn a_contradiction_names_fact_line_object_path_expected_and_found() {
    let facts: Facts = serde_yaml::from_str(
        "{system: shop, environments: [shop], objects: {line: L1, environments: [shop], exactly: [Service/web], \
         kinds: [Service]}, facts: [\
         {id: web-port, line: L7, object: Service/web, path: 'spec.ports[name=http].port', equals: 80}, \
         {id: web-names, line: L8, object: Service/web, path: 'spec.ports[*].name', elements: [http, admin]}, \
         {id: web-type, line: L9, object: Service/web, path: spec.type, absent: true}, \
         {id: keys, line: L9, object: Service/web, path: 'spec.selector[*keys]', equals: [app]}, \
         {id: first, line: L9, object: Service/web, path: 'spec.ports[0].name', equals: admin}]}",
    )
    .unwrap();
    let stream = |port: u16, more: &str| {
        format!(
            "kind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{name: admin, port: 9}}, \
             {{name: http, port: {port}}}]{more}}}\n---\nkind: Pod\nmetadata: {{name: t, annotations: \
             {{helm.sh/hook: test}}}}\n"
        )
    };
    let told = |text: &str| -> Vec<String> {
        let objects = Objects::read(text.as_bytes()).unwrap();
        facts.hold_in("shop", &objects).iter().map(ToString::to_string).collect()
    };
    assert_eq!(told(&stream(80, "")), Vec::<String>::new());
    assert_eq!(
        told(&stream(8080, "")),
        ["web-port (L7): Service/web spec.ports[name=http].port\n    expected 80\n    found    8080"]
    );
    assert_eq!(
        told(&stream(80, ", type: NodePort")),
        ["web-type (L9): Service/web spec.type\n    expected nothing\n    found    \"NodePort\""]
    );
    let more = stream(80, "") + "---\nkind: Ingress\nmetadata: {name: way-in}\n";
    assert_eq!(
        told(&more),
        [
            "nothing-else (L1): all kind/metadata.name\n    expected also \n    found    unexpected Ingress/way-in"
        ]
    );
}
