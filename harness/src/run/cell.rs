//! One cell: what it asks of Helm, and what came of it held against what it was to do.

use super::Plan;
use crate::assertions;
use crate::chart::Environments;
use crate::diagnosis::{Category, Diagnose};
use crate::matrix::{Cell, Expectation};
use crate::render::RenderRequest;
use crate::rules::{ASSERTIONS_SET, Rule};
use crate::schema::Unknown;
use gift_plugin::protocol::{Finding, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// What came of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellResult {
    /// The cell's id.
    pub id: String,
    /// What was found, in the order of the stream; what a cell is expected to find is not in here.
    pub findings: Vec<Finding>,
    /// Why there is nothing to look at, unless that was expected.
    pub failure: Option<Failure>,
    /// How many objects reach the cluster.
    pub objects: usize,
    /// The custom resources no schema is known of.
    pub unknown: Unknown,
    /// How long it took.
    pub duration: Duration,
}

impl CellResult {
    /// Whether the cell did what it was to do; warnings do not count.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failure.is_none() && self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

/// Why a cell has nothing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub category: Category,
    /// What happened.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl<E: Diagnose + ?Sized> From<&E> for Failure {
    fn from(error: &E) -> Self {
        Self { category: error.category(), message: error.to_string(), help: error.help() }
    }
}

/// What was seen in a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    pub(super) objects: usize,
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub(super) unknown: Unknown,
}

/// The result of a cell, given what was seen in it.
pub(super) fn judge(cell: &Cell, looked: Result<Looked, Failure>, duration: Duration) -> CellResult {
    let unknown = looked.as_ref().map(|looked| looked.unknown.clone()).unwrap_or_default();
    let (mut findings, failure, objects) = match (looked, &cell.expect) {
        (Ok(looked), None) => (looked.findings, None, looked.objects),
        (Ok(looked), Some(expected)) => (unexpected(cell, expected, looked.findings), None, looked.objects),
        (Err(failure), Some(Expectation::Failure(text))) if failure.message.contains(text.as_str()) => {
            (Vec::new(), None, 0)
        }
        (Err(failure), Some(Expectation::Failure(text))) => {
            let said = format!("was to fail with `{text}`, but said: {}", failure.message);
            (vec![expectation(cell, said)], None, 0)
        }
        (Err(failure), _) => (Vec::new(), Some(failure), 0),
    };
    assertions::order(&mut findings);
    CellResult { id: cell.id.clone(), findings, failure, objects, unknown, duration }
}

impl Plan {
    /// What Helm is asked for a cell.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the values of its environment are not there.
    pub fn request(&self, cell: &Cell) -> Result<RenderRequest, Failure> {
        let mut request = RenderRequest::new(&self.chart);
        if let Some(environment) = &cell.environment {
            request.values_files = Environments::new(&self.values_directory)
                .files(environment)
                .map_err(|error| Failure::from(&error))?;
        }
        if let Some(release) = self.release.as_deref().or(cell.system()) {
            release.clone_into(&mut request.release);
        }
        self.namespace.clone_into(&mut request.namespace);
        request.values.clone_from(&cell.values);
        request.kubernetes.clone_from(&cell.kubernetes);
        request.helm = cell.helm;
        Ok(request)
    }
}

/// What a cell found beside what it was to find, and what it was to find and did not.
fn unexpected(cell: &Cell, expected: &Expectation, mut findings: Vec<Finding>) -> Vec<Finding> {
    match expected {
        Expectation::Failure(text) => {
            findings.push(expectation(cell, format!("was to fail with `{text}`, but rendered")));
        }
        Expectation::Findings(rules) => {
            let found: BTreeSet<_> = findings.iter().map(|finding| finding.rule.clone()).collect();
            findings.retain(|finding| !rules.contains(&finding.rule));
            for rule in rules.iter().filter(|rule| !found.contains(*rule)) {
                findings.push(expectation(cell, format!("was to break `{rule}`, but does not")));
            }
        }
    }
    findings
}

/// The id of the rule that a cell does what its matrix says.
const EXPECTATION: &str = "expectation";

/// What to do about its findings.
const REMEDY: &str = "Mend what the cell tests, or change `expect` in the matrix.";

/// What it asks for.
pub(super) fn rule() -> Rule {
    Rule {
        id: EXPECTATION.to_owned(),
        number: None,
        title: "a cell that is to fail, or to break a rule, does so".to_owned(),
        reason: "A mistake that is no longer noticed would reach the cluster unseen.".to_owned(),
        remedy: REMEDY.to_owned(),
        severity: Severity::Error,
        set: ASSERTIONS_SET.to_owned(),
        passes: Vec::new(),
        breaches: Vec::new(),
    }
}

fn expectation(cell: &Cell, message: String) -> Finding {
    Finding::of_stream(EXPECTATION, format!("the cell `{}` {message}", cell.id), REMEDY)
}
