//! The workers give what `helm template` gives, byte for byte, refusals included, for every cell of the
//! matrix and both Helms.
//!
//! It needs the workers that `ci/setup worker` builds, and renders every cell by either: `cargo test --test
//! renderers`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]
#![allow(clippy::print_stderr, reason = "how long each took is told to who asks with --nocapture")]

use gift_harness::matrix::Matrix;
use gift_harness::render::{HelmCommand, HelmVersion, HelmWorker, RenderError, RenderRequest, Renderer};
use gift_harness::run::Plan;
use std::collections::BTreeSet;
use std::path::Path;
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
                    if found != expected {
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
    same_for_other_versions(requests, &kept);
}

/// What a worker says to give for other versions of Kubernetes is what the command gives for them.
fn same_for_other_versions(requests: &[RenderRequest], kept: &[OnceLock<Given>]) {
    let mut compared = 0;
    for (request, given) in requests.iter().zip(kept) {
        let (expected, also_for) = given.get().unwrap();
        for version in also_for {
            let other = RenderRequest { kubernetes: Some(version.clone()), ..request.clone() };
            let Some(at) = requests.iter().position(|request| *request == other) else { continue };
            let (other, _) = kept[at].get().unwrap();
            assert!(other == expected, "{request:?} for {version}\n{}", difference(expected, other));
            compared += 1;
        }
    }
    assert!(compared > requests.len(), "only {compared} for {} renderings", requests.len());
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
