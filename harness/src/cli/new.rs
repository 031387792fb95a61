//! `gift new`: the first values of a system.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use gift_harness::chart::Chart;
use gift_harness::starter::{self, Folders, NewFile, Service, Start, StartError};
use std::io::{self, Write};
use std::path::PathBuf;

/// Write the first values of a new system: they render, pass, and are yours to change
///
/// values/NAME/base.yaml is the whole system; one small file for each environment says what differs. Where
/// there is no matrix yet, one is written that tests them with both Helms and every version of Kubernetes.
/// Files that are there stay as they are. docs/tutorial.md goes on from here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift new bakery
  gift new bakery --service shop:8080,oven:8081 --environment dev,prod
  gift new bakery --chart ../gift/chart            from a folder with nothing in it
  gift new bakery --dry-run                        what would be written

Exit codes:
  0  written    2  a name that will not do, a file that is there already, no chart")]
pub(crate) struct Arguments {
    /// The system's name
    #[arg(value_name = "NAME")]
    name: String,
    /// Its services; 8080 is the port where none is given
    #[arg(long = "service", value_name = "NAME[:PORT]", value_delimiter = ',', default_value = "web")]
    services: Vec<String>,
    /// Its environments
    #[arg(long = "environment", value_name = "NAME", value_delimiter = ',', default_value = "dev,prod")]
    environments: Vec<String>,
    /// No environment: the base alone
    #[arg(long, conflicts_with = "environments")]
    base_only: bool,
    /// The registry of its images
    #[arg(long, value_name = "HOST", default_value = "registry.example.com")]
    registry: String,
    /// The chart's folder, or a .tgz archive
    #[arg(long, value_name = "PATH", default_value = "chart")]
    chart: PathBuf,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values")]
    values_directory: PathBuf,
    /// The matrix, written where there is none
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
    /// Print the files and write none
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    Chart::open(&arguments.chart)?;
    let services: Result<Vec<Service>, StartError> =
        arguments.services.iter().map(|service| service.parse()).collect();
    let start = Start {
        name: arguments.name.clone(),
        services: services?,
        environments: if arguments.base_only { Vec::new() } else { arguments.environments.clone() },
        registry: arguments.registry.clone(),
    };
    let folders = Folders::new(&arguments.chart, &arguments.values_directory, &arguments.matrix);
    let files = start.files(&folders)?;
    if !arguments.dry_run {
        starter::write(&files)?;
    }
    tell(terminal, arguments, &files).map_err(Failure::output)?;
    if !terminal.quiet {
        terminal.finish()?;
        advise(terminal.errors(), arguments, &start, &files).map_err(Failure::output)?;
    }
    Ok(Conclusion::Good)
}

fn tell(terminal: &mut Terminal, arguments: &Arguments, files: &[NewFile]) -> io::Result<()> {
    if terminal.format == Format::Json {
        let files: Vec<_> = files
            .iter()
            .map(|file| serde_json::json!({ "path": file.path.display().to_string(), "text": file.text }))
            .collect();
        let answer = serde_json::json!({ "version": 1, "written": !arguments.dry_run, "files": files });
        return writeln!(terminal.output(), "{answer}");
    }
    for file in files {
        let out = terminal.output();
        if arguments.dry_run {
            writeln!(out, "# {}\n{}", file.path.display(), file.text)?;
        } else {
            writeln!(out, "{}", file.path.display())?;
        }
    }
    Ok(())
}

/// Says what comes next.
fn advise(out: &mut impl Write, arguments: &Arguments, start: &Start, files: &[NewFile]) -> io::Result<()> {
    let cells = start.cells();
    if !files.iter().any(|file| file.path == arguments.matrix) {
        writeln!(
            out,
            "note: {} is yours; add to its axis `environment`: {}",
            arguments.matrix.display(),
            cells.join(", ")
        )?;
    }
    let first = cells.first().map_or(start.name.as_str(), String::as_str);
    writeln!(
        out,
        "next: gift render {first} --chart {}, then gift test --filter {}",
        arguments.chart.display(),
        start.name
    )
}
