//! `gift mutate`: would a mistake be noticed?

use super::catalogue::PolicyArguments;
use super::failure::{CommandError, Failure};
use super::output::{Format, Terminal};
use super::progress::Progress;
use super::renderer::RendererArguments;
use super::{Conclusion, mutations, reports};
use gift_harness::matrix::{Cell, Matrix};
use gift_harness::mutation::{self, Event, Options, Reasons, Summary};
use gift_harness::post_render::PostRenderOptions;
use gift_harness::report::Run;
use gift_harness::run::{Plan, Plugin};
use gift_harness::secrets::SecretSelection;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Break what is rendered in hundreds of small ways, and see which rules notice
///
/// Each operator stands for a mistake people make: a label dropped from a selector, a port shifted, a key
/// renamed, a policy widened. It is made in what a cell of the matrix gives, one place at a time, and the
/// broken stream is judged by policies and assertions as `gift test` judges the cell. What no rule notices is
/// a survivor: a rule is missing, or nothing could ever notice it, which a file beside the matrix may tell.
///
/// Without an environment and without --filter, one cell of each environment is broken: the one with the newest
/// Helm and Kubernetes and no toggle.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift mutate                                     one cell of every environment
  gift mutate gift/prod                           one environment
  gift mutate gift/prod --operator image-latest --all
  gift mutate --filter gift/prod --filter helm3   cells by their names, as in gift test
  gift mutate --list                              the operators, and the mistakes they stand for
  gift mutate --skip schema                       what would be noticed without a rule
  gift mutate --format json > mutations.json      for a program; junit, sarif, github tell the survivors

A survivor that nothing can notice is told in mutations.yaml beside the matrix:
  survivors:
  - {operator: pod-label-dropped, kind: Deployment, reason: why nothing can notice}
It still counts as one.

Exit codes:
  0  enough mutations are noticed    1  fewer than --least    2  wrong usage, matrix or values
  3  Helm could not render a cell")]
pub(crate) struct Arguments {
    /// Environments, as SYSTEM/NAME or `default`; one cell of each is broken
    #[arg(value_name = "SYSTEM/ENV", conflicts_with = "filter")]
    environments: Vec<String>,
    /// The matrix
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
    /// Every cell whose name contains this text; all of the texts when given more than once
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// These operators alone
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    operator: Vec<String>,
    /// Print the operators and break nothing
    #[arg(long)]
    list: bool,
    /// How many percent of the mutations must be noticed
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0)]
    least: f64,
    /// How many mutations of one operator are made in one cell, spread evenly over it
    #[arg(long, value_name = "NUMBER", default_value_t = 12)]
    most: usize,
    /// Make all there are
    #[arg(long, conflicts_with = "most")]
    all: bool,
    /// Choose others among those there are; the same number, the same choice
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Why some survivors cannot be noticed; mutations.yaml beside the matrix where there is one
    #[arg(long, value_name = "FILE")]
    reasons: Option<PathBuf>,
    /// How many mutations are judged at once; 0 for as many as there are cores
    #[arg(long, short, value_name = "NUMBER", default_value_t = 0)]
    jobs: usize,
    /// Do not judge by these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<String>,
    #[command(flatten)]
    renderer: RendererArguments,
    #[command(flatten)]
    policies: PolicyArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    if arguments.list {
        list(terminal).map_err(Failure::output)?;
        return Ok(Conclusion::Good);
    }
    let matrix = Matrix::load(&arguments.matrix)?;
    let plan = plan(arguments, &matrix, select(arguments, &matrix)?)?;
    let options = Options {
        operators: arguments.operator.clone(),
        most: if arguments.all { 0 } else { arguments.most },
        seed: arguments.seed,
        reasons: reasons(arguments)?,
    };
    let mut progress = Progress::counted(terminal, plan.cells.len());
    let summary = mutation::run(&plan, &options, &mut |event| {
        if let Event::Cell { cell, mutations } = event {
            progress.step(&format!("{cell}  {mutations} mutations"));
        }
    });
    progress.finish();
    let summary = summary?;
    let is_enough = summary.percent() >= arguments.least;
    tell(arguments, terminal, &matrix, &summary, is_enough).map_err(Failure::output)?;
    Ok(if is_enough { Conclusion::Good } else { Conclusion::Findings })
}

