//! Renders and judges every cell of a plan, several at once.
//!
//! The results come in the order of the plan and do not depend on how many cells run at once.
//! Depends on [`crate::matrix`], [`crate::render`], [`crate::assertions`] and [`crate::chart`].

mod cell;
mod chart_version;
mod documents;
mod plugin;
mod renderings;
mod unit;
mod verdicts;
mod versions;

pub use cell::{CellResult, Failure};
pub use plugin::Plugin;

use crate::assertions;
use crate::chart::EnvironmentError;
use crate::diagnosis::{Category, Diagnose};
use crate::matrix::{Cell, Matrix};
use crate::render::stored::StoreDirectory;
use crate::render::{HelmVersion, HelmWorker, RenderError, RenderRequest, Renderer};
use crate::rules::Rule;
use crate::schema::{CustomSchemas, SchemaError, Schemas, Unknown};
use crate::tools::{self, Tool, ToolError};
use gift_plugin::protocol::Finding;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use unit::{Bench, Unit};

/// What happens to a stream after Helm, before it is looked at.
pub trait PostRender: Send + Sync {
    /// Gives the stream that reaches the cluster, and what was found on the way.
    ///
    /// # Errors
    ///
    /// [`Failure`] when there is no such stream.
    fn post_render(&self, stream: &[u8], namespace: &str) -> Result<PostRendered, Failure>;

    /// What decides its answers beside the stream, the namespace and the day, as a text that is another when
    /// any of it is; `None` when that cannot be told, and nothing it says is kept then.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// What a [`PostRender`] gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostRendered {
    /// The new stream.
    pub stream: Vec<u8>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Which cells to run, and how.
#[derive(Clone)]
pub struct Plan {
    /// The chart.
    pub chart: PathBuf,
    /// The directory of values.
    pub values_directory: PathBuf,
    /// The cells.
    pub cells: Vec<Cell>,
    /// How many cells run at once; as many as there are cores when 0.
    pub jobs: usize,
    /// The name of the release; the system's when `None`.
    pub release: Option<String>,
    /// The namespace of the release.
    pub namespace: String,
    /// What renders.
    pub renderer: Arc<dyn Renderer>,
    /// What happens to a stream before it is looked at; nothing when `None`.
    pub post_render: Option<Arc<dyn PostRender>>,
    /// Ids of the assertions to look with; all when empty.
    pub only: Vec<String>,
    /// Ids of assertions not to look with.
    pub skip: Vec<String>,
    /// Schemas of custom resources, beside those of Kubernetes and of the streams themselves.
    pub schemas: Schemas,
    /// Whether no cell begins once one has failed.
    pub fail_fast: bool,
    /// Whether each cell of Helm 4 is held against what Helm 3 renders.
    pub compare_versions: bool,
    /// Where to keep what was found, so that a cell none of whose inputs changed is not looked at again;
    /// nowhere when `None`.
    pub verdicts: Option<StoreDirectory>,
}

impl Plan {
    /// Every cell of a matrix, rendered by the workers where there are any and by the `helm template`
    /// command where not, with every assertion. Custom resources are held against the schemas of the chart
    /// and of the folders the matrix names.
    ///
    /// # Errors
    ///
    /// [`RunError::Render`] when the environment Helm runs in cannot be made, [`RunError::Schema`] when
    /// schemas cannot be read.
    pub fn of(matrix: &Matrix) -> Result<Self, RunError> {
        let cells = matrix.cells();
        let mut schemas = Schemas::default().with(Arc::new(CustomSchemas::of_chart(matrix.chart())?));
        for folder in matrix.schemas() {
            schemas = schemas.with(Arc::new(CustomSchemas::of_folder(folder)?));
        }
        Ok(Self {
            chart: matrix.chart().to_owned(),
            values_directory: matrix.values_directory().to_owned(),
            compare_versions: cells.iter().any(|cell| cell.helm == HelmVersion::V3),
            cells,
            jobs: 0,
            release: None,
            namespace: "default".to_owned(),
            renderer: Arc::new(HelmWorker::new()?),
            post_render: None,
            only: Vec::new(),
            skip: Vec::new(),
            schemas,
            fail_fast: false,
            verdicts: None,
        })
    }
}

/// What happens while a plan runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// How many cells there are.
        cells: usize,
    },
    /// A cell begins.
    CellStarted {
        /// The cell.
        cell: &'a Cell,
    },
    /// A cell is done; cells end in any order.
    CellFinished {
        /// The cell.
        cell: &'a Cell,
        /// What was found, why it failed, how long it took.
        result: &'a CellResult,
    },
    /// The run is over.
    Finished {
        /// Everything that was found.
        summary: &'a Summary,
    },
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// One for each cell that was run, in the order of the plan.
    pub results: Vec<CellResult>,
    /// How many cells were not run, because one before them failed.
    pub not_run: usize,
    /// How long it took.
    pub duration: Duration,
    /// How often Helm was run.
    pub rendered: usize,
    /// How often a rendering was there already.
    pub reused: usize,
    /// How many cells an earlier run has looked at.
    pub known: usize,
}

