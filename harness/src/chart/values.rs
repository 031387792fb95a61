//! The values templates see: the chart's own, values files over them, values given in place on top.

use crate::diagnosis::{Category, Diagnose};
use crate::objects::to_json;
use crate::render::RenderRequest;
use gift_plugin::yaml::{Limits, Lines, load_stream};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Why the values cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// A file is not there.
    #[error("{} cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not YAML.
    #[error("{}:{line}:{column} is not YAML that Helm can read: {message}", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
}

impl Diagnose for ValuesError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some("A values file is one YAML mapping of keys to values.".to_owned())
    }
}

/// Composes the values of a request as Helm does: maps are merged key by key, anything else is
/// replaced, and a null takes away what the chart gives.
///
/// `None` when the request has single settings, whose syntax only Helm reads, or the chart is an
/// archive. Values of subcharts are not looked at.
///
/// # Errors
///
/// [`ValuesError`] when a file cannot be read.
pub fn compose(request: &RenderRequest) -> Result<Option<Value>, ValuesError> {
    if !request.settings.is_empty() || !request.chart.is_dir() {
        return Ok(None);
    }
    let mut given = Value::Object(Map::new());
    for file in &request.values_files {
        merge(&mut given, read(file)?);
    }
    for values in &request.values {
        merge(&mut given, values.clone());
    }
    let own = request.chart.join("values.yaml");
    let mut all = if own.is_file() { read(&own)? } else { Value::Object(Map::new()) };
    cover(&mut all, given);
    Ok(Some(all))
}

fn read(path: &Path) -> Result<Value, ValuesError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ValuesError::File { path: path.to_owned(), source })?;
    let documents = load_stream(&text, &Limits::default()).map_err(|error| {
        let (line, column) = Lines::new(&text).position(error.at);
        ValuesError::Yaml { path: path.to_owned(), line, column, message: error.to_string() }
    })?;
    Ok(match documents.first().map(|document| to_json(&document.root)) {
        Some(Value::Object(values)) => Value::Object(values),
        _ => Value::Object(Map::new()),
    })
}

/// Joins what users give; a null is kept, since it means something to the chart below.
fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// Lays what users give over the chart's own values.
fn cover(own: &mut Value, given: Value) {
    match (own, given) {
        (Value::Object(own), Value::Object(given)) => {
            for (key, value) in given {
                match (own.get_mut(&key), value) {
                    (Some(_), Value::Null) => {
                        own.remove(&key);
                    }
                    (Some(below), value) => cover(below, value),
                    (None, value) => {
                        own.insert(key, value);
                    }
                }
            }
        }
        (own, given) => *own = given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_composed_as_helm_does() {
        let directory = tempfile::tempdir().unwrap();
        let chart = directory.path().join("chart");
        std::fs::create_dir(&chart).unwrap();
        std::fs::write(chart.join("values.yaml"), "a: {b: 1, c: 2, l: [1, 2]}\nd: on\n").unwrap();
        let file = directory.path().join("v.yaml");
        std::fs::write(&file, "a: {c: null, l: [3]}\ne: null\n").unwrap();
        let mut request = RenderRequest::new(&chart);
        request.values_files.push(file);
        request.values.push(json!({"a": {"f": "x"}}));
        let values = compose(&request).unwrap().unwrap();
        assert_eq!(values, json!({"a": {"b": 1, "l": [3], "f": "x"}, "d": true, "e": null}));
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("values.yaml"), "a: 1\n\tb: 2\n").unwrap();
        let error = compose(&RenderRequest::new(directory.path())).unwrap_err();
        assert!(error.to_string().contains("values.yaml:2:1 "), "{error}");
    }
}
