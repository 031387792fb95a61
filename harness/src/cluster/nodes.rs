//! The simulated machines of a cluster, and where their volumes come from.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::ClusterError;
use super::request::Server;

const ZONES: usize = 3;

/// The class of volumes that claims get which name none.
pub(super) const STORAGE_CLASS: &str = "standard";

/// Sees to it that there are that many nodes, all ready, that pods can be made in `default`, and that claims
/// get volumes.
pub(super) fn provide(server: Server<'_>, count: usize, timeout: Duration) -> Result<(), ClusterError> {
    let mut objects: Vec<Value> = (1..=count).map(node).collect();
    objects.push(storage_class(STORAGE_CLASS));
    server.apply("apply of nodes", &objects)?;
    let timeout = format!("--timeout={}s", timeout.as_secs().max(1));
    server.ask("wait", &["wait", "--for=condition=Ready", "nodes", "--all", &timeout])?;
    // Until the controllers have made it, a pod is refused.
    server.ask("wait", &["wait", "--for=create", "serviceaccount/default", &timeout])?;
    Ok(())
}

/// A class whose volumes the controller manager makes by itself: empty folders of this machine, which no
/// container ever writes to.
pub(super) fn storage_class(name: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "annotations": {
                "storageclass.kubernetes.io/is-default-class": (name == STORAGE_CLASS).to_string(),
            },
        },
        "provisioner": "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
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
        let nodes: Vec<Value> = (1..=4).map(node).collect();
        let zones: Vec<&str> = nodes
            .iter()
            .map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str().unwrap())
            .collect();
        assert_eq!(zones, ["zone-1", "zone-2", "zone-3", "zone-1"]);
    }
}
