//! `gift check` beside kube-linter, kube-score, conftest and the Kyverno CLI, judging the same manifests.
//!
//! All are run as processes, in turn, several times; printed are the medians of wall-clock time, processor
//! time and peak memory, and how many times longer than `gift` each takes. Then `gift` alone, on more and
//! more manifests. `docs/performance.md` has the numbers and says how far the work is comparable.
//!
//! `ci/setup peers`, then
//! `cargo bench -p gift-harness --bench peers [-- --runs 7 --services 125 --alone 125,625,2500]`

#![allow(clippy::print_stdout, reason = "the measurements are the output")]

mod contestants;
mod process;
mod stream;

use contestants::{Contestant, Verdict};
use process::{Cost, measure};
use std::path::Path;
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

/// How many times faster than the fastest of the others `gift` has to be.
const BUDGET: f64 = 3.0;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let runs = after("--runs").map_or(Ok(7), |runs| runs.parse())?;
    let services = after("--services").map_or(Ok(125), |services| services.parse())?;
    let alone: Vec<usize> = after("--alone")
        .map_or("125,625,2500", String::as_str)
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let folder = tempfile::tempdir()?;
    side_by_side(folder.path(), services, runs)?;
    for contestant in contestants::gift(folder.path())? {
        by_size(folder.path(), &contestant, &alone, runs)?;
    }
    Ok(())
}

/// All contestants on the same manifests, in turn, so that what else the machine does falls on all alike.
fn side_by_side(folder: &Path, services: usize, runs: usize) -> Result<(), Failure> {
    let mut contestants = contestants::gift(folder)?;
    let own = contestants.len();
    let (peers, missing) = contestants::peers()?;
    contestants.extend(peers);
    let manifests = folder.join("manifests.yaml");
    stream::write(services, &manifests)?;
    let mut costs = vec![Vec::new(); contestants.len()];
    let mut verdicts = Vec::new();
    for run in 0..=runs {
        for (contestant, costs) in contestants.iter().zip(&mut costs) {
            let output = folder.join("output");
            let cost = measure(&mut contestant.command(&manifests), &output)?;
            // The first fills the caches, and its output is looked at.
            if run == 0 {
                verdicts.push(contestant.verdict(&output)?);
            } else {
                costs.push(cost);
            }
        }
    }
    println!("{} documents, medians of {runs} runs", services * stream::OBJECTS);
    println!(
        "{:16} {:>10} {:>8} {:>10} {:>10} {:>6} {:>9}",
        "", "wall", "x gift", "processor", "memory", "rules", "findings"
    );
    let costs: Vec<Cost> = costs.into_iter().map(median).collect();
    let (ours, theirs) = costs.split_at(own);
    let Some(gift) = ours.first() else { return Ok(()) };
    for ((contestant, cost), Verdict { rules, findings }) in contestants.iter().zip(&costs).zip(&verdicts) {
        let rules = rules.map_or_else(|| "?".to_owned(), |rules| rules.to_string());
        println!(
            "{:16} {:>10} {:>7.1}x {:>10} {:>10} {rules:>6} {findings:>9}",
            contestant.name,
            milliseconds(cost.wall),
            cost.wall.as_secs_f64() / gift.wall.as_secs_f64(),
            milliseconds(cost.processor),
            megabytes(cost.memory),
        );
    }
    if !missing.is_empty() {
        println!("not there: {} (ci/setup peers; or on PATH)", missing.join(", "));
    }
    if let Some(fastest) = theirs.iter().map(|cost| cost.wall).min() {
        let times = fastest.as_secs_f64() / gift.wall.as_secs_f64();
        let outcome = if times >= BUDGET { "kept" } else { "MISSED" };
        println!("{times:.1} times faster than the fastest of the others, {BUDGET} asked for: {outcome}");
    }
    println!();
    Ok(())
}

/// One contestant on more and more manifests.
fn by_size(folder: &Path, contestant: &Contestant, sizes: &[usize], runs: usize) -> Result<(), Failure> {
    println!("{} alone", contestant.name);
    println!(
        "{:>10} {:>10} {:>12} {:>10} {:>12} {:>9}",
        "documents", "wall", "a document", "memory", "a document", "findings"
    );
    for services in sizes {
        let documents = services * stream::OBJECTS;
        let manifests = folder.join("manifests.yaml");
        stream::write(*services, &manifests)?;
        let output = folder.join("output");
        let costs = (0..runs)
            .map(|_| measure(&mut contestant.command(&manifests), &output))
            .collect::<Result<_, _>>()?;
        let cost = median(costs);
        #[expect(clippy::cast_precision_loss, reason = "nobody has as many documents")]
        let (count, memory) = (documents as f64, cost.memory as f64);
        println!(
            "{documents:>10} {:>10} {:>9.1} us {:>10} {:>9.1} kB {:>9}",
            milliseconds(cost.wall),
            cost.wall.as_secs_f64() * 1e6 / count,
            megabytes(cost.memory),
            memory / 1e3 / count,
            contestant.verdict(&output)?.findings,
        );
    }
    println!();
    Ok(())
}

/// The median of each.
fn median(costs: Vec<Cost>) -> Cost {
    fn middle<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
        let mut values: Vec<T> = values.collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
    Cost {
        wall: middle(costs.iter().map(|cost| cost.wall)),
        processor: middle(costs.iter().map(|cost| cost.processor)),
        memory: middle(costs.iter().map(|cost| cost.memory)),
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}
