//! A release's whole life, with both Helms, with and without the plugin.

use super::shared::{Place, eventually, kubectl, kubectl_output};
use crate::command::helm::chart_and_system;
use crate::workplace::{repository, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

#[test]
fn a_release_lives_with_helm_3() {
    lives(3, false);
}

#[test]
fn a_release_lives_with_helm_3_and_the_plugin() {
    lives(3, true);
}

#[test]
fn a_release_lives_with_helm_4() {
    lives(4, false);
}

#[test]
fn a_release_lives_with_helm_4_and_the_plugin() {
    lives(4, true);
}

fn lives(helm: u32, plugin: bool) {
    let namespace = format!("lives-{helm}{}", if plugin { "-plugin" } else { "" });
    let place = Place::new(&namespace, helm);
    let run = |arguments: &[&str], plugin: bool| {
        let output = place.helm(arguments, plugin);
        assert!(output.status.success(), "helm{helm} {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let empty = place.objects();

    run(&["install", "release", "./chart", "--wait", "--timeout=120s"], plugin);
    let manifest = run(&["get", "manifest", "release"], false);
    let installed: BTreeSet<String> = place.objects().difference(&empty).cloned().collect();
    assert_eq!(
        without_revisions(&installed),
        names_in(&manifest, &namespace),
        "the namespace holds what was rendered, and nothing else"
    );
    assert_holds(&manifest, &namespace);
    let services = services();
    let before = rollouts(&place);
    assert_eq!(
        before.keys().collect::<BTreeSet<_>>(),
        services.iter().collect(),
        "one Deployment per service"
    );

    // Another tag of one image changes one Deployment, and rolls out that one alone.
    let service = services.first().unwrap();
    let image = |place: &Place| {
        let deployment = place.get("deployment", service);
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    };
    let (repository, tag) =
        image(&place).rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (_, system) = chart_and_system();
    let new_tag = format!("{tag}.1");
    let setting = format!("{system}.services.{service}.image.tag={new_tag}");
    run(&["upgrade", "release", "./chart", "--set-string", &setting, "--wait", "--timeout=120s"], plugin);
    assert_eq!(image(&place), format!("{repository}:{new_tag}"));
    assert_eq!(rolled_out(&before, &rollouts(&place)), [service.as_str()]);
    assert_eq!(images_of_pods(&place, service), BTreeSet::from([format!("{repository}:{new_tag}")]));

    run(&["rollback", "release", "1", "--wait", "--timeout=120s"], false);
    assert_eq!(image(&place), format!("{repository}:{tag}"));
    assert_eq!(rolled_out(&before, &rollouts(&place)), [service.as_str()]);
    assert_holds(&manifest, &namespace);
    let history: Value = serde_json::from_str(&run(&["history", "release", "-o=json"], false)).unwrap();
    let statuses: Vec<_> =
        history.as_array().unwrap().iter().map(|entry| entry["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["superseded", "superseded", "deployed"]);

    let tested = run(&["test", "release", "--timeout=60s"], false);
    assert!(tested.lines().any(|line| line.starts_with("Phase:") && line.ends_with("Succeeded")), "{tested}");

    run(&["uninstall", "release", "--wait", "--timeout=120s"], false);
    let mut left = BTreeSet::new();
    eventually("nothing is left", || {
        left = place.objects();
        left.difference(&empty).next().is_none()
    });
}

/// What an environment leaves to be filled in is filled in by the plugin, and refused by the API server
/// without it.
#[test]
fn an_environment_with_secret_references_needs_the_plugin() {
    let (_, system) = chart_and_system();
    let (environment, sources) = environment_with_references(&system);
    let place = Place::new("references", 4);
    let values = format!("values/{system}/{environment}.yaml");
    let arguments = ["install", "release", "./chart", "-f", &values, "--wait", "--timeout=180s"];

    let refused = place.helm(&arguments, false);
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("illegal base64"), "{}", text(&refused.stderr));
    assert!(place.all("secrets").iter().all(|secret| secret["type"] == "helm.sh/release.v1"));
    assert!(place.helm(&["uninstall", "release", "--wait"], false).status.success());

    let example = ["--post-renderer-args=--secrets", "--post-renderer-args=example"];
    let installed = place.helm(&[&arguments[..], &example].concat(), true);
    assert!(installed.status.success(), "{}", text(&installed.stderr));
    let mut stored = BTreeMap::new();
    for secret in place.all("secrets") {
        if secret["type"] == "helm.sh/release.v1" {
            continue;
        }
        let name = secret["metadata"]["name"].as_str().unwrap();
        for key in secret["data"].as_object().unwrap().keys() {
            let template = format!("-o=go-template={{{{index .data {key:?} | base64decode}}}}");
            let value = kubectl(&["get", "secret", name, "-n", &place.namespace, &template]);
            stored.insert(key.clone(), value);
        }
    }
    for (key, value) in &sources {
        assert!(stored.get(key) == Some(value), "{key} is not what its source says");
    }
    let ready = rollouts(&place);
    assert_eq!(ready.len(), services().len());
}

/// Each Deployment's name with how often its pods' template was changed; all of them are rolled out.
fn rollouts(place: &Place) -> BTreeMap<String, u64> {
    place
        .all("deployments")
        .iter()
        .map(|deployment| {
            let name = deployment["metadata"]["name"].as_str().unwrap().to_owned();
            let number = |path: &str| deployment.pointer(path).and_then(Value::as_u64).unwrap_or(0);
            let wanted = number("/spec/replicas");
            assert!(wanted > 0, "{name} has no pods");
            for count in ["updatedReplicas", "readyReplicas", "availableReplicas", "replicas"] {
                assert_eq!(number(&format!("/status/{count}")), wanted, "{name}: {count}");
            }
            let revision =
                deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
            (name, revision.unwrap().parse().unwrap())
        })
        .collect()
}

fn rolled_out(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    before
        .iter()
        .filter(|(name, revision)| after[*name] != **revision)
        .map(|(name, _)| name.clone())
        .collect()
}

/// The images of a Deployment's pods, once those it replaced are gone.
fn images_of_pods(place: &Place, deployment: &str) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    eventually("replaced pods are gone", || {
        let pods = place.all("pods");
        let of_it = |pod: &&Value| {
            let owner = pod["metadata"]["ownerReferences"][0]["name"].as_str().unwrap_or_default();
            owner.rsplit_once('-').is_some_and(|(name, _)| name == deployment)
        };
        images = pods
            .iter()
            .filter(of_it)
            .map(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned())
            .collect();
        images.len() == 1
    });
    images
}

/// Every object of the manifest is on the cluster, with every value the manifest states.
fn assert_holds(manifest: &str, namespace: &str) {
    let difference = kubectl_output(
        &[
            "diff",
            "--server-side",
            "--force-conflicts",
            "--field-manager=gift-tests",
            "-n",
            namespace,
            "-f=-",
        ],
        manifest,
    );
    assert!(difference.status.success(), "{}{}", text(&difference.stdout), text(&difference.stderr));
}

pub(super) fn names_in(manifest: &str, namespace: &str) -> BTreeSet<String> {
    let listed = kubectl_output(&["get", "-n", namespace, "-f=-", "-o=json"], manifest);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let names: BTreeSet<String> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let kind = item["kind"].as_str().unwrap().to_lowercase();
            format!("{kind}s/{}", item["metadata"]["name"].as_str().unwrap())
        })
        .collect();
    assert!(!names.is_empty());
    names
}

/// Without the Secrets Helm keeps its revisions in.
pub(super) fn without_revisions(objects: &BTreeSet<String>) -> BTreeSet<String> {
    objects.iter().filter(|name| !name.starts_with("secrets/sh.helm.release.")).cloned().collect()
}

/// The services of the system the chart deploys by itself.
pub(super) fn services() -> BTreeSet<String> {
    let (_, system) = chart_and_system();
    let values: Value =
        serde_yaml::from_str(&fs::read_to_string(repository().join("chart/values.yaml")).unwrap()).unwrap();
    values[&system]["services"].as_object().unwrap().keys().cloned().collect()
}

/// An environment whose secrets come from elsewhere, and what its published example gives for them.
fn environment_with_references(system: &str) -> (String, BTreeMap<String, String>) {
    let directory = repository().join("values").join(system);
    let mut examples: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".secrets.env.example").map(str::to_owned)
        })
        .collect();
    examples.sort();
    let environment = examples.into_iter().next().expect("an environment refers to secrets");
    let example = fs::read_to_string(directory.join(format!("{environment}.secrets.env.example"))).unwrap();
    let sources: BTreeMap<_, _> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        .collect();
    assert!(!sources.is_empty());
    (environment, sources)
}
