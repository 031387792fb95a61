//! `gift test`: every cell of the matrix.

use super::catalogue::{self, PolicyArguments};
use super::failure::Failure;
use super::output::{Format, Terminal};
use super::progress::Progress;
use super::renderer::RendererArguments;
use super::schemas::SchemaArguments;
use super::shard::Shard;
use super::{Conclusion, HelmMajor, reports};
use gift_harness::diagnosis::Category;
use gift_harness::matrix::{Cell, Expectation, Matrix};
use gift_harness::policies::PolicySelection;
use gift_harness::post_render::PostRenderOptions;
use gift_harness::render::Stored;
use gift_harness::render::stored::StoreDirectory;
use gift_harness::report::json::{self, Part};
use gift_harness::report::{CellReport, Run};
use gift_harness::run::{self, CellResult, Event, Plan, Plugin, RunError, Summary};
use gift_harness::secrets::SecretSelection;
use gift_plugin::protocol::Severity;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Render every combination of values and judge the result
///
/// Each cell of the matrix is one environment, one Helm, one Kubernetes version and some toggles. Helm
/// renders it, the plugin encodes it and judges it by the policies, and every assertion looks at what
/// would reach the cluster. Secrets are the published placeholders of *.secrets.env.example.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift test                                       every cell of tests/matrix.yaml
  gift test --list                                their names
  gift test --filter gift/prod --filter helm4     the cells that have both in their names
  gift test --filter k8s1.34 --fail-fast          stop at the first that fails
  gift test --helm 4 --jobs 2                     one Helm alone, two cells at a time
  gift test --shard 1/4 --format json             the first of four machines' part, for gift report merge
  gift test --format junit > junit.xml            for a CI server; sarif, github, json likewise
  gift explain consistent-namespace               what a rule in the output asks for

A cell that is to fail says so in the matrix, with the message it must give:
  include:
  - {environment: default, toggle: typo, expect: {failure: replcas}}

Exit codes:
  0  every cell did what it was to do    1  findings    2  wrong usage, matrix or values
  3  Helm could not render a cell")]
pub(crate) struct Arguments {
    /// The matrix
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
    /// Only cells whose name contains this text; all of the texts when given more than once
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Only cells of one major version of Helm
    #[arg(long, value_name = "3|4", value_enum)]
    helm: Option<HelmMajor>,
    /// Only one of several equal parts; N alone takes the part from JOB_COMPLETION_INDEX
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Print the names of the cells and run none
    #[arg(long)]
    list: bool,
    /// How many cells run at once; 0 for as many as there are cores
    #[arg(long, short, value_name = "NUMBER", default_value_t = 0)]
    jobs: usize,
    /// Begin no cell once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Do not judge by these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
    /// An env file with the values secret references stand for; otherwise the published placeholders
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Render every cell, whether or not an earlier run has; what is rendered is not kept
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    schemas: SchemaArguments,
    #[command(flatten)]
    renderer: RendererArguments,
    #[command(flatten)]
    policies: PolicyArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let matrix = Matrix::load(&arguments.matrix)?;
    run_matrix(arguments, &matrix, true, terminal)
}

/// Runs every cell of a matrix, and writes a report only where something is wrong.
pub(crate) fn gate(matrix: &Matrix, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    #[derive(clap::Parser)]
    struct Usual {
        #[command(flatten)]
        arguments: Arguments,
    }
    let usual = <Usual as clap::Parser>::parse_from(["gift"]);
    run_matrix(&usual.arguments, matrix, false, terminal)
}

