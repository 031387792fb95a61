//! What tests of a chart say about what it renders, in a line each, with an answer people can read.
//!
//! Each of these panics where what it says does not hold, as `assert!` does; so does asking for an object that
//! is not there, which names those that are. Depends on [`crate::chart`], [`crate::objects`],
//! [`crate::assertions`] and the text reports.
//!
//! ```
//! use gift_harness::assert::{assert_contains, assert_field, assert_nothing_found, assert_refused};
//! use gift_harness::chart::Chart;
//! use serde_json::json;
//!
//! // Any chart will do; this one is made for the purpose.
//! let directory = tempfile::tempdir()?;
//! std::fs::create_dir(directory.path().join("templates"))?;
//! std::fs::write(directory.path().join("Chart.yaml"), "{apiVersion: v2, name: shop, version: 1.0.0}")?;
//! std::fs::write(directory.path().join("values.yaml"), "greeting: hello\n")?;
//! std::fs::write(
//!     directory.path().join("templates/settings.yaml"),
//!     "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  greeting: {{ required \"greeting is missing\" .Values.greeting }}\n",
//! )?;
//!
//! let chart = Chart::open(directory.path())?;
//! let rendered = chart.render()?;
//! assert_nothing_found(&rendered);
//! assert_field(&rendered, "ConfigMap/settings", "data.greeting", &json!("hello"));
//! assert_contains(&rendered, "ConfigMap/settings", &json!({"data": {"greeting": "hello"}}));
//! assert_refused(&chart.inline(json!({"greeting": null})), "greeting is missing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(clippy::panic, reason = "these are for tests, in which what does not hold panics")]

use crate::assertions::{self, Context};
use crate::chart::{Chart, Rendered};
use crate::objects::{Object, Objects, to_json};
use gift_plugin::protocol::Finding;
use serde_json::Value;
use std::fmt::Write as _;

/// Every assertion of [`assertions`] holds, and the built-in schemas of the newest Kubernetes do.
///
/// # Panics
///
/// With each finding: its rule, object and path, what is wrong and how to mend it.
#[track_caller]
pub fn assert_nothing_found(rendered: &Rendered) {
    assert_nothing_found_in(rendered, &Context::default());
}

/// As [`assert_nothing_found`], in a context: another version of Kubernetes, schemas of custom resources, the
/// assertions to leave out.
///
/// ```
/// use gift_harness::assert::assert_nothing_found_in;
/// use gift_harness::assertions::Context;
/// use gift_harness::chart::Chart;
///
/// let rendered = Chart::open("../chart")?.kubernetes("1.33").render()?;
/// let skip = ["node-access".to_owned()];
/// assert_nothing_found_in(&rendered, &Context { kubernetes: Some("1.33"), skip: &skip, ..Context::default() });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// With each finding.
#[track_caller]
pub fn assert_nothing_found_in(rendered: &Rendered, context: &Context<'_>) {
    let objects = objects(rendered);
    let findings = assertions::check(&objects, context);
    assert!(findings.is_empty(), "{}", told(&findings));
}

/// A field of an object, `Kind/name`, has a value; the path is as people write it, `spec.ports[0].name`.
///
/// # Panics
///
/// When there is no such object or field, with those there are, or when the value is another, with both.
#[track_caller]
pub fn assert_field(rendered: &Rendered, object: &str, path: &str, expected: &Value) {
    let objects = objects(rendered);
    let found = object_of(&objects, object);
    let actual = found.get(path).map(to_json);
    let Some(actual) = actual else {
        panic!("{object} has no `{path}`{}", above(found, path));
    };
    let differences = differing(path, expected, &actual, Whole::Yes);
    assert!(differences.is_empty(), "{object} is not as expected:\n{differences}");
}

/// An object, `Kind/name`, holds at least this: what is not named may be anything. Lists are compared whole.
///
/// # Panics
///
/// When there is no such object, or with every path at which it differs: what was expected and what is there.
#[track_caller]
pub fn assert_contains(rendered: &Rendered, object: &str, expected: &Value) {
    let objects = objects(rendered);
    let actual = object_of(&objects, object).to_json();
    let differences = differing("", expected, &actual, Whole::No);
    assert!(differences.is_empty(), "{object} is not as expected:\n{differences}");
}

/// There is no such object, `Kind/name`.
///
/// ```
/// use gift_harness::assert::assert_absent;
/// use gift_harness::chart::Chart;
///
/// let rendered = Chart::open("../chart")?.render()?;
/// assert_absent(&rendered, "NetworkPolicy/deny-all");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// When there is, with the template it comes from.
#[track_caller]
pub fn assert_absent(rendered: &Rendered, object: &str) {
    let objects = objects(rendered);
    let (kind, name) = parts(object);
    if let Some(found) = objects.find(kind, name) {
        panic!("{object} is there, from {}", found.source());
    }
}

/// Helm refuses to render the chart, and says this.
///
/// # Panics
///
/// When it renders, or says something else, with what it said.
#[track_caller]
pub fn assert_refused(chart: &Chart, message: &str) {
    match chart.render() {
        Ok(_) => panic!("the chart renders; it was to be refused with `{message}`"),
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains(message), "was to be refused with `{message}`, but: {said}");
        }
    }
}

