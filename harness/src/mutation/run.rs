//! Breaks the streams of cells, several mutations at once.
//!
//! What comes of it is in the order of cells, operators and streams, and does not depend on how many are made
//! at once.

use super::judge::Judge;
use super::{Mutation, Operator, Reasons, operators};
use crate::assertions::Context;
use crate::chart::compose;
use crate::diagnosis::{Category, Diagnose};
use crate::matrix::Cell;
use crate::objects::Objects;
use crate::post_render::today;
use crate::run::{self, Failure, Plan, RunError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Which mutations to make.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Ids of the operators; all when empty.
    pub operators: Vec<String>,
    /// How many mutations of one operator are made in one stream, spread evenly over it; all when 0.
    pub most: usize,
    /// Moves the choice among them; the same number, the same choice.
    pub seed: u64,
    /// Why some survivors are none to worry about.
    pub reasons: Reasons,
}

/// What came of a mutation.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The cell whose stream was broken.
    pub cell: String,
    /// How.
    pub mutation: Mutation,
    /// The rules that noticed; none of them for a survivor, and for a mutation that was not made.
    pub noticed_by: BTreeSet<String>,
    /// Why nothing can notice it, where that is known.
    pub reason: Option<String>,
}

impl Outcome {
    /// Whether it was made, and nothing noticed.
    #[must_use]
    pub fn survived(&self) -> bool {
        self.mutation.equivalent.is_none() && self.noticed_by.is_empty()
    }
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A cell is rendered, and this many mutations of it are to be made.
    Cell {
        /// The cell.
        cell: &'a Cell,
        /// How many.
        mutations: usize,
    },
    /// A mutation was judged.
    Judged {
        /// What came of it.
        outcome: &'a Outcome,
    },
}

/// What came of all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// One for each mutation that was chosen, in the order of cells, operators and streams.
    pub outcomes: Vec<Outcome>,
    /// How many were left out for [`Options::most`].
    pub left_out: usize,
    /// How long it took.
    pub duration: Duration,
}

impl Summary {
    /// How many were made.
    #[must_use]
    pub fn made(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.mutation.equivalent.is_none()).count()
    }

    /// How many were noticed.
    #[must_use]
    pub fn noticed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.noticed_by.is_empty()).count()
    }

    /// The part of those made that was noticed, in percent; 0 when none was made.
    #[must_use]
    pub fn percent(&self) -> f64 {
        let count = |number: usize| u32::try_from(number).map_or(f64::INFINITY, f64::from);
        match self.made() {
            0 => 0.0,
            made => 100.0 * count(self.noticed()) / count(made),
        }
    }
}

/// Why nothing was broken.
#[derive(Debug, thiserror::Error)]
pub enum MutationError {
    /// The plan cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An id names no operator.
    #[error("there is no operator `{id}`")]
    Operator {
        /// The id.
        id: String,
    },
    /// There is nothing the operators could change.
    #[error("the operators find nothing to break in these cells")]
    Nothing,
    /// A cell has no stream to break.
    #[error("the cell `{cell}` has nothing to break: {}", failure.message)]
    Cell {
        /// The cell.
        cell: String,
        /// Why.
        failure: Failure,
    },
}

impl Diagnose for MutationError {
    fn category(&self) -> Category {
        match self {
            Self::Run(error) => error.category(),
            Self::Operator { .. } | Self::Nothing => Category::Input,
            Self::Cell { failure, .. } => failure.category,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.help(),
            Self::Operator { .. } => Some("`gift mutate --list` names the operators.".to_owned()),
            Self::Nothing => Some("Name other operators, or other cells.".to_owned()),
            Self::Cell { failure, .. } => failure.help.clone(),
        }
    }
}

/// One cell of each environment, the one with the newest Helm and Kubernetes and no toggle: toggles and versions
/// change little of what can be broken.
#[must_use]
pub fn cells_of(cells: &[Cell]) -> Vec<Cell> {
    let age = |cell: &Cell| {
        let version = cell.kubernetes.as_deref().unwrap_or_default();
        let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
        (cell.helm, numbers)
    };
    let mut chosen: Vec<Cell> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.values.is_empty() && cell.expect.is_none()) {
        match chosen.iter_mut().find(|other| other.environment == cell.environment) {
            None => chosen.push(cell.clone()),
            Some(other) if age(other) < age(cell) => *other = cell.clone(),
            Some(_) => {}
        }
    }
    chosen
}

