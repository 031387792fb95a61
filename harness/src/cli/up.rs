//! `gift up`: a control plane on this machine.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use super::progress::Progress;
use gift_harness::cluster::{Cluster, Event, Options};
use std::io::Write;
use std::time::Duration;

/// Start a real control plane on this machine, without containers
///
/// etcd, API server, controllers and scheduler run as processes of yours, with nodes that KWOK
/// simulates: pods are scheduled and become ready, but no container runs. Prints the kubeconfig that
/// leads to it; your own is not touched. Does nothing when it is up already, mends what a reboot left.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export KUBECONFIG=$(gift up)
  helm install gift ./chart --wait
  gift down

Exit codes:
  0  it is up, every node ready    2  a tool is missing: ci/setup cluster brings it")]
pub(crate) struct Arguments {
    /// The cluster's name; clusters of different names live side by side
    #[arg(long, value_name = "NAME", default_value = "gift")]
    name: String,
    /// How many simulated machines it has
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().nodes)]
    nodes: usize,
    /// How many seconds it may take
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().timeout.as_secs())]
    timeout: u64,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let mut options = Options::named(arguments.name.clone());
    options.nodes = arguments.nodes;
    options.timeout = Duration::from_secs(arguments.timeout);
    let mut progress = Progress::steps(terminal);
    let cluster = Cluster::up(&options, &mut |event| progress.step(&told(&event)))?;
    progress.finish();
    let kubeconfig = cluster.kubeconfig().display().to_string();
    if terminal.format == Format::Json {
        let answer = serde_json::json!({ "version": 1, "name": cluster.name(), "kubeconfig": kubeconfig });
        writeln!(terminal.output(), "{answer}").map_err(Failure::output)?;
    } else {
        writeln!(terminal.output(), "{kubeconfig}").map_err(Failure::output)?;
    }
    Ok(Conclusion::Good)
}

/// What an event says to people.
pub(super) fn told(event: &Event) -> String {
    let seconds = |duration: &Duration| format!("{:.1} s", duration.as_secs_f64());
    match event {
        Event::Waiting => "waiting for another process that starts or stops a cluster".to_owned(),
        Event::AlreadyRunning => "the control plane is up already".to_owned(),
        Event::Restarting { missing } => format!("starting again: {} had stopped", missing.join(", ")),
        Event::Recreating { reason } => {
            format!("making it anew, for it could not be started again: {reason}")
        }
        Event::Starting => "starting etcd, API server, controllers and scheduler".to_owned(),
        Event::ControlPlaneReady { after } => format!("the API server answers, after {}", seconds(after)),
        Event::NodesReady { nodes, after } => format!("{nodes} nodes are ready, after {}", seconds(after)),
        Event::Stopping { processes } => format!("stopping {processes} processes"),
        Event::Removed => "processes and files are gone".to_owned(),
        Event::Absent => "there was nothing to remove".to_owned(),
        other => format!("{other:?}"),
    }
}
