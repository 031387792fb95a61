//! `gift render`: what reaches the cluster.

use super::failure::{CommandError, Failure};
use super::judgement::{self, Channel, JudgementArguments, SecretArguments};
use super::output::Terminal;
use super::renderer::RendererArguments;
use super::{Conclusion, HelmMajor};
use gift_harness::chart::Chart;
use gift_harness::redaction::redact;
use gift_harness::report::Place;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Print what reaches the cluster: values composed, rendered by Helm, Secrets encoded
///
/// The stream goes to standard output, findings go to standard error. A stream with errors among its
/// findings is printed all the same, to be looked at; the exit code is then 1. The values of Secrets
/// are part of what reaches the cluster and are printed; --redact hides them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift render gift/prod --secrets example
  gift render gift/prod --secrets example --redact > prod.yaml
  gift render gift/dev --helm 3 --kubernetes 1.34 --raw
  gift render gift/dev --set gift.services.user-service.replicas=2
  gift render gift/prod | kubectl diff -f -

Exit codes:
  0  rendered    1  rendered, with findings    2  wrong values or a missing secret
  3  Helm could not render")]
pub(crate) struct Arguments {
    /// The system and one of its environments, as in values/SYSTEM/ENVIRONMENT.yaml
    #[arg(value_name = "SYSTEM/ENV")]
    environment: String,
    /// The chart's folder, or a .tgz archive
    #[arg(long, value_name = "PATH", default_value = "chart")]
    chart: PathBuf,
    /// A values file over those of the environment
    #[arg(long = "values", short = 'f', value_name = "FILE")]
    values: Vec<PathBuf>,
    /// A value by its path, over all files, as Helm's --set takes it
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// The release's name; the system's otherwise
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// The major version of the Helm that renders
    #[arg(long, value_name = "3|4", value_enum, default_value = "4")]
    helm: HelmMajor,
    /// The Kubernetes version templates see, as 1.34
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// What Helm prints, before Secrets are encoded and policies judge
    #[arg(long)]
    raw: bool,
    /// Hide the values of Secrets
    #[arg(long)]
    redact: bool,
    #[command(flatten)]
    renderer: RendererArguments,
    #[command(flatten)]
    judgement: JudgementArguments,
    #[command(flatten)]
    secrets: SecretArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let renderer = arguments.renderer.renderer([arguments.helm.version()])?;
    let rendered = chart(arguments)?.renderer(Arc::clone(&renderer)).render()?;
    if terminal.verbose {
        for note in renderer.notes() {
            writeln!(terminal.errors(), "note: {note}").map_err(Failure::output)?;
        }
    }
    if !terminal.quiet {
        for warning in &rendered.warnings {
            writeln!(terminal.errors(), "helm: {warning}").map_err(Failure::output)?;
        }
    }
    if arguments.raw {
        print(terminal, arguments, &rendered.stream)?;
        return Ok(Conclusion::Good);
    }
    let mut options = arguments.judgement.options()?;
    arguments.secrets.apply(&mut options);
    let outcome = arguments.judgement.renderer()?.run(&rendered.stream, &options)?;
    let directory = arguments.chart.display().to_string();
    let place = Place::Rendered { chart_directory: Some(&directory) };
    judgement::tell(
        terminal,
        Channel::Errors,
        "render",
        &outcome,
        &rendered.stream,
        place,
        &arguments.judgement,
    )?;
    print(terminal, arguments, &outcome.stream)?;
    Ok(Conclusion::of(&outcome.report.findings, arguments.judgement.deny_warnings))
}

fn chart(arguments: &Arguments) -> Result<Chart, Failure> {
    let mut chart = Chart::open(&arguments.chart)?
        .environment(&arguments.secrets.values_directory, &arguments.environment)?
        .helm(arguments.helm.version());
    for file in &arguments.values {
        chart = chart.values(file);
    }
    for setting in &arguments.set {
        let (path, value) =
            setting.split_once('=').ok_or_else(|| CommandError::Setting { setting: setting.clone() })?;
        chart = chart.set(path, value);
    }
    if let Some(kubernetes) = &arguments.kubernetes {
        chart = chart.kubernetes(kubernetes);
    }
    let release = arguments.release.clone().unwrap_or_else(|| chart.request().release.clone());
    Ok(chart.release(release, &arguments.judgement.namespace))
}

fn print(terminal: &mut Terminal, arguments: &Arguments, stream: &[u8]) -> Result<(), Failure> {
    if arguments.redact {
        terminal.write_raw(redact(&String::from_utf8_lossy(stream)).as_bytes())
    } else {
        terminal.write_raw(stream)
    }
}
