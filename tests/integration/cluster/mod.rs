//! The embedded cluster: up, used by both Helms, damaged and mended, down without a trace; and on it the
//! chart: installed, changed, taken back, refused, removed.

mod breaches;
mod documentation;
mod enforcement;
mod installation;
mod operations;
mod parity;
mod schemas;
mod sharding;
mod shared;
mod systems;
mod upgrades;

pub(crate) use shared::shared;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::workplace::helm;
use gift_harness::cluster::{Cluster, ClusterError, Event, Options, State};
use gift_harness::diagnosis::Diagnose;
use gift_harness::tools::HelmVersion;

/// A cluster for one test of this checkout, taken down when the test ends, however it ends. The next run
/// takes over what a killed one left behind.
struct Own(Cluster);

impl Own {
    fn up(test: &str) -> (Self, Vec<Event>) {
        let mut hasher = DefaultHasher::new();
        env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
        let name = format!("{test}-{:08x}", hasher.finish() & 0xffff_ffff);
        Cluster::named(&name).unwrap().down(&mut |_| {}).unwrap();
        Self::again(&name)
    }

    fn again(name: &str) -> (Self, Vec<Event>) {
        let mut events = Vec::new();
        // Other tests start clusters too, one after the other.
        let cluster = Cluster::up(&Options::named(name), &mut |event| {
            if event != Event::Waiting {
                events.push(event);
            }
        });
        let cluster = cluster.unwrap_or_else(|error| panic!("{error}\n{:?}", error.help()));
        (Self(cluster), events)
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.0.kubectl().unwrap().args(arguments).output().unwrap();
        assert!(output.status.success(), "kubectl {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn helm(&self, version: HelmVersion, arguments: &[&str]) -> Output {
        Command::new(helm(version))
            .env("KUBECONFIG", self.0.kubeconfig())
            .env("KUBECACHEDIR", self.0.logs())
            .args(arguments)
            .output()
            .unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.down(&mut |_| {});
    }
}

/// Numbers of the processes whose program is in the cluster's folder.
fn processes(directory: &Path) -> Vec<u32> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let program = command.split(|byte| *byte == 0).next()?.to_vec();
            Path::new(&String::from_utf8(program).ok()?).starts_with(directory).then_some(pid)
        })
        .collect()
}

/// Ends every process of the cluster without a word to it, as a crash does.
fn crash(directory: &Path) -> usize {
    let running = processes(directory);
    let killed = Command::new("sh")
        .args(["-c", "kill -KILL \"$@\"", "sh"])
        .args(running.iter().map(u32::to_string))
        .status()
        .unwrap();
    assert!(killed.success());
    while !processes(directory).is_empty() {
        sleep(Duration::from_millis(10));
    }
    running.len()
}

/// A process that has nothing to do with any cluster.
struct Stranger(Child);