fn run_matrix(
    arguments: &Arguments,
    matrix: &Matrix,
    always_reports: bool,
    terminal: &mut Terminal,
) -> Result<Conclusion, Failure> {
    let all = select(arguments, matrix);
    let ids: Vec<_> = all.iter().map(|cell| cell.id.clone()).collect();
    let (numbers, cells): (Vec<_>, Vec<_>) = part(arguments, (1..).zip(all).collect()).into_iter().unzip();
    if cells.is_empty() {
        return Err(RunError::NoCells.into());
    }
    if arguments.list {
        list(terminal, &cells).map_err(Failure::output)?;
        return Ok(Conclusion::Good);
    }
    let policies = policies(&arguments.policies, matrix.chart())?;
    let rules = catalogue::rules_of(&policies)?;
    let plan = plan(arguments, matrix, cells, policies)?;
    let mut progress = Progress::counted(terminal, plan.cells.len());
    let summary = run::run(&plan, &mut |event| {
        if let Event::CellFinished { cell, result } = event {
            progress.step(&told(cell, result));
        }
    });
    progress.finish();
    let summary = summary?;
    let reports: Vec<_> = summary.results.iter().map(report).collect();
    let chart_directory = matrix.chart().display().to_string();
    let run = Run {
        cells: &reports,
        duration: summary.duration,
        chart_directory: Some(&chart_directory),
        rules: &rules,
    };
    let conclusion = conclude(&summary, arguments.deny_warnings);
    if !always_reports && matches!(conclusion, Conclusion::Good) {
        return Ok(conclusion);
    }
    let (format, appearance) = (terminal.format, terminal.output_appearance());
    if format == Format::Json {
        let numbers = numbers_of(&summary, &plan, &numbers);
        let shard = arguments.shard.map(|shard| shard.to_string());
        let part = Part::new(ids.iter().map(String::as_str), shard, conclusion.exit_code());
        json::write_part(terminal.output(), &run, &part, &numbers).map_err(Failure::output)?;
    } else {
        reports::write_run(terminal.output(), format, &run, appearance).map_err(Failure::output)?;
    }
    remark(terminal, &plan, &summary).map_err(Failure::output)?;
    Ok(conclusion)
}

fn select(arguments: &Arguments, matrix: &Matrix) -> Vec<Cell> {
    let mut cells = matrix.select(&arguments.filter);
    if let Some(helm) = arguments.helm {
        cells.retain(|cell| cell.helm == helm.version());
    }
    cells
}

/// The cells of the shard that was asked for, each with its number among all.
fn part(arguments: &Arguments, cells: Vec<(usize, Cell)>) -> Vec<(usize, Cell)> {
    match arguments.shard {
        Some(shard) => shard.of(cells),
        None => cells,
    }
}

/// The policies of the chart as it is now, where it has any: those in the command may be older.
pub(crate) fn policies(arguments: &PolicyArguments, chart: &Path) -> Result<PolicySelection, Failure> {
    let own = chart.join("policies");
    Ok(match arguments.selection()? {
        PolicySelection::Embedded if own.is_dir() => PolicySelection::Directory(own),
        selection => selection,
    })
}

/// How cells are judged.
pub(crate) struct Judging<'a> {
    pub(crate) policies: PolicySelection,
    /// Rules not to judge by.
    pub(crate) skip: &'a [String],
    pub(crate) values_directory: &'a Path,
    pub(crate) secrets: SecretSelection,
}

impl Judging<'_> {
    /// The plugin's options, and the assertions not to look with.
    pub(crate) fn split(self) -> (PostRenderOptions, Vec<String>) {
        // An assertion and a rule of the plugin may have the same name, and are then both skipped.
        let is_asserted = |rule: &&String| run::rules().iter().any(|known| known.id == **rule);
        let built_in = catalogue::built_in();
        let of_plugin = |rule: &&String| !is_asserted(rule) || built_in.contains(rule);
        // What both know is found by the plugin already.
        let asserted = self.skip.iter().chain(&built_in).filter(is_asserted).cloned().collect();
        let options = PostRenderOptions {
            policies: self.policies,
            secrets: self.secrets,
            values_directory: self.values_directory.to_owned(),
            skip: self.skip.iter().filter(of_plugin).cloned().collect(),
            ..PostRenderOptions::default()
        };
        (options, asserted)
    }
}

