//! SARIF against the schema of the standard.

use super::schema::Schema;
use super::written;
use crate::workplace::repository;
use serde_json::{Value, json};

fn schema() -> Schema {
    let text = std::fs::read(repository().join("tests/schemas/sarif-2.1.0.json")).unwrap();
    Schema::new(&serde_json::from_slice(&text).unwrap())
}

fn log(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_log_keeps_the_schema_of_the_standard() {
    let schema = schema();
    let mut without_place = 0;
    for written in written("sarif") {
        let log = log(&written.text);
        assert_eq!(schema.fault(&log), None, "{}", written.about);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let expected = !matches!(written.about, "nothing" | "an exception");
        assert_eq!(!results.is_empty(), expected, "{}: {results:?}", written.about);
        let locations = results.iter().map(|result| &result["locations"][0]);
        without_place += locations.filter(|location| location.get("physicalLocation").is_none()).count();
    }
    assert!(without_place > 0, "no result is without a place");
}

#[test]
fn notes_and_cells_that_failed_are_notifications() {
    let notifications = |about: &str| {
        let written = written("sarif").into_iter().find(|written| written.about == about).unwrap();
        let invocation = log(&written.text)["runs"][0]["invocations"][0].clone();
        (
            invocation["executionSuccessful"].as_bool().unwrap(),
            invocation["toolExecutionNotifications"].clone(),
        )
    };
    for (about, successful, said) in
        [("an exception", true, "placeholder does not apply to"), ("cells", false, "no token")]
    {
        let (execution, told) = notifications(about);
        assert_eq!(execution, successful, "{about}: {told}");
        assert!(told[0]["message"]["text"].as_str().unwrap().contains(said), "{about}: {told}");
    }
}

/// The schema is read and held against: each of these changes breaks it.
#[test]
fn the_schema_bites() {
    let schema = schema();
    let written = written("sarif");
    let good = log(&written.iter().find(|written| written.about == "built-in rules").unwrap().text);
    assert_eq!(schema.fault(&good), None);
    for (pointer, value) in [
        ("/version", json!("2.2.0")),
        ("/runs/0/columnKind", json!("bytes")),
        ("/runs/0/tool/driver", json!({})),
        ("/runs/0/tool/driver/rules/0/defaultConfiguration/level", json!("fatal")),
        ("/runs/0/tool/driver/rules/0/help/text", json!(1)),
        ("/runs/0/invocations/0", json!({})),
        ("/runs/0/results/0/ruleIndex", json!(-2)),
        ("/runs/0/results/0/level", json!("info")),
        ("/runs/0/results/0/message", json!({"txt": "a"})),
        ("/runs/0/results/0/partialFingerprints", json!({"a": 1})),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", json!("with space/%")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startColumn", json!(0)),
        ("/runs/0/results/0/locations/0/logicalLocations/0/name2", json!("a")),
    ] {
        let mut bad = good.clone();
        match bad.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                bad.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
            }
        }
        assert!(schema.fault(&bad).is_some(), "{pointer} is not looked at");
    }
}
