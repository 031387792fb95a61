//! What `check`, `post-render` and `render` share: arguments that say how to judge, and what
//! is done with the outcome.

use super::catalogue::{self, PolicyArguments};
use super::delivery::{self, LastReport};
use super::failure::Failure;
use super::limits::LimitArguments;
use super::output::{Format, Terminal};
use super::reports;
use gift_harness::post_render::{Outcome, PostRenderOptions, PostRenderer};
use gift_harness::report::{Place, Verdict, json, text};
use gift_harness::sandbox::SandboxLimits;
use gift_harness::secrets::SecretSelection;
use gift_plugin::protocol::Report;
use std::io::Write;
use std::path::PathBuf;

/// Which rules to judge by, and as what.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct JudgementArguments {
    #[command(flatten)]
    pub(crate) policies: PolicyArguments,
    /// Judge by these rules alone
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Do not judge by these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// The system whose policy parameters to use; otherwise told from the objects' label
    /// app.kubernetes.io/part-of
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) system: Option<String>,
    /// The namespace of objects that name none
    #[arg(
        long,
        short,
        value_name = "NAMESPACE",
        env = "HELM_NAMESPACE",
        hide_env_values = true,
        default_value = "default"
    )]
    pub(crate) namespace: String,
    /// Warnings count as errors
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// A WASM module of your own to encode and judge with, in place of gift's (docs/modules.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

/// Where the values of secret references come from.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Secrets")]
pub(crate) struct SecretArguments {
    /// An env or SOPS file with the values secret references stand for, or `example` for the published
    /// placeholders; otherwise values/<system>/<environment>.secrets.env (or .secrets.sops.yaml) and the
    /// environment
    #[arg(long, value_name = "FILE|example")]
    pub(crate) secrets: Option<PathBuf>,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values")]
    pub(crate) values_directory: PathBuf,
    /// Make checksum annotations of Secrets on pods anew once references are filled, so that a changed
    /// secret restarts the pods that read it; documents other than Secrets change then
    #[arg(long)]
    pub(crate) refresh_checksums: bool,
}

impl JudgementArguments {
    /// Those of a release that is judged as `post-render` judges it when nothing else is asked for.
    pub(crate) fn of_release(namespace: &str, limits: LimitArguments) -> Self {
        Self {
            policies: PolicyArguments::default(),
            only: Vec::new(),
            skip: Vec::new(),
            system: None,
            namespace: namespace.to_owned(),
            deny_warnings: false,
            module: None,
            limits,
        }
    }

    /// What encodes and judges.
    pub(crate) fn renderer(&self) -> Result<PostRenderer, Failure> {
        Ok(match &self.module {
            None => PostRenderer::with_limits(self.limits.over(SandboxLimits::default()))?,
            Some(path) => PostRenderer::of_module(path, self.limits.over(SandboxLimits::of_a_stranger()))?,
        })
    }

    /// The library's options for these arguments.
    pub(crate) fn options(&self) -> Result<PostRenderOptions, Failure> {
        Ok(PostRenderOptions {
            policies: self.policies.selection()?,
            system: self.system.clone(),
            namespace: self.namespace.clone(),
            only: self.only.clone(),
            skip: self.skip.clone(),
            max_input_bytes: self.limits.max_input,
            ..PostRenderOptions::default()
        })
    }
}

impl SecretArguments {
    /// Sets the secret sources in `options`.
    pub(crate) fn apply(&self, options: &mut PostRenderOptions) {
        options.values_directory.clone_from(&self.values_directory);
        options.refresh_checksums = self.refresh_checksums;
        options.secrets = match &self.secrets {
            None => SecretSelection::Default,
            Some(example) if example.as_os_str() == "example" => SecretSelection::Example,
            Some(file) => SecretSelection::File(file.clone()),
        };
    }
}

/// Which of our streams findings go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// They are the data.
    Output,
    /// They accompany the data.
    Errors,
}

/// Tells the findings in the format asked for, and keeps them for `gift explain`.
///
/// `stream` is what the findings' lines are counted in.
pub(crate) fn tell(
    terminal: &mut Terminal,
    channel: Channel,
    verb: &str,
    outcome: &Outcome,
    stream: &[u8],
    place: Place<'_>,
    arguments: &JudgementArguments,
) -> Result<(), Failure> {
    let report = &outcome.report;
    // Rules are looked up only where there is something to say about them: reading the policies again
    // would be most of the cost of a clean run.
    let says_nothing = report.findings.is_empty() || terminal.format == Format::Json;
    let rules = if says_nothing { Vec::new() } else { catalogue::rules(&arguments.policies)? };
    let notes: &[String] = if terminal.quiet { &[] } else { &report.notes };
    let verdict =
        Verdict { findings: &report.findings, notes, statistics: &report.statistics, place, rules: &rules };
    keep(terminal, verb, json::Document::from(&verdict), None);
    if terminal.verbose {
        say(terminal, report).map_err(Failure::output)?;
    }
    let format = terminal.format;
    match channel {
        // For people, notes accompany the findings; for programs they are in the document.
        Channel::Output if format == Format::Text => {
            let findings = Verdict { notes: &[], ..verdict };
            let (appearance, aside) = (terminal.output_appearance(), terminal.error_appearance());
            reports::write_verdict(terminal.output(), format, &findings, Some(stream), appearance)
                .and_then(|()| text::write_notes(terminal.errors(), notes, aside))
        }
        Channel::Output => {
            let appearance = terminal.output_appearance();
            reports::write_verdict(terminal.output(), format, &verdict, Some(stream), appearance)
        }
        Channel::Errors => {
            let appearance = terminal.error_appearance();
            reports::write_verdict(terminal.errors(), format, &verdict, Some(stream), appearance)
        }
    }
    .map_err(Failure::output)
}

/// Says what was done to the stream.
fn say(terminal: &mut Terminal, report: &Report) -> std::io::Result<()> {
    let done = &report.statistics;
    writeln!(
        terminal.errors(),
        "{} documents, {} objects, {} policies; {} documents changed, {} secret values encoded, {} filled in",
        done.documents,
        done.objects,
        done.policies,
        done.changed,
        done.encoded,
        done.resolved
    )
}

/// Keeps a report for `gift explain`. That it cannot be kept stops nothing.
pub(crate) fn keep(terminal: &mut Terminal, verb: &str, document: json::Document, error: Option<String>) {
    if let Err(failure) = LastReport::new(verb, document, error).save()
        && terminal.verbose
    {
        failure.tell(terminal);
    }
}

/// Tells Helm's user, behind Helm's back, what [`tell`] wrote to stderr.
pub(crate) fn tell_behind_helm(
    terminal: &Terminal,
    failing: bool,
    outcome: &Outcome,
    stream: &[u8],
    arguments: &JudgementArguments,
) -> Result<(), Failure> {
    let report = &outcome.report;
    // Of the notes the one alone without which a release looks judged by more than it was.
    let notes = if terminal.quiet { &[] } else { outcome.want_of_params.as_slice() };
    if report.findings.is_empty() && notes.is_empty() {
        return Ok(());
    }
    let rules = catalogue::rules(&arguments.policies)?;
    let verdict = Verdict {
        findings: &report.findings,
        notes,
        statistics: &report.statistics,
        place: Place::Rendered { chart_directory: None },
        rules: &rules,
    };
    let format = terminal.format;
    delivery::tell_behind_helm(failing, terminal.color(), |mut out, appearance| {
        reports::write_verdict(&mut out, format, &verdict, Some(stream), appearance)
    });
    Ok(())
}
