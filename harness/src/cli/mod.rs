//! The command line: parses arguments, calls the library, prints. The only place that prints.
//!
//! Data goes to stdout, everything else to stderr, so that output can be piped. One module per verb;
//! each gives a [`Conclusion`] or a [`Failure`], which become the exit code here.

mod cache;
mod catalogue;
mod changed;
mod check;
mod completions;
mod delivery;
mod deploy;
mod down;
mod explain;
mod failure;
mod forward;
mod input;
mod judgement;
mod limits;
mod man;
mod mutate;
mod mutations;
mod new;
mod operation;
mod output;
mod post_render;
mod progress;
mod promote;
mod publish;
mod release;
mod render;
mod renderer;
mod report;
mod reports;
mod schemas;
mod shard;
mod status;
mod test;
mod up;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use gift_harness::diagnosis::Category;
use gift_harness::render::HelmVersion;
use output::{ColorWhen, Format, Terminal};
use std::process::ExitCode;

/// How a verb ended when it could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conclusion {
    /// Nothing is wrong.
    Good,
    /// Findings, or assertions that did not hold.
    Findings,
    /// Some of the work was done, and some could not be; told already.
    Partial(Category),
}

impl Conclusion {
    fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Findings => Category::Findings.exit_code(),
            Self::Partial(category) => category.exit_code(),
        }
    }
}

/// A major version of Helm, as arguments name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HelmMajor {
    /// Helm 3
    #[value(name = "3")]
    Three,
    /// Helm 4
    #[value(name = "4")]
    Four,
}

impl HelmMajor {
    /// The version of the library.
    pub(crate) fn version(self) -> HelmVersion {
        match self {
            Self::Three => HelmVersion::V3,
            Self::Four => HelmVersion::V4,
        }
    }
}

