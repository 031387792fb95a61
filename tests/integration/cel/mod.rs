//! The plugin's engine and the API server's own one give the same for generated expressions and policies: the same
//! value, the same type, the same message, refused or failed alike.
//!
//! `tests/cel-reference` is a program around the API server's packages. What still differs is listed in
//! [`differences`], and in `docs/cel.md` with the reasons. `GIFT_CEL_CASES` says how many expressions to try, and
//! `GIFT_CEL_SEED` where to begin.

mod choices;
mod differences;
mod engine;
mod generate;
mod grammar;
mod literals;
mod policies;
mod reference;
mod shrink;
mod tree;
mod world;

use crate::reference_program::reference_program;
use choices::Choices;
use differences::{DIFFERENCES, RARE, explanation};
use generate::Generator;
use grammar::Of;
use reference::{Evaluation, Reference};
use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Instant;
use tree::Tree;
use world::World;

/// Expressions that must have been compared.
const LEAST_EXPRESSIONS: usize = 10_000;

/// Expressions that are evaluated in the same world.
const EACH_WORLD: usize = 25;

/// Differences that are looked for before they are told.
const MOST_DIFFERENCES: usize = 25;

/// An expression and all it can refer to.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    world: Rc<World>,
    expression: Tree,
}

fn number(variable: &str, otherwise: usize) -> usize {
    env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

#[test]
fn every_expression_means_what_it_means_to_the_api_server() {
    let began = Instant::now();
    let reference = Reference::start(&program());
    let wanted = number("GIFT_CEL_CASES", LEAST_EXPRESSIONS);
    let mut choices = Choices::new(number("GIFT_CEL_SEED", 1) as u64);
    let mut tally = Tally::default();
    let mut differences = Vec::new();
    let rare = RARE.iter().map(|text| Tree::leaf(Of::Plain("dyn"), *text)).collect();
    compare(&reference, vec![(Rc::new(World::bare()), rare)], &mut tally, &mut differences);
    while tally.compared < wanted && differences.len() < MOST_DIFFERENCES {
        let worlds: Vec<_> = (0..40).map(|_| expressions(&mut choices)).collect();
        compare(&reference, worlds, &mut tally, &mut differences);
    }
    eprintln!("{:.1?}: {tally:#?}", began.elapsed());
    let shown: Vec<String> = differences
        .into_iter()
        .take(MOST_DIFFERENCES)
        .map(|case| shrink::shrunk(&reference, case).to_string())
        .collect();
    assert!(shown.is_empty(), "{} differences:\n{}", shown.len(), shown.join("\n"));
    assert!(tally.values * 3 > tally.compared, "values are hardly tested");
    assert!(tally.errors * 20 > tally.compared, "errors are hardly tested");
    assert!(tally.refused * 50 > tally.compared, "refusals are hardly tested");
    if wanted >= LEAST_EXPRESSIONS {
        for difference in DIFFERENCES {
            assert!(tally.explained.contains_key(difference.title), "nothing needs: {}", difference.title);
        }
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    compared: usize,
    values: usize,
    errors: usize,
    refused: usize,
    /// How many differences have an explanation, by its title, and the shortest expression of them.
    explained: BTreeMap<&'static str, (usize, String)>,
}

/// A world and expressions in it.
fn expressions(choices: &mut Choices) -> (Rc<World>, Vec<Tree>) {
    let mut world = World::generate(choices);
    let mut expressions = Vec::new();
    // A variable that does not compile is none, but an expression.
    while let Some((at, _)) = engine::refused_variable(&world) {
        expressions.push(world.variables.remove(at).expression);
    }
    for _ in 0..EACH_WORLD {
        let mut generator = Generator::new(Choices::new(choices.seed()), &world.variables);
        expressions.push(generator.expression());
    }
    (Rc::new(world), expressions)
}

/// Compares what becomes of each expression; collects those for which it is not the same.
fn compare(
    reference: &Reference,
    worlds: Vec<(Rc<World>, Vec<Tree>)>,
    tally: &mut Tally,
    differences: &mut Vec<Case>,
) {
    let texts: Vec<Vec<String>> =
        worlds.iter().map(|(_, expressions)| expressions.iter().map(Tree::to_string).collect()).collect();
    let requests: Vec<_> =
        worlds.iter().zip(&texts).map(|((world, _), texts)| world.request(texts, 1)).collect();
    let answers = reference.ask(&requests);
    for (((world, expressions), texts), answer) in worlds.into_iter().zip(texts).zip(answers) {
        for (variable, refused) in world.variables.iter().zip(&answer.variables) {
            if !refused.is_empty() {
                let mut world = (*world).clone();
                world.variables.clear();
                differences.push(Case { world: Rc::new(world), expression: variable.expression.clone() });
            }
        }
        let ours = engine::evaluate(&world, &texts);
        for ((expression, ours), theirs) in expressions.into_iter().zip(ours).zip(answer.expressions) {
            tally.compared += 1;
            let counted = match (&theirs.refused, theirs.results.first()) {
                (_, Some(result)) if result.error.is_empty() => &mut tally.values,
                (_, Some(_)) => &mut tally.errors,
                (_, None) => &mut tally.refused,
            };
            *counted += 1;
            let case = Case { world: Rc::clone(&world), expression };
            match judge(reference, &case, &ours, &theirs) {
                Comparison::Same => {}
                Comparison::Explained(title) => {
                    let text = case.expression.to_string();
                    let (count, shortest) = tally.explained.entry(title).or_default();
                    *count += 1;
                    if shortest.is_empty() || text.len() < shortest.len() {
                        *shortest = text;
                    }
                }
                Comparison::Different => differences.push(case),
            }
        }
    }
}

/// How the two engines' answers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Same,
    /// Not the same, for the reason of that title.
    Explained(&'static str),
    Different,
}

fn judge(reference: &Reference, case: &Case, ours: &Evaluation, theirs: &Evaluation) -> Comparison {
    if same_refusal(&ours.refused, &theirs.refused) && ours.of == theirs.of && ours.results == theirs.results
    {
        return Comparison::Same;
    }
    match explanation(reference, case, ours, theirs) {
        Some(title) => Comparison::Explained(title),
        None => Comparison::Different,
    }
}

fn same_refusal(ours: &str, theirs: &str) -> bool {
    const LATE: &str = "program instantiation failed: ";
    match theirs.strip_prefix(LATE) {
        // The API server does not say where.
        Some(message) => {
            ours.split_once(LATE).is_some_and(|(_, ours)| ours.rsplitn(3, "\n | ").last() == Some(message))
        }
        None => numberless(ours) == numberless(first_refusal(theirs)),
    }
}

/// A message without the numbers of type variables, which the API server counts differently each time.
fn numberless(refused: &str) -> String {
    let mut parts = refused.split("_var");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "_var" + part.trim_start_matches(|digit: char| digit.is_ascii_digit())
    })
}

/// The API server tells everything it refuses an expression for, the engine the first.
fn first_refusal(refused: &str) -> &str {
    let refused = refused.strip_prefix("compilation failed: ").unwrap_or(refused);
    refused.split("\nERROR: ").next().unwrap_or(refused)
}

/// Both tests ask it, and it shares with the control plane of `ci/setup` what both are made of.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| reference_program("cel-reference")).clone()
}
