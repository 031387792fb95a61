//! `gift forward`: ports of this machine that lead to a system's Services.

use super::Conclusion;
use super::failure::{CommandError, Failure};
use super::operation::{Place, SystemArguments};
use super::output::Terminal;
use super::progress::Progress;
use gift_harness::operations::{OperationError, Step, forward};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Forward ports of this machine to a system's Services, and see whether they answer
///
/// Which Services, on which ports, and what they are asked for stands in the system's values, under
/// `operations.forward`. Ports are checked to be free before anything is opened; one that the cluster itself
/// listens on is asked and not forwarded. Runs until it is interrupted, or a port closes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift forward --system shop --env kind
  gift forward --system shop --env kind auth-service
  gift forward --system shop --env kind --once

Exit codes:
  0  every Service answered, with --once    1  one does not answer as it should
  2  a port is taken, or closed, or there is nothing to forward")]
pub(crate) struct Arguments {
    /// Services to forward; all of the values' otherwise
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// End once every Service answered
    #[arg(long)]
    once: bool,
    /// The embedded cluster's name
    #[arg(long, value_name = "NAME", default_value = "gift")]
    name: String,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values")]
    values_directory: PathBuf,
    #[command(flatten)]
    system: SystemArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let chosen = arguments.system.chosen(&arguments.values_directory, &arguments.name)?;
    let chosen = chosen.ok_or(CommandError::NoSystem)?;
    if chosen.operations.targets().next().is_none() {
        return Err(OperationError::Nothing { system: chosen.system, what: "forward" }.into());
    }
    let reached = match &chosen.place {
        Place::Embedded(name) => return Err(CommandError::NoContainers { name: name.clone() }.into()),
        Place::Kind(kind) => kind.host_ports(),
        Place::Other(_) => BTreeSet::new(),
    };
    let mut progress = Progress::steps(terminal);
    let forwarding = forward(
        &chosen.operations,
        &chosen.rendered.objects()?,
        &chosen.deployment.kubeconfig,
        &reached,
        &arguments.services,
        &mut |step: Step| progress.step(&step.to_string()),
    )?;
    progress.finish();
    if !arguments.once {
        forwarding.wait()?;
    }
    Ok(Conclusion::Good)
}
