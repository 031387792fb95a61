//! The workers give what `helm template` gives, byte for byte, refusals included, for every cell of the
//! matrix and for public charts with their own values, and both Helms.
//!
//! It needs the workers that `ci/setup worker` builds, and renders every cell by either: `cargo test --test
//! renderers`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]
#![allow(clippy::print_stderr, reason = "how long each took is told to who asks with --nocapture")]

mod public_charts;

use gift_harness::matrix::Matrix;
use gift_harness::render::{HelmCommand, HelmVersion, HelmWorker, RenderError, RenderRequest, Renderer};
use gift_harness::run::Plan;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// What a renderer gave, to be compared: the stream and warnings, or what was said. Then the versions of
/// Kubernetes, of those the matrix has, for which it says to give the same.
type Given = (Result<(Vec<u8>, Vec<String>), String>, Vec<String>);

/// Asks a renderer.
///
/// Helm goes through a schema's properties in the order of Go's maps, which is another each time. Where it
/// has more than one thing to say of the values, the lines are therefore put in order.
fn given(renderer: &dyn Renderer, request: &RenderRequest, versions: &[String]) -> Given {
    match renderer.render_for(request, versions) {
        Ok((rendered, also_for)) => (Ok((rendered.stream, rendered.warnings)), also_for),
        Err(RenderError::Helm { message, .. }) if message.text.contains("specifications of the schema") => {
            let mut lines: Vec<_> = message.text.lines().collect();
            lines.sort_unstable();
            (Err(lines.join("\n")), Vec::new())
        }
        Err(error) => (Err(error.to_string()), Vec::new()),
    }
}

/// Every version of Kubernetes in the requests.
fn versions(requests: &[RenderRequest]) -> Vec<String> {
    let versions: BTreeSet<_> = requests.iter().filter_map(|request| request.kubernetes.clone()).collect();
    versions.into_iter().collect()
}

fn compare(requests: &[RenderRequest]) {
    let versions = versions(requests);
    // What the command gave for each request, and for which other versions the worker says to give the same.
    let kept: Vec<OnceLock<Given>> = requests.iter().map(|_| OnceLock::new()).collect();
    let (command, worker) = (HelmCommand::new().unwrap(), HelmWorker::new().unwrap());
    for helm in [HelmVersion::V3, HelmVersion::V4] {
        worker.available(helm).expect("the worker is there");
    }
    let next = AtomicUsize::new(0);
    let (different, refused) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let times = Mutex::new([Duration::ZERO; 2]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(request) = requests.get(index)
                {
                    let begun = Instant::now();
                    let (expected, _) = given(&command, request, &versions);
                    let by_command = begun.elapsed();
                    let (found, also_for) = given(&worker, request, &versions);
                    let by_worker = begun.elapsed() - by_command;
                    refused.fetch_add(usize::from(expected.is_err()), Ordering::Relaxed);
                    let mut times = times.lock().unwrap();
                    times[0] += by_command;
                    times[1] += by_worker;
                    let is_same = found == expected
                        || is_same_but_for_chance(&expected, &given(&command, request, &[]).0, &found);
                    if !is_same {
                        different
                            .lock()
                            .unwrap()
                            .push(format!("{request:?}\n{}", difference(&expected, &found)));
                    }
                    kept[index].set((expected, also_for)).unwrap();
                }
            });
        }
    });
    let [by_command, by_worker] = times.into_inner().unwrap();
    eprintln!(
        "{} renderings, {} of them refused: `helm template` {by_command:.1?}, the workers {by_worker:.1?}, ratio {:.1}",
        requests.len(),
        refused.into_inner(),
        by_command.as_secs_f64() / by_worker.as_secs_f64()
    );
    let different = different.into_inner().unwrap();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n\n"));
    assert_eq!(worker.notes(), [] as [String; 0], "no worker was lost");
    let compared = same_for_other_versions(requests, &kept);
    assert!(compared * 2 > requests.len(), "only {compared} for {} renderings", requests.len());
}

