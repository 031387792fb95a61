//! For programs: the versioned JSON document.
//!
//! `{"version": 1, "findings": [...], "notes": [...], "statistics": {...}}`, each finding with
//! `rule`, `severity`, `object`, `path`, `line`, `column`, `source`, `message`, `help`. A run has `cells`
//! in the place of `statistics`, each of its findings names its `cell`, and `part` says which of all cells
//! they are. Fields may be added
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

/// What a document about a run says of the cells it has: they may be a part of those that were to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The version of the command that ran them.
    pub program: String,
    /// How many cells all parts have.
    pub total: usize,
    /// What tells these cells from others: the same for all parts of one run.
    pub cells: String,
    /// Which part it is, as `1/3`; absent for a run of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The exit code of the command that ran them.
    pub exit_code: u8,
}

impl Part {
    /// A part of a run of the cells with these ids.
    #[must_use]
    pub fn new<'i>(ids: impl Iterator<Item = &'i str>, shard: Option<String>, exit_code: u8) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut total = 0;
        for id in ids {
            // No id has a line break.
            hasher.update(id.as_bytes()).update(b"\n");
            total += 1;
        }
        let cells = hasher.finalize().to_hex()[..16].to_owned();
        Self { program: env!("CARGO_PKG_VERSION").to_owned(), total, cells, shard, exit_code }
    }
}

/// The document about a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunDocument {
    pub(super) version: u32,
    pub(super) part: Part,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chart_directory: Option<String>,
    pub(super) findings: Vec<CellFinding>,
    pub(super) cells: Vec<CellDocument>,
    pub(super) seconds: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CellFinding {
    pub(super) cell: String,
    #[serde(flatten)]
    pub(super) finding: Finding,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CellDocument {
    /// Its place among all cells, from 1.
    pub(super) number: usize,
    pub(super) id: String,
    passed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    pub(super) findings: usize,
    pub(super) seconds: f64,
}

/// Writes the document about one stream.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    write(out, &Document::from(verdict))
}

/// Writes the document about a run of all cells.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let ids = run.cells.iter().map(|cell| cell.id.as_str());
    let exit_code = u8::from(!run.cells.iter().all(super::CellReport::passed));
    write_part(out, run, &Part::new(ids, None, exit_code), &(1..=run.cells.len()).collect::<Vec<_>>())
}

/// Writes the document about a run of some of the cells, which have these numbers among all, from 1.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_part(out: &mut impl Write, run: &Run<'_>, part: &Part, numbers: &[usize]) -> io::Result<()> {
    let found = |cell: &super::CellReport, finding: &Finding| CellFinding {
        cell: cell.id.clone(),
        finding: finding.clone(),
    };
    let findings =
        run.cells.iter().flat_map(|cell| cell.findings.iter().map(move |finding| found(cell, finding)));
    let cells = run.cells.iter().zip(numbers).map(|(cell, number)| CellDocument {
        number: *number,
        id: cell.id.clone(),
        passed: cell.passed(),
        failure: cell.failure.clone(),
        findings: cell.findings.len(),
        seconds: cell.duration.as_secs_f64(),
    });
    let document = RunDocument {
        version: VERSION,
        part: part.clone(),
        chart_directory: run.chart_directory.map(str::to_owned),
        findings: findings.collect(),
        cells: cells.collect(),
        seconds: run.duration.as_secs_f64(),
    };
    write(out, &document)
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
    "number": 1,
    "passed": true,
    "seconds": 0.125
  },
  {
    "findings": 3,
    "id": "shop/prod helm4 k8s1.34",
    "number": 2,
    "passed": false,
    "seconds": 0.125
  },
  {
    "failure": "Helm could not render: no such value",
    "findings": 0,
    "id": "shop/prod helm3 k8s1.34",
    "number": 3,
    "passed": false,
    "seconds": 0.125
  }
]
"#);
    }
}
