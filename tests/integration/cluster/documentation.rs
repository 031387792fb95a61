//! What the README says about a cluster, done on one.

use super::shared::{Place, kubectl, shared};
use crate::command::run_cluster_blocks;
use std::fs;

#[test]
fn the_readme_does_what_it_says_on_a_cluster() {
    let place = Place::new("readme", 4);
    // Commands in documents name neither cluster nor namespace: they find both where users keep them.
    let kubeconfig = place.workplace.path().join("home/no-cluster");
    fs::create_dir_all(kubeconfig.parent().unwrap()).unwrap();
    fs::copy(shared().kubeconfig(), &kubeconfig).unwrap();
    kubectl(&[
        "config",
        "set-context",
        "--current",
        "--namespace=readme",
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
    ]);
    run_cluster_blocks("README.md", &place.workplace);
}
