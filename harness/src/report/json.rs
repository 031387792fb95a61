//! For programs: the versioned JSON document.
//!
//! `{"version": 1, "findings": [...], "notes": [...], "statistics": {...}}`, each finding with
//! `rule`, `severity`, `object`, `path`, `line`, `column`, `source`, `message`, `help`. A run has `cells`
//! in the place of `statistics`, and each of its findings names its `cell`. Fields may be added
//! within a version; none changes its meaning or goes away. Depends on the report's data alone.

use super::{Run, Verdict};
use gift_plugin::protocol::{Finding, Statistics};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The version of the document.
pub const VERSION: u32 = 1;

/// The document about one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`VERSION`].
    pub version: u32,
    /// What was found, in the order of the stream.
    pub findings: Vec<Finding>,
    /// Remarks that are about no object.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What was done.
    #[serde(default)]
    pub statistics: Statistics,
}

impl From<&Verdict<'_>> for Document {
    fn from(verdict: &Verdict<'_>) -> Self {
        Self {
            version: VERSION,
            findings: verdict.findings.to_vec(),
            notes: verdict.notes.to_vec(),
            statistics: verdict.statistics.clone(),
        }
    }
}

#[derive(Serialize)]
struct RunDocument<'a> {
    version: u32,
    findings: Vec<CellFinding<'a>>,
    cells: Vec<Cell<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct CellFinding<'a> {
    cell: &'a str,
    #[serde(flatten)]
    finding: &'a Finding,
}

#[derive(Serialize)]
struct Cell<'a> {
    id: &'a str,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    findings: usize,
    seconds: f64,
}

/// Writes the document about one stream.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    write(out, &Document::from(verdict))
}

/// Writes the document about a run.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let findings = run
        .cells
        .iter()
        .flat_map(|cell| cell.findings.iter().map(|finding| CellFinding { cell: &cell.id, finding }))
        .collect();
    let cells = run
        .cells
        .iter()
        .map(|cell| Cell {
            id: &cell.id,
            passed: cell.passed(),
            failure: cell.failure.as_deref(),
            findings: cell.findings.len(),
            seconds: cell.duration.as_secs_f64(),
        })
        .collect();
    write(out, &RunDocument { version: VERSION, findings, cells, seconds: run.duration.as_secs_f64() })
}

fn write(out: &mut impl Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Place, examples};
    use std::time::Duration;

    #[test]
    fn the_document_has_its_stable_shape() {
        let (findings, statistics, rules) = (examples::findings(), examples::statistics(), examples::rules());
        let verdict = Verdict {
            findings: &findings[..1],
            notes: &["a remark".to_owned()],
            statistics: &statistics,
            place: Place::File("x.yaml"),
            rules: &rules,
        };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict).unwrap();
        let text = String::from_utf8(out).unwrap();
        let read: Document = serde_json::from_str(&text).unwrap();
        assert_eq!(read, Document::from(&verdict));
        insta::assert_snapshot!(text, @r#"
{
  "version": 1,
  "findings": [
    {
      "rule": "pinned-image-tag",
      "severity": "error",
      "object": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "",
        "name": "cart"
      },
      "path": "spec.template.spec.containers[0].image",
      "line": 12,
      "column": 18,
      "source": "shop/templates/deployment.yaml",
      "message": "container cart: the image tag is latest",
      "help": "State the version, as in `shop/cart:2.1`."
    }
  ],
  "notes": [
    "a remark"
  ],
  "statistics": {
    "documents": 2,
    "objects": 2,
    "changed": 0,
    "encoded": 0,
    "resolved": 0,
    "policies": 9
  }
}
"#);
    }

    #[test]
    fn a_run_names_the_cell_of_each_finding() {
        let (cells, rules) = (examples::cells(), examples::rules());
        let run =
            Run { cells: &cells, duration: Duration::from_millis(400), chart_directory: None, rules: &rules };
        let mut out = Vec::new();
        write_run(&mut out, &run).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["findings"][0]["cell"], "shop/prod helm4 k8s1.34");
        assert_eq!(document["findings"][0]["object"]["apiVersion"], "apps/v1");
        insta::assert_json_snapshot!(document["cells"], @r#"
[
  {
    "findings": 0,
    "id": "shop/dev helm4 k8s1.34",
    "passed": true,
    "seconds": 0.125
  },
  {
    "findings": 3,
    "id": "shop/prod helm4 k8s1.34",
    "passed": false,
    "seconds": 0.125
  },
  {
    "failure": "Helm could not render: no such value",
    "findings": 0,
    "id": "shop/prod helm3 k8s1.34",
    "passed": false,
    "seconds": 0.125
  }
]
"#);
    }
}
