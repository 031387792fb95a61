//! Findings and test runs, written out in the formats that people and machines read.
//!
//! Each format is a module of its own that writes data to any [`std::io::Write`]; none prints, reads
//! a file or looks at the environment. Depends on the plugin's protocol and on [`crate::rules`].

pub mod github;
pub mod json;
pub mod junit;
pub mod parts;
pub mod sarif;
pub mod text;

mod excerpt;

pub use excerpt::{Excerpt, Stream};

use crate::rules::Rule;
use gift_plugin::protocol::{Finding, ObjectReference, Severity, Statistics};
use std::time::Duration;

/// What the findings' lines and columns are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// A file the reader can open; lines and columns are the file's own.
    File(&'a str),
    /// What Helm printed, which is in no file: lines and columns help only those who look at the
    /// stream, so the template is what a finding is about. The directory is the chart's, which
    /// stands for the chart's name at the start of a `# Source:` line.
    Rendered {
        /// The folder of the chart, when known: `chart`.
        chart_directory: Option<&'a str>,
    },
}

impl Place<'_> {
    /// The file a finding is about, and whether its line and column are counted in that file.
    #[must_use]
    pub fn file_of(&self, finding: &Finding) -> Option<(String, bool)> {
        match *self {
            Self::File(path) => Some((path.to_owned(), true)),
            Self::Rendered { .. } if finding.source.is_empty() => None,
            Self::Rendered { chart_directory: None } => Some((finding.source.clone(), false)),
            Self::Rendered { chart_directory: Some(directory) } => {
                let inside = finding.source.split_once('/').map_or(finding.source.as_str(), |(_, rest)| rest);
                Some((format!("{}/{inside}", directory.trim_end_matches('/')), false))
            }
        }
    }
}

/// The verdict on one manifest stream.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'a> {
    /// What was found, in the order of the stream.
    pub findings: &'a [Finding],
    /// Remarks that are about no object.
    pub notes: &'a [String],
    /// What was done.
    pub statistics: &'a Statistics,
    /// Where the findings are.
    pub place: Place<'a>,
    /// What the rules ask for, for those formats that carry it. Rules not in it are still reported.
    pub rules: &'a [Rule],
}

/// How one cell of the matrix went.
#[derive(Clone, Debug, PartialEq)]
pub struct CellReport {
    /// The cell, as `gift/prod helm4 k8s1.34`.
    pub id: String,
    /// What was found; a cell passes when no error is among them.
    pub findings: Vec<Finding>,
    /// Why nothing could be judged: Helm could not render, for instance.
    pub failure: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

impl CellReport {
    /// Whether the cell is as it should be.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure.is_none() && !self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// A run over the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The cells in the order of the matrix.
    pub cells: &'a [CellReport],
    /// How long it all took.
    pub duration: Duration,
    /// The chart's folder.
    pub chart_directory: Option<&'a str>,
    /// What the rules ask for.
    pub rules: &'a [Rule],
}

/// The word for a severity.
#[must_use]
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// `Deployment shop/api`, `Secret api`, or the empty string for no object at all.
#[must_use]
pub fn object_name(object: &ObjectReference) -> String {
    match (object.kind.as_str(), object.namespace.as_str(), object.name.as_str()) {
        ("", "", name) => name.to_owned(),
        (kind, _, "") => kind.to_owned(),
        (kind, "", name) => format!("{kind} {name}"),
        (kind, namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

/// The organisation's number of a rule, `P5`, if it has one.
fn number_of<'a>(rules: &'a [Rule], id: &str) -> Option<&'a str> {
    rules.iter().find(|rule| rule.id == id).and_then(|rule| rule.number.as_deref())
}

/// `3 errors`, `1 error`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How many findings are of a severity.
fn how_many(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

#[cfg(test)]
pub(crate) mod examples {
    //! Findings that the tests of all formats share.

    use super::*;

    pub(crate) const STREAM: &str = "\
---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  template:
    spec:
      containers:
        - name: cart
          image: shop/cart:latest
          env:
            - name: TOKEN
              value: hunter2
---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: cart-secret
data:
  PASSWORD: hunter2
";

    pub(crate) fn findings() -> Vec<Finding> {
        let deployment = ObjectReference {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: String::new(),
            name: "cart".into(),
        };
        vec![
            Finding {
                rule: "pinned-image-tag".into(),
                severity: Severity::Error,
                object: deployment.clone(),
                path: "spec.template.spec.containers[0].image".into(),
                line: 12,
                column: 18,
                source: "shop/templates/deployment.yaml".into(),
                message: "container cart: the image tag is latest".into(),
                help: "State the version, as in `shop/cart:2.1`.".into(),
            },
            Finding {
                rule: "no-sensitive-env".into(),
                severity: Severity::Warning,
                object: deployment,
                path: "spec.template.spec.containers[0].env[0].value".into(),
                line: 15,
                column: 22,
                source: "shop/templates/deployment.yaml".into(),
                message: "TOKEN looks like a secret".into(),
                help: String::new(),
            },
            Finding {
                rule: "secret-data-base64".into(),
                severity: Severity::Error,
                object: ObjectReference {
                    api_version: "v1".into(),
                    kind: "Secret".into(),
                    namespace: "prod".into(),
                    name: "cart-secret".into(),
                },
                path: "data.PASSWORD".into(),
                line: 23,
                column: 13,
                source: "shop/templates/secret.yaml".into(),
                message: "the value is not Base64".into(),
                help: "Encode it, or use stringData.".into(),
            },
        ]
    }

    pub(crate) fn rules() -> Vec<Rule> {
        let mut rules = crate::rules::built_in();
        rules.push(Rule {
            id: "pinned-image-tag".into(),
            number: Some("P7".into()),
            title: "images have a version tag".into(),
            reason: "What runs must be known.".into(),
            remedy: "State the version.".into(),
            severity: Severity::Error,
            set: "organisation".into(),
            passes: Vec::new(),
            breaches: Vec::new(),
        });
        rules
    }

    pub(crate) fn statistics() -> Statistics {
        Statistics { documents: 2, objects: 2, changed: 0, encoded: 0, resolved: 0, policies: 9 }
    }

    pub(crate) fn cells() -> Vec<CellReport> {
        let cell = |id: &str, findings, failure: Option<&str>| CellReport {
            id: id.into(),
            findings,
            failure: failure.map(str::to_owned),
            duration: Duration::from_millis(125),
        };
        vec![
            cell("shop/dev helm4 k8s1.34", Vec::new(), None),
            cell("shop/prod helm4 k8s1.34", findings(), None),
            cell("shop/prod helm3 k8s1.34", Vec::new(), Some("Helm could not render: no such value")),
        ]
    }
}
