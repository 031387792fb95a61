//! `gift check`: judges any manifest stream.

use super::failure::Failure;
use super::judgement::{self, Channel, JudgementArguments};
use super::output::{Format, Terminal};
use super::schemas::{SchemaArguments, kubernetes_version};
use super::{Conclusion, catalogue, input};
use gift_harness::assertions::{self, Context};
use gift_harness::objects::Objects;
use gift_harness::policies::PolicySelection;
use gift_harness::post_render::{PostRenderOptions, today};
use gift_harness::report::Place;
use gift_harness::schema::{self, Minor};
use gift_plugin::protocol::Finding;
use std::io::Write;
use std::path::PathBuf;

/// Judge a manifest stream by policies, built-in rules and assertions
///
/// Findings are written to standard output, notes to standard error. The exit code is 1 when there are
/// errors among them, or warnings with --deny-warnings. The stream itself is not changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift check manifests.yaml
  helm template gift ./chart | gift check -
  gift check manifests.yaml --policy ./policies --skip require-tier-label
  gift check manifests.yaml --format sarif > gift.sarif
  gift check manifests.yaml --policy none           built-in rules and assertions alone, for any chart
  gift check part.yaml --skip reference-exists      what it refers to is in the cluster already
  gift check manifests.yaml --kubernetes 1.30       as that version would take it
  gift check manifests.yaml --schemas ./crds        custom resources too

Exit codes:
  0  nothing is wrong        1  findings        2  the stream cannot be read")]
pub(crate) struct Arguments {
    /// The file with the stream, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The Kubernetes version it is for, as 1.34; otherwise the newest known
    #[arg(long, value_name = "VERSION", value_parser = kubernetes_version)]
    kubernetes: Option<Minor>,
    #[command(flatten)]
    schemas: SchemaArguments,
    #[command(flatten)]
    judgement: JudgementArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let stream = input::read(&arguments.file, arguments.judgement.limits.max_input)?;
    let mut options = arguments.judgement.options()?;
    options.encode = false;
    let selection = Selection::split(&mut options);
    let schemas = arguments.schemas.read()?;
    let kubernetes = arguments.kubernetes.map(|version| version.to_string());
    let assert = || {
        let context = Context {
            namespace: Some(&options.namespace),
            kubernetes: kubernetes.as_deref(),
            schemas: Some(&schemas),
            ..Context::default()
        };
        selection.assert(&stream, &context)
    };
    // Both read the same bytes, and neither needs what the other finds.
    let (outcome, asserted) = std::thread::scope(|scope| {
        let asserting = scope.spawn(assert);
        let outcome =
            arguments.judgement.renderer().and_then(|renderer| Ok(renderer.run(&stream, &options)?));
        (outcome, asserting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let mut outcome = outcome?;
    let (findings, notes) = asserted;
    outcome.report.findings.extend(findings);
    outcome.report.notes.extend(notes);
    assertions::order(&mut outcome.report.findings);
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

/// Which assertions to look with.
struct Selection {
    only: Vec<String>,
    skip: Vec<String>,
    /// Rules were named, and none of them is an assertion.
    none: bool,
}

impl Selection {
    /// Takes the names of assertions out of the rules the plugin is to judge by.
    fn split(options: &mut PostRenderOptions) -> Self {
        let built_in = catalogue::built_in();
        let is_asserted = |name: &String| assertions::find(name).is_some() && !built_in.contains(name);
        let (only, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut options.only).into_iter().partition(is_asserted);
        let (mut skip, skipped): (Vec<_>, Vec<_>) =
            std::mem::take(&mut options.skip).into_iter().partition(is_asserted);
        let none = only.is_empty() && !rest.is_empty();
        if rest.is_empty() && !only.is_empty() {
            // Something has to be left for the plugin to judge by: whether it can read the stream.
            options.policies = PolicySelection::None;
            options.only = vec![gift_plugin::rules::UNPARSABLE.to_owned()];
        } else {
            options.only = rest;
        }
        options.skip = skipped;
        // What both know is found by the plugin already.
        skip.extend(built_in);
        Self { only, skip, none }
    }

    /// What the assertions find, and notes; nothing in a stream that cannot be read, which the plugin has told.
    fn assert(&self, stream: &[u8], context: &Context<'_>) -> (Vec<Finding>, Vec<String>) {
        let today = today();
        let context = Context { today: Some(&today), only: &self.only, skip: &self.skip, ..*context };
        if self.none || !assertions::all().iter().any(|assertion| context.selects(assertion.id())) {
            return Default::default();
        }
        let Ok(objects) = Objects::read(stream) else { return Default::default() };
        let mut notes = Vec::new();
        if context.selects("schema") {
            let schemas = context.schemas.cloned().unwrap_or_default();
            notes.extend(schema::Unknown::of(&objects, &schemas).note());
        }
        (assertions::check(&objects, &context), notes)
    }
}
