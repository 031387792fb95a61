//! One environment as a release of Helm, rendered with its published example of secrets.

use super::super::shared::eventually;
use super::site::Site;
use crate::workplace::text;
use gift_harness::chart::{Chart, Environments};
use gift_harness::cluster::Prerequisites;
use gift_harness::objects::{Object, Objects, PodTemplate};
use gift_harness::render::HelmVersion;
use gift_harness::schema::Schemas;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

/// Helm waits this long at most; nothing here takes a tenth of it.
const TIMEOUT: &str = "--timeout=300s";

pub(super) struct Release<'s> {
    site: &'s Site,
    pub(super) environment: String,
    name: String,
    /// Where the release is kept, which is no namespace the release brings.
    namespace: String,
    values: Vec<String>,
}

impl<'s> Release<'s> {
    pub(super) fn new(site: &'s Site, environment: &str) -> Self {
        Self::named(site, environment, &environment.replace('/', "-"))
    }

    pub(super) fn named(site: &'s Site, environment: &str, name: &str) -> Self {
        let root = site.workplace.path();
        let files = Environments::new(root.join("values")).files(environment).unwrap();
        let relative =
            |file: &std::path::PathBuf| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        Self {
            site,
            environment: environment.to_owned(),
            name: name.to_owned(),
            namespace: format!("release-{name}"),
            values: files.iter().map(relative).collect(),
        }
    }

    /// What Helm renders, before secrets are filled in.
    pub(super) fn rendered(&self) -> String {
        let root = self.site.workplace.path();
        let chart = Chart::open(root.join("chart"))
            .unwrap()
            .environment(root.join("values"), &self.environment)
            .unwrap()
            .release(&self.name, &self.namespace)
            .helm(HelmVersion::from_major(self.site.helm).unwrap())
            .kubernetes("1.36");
        String::from_utf8(chart.render().unwrap().stream).unwrap()
    }

    /// Sees to it that there is what the environment takes for granted. The namespaces made for it.
    pub(super) fn provide(&self) -> BTreeSet<String> {
        let rendered = self.rendered();
        let mut needed = Prerequisites::of(&Objects::read(rendered.as_bytes()).unwrap());
        needed.namespaces.insert(self.namespace.clone());
        let made = self.site.cluster().provide(&needed).unwrap();
        for namespace in &made {
            // What the cluster itself puts into every namespace comes a moment later.
            for own in ["configmap/kube-root-ca.crt", "serviceaccount/default"] {
                self.site.kubectl(&["wait", "--for=create", own, "-n", namespace, "--timeout=60s"]);
            }
        }
        made
    }

    pub(super) fn install(&self) {
        self.run(&["install", &self.name, "./chart", "--wait", TIMEOUT], true);
    }

    /// Every image gets another tag.
    pub(super) fn upgrade(&self, tag: &str) {
        let values: Value =
            serde_json::from_str(&self.run(&["get", "values", &self.name, "--all", "-o=json"], false))
                .unwrap();
        let system = values["system"].as_str().unwrap();
        let services = values[system]["services"].as_object().unwrap().keys();
        let settings: Vec<String> = services
            .map(|service| format!("--set-string={system}.services.{service}.image.tag={tag}"))
            .collect();
        let mut arguments = vec!["upgrade", &self.name, "./chart", "--wait", TIMEOUT];
        arguments.extend(settings.iter().map(String::as_str));
        self.run(&arguments, true);
    }

    pub(super) fn roll_back(&self) {
        self.run(&["rollback", &self.name, "1", "--wait", TIMEOUT], false);
    }

    pub(super) fn uninstall(&self) {
        self.run(&["uninstall", &self.name, "--wait", TIMEOUT], false);
    }

    /// What Helm says when it must not install this.
    pub(super) fn refused(&self) -> String {
        self.site.kubectl(&["create", "namespace", &self.namespace]);
        let output = self.helm(&["install", &self.name, "./chart", TIMEOUT], true);
        assert!(!output.status.success(), "{}: {}", self.environment, text(&output.stdout));
        self.site.kubectl(&["delete", "namespace", &self.namespace, "--wait"]);
        text(&output.stderr)
    }

