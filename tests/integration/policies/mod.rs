//! Policies: which side of each boundary an object is on, and what is written about them.

mod boundaries;
mod documentation;
mod library;
mod placement;
mod pod_security;
mod recall;

use crate::workplace::repository;
use gift_plugin::protocol::{Finding, Options, Request, Source};
use gift_plugin::render::answer;
use std::path::Path;

/// The policies as the chart publishes them, with the parameters of one system.
pub(crate) fn request(system: &str) -> Request {
    let directory = repository().join("chart/policies");
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let source = |path: &Path| Source {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    Request {
        policies: files.iter().map(|path| source(path)).collect(),
        params: vec![source(&directory.join(format!("params/{system}.yaml")))],
        options: Options { today: "2026-11-21".to_owned(), ..Options::default() },
        ..Request::default()
    }
}

/// What is found in `stream`.
pub(crate) fn findings(stream: &str) -> Vec<Finding> {
    let (report, _) = answer(&request("gift"), stream.as_bytes());
    assert_eq!(report.error, None);
    report.findings
}

/// A Deployment that keeps every rule.
pub(crate) const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: user-service
    project: gift-service
    tier: backend
spec:
  selector:
    matchLabels:
      app: user-service
  template:
    metadata:
      labels:
        app: user-service
        project: gift-service
        tier: backend
    spec:
      initContainers:
        - name: wait
          image: registry.example.com:5000/wait:1.0
          resources:
            requests: {cpu: 50m, memory: 128Mi}
            limits: {cpu: 100m, memory: 256Mi}
      containers:
        - name: web
          image: example.com/web:2.1
          env:
            - name: MODE
              value: plain
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: {name: db, key: password}
          resources:
            requests:
              cpu: 200m
              memory: 256Mi
            limits:
              cpu: 500m
              memory: 512Mi
";

/// [`DEPLOYMENT`] with one piece of its text replaced; a piece that is not there once fails the test.
pub(crate) fn deployment(from: &str, to: &str) -> String {
    assert_eq!(DEPLOYMENT.matches(from).count(), 1, "{from:?} must stand once in the manifest");
    DEPLOYMENT.replace(from, to)
}
