//! How fast the cells of the matrix are rendered: by `helm template`, by the workers, and found on disk.
//!
//! The same requests in the same order, the same number at once, all three side by side in one run. What
//! is printed are cells per second and the ratio to the command.
//!
//! `cargo bench -p gift-harness --bench rendering [-- --filter gift/ --jobs 2]`

#![allow(clippy::print_stdout, reason = "the measurements are the output")]

use gift_harness::matrix::Matrix;
use gift_harness::render::stored::StoreDirectory;
use gift_harness::render::{HelmCommand, HelmWorker, RenderRequest, Renderer, Stored};
use gift_harness::run::Plan;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let filter: Vec<String> = after("--filter").cloned().into_iter().collect();
    let jobs: usize = after("--jobs").map_or(Ok(2), |jobs| jobs.parse())?;
    let repository =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the package is inside the workspace")?;
    let matrix = Matrix::load(repository.join("tests/matrix.yaml"))?;
    let plan = Plan { cells: matrix.select(&filter), ..Plan::of(&matrix)? };
    let requests: Vec<_> = plan
        .cells
        .iter()
        .map(|cell| plan.request(cell).map_err(|failure| failure.message))
        .collect::<Result<_, _>>()?;

    let folder = tempfile::tempdir()?;
    let directory = StoreDirectory::at(folder.path().join("rendered"));
    let worker: Arc<dyn Renderer> = Arc::new(HelmWorker::new()?);
    for note in worker.notes() {
        println!("note: {note}");
    }
    println!("{} cells, {jobs} at once", requests.len());
    let command = measure(&HelmCommand::new()?, &requests, jobs);
    tell("helm template", &requests, command, command);
    tell("worker, first", &requests, measure(worker.as_ref(), &requests, jobs), command);
    tell("worker, warm", &requests, measure(worker.as_ref(), &requests, jobs), command);
    // Files that were written a moment ago are read again; a checkout is older.
    let fill = Stored::new(Arc::clone(&worker), directory.clone());
    tell("worker, kept on disk", &requests, measure(&fill, &requests, jobs), command);
    let found = Stored::new(worker, directory);
    tell("found on disk", &requests, measure(&found, &requests, jobs), command);
    println!("{} of {} were found on disk", found.found(), requests.len());
    Ok(())
}

fn measure(renderer: &dyn Renderer, requests: &[RenderRequest], jobs: usize) -> Duration {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Cells that are to fail cost what they cost.
                    renderer.render(request).ok();
                }
            });
        }
    });
    begun.elapsed()
}

fn tell(name: &str, requests: &[RenderRequest], took: Duration, command: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a matrix has fewer cells than that")]
    let each_second = requests.len() as f64 / took.as_secs_f64();
    let ratio = command.as_secs_f64() / took.as_secs_f64();
    println!("{name:22} {took:>8.2?} {each_second:>9.1} cells/s {ratio:>8.1} x");
}
