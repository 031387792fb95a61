//! What holding objects against their schemas costs: the first object, each one after, and how it grows.
//!
//! `cargo bench -p gift-harness --bench schema [-- FILE]` takes any stream in place of
//! tests/schemas/objects.yaml.

#![allow(clippy::print_stdout, reason = "the measurements are the output")]

use gift_harness::objects::Objects;
use gift_harness::schema::{CustomSchemas, Minor, Schemas};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a typical Deployment may cost.
const BUDGET: Duration = Duration::from_micros(20);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/schemas/objects.yaml");
    let text = std::fs::read(given.map_or(corpus, Into::into))?;
    let begun = Instant::now();
    let objects = Objects::read(&text)?;
    println!("{} objects, {} bytes; reading them took {:.1?}", objects.len(), text.len(), begun.elapsed());

    let first = objects.iter().next().ok_or("there is no object")?;
    let schemas = Schemas::default();
    let begun = Instant::now();
    drop(schemas.judge(first, Minor::NEWEST));
    println!("{:24} {:>10.1?}", "the very first", begun.elapsed());
    let begun = Instant::now();
    let schemas = schemas.with(Arc::new(CustomSchemas::of_stream(&objects)));
    println!("{:24} {:>10.1?}", "definitions in it", begun.elapsed());

    for object in objects.iter().take(8) {
        println!("{:24} {:>10.1?}", object.kind(), each(&schemas, &[object], 2_000));
    }
    let all: Vec<_> = objects.iter().collect();
    println!("{:24} {:>10.1?}", "each, on average", each(&schemas, &all, 100));

    let deployment = deployment(1);
    let one = Objects::read(deployment.as_bytes())?;
    let one: Vec<_> = one.iter().collect();
    let typical = each(&schemas, &one, 2_000);
    println!("{:24} {typical:>10.1?} of {BUDGET:?}", "a typical Deployment");
    for containers in [10, 100, 1_000] {
        let text = self::deployment(containers);
        let many = Objects::read(text.as_bytes())?;
        let many: Vec<_> = many.iter().collect();
        let took = each(&schemas, &many, 2_000 / containers);
        println!(
            "{:>5} containers         {:>10.1?} {:.1?} a container",
            containers,
            took,
            took / u32::try_from(containers)?
        );
    }
    Ok(())
}

/// What one of them takes, in the fastest of many rounds: others may be using the machine.
fn each(schemas: &Schemas, objects: &[&gift_harness::objects::Object<'_>], rounds: usize) -> Duration {
    let round = || {
        let begun = Instant::now();
        for object in objects {
            std::hint::black_box(schemas.judge(object, Minor::new(34)));
        }
        begun.elapsed()
    };
    let fastest = (0..rounds.max(3)).map(|_| round()).min().unwrap_or_default();
    fastest / u32::try_from(objects.len()).unwrap_or(u32::MAX)
}

/// A Deployment as charts render it, with so many containers.
fn deployment(containers: usize) -> String {
    let labels = "{app: web, app.kubernetes.io/name: web, app.kubernetes.io/part-of: shop, tier: backend}";
    let container = |number: usize| {
        format!(
            "      - name: web{number}
        image: registry/web:1.2.3
        imagePullPolicy: IfNotPresent
        ports: [{{name: http, containerPort: 8080, protocol: TCP}}, {{name: metrics, containerPort: 9090}}]
        env:
        - {{name: A, value: \"1\"}}
        - {{name: B, valueFrom: {{secretKeyRef: {{name: s, key: k}}}}}}
        - {{name: C, valueFrom: {{configMapKeyRef: {{name: c, key: k}}}}}}
        - {{name: D, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}
        envFrom: [{{configMapRef: {{name: c}}}}]
        resources: {{limits: {{cpu: 500m, memory: 512Mi}}, requests: {{cpu: 100m, memory: 128Mi}}}}
        livenessProbe: {{httpGet: {{path: /healthz, port: http}}, periodSeconds: 10, failureThreshold: 3}}
        readinessProbe: {{httpGet: {{path: /ready, port: http}}, periodSeconds: 5}}
        securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}, readOnlyRootFilesystem: true}}
        volumeMounts: [{{name: tmp, mountPath: /tmp}}, {{name: config, mountPath: /etc/web, readOnly: true}}]
"
        )
    };
    let containers: String = (0..containers).map(container).collect();
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, labels: {labels}}}
spec:
  replicas: 2
  revisionHistoryLimit: 5
  selector: {{matchLabels: {{app: web}}}}
  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}
  template:
    metadata: {{labels: {labels}, annotations: {{checksum/config: abc}}}}
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      securityContext: {{runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
{containers}      volumes: [{{name: tmp, emptyDir: {{sizeLimit: 64Mi}}}}, {{name: config, configMap: {{name: c}}}}]
      topologySpreadConstraints: [{{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {{matchLabels: {{app: web}}}}}}]
"
    )
}
