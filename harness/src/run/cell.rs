//! One cell: rendered, finished, looked at, and held against what it was to do.

use super::cache::RenderCache;
use super::chart_version::NextVersion;
use super::{Plan, versions};
use crate::assertions::{self, Change, Context, Variations};
use crate::chart::{Environments, compose};
use crate::diagnosis::{Category, Diagnose};
use crate::matrix::{Cell, Expectation};
use crate::objects::Objects;
use crate::post_render::today;
use crate::render::{RenderError, RenderRequest};
use crate::rules::{ASSERTIONS_SET, Rule};
use crate::schema::Unknown;
use crate::tools::HelmVersion;
use gift_plugin::protocol::{Finding, Severity};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

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

/// What all cells of a run share.
pub(super) struct Bench<'p> {
    pub(super) plan: &'p Plan,
    pub(super) cache: &'p RenderCache,
    pub(super) chart_version: &'p NextVersion,
}

#[derive(Default)]
struct Looked {
    findings: Vec<Finding>,
    objects: usize,
    unknown: Unknown,
}

impl Bench<'_> {
    pub(super) fn run(&self, cell: &Cell) -> CellResult {
        let begun = Instant::now();
        let looked = self.look(cell);
        let unknown = looked.as_ref().map(|looked| looked.unknown.clone()).unwrap_or_default();
        let (mut findings, failure, objects) = match (looked, &cell.expect) {
            (Ok(looked), None) => (looked.findings, None, looked.objects),
            (Ok(looked), Some(expected)) => {
                (unexpected(cell, expected, looked.findings), None, looked.objects)
            }
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
        CellResult { id: cell.id.clone(), findings, failure, objects, unknown, duration: begun.elapsed() }
    }

    fn look(&self, cell: &Cell) -> Result<Looked, Failure> {
        let request = self.plan.request(cell)?;
        let rendered = self.cache.render(&request).map_err(|error| Failure::from(error.as_ref()))?;
        let namespace = self.plan.namespace.as_str();
        let finished = match &self.plan.post_render {
            Some(post_render) => Some(post_render.post_render(&rendered.stream, cell, namespace)?),
            None => None,
        };
        let (stream, mut findings) = match &finished {
            Some(finished) => (&finished.stream, finished.findings.clone()),
            None => (&rendered.stream, Vec::new()),
        };
        let objects = match Objects::read(stream) {
            Ok(objects) => objects,
            // The post-renderer has found the same, in its own words.
            Err(_) if !findings.is_empty() => return Ok(Looked { findings, ..Looked::default() }),
            Err(error) => return Err(Failure::from(&error)),
        };
        let values = compose(&request).map_err(|error| Failure::from(&error))?;
        let variations = Again { bench: self, request: &request };
        let today = today();
        let context = Context {
            namespace: Some(namespace),
            kubernetes: cell.kubernetes.as_deref(),
            schemas: Some(&self.plan.schemas),
            today: Some(&today),
            values: values.as_ref(),
            rendered: Some(&rendered.stream),
            variations: Some(&variations),
            only: &self.plan.only,
            skip: &self.plan.skip,
        };
        findings.extend(assertions::check(&objects, &context));
        if context.selects(versions::RULE) {
            findings.extend(self.compare_versions(&request, &rendered.stream)?);
        }
        Ok(Looked { findings, objects: objects.len(), unknown: Unknown::of(&objects, &self.plan.schemas) })
    }

    /// What Helm 3 makes of the same request, where that is to be looked at.
    fn compare_versions(&self, request: &RenderRequest, stream: &[u8]) -> Result<Vec<Finding>, Failure> {
        // Said once for the pair, in the cell of the newer one.
        if request.helm != HelmVersion::V4 || !self.plan.compare_versions {
            return Ok(Vec::new());
        }
        let other = RenderRequest { helm: HelmVersion::V3, ..request.clone() };
        let theirs = self.cache.render(&other).map_err(|error| Failure::from(error.as_ref()))?;
        let here = Objects::read(stream).map_err(|error| Failure::from(&error))?;
        let there = Objects::read(&theirs.stream).map_err(|error| Failure::from(&error))?;
        Ok(versions::compare(&here, &there, HelmVersion::V3))
    }
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

/// The same request with a change.
struct Again<'b> {
    bench: &'b Bench<'b>,
    request: &'b RenderRequest,
}

impl Variations for Again<'_> {
    fn render(&self, change: &Change) -> Result<Vec<u8>, RenderError> {
        let mut request = self.request.clone();
        match change {
            Change::Nothing => return self.bench.cache.again(&request).map(|rendered| rendered.stream),
            Change::Values(values) => request.values.push(values.clone()),
            Change::ChartVersion => match self.bench.chart_version.directory() {
                Some(Ok(directory)) => directory.clone_into(&mut request.chart),
                Some(Err(error)) => return Err(RenderError::Directory(std::io::Error::other(error))),
                None => {}
            },
        }
        self.bench.cache.anew(&request).map(|rendered| rendered.stream)
    }
}
