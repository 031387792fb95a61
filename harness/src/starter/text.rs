//! The texts of the first files of a system.
//!
//! What they hold is read again by Helm in the tests; comments in them are for whoever goes on from there.

use super::Start;
use crate::schema::Minor;
use std::fmt::Write as _;

/// The first tag of an image.
const TAG: &str = "0.1.0";

/// The line editors find the schema by.
fn modeline(schema: Option<&str>) -> String {
    schema.map(|path| format!("# yaml-language-server: $schema={path}\n#\n")).unwrap_or_default()
}

/// What every environment starts from.
pub(super) fn base(start: &Start, schema: Option<&str>) -> String {
    let (name, registry) = (&start.name, &start.registry);
    let mut text = modeline(schema);
    text.push_str(&format!(
        r#"# {name}: what every environment starts from. The files beside this one say what differs.

# The tree to deploy: the root key below.
system: {name}

{name}:
  # Fills in {{project}}; {{name}} is a service's key, {{environment}} the line below.
  project: {name}
  environment: base

  # Labels of every object, and of those that belong to no single service.
  labels:
    project: "{{project}}"
  sharedLabels:
    app: "{{project}}"
    tier: backend

  # What every service starts from: a service states only what differs.
  defaults:
    kind: Deployment
    replicas: 1
    labels:
      app: "{{name}}"
      tier: backend
    selector:
      app: "{{name}}"
    image:
      registry: {registry}
      repository: {name}/{{name}}
      tag: {TAG}
    service:
      name: "{{name}}"
      type: ClusterIP
    resources:
      requests:
        cpu: 100m
        memory: 128Mi
      limits:
        cpu: 500m
        memory: 256Mi
    # A pod gets requests when something listens. Ask a path of yours with httpGet where there is one.
    probes:
      readiness:
        tcpSocket:
          port: http
        periodSeconds: 5
      liveness:
        tcpSocket:
          port: http
        periodSeconds: 20
        failureThreshold: 6
    enableServiceLinks: false
    automountServiceAccountToken: false
    podSecurityContext:
      runAsNonRoot: true
      seccompProfile:
        type: RuntimeDefault
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop:
          - ALL

  services:
"#
    ));
    for service in &start.services {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "    {}:\n      ports:\n        http:\n          port: {}\n",
            service.name, service.port
        );
    }
    text
}

/// What an environment has of its own.
pub(super) fn environment(start: &Start, environment: &str, schema: Option<&str>) -> String {
    let name = &start.name;
    let mut text = modeline(schema);
    let _ = write!(
        text,
        "# {name} in {environment}: what differs from base.yaml.\n\n{name}:\n  environment: {environment}\n\n  \
         # What runs here; `gift promote` changes these tags.\n  services:\n"
    );
    for service in &start.services {
        let _ = write!(text, "    {}:\n      image:\n        tag: {TAG}\n", service.name);
    }
    text
}

/// Where it is all tested.
pub(super) fn matrix(cells: &[String], chart: &str, values: &str) -> String {
    let versions: Vec<_> = (Minor::OLDEST.number()..=Minor::NEWEST.number())
        .map(|minor| format!("\"{}\"", Minor::new(minor)))
        .collect();
    let versions: Vec<_> = versions.chunks(9).map(|chunk| chunk.join(", ")).collect();
    let environments: String = cells.iter().map(|cell| format!("    - {cell}\n")).collect();
    format!(
        "# Every combination the values are tested in: `gift test --list` prints them. Paths are as seen from\n\
         # this file. Leave out the versions of Kubernetes you never deploy to.\n\n\
         chart: {}\nvalues: {}\n\nmatrix:\n  environment:\n{environments}  helm: [3, 4]\n  kubernetes:\n    \
         [{}]\n",
        scalar(chart),
        scalar(values),
        versions.join(",\n     ")
    )
}

/// A path as YAML reads it back.
fn scalar(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    let is_word = path.bytes().all(plain) && path.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_word { path.to_owned() } else { gift_plugin::yaml::quoted(path) }
}
