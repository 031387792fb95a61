//! The plugin reads YAML as `sigs.k8s.io/yaml` does, which is what Kubernetes and Helm read it with.
//!
//! `tests/yaml-reference` is a program around that library; both read thousands of generated documents and
//! must make the same of each: the same value, or an error both.

mod corpus;
mod written;

use crate::reference_program::reference_program;
use gift_plugin::yaml::{Chunk, Limits, LoadErrorKind, Span, load_chunk, to_json};
use serde_json::Value;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// Documents that must have been compared, each different from the others.
const LEAST_DOCUMENTS: usize = 5_000;

/// What is made of a document: a value, or why there is none.
type Reading = Result<Value, String>;

/// What the plugin says where the library reads the first part of a text and does not look at the rest. To
/// say nothing would be to judge less than was written.
const REST: &str = "text behind the end of the document, which Kubernetes would not read";

#[test]
fn every_document_is_read_as_kubernetes_reads_it() {
    let documents = corpus::corpus();
    assert!(documents.len() >= LEAST_DOCUMENTS, "only {} documents", documents.len());
    let references = reference(&documents);
    let mut differences = Vec::new();
    let (mut errors, mut rests) = (0, 0);
    for (document, (reference, has_rest)) in documents.iter().zip(&references) {
        let reading = plugin(document);
        errors += usize::from(reference.is_err());
        rests += usize::from(*has_rest);
        let same = match (&reading, reference) {
            (Ok(ours), Ok(theirs)) => !has_rest && same(ours, theirs),
            (Err(error), Ok(_)) => *has_rest && error == REST,
            (Err(error), Err(_)) => error != REST,
            (Ok(_), Err(_)) => false,
        };
        if !same {
            differences.push(format!("{document:?}\n  plugin:     {reading:?}\n  Kubernetes: {reference:?}"));
        }
    }
    eprintln!("{} documents, {errors} of them errors, {rests} with an unread rest", documents.len());
    assert!(errors * 20 > documents.len(), "errors are hardly tested");
    let shown: Vec<_> = differences.iter().take(100).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), shown.join("\n"));
}

fn plugin(document: &str) -> Reading {
    let chunk = Chunk { span: Span { start: 0, end: document.len() }, source: None };
    match load_chunk(document, chunk, &Limits::default()) {
        Ok(Some(document)) => {
            serde_json::from_str(&to_json(&document.root)).map_err(|error| error.to_string())
        }
        // Nothing at all is null to the library; the plugin has no object to judge there.
        Ok(None) => Ok(Value::Null),
        Err(error) => {
            // A limit is no reading, and no generated document may reach one.
            assert!(
                !matches!(error.kind, LoadErrorKind::Depth(_) | LoadErrorKind::Aliases(_)),
                "{document:?}"
            );
            Err(error.to_string())
        }
    }
}

/// Numbers are the same when they are the same integer or the same float, however they are written.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() <= a.abs() * f64::EPSILON,
                _ => false,
            },
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

/// What the library makes of each document, and whether it leaves a rest unread.
fn reference(documents: &[String]) -> Vec<(Reading, bool)> {
    let mut process = Command::new(reference_program("yaml-reference"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let framed: String = documents.iter().map(|document| format!("{}\n{document}", document.len())).collect();
    let writer = thread::spawn(move || input.write_all(framed.as_bytes()).unwrap());
    let mut output = String::new();
    process.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    writer.join().unwrap();
    assert!(process.wait().unwrap().success());
    let readings: Vec<_> = output
        .lines()
        .map(|line| match line.split_at(2) {
            ("! ", error) => (Err(error.to_owned()), false),
            (start, json) => (Ok(serde_json::from_str(json).unwrap()), start == "~ "),
        })
        .collect();
    assert_eq!(readings.len(), documents.len());
    readings
}
