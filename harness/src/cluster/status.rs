//! What is in a cluster, and which of its processes run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ClusterError;
use super::location::Location;
use super::processes::{self, COMPONENTS};
use super::programs;
use super::request::Server;
use crate::tools::Tool;

/// How a cluster fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There is none of that name.
    Absent,
    /// It has files and no process, as after a reboot. `up` starts it again.
    Stopped,
    /// Some process is missing, or the API server does not answer. `up` mends it.
    Degraded,
    /// All is well.
    Running,
}

/// A cluster at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Its name.
    pub name: String,
    /// How it fares.
    pub state: State,
    /// The kubeconfig that leads to it.
    pub kubeconfig: std::path::PathBuf,
    /// Version of its API server, as `v1.36.3`; nothing unless it answers.
    pub kubernetes: Option<String>,
    /// The processes of the control plane.
    pub components: Vec<Component>,
    /// Its machines.
    pub nodes: Vec<Node>,
    /// What Helm has installed, the last revision of each.
    pub releases: Vec<Release>,
    /// Deployments, StatefulSets and DaemonSets.
    pub workloads: Vec<Workload>,
}

/// A process of the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// `etcd`, `kube-apiserver`, ...
    pub name: &'static str,
    /// Its process number, when it runs.
    pub pid: Option<u32>,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it takes pods.
    pub ready: bool,
}

/// A release of Helm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The namespace its record is in.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The revision.
    pub revision: u32,
    /// `deployed`, `failed`, `pending-install`, ...
    pub status: String,
}

/// A controller of pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Pods that are ready.
    pub ready: u64,
    /// Pods there should be.
    pub desired: u64,
}

/// Asks the process table, then the API server.
pub(super) fn read(location: &Location) -> Result<Status, ClusterError> {
    let running = processes::of(location)?;
    let components: Vec<Component> = COMPONENTS
        .into_iter()
        .map(|name| Component {
            name,
            pid: running.iter().find(|process| process.component == name).map(|process| process.pid),
        })
        .collect();
    let mut status = Status {
        name: location.name().to_owned(),
        state: State::Stopped,
        kubeconfig: location.kubeconfig().to_owned(),
        kubernetes: None,
        components,
        nodes: Vec::new(),
        releases: Vec::new(),
        workloads: Vec::new(),
    };
    if running.is_empty() {
        if !location.directory().exists() {
            status.state = State::Absent;
        }
        return Ok(status);
    }
    status.state = State::Degraded;
    let kubectl_program = programs::find(Tool::Kubectl)?;
    let server = Server { location, kubectl: &kubectl_program };
    let ask =
        |action, arguments: &[&str]| server.ask(action, &[arguments, &["--request-timeout=10s"]].concat());
    let Ok(version) = ask("version", &["version", "--output=json"]) else {
        return Ok(status);
    };
    let version: Value = parse(location, &version)?;
    status.kubernetes = version["serverVersion"]["gitVersion"].as_str().map(str::to_owned);
    let objects: List = parse(
        location,
        &ask(
            "get",
            &[
                "get",
                "nodes,deployments.apps,statefulsets.apps,daemonsets.apps",
                "--all-namespaces",
                "--output=json",
            ],
        )?,
    )?;
    for object in &objects.items {
        if object["kind"] == "Node" {
            status.nodes.push(node(object));
        } else {
            status.workloads.push(workload(object));
        }
    }
    status.releases = releases(&ask("get", &RELEASES)?);
    if status.components.iter().all(|component| component.pid.is_some()) {
        status.state = State::Running;
    }
    Ok(status)
}

/// Labels alone: the records themselves hold the values of the release.
const RELEASES: [&str; 5] = [
    "get",
    "secrets",
    "--all-namespaces",
    "--selector=owner=helm",
    r#"--output=jsonpath={range .items[*]}{.metadata.namespace}{"\t"}{.metadata.labels.name}{"\t"}{.metadata.labels.version}{"\t"}{.metadata.labels.status}{"\n"}{end}"#,
];

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

fn parse<T: for<'de> Deserialize<'de>>(location: &Location, text: &str) -> Result<T, ClusterError> {
    serde_json::from_str(text)
        .map_err(|source| ClusterError::Answer { name: location.name().to_owned(), source })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn node(object: &Value) -> Node {
    let ready = object["status"]["conditions"].as_array().is_some_and(|conditions| {
        conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    });
    Node { name: text(&object["metadata"]["name"]), ready }
}

fn workload(object: &Value) -> Workload {
    let status = &object["status"];
    // A DaemonSet counts the machines it is for; the others are told a number, 1 unless stated.
    let (ready, desired) = if object["kind"] == "DaemonSet" {
        (&status["numberReady"], status["desiredNumberScheduled"].as_u64().unwrap_or(0))
    } else {
        (&status["readyReplicas"], object["spec"]["replicas"].as_u64().unwrap_or(1))
    };
    Workload {
        kind: text(&object["kind"]),
        namespace: text(&object["metadata"]["namespace"]),
        name: text(&object["metadata"]["name"]),
        ready: ready.as_u64().unwrap_or(0),
        desired,
    }
}

/// The last revision of each release, in the order of namespaces and names.
fn releases(lines: &str) -> Vec<Release> {
    let mut last: BTreeMap<(String, String), Release> = BTreeMap::new();
    for line in lines.lines() {
        let mut fields = line.split('\t').map(str::to_owned);
        let (Some(namespace), Some(name), Some(revision), Some(status)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let release = Release { revision: revision.parse().unwrap_or(0), namespace, name, status };
        let key = (release.namespace.clone(), release.name.clone());
        if last.get(&key).is_none_or(|known| known.revision < release.revision) {
            last.insert(key, release);
        }
    }
    last.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_revision_of_a_release_counts_as_a_number() {
        let lines =
            "a\tgift\t9\tsuperseded\na\tgift\t10\tdeployed\na\tgift\t2\tsuperseded\nb\tgift\t1\tfailed\n";
        let releases = releases(lines);
        let shown: Vec<_> = releases
            .iter()
            .map(|release| (&*release.namespace, release.revision, &*release.status))
            .collect();
        assert_eq!(shown, [("a", 10, "deployed"), ("b", 1, "failed")]);
    }

    #[test]
    fn a_daemon_set_is_measured_by_its_machines() {
        let daemon_set = json!({
            "kind": "DaemonSet",
            "metadata": {"namespace": "a", "name": "agent"},
            "status": {"numberReady": 2, "desiredNumberScheduled": 3},
        });
        let workload = workload(&daemon_set);
        assert_eq!((workload.ready, workload.desired), (2, 3));
    }

    #[test]
    fn a_deployment_without_status_has_nothing_ready() {
        let deployment = json!({
            "kind": "Deployment",
            "metadata": {"namespace": "a", "name": "web"},
            "spec": {"replicas": 4},
        });
        let workload = workload(&deployment);
        assert_eq!((workload.ready, workload.desired), (0, 4));
    }

    #[test]
    fn a_node_is_ready_when_it_says_so() {
        let with = |status| {
            node(&json!({
                "metadata": {"name": "n"},
                "status": {"conditions": [{"type": "Ready", "status": status}]},
            }))
            .ready
        };
        assert!(with("True"));
        assert!(!with("Unknown"));
    }
}
