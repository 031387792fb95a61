use crate::protocol::{Options, Request};
use crate::render::answer;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  A: secretRef:A\n  B: secretRef:B\n  C: Yw==\n";

fn render_with(stream: &str, sources: &[(&str, &str)]) -> String {
    let secrets: BTreeMap<String, String> =
        sources.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let options = Options { refresh_checksums: true, ..Options::default() };
    let request = Request { secrets, options, ..Request::default() };
    let (report, stream) = answer(&request, stream.as_bytes());
    assert_eq!(report.error, None);
    String::from_utf8(stream).unwrap()
}

fn render(stream: &str) -> String {
    render_with(stream, &[("A", "YQ=="), ("B", "Yg==")])
}

/// A pod template with an annotation and what its spec says beside its containers.
fn template(annotation: &str, spec: &str) -> String {
    format!(
        "metadata: {{annotations: {{{annotation}: \"old\", other: \"old\"}}}}, spec: {{containers: [{{name: a}}], {spec}}}"
    )
}

const MOUNTS_ALL: &str = "volumes: [{name: v, secret: {secretName: app}}]";

fn deployment(annotation: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nspec: {{template: {{{}}}}}\n",
        template(annotation, spec)
    )
}

/// Whether the checksum is made anew in a document behind, and before, the Secret.
fn is_refreshed(document: &str) -> bool {
    let behind = render(&format!("{SECRET}{document}"));
    let before = render(&format!("{}\n---\n{SECRET}", document.trim_start_matches("---\n").trim_end()));
    let count = |text: &str| text.matches("\"old\"").count() + text.matches(": old").count();
    let kept = count(document);
    assert_eq!(count(&behind), count(&before), "the order of documents does not matter");
    count(&behind) < kept
}

#[test]
fn the_checksum_is_that_of_the_old_one_and_of_what_is_read() {
    use sha2::{Digest, Sha256};
    let out = render(&format!("{SECRET}{}", deployment("checksum/secret-app", MOUNTS_ALL)));
    let digest = Sha256::digest("old\napp\nA\nYQ==\napp\nB\nYg==");
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(out.contains(&format!("checksum/secret-app: \"{text}\", other: \"old\"")), "{out}");
}

#[test]
fn every_way_to_read_a_filled_value_counts() {
    for spec in [
        MOUNTS_ALL,
        "volumes: [{name: v, secret: {secretName: app, items: [{key: A, path: a}]}}]",
        "volumes: [{name: v, projected: {sources: [{configMap: {name: x}}, {secret: {name: app}}]}}]",
        "volumes: [{name: v, projected: {sources: [{secret: {name: app, items: [{key: B, path: b}]}}]}}]",
        "initContainers: [{name: i, env: [{name: X, valueFrom: {secretKeyRef: {name: app, key: A}}}]}]",
        "initContainers: [{name: i, envFrom: [{configMapRef: {name: x}}, {secretRef: {name: app}}]}]",
    ] {
        assert!(is_refreshed(&deployment("checksum/secret-app", spec)), "{spec}");
        assert!(is_refreshed(&deployment("checksum/secret", spec)), "{spec}");
        assert!(is_refreshed(&deployment("checksum/secrets", spec)), "{spec}");
    }
}

#[test]
fn who_reads_no_filled_value_is_not_touched() {
    for (annotation, spec) in [
        ("checksum/secret-app", "volumes: []"),
        ("checksum/secret-app", "volumes: [{name: v, secret: {secretName: other}}]"),
        (
            "checksum/secret-app",
            "volumes: [{name: v, secret: {secretName: app, items: [{key: C, path: c}]}}]",
        ),
        (
            "checksum/secret-app",
            "initContainers: [{name: i, env: [{name: X, valueFrom: {secretKeyRef: {name: app, key: C}}}]}]",
        ),
        ("checksum/secret-app", "volumes: [{name: v, configMap: {name: app}}]"),
        ("checksum/secret-other", MOUNTS_ALL),
        ("checksum/secret-ap", MOUNTS_ALL),
        ("checksum/secretly", MOUNTS_ALL),
        ("checksum/config", MOUNTS_ALL),
    ] {
        assert!(!is_refreshed(&deployment(annotation, spec)), "{annotation} {spec}");
        let stream = format!("{SECRET}{}", deployment(annotation, spec));
        assert!(render(&stream).ends_with(&deployment(annotation, spec)), "byte for byte");
    }
}

#[test]
fn pods_are_told_by_what_they_are_made_of_in_any_kind() {
    let template = template("checksum/secret-app", MOUNTS_ALL);
    for kind in
        ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController", "Rollout"]
    {
        assert!(
            is_refreshed(&format!(
                "---\nkind: {kind}\napiVersion: x/v1\nspec: {{template: {{{template}}}}}\n"
            )),
            "{kind}"
        );
    }
    for document in [
        format!("---\nkind: Pod\napiVersion: v1\n{}\n", template.replacen(", spec:", "\nspec:", 1)),
        format!(
            "---\nkind: CronJob\napiVersion: batch/v1\nspec: {{jobTemplate: {{spec: {{template: {{{template}}}}}}}}}\n"
        ),
        format!(
            "---\nkind: RayCluster\napiVersion: ray.io/v1\nspec: {{groups: [{{template: {{{template}}}}}]}}\n"
        ),
        format!(
            "---\nkind: List\napiVersion: v1\nitems: [{{kind: Deployment, apiVersion: apps/v1, spec: {{template: {{{template}}}}}}}]\n"
        ),
    ] {
        assert!(is_refreshed(&document), "{document}");
    }
}

