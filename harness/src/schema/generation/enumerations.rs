//! The values some texts are confined to: OpenAPI documents leave them out, the Go source they are made
//! from has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The values by definition and field, `|` between them; nothing for versions whose modules do not hold
/// that source.
pub(super) fn read(module: &Path) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let Ok(source) = fs::read_to_string(module.join("pkg/generated/openapi/zz_generated.openapi.go")) else {
        return found;
    };
    let (mut definition, mut field) = (String::new(), String::new());
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("func schema_") {
            let name = name.split('(').next().unwrap();
            let parts: Vec<_> = name.rsplitn(4, '_').collect();
            definition = parts[..parts.len().min(3)].iter().rev().copied().collect::<Vec<_>>().join(".");
        } else if let Some(name) =
            line.strip_prefix("\t\t\t\t\t\"").and_then(|rest| rest.strip_suffix("\": {"))
        {
            name.clone_into(&mut field);
        } else if let Some(values) = line.trim_start().strip_prefix("Enum:") {
            let values = values.split_once("{}{").unwrap().1.split_once('}').unwrap().0;
            let values: Vec<String> = serde_json::from_str(&format!("[{values}]")).unwrap();
            found.insert((definition.clone(), field.clone()), values.join("|"));
        }
    }
    found
}
