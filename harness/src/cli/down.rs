//! `gift down`: stops a control plane and removes what it left.

use super::failure::Failure;
use super::output::Terminal;
use super::progress::Progress;
use super::{Conclusion, up};
use gift_harness::cluster::Cluster;

/// Stop the control plane that `gift up` started, and remove its files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift down
  gift down --all")]
pub(crate) struct Arguments {
    /// The cluster's name
    #[arg(long, value_name = "NAME", default_value = "gift", conflicts_with = "all")]
    name: String,
    /// Every cluster on this machine that `gift up` started
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let names = if arguments.all { Cluster::names()? } else { vec![arguments.name.clone()] };
    let mut progress = Progress::steps(terminal);
    for name in names {
        Cluster::named(&name)?.down(&mut |event| progress.step(&format!("{name}: {}", up::told(&event))))?;
    }
    progress.finish();
    Ok(Conclusion::Good)
}