#[test]
fn a_secret_and_its_consumer_may_stand_in_one_list() {
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: app}}\n  data:\n    A: secretRef:A\n  stringData:\n    B: b\n- apiVersion: apps/v1\n  kind: Deployment\n  spec:\n    template: {{{}}}\n",
        template("checksum/secret-app", MOUNTS_ALL)
    );
    let out = render(&list);
    assert!(
        out.contains("    A: YQ==\n    B: Yg==\n") && !out.contains("checksum/secret-app: \"old\""),
        "{out}"
    );
}

#[test]
fn secrets_of_another_namespace_are_other_secrets() {
    let elsewhere = SECRET.replace("  name: app\n", "  name: app\n  namespace: elsewhere\n");
    let pods = deployment("checksum/secret-app", MOUNTS_ALL);
    assert!(render(&format!("{elsewhere}{pods}")).ends_with(&pods));
    let default = SECRET.replace("  name: app\n", "  name: app\n  namespace: default\n");
    assert!(!render(&format!("{default}{pods}")).ends_with(&pods));
}

#[test]
fn what_a_chart_hashes_itself_needs_no_new_checksum() {
    let pods = deployment("checksum/secret-app", MOUNTS_ALL);
    for secret in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {A: a}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\ndata: {A: YQ==}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\ndata: {A: secretRef:A}\nstringData: {A: a}\n",
    ] {
        assert!(render(&format!("{secret}{pods}")).ends_with(&pods), "{secret}");
    }
}

#[test]
fn names_are_cut_as_annotations_ask() {
    let name = "a".repeat(70);
    let secret = SECRET.replace("name: app", &format!("name: {name}"));
    let cut = format!("checksum/secret-{name}").chars().take(72).collect::<String>();
    let pods = deployment(&cut, &MOUNTS_ALL.replace("secretName: app", &format!("secretName: {name}")));
    assert!(!render(&format!("{secret}{pods}")).ends_with(&pods));
}

#[test]
fn hooks_and_subcharts_are_documents_like_others() {
    let hook =
        SECRET.replace("  name: app\n", "  name: app\n  annotations:\n    helm.sh/hook: pre-install\n");
    let pods = deployment("checksum/secret-app", MOUNTS_ALL);
    let stream = format!("# Source: parent/charts/child/templates/secret.yaml\n{hook}{pods}");
    let out = render(&stream);
    assert!(
        out.starts_with("# Source: parent/charts/child/templates/secret.yaml\n") && out.contains("A: YQ==")
    );
    assert!(!out.ends_with(&pods));
}

#[test]
fn immutable_secrets_and_binary_values_are_filled_like_others() {
    let binary = "AP/+";
    let stream = format!("{SECRET}immutable: true\n{}", deployment("checksum/secret-app", MOUNTS_ALL));
    let out = render_with(&stream, &[("A", binary), ("B", "Yg==")]);
    assert!(out.contains("  A: AP/+\n") && out.contains("\nimmutable: true\n"), "{out}");
    assert_ne!(out, render_with(&stream, &[("A", "AP//"), ("B", "Yg==")]));
}

#[test]
fn an_annotation_behind_an_alias_keeps_its_text() {
    let pods = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels: {x: &old \"old\"}\nspec:\n  template:\n    metadata:\n      annotations:\n        checksum/secret-app: *old\n    spec:\n      containers: []\n      volumes: [{secret: {secretName: app}}]\n";
    assert!(render(&format!("{SECRET}{pods}")).ends_with(pods));
}

proptest! {
    #[test]
    fn exactly_the_consumers_of_a_changed_value_change(a in "[a-z]{1,6}", b in "[a-z]{1,6}", c in "[a-z]{1,6}") {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let of = |key: &str| deployment(
            "checksum/secret-app",
            &format!("initContainers: [{{name: i, env: [{{name: X, valueFrom: {{secretKeyRef: {{name: app, key: {key}}}}}}}]}}]"),
        );
        let stream = format!("{SECRET}{}{}", of("A"), of("B"));
        let render = |a: &str, b: &str| render_with(&stream, &[("A", &encode(a)), ("B", &encode(b))]);
        let documents = |text: &str| text.split("---\n").map(str::to_owned).collect::<Vec<_>>();
        let (one, other) = (documents(&render(&a, &b)), documents(&render(&a, &c)));
        prop_assert_eq!(&one[1], &other[1]);
        prop_assert_eq!(one[2] == other[2], b == c);
        prop_assert_eq!(render(&a, &b), render(&a, &b));
    }
}
