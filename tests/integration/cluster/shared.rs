//! One cluster for all tests of a run, and a namespace of its own for each of them.
//!
//! It comes up when the first test asks for it. A static is never dropped, and a test process may be
//! killed, so a process beside it takes the cluster down as soon as the pipe between them closes, which
//! the kernel does however the tests end.

use crate::workplace::{Workplace, gift};
use gift_harness::cluster::{Cluster, Options};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const PREFIX: &str = "tests-";

/// What every namespace has, and what tells about a release without being part of it.
const NOT_OF_A_RELEASE: [&str; 4] =
    ["events", "events.events.k8s.io", "leases.coordination.k8s.io", "pods.metrics.k8s.io"];

/// The cluster of this run.
pub(crate) fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| {
        remove_orphans();
        let name = format!("{PREFIX}{}", process::id());
        take_down_in_the_end(&name);
        let mut seen = Vec::new();
        Cluster::up(&Options::named(&name), &mut |event| seen.push(event))
            .unwrap_or_else(|error| panic!("{error}\nafter {seen:?}"))
    })
}

/// Clusters of runs whose machine was switched off.
fn remove_orphans() {
    for name in Cluster::names().unwrap() {
        let Some(run) = name.strip_prefix(PREFIX) else { continue };
        if run.parse::<u32>().is_ok() && !Path::new("/proc").join(run).exists() {
            Cluster::named(&name).unwrap().down(&mut |_| {}).unwrap();
        }
    }
}

fn take_down_in_the_end(name: &str) {
    let watch = Command::new("sh")
        .args(["-c", "read -r _; exec \"$1\" down --quiet --name \"$2\"", "sh"])
        .arg(gift())
        .arg(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // An interrupt from the terminal goes to the tests, not to whoever cleans up after them.
        .process_group(0)
        .spawn();
    // The pipe stays open as long as this process lives.
    std::mem::forget(watch.unwrap());
}

/// A namespace on the shared cluster and a folder to work in that leads to it.
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) workplace: Workplace,
    helm: u32,
}

impl Place {
    /// `namespace` is unique among the tests.
    pub(super) fn new(namespace: &str, helm: u32) -> Self {
        kubectl(&["create", "namespace", namespace]);
        let place = Self::without_namespace(namespace, helm);
        // What the cluster itself puts into every namespace comes a moment later.
        eventually("the namespace's own objects", || {
            let there = place.objects();
            ["configmaps/kube-root-ca.crt", "serviceaccounts/default"].iter().all(|own| there.contains(*own))
        });
        place
    }

    /// A namespace that is not there yet.
    pub(super) fn without_namespace(namespace: &str, helm: u32) -> Self {
        shared();
        let workplace = Workplace::new(helm);
        if helm == 4 {
            workplace.helm(&["plugin", "install", "./plugin"]).assert().success();
        }
        Self { namespace: namespace.to_owned(), workplace, helm }
    }

    /// Helm, with the namespace and, as a post-renderer, gift.
    pub(super) fn helm(&self, arguments: &[&str], plugin: bool) -> Output {
        let mut command = self.workplace.command("helm");
        command.env("KUBECONFIG", shared().kubeconfig()).args(arguments).args(["-n", &self.namespace]);
        if plugin {
            command.arg("--post-renderer=gift");
            if self.helm == 3 {
                command.arg("--post-renderer-args=post-render");
            }
        }
        command.output().unwrap()
    }

    /// The names of everything there is, as `RESOURCE/NAME`, but for what owners and the cluster made.
    pub(super) fn objects(&self) -> BTreeSet<String> {
        let kinds = kubectl(&["api-resources", "--namespaced", "--verbs=list,create", "-o=name"]);
        let kinds: Vec<&str> = kinds.lines().filter(|kind| !NOT_OF_A_RELEASE.contains(kind)).collect();
        let listed: Value =
            serde_json::from_str(&kubectl(&["get", &kinds.join(","), "-n", &self.namespace, "-o=json"]))
                .unwrap();
        let items = listed["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["metadata"]["ownerReferences"].is_null())
            // Made by the cluster for every Service, under the Service's name.
            .filter(|item| item["kind"] != "Endpoints")
            .map(|item| {
                let kind = item["kind"].as_str().unwrap().to_lowercase();
                format!("{kind}s/{}", item["metadata"]["name"].as_str().unwrap())
            })
            .collect()
    }

    /// One object, as the cluster holds it.
    pub(super) fn get(&self, kind: &str, name: &str) -> Value {
        serde_json::from_str(&kubectl(&["get", kind, name, "-n", &self.namespace, "-o=json"])).unwrap()
    }

    /// All objects of a kind, as the cluster holds them.
    pub(super) fn all(&self, kind: &str) -> Vec<Value> {
        let mut list: Value =
            serde_json::from_str(&kubectl(&["get", kind, "-n", &self.namespace, "-o=json"])).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = kubectl_output(
            &["delete", "namespace", &self.namespace, "--ignore-not-found", "--wait=false"],
            "",
        );
    }
}

/// kubectl on the shared cluster, which must succeed.
pub(super) fn kubectl(arguments: &[&str]) -> String {
    let output = kubectl_output(arguments, "");
    assert!(output.status.success(), "kubectl {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// kubectl on the shared cluster, with something to read.
pub(super) fn kubectl_output(arguments: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut child = shared()
        .kubectl()
        .unwrap()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Waits until something holds that the cluster does in its own time.
pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        sleep(Duration::from_millis(200));
    }
}