    pub(super) fn manifest(&self) -> String {
        self.run(&["get", "manifest", &self.name], false)
    }

    /// The objects of a manifest, as `Kind namespace/name`.
    pub(super) fn objects(&self, manifest: &str) -> BTreeSet<String> {
        let objects = Objects::read(manifest.as_bytes()).unwrap();
        let names: BTreeSet<String> = objects.iter().map(name_of).collect();
        assert_eq!(names.len(), objects.len(), "{}", self.environment);
        names
    }

    /// The image of each long-running workload, once all pods of all of them are up to date and ready.
    pub(super) fn assert_ready(&self) -> BTreeMap<String, String> {
        let mut images = BTreeMap::new();
        eventually(&format!("{}: all pods are ready", self.environment), || {
            let listed = self.site.kubectl(&[
                "get",
                "deployments,statefulsets,daemonsets,jobs",
                "--all-namespaces",
                "-o=json",
            ]);
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let own = listed["items"].as_array().unwrap().iter().filter(|workload| self.owns(workload));
            images.clear();
            let mut ready = true;
            for workload in own {
                ready &= is_ready(workload);
                if workload["kind"] != "Job" {
                    let image = &workload["spec"]["template"]["spec"]["containers"][0]["image"];
                    images.insert(name_in(workload), image.as_str().unwrap().to_owned());
                }
            }
            ready
        });
        images
    }

    fn owns(&self, object: &Value) -> bool {
        let annotations = &object["metadata"]["annotations"];
        annotations["meta.helm.sh/release-name"] == *self.name
            && annotations["meta.helm.sh/release-namespace"] == *self.namespace
    }

    /// Custom resources are held against their definitions: one of each kind, broken, is refused.
    pub(super) fn assert_definitions_count(&self, manifest: &str) {
        let objects = Objects::read(manifest.as_bytes()).unwrap();
        let custom: BTreeMap<(&str, &str), &Object<'_>> = objects
            .iter()
            .filter(|object| Schemas::is_custom(object))
            .map(|object| ((object.group(), object.kind()), object))
            .collect();
        for ((group, kind), object) in custom {
            let arguments = ["create", "--dry-run=server", "--validate=false", "-f", "-"];
            let mut value = object.to_json();
            value["metadata"]["name"] = "another".into();
            let accepted = self.site.kubectl_with(&arguments, &value.to_string());
            assert!(accepted.status.success(), "{kind} of {group}: {}", text(&accepted.stderr));
            value["spec"] = "broken".into();
            let refused = self.site.kubectl_with(&arguments, &value.to_string());
            assert!(!refused.status.success(), "{kind} of {group} takes anything");
            assert!(text(&refused.stderr).contains("spec"), "{}", text(&refused.stderr));
        }
    }

    /// What stays when the release goes: what says so, with what the cluster puts into kept namespaces, and the
    /// claims of StatefulSets.
    pub(super) fn kept(&self, manifest: &str) -> BTreeSet<String> {
        let objects = Objects::read(manifest.as_bytes()).unwrap();
        let mut kept = BTreeSet::new();
        let namespaces: BTreeSet<&str> = objects.kind("Namespace").map(Object::name).collect();
        let stays: BTreeSet<&str> =
            objects.kind("Namespace").filter(|object| is_kept(object)).map(Object::name).collect();
        for namespace in &stays {
            kept.insert(format!("ConfigMap {namespace}/kube-root-ca.crt"));
            kept.insert(format!("ServiceAccount {namespace}/default"));
        }
        let mut claims: Vec<String> = objects.kind("StatefulSet").flat_map(claims_of).collect();
        // Whatever is in a namespace that goes with the release goes too.
        claims.retain(|claim| {
            let namespace = claim.split('/').next().unwrap();
            !namespaces.contains(namespace) || stays.contains(namespace)
        });
        for object in objects.iter().filter(|object| is_kept(object)) {
            kept.insert(name_of(object));
            if object.kind() == "PersistentVolumeClaim" {
                claims.push(format!("{}/{}", object.namespace(), object.name()));
            }
        }
        for claim in claims {
            kept.insert(format!("PersistentVolumeClaim {claim}"));
            kept.insert(format!("PersistentVolume {claim}"));
        }
        kept
    }