/// Renders, encodes and judges Helm charts before they reach a cluster.
#[derive(Debug, Parser)]
#[command(name = "gift", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Global {
    /// How findings are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto, value_name = "WHEN")]
    pub(crate) color: ColorWhen,
    /// Say nothing but findings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say what is being done, and how long it took
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::Arguments),
    Render(render::Arguments),
    Check(check::Arguments),
    Test(test::Arguments),
    Mutate(mutate::Arguments),
    Report(report::Arguments),
    Changed(changed::Arguments),
    Promote(promote::Arguments),
    PostRender(post_render::Arguments),
    Publish(publish::Arguments),
    Release(release::Arguments),
    Explain(explain::Arguments),
    Up(up::Arguments),
    Down(down::Arguments),
    Forward(forward::Arguments),
    Status(status::Arguments),
    Cache(cache::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

const AFTER_HELP: &str = "\
Examples:
  gift new bakery                              values of a new system, to go on from
  gift render gift/prod --secrets example      what would reach the cluster
  gift check manifests.yaml                    judge any manifest stream
  helm template gift ./chart | gift check -    the same, from a pipe
  gift explain                                 what the last run found
  gift explain minimum-requests                what a rule asks for, and why
  gift test                                    every combination of values, with both Helms
  gift mutate                                  whether the rules would notice a mistake
  gift promote shop/dev shop/staging           staging runs what dev runs
  gift release --from site                     the version that what changed demands
  gift publish chart --to site                 a chart repository, for any web server
  gift up && helm install gift ./chart         a real control plane on this machine
  gift up --system shop --env kind              a whole system on it

Environment variables:
  GIFT_CACHE       where tools and results are kept (default: $XDG_CACHE_HOME/gift)
  GIFT_HELM3, GIFT_HELM4, GIFT_KUBECTL, ...    the tool to use instead of the one in the cache
  GIFT_CRDS        a folder of CustomResourceDefinitions instead of the one ci/setup crds fills
  GIFT_DOCKER, GIFT_KIND                       what gift up builds images and runs a cluster of kind with
  GIFT_MAX_INPUT, GIFT_DEADLINE, ...           what judging a stream may take: gift check --help
  XDG_STATE_HOME   where the last report is kept, as gift/last-report.json
  NO_COLOR, CLICOLOR_FORCE                     never, or always, use colours

Exit codes:
  0   nothing is wrong
  1   findings, or assertions that did not hold
  2   wrong usage or input
  3   Helm could not render
  70  a fault of gift itself";

/// Runs the command on the process's arguments.
pub(crate) fn main() -> ExitCode {
    guarded(|| match Arguments::try_parse() {
        Ok(arguments) => run(arguments),
        Err(told) => {
            // Help and version go to stdout and are no failure; clap knows which is which.
            let code = u8::try_from(told.exit_code()).unwrap_or(Category::Input.exit_code());
            if told.use_stderr() {
                // Helm 4 shows nothing of this when its --post-renderer-args are at fault.
                delivery::tell_behind_helm(true, ColorWhen::Auto, |out, _| write!(out, "{told}"));
            }
            match told.print() {
                Ok(()) => code,
                Err(_) => 0,
            }
        }
    })
}

fn run(arguments: Arguments) -> u8 {
    let mut terminal = Terminal::new(&arguments.global);
    let result = match arguments.verb {
        Verb::New(arguments) => new::run(&arguments, &mut terminal),
        Verb::Render(arguments) => render::run(&arguments, &mut terminal),
        Verb::Check(arguments) => check::run(&arguments, &mut terminal),
        Verb::Test(arguments) => test::run(&arguments, &mut terminal),
        Verb::Mutate(arguments) => mutate::run(&arguments, &mut terminal),
        Verb::Report(arguments) => report::run(&arguments, &mut terminal),
        Verb::Changed(arguments) => changed::run(&arguments, &mut terminal),
        Verb::Promote(arguments) => promote::run(&arguments, &mut terminal),
        Verb::PostRender(arguments) => post_render::run(&arguments, &mut terminal),
        Verb::Publish(arguments) => publish::run(&arguments, &mut terminal),
        Verb::Release(arguments) => release::run(&arguments, &mut terminal),
        Verb::Up(arguments) => up::run(&arguments, &mut terminal),
        Verb::Down(arguments) => down::run(&arguments, &mut terminal),
        Verb::Forward(arguments) => forward::run(&arguments, &mut terminal),
        Verb::Status(arguments) => status::run(&arguments, &mut terminal),
        Verb::Cache(arguments) => cache::run(&arguments, &mut terminal),
        Verb::Explain(arguments) => explain::run(&arguments, &mut terminal),
        Verb::Completions(arguments) => {
            completions::run(&arguments, &mut Arguments::command(), &mut terminal)
        }
        Verb::Man(arguments) => man::run(&arguments, &Arguments::command(), &mut terminal),
    };
    match result.and_then(|conclusion| terminal.finish().map(|()| conclusion)) {
        Ok(conclusion) => conclusion.exit_code(),
        Err(failure) if failure.is_closed_pipe() => 0,
        Err(failure) => {
            failure.tell(&mut terminal);
            failure.category().exit_code()
        }
    }
}

/// Turns a panic into one paragraph and exit code 70.
///
/// Only the place is told: a panic's message may quote the data it stumbled over, and that may be
/// a secret.
fn guarded(work: impl FnOnce() -> u8 + std::panic::UnwindSafe) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map(ToString::to_string).unwrap_or_else(|| "an unknown place".to_owned());
        failure::tell_fault(&place, env!("CARGO_PKG_VERSION"));
    }));
    let code = std::panic::catch_unwind(work).unwrap_or(Category::Internal.exit_code());
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    /// The part of a line of examples that is a `gift` command: pipes, redirections and remarks left out.
    fn example(line: &str) -> Option<Vec<&str>> {
        let at = line.find("gift ").filter(|&at| at == 0 || line[..at].ends_with(['(', ' ']))?;
        let command = line[at..].split("   ").next()?.split(['|', '>', ')']).next()?.split("&&").next()?;
        Some(command.split_whitespace().collect())
    }

    #[test]
    fn the_examples_in_the_help_are_commands() {
        let command = Arguments::command();
        let mut examples = 0;
        for verb in command.get_subcommands().chain([&command]) {
            let text = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "))
            {
                let line = line.trim();
                let Some(words) = example(line).filter(|_| !line.starts_with("helm")) else { continue };
                examples += 1;
                if let Err(told) = Arguments::try_parse_from(&words) {
                    assert!(!told.use_stderr(), "{line}: {told}");
                }
            }
        }
        assert!(examples > 15, "the help has examples: {examples}");
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let code = guarded(|| panic!("on purpose"));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(70)));
    }
}