fn tell(
    arguments: &Arguments,
    terminal: &mut Terminal,
    matrix: &Matrix,
    summary: &Summary,
    is_enough: bool,
) -> io::Result<()> {
    let (format, appearance) = (terminal.format, terminal.output_appearance());
    match format {
        Format::Text => mutations::write_text(terminal.output(), summary, arguments.least),
        Format::Json => mutations::write_json(terminal.output(), summary, arguments.least),
        _ => {
            let cells = mutations::cells(summary, is_enough);
            let chart_directory = matrix.chart().display().to_string();
            let run = Run {
                cells: &cells,
                duration: summary.duration,
                chart_directory: Some(&chart_directory),
                rules: &[mutations::rule()],
            };
            reports::write_run(terminal.output(), format, &run, appearance)
        }
    }
}

fn select(arguments: &Arguments, matrix: &Matrix) -> Result<Vec<Cell>, Failure> {
    if !arguments.filter.is_empty() {
        let mut cells = matrix.select(&arguments.filter);
        cells.retain(|cell| cell.expect.is_none());
        return Ok(cells);
    }
    let cells = mutation::cells_of(&matrix.cells());
    if arguments.environments.is_empty() {
        return Ok(cells);
    }
    let name = |cell: &Cell| cell.environment.clone().unwrap_or_else(|| "default".to_owned());
    let find = |wanted: &String| {
        let cell = cells.iter().find(|cell| name(cell) == *wanted).cloned();
        cell.ok_or_else(|| {
            let known = cells.iter().map(name).collect();
            CommandError::NoSuchEnvironment { environment: wanted.clone(), known }.into()
        })
    };
    arguments.environments.iter().map(find).collect()
}

fn plan(arguments: &Arguments, matrix: &Matrix, cells: Vec<Cell>) -> Result<Plan, Failure> {
    let judging = super::test::Judging {
        policies: super::test::policies(&arguments.policies, matrix.chart())?,
        skip: &arguments.skip,
        values_directory: matrix.values_directory(),
        secrets: SecretSelection::Example,
    };
    let (options, skip): (PostRenderOptions, Vec<String>) = judging.split();
    let helms: BTreeSet<_> = cells.iter().map(|cell| cell.helm).collect();
    Ok(Plan {
        renderer: arguments.renderer.renderer(helms)?,
        cells,
        compare_versions: false,
        jobs: arguments.jobs,
        post_render: Some(Arc::new(Plugin::new(options)?)),
        skip,
        ..Plan::of(matrix)?
    })
}

/// The file that was named, or the one beside the matrix where there is one.
fn reasons(arguments: &Arguments) -> Result<Reasons, Failure> {
    let beside = arguments.matrix.parent().unwrap_or(Path::new("")).join("mutations.yaml");
    Ok(match &arguments.reasons {
        Some(file) => Reasons::read(file)?,
        None if beside.is_file() => Reasons::read(&beside)?,
        None => Reasons::default(),
    })
}

fn list(terminal: &mut Terminal) -> io::Result<()> {
    let format = terminal.format;
    let out = terminal.output();
    if format == Format::Json {
        let operators: Vec<_> = mutation::all()
            .iter()
            .map(|operator| serde_json::json!({ "id": operator.id, "mistake": operator.mistake }))
            .collect();
        serde_json::to_writer_pretty(
            &mut *out,
            &serde_json::json!({ "version": 1, "operators": operators }),
        )?;
        return writeln!(out);
    }
    let width = mutation::all().iter().map(|operator| operator.id.len()).max().unwrap_or_default();
    for operator in mutation::all() {
        writeln!(out, "{:width$}  {}", operator.id, operator.mistake)?;
    }
    Ok(())
}
