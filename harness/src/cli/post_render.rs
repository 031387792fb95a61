//! `gift post-render`: the filter between Helm and the cluster.

use super::failure::Failure;
use super::judgement::{self, Channel, JudgementArguments, SecretArguments};
use super::output::Terminal;
use super::{Conclusion, delivery, input};
use gift_harness::post_render::Outcome;
use gift_harness::report::{Place, json};
use gift_plugin::protocol::Statistics;
use std::mem::ManuallyDrop;
use std::path::Path;

/// Encode Secrets and judge a stream from standard input, for Helm's --post-renderer
///
/// Reads the stream Helm rendered, writes the stream that may reach the cluster. When there are
/// errors nothing at all is written and the exit code is 1, so that Helm stops. Warnings pass.
/// Documents that need no change leave byte for byte as they came in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  helm plugin install ./plugin                                        once, for Helm 4
  helm install gift ./chart --post-renderer gift                      Helm 4
  helm install gift ./chart --post-renderer gift \\
      --post-renderer-args post-render                                Helm 3
  helm template gift ./chart | gift post-render | kubectl apply -f -  anywhere

Helm 4 throws away what a post-renderer writes to standard error. What was found is therefore also
written to Helm's own standard error where that can be reached (Linux), and kept for `gift explain`.

Exit codes:
  0  the stream was written    1  findings, nothing was written    2  wrong input or a missing secret")]
pub(crate) struct Arguments {
    #[command(flatten)]
    judgement: JudgementArguments,
    #[command(flatten)]
    secrets: SecretArguments,
}

const VERB: &str = "post-render";

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let result = post_render(arguments);
    match result {
        Ok((stream, outcome)) => conclude(arguments, terminal, &stream, &outcome),
        Err(failure) => {
            let document = json::Document {
                version: json::VERSION,
                findings: Vec::new(),
                notes: Vec::new(),
                statistics: Statistics::default(),
            };
            judgement::keep(terminal, VERB, document, Some(failure.paragraph()));
            delivery::tell_behind_helm(true, terminal.color(), |mut out, appearance| {
                failure.write(&mut out, appearance.color)
            });
            Err(failure)
        }
    }
}

fn post_render(arguments: &Arguments) -> Result<(Vec<u8>, Outcome), Failure> {
    let stream = input::read(Path::new(input::STANDARD_INPUT), arguments.judgement.limits.max_input)?;
    let mut options = arguments.judgement.options()?;
    arguments.secrets.apply(&mut options);
    // The command ends right behind it: taking the sandbox apart is time Helm would wait for.
    let renderer = ManuallyDrop::new(arguments.judgement.renderer()?);
    let outcome = renderer.run(&stream, &options)?;
    Ok((stream, outcome))
}

fn conclude(
    arguments: &Arguments,
    terminal: &mut Terminal,
    stream: &[u8],
    outcome: &Outcome,
) -> Result<Conclusion, Failure> {
    let place = Place::Rendered { chart_directory: None };
    let conclusion = Conclusion::of(&outcome.report.findings, arguments.judgement.deny_warnings);
    let failing = conclusion == Conclusion::Findings;
    judgement::tell(terminal, Channel::Errors, VERB, outcome, stream, place, &arguments.judgement)?;
    judgement::tell_behind_helm(terminal, failing, outcome, stream, &arguments.judgement)?;
    if !failing {
        terminal.write_raw(&outcome.stream)?;
    }
    Ok(conclusion)
}
