//! `gift report merge`: reports of several machines as one.

use super::catalogue::{self, PolicyArguments};
use super::failure::{CommandError, Failure};
use super::output::{Format, Terminal};
use super::{Conclusion, reports};
use clap::Subcommand;
use gift_harness::diagnosis::Category;
use gift_harness::report::{Run, json, parts};
use std::path::PathBuf;

/// Work with reports of `gift test`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Merge(Merge),
}

/// Join the JSON reports of all parts of a run into one, in any format
///
/// The parts are those of `gift test --shard I/N --format json`, given in any order. They must be of the same
/// version of gift and of the same cells, and every cell must be in exactly one of them. What comes out is what
/// one machine that ran it all would have printed, but for how long it took.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift test --shard 1/3 --format json > part-1.json
  gift report merge part-1.json part-2.json part-3.json
  gift report merge part-*.json --format junit > junit.xml
  gift report merge part-*.json --format json > whole.json

Exit codes:
  what `gift test` of the whole would have had;
  2 also when a part is missing, given twice, or of another run")]
struct Merge {
    /// The reports
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    policies: PolicyArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let Verb::Merge(arguments) = &arguments.verb;
    let mut read = Vec::new();
    for path in &arguments.files {
        let text = std::fs::read(path).map_err(|source| CommandError::Read { path: path.clone(), source })?;
        read.push((path.display().to_string(), text));
    }
    let merged = parts::merge(&read)?;
    let rules = catalogue::rules(&arguments.policies)?;
    let run = Run {
        cells: &merged.cells,
        duration: merged.duration,
        chart_directory: merged.chart_directory.as_deref(),
        rules: &rules,
    };
    let (format, appearance) = (terminal.format, terminal.output_appearance());
    let numbers: Vec<usize> = (1..=merged.cells.len()).collect();
    match format {
        Format::Json => json::write_part(terminal.output(), &run, &merged.part, &numbers),
        _ => reports::write_run(terminal.output(), format, &run, appearance),
    }
    .map_err(Failure::output)?;
    let category = [Category::Findings, Category::Input, Category::Render, Category::Internal]
        .into_iter()
        .find(|category| category.exit_code() == merged.exit_code);
    Ok(match category {
        None => Conclusion::Good,
        Some(Category::Findings) => Conclusion::Findings,
        Some(category) => Conclusion::Partial(category),
    })
}
