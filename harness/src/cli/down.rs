//! `gift down`: stops a control plane and removes what it left, or a system alone.

use super::failure::Failure;
use super::operation::{Place, SystemArguments};
use super::output::Terminal;
use super::progress::Progress;
use super::{Conclusion, up};
use gift_harness::cluster::{Cluster, Event};
use gift_harness::operations::Step;
use std::path::PathBuf;

/// Stop the control plane that `gift up` started, and remove its files; or remove a system from its cluster
///
/// With a system, its release is uninstalled and the cluster stays, unless --delete-cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift down
  gift down --all
  gift down --system shop --env kind
  gift down --system shop --env kind --delete-cluster

Exit codes:
  0  it is gone, or was not there    2  a program is missing, or a step failed")]
pub(crate) struct Arguments {
    /// The embedded cluster's name
    #[arg(long, value_name = "NAME", default_value = "gift", conflicts_with = "all")]
    name: String,
    /// Every cluster on this machine that `gift up` started
    #[arg(long, conflicts_with = "system")]
    all: bool,
    /// Remove the system's cluster too
    #[arg(long, requires = "system", conflicts_with = "kubeconfig")]
    delete_cluster: bool,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values", requires = "system")]
    values_directory: PathBuf,
    #[command(flatten)]
    system: SystemArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let chosen = arguments.system.chosen(&arguments.values_directory, &arguments.name)?;
    let mut progress = Progress::steps(terminal);
    if let Some(chosen) = chosen {
        let kubeconfig = chosen.deployment.kubeconfig.exists();
        let on_step = &mut |step: Step| progress.step(&step.to_string());
        let removed = kubeconfig && chosen.deployment.remove(on_step)?;
        if !removed {
            progress.step(&format!("there is no release {} to remove", chosen.deployment.release));
        }
        if arguments.delete_cluster {
            match &chosen.place {
                Place::Embedded(name) => remove(name, &mut progress)?,
                Place::Kind(kind) => kind.down(&mut |step| progress.step(&step.to_string()))?,
                Place::Other(_) => {}
            }
        }
    } else {
        let names = if arguments.all { Cluster::names()? } else { vec![arguments.name.clone()] };
        for name in names {
            remove(&name, &mut progress)?;
        }
    }
    progress.finish();
    Ok(Conclusion::Good)
}

fn remove(name: &str, progress: &mut Progress) -> Result<(), Failure> {
    let mut told = |event: Event| progress.step(&format!("{name}: {}", up::told(&event)));
    Cluster::named(name)?.down(&mut told)?;
    Ok(())
}
