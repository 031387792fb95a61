//! What values may say.

use super::Project;

#[test]
fn a_value_that_is_taken_no_more_is_a_new_major_version() {
    for (from, to, reason) in [
        (",\n    \"cache\": {\"type\": \"boolean\"}", "", "values.schema.json:10 of 1.4.2: cache: gone"),
        (
            "[\"integer\", \"null\"]",
            "\"integer\"",
            "values.schema.json:9: replicas: may not be null any more",
        ),
        (
            "[\"small\", \"large\"]",
            "[\"small\", \"large\", \"huge\"], \"minLength\": 9",
            "size: minLength is 9 now",
        ),
        (
            "\"required\": [\"name\"]",
            "\"required\": [\"name\", \"cache\"]",
            "values.schema.json:5: cache: has to be stated now",
        ),
    ] {
        let project = Project::published("1.4.2");
        project.replace("chart/values.schema.json", from, to);
        if reason.contains("cache: gone") {
            project.replace("chart/values.yaml", "cache: false\n", "");
        }
        project.assert_demands("2.0.0", reason, &["1.4.3", "1.5.0", "1.4.2", "1.0.0"]);
    }
}

#[test]
fn a_listed_value_that_goes_breaks_and_the_environment_that_uses_it_is_named() {
    let project = Project::published("1.4.2");
    project.replace("chart/values.schema.json", "[\"small\", \"large\"]", "[\"small\"]");
    project.replace("values/shop/prod.yaml", "size: large", "size: small");
    project.assert_demands("2.0.0", "size: may not be \"large\" any more", &["1.5.0"]);
    let (_, reasons) = project.demanded();
    let kept = "in shop/prod helm3 k8s1.30 and 3 more: shop/prod: values as they were published are not taken any more";
    assert!(reasons.iter().any(|reason| reason.contains(kept)), "{reasons:#?}");
}

#[test]
fn what_may_be_said_besides_is_a_new_minor_version() {
    for (from, to, reason) in [
        (
            "\"cache\":",
            "\"colour\": {\"type\": \"string\"},\n    \"cache\":",
            "values.schema.json:10: colour: new",
        ),
        ("\"large\"]", "\"large\", \"huge\"]", "values.schema.json:8: size: may be \"huge\" now"),
        ("\"required\": [\"name\"],\n", "", "name: does not have to be stated any more"),
    ] {
        let project = Project::published("1.4.2");
        project.replace("chart/values.schema.json", from, to);
        project.assert_demands("1.5.0", reason, &["1.4.3"]);
    }
}

#[test]
fn what_is_only_described_otherwise_is_a_patch() {
    let project = Project::published("1.4.2");
    project.replace("chart/values.schema.json", "How many.", "How many there are.");
    project.assert_demands("1.4.3", "values.schema.json: changed", &["1.4.2"]);
}
