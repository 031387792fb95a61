//! Both sides of every number and name the policies state.

use super::{DEPLOYMENT, deployment, findings};

/// Which rules break, each once.
fn broken(manifest: &str) -> Vec<String> {
    let mut rules: Vec<String> = findings(manifest).into_iter().map(|finding| finding.rule).collect();
    rules.dedup();
    rules
}

#[track_caller]
fn passes(manifest: &str) {
    assert_eq!(findings(manifest), []);
}

#[track_caller]
fn breaks(rule: &str, manifest: &str) {
    assert_eq!(broken(manifest), [rule], "in\n{manifest}");
}

#[test]
fn a_deployment_that_keeps_every_rule_passes() {
    passes(DEPLOYMENT);
}

#[test]
fn the_smallest_cpu_request_is_50m() {
    passes(&deployment("cpu: 200m", "cpu: 50m"));
    passes(&deployment("cpu: 200m", "cpu: 0.05"));
    breaks("minimum-requests", &deployment("cpu: 200m", "cpu: 49m"));
    breaks("minimum-requests", &deployment("cpu: 200m", "cpu: 0.049"));
}

#[test]
fn the_smallest_memory_request_is_128_mebibytes() {
    passes(&deployment("memory: 256Mi\n            limits", "memory: 128Mi\n            limits"));
    passes(&deployment("memory: 256Mi\n            limits", "memory: 131072Ki\n            limits"));
    passes(&deployment("memory: 256Mi\n            limits", "memory: 134217728\n            limits"));
    breaks(
        "minimum-requests",
        &deployment("memory: 256Mi\n            limits", "memory: 127Mi\n            limits"),
    );
    breaks(
        "minimum-requests",
        &deployment("memory: 256Mi\n            limits", "memory: 128M\n            limits"),
    );
}

#[test]
fn the_largest_cpu_limit_is_1500m() {
    passes(&deployment("cpu: 500m", "cpu: 1500m"));
    passes(&deployment("cpu: 500m", "cpu: \"1.5\""));
    passes(&deployment("cpu: 500m", "cpu: 1.5"));
    breaks("maximum-limits", &deployment("cpu: 500m", "cpu: 1501m"));
    breaks("maximum-limits", &deployment("cpu: 500m", "cpu: \"2\""));
    breaks("maximum-limits", &deployment("cpu: 500m", "cpu: 2"));
}

#[test]
fn the_largest_memory_limit_is_2_gibibytes() {
    passes(&deployment("memory: 512Mi", "memory: 2Gi"));
    passes(&deployment("memory: 512Mi", "memory: 2048Mi"));
    breaks("maximum-limits", &deployment("memory: 512Mi", "memory: 2049Mi"));
    breaks("maximum-limits", &deployment("memory: 512Mi", "memory: 2147483649"));
}

#[test]
fn a_quantity_nobody_can_read_is_a_breach_not_a_pass() {
    breaks("minimum-requests", &deployment("cpu: 200m", "cpu: plenty"));
    breaks("maximum-limits", &deployment("cpu: 500m", "cpu: plenty"));
}

#[test]
fn every_request_and_limit_must_be_there() {
    breaks("require-resources", &deployment("              cpu: 200m\n", ""));
    breaks("require-resources", &deployment("              memory: 512Mi\n", ""));
    breaks(
        "require-resources",
        &deployment("            limits:\n              cpu: 500m\n              memory: 512Mi\n", ""),
    );
}

#[test]
fn an_init_container_without_limits_is_refused() {
    breaks("require-resources", &deployment("            limits: {cpu: 100m, memory: 256Mi}\n", ""));
}

#[test]
fn an_image_has_a_tag_other_than_latest() {
    for image in [
        "x:2.1",
        "host:5000/x:2.1",
        "x:2.1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        passes(&deployment("example.com/web:2.1", image));
    }
    for image in ["x:latest", "x", "host:5000/x", "host:5000/x:latest"] {
        breaks("pinned-image-tag", &deployment("example.com/web:2.1", image));
    }
}

#[test]
fn tiers_are_frontend_and_backend() {
    for manifest in [
        DEPLOYMENT.replace("tier: backend", "tier: middleware"),
        DEPLOYMENT.replace("        tier: backend\n", "").replace("    tier: backend\n", ""),
    ] {
        breaks("require-tier-label", &manifest);
    }
    for tier in ["frontend", "backend"] {
        passes(&DEPLOYMENT.replace("tier: backend", &format!("tier: {tier}")));
    }
}

#[test]
fn the_project_is_stated_exactly() {
    breaks("require-project-label", &DEPLOYMENT.replace("project: gift-service", "project: gift"));
    breaks("require-project-label", &DEPLOYMENT.replacen("    project: gift-service\n", "", 1));
}

#[test]
fn every_object_names_its_app() {
    breaks("require-app-label", &deployment("  labels:\n    app: user-service\n", "  labels:\n"));
    breaks(
        "require-app-label",
        &deployment("    app: user-service\n    project", "    app: \"\"\n    project"),
    );
}

const LABELS: &str = "  labels: {app: user-service, project: gift-service, tier: backend}\n";

fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n{LABELS}data:\n  {data}\n")
}

#[test]
fn a_config_map_holds_no_password_token_or_key() {
    passes(&config_map("LOG_LEVEL: info"));
    for key in ["DB_PASSWORD: x1", "db_password: x1", "API_KEY: x1", "JWT_SECRET: x1", "ACCESS_TOKEN: x1"] {
        breaks("no-sensitive-config-map", &config_map(key));
    }
}

#[test]
fn a_container_takes_passwords_from_secrets_only() {
    breaks("no-sensitive-env", &deployment("- name: MODE", "- name: API_KEY"));
}

fn secret(body: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\n{LABELS}{body}")
}

#[test]
fn secrets_state_base64_and_no_plaintext() {
    passes(&secret("data:\n  KEY: aGVsbG8=\n"));
    breaks("no-string-data", &secret("stringData:\n  KEY: hello\n"));
    breaks("no-string-data", &secret("data:\n  OTHER: aGVsbG8=\nstringData:\n  KEY: hello\n"));
    breaks("secret-data-base64", &secret("data:\n  KEY: not base64\n"));
}
