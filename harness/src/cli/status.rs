//! `gift status`: what runs on a control plane.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use gift_harness::cluster::{Cluster, State, Status};
use std::io::{self, Write};

/// Show the control plane that `gift up` started, and what is installed on it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift status
  gift status --format json

Exit codes:
  0  it runs, or there is none    1  some of its processes are gone, or pods are not ready")]
pub(crate) struct Arguments {
    /// The cluster's name
    #[arg(long, value_name = "NAME", default_value = "gift")]
    name: String,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let status = Cluster::named(&arguments.name)?.status()?;
    if terminal.format == Format::Json {
        let out = terminal.output();
        serde_json::to_writer_pretty(&mut *out, &status).map_err(|error| Failure::output(error.into()))?;
        writeln!(out).map_err(Failure::output)?;
    } else {
        write_text(terminal.output(), &status).map_err(Failure::output)?;
    }
    let whole = matches!(status.state, State::Running | State::Absent)
        && status.nodes.iter().all(|node| node.ready)
        && status.workloads.iter().all(|workload| workload.ready >= workload.desired);
    Ok(if whole { Conclusion::Good } else { Conclusion::Findings })
}

fn write_text(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let state = match status.state {
        State::Absent => return writeln!(out, "{}: there is none; `gift up` starts it", status.name),
        State::Stopped => "stopped; `gift up` starts it again",
        State::Degraded => "degraded; `gift up` mends it",
        State::Running => "running",
    };
    writeln!(out, "{}: {state}", status.name)?;
    if let Some(version) = &status.kubernetes {
        writeln!(out, "Kubernetes {version}, {} nodes", status.nodes.len())?;
    }
    writeln!(out, "KUBECONFIG={}", status.kubeconfig.display())?;
    for component in &status.components {
        match component.pid {
            Some(pid) => writeln!(out, "  {:26} process {pid}", component.name)?,
            None => writeln!(out, "  {:26} not running", component.name)?,
        }
    }
    for release in &status.releases {
        let name = format!("{}/{}", release.namespace, release.name);
        writeln!(out, "  release {name:26} revision {}, {}", release.revision, release.status)?;
    }
    for workload in &status.workloads {
        let name = format!("{}/{}", workload.namespace, workload.name);
        writeln!(out, "  {} {name}: {} of {} ready", workload.kind, workload.ready, workload.desired)?;
    }
    Ok(())
}
