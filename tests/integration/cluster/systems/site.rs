//! A cluster for releases that hold objects of the whole cluster, and everything there is on it.

use super::super::Own;
use super::super::shared::eventually;
use crate::workplace::{Workplace, text};
use gift_harness::cluster::Cluster;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What tells about releases without being part of one, and the definitions themselves, which stay.
const NOT_OF_A_RELEASE: [&str; 6] = [
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
    "pods.metrics.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "apiservices.apiregistration.k8s.io",
];

/// One object a line: `Kind namespace/name`. Volumes made for a claim have names nobody can tell, so they go by
/// the claim's.
const NAMES: &str = r#"go-template={{range .items}}{{.kind}} {{if and (eq .kind "PersistentVolume") .spec.claimRef}}{{.spec.claimRef.namespace}}/{{.spec.claimRef.name}}{{else}}{{with .metadata.namespace}}{{.}}/{{end}}{{.metadata.name}}{{end}}{{"\n"}}{{end}}"#;

/// A cluster of its own, a Helm, and a folder to run it in.
pub(super) struct Site {
    own: Own,
    pub(super) workplace: Workplace,
    pub(super) helm: u32,
}

impl Site {
    pub(super) fn new(name: &str, helm: u32) -> Self {
        let (own, _) = Own::up(name);
        let workplace = Workplace::new(helm);
        if helm == 4 {
            workplace.helm(&["plugin", "install", "./plugin"]).assert().success();
        }
        Self { own, workplace, helm }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.own.0
    }

    /// kubectl, which must succeed.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> String {
        self.own.kubectl(arguments)
    }

    /// kubectl, with something to read.
    pub(super) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.cluster().kubectl().unwrap();
        command.args(arguments);
        with_input(command, input)
    }

    /// Everything there is, of every kind, in every namespace and in none.
    pub(super) fn everything(&self) -> BTreeSet<String> {
        let kinds = self.kubectl(&["api-resources", "--verbs=list,delete", "-o=name"]);
        let kinds: Vec<&str> = kinds.lines().filter(|kind| !NOT_OF_A_RELEASE.contains(kind)).collect();
        let listed = self.kubectl(&["get", &kinds.join(","), "--all-namespaces", "-o", NAMES]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Nothing is there but what was before, and what is to stay.
    pub(super) fn assert_left(&self, what: &str, before: &BTreeSet<String>, kept: &BTreeSet<String>) {
        let expected: BTreeSet<String> = before.union(kept).cloned().collect();
        let mut now = BTreeSet::new();
        let settled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually("nothing else is left", || {
                now = self.everything();
                now == expected
            });
        }));
        if settled.is_err() {
            let unexpected: Vec<_> = now.difference(&expected).collect();
            let missing: Vec<_> = expected.difference(&now).collect();
            panic!("{what}: left behind {unexpected:#?}, gone {missing:#?}");
        }
    }

    /// Every object of the manifest is on the cluster, with every value the manifest states.
    pub(super) fn assert_holds(&self, manifest: &str, what: &str) {
        let arguments =
            ["diff", "--server-side", "--force-conflicts", "--field-manager=gift-tests", "-f", "-"];
        let mut command = self.cluster().kubectl().unwrap();
        // Writing an empty list anew counts as a change to the server, and is none.
        command.env("KUBECTL_EXTERNAL_DIFF", "diff -u -N -Igeneration").args(arguments);
        let difference = with_input(command, manifest);
        let told = format!("{}{}", text(&difference.stdout), text(&difference.stderr));
        assert!(difference.status.success(), "{what}: {told}");
    }
}

fn with_input(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
