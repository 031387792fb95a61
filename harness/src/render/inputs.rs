//! What can be told about a request before Helm is asked, and better than Helm would tell it.

use super::{RenderError, RenderRequest};
use gift_plugin::yaml::{Limits, Lines, Value, load_stream};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Refuses a request whose chart or values files are not there or not YAML.
pub(super) fn check(request: &RenderRequest) -> Result<(), RenderError> {
    check_chart(&request.chart)?;
    request.values_files.iter().try_for_each(check_values_file)
}

fn check_chart(path: &Path) -> Result<(), RenderError> {
    let refuse = |reason: &str| Err(RenderError::Chart { path: path.to_owned(), reason: reason.to_owned() });
    match path.metadata() {
        Err(error) => refuse(&error.to_string()),
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) if path.join("Chart.yaml").is_file() => Ok(()),
        Ok(_) => refuse("the directory has no Chart.yaml"),
    }
}

/// The contents of values files that were found good in this process: many renderings share a few files.
static GOOD: Mutex<BTreeSet<[u8; blake3::OUT_LEN]>> = Mutex::new(BTreeSet::new());

/// Helm's own messages about a values file name the line at best; this names the column too.
fn check_values_file(path: &PathBuf) -> Result<(), RenderError> {
    let text =
        std::fs::read(path).map_err(|source| RenderError::ValuesFile { path: path.clone(), source })?;
    let hash = *blake3::hash(&text).as_bytes();
    if GOOD.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash) {
        return Ok(());
    }
    check_values(path, &text)?;
    GOOD.lock().unwrap_or_else(PoisonError::into_inner).insert(hash);
    Ok(())
}

fn check_values(path: &Path, text: &[u8]) -> Result<(), RenderError> {
    let refuse = |(line, column): (usize, usize), message: String| {
        Err(RenderError::ValuesYaml { path: path.to_owned(), line, column, message })
    };
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let good = std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
            return refuse(Lines::new(good).position(good.len()), "not UTF-8".to_owned());
        }
    };
    match load_stream(text, &Limits::default()) {
        Err(error) => refuse(Lines::new(text).position(error.at), error.to_string()),
        Ok(documents) => match documents.first() {
            Some(document) if !matches!(document.root.value, Value::Mapping(_) | Value::Null) => refuse(
                Lines::new(text).position(document.root.span.start),
                "not a mapping of keys to values".to_owned(),
            ),
            _ => Ok(()),
        },
    }
}

/// Helm reads one stream from its standard input, so values given in place are joined before.
/// A null stays: it takes away what is below it.
pub(super) fn merged(values: &[serde_json::Value]) -> serde_json::Value {
    let mut all = serde_json::Value::Object(serde_json::Map::new());
    for value in values {
        merge(&mut all, value);
    }
    all
}

fn merge(below: &mut serde_json::Value, above: &serde_json::Value) {
    match (below, above) {
        (serde_json::Value::Object(below), serde_json::Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key.clone()).or_insert(serde_json::Value::Null), value);
            }
        }
        (below, above) => below.clone_from(above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_in_place_are_joined_key_by_key() {
        let all = merged(&[json!({"a": {"b": 1, "c": 2}}), json!({"a": {"c": null, "d": [1]}})]);
        assert_eq!(all, json!({"a": {"b": 1, "c": null, "d": [1]}}));
    }

    #[test]
    fn a_values_file_that_is_not_yaml_is_named_with_line_and_column() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("values.yaml");
        std::fs::write(&path, "a: 1\nb: [1\nc: 2\n").unwrap();
        let error = check_values_file(&path).unwrap_err();
        assert!(error.to_string().contains("values.yaml:3:"), "{error}");
        std::fs::write(&path, "hello\n").unwrap();
        assert!(check_values_file(&path).unwrap_err().to_string().contains("not a mapping"));
        std::fs::write(&path, "# nothing\n").unwrap();
        check_values_file(&path).unwrap();
    }
}
