//! The simplest case that is still not the same, to be read by people.

use super::reference::{Evaluation, Reference};
use super::{Case, Comparison, engine, judge};
use std::fmt;
use std::rc::Rc;

/// Simpler cases that are tried at once.
const AT_ONCE: usize = 400;

/// Steps after which a case is simple enough to be read.
pub(super) const MOST_STEPS: usize = 100;

/// A case that is as simple as it gets, and what the two say.
pub(super) struct Shrunk {
    case: Case,
    ours: Evaluation,
    theirs: Evaluation,
}

/// Makes a case simpler as long as there is a difference.
pub(super) fn shrunk(reference: &Reference, mut case: Case) -> Shrunk {
    for _ in 0..MOST_STEPS {
        let Some(simpler) = simpler(reference, &case) else { break };
        case = simpler;
    }
    let ours = engine::evaluate_case(&case);
    let theirs = ask(reference, std::slice::from_ref(&case)).remove(0);
    Shrunk { case, ours, theirs }
}

fn simpler(reference: &Reference, case: &Case) -> Option<Case> {
    let with_expression = |expression| Case { expression, ..case.clone() };
    let with_world = |world| Case { world: Rc::new(world), ..case.clone() };
    let mut candidates: Vec<Case> = case.expression.simpler().into_iter().map(with_expression).collect();
    candidates.extend(case.world.simpler().into_iter().map(with_world));
    candidates.retain(|candidate| engine::refused_variable(&candidate.world).is_none());
    for some in candidates.chunks(AT_ONCE) {
        let answers = ask(reference, some);
        let found = some.iter().zip(answers).find(|(candidate, theirs)| {
            judge(reference, candidate, &engine::evaluate_case(candidate), theirs) == Comparison::Different
        });
        if let Some((found, _)) = found {
            return Some(found.clone());
        }
    }
    None
}

fn ask(reference: &Reference, cases: &[Case]) -> Vec<Evaluation> {
    let requests: Vec<_> =
        cases.iter().map(|case| case.world.request(&[case.expression.to_string()], 1)).collect();
    let mut answers = reference.ask(&requests);
    answers.iter_mut().map(|answer| answer.expressions.remove(0)).collect()
}

impl fmt::Display for Shrunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, ours, theirs } = self;
        writeln!(formatter, "{}", case.expression)?;
        writeln!(formatter, "  for Kubernetes 1.{} and {}", case.world.minor, case.world.object)?;
        if let Some(params) = &case.world.params {
            writeln!(formatter, "  params:     {params}")?;
        }
        for variable in &case.world.variables {
            writeln!(formatter, "  variables.{} = {}", variable.name, variable.expression)?;
        }
        writeln!(formatter, "  engine:     {}", told(ours))?;
        writeln!(formatter, "  API server: {}", told(theirs))
    }
}

fn told(evaluation: &Evaluation) -> String {
    match evaluation.results.first() {
        None => format!("refused: {}", evaluation.refused.replace('\n', "\n              ")),
        Some(outcome) if outcome.error.is_empty() => format!("{}: {}", evaluation.of, outcome.value),
        Some(outcome) => format!("{}: error: {}", evaluation.of, outcome.error),
    }
}