    /// Removes by hand what stayed, and the namespaces made for the release.
    pub(super) fn remove_what_is_kept(&self, manifest: &str, provided: &BTreeSet<String>) {
        for object in self.kept(manifest) {
            let (kind, name) = object.split_once(' ').unwrap();
            match (kind, name.split_once('/')) {
                ("PersistentVolumeClaim", Some((namespace, claim))) => {
                    let named = ["delete", "pvc", claim, "-n", namespace];
                    self.site.kubectl(&[&named[..], &["--ignore-not-found", "--wait=false"]].concat());
                }
                ("Namespace", None) => {
                    self.site.kubectl(&["delete", "namespace", name, "--wait=false"]);
                }
                _ => {}
            }
        }
        for namespace in provided {
            self.site.kubectl(&["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
        }
    }

    fn run(&self, arguments: &[&str], is_rendered: bool) -> String {
        let output = self.helm(arguments, is_rendered);
        let told = || format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "{} helm{} {arguments:?}: {}",
            self.environment,
            self.site.helm,
            told()
        );
        text(&output.stdout)
    }

    fn helm(&self, arguments: &[&str], is_rendered: bool) -> Output {
        let mut command = self.site.workplace.command("helm");
        command
            .env("KUBECONFIG", self.site.cluster().kubeconfig())
            .args(arguments)
            .args(["-n", &self.namespace]);
        if is_rendered {
            command.args(self.values.iter().flat_map(|file| ["-f", file]));
            command.arg("--post-renderer=gift");
            let post_render: &[&str] = if self.site.helm == 3 { &["post-render"] } else { &[] };
            for argument in post_render.iter().chain(&["--secrets", "example"]) {
                command.arg(format!("--post-renderer-args={argument}"));
            }
        }
        command.output().unwrap()
    }
}

fn name_of(object: &Object<'_>) -> String {
    match object.namespace() {
        "" => format!("{} {}", object.kind(), object.name()),
        namespace => format!("{} {namespace}/{}", object.kind(), object.name()),
    }
}

fn name_in(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let metadata = &object["metadata"];
    format!("{} {}/{}", text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

fn is_kept(object: &Object<'_>) -> bool {
    object.annotation("helm.sh/resource-policy") == Some("keep")
}

/// The claims a StatefulSet makes, which Kubernetes leaves when it goes.
fn claims_of(object: &Object<'_>) -> Vec<String> {
    let value = object.to_json();
    let templates = value["spec"]["volumeClaimTemplates"].as_array().cloned().unwrap_or_default();
    let replicas = value["spec"]["replicas"].as_u64().unwrap_or(1);
    assert!(PodTemplate::of(object).is_some());
    templates
        .iter()
        .flat_map(|template| {
            let name = template["metadata"]["name"].as_str().unwrap().to_owned();
            (0..replicas)
                .map(move |ordinal| format!("{}/{name}-{}-{ordinal}", object.namespace(), object.name()))
        })
        .collect()
}

/// Whether all pods of a workload are there, up to date and ready, or have done their work.
fn is_ready(workload: &Value) -> bool {
    let status = &workload["status"];
    let number = |field: &str| status[field].as_u64().unwrap_or(0);
    let is_observed = status["observedGeneration"] == workload["metadata"]["generation"];
    let wanted = workload["spec"]["replicas"].as_u64().unwrap_or(1);
    match workload["kind"].as_str().unwrap() {
        "Deployment" => {
            is_observed
                && ["replicas", "updatedReplicas", "readyReplicas"]
                    .iter()
                    .all(|field| number(field) == wanted)
        }
        "StatefulSet" => {
            is_observed
                && status["currentRevision"] == status["updateRevision"]
                && ["replicas", "updatedReplicas", "readyReplicas"]
                    .iter()
                    .all(|field| number(field) == wanted)
        }
        "DaemonSet" => {
            let nodes = number("desiredNumberScheduled");
            is_observed
                && nodes > 0
                && ["updatedNumberScheduled", "numberReady"].iter().all(|field| number(field) == nodes)
        }
        _ => number("succeeded") == workload["spec"]["completions"].as_u64().unwrap_or(1),
    }
}
