//! The engine against results of the API server's own one.
//!
//! The tables hold expressions and what `k8s.io/apiserver` v0.36.3 makes of them, written as
//! [`shown`] writes values, and its messages where there is no value.

mod errors;
mod found;
mod kubernetes;
mod language;
mod libraries;
mod limits;
mod macros;

use super::{Activation, Budget, Declarations, Environment, Opaque, Text, Value};
use crate::yaml::{Limits, load_stream};

/// A value in a form that tells its type: `1`, `1u`, `1e0`, `"a"`, `b"61"`, `[1]`, `{"a": 1}`.
fn shown(value: &Value<'_>) -> String {
    let value = value.clone().plain();
    if let Some(list) = value.as_list() {
        let elements: Vec<String> = list.iter().map(|element| shown(&element)).collect();
        return format!("[{}]", elements.join(", "));
    }
    if let Some(map) = value.as_map() {
        let entry = |key: &Value<'_>| format!("{}: {}", shown(key), shown(&map.get(key).unwrap()));
        let mut entries: Vec<String> = map.keys().iter().map(entry).collect();
        entries.sort();
        return format!("{{{}}}", entries.join(", "));
    }
    match &value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => format!("{value}u"),
        Value::Double(value) => format!("{value:e}"),
        Value::String(Text::Borrowed(text)) => serde_json::to_string(text).unwrap(),
        Value::String(Text::Shared(text)) => serde_json::to_string(&**text).unwrap(),
        Value::Bytes(bytes) => {
            format!("b{:?}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Value::Type(kind) => format!("type {}", kind.name()),
        Value::Duration(duration) => format!("duration {}", duration.nanoseconds()),
        Value::Timestamp(timestamp) => format!("timestamp {timestamp}"),
        Value::Optional(Some(value)) => format!("some({})", shown(value)),
        Value::Optional(None) => "none".to_owned(),
        Value::Opaque(opaque) => match &**opaque {
            Opaque::Quantity(_) | Opaque::Sum(_) => "quantity".to_owned(),
            Opaque::Url(url) => format!("url {url}"),
            Opaque::Ip(address) => format!("ip {address}"),
            Opaque::Cidr(range) => format!("cidr {range}"),
            Opaque::Semver(_) => "semver".to_owned(),
            Opaque::Format(format) => format!("format {format:?}").to_lowercase(),
        },
        Value::List(_) | Value::Map(_) | Value::Node(_) => unreachable!("lists and maps are shown above"),
    }
}

/// What `source` gives for Kubernetes `1.<minor>` when `object` is the document in YAML.
fn result(source: &str, object: &str, minor: u32) -> String {
    let mut declarations = Declarations::default();
    declarations.declare("object", super::Type::Dyn);
    let program = match Environment::for_minor(minor).compile(source, &declarations) {
        Ok(program) => program,
        Err(error) => return format!("compile: {error}"),
    };
    let documents = load_stream(object, &Limits::default()).unwrap();
    let mut activation = Activation::default();
    activation.bind("object", Value::Node(&documents[0].root));
    match program.evaluate(&activation, &mut Budget::new(10_000_000)) {
        Ok(value) => shown(&value),
        Err(error) => format!("error: {error}"),
    }
}

/// The object the expressions of the tables look at.
const OBJECT: &str = r#"
kind: Pod
metadata: {name: web, labels: {app: web, tier: front}, annotations: {}}
replicas: 3
ratio: 0.5
"on": true
nothing: null
empty: ""
list: [1, 2, 3]
names: [b, a, c]
mixed: [1, a, true, null, 2.5]
spec:
  containers:
    - {name: a, image: "nginx:1.25", resources: {limits: {cpu: 100m, memory: 1Gi}}}
    - {name: b, image: redis, ports: [{containerPort: 80}]}
nested: [[1, 2], [3, [4]]]
map: {x: 1, "y": 2}
"#;

/// The version the tables were made for.
const MINOR: u32 = 36;

/// What is wrong with a constant is told without a place.
fn without_place(result: String) -> String {
    match result.split_once("program instantiation failed: ").and_then(|(_, told)| told.split_once("\n | ")) {
        Some((message, _)) => format!("refused: {message}"),
        None => result,
    }
}

/// Every expression gives what the table says.
fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(source, expected)| (source, expected, without_place(result(source, OBJECT, MINOR))))
        .filter(|(_, expected, found)| **expected != found)
        .map(|(source, expected, found)| format!("{source}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

/// Every expression is refused at the place and with the words the table says.
fn refused(table: &[(&str, &str)]) {
    for (source, expected) in table {
        let found = result(source, OBJECT, MINOR);
        let message = found.strip_prefix("compile: ERROR: <input>:").and_then(|found| found.lines().next());
        assert_eq!(message, Some(*expected), "{source}: {found}");
    }
}
