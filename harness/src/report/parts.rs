//! Parts of a run over the matrix, made on several machines, as one.
//!
//! A part is the JSON document of a run ([`super::json`]) that says which cells of how many it has. Parts go
//! together when the same version made them of the same cells, and every cell is in exactly one.

use super::CellReport;
use super::json::{CellDocument, Part, RunDocument};
use crate::diagnosis::{Category, Diagnose};
use gift_plugin::protocol::Finding;
use std::collections::BTreeMap;
use std::time::Duration;

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Every cell, in the order of the matrix.
    pub cells: Vec<CellReport>,
    /// How long the slowest part took.
    pub duration: Duration,
    /// The chart's folder.
    pub chart_directory: Option<String>,
    /// The exit code a command that ran it all would have had.
    pub exit_code: u8,
    /// What it is of: all cells, as one part.
    pub part: Part,
}

/// Why parts do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is nothing.
    #[error("there is no report to merge")]
    Nothing,
    /// Not the JSON document of a run.
    #[error("{name} is no JSON report of a run over the matrix: {reason}")]
    Shape {
        /// The file.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// Parts of different things.
    #[error("{name} and {first} are not parts of one run: {what}: {here} and {there}")]
    Different {
        /// One file.
        name: String,
        /// The other.
        first: String,
        /// What differs.
        what: &'static str,
        /// What the one has.
        here: String,
        /// What the other has.
        there: String,
    },
    /// A cell in two parts.
    #[error("the cell `{cell}` is in {first} and in {second}")]
    Twice {
        /// Its name.
        cell: String,
        /// One file.
        first: String,
        /// The other; the same where it is in there twice.
        second: String,
    },
    /// Cells in no part.
    #[error("{missing} of {total} cells are in none of these reports{}", told(.shards))]
    Missing {
        /// How many.
        missing: usize,
        /// Of how many.
        total: usize,
        /// The parts nobody gave, as `2/3`, where the others tell how many there are.
        shards: Vec<String>,
    },
}

fn told(shards: &[String]) -> String {
    if shards.is_empty() { String::new() } else { format!(": there is no report of {}", shards.join(", ")) }
}

impl Diagnose for MergeError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(
            match self {
                Self::Nothing => "Name the reports that `gift test --shard I/N --format json` wrote.",
                Self::Shape { .. } => "Write it with `gift test --shard I/N --format json`.",
                Self::Different { .. } => {
                    "Run every part from the same commit, with the same version of gift and the same arguments but \
                     for --shard."
                }
                Self::Twice { .. } => "Give each part a number of its own in --shard, and each report once.",
                Self::Missing { .. } => {
                    "Add the report of every part; one that was stopped by --fail-fast or by its time limit has not \
                     run all of its cells."
                }
            }
            .to_owned(),
        )
    }
}

/// Joins parts, each with the name of its file; the order they are given in does not matter.
///
/// # Errors
///
/// [`MergeError`] when they are not the parts of one run, or not all of them.
pub fn merge(reports: &[(String, Vec<u8>)]) -> Result<Merged, MergeError> {
    let mut first: Option<(&str, RunDocument)> = None;
    let mut cells: BTreeMap<usize, (&str, CellReport)> = BTreeMap::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let (mut seconds, mut exit_code, mut shards) = (0.0_f64, 0, Vec::new());
    for (name, text) in reports {
        let document = read(name, text)?;
        if let Some((first, other)) = &first {
            same(name, &document, first, other)?;
        }
        seconds = seconds.max(document.seconds);
        exit_code = exit_code.max(document.part.exit_code);
        shards.extend(document.part.shard.clone());
        let mut findings: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
        for found in &document.findings {
            findings.entry(&found.cell).or_default().push(found.finding.clone());
        }
        for cell in &document.cells {
            if let Some(first) = seen.insert(cell.id.clone(), name) {
                let (first, second) = (first.to_owned(), name.clone());
                return Err(MergeError::Twice { cell: cell.id.clone(), first, second });
            }
            let report = report_of(name, cell, findings.remove(cell.id.as_str()).unwrap_or_default())?;
            cells.insert(cell.number, (name, report));
        }
        if let Some(cell) = findings.keys().next() {
            let reason = format!("it has findings of the cell `{cell}`, which it has not");
            return Err(MergeError::Shape { name: name.clone(), reason });
        }
        first.get_or_insert((name, document));
    }
    let (_, first) = first.ok_or(MergeError::Nothing)?;
    let total = first.part.total;
    if cells.len() != total || cells.keys().copied().ne(1..=total) {
        return Err(MergeError::Missing {
            missing: total.saturating_sub(cells.len()),
            total,
            shards: absent(&shards),
        });
    }
    Ok(Merged {
        cells: cells.into_values().map(|(_, cell)| cell).collect(),
        duration: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        chart_directory: first.chart_directory,
        exit_code,
        part: Part { shard: None, exit_code, ..first.part },
    })
}

fn read(name: &str, text: &[u8]) -> Result<RunDocument, MergeError> {
    let failed = |reason: String| MergeError::Shape { name: name.to_owned(), reason };
    let document: RunDocument = serde_json::from_slice(text).map_err(|error| failed(error.to_string()))?;
    if document.version != super::json::VERSION {
        return Err(failed(format!(
            "its version is {}, and {} is read",
            document.version,
            super::json::VERSION
        )));
    }
    Ok(document)
}