#[track_caller]
fn objects(rendered: &Rendered) -> Objects<'_> {
    match rendered.objects() {
        Ok(objects) => objects,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn parts(object: &str) -> (&str, &str) {
    match object.split_once('/') {
        Some(parts) => parts,
        None => panic!("`{object}` names no object; it is Kind/name, as Deployment/web"),
    }
}

#[track_caller]
fn object_of<'s, 'a>(objects: &'s Objects<'a>, object: &str) -> &'s Object<'a> {
    let (kind, name) = parts(object);
    match objects.find(kind, name) {
        Some(found) => found,
        None => {
            let of_kind: Vec<_> = objects.kind(kind).map(Object::name).collect();
            let known = if of_kind.is_empty() {
                let mut kinds: Vec<_> = objects.iter().map(Object::kind).collect();
                kinds.sort_unstable();
                kinds.dedup();
                format!("there is no {kind} at all, but: {}", kinds.join(", "))
            } else {
                format!("there are: {}", of_kind.join(", "))
            };
            panic!("there is no {object}; {known}");
        }
    }
}

/// The fields there are where a path ends to be one.
fn above(object: &Object<'_>, path: &str) -> String {
    let mut upper = path;
    while let Some((before, _)) = upper.rsplit_once(['.', '[']) {
        upper = before;
        if let Some(Value::Object(fields)) = object.get(upper).map(to_json) {
            let names: Vec<_> = fields.keys().map(String::as_str).collect();
            return format!("; `{upper}` has: {}", names.join(", "));
        }
    }
    String::new()
}

/// Whether what is not expected may be there.
#[derive(Clone, Copy, PartialEq)]
enum Whole {
    Yes,
    No,
}

/// A line for each place at which something is not as expected.
fn differing(path: &str, expected: &Value, actual: &Value, whole: Whole) -> String {
    let mut lines = String::new();
    compare(path, Some(expected), Some(actual), whole, &mut lines);
    lines
}

fn compare(path: &str, expected: Option<&Value>, actual: Option<&Value>, whole: Whole, lines: &mut String) {
    match (expected, actual) {
        (Some(Value::Object(expected)), Some(Value::Object(actual))) => {
            let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            for (key, value) in expected {
                compare(&join(key), Some(value), actual.get(key), whole, lines);
            }
            for (key, value) in
                actual.iter().filter(|(key, _)| whole == Whole::Yes && !expected.contains_key(*key))
            {
                compare(&join(key), None, Some(value), whole, lines);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(actual))) => {
            for index in 0..expected.len().max(actual.len()) {
                let path = format!("{path}[{index}]");
                compare(&path, expected.get(index), actual.get(index), whole, lines);
            }
        }
        (expected, actual) if expected == actual => {}
        (expected, actual) => {
            let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            // Writing to a text cannot fail.
            let _ = writeln!(
                lines,
                "  {path}\n    expected: {}\n    is:       {}",
                shown(expected),
                shown(actual)
            );
        }
    }
}

fn told(findings: &[Finding]) -> String {
    let mut text = format!("{} found:", findings.len());
    for finding in findings {
        let object = &finding.object;
        let _ = write!(
            text,
            "\n  {} {}/{} {}: {}\n    {}",
            finding.rule, object.kind, object.name, finding.path, finding.message, finding.help
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rendered() -> Rendered {
        let stream = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80}, {name: https, port: 443}]\n";
        Rendered { stream: stream.as_bytes().to_vec(), warnings: Vec::new() }
    }

    fn said(what: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(what).unwrap_err();
        panic.downcast_ref::<String>().cloned().unwrap()
    }

    #[test]
    fn what_differs_is_told_with_its_path_and_both_values() {
        let expected = json!({"spec": {"ports": [{"name": "http", "port": 8080}], "type": "ClusterIP"}});
        assert_eq!(
            said(|| assert_contains(&rendered(), "Service/web", &expected)),
            "Service/web is not as expected:\n  spec.ports[0].port\n    expected: 8080\n    is:       80\n  \
             spec.ports[1]\n    expected: nothing\n    is:       {\"name\":\"https\",\"port\":443}\n  spec.type\n    \
             expected: \"ClusterIP\"\n    is:       nothing\n"
        );
        assert_contains(&rendered(), "Service/web", &json!({"spec": {"selector": {"app": "web"}}}));
    }

    #[test]
    fn a_field_is_compared_whole() {
        assert_field(&rendered(), "Service/web", "spec.ports[1].name", &json!("https"));
        let said = said(|| assert_field(&rendered(), "Service/web", "spec.ports[0]", &json!({"port": 80})));
        assert!(said.contains("spec.ports[0].name\n    expected: nothing\n    is:       \"http\""), "{said}");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let field = said(|| assert_field(&rendered(), "Service/web", "spec.type", &json!("ClusterIP")));
        assert_eq!(field, "Service/web has no `spec.type`; `spec` has: ports, selector");
        let name = said(|| assert_field(&rendered(), "Service/shop", "spec", &json!({})));
        assert_eq!(name, "there is no Service/shop; there are: web");
        let kind = said(|| assert_contains(&rendered(), "Pod/web", &json!({})));
        assert_eq!(kind, "there is no Pod/web; there is no Pod at all, but: Service");
        assert_absent(&rendered(), "Pod/web");
        assert!(said(|| assert_absent(&rendered(), "Service/web")).starts_with("Service/web is there"));
    }

    #[test]
    fn findings_are_told_with_the_way_out() {
        let said = said(|| assert_nothing_found(&rendered()));
        assert!(said.starts_with("1 found:\n  service-target Service/web spec.selector: "), "{said}");
    }
}