impl Stranger {
    fn start() -> Self {
        let child = Command::new("sleep")
            .arg("600")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn both_helms_install_wait_test_and_uninstall() {
    let (own, events) = Own::up("helms");
    assert_eq!(events.first(), Some(&Event::Starting));
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/cluster/chart");

    for version in [HelmVersion::V4, HelmVersion::V3] {
        let namespace = &version.to_string();
        let run = |arguments: &[&str]| {
            let output = own.helm(version, arguments);
            assert!(output.status.success(), "{version} {arguments:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let at = ["--namespace", namespace];
        run(&[&["install", "web", chart, "--create-namespace", "--wait", "--timeout=60s"], &at[..]].concat());

        let status = own.0.status().unwrap();
        assert_eq!(status.state, State::Running);
        assert_eq!(status.nodes.len(), 3);
        assert!(status.nodes.iter().all(|node| node.ready));
        let release = status.releases.iter().find(|release| &release.namespace == namespace).unwrap();
        assert_eq!(
            (release.name.as_str(), release.revision, release.status.as_str()),
            ("web", 1, "deployed")
        );
        let workload = status.workloads.iter().find(|workload| &workload.namespace == namespace).unwrap();
        assert_eq!((workload.ready, workload.desired), (3, 3));

        // The Service has an address of its own, and leads to the three pods' port.
        let address = own.kubectl(&[
            "get",
            "service",
            "web",
            "-n",
            namespace,
            "-o=jsonpath={.status.loadBalancer.ingress[0].ip}",
        ]);
        assert!(address.starts_with("10.96."), "{address}");
        let endpoints = own.kubectl(&[
            "get",
            "endpointslices",
            "-n",
            namespace,
            "-o=jsonpath={.items[*].endpoints[*].addresses[0]}",
        ]);
        assert_eq!(
            endpoints.split(' ').filter(|address| address.starts_with("10.244.")).count(),
            3,
            "{endpoints}"
        );

        let tested = run(&[&["test", "web", "--logs", "--timeout=30s"], &at[..]].concat());
        assert!(tested.contains("Succeeded") && tested.contains("simulated"), "{tested}");

        // A pod that ends badly fails `helm test`.
        run(&[&["upgrade", "web", chart, "--set=outcome=failure", "--wait", "--timeout=30s"], &at[..]]
            .concat());
        let failed = own.helm(version, &[&["test", "web", "--timeout=30s"], &at[..]].concat());
        assert!(!failed.status.success(), "{failed:?}");

        run(&[&["uninstall", "web", "--wait"], &at[..]].concat());
        let left = own.kubectl(&["get", "deployments,services", "-n", namespace, "-o=name"]);
        assert_eq!(left, "");
    }
}

#[test]
fn a_policy_of_the_cluster_refuses_what_breaches_it() {
    let (own, _) = Own::up("admission");
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/cluster/policy.yaml");
    own.kubectl(&["apply", "-f", policy]);
    // The API server takes a moment to compile a new policy; until then it lets everything pass.
    let refused = (0..100).find_map(|_| {
        let output = own
            .0
            .kubectl()
            .unwrap()
            .args(["create", "configmap", "unlabelled", "--dry-run=server"])
            .output()
            .unwrap();
        if output.status.success() {
            sleep(Duration::from_millis(100));
            return None;
        }
        Some(String::from_utf8(output.stderr).unwrap())
    });
    let refused = refused.expect("the policy never took effect");
    assert!(refused.contains("needs the label app"), "{refused}");
}

#[test]
fn up_finds_restarts_and_recreates_and_down_leaves_nothing() {
    let (own, _) = Own::up("lifecycle");
    let name = own.0.name().to_owned();
    let directory = own.0.kubeconfig().parent().unwrap().to_owned();
    own.kubectl(&["create", "configmap", "kept"]);

    // Up while it is up: found.
    let again = |own| {
        std::mem::forget(own);
        Own::again(&name)
    };
    let (own, events) = again(own);
    assert_eq!(events.first(), Some(&Event::AlreadyRunning));

    // Everything killed, as by a reboot, and a stranger running under a number from the files.
    assert_eq!(crash(&directory), 5);
    let mut stranger = Stranger::start();
    fs::write(directory.join("pids/etcd.pid"), stranger.0.id().to_string()).unwrap();
    let status = own.0.status().unwrap();
    assert_eq!(status.state, State::Stopped);
    assert!(status.components.iter().all(|component| component.pid.is_none()));

    let (own, events) = again(own);
    assert!(
        matches!(events.first(), Some(Event::Restarting { missing }) if missing.len() == 5),
        "{events:?}"
    );
    assert_eq!(own.kubectl(&["get", "configmap", "kept", "-o=name"]), "configmap/kept\n");
    assert!(stranger.is_alive(), "a process that is not the cluster's was killed");

    // What cannot be started is made anew.
    crash(&directory);
    fs::remove_dir_all(directory.join("pki")).unwrap();
    let (own, events) = again(own);
    assert!(events.iter().any(|event| matches!(event, Event::Recreating { .. })), "{events:?}");
    assert!(!own.kubectl(&["get", "configmaps", "-o=name"]).contains("kept"));

    // Down: no process and no file is left, and nobody else is hurt.
    assert!(own.0.down(&mut |_| {}).unwrap());
    assert_eq!(processes(&directory), Vec::<u32>::new());
    assert!(!directory.exists());
    let others = fs::read_dir(directory.parent().unwrap()).unwrap().filter_map(Result::ok);
    for entry in others {
        let left = entry.file_name().into_string().unwrap();
        assert!(!left.starts_with(&name), "{left} is left");
    }
    assert!(stranger.is_alive());

    let mut events = Vec::new();
    assert!(!own.0.down(&mut |event| events.push(event)).unwrap());
    assert_eq!(events, [Event::Absent]);
}

#[test]
fn a_name_that_is_none_is_refused_with_the_way_out() {
    let error = Cluster::up(&Options::named("../x"), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::Name { .. }));
    assert_eq!(error.category().exit_code(), 2);
    assert!(error.help().unwrap().contains("lower-case"));
}
