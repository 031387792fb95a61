//! JSON Schema as Helm judges values by it: a document is the values of a chart, whose schema it must keep.
//!
//! Helm brings a validator of every draft, and asserts on formats; nothing has to be built for it.

use crate::workplace::{Workplace, text};
use serde_json::Value;

pub(crate) struct Schema {
    workplace: Workplace,
}

impl Schema {
    pub(crate) fn new(schema: &Value) -> Self {
        let workplace = Workplace::new(4);
        workplace.write("document/Chart.yaml", "apiVersion: v2\nname: document\nversion: 0.1.0\n");
        workplace.write("document/values.schema.json", schema.to_string());
        Self { workplace }
    }

    /// What is wrong with a document; `None` when nothing is.
    pub(crate) fn fault(&self, document: &Value) -> Option<String> {
        // Helm takes null for a value that is to be removed.
        assert!(!has_null(document), "{document}");
        self.workplace.write("document.json", as_yaml(document));
        let output = self
            .workplace
            .helm(&["template", "document", "./document", "-f", "document.json"])
            .output()
            .unwrap();
        let told = text(&output.stderr);
        if output.status.success() {
            return None;
        }
        assert!(told.contains("values don't meet the specifications of the schema"), "{told}");
        Some(told)
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// JSON that is YAML as well, which holds fewer characters as they are.
fn as_yaml(document: &Value) -> String {
    let escaped = |character: char| match character {
        '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => format!("\\u{:04x}", u32::from(character)),
        other => other.to_string(),
    };
    document.to_string().chars().map(escaped).collect()
}
