//! `gift up --system`: a system brought up on a cluster of this machine, step by step.

use super::Conclusion;
use super::failure::Failure;
use super::judgement::{self, Channel, JudgementArguments, SecretArguments};
use super::operation::{Chosen, Place, post_render_arguments};
use super::output::Terminal;
use super::progress::Progress;
use gift_harness::cluster::{Cluster, Event, Options, Prerequisites};
use gift_harness::operations::{Operations, Step};
use gift_harness::report;
use std::path::Path;

/// How far a system is brought up.
pub(super) struct Extent<'a> {
    pub(super) recreate: bool,
    pub(super) skip_build: bool,
    pub(super) sources: &'a Path,
    pub(super) options: &'a Options,
}

/// Brings the system up; the kubeconfig that leads to it is in its deployment.
pub(super) fn deploy(
    chosen: &mut Chosen,
    extent: &Extent<'_>,
    judgement: &JudgementArguments,
    secrets: &SecretArguments,
    terminal: &mut Terminal,
) -> Result<Conclusion, Failure> {
    // What is missing or wrong is told before anything is started.
    let mut options = judgement.options()?;
    secrets.apply(&mut options);
    let stream = chosen.rendered.stream.clone();
    let outcome = judgement.renderer()?.run(&stream, &options)?;
    let directory = chosen.deployment.chart.display().to_string();
    let place = report::Place::Rendered { chart_directory: Some(&directory) };
    judgement::tell(terminal, Channel::Errors, "up", &outcome, &stream, place, judgement)?;
    let verdict = Conclusion::of(&outcome.report.findings, judgement.deny_warnings);
    if verdict != Conclusion::Good {
        return Ok(verdict);
    }

    let mut progress = Progress::steps(terminal);
    let result = bring_up(chosen, extent, secrets, &mut progress);
    progress.finish();
    result.map(|()| Conclusion::Good)
}

fn bring_up(
    chosen: &mut Chosen,
    extent: &Extent<'_>,
    secrets: &SecretArguments,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let objects = chosen.rendered.objects()?;
    let operations = &chosen.operations;
    match &chosen.place {
        Place::Embedded(name) => {
            let mut told = |event: Event| progress.step(&super::up::told(&event));
            if extent.recreate {
                Cluster::named(name)?.down(&mut told)?;
            }
            let cluster = Cluster::up(extent.options, &mut told)?;
            let mut needed = Prerequisites::of(&objects);
            needed.namespaces.insert(chosen.deployment.namespace.clone());
            cluster.provide(&needed)?;
        }
        Place::Kind(kind) => {
            let on_step = &mut |step: Step| progress.step(&step.to_string());
            kind.up(extent.recreate, on_step)?;
            if extent.skip_build {
                left_out(on_step, "building and loading images", "as asked for");
            } else {
                kind.build_and_load(operations, &objects, extent.sources, on_step)?;
            }
        }
        Place::Other(_) => {}
    }

    let on_step = &mut |step: Step| progress.step(&step.to_string());
    let why = match &chosen.place {
        Place::Embedded(_) => Some("no container runs on an embedded control plane"),
        Place::Other(_) => Some("it is the cluster's owner who brings images"),
        Place::Kind(_) => None,
    };
    if let Some(why) = why.filter(|_| operations.builds().next().is_some()) {
        left_out(on_step, "building and loading images", why);
    }
    chosen.deployment.post_render = post_render_arguments(secrets);
    chosen.deployment.apply(operations.patience(), on_step)?;
    chosen.deployment.wait(&objects, operations.patience(), on_step)?;
    if let Place::Embedded(_) = &chosen.place {
        let why = "no container runs on an embedded control plane: pods are ready, and nothing answers";
        if !operations.smoke.is_empty() {
            left_out(on_step, "smoke checks", why);
        }
    } else {
        chosen.deployment.smoke(operations, on_step)?;
        tell_addresses(operations, progress);
    }
    Ok(())
}

fn left_out(on_step: &mut dyn FnMut(Step), what: &str, why: &str) {
    on_step(Step::LeftOut { what: what.to_owned(), why: why.to_owned() });
}

fn tell_addresses(operations: &Operations, progress: &mut Progress) {
    for (name, address) in &operations.addresses {
        progress.step(&format!("{name}: {address}"));
    }
}
