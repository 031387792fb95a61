//! `gift check`: judges any manifest stream.

use super::failure::Failure;
use super::judgement::{self, Channel, JudgementArguments};
use super::output::{Format, Terminal};
use super::{Conclusion, input};
use gift_harness::post_render::PostRenderer;
use gift_harness::report::Place;
use std::io::Write;
use std::path::PathBuf;

/// Judge a manifest stream by policies and built-in rules
///
/// Findings are written to standard output. The exit code is 1 when there are errors among them,
/// or warnings with --deny-warnings. The stream itself is not changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift check manifests.yaml
  helm template gift ./chart | gift check -
  gift check manifests.yaml --policy ./policies --skip require-tier-label
  gift check manifests.yaml --format sarif > gift.sarif
  gift check manifests.yaml --policy none           built-in rules alone, for any chart

Exit codes:
  0  nothing is wrong        1  findings        2  the stream cannot be read")]
pub(crate) struct Arguments {
    /// The file with the stream, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    judgement: JudgementArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let stream = input::read(&arguments.file)?;
    let mut options = arguments.judgement.options();
    options.encode = false;
    let outcome = PostRenderer::new()?.run(&stream, &options)?;
    let name = arguments.file.display().to_string();
    let place = if name == input::STANDARD_INPUT {
        Place::Rendered { chart_directory: None }
    } else {
        Place::File(&name)
    };
    judgement::tell(terminal, Channel::Output, "check", &outcome, &stream, place, &arguments.judgement)?;
    let findings = &outcome.report.findings;
    if findings.is_empty() && terminal.format == Format::Text && !terminal.quiet {
        let statistics = &outcome.report.statistics;
        let judged = format!(
            "{} object{} judged by {} polic{}: nothing is wrong",
            statistics.objects,
            if statistics.objects == 1 { "" } else { "s" },
            statistics.policies,
            if statistics.policies == 1 { "y" } else { "ies" },
        );
        writeln!(terminal.errors(), "{judged}").map_err(Failure::output)?;
    }
    Ok(Conclusion::of(findings, arguments.judgement.deny_warnings))
}