/// Breaks the streams of a plan's cells; events are told on the calling thread. What the plan says of verdicts
/// and of comparing versions does not matter here.
///
/// # Errors
///
/// [`MutationError`] when a cell cannot be rendered, the plan or the options name what is not there, or there is
/// nothing to break.
pub fn run(
    plan: &Plan,
    options: &Options,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, MutationError> {
    run::check(plan)?;
    let begun = Instant::now();
    let operators = chosen_operators(options)?;
    let today = today();
    let mut summary = Summary::default();
    for cell in &plan.cells {
        let failed = |failure| MutationError::Cell { cell: cell.id.clone(), failure };
        let sound = Sound::of(plan, cell).map_err(failed)?;
        let objects = Objects::read(&sound.stream).map_err(|error| failed(Failure::from(&error)))?;
        let mut mutations = Vec::new();
        for operator in &operators {
            let found = operator.mutations(&objects);
            let all = found.len();
            let some = spread(found, options);
            summary.left_out += all - some.len();
            mutations.extend(some);
        }
        on_event(Event::Cell { cell, mutations: mutations.len() });
        let context = Context {
            namespace: Some(&plan.namespace),
            kubernetes: cell.kubernetes.as_deref(),
            today: Some(&today),
            values: sound.values.as_ref(),
            only: &plan.only,
            skip: &plan.skip,
            ..Context::default()
        };
        let post_render = plan.post_render.as_deref();
        let judge = Judge::new(&sound.stream, &objects, &context, post_render, &plan.namespace);
        let judged = judge_all(&judge, &mutations, run::jobs(plan), &mut |at, noticed_by| {
            let Some(mutation) = mutations.get(at) else { return };
            let reason = options.reasons.of(mutation).map(str::to_owned);
            let (cell, mutation) = (cell.id.clone(), mutation.clone());
            let outcome = Outcome { cell, mutation, noticed_by, reason };
            on_event(Event::Judged { outcome: &outcome });
            summary.outcomes.push(outcome);
        });
        debug_assert_eq!(judged, mutations.len());
    }
    if summary.made() == 0 {
        return Err(MutationError::Nothing);
    }
    summary.duration = begun.elapsed();
    Ok(summary)
}

fn chosen_operators(options: &Options) -> Result<Vec<&'static Operator>, MutationError> {
    if options.operators.is_empty() {
        return Ok(operators::all().to_vec());
    }
    let find = |id: &String| operators::find(id).ok_or_else(|| MutationError::Operator { id: id.clone() });
    options.operators.iter().map(find).collect()
}

/// As many as are to be made, evenly spread over the stream.
fn spread(found: Vec<Mutation>, options: &Options) -> Vec<Mutation> {
    let (all, most) = (found.len(), options.most);
    if most == 0 || all <= most {
        return found;
    }
    let shift = usize::try_from(options.seed).unwrap_or(usize::MAX) % all;
    let chosen: BTreeSet<usize> = (0..most).map(|number| (number * all / most + shift) % all).collect();
    let chosen = |(at, mutation)| chosen.contains(&at).then_some(mutation);
    found.into_iter().enumerate().filter_map(chosen).collect()
}

/// Judges mutations on several threads and tells about them in their order; gives how many were told.
fn judge_all(
    judge: &Judge<'_>,
    mutations: &[Mutation],
    jobs: usize,
    tell: &mut dyn FnMut(usize, BTreeSet<String>),
) -> usize {
    let next = AtomicUsize::new(0);
    let mut waiting = std::collections::BTreeMap::new();
    let mut told = 0;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.min(mutations.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutation) = mutations.get(at) else { return };
                    let noticed = match mutation.equivalent {
                        Some(_) => BTreeSet::new(),
                        None => judge.noticed_by(mutation),
                    };
                    // The receiver lives as long as this scope.
                    sender.send((at, noticed)).ok();
                }
            });
        }
        drop(sender);
        for (at, noticed) in receiver {
            waiting.insert(at, noticed);
            while let Some(noticed) = waiting.remove(&told) {
                tell(told, noticed);
                told += 1;
            }
        }
    });
    told
}

/// A finished stream of a cell.
struct Sound {
    stream: Vec<u8>,
    values: Option<serde_json::Value>,
}

impl Sound {
    fn of(plan: &Plan, cell: &Cell) -> Result<Self, Failure> {
        let request = plan.request(cell)?;
        let values = compose(&request).map_err(|error| Failure::from(&error))?;
        let rendered = plan.renderer.render(&request).map_err(|error| Failure::from(&error))?.stream;
        let stream = match &plan.post_render {
            Some(post_render) => post_render.post_render(&rendered, &plan.namespace)?.stream,
            None => rendered,
        };
        Ok(Self { stream, values })
    }
}
