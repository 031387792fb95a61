//! The JSON report against the schema that is published with it.

use super::schema::Schema;
use super::written;
use crate::workplace::repository;
use serde_json::{Value, json};

fn published() -> Value {
    let text = std::fs::read(repository().join("docs/findings-v1.schema.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The schema without room for fields it does not describe.
fn closed() -> Value {
    let mut schema = published();
    for object in ["stream", "run", "part", "object", "statistics", "cell"] {
        schema["$defs"][object]["unevaluatedProperties"] = json!(false);
    }
    for findings in ["stream", "run"] {
        schema["$defs"][findings]["properties"]["findings"]["items"]["unevaluatedProperties"] = json!(false);
    }
    schema
}

#[test]
fn the_published_schema_describes_every_field_and_no_other() {
    let (schema, closed) = (Schema::new(&published()), Schema::new(&closed()));
    let mut failed_cells = 0;
    for written in written("json") {
        let document: Value = serde_json::from_str(&written.text).unwrap();
        assert_eq!(schema.fault(&document), None, "{}", written.about);
        assert_eq!(closed.fault(&document), None, "{}: a field is not described", written.about);
        let cells = document["cells"].as_array().into_iter().flatten();
        failed_cells += cells.filter(|cell| cell.get("failure").is_some()).count();
    }
    // Every other field is required, so one that is described and no longer written is told above.
    assert!(failed_cells > 0, "`failure` is described and never written");
    let required = |object: &Value| object["required"].as_array().unwrap().len();
    for (name, object) in published()["$defs"].as_object().unwrap() {
        if let Some(properties) = object["properties"].as_object() {
            // `failure`, `shard` and `chartDirectory`.
            let optional = usize::from(["cell", "part", "run"].contains(&name.as_str()));
            assert_eq!(properties.len() - optional, required(object), "{name}: what is written is required");
        }
    }
}

#[test]
fn the_schema_bites() {
    let (schema, closed) = (Schema::new(&published()), Schema::new(&closed()));
    let written = written("json");
    for (about, pointer, value) in [
        ("a policy", "/version", json!(2)),
        ("a policy", "/findings/0/severity", json!("fatal")),
        ("a policy", "/findings/0/object", json!({})),
        ("a policy", "/findings/0/line", json!("3")),
        ("a policy", "/statistics/objects", json!(-1)),
        ("cells", "/cells/0/passed", json!("yes")),
        ("cells", "/findings/0/cell", json!("")),
        ("cells", "/seconds", json!(-0.5)),
    ] {
        let written = written.iter().find(|written| written.about == about).unwrap();
        let mut document: Value = serde_json::from_str(&written.text).unwrap();
        *document.pointer_mut(pointer).unwrap() = value;
        assert!(schema.fault(&document).is_some(), "{pointer} is not looked at");
    }
    for (about, pointer) in
        [("a policy", "/findings/0"), ("cells", "/findings/0"), ("cells", "/cells/0"), ("cells", "")]
    {
        let written = written.iter().find(|written| written.about == about).unwrap();
        let mut document: Value = serde_json::from_str(&written.text).unwrap();
        let object = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.insert("added".to_owned(), json!(1));
        assert_eq!(schema.fault(&document), None, "fields may be added");
        assert!(closed.fault(&document).is_some(), "{about}{pointer}: a new field is not noticed");
    }
}