/// What a worker says to give for other versions of Kubernetes is what the command gives for them.
fn same_for_other_versions(requests: &[RenderRequest], kept: &[OnceLock<Given>]) -> usize {
    let mut compared = 0;
    for (request, given_before) in requests.iter().zip(kept) {
        let (expected, also_for) = given_before.get().unwrap();
        for version in also_for {
            let other = RenderRequest { kubernetes: Some(version.clone()), ..request.clone() };
            let Some(at) = requests.iter().position(|request| *request == other) else { continue };
            let (other, _) = kept[at].get().unwrap();
            let again = || given(&HelmCommand::new().unwrap(), request, &[]).0;
            assert!(
                other == expected || is_same_but_for_chance(expected, &again(), other),
                "{request:?} for {version}\n{}",
                difference(expected, other)
            );
            compared += 1;
        }
    }
    compared
}

/// Whether a stream is the command's, but for the lines that the command itself gives otherwise each time:
/// random passwords, certificates made on the way.
fn is_same_but_for_chance(
    expected: &Result<(Vec<u8>, Vec<String>), String>,
    again: &Result<(Vec<u8>, Vec<String>), String>,
    found: &Result<(Vec<u8>, Vec<String>), String>,
) -> bool {
    let (Ok(expected), Ok(again), Ok(found)) = (expected, again, found) else { return false };
    let [expected, again, found] = [expected, again, found]
        .map(|(stream, _)| String::from_utf8_lossy(stream).lines().map(str::to_owned).collect::<Vec<_>>());
    let is_steady = |line: usize| expected[line] == again[line];
    expected.len() == again.len()
        && expected.len() == found.len()
        && (0..expected.len()).any(|line| !is_steady(line))
        && (0..expected.len()).all(|line| !is_steady(line) || expected[line] == found[line])
}

/// The first line that is not the same.
fn difference(
    expected: &Result<(Vec<u8>, Vec<String>), String>,
    found: &Result<(Vec<u8>, Vec<String>), String>,
) -> String {
    let text = |given: &Result<(Vec<u8>, Vec<String>), String>| match given {
        Ok((stream, warnings)) => format!("{}\nwarnings: {warnings:?}", String::from_utf8_lossy(stream)),
        Err(message) => message.clone(),
    };
    let (expected, found) = (text(expected), text(found));
    let line = expected.lines().zip(found.lines()).position(|(expected, found)| expected != found);
    let line = line.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(nothing more)").to_owned();
    format!("line {}\n  command: {}\n  worker:  {}", line + 1, at(&expected), at(&found))
}

#[test]
fn every_cell_is_the_same_by_the_worker_and_by_the_command() {
    let matrix = Matrix::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix.yaml")).unwrap();
    let plan = Plan::of(&matrix).unwrap();
    let mut requests: Vec<RenderRequest> = Vec::new();
    for cell in &plan.cells {
        let request = plan.request(cell).unwrap_or_else(|failure| panic!("{cell}: {}", failure.message));
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    compare(&requests);
}

#[test]
fn public_charts_are_the_same_by_the_worker_and_by_the_command() {
    let mut requests = Vec::new();
    let charts = public_charts::public_charts();
    assert!(charts.len() >= 20, "{}", charts.len());
    for chart in charts {
        let files = std::iter::once(Vec::new()).chain(chart.values.into_iter().map(|file| vec![file]));
        for values_files in files {
            for (helm, kubernetes) in
                [(HelmVersion::V3, "1.30"), (HelmVersion::V4, "1.30"), (HelmVersion::V4, "1.36")]
            {
                requests.push(RenderRequest {
                    helm,
                    kubernetes: Some(kubernetes.to_owned()),
                    values_files: values_files.clone(),
                    include_crds: true,
                    ..RenderRequest::new(&chart.directory)
                });
            }
        }
    }
    compare(&requests);
}

/// What the workers are made of keeps its own promises: compiled templates give what text/template gives, files are
/// split as Helm splits them.
#[test]
fn the_workers_parts_pass_their_own_tests() {
    let tested = Command::new("go")
        .args(["test", "-mod=readonly", "./..."])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../worker/session"))
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .output()
        .expect("go runs");
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(tested.status.success(), "{said}{}", String::from_utf8_lossy(&tested.stderr));
    assert!(said.contains("session/compiled"), "{said}");
}
