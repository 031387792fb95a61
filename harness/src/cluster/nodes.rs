//! The simulated machines of a cluster.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::control_plane::kubectl;
use super::error::ClusterError;
use super::location::Location;
use super::programs::Programs;

const ZONES: usize = 3;

/// Sees to it that there are that many nodes, all ready, and that pods can be made in `default`.
pub(super) fn provide(
    location: &Location,
    programs: &Programs,
    count: usize,
    timeout: Duration,
) -> Result<(), ClusterError> {
    apply(location, programs, &manifest(count))?;
    let timeout = format!("--timeout={}s", timeout.as_secs().max(1));
    wait(location, programs, &["--for=condition=Ready", "nodes", "--all", &timeout])?;
    // Until the controllers have made it, a pod is refused.
    wait(location, programs, &["--for=create", "serviceaccount/default", &timeout])
}

fn apply(location: &Location, programs: &Programs, manifest: &Value) -> Result<(), ClusterError> {
    let run = |source| ClusterError::Run { program: programs.kubectl.clone(), source };
    let mut child = kubectl(location, &programs.kubectl)
        .args(["apply", "--server-side", "--force-conflicts", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(run)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(manifest.to_string().as_bytes()).map_err(run)?;
    }
    let output = child.wait_with_output().map_err(run)?;
    check(location, "apply of nodes", &output)
}

fn wait(location: &Location, programs: &Programs, arguments: &[&str]) -> Result<(), ClusterError> {
    let output = kubectl(location, &programs.kubectl)
        .arg("wait")
        .args(arguments)
        .output()
        .map_err(|source| ClusterError::Run { program: programs.kubectl.clone(), source })?;
    check(location, "wait", &output)
}

fn check(
    location: &Location,
    action: &'static str,
    output: &std::process::Output,
) -> Result<(), ClusterError> {
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Kubectl {
        name: location.name().to_owned(),
        action,
        detail: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn manifest(count: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": (1..=count).map(node).collect::<Vec<_>>(),
    })
}

/// A machine as one rents it: 8 CPUs, 32 GiB, in one of three zones.
fn node(number: usize) -> Value {
    let name = format!("node-{number}");
    let resources = json!({
        "cpu": "8",
        "memory": "32Gi",
        "ephemeral-storage": "100Gi",
        "pods": "110",
    });
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "topology.kubernetes.io/region": "region-1",
                "topology.kubernetes.io/zone": format!("zone-{}", (number - 1) % ZONES + 1),
            },
        },
        // The addresses of its pods.
        "spec": {"podCIDR": format!("10.244.{number}.0/24"), "podCIDRs": [format!("10.244.{number}.0/24")]},
        "status": {"capacity": resources, "allocatable": resources},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_spread_over_the_zones() {
        let manifest = manifest(4);
        let zones: Vec<&str> = manifest["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str().unwrap())
            .collect();
        assert_eq!(zones, ["zone-1", "zone-2", "zone-3", "zone-1"]);
    }
}
