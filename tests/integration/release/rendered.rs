//! What is rendered in the cells of the matrix.

use super::Project;
use std::fs;

const WEB: &str = "chart/templates/web.yaml";

#[test]
fn what_an_upgrade_removes_or_cannot_change_is_a_new_major_version() {
    for (path, from, to, reason) in [
        (
            WEB,
            "matchLabels: {app: {{ .Values.name }}}",
            "matchLabels: {app: web, tier: front}",
            "shop/templates/web.yaml, in default helm3 k8s1.30 and 7 more: Deployment web: spec.selector changed",
        ),
        (
            "chart/templates/service.yaml",
            "  name: {{ .Values.name }}\n",
            "  name: {{ .Values.name }}-front\n",
            "Service web is called Service web-front now",
        ),
        (
            "chart/templates/service.yaml",
            "spec:\n",
            "spec:\n  clusterIP: None\n",
            "Service web: spec.clusterIP changed",
        ),
        (
            "chart/Chart.yaml",
            ">=1.25.0-0",
            ">=1.31.0-0",
            "kubeVersion was \">=1.25.0-0\" and is \">=1.31.0-0\"",
        ),
    ] {
        let project = Project::published("1.4.2");
        project.replace(path, from, to);
        project.assert_demands("2.0.0", reason, &["1.5.0"]);
    }
    let project = Project::published("1.4.2");
    fs::remove_file(project.bench.path("chart/templates/service.yaml")).unwrap();
    project.assert_demands("2.0.0", "Service web is gone, and an upgrade removes it", &["1.4.3"]);
}

/// Though nothing else differs: the next version is another selector.
#[test]
fn a_version_in_a_selector_is_seen_before_it_is_raised() {
    let project = Project::published("1.4.2");
    project.replace(
        WEB,
        "matchLabels: {app: {{ .Values.name }}}",
        "matchLabels: {v: {{ .Chart.Version | quote }}}",
    );
    for file in ["chart/Chart.yaml", "values/Chart.yaml"] {
        project.replace(file, "1.4.2", "1.4.3");
    }
    project.publish();
    project.assert_demands("2.0.0", "Deployment web: spec.selector changed", &["1.4.4"]);
}

#[test]
fn a_cell_that_is_rendered_no_more_breaks() {
    let project = Project::published("1.4.2");
    project.replace("chart/Chart.yaml", ">=1.25.0-0", ">=1.31.0-0");
    let (_, reasons) = project.demanded();
    let told = "in default helm3 k8s1.30 and 1 more: default: the tree does not render it: chart requires kubeVersion";
    assert!(reasons.iter().any(|reason| reason.starts_with(told)), "{reasons:#?}");
}

#[test]
fn an_environment_that_goes_breaks_and_one_that_comes_is_new() {
    let project = Project::published("1.4.2");
    project.write("values/shop/stage.yaml", "replicas: 2\n");
    project.replace("tests/matrix.yaml", "shop/prod", "shop/prod, shop/stage");
    project.assert_demands("1.5.0", "shop/stage: a new environment", &["1.4.3"]);
    fs::remove_file(project.bench.path("values/shop/prod.yaml")).unwrap();
    project.replace("tests/matrix.yaml", "shop/prod, ", "");
    project.assert_demands("2.0.0", "shop/prod: the environment is gone", &["1.5.0"]);
}

#[test]
fn an_object_that_comes_is_a_new_minor_version() {
    let project = Project::published("1.4.2");
    project.write(
        "chart/templates/account.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
    );
    project.assert_demands("1.5.0", "ServiceAccount web is new", &["1.4.3"]);
}

#[test]
fn any_other_change_is_a_patch_and_pods_that_are_replaced_are_told() {
    let project = Project::published("1.4.2");
    project.replace(WEB, "image: shop/web:", "image: mirror/web:");
    project.assert_demands(
        "1.4.3",
        "spec.template.spec.containers[0].image changed; its pods are replaced",
        &["1.4.2"],
    );
}

#[test]
fn the_version_alone_is_no_change() {
    let project = Project::published("1.4.2");
    project.replace("chart/Chart.yaml", "1.4.2", "1.4.3");
    let review = project.review();
    assert_eq!((review["demanded"].as_str(), review["cells"].as_u64()), (None, Some(8)), "{review}");
    let (code, stdout, _) = project.release(&[]);
    assert_eq!((code, stdout.as_str()), (0, "shop is as it was published, as 1.4.2\n"));
}

#[test]
fn without_published_values_both_render_those_there_are() {
    let project = Project::published("1.4.2");
    fs::remove_dir_all(project.bench.path("site")).unwrap();
    project.bench.published(&["chart", "--to", "site", "--no-lint", "--no-test"]);
    project.replace("values/shop/prod.yaml", "replicas: 3", "replicas: 4");
    let (code, stdout, stderr) = project.release(&[]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("note: no values were published beside the chart"), "{stderr}");
    assert!(stdout.contains("as it was published"), "{stdout}");
}
