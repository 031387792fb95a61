//! The schemas and a real API server say the same of the same objects: of good ones, and of each of them
//! with one change at a time.
//!
//! Creations are tried with strict decoding and not carried out; what only server-side apply looks at, lists
//! whose items must differ, is tried that way too. Status 400 is what the API server says of an object that
//! cannot be read, 422 of one whose values it does not like: of those the schemas say a part, what is required
//! and what only some texts may be, and must say nothing of an object the API server takes.

use super::parity::server::{Answer, Connection, Proxy};
use super::shared::{eventually, kubectl_output};
use crate::workplace::{repository, text};
use gift_harness::objects::Objects;
use gift_harness::schema::{CustomSchemas, Minor, Mistake, Schemas, Verdict};
use gift_plugin::protocol::Severity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// So many changed objects must have been compared.
const LEAST: usize = 18_000;

/// A difference there is a reason for.
struct Reason {
    title: &'static str,
    /// Whether the schemas say more than the API server, instead of less.
    is_stricter: bool,
    /// The kind, and a part of the place of the change.
    at: &'static [(&'static str, &'static str)],
}

const REASONS: &[Reason] = &[
    Reason {
        title: "the API server reads schemas inside `items` and `additionalProperties` by decoders of their own",
        is_stricter: false,
        at: &[("CustomResourceDefinition", "/items"), ("CustomResourceDefinition", "/additionalProperties")],
    },
    Reason {
        title: "the status of a new custom resource is dropped, and not looked at here either",
        is_stricter: false,
        at: &[("Test", "/status")],
    },
    Reason {
        title: "a list passes the API server's check of a text's format",
        is_stricter: true,
        at: &[("Test", "/spec/when"), ("Test", "/spec/address")],
    },
    Reason {
        title: "a list of numbers is bytes to Go's decoder",
        is_stricter: true,
        at: &[("ConfigMap", "/binaryData/e"), ("ValidatingWebhookConfiguration", "/caBundle")],
    },
    Reason {
        title: "the field is dropped unseen while the feature it is for is off, as it is by default",
        is_stricter: true,
        at: &[("Pod", "/clusterTrustBundle/"), ("Pod", "/podCertificate/"), ("Pod", "/lifecycle/stopSignal")],
    },
];

/// An object with one change.
#[derive(Debug)]
struct Changed {
    what: &'static str,
    place: String,
    object: Value,
}

#[test]
fn the_schemas_say_what_the_api_server_says() {
    let stream = fs::read_to_string(repository().join("tests/schemas/objects.yaml")).unwrap();
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let schemas = Schemas::default().with(Arc::new(CustomSchemas::of_stream(&objects)));
    let definitions: Vec<String> =
        objects.kind("CustomResourceDefinition").map(|object| object.to_json().to_string()).collect();
    let applied = kubectl_output(&["apply", "-f=-"], &definitions.join("\n---\n"));
    assert!(applied.status.success(), "{}", text(&applied.stderr));

    let proxy = Proxy::start();
    let mut resources = Resources::new(proxy.connect());
    eventually("the custom resources are served", || {
        resources.path("schemas.example.com/v1", "Test").is_some()
    });
    let mut cases = Vec::new();
    for object in &objects {
        let path = resources.path(object.api_version(), object.kind()).unwrap();
        let value = object.to_json();
        cases.extend(changes(&value).into_iter().map(|changed| (path.clone(), changed)));
    }
    assert!(cases.len() >= LEAST, "only {} objects", cases.len());

    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = proxy.connect();
                while let Some((path, changed)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = said(&schemas, &changed.object);
                    let heard = hear(&mut connection, path, changed, !said.is_empty());
                    tally.lock().unwrap().add(changed, &said, &heard);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    eprintln!("{} objects: {:#?}", cases.len(), (&tally.agreed, &tally.explained));
    assert_eq!(tally.differences, Vec::<String>::new());
    for reason in REASONS {
        assert!(tally.explained.contains_key(reason.title), "nothing needs: {}", reason.title);
    }
    for outcome in ["both refuse", "both accept"] {
        assert!(
            tally.agreed.get(outcome).is_some_and(|count| *count > 1_000),
            "{outcome}: {:?}",
            tally.agreed
        );
    }
}

/// The errors found in an object.
fn said(schemas: &Schemas, object: &Value) -> Vec<Mistake> {
    let text = object.to_string();
    let objects = Objects::read(text.as_bytes()).unwrap();
    match schemas.judge(objects.iter().next().unwrap(), Minor::NEWEST) {
        Verdict::Known(mistakes) => {
            mistakes.into_iter().filter(|mistake| mistake.severity == Severity::Error).collect()
        }
        Verdict::Unknown => panic!("nothing is known of {}", object["kind"]),
    }
}

/// What the API server makes of an object.
#[derive(Clone, Debug, PartialEq)]
enum Heard {
    /// It takes it, or has it already.
    Accepted,
    /// It cannot be read.
    Unreadable(String),
    /// It can be read, and is refused for what it says.
    Refused(String),
}

fn hear(connection: &mut Connection, path: &str, changed: &Changed, is_refused_here: bool) -> Heard {
    let body = changed.object.to_string();
    let created = connection.send(
        "POST",
        &format!("{path}?dryRun=All&fieldValidation=Strict"),
        "application/json",
        &body,
    );
    let created = understood(&created);
    // Whether items differ is asked by server-side apply alone.
    let is_about_items = matches!(changed.what, "doubled" | "null");
    let is_settled =
        matches!(created, Heard::Unreadable(_)) || (is_refused_here && created != Heard::Accepted);
    let Some(name) = changed.object["metadata"]["name"].as_str().filter(|_| is_about_items && !is_settled)
    else {
        return created;
    };
    let path = format!("{path}/{name}?dryRun=All&fieldValidation=Strict&fieldManager=tests&force=true");
    let applied = understood(&connection.send("PATCH", &path, "application/apply-patch+yaml", &body));
    if matches!(applied, Heard::Unreadable(_)) { applied } else { created }
}

fn understood(answer: &Answer) -> Heard {
    let message = answer.body["message"].as_str().unwrap_or_default().to_owned();
    match answer.status {
        200..300 | 409 => Heard::Accepted,
        400 if message.starts_with("the namespace of the provided object") => Heard::Refused(message),
        400 => Heard::Unreadable(message),
        // What a list of distinct items holds twice cannot be read into one.
        500 if message.starts_with("failed to create typed patch object") => Heard::Unreadable(message),
        _ => Heard::Refused(message),
    }
}

#[derive(Default)]
struct Tally {
    agreed: BTreeMap<&'static str, usize>,
    explained: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, changed: &Changed, said: &[Mistake], heard: &Heard) {
        let is_stricter = match (said, heard) {
            ([], Heard::Accepted) => return *self.agreed.entry("both accept").or_default() += 1,
            ([_, ..], Heard::Unreadable(_)) => return *self.agreed.entry("both refuse").or_default() += 1,
            ([_, ..], Heard::Refused(_)) => {
                return *self.agreed.entry("both refuse, values").or_default() += 1;
            }
            ([], Heard::Refused(_)) => return *self.agreed.entry("left to the API server").or_default() += 1,
            ([_, ..], Heard::Accepted) => true,
            ([], Heard::Unreadable(_)) => false,
        };
        let kind = changed.object["kind"].as_str().unwrap();
        let applies = |reason: &&Reason| {
            reason.is_stricter == is_stricter
                && reason
                    .at
                    .iter()
                    .any(|(of, part)| *of == kind && format!("{}/", changed.place).contains(part))
        };
        match REASONS.iter().find(applies) {
            Some(reason) => *self.explained.entry(reason.title).or_default() += 1,
            None => {
                let Changed { what, place, .. } = changed;
                self.differences
                    .push(format!("{kind} {place} {what}: {said:?}, and the API server: {heard:?}"));
            }
        }
    }
}

