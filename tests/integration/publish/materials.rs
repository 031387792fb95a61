//! Bills of materials, against CycloneDX's own schema and against what Cargo has locked.

use super::documents::json;
use super::{Bench, taken};
use crate::reports::schema::Schema;
use crate::workplace::repository;
use serde_json::{Value, json as value};
use std::fs;

/// The schema with those it refers to inside, for a validator that reads one file.
fn schema() -> Schema {
    let folder = gift_harness::directories::cache().unwrap().join("cyclonedx");
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(folder.join(name));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}; `ci/setup publish` brings it"));
        // What is referred to moves along with what refers to it.
        let text = match name.split('.').next().unwrap() {
            "jsf-0" => text.replace("\"#/definitions/", "\"#/definitions/jsf/definitions/"),
            _ => text
                .replace("\"spdx.schema.json\"", "\"#/definitions/spdx\"")
                .replace("\"jsf-0.82.schema.json#/definitions/", "\"#/definitions/jsf/definitions/"),
        };
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        schema.as_object_mut().unwrap().remove("$id");
        schema
    };
    let mut schema = read("bom-1.6.schema.json");
    schema["definitions"]["spdx"] = read("spdx.schema.json");
    schema["definitions"]["jsf"] = read("jsf-0.82.schemax.json");
    // Helm adds a field of its own to values.
    Schema::new(&schema)
}

#[test]
fn bills_are_what_the_schema_of_cyclonedx_takes() {
    let bench = Bench::new();
    fs::write(bench.path("gift"), "a program").unwrap();
    let harness = repository().join("harness/Cargo.toml").display().to_string();
    let program =
        ["gift", "--manifest", &harness, "--platform", "linux-amd64", "--to", "site", "--allow-dirty"];
    taken(&bench.publish_program(&program));
    let chart = repository().join("chart").display().to_string();
    bench.published(&[&chart, "--to", "site", "--allow-dirty", "--no-lint"]);
    let schema = schema();
    let mut bills = Vec::new();
    for entry in fs::read_dir(bench.path("site")).unwrap() {
        let path = entry.unwrap().path();
        if path.display().to_string().ends_with(".cdx.json") {
            let bill = json(&path);
            assert_eq!(schema.fault(&bill), None, "{}", path.display());
            bills.push(bill);
        }
    }
    let [program, chart] = ["gift-harness", "busybox"].map(|name| {
        let has =
            |bill: &&Value| bill["components"].as_array().unwrap().iter().any(|one| one["name"] == name);
        bills.iter().find(has).unwrap()
    });
    // It takes no other.
    for (pointer, wrong) in [
        ("/specVersion", value!(1.6)),
        ("/components/1/hashes/0/content", value!("abc")),
        ("/components/1/type", value!("crate")),
        ("/serialNumber", value!("1")),
        ("/components/1/licenses", value!(["MIT"])),
    ] {
        let mut bill = program.clone();
        *bill.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = wrong;
        assert!(schema.fault(&bill).is_some(), "{pointer}");
    }
    // The checksums are those of Cargo.lock, and every reference leads somewhere.
    let lock = fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let components = program["components"].as_array().unwrap();
    assert!(components.len() > 60, "{}", components.len());
    let mut known: Vec<_> = components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
    for one in components {
        let name = one["name"].as_str().unwrap();
        if name.starts_with("gift-") {
            assert_eq!(one.get("purl"), None);
            continue;
        }
        assert!(one["licenses"][0]["expression"].is_string(), "{one}");
        let digest = one["hashes"][0]["content"].as_str().unwrap();
        let version = one["version"].as_str().unwrap();
        let block = lock.split("[[package]]").find(|block| block.contains(digest)).unwrap();
        assert!(block.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{one}");
        assert_eq!(one["purl"], format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")));
    }
    known.push(program["metadata"]["component"]["bom-ref"].as_str().unwrap());
    for dependency in program["dependencies"].as_array().unwrap() {
        for reference in dependency["dependsOn"].as_array().unwrap().iter().chain([&dependency["ref"]]) {
            assert!(known.contains(&reference.as_str().unwrap()), "{reference}");
        }
    }
    let images = chart["components"].as_array().unwrap();
    assert!(images.iter().all(|image| image["type"] == "container"), "{images:?}");
}