fn same(name: &str, document: &RunDocument, first: &str, other: &RunDocument) -> Result<(), MergeError> {
    let (here, there) = (&document.part, &other.part);
    let count = |part: &Part| {
        part.shard.as_deref().and_then(|shard| shard.split_once('/')).map(|(_, n)| n.to_owned())
    };
    let compared = [
        ("the version of gift", here.program.clone(), there.program.clone()),
        ("the number of cells", here.total.to_string(), there.total.to_string()),
        ("the cells", here.cells.clone(), there.cells.clone()),
        ("the number of parts", count(here).unwrap_or_default(), count(there).unwrap_or_default()),
    ];
    match compared.into_iter().find(|(_, here, there)| here != there) {
        None => Ok(()),
        Some((what, here, there)) => {
            Err(MergeError::Different { name: name.to_owned(), first: first.to_owned(), what, here, there })
        }
    }
}

fn report_of(name: &str, cell: &CellDocument, findings: Vec<Finding>) -> Result<CellReport, MergeError> {
    if findings.len() != cell.findings {
        let reason = format!(
            "the cell `{}` has {} findings, and {} are listed",
            cell.id,
            cell.findings,
            findings.len()
        );
        return Err(MergeError::Shape { name: name.to_owned(), reason });
    }
    Ok(CellReport {
        id: cell.id.clone(),
        findings,
        failure: cell.failure.clone(),
        duration: Duration::try_from_secs_f64(cell.seconds).unwrap_or_default(),
    })
}

/// The parts of `I/N` that are not among those there.
fn absent(shards: &[String]) -> Vec<String> {
    let count = shards.first().and_then(|shard| shard.split_once('/')?.1.parse::<usize>().ok());
    let all = (1..=count.unwrap_or_default()).map(|index| format!("{index}/{}", count.unwrap_or_default()));
    all.filter(|shard| !shards.contains(shard)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Run, examples, json};

    /// The examples as parts: of every cell the shard that has it.
    fn parts(count: usize) -> Vec<(String, Vec<u8>)> {
        let all = examples::cells();
        let ids: Vec<_> = all.iter().map(|cell| cell.id.as_str()).collect();
        let mut reports = Vec::new();
        for index in 0..count {
            let numbers: Vec<usize> = (1..=all.len()).skip(index).step_by(count).collect();
            let cells: Vec<_> = numbers.iter().map(|number| all[number - 1].clone()).collect();
            let rules = examples::rules();
            let run = Run {
                cells: &cells,
                duration: Duration::from_secs(1),
                chart_directory: Some("chart"),
                rules: &rules,
            };
            let shard = (count > 1).then(|| format!("{}/{count}", index + 1));
            let worst = if cells.iter().any(|cell| cell.failure.is_some()) { 3 } else { 1 };
            let exit_code = if cells.iter().all(CellReport::passed) { 0 } else { worst };
            let mut out = Vec::new();
            json::write_part(&mut out, &run, &Part::new(ids.iter().copied(), shard, exit_code), &numbers)
                .unwrap();
            reports.push((format!("part-{}.json", index + 1), out));
        }
        reports
    }

    #[test]
    fn parts_in_any_order_are_the_whole() {
        let whole = merge(&parts(1)).unwrap();
        assert_eq!(whole.cells.len(), 3);
        assert_eq!(whole.exit_code, 3);
        for count in [2, 3] {
            let mut reports = parts(count);
            reports.reverse();
            assert_eq!(merge(&reports).unwrap(), whole, "{count}");
        }
    }

    #[test]
    fn what_is_no_whole_is_refused_and_says_why() {
        let told = |reports: &[(String, Vec<u8>)]| merge(reports).unwrap_err().to_string();
        let reports = parts(3);
        assert_eq!(told(&[]), "there is no report to merge");
        assert_eq!(
            told(&reports[..2]),
            "1 of 3 cells are in none of these reports: there is no report of 3/3"
        );
        let twice = [reports.clone(), reports[..1].to_vec()].concat();
        assert_eq!(told(&twice), "the cell `shop/dev helm4 k8s1.34` is in part-1.json and in part-1.json");
        assert!(told(&[parts(2), reports[..1].to_vec()].concat()).contains("the number of parts: 3 and 2"));
        let other = |from: &str, to: &str| {
            let text = String::from_utf8(reports[1].1.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            let changed = text.replace(from, to).into_bytes();
            told(&[reports[0].clone(), (reports[1].0.clone(), changed), reports[2].clone()])
        };
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            other(&format!("\"program\": \"{version}\""), "\"program\": \"0.0.0\"")
                .contains("version of gift")
        );
        assert!(other("\"number\": 2", "\"number\": 9").contains("cells are in none"));
        assert!(other("\"findings\": 3", "\"findings\": 4").contains("has 4 findings, and 3 are listed"));
        assert!(other("\"version\": 1", "\"version\": 2").contains("its version is 2"));
        assert!(told(&[("x.json".to_owned(), b"{}".to_vec())]).starts_with("x.json is no JSON report"));
    }
}