impl Summary {
    /// Whether every cell did what it was to do.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.results.iter().all(CellResult::is_good)
    }

    /// The custom resources no schema is known of, of all cells.
    #[must_use]
    pub fn unknown(&self) -> Unknown {
        let mut unknown = Unknown::default();
        self.results.iter().for_each(|result| unknown.extend(&result.unknown));
        unknown
    }

    /// The exit code of a command that ran this: 3 when Helm could not render a cell that was to
    /// succeed, else 1 when something was found, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let failures = self.results.iter().filter_map(|result| result.failure.as_ref());
        failures.map(|failure| failure.category.exit_code()).max().unwrap_or(if self.is_good() {
            0
        } else {
            Category::Findings.exit_code()
        })
    }
}

/// Why a plan was not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A Helm the cells ask for is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Helm's environment could not be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The values of a cell are not there.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// Schemas of custom resources cannot be read.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// There is nothing to run.
    #[error("there is no cell to run")]
    NoCells,
    /// An id names no assertion.
    #[error("there is no assertion `{id}`")]
    Assertion {
        /// The id.
        id: String,
    },
    /// A worker ended without a result.
    #[error("the cell `{cell}` ended without a result")]
    Lost {
        /// The cell.
        cell: String,
    },
}

impl Diagnose for RunError {
    fn category(&self) -> Category {
        match self {
            Self::Tool(error) => error.category(),
            Self::Render(error) => error.category(),
            Self::Environment(error) => error.category(),
            Self::Schema(error) => error.category(),
            Self::NoCells | Self::Assertion { .. } => Category::Input,
            Self::Lost { .. } => Category::Internal,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Tool(error) => error.help(),
            Self::Render(error) => error.help(),
            Self::Environment(error) => error.help(),
            Self::Schema(error) => error.help(),
            Self::NoCells => Some("Check the filter against the ids of the matrix's cells.".to_owned()),
            Self::Assertion { .. } => {
                let ids: Vec<_> = assertions::all().iter().map(|assertion| assertion.id()).collect();
                Some(format!("Name one of these: {}.", ids.join(", ")))
            }
            Self::Lost { .. } => None,
        }
    }
}

/// The rules a run judges by beside the plugin's, for those who list and explain them.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let mut rules = assertions::rules();
    rules.push(versions::rule());
    rules.push(cell::rule());
    rules
}

/// The places of cells that differ in Helm and Kubernetes alone, in the order of the first of each: whoever runs
/// cells a few at a time runs these together, for most of what they give is the same.
#[must_use]
pub fn together(cells: &[Cell]) -> Vec<Vec<usize>> {
    unit::units(cells)
}

