//! `gift changed`: what is to be built, rendered and deployed again.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use clap::ValueEnum;
use gift_harness::changes::{Changes, Inputs, Sources};
use gift_harness::git::Repository;
use gift_harness::matrix::Matrix;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// Tell what changed since a commit: services to build, environments or cells to look at
///
/// Services change with the folders they are built from, which a file says (ci/services.yaml). Environments
/// change with the chart and with their values, cells of the matrix with these and with the matrix. What is
/// compared is HEAD. Without a commit, or with one that is not here (a first build, a branch that was
/// rewritten, a clone cut short), everything counts as changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift changed services --since HEAD~1
  gift changed services --since main --format json     with folder and image of each
  gift changed environments --since v1.2.3
  gift changed cells --since main                      what gift test would find anew

A file of services says what each is built from, as seen from the root of the repository:
  services:
    shop: {folder: service-shop, image: bakery/shop, sources: [proto/shop.proto]}
  shared: [libraries]

Exit codes:
  0  told, one on a line, nothing at all included    2  no repository, or a file that cannot be read")]
pub(crate) struct Arguments {
    /// What is asked for
    #[arg(value_enum)]
    what: What,
    /// The commit to compare with: the last build that went well
    #[arg(long, value_name = "COMMIT")]
    since: Option<String>,
    /// The file that says what services are built from
    #[arg(long, value_name = "FILE", default_value = "ci/services.yaml")]
    sources: PathBuf,
    /// The chart
    #[arg(long, value_name = "PATH", default_value = "chart")]
    chart: PathBuf,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values")]
    values_directory: PathBuf,
    /// The matrix; with `cells` it says where chart and values are
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Services whose source changed
    Services,
    /// Environments whose values or chart changed
    Environments,
    /// Cells of the matrix whose inputs changed
    Cells,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    // An empty text is what a pipeline's variable holds before its first build.
    let since = arguments.since.as_deref().filter(|since| !since.is_empty());
    let changes = Changes::of(Repository::of(".")?, since)?;
    if let (Some(since), None, false) = (since, &changes.since, terminal.quiet) {
        writeln!(terminal.errors(), "note: there is no commit {since} here, so everything counts as changed")
            .map_err(Failure::output)?;
    }
    let mut inputs = Inputs {
        chart: arguments.chart.clone(),
        values: arguments.values_directory.clone(),
        matrix: arguments.matrix.clone(),
    };
    let (names, details): (Vec<String>, Option<Value>) = match arguments.what {
        What::Services => {
            let sources = Sources::load(&arguments.sources)?;
            let services = changes.services(&sources);
            (services.iter().map(|service| service.name.clone()).collect(), Some(json!(services)))
        }
        What::Environments => (changes.environments(&inputs), None),
        What::Cells => {
            let matrix = Matrix::load(&arguments.matrix)?;
            matrix.chart().clone_into(&mut inputs.chart);
            matrix.values_directory().clone_into(&mut inputs.values);
            (changes.cells(&inputs, &matrix), None)
        }
    };
    if terminal.format == Format::Json {
        let what = arguments.what.to_possible_value().map(|value| value.get_name().to_owned());
        let mut answer = json!({ "version": 1, "since": changes.since });
        if let (Some(answer), Some(what)) = (answer.as_object_mut(), what) {
            answer.insert(what, details.unwrap_or_else(|| json!(names)));
        }
        writeln!(terminal.output(), "{answer}").map_err(Failure::output)?;
        return Ok(Conclusion::Good);
    }
    for name in names {
        writeln!(terminal.output(), "{name}").map_err(Failure::output)?;
    }
    Ok(Conclusion::Good)
}
