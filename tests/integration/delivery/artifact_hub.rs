//! What Artifact Hub reads, of a chart's annotations and of a repository, is what it takes: one value that it does not
//! take, and it passes over the version. What it takes is in its sources: `internal/tracker/source/helm` and
//! `internal/hub`.

use crate::workplace::repository;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

const CATEGORIES: [&str; 9] = [
    "skip-prediction",
    "ai-machine-learning",
    "database",
    "integration-delivery",
    "monitoring-logging",
    "networking",
    "security",
    "storage",
    "streaming-messaging",
];

const KINDS: [&str; 6] = ["added", "changed", "deprecated", "removed", "fixed", "security"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    name: String,
    image: String,
    #[serde(default, rename = "whitelisted")]
    _whitelisted: bool,
    #[serde(default, rename = "platforms")]
    _platforms: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    name: String,
    url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    kind: String,
    description: String,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignKey {
    fingerprint: String,
    url: String,
}

fn list<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// Why Artifact Hub would not take an annotation.
fn fault(key: &str, text: &str) -> Option<String> {
    let is_truth = |text: &str| ["true", "false"].contains(&text);
    let linked =
        |links: &[Link]| links.iter().all(|link| !link.name.is_empty() && link.url.starts_with("https://"));
    let taken = match key {
        "alternativeName" | "license" => Ok(!text.is_empty()),
        "category" => Ok(CATEGORIES.contains(&text)),
        "prerelease" | "containsSecurityUpdates" | "operator" => Ok(is_truth(text)),
        "images" => list::<Image>(text)
            .map(|images| images.iter().all(|image| !image.name.is_empty() && image.image.contains(':'))),
        "links" | "recommendations" | "screenshots" => list::<Link>(text).map(|links| linked(&links)),
        "changes" => list::<Change>(text).map(|changes| {
            !changes.is_empty()
                && changes.iter().all(|change| {
                    KINDS.contains(&change.kind.as_str())
                        && !change.description.is_empty()
                        && linked(&change.links)
                })
        }),
        "signKey" => serde_yaml::from_str::<SignKey>(text)
            .map(|key| key.fingerprint.len() == 40 && key.url.starts_with("https://"))
            .map_err(|error| error.to_string()),
        _ => return Some("Artifact Hub has no such annotation".to_owned()),
    };
    match taken {
        Ok(true) => None,
        Ok(false) => Some(format!("not what Artifact Hub takes: {text}")),
        Err(error) => Some(error),
    }
}

/// The annotations of a chart that are Artifact Hub's.
fn annotations(chart: &str) -> BTreeMap<String, String> {
    let file = fs::read_to_string(repository().join(chart).join("Chart.yaml")).unwrap();
    let metadata: Value = serde_yaml::from_str(&file).unwrap();
    let annotations = metadata["annotations"].as_object().cloned().unwrap_or_default();
    annotations
        .iter()
        .filter_map(|(key, value)| {
            // Helm takes no annotation that is no text.
            let text = value.as_str().unwrap_or_else(|| panic!("{key}: {value}"));
            Some((key.strip_prefix("artifacthub.io/")?.to_owned(), text.to_owned()))
        })
        .collect()
}

#[test]
fn annotations_are_what_artifact_hub_takes() {
    let found = annotations("chart");
    for key in ["license", "category", "images", "changes"] {
        assert!(found.contains_key(key), "{key}");
    }
    for (key, text) in found.into_iter().chain(annotations("values")) {
        assert_eq!(fault(&key, &text), None, "artifacthub.io/{key}");
    }
    for (key, text) in [
        ("category", "delivery"),
        ("prerelease", "yes"),
        ("images", "- image: web:1"),
        ("images", "- {name: web, image: web:1, whitelist: true}"),
        ("changes", "- {kind: new, description: x}"),
        ("changes", "[]"),
        ("signKey", "url: https://charts.example.com/key"),
        ("licence", "Apache-2.0"),
    ] {
        assert!(fault(key, text).is_some(), "{key}: {text}");
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RepositoryMetadata {
    #[serde(rename = "repositoryID")]
    repository_id: Option<String>,
    owners: Vec<Owner>,
    #[serde(default)]
    ignore: Vec<Ignored>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    name: String,
    email: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignored {
    name: String,
    #[serde(default, rename = "version")]
    _version: Option<String>,
}

#[test]
fn the_repository_has_owners_and_leaves_out_what_it_publishes_beside_the_chart() {
    let file = fs::read_to_string(repository().join("ci/artifacthub-repo.yml")).unwrap();
    let metadata: RepositoryMetadata = serde_yaml::from_str(&file).unwrap();
    let is_uuid = |id: &String| {
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12] && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    };
    assert!(metadata.repository_id.as_ref().is_none_or(is_uuid));
    assert!(!metadata.owners.is_empty());
    for owner in &metadata.owners {
        assert!(!owner.name.is_empty() && owner.email.contains('@'), "{owner:?}");
    }
    let values = fs::read_to_string(repository().join("values/Chart.yaml")).unwrap();
    let values: Value = serde_yaml::from_str(&values).unwrap();
    let ignored: Vec<&str> = metadata.ignore.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(ignored, [values["name"].as_str().unwrap()]);
}
