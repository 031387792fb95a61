//! `gift release`: which version what changed demands, for a small chart that is published and then changed.

mod notes;
mod own_chart;
mod places;
mod policies;
mod rendered;
mod schema;
mod versions;

use crate::publish::Bench;
use crate::workplace::{gift, text};
use serde_json::Value;
use std::fs;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["name"],
  "properties": {
    "name": {"type": "string"},
    "size": {"enum": ["small", "large"]},
    "replicas": {"type": ["integer", "null"], "description": "How many."},
    "cache": {"type": "boolean"},
    "global": {"type": "object"}
  }
}
"#;

const VALUES: &str = "name: web\nsize: small\nreplicas: 1\ncache: false\n";

const TEMPLATE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Values.name }}
  labels:
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Values.name }}}
  template:
    metadata:
      labels: {app: {{ .Values.name }}}
    spec:
      containers:
        - name: {{ .Values.name }}
          image: shop/web:{{ .Values.size }}
"#;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\nspec:\n  selector: {app: {{ .Values.name }}}\n  ports: [{port: 80}]\n";

const MATRIX: &str = "chart: ../chart\nvalues: ../values\nmatrix:\n  environment: [default, shop/prod]\n  helm: [3, 4]\n  kubernetes: ['1.30', '1.36']\n";

const LOG: &str = "# Changelog\n\n## Unreleased\n\n### Changed\n\n- What is told to whoever\n  reads it.\n";

/// A chart with values, a matrix and a changelog, in a folder with a chart repository `site`.
struct Project {
    bench: Bench,
}

impl Project {
    /// One that is published as this version.
    fn published(version: &str) -> Self {
        let project = Self { bench: Bench::new() };
        fs::remove_dir_all(project.bench.path("chart")).unwrap();
        for (path, text) in [
            (
                "chart/Chart.yaml",
                format!("apiVersion: v2\nname: shop\nversion: {version}\nkubeVersion: \">=1.25.0-0\"\n"),
            ),
            ("chart/values.schema.json", SCHEMA.to_owned()),
            ("chart/values.yaml", VALUES.to_owned()),
            ("chart/templates/web.yaml", TEMPLATE.to_owned()),
            ("chart/templates/service.yaml", SERVICE.to_owned()),
            (
                "values/Chart.yaml",
                format!("apiVersion: v2\nname: shop-values\ntype: library\nversion: {version}\n"),
            ),
            ("values/shop/prod.yaml", "size: large\nreplicas: 3\n".to_owned()),
            ("tests/matrix.yaml", MATRIX.to_owned()),
            ("CHANGELOG.md", LOG.to_owned()),
            ("UPGRADE.md", "# Upgrades\n".to_owned()),
        ] {
            project.write(path, &text);
        }
        project.publish();
        project
    }

    /// Publishes chart and values as they are.
    fn publish(&self) {
        for folder in ["chart", "values"] {
            self.bench.published(&[folder, "--to", "site", "--no-lint", "--no-test", "--allow-dirty"]);
        }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.bench.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.bench.path(path)).unwrap()
    }

    /// Puts another text in place of one that stands in a file once or more.
    fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path}: {text}");
        self.write(path, &text.replace(from, to));
    }

    /// `gift release` against `site`: exit code, what it prints, what it says.
    fn release(&self, arguments: &[&str]) -> (i32, String, String) {
        self.release_from("site", arguments)
    }

    fn release_from(&self, place: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = self.bench.command(gift());
        command.env("GIFT_CACHE", gift_harness::directories::cache().unwrap());
        let output = command.args(["release", "--from", place]).args(arguments).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// What it prints as JSON, when all is well.
    fn review(&self) -> Value {
        let (code, stdout, stderr) = self.release(&["--format", "json"]);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// The version that is demanded, and the gravest reasons for it, with their places.
    fn demanded(&self) -> (String, Vec<String>) {
        let review = self.review();
        let reasons = review["reasons"].as_array().unwrap().iter();
        let told = reasons.filter(|reason| reason["bump"] == review["bump"]).map(|reason| {
            format!("{}: {}", reason["place"].as_str().unwrap(), reason["message"].as_str().unwrap())
        });
        (review["demanded"].as_str().unwrap_or("nothing").to_owned(), told.collect())
    }

    /// After a change, this version is demanded, for a reason that says this; one that is less is refused.
    fn assert_demands(&self, demanded: &str, reason: &str, refused: &[&str]) {
        let (version, reasons) = self.demanded();
        assert_eq!(version, demanded, "{reasons:#?}");
        assert!(reasons.iter().any(|told| told.contains(reason)), "{reason}: {reasons:#?}");
        for less in refused {
            let (code, _, stderr) = self.release(&["--version", less]);
            assert_eq!(code, 1, "{less}: {stderr}");
            let told = format!("error: {less} is refused: what changed demands {demanded} at least");
            assert!(stderr.contains(&told), "{stderr}");
        }
        let (code, stdout, stderr) = self.release(&["--version", demanded]);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.ends_with(&format!("version: {demanded}\n")), "{stdout}");
    }
}