/// Runs a plan; events are told on the calling thread.
///
/// # Errors
///
/// [`RunError`] when the plan cannot be run at all. What goes wrong in a cell is in its result.
pub fn run(plan: &Plan, on_event: &mut dyn FnMut(Event<'_>)) -> Result<Summary, RunError> {
    check(plan)?;
    let begun = Instant::now();
    on_event(Event::Started { cells: plan.cells.len() });
    let bench = Bench::of(plan);
    let units = unit::units(&plan.cells);
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let mut results: Vec<Option<CellResult>> = vec![None; plan.cells.len()];
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let (first, asked) = mpsc::channel();
        for _ in 0..jobs(plan).min(units.len()) {
            let (sender, first) = (sender.clone(), first.clone());
            let (next, stopped, bench, units) = (&next, &stopped, &bench, &units);
            scope.spawn(move || {
                while let Some(cells) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut unit = Unit::of(bench, cells, &first);
                    for index in cells {
                        let Some(cell) = plan.cells.get(*index) else { continue };
                        if stopped.load(Ordering::Relaxed) {
                            return;
                        }
                        // The receiver lives as long as this scope.
                        sender.send((*index, None)).ok();
                        let result = unit.run(cell);
                        if plan.fail_fast && !result.is_good() {
                            stopped.store(true, Ordering::Relaxed);
                        }
                        sender.send((*index, Some(result))).ok();
                    }
                }
            });
        }
        drop((sender, first));
        // While one Helm reads the chart for the first time, so does the other.
        scope.spawn(move || {
            let Ok(first) = asked.recv() else { return };
            for helm in helms(plan).into_iter().filter(|helm| *helm != first.helm) {
                plan.renderer.prepare(&RenderRequest { helm, ..first.clone() });
            }
        });
        for (index, result) in receiver {
            let Some(cell) = plan.cells.get(index) else { continue };
            match result {
                None => on_event(Event::CellStarted { cell }),
                Some(result) => {
                    on_event(Event::CellFinished { cell, result: &result });
                    if let Some(place) = results.get_mut(index) {
                        *place = Some(result);
                    }
                }
            }
        }
    });
    let results: Vec<CellResult> = match results.iter().position(Option::is_none) {
        Some(lost) if !stopped.into_inner() => {
            let cell = plan.cells.get(lost).map(|cell| cell.id.clone()).unwrap_or_default();
            return Err(RunError::Lost { cell });
        }
        _ => results.into_iter().flatten().collect(),
    };
    let count = |counted: &AtomicUsize| counted.load(Ordering::Relaxed);
    let (rendered, reused) = (count(&bench.counts.rendered), count(&bench.counts.reused));
    let known = count(&bench.counts.known);
    let not_run = plan.cells.len() - results.len();
    let summary = Summary { results, not_run, duration: begun.elapsed(), rendered, reused, known };
    on_event(Event::Finished { summary: &summary });
    Ok(summary)
}

/// What would fail in every cell alike fails once, before the first.
pub(crate) fn check(plan: &Plan) -> Result<(), RunError> {
    if plan.cells.is_empty() {
        return Err(RunError::NoCells);
    }
    for id in plan.only.iter().chain(&plan.skip) {
        if assertions::find(id).is_none() && id != versions::RULE {
            return Err(RunError::Assertion { id: id.clone() });
        }
    }
    // Each is asked for its version, which takes it a while.
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            helms(plan).into_iter().map(|helm| scope.spawn(move || tools::find(Tool::Helm(helm)))).collect();
        for asked in asked {
            asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

/// The Helms a plan has use for.
fn helms(plan: &Plan) -> BTreeSet<HelmVersion> {
    let mut helms: BTreeSet<HelmVersion> = plan.cells.iter().map(|cell| cell.helm).collect();
    if plan.compare_versions && helms.contains(&HelmVersion::V4) {
        helms.insert(HelmVersion::V3);
    }
    helms
}

/// How many threads to run.
pub(crate) fn jobs(plan: &Plan) -> usize {
    match plan.jobs {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    }
}

#[cfg(test)]
mod tests;
