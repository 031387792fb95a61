//! Values as Helm reads them, where Helm and YAML play tricks: large numbers and boolean-like words.

use super::{HELMS, chart, find, own_system, rendered};
use serde_json::{Value, json};

#[test]
fn large_numbers_keep_their_digits() {
    let system = own_system();
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    let text = format!(
        "{system}:\n  services:\n    user-service:\n      replicas: 1000000\n      env:\n        LIMIT: 1000000\n        \
         LARGEST: 9007199254740991\n        BELOW: -12345678\n        ZERO: 0\n        FLAG: false\n"
    );
    std::fs::write(&file, text).unwrap();
    for helm in HELMS {
        let objects = rendered(&chart().helm(helm).values(file.path()));
        let deployment = find(&objects, "Deployment", "user-service");
        assert_eq!(deployment["spec"]["replicas"], 1_000_000);
        let env = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
        let value = |name: &str| -> Value {
            let entry = env.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
            entry["value"].clone()
        };
        assert_eq!(value("LIMIT"), "1000000");
        assert_eq!(value("LARGEST"), "9007199254740991");
        assert_eq!(value("BELOW"), "-12345678");
        assert_eq!(value("ZERO"), "0");
        assert_eq!(value("FLAG"), "false");
    }
}

#[test]
fn words_that_old_yaml_takes_for_booleans_stay_texts() {
    let system = own_system();
    let words =
        ["ON", "off", "Yes", "no", "Y", "n", "null", "~", "1e3", "0o14", "0x1F", "010", "1_000", ".5", ""];
    let data: serde_json::Map<_, _> =
        words.iter().enumerate().map(|(at, word)| (format!("KEY_{at}"), json!(word))).collect();
    let keys: serde_json::Map<_, _> = ["ON", "off", "Yes", "no", "Y", "n", "1e3", "010"]
        .iter()
        .map(|key| ((*key).to_owned(), json!("x")))
        .collect();
    for helm in HELMS {
        let values =
            json!({system.as_str(): {"configMaps": {"words": {"data": data}, "keys": {"data": keys}}}});
        let objects = rendered(&chart().helm(helm).inline(values));
        assert_eq!(find(&objects, "ConfigMap", "words")["data"], Value::Object(data.clone()));
        assert_eq!(find(&objects, "ConfigMap", "keys")["data"], Value::Object(keys.clone()));
    }
}

#[test]
fn a_key_that_old_yaml_took_for_a_boolean_is_refused_with_the_way_out() {
    let system = own_system();
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    let text = format!(
        "{system}:\n  configMaps:\n    gift-config:\n      data:\n        ON: x\n  services:\n    user-service:\n      \
         env:\n        NO: x\n"
    );
    std::fs::write(&file, text).unwrap();
    for helm in HELMS {
        let told = super::refusal(&chart().helm(helm).values(file.path()));
        for part in
            ["configMaps.gift-config.data.true", "services.user-service.env.false", "put the key in quotes"]
        {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}

#[test]
fn texts_of_several_lines_and_odd_characters_arrive_unchanged() {
    let system = own_system();
    let text =
        "first: {{ not a template }}\n  second \"quoted\" 'too'\n\ttab\n# no comment\n\nlast: ünïcode ☃\n";
    for helm in HELMS {
        let values = json!({system.as_str(): {"configMaps": {"texts": {"data": {"file.conf": text}}}}});
        let objects = rendered(&chart().helm(helm).inline(values));
        assert_eq!(find(&objects, "ConfigMap", "texts")["data"]["file.conf"], text);
    }
}