/// Where objects are sent to.
struct Resources {
    connection: Connection,
}

impl Resources {
    fn new(connection: Connection) -> Self {
        Self { connection }
    }

    fn path(&mut self, api_version: &str, kind: &str) -> Option<String> {
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let listed = self.connection.send("GET", &format!("/{root}/{api_version}"), "application/json", "");
        let is_it = |resource: &&Value| {
            resource["kind"] == kind && !resource["name"].as_str().is_some_and(|name| name.contains('/'))
        };
        let resource = listed.body["resources"].as_array()?.iter().find(is_it)?;
        let name = resource["name"].as_str()?;
        Some(if resource["namespaced"] == true {
            format!("/{root}/{api_version}/namespaces/default/{name}")
        } else {
            format!("/{root}/{api_version}/{name}")
        })
    }
}

/// The object as it is, and with each change at each of its places.
fn changes(object: &Value) -> Vec<Changed> {
    let mut places = vec![String::new()];
    collect(object, "", &mut places);
    let mut found = vec![Changed { what: "as it is", place: String::new(), object: object.clone() }];
    for place in places {
        if place == "/apiVersion" || place == "/kind" {
            continue;
        }
        let mut change = |what, value: Option<Value>| {
            let mut object = object.clone();
            match value {
                Some(value) => *object.pointer_mut(&place).unwrap() = value,
                None => remove(&mut object, &place),
            }
            found.push(Changed { what, place: place.clone(), object });
        };
        let value = object.pointer(&place).unwrap();
        if let Value::Object(fields) = value {
            let mut fields = fields.clone();
            fields.insert("unknownField".to_owned(), json!("x"));
            change("an unknown field", Some(Value::Object(fields)));
        }
        if place.is_empty() {
            continue;
        }
        change("dropped", None);
        change("null", Some(Value::Null));
        for other in others() {
            let is_other = std::mem::discriminant(&other) != std::mem::discriminant(value);
            if is_other || other == json!("text") || other == json!("") {
                change("of another type", Some(other));
            }
        }
        if let Value::Array(items) = value
            && let Some(first) = items.first()
        {
            change("doubled", Some(Value::Array([items.as_slice(), std::slice::from_ref(first)].concat())));
            change("null", Some(Value::Array([items.as_slice(), &[Value::Null]].concat())));
        }
    }
    found
}

/// Values of every type, some of which pass for others.
fn others() -> [Value; 9] {
    [
        json!("text"),
        json!(""),
        json!(7),
        json!(1.5),
        json!(3_000_000_000_i64),
        json!(true),
        json!([]),
        json!(["a"]),
        json!({}),
    ]
}

fn collect(value: &Value, here: &str, places: &mut Vec<String>) {
    let mut visit = |step: String, child: &Value| {
        let place = format!("{here}/{}", step.replace('~', "~0").replace('/', "~1"));
        places.push(place.clone());
        collect(child, &place, places);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, child)| visit(key.clone(), child)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, child)| visit(index.to_string(), child));
        }
        _ => {}
    }
}

fn remove(object: &mut Value, place: &str) {
    let (parent, step) = place.rsplit_once('/').unwrap();
    match object.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(&step.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(step.parse().unwrap())),
        _ => unreachable!(),
    }
}