fn plan(
    arguments: &Arguments,
    matrix: &Matrix,
    cells: Vec<Cell>,
    policies: PolicySelection,
) -> Result<Plan, Failure> {
    let judging = Judging {
        policies,
        skip: &arguments.skip,
        values_directory: matrix.values_directory(),
        secrets: match &arguments.secrets {
            Some(file) => SecretSelection::File(file.clone()),
            None => SecretSelection::Example,
        },
    };
    let (options, skip) = judging.split();
    let all = Plan::of(matrix)?;
    let helms: BTreeSet<_> = cells.iter().map(|cell| cell.helm).collect();
    let mut renderer = arguments.renderer.renderer(helms)?;
    let kept = (!arguments.no_cache).then(StoreDirectory::of_user);
    if let Some(directory) = &kept {
        renderer = Arc::new(Stored::new(renderer, directory.clone()));
    }
    Ok(Plan {
        renderer,
        cells,
        // One Helm alone was asked for, and the other may not be there.
        compare_versions: all.compare_versions && arguments.helm.is_none(),
        jobs: arguments.jobs,
        post_render: Some(Arc::new(Plugin::new(options)?)),
        skip,
        fail_fast: arguments.fail_fast,
        verdicts: kept,
        schemas: arguments.schemas.add_to(all.schemas)?,
        ..all
    })
}

fn list(terminal: &mut Terminal, cells: &[Cell]) -> io::Result<()> {
    let format = terminal.format;
    let out = terminal.output();
    if format != Format::Json {
        for cell in cells {
            writeln!(out, "{cell}")?;
        }
        return Ok(());
    }
    let cells: Vec<_> = cells
        .iter()
        .map(|cell| {
            serde_json::json!({
                "id": cell.id,
                "environment": cell.environment,
                "helm": cell.helm.major(),
                "kubernetes": cell.kubernetes,
                "toggles": cell.toggles,
                "expect": cell.expect.as_ref().map(|expect| match expect {
                    Expectation::Failure(text) => serde_json::json!({ "failure": text }),
                    Expectation::Findings(rules) => serde_json::json!({ "findings": rules }),
                }),
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &serde_json::json!({ "version": 1, "cells": cells }))?;
    writeln!(out)
}

/// The numbers of the cells that were run: one that failed may have kept others from it.
fn numbers_of(summary: &Summary, plan: &Plan, numbers: &[usize]) -> Vec<usize> {
    let mut planned = plan.cells.iter().zip(numbers);
    let mut number =
        |result: &CellResult| planned.find(|(cell, _)| cell.id == result.id).map(|(_, number)| *number);
    summary.results.iter().filter_map(&mut number).collect()
}

/// A cell's line while the run goes on.
fn told(cell: &Cell, result: &CellResult) -> String {
    let word = if result.is_good() { "pass" } else { "FAIL" };
    format!("{word}  {cell}  {:.2} s", result.duration.as_secs_f64())
}

fn report(result: &CellResult) -> CellReport {
    CellReport {
        id: result.id.clone(),
        findings: result.findings.clone(),
        failure: result.failure.as_ref().map(|failure| match &failure.help {
            Some(help) => format!("{}\nhelp: {help}", failure.message),
            None => failure.message.clone(),
        }),
        duration: result.duration,
    }
}

/// What is not about one cell.
fn remark(terminal: &mut Terminal, plan: &Plan, summary: &Summary) -> io::Result<()> {
    if !terminal.quiet {
        for note in plan.renderer.notes().into_iter().chain(summary.unknown().note()) {
            writeln!(terminal.errors(), "note: {note}")?;
        }
    }
    if summary.not_run > 0 {
        writeln!(terminal.errors(), "{} not run, for one before failed", summary.not_run)?;
    }
    if terminal.verbose {
        let Summary { rendered, reused, known, .. } = summary;
        writeln!(
            terminal.errors(),
            "Helm ran {rendered} times, {reused} renderings were used again; {known} cells are as an earlier run saw them"
        )?;
    }
    Ok(())
}

fn conclude(summary: &Summary, deny_warnings: bool) -> Conclusion {
    let failures = summary.results.iter().filter_map(|result| result.failure.as_ref());
    let worst = failures.map(|failure| failure.category).max_by_key(|category| category.exit_code());
    let warned = || {
        let mut findings = summary.results.iter().flat_map(|result| &result.findings);
        findings.any(|finding| finding.severity >= Severity::Warning)
    };
    match worst {
        Some(Category::Findings) => Conclusion::Findings,
        Some(category) => Conclusion::Partial(category),
        None if !summary.is_good() || (deny_warnings && warned()) => Conclusion::Findings,
        None => Conclusion::Good,
    }
}
