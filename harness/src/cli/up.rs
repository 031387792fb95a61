//! `gift up`: a control plane on this machine, and a system on it.

use super::Conclusion;
use super::deploy::{Extent, deploy};
use super::failure::Failure;
use super::judgement::{JudgementArguments, SecretArguments};
use super::limits::LimitArguments;
use super::operation::SystemArguments;
use super::output::{Format, Terminal};
use super::progress::Progress;
use gift_harness::cluster::{Cluster, Event, Options};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Start a real control plane on this machine, without containers, and a system on it
///
/// etcd, API server, controllers and scheduler run as processes of yours, with nodes that KWOK
/// simulates: pods are scheduled and become ready, but no container runs. Prints the kubeconfig that
/// leads to it; your own is not touched. Does nothing when it is up already, mends what a reboot left.
///
/// With a system: its secrets are looked for and its objects judged before anything is started; then the
/// cluster is brought up, images are built and loaded, the release is installed or upgraded, every rollout is
/// waited for, and addresses are asked whether they answer. What is built, asked and forwarded stands in the
/// system's values, under `operations`. On an embedded control plane, where no container runs, steps that need
/// one are left out and told; definitions of custom resources, namespaces, storage classes and node labels
/// the system takes for granted are provided.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  export KUBECONFIG=$(gift up)
  helm install gift ./chart --wait
  gift down
  gift up --system gift --env prod --secrets example
  gift up --system shop --env kind --source ../shop --recreate-cluster
  gift up --system shop --env kind --kubeconfig ~/.kube/config

Exit codes:
  0  it is up, every node ready and every pod of the system
  1  the system breaks a rule, or an address does not answer as it should
  2  a tool, a secret or a program is missing, or a step failed    3  Helm could not render")]
pub(crate) struct Arguments {
    /// The embedded cluster's name; clusters of different names live side by side
    #[arg(long, value_name = "NAME", default_value = "gift")]
    name: String,
    /// How many simulated machines it has
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().nodes)]
    nodes: usize,
    /// How many seconds it may take
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().timeout.as_secs())]
    timeout: u64,
    /// Remove the cluster first
    #[arg(long, conflicts_with = "kubeconfig", requires = "system")]
    recreate_cluster: bool,
    /// Build no images; those in the cluster are used
    #[arg(long, requires = "system")]
    skip_build: bool,
    /// The folder of the system's sources, where its images are built
    #[arg(long, value_name = "DIR", default_value = ".", requires = "system")]
    source: PathBuf,
    #[command(flatten)]
    system: SystemArguments,
    #[command(flatten)]
    secrets: SecretArguments,
    #[command(flatten)]
    limits: LimitArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let mut options = Options::named(arguments.name.clone());
    options.nodes = arguments.nodes;
    options.timeout = Duration::from_secs(arguments.timeout);
    let Some(mut chosen) = arguments.system.chosen(&arguments.secrets.values_directory, &arguments.name)?
    else {
        let mut progress = Progress::steps(terminal);
        let cluster = Cluster::up(&options, &mut |event| progress.step(&told(&event)))?;
        progress.finish();
        return answer(cluster.name(), cluster.kubeconfig(), terminal);
    };
    let extent = Extent {
        recreate: arguments.recreate_cluster,
        skip_build: arguments.skip_build,
        sources: &arguments.source,
        options: &options,
    };
    let judgement = JudgementArguments::of_release(&chosen.deployment.namespace, arguments.limits.clone());
    let conclusion = deploy(&mut chosen, &extent, &judgement, &arguments.secrets, terminal)?;
    if conclusion == Conclusion::Good {
        return answer(&arguments.name, &chosen.deployment.kubeconfig, terminal);
    }
    Ok(conclusion)
}

/// The kubeconfig, for whoever goes on from here.
fn answer(name: &str, kubeconfig: &Path, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let kubeconfig = kubeconfig.display().to_string();
    if terminal.format == Format::Json {
        let answer = serde_json::json!({ "version": 1, "name": name, "kubeconfig": kubeconfig });
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
