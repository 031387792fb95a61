//! The Pod Security Standards at their edges: kinds, kinds of containers, Windows, user namespaces.

use super::library::found;
use gift_harness::policies::{Policies, PolicySelection};

/// The rules of a level that a manifest breaks, each once.
#[track_caller]
fn broken(level: &str, manifest: &str) -> Vec<String> {
    let policies = Policies::read(&PolicySelection::Set(format!("pod-security-{level}"))).unwrap().policies;
    let mut rules: Vec<_> = found(policies, manifest).into_iter().map(|finding| finding.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// A pod that keeps every rule of both levels, with `pod` put into its spec and `context` into the
/// security context of its container.
fn hardened(pod: &str, context: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n{pod}  containers:\n    - name: web\n      image: example.com/web:2.1\n      securityContext:\n        allowPrivilegeEscalation: false\n        capabilities: {{drop: [ALL]}}\n{context}"
    )
}

#[test]
fn a_hardened_pod_passes_both_levels() {
    for level in ["baseline", "restricted"] {
        assert_eq!(broken(level, &hardened("", "")), Vec::<String>::new());
    }
}

#[test]
fn every_kind_that_makes_pods_is_judged() {
    let spec =
        "{containers: [{name: web, image: 'example.com/web:2.1', securityContext: {privileged: true}}]}";
    let template = format!("{{metadata: {{labels: {{app: web}}}}, spec: {spec}}}");
    let apps = format!("spec: {{selector: {{matchLabels: {{app: web}}}}, template: {template}}}");
    for (api, kind, rest) in [
        ("v1", "Pod", format!("spec: {spec}")),
        ("v1", "PodTemplate", format!("template: {template}")),
        ("v1", "ReplicationController", format!("spec: {{template: {template}}}")),
        ("apps/v1", "ReplicaSet", apps.clone()),
        ("apps/v1", "Deployment", apps.clone()),
        ("apps/v1", "StatefulSet", apps.clone()),
        ("apps/v1", "DaemonSet", apps.clone()),
        ("batch/v1", "Job", format!("spec: {{template: {template}}}")),
        ("batch/v1", "CronJob", format!("spec: {{jobTemplate: {{spec: {{template: {template}}}}}}}")),
    ] {
        let manifest = format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web}}\n{rest}\n");
        assert_eq!(broken("baseline", &manifest), ["no-privileged-container"], "in\n{manifest}");
    }
}

#[test]
fn init_and_ephemeral_containers_are_judged() {
    for list in ["initContainers", "ephemeralContainers"] {
        let more = format!("  {list}: [{{name: more, image: 'example.com/more:2.1'}}]\n");
        assert_eq!(
            broken("restricted", &hardened(&more, "")),
            ["drop-all-capabilities", "no-privilege-escalation"],
            "{list}"
        );
    }
}

#[test]
fn windows_has_no_capabilities_and_no_seccomp_but_users() {
    let pod = |os: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  os: {{name: {os}}}\n  containers: [{{name: web, image: 'example.com/web:2.1'}}]\n"
        )
    };
    assert_eq!(broken("restricted", &pod("windows")), ["require-non-root"]);
    assert_eq!(
        broken("restricted", &pod("linux")),
        ["drop-all-capabilities", "no-privilege-escalation", "require-non-root", "require-seccomp-profile"]
    );
}

#[test]
fn a_user_namespace_lets_be_root_but_restricted_masks_proc_all_the_same() {
    let root = "        runAsUser: 0\n        runAsNonRoot: false\n        procMount: Unmasked\n";
    assert_eq!(broken("baseline", &hardened("  hostUsers: false\n", root)), Vec::<String>::new());
    assert_eq!(broken("restricted", &hardened("  hostUsers: false\n", root)), ["default-proc-mount"]);
    assert_eq!(
        broken("restricted", &hardened("  hostUsers: true\n", root)),
        ["default-proc-mount", "no-root-user", "require-non-root"]
    );
}

#[test]
fn a_volume_is_told_once_and_one_without_a_source_is_an_empty_directory() {
    let volume = |source: &str| hardened(&format!("  volumes: [{{name: data{source}}}]\n"), "");
    assert_eq!(broken("restricted", &volume(", hostPath: {path: /data}")), ["restricted-volume-types"]);
    assert_eq!(broken("baseline", &volume(", hostPath: {path: /data}")), ["no-host-path-volume"]);
    assert_eq!(broken("baseline", &volume(", nfs: {server: files, path: /}")), Vec::<String>::new());
    for source in ["", ", hostPath: null", ", emptyDir: {}", ", image: {reference: 'example.com/data:1'}"] {
        assert_eq!(broken("restricted", &volume(source)), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_is_null_or_empty_is_not_stated() {
    for context in ["        privileged: null\n", "        seLinuxOptions: {user: '', role: '', type: ''}\n"]
    {
        assert_eq!(broken("restricted", &hardened("", context)), Vec::<String>::new(), "{context}");
    }
    let lower = hardened("", "").replace("drop: [ALL]", "drop: [all]");
    assert_eq!(
        broken("restricted", &lower),
        ["drop-all-capabilities"],
        "capabilities are written in capitals"
    );
}
