//! What `gift test` costs as a whole, beside calling `helm template` once for each cell.
//!
//! First the matrix of the repository, side by side and with as many jobs: `helm template` alone, without any
//! assertion; `gift test` with every policy and assertion, started anew; the same once more, with what the
//! run before kept. What a machine gives changes within minutes, so the cells of `helm template` are run in parts,
//! with a whole run of `gift test` before each, of which the median is told. Then generated matrices of growing size, in which every fourteen cells (two Helms, seven
//! versions of Kubernetes) have values of their own: the cost of a cell, and how much memory the command and
//! its workers take together at most (Linux). Last, one cell with ever more services.
//!
//! `cargo bench -p gift-harness --bench matrix [-- --jobs 2 --filter gift/ --largest 10000]`

#![allow(clippy::print_stdout, reason = "the measurements are the output")]

use gift_harness::directories;
use gift_harness::matrix::Matrix;
use gift_harness::render::{HelmCommand, RenderRequest, Renderer};
use gift_harness::run::Plan;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, io};

type Failure = Box<dyn std::error::Error>;

/// Cells that share their values: two Helms and the versions of Kubernetes.
const VERSIONS: [&str; 7] = ["1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
const TOGETHER: usize = 2 * VERSIONS.len();

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let jobs: usize = after("--jobs").map_or(Ok(2), |jobs| jobs.parse())?;
    let largest: usize = after("--largest").map_or(Ok(10_000), |cells| cells.parse())?;
    let filter: Vec<String> = after("--filter").cloned().into_iter().collect();
    let repository =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the package is inside the workspace")?;
    let folder = tempfile::tempdir()?;
    whole(repository, folder.path(), &filter, jobs)?;
    growing(repository, folder.path(), largest, jobs)?;
    services(repository, folder.path(), jobs)
}

/// In how many parts `helm template` is run, and how often `gift test`.
const PARTS: usize = 5;

/// A cache with the user's tools and compiled module, in which nothing is kept yet.
fn cache(path: &Path) -> io::Result<()> {
    if path.exists() {
        fs::remove_dir_all(path)?;
    }
    fs::create_dir(path)?;
    for part in ["bin", "modules"] {
        std::os::unix::fs::symlink(directories::cache_or_temporary().join(part), path.join(part))?;
    }
    Ok(())
}

/// The matrix of the repository.
fn whole(repository: &Path, folder: &Path, filter: &[String], jobs: usize) -> Result<(), Failure> {
    let file = repository.join("tests/matrix.yaml");
    let matrix = Matrix::load(&file)?;
    let plan = Plan { cells: matrix.select(filter), ..Plan::of(&matrix)? };
    let requests: Vec<_> = plan
        .cells
        .iter()
        .map(|cell| plan.request(cell).map_err(|failure| failure.message))
        .collect::<Result<_, _>>()?;
    println!("{} cells, {jobs} at once", requests.len());
    let mut test = gift(repository, folder, &file, jobs);
    for text in filter {
        test.args(["--filter", text]);
    }
    let mut command = Duration::ZERO;
    let mut nothing_kept = Vec::new();
    for part in requests.chunks(requests.len().div_ceil(PARTS).max(1)) {
        cache(&folder.join("cache"))?;
        nothing_kept.push(measured(&mut test)?);
        command += by_command(part, jobs)?;
    }
    tell("helm template", requests.len(), &[(command, 0)], command);
    tell("gift test, nothing kept", requests.len(), &nothing_kept, command);
    let all_kept = (0..PARTS).map(|_| measured(&mut test)).collect::<Result<Vec<_>, _>>()?;
    tell("gift test, all kept", requests.len(), &all_kept, command);
    Ok(())
}

/// Matrices of growing size.
fn growing(repository: &Path, folder: &Path, largest: usize, jobs: usize) -> Result<(), Failure> {
    println!("\nof each fourteen cells their own values");
    let mut first = None;
    for cells in [TOGETHER, 100, 1_000, 10_000].into_iter().filter(|cells| *cells <= largest) {
        let file = folder.join(format!("{cells}.yaml"));
        let toggles = cells / TOGETHER;
        fs::write(&file, generated(repository, toggles)?)?;
        let mut test = gift(repository, folder, &file, jobs);
        test.arg("--no-cache");
        // What is over soon is measured more often.
        let runs = if cells < 1_000 { PARTS } else { 1 };
        let runs = (0..runs).map(|_| measured(&mut test)).collect::<Result<Vec<_>, _>>()?;
        let cells = toggles * TOGETHER;
        let took = 1000.0 * median(&runs);
        print!("{cells:>7} cells {:>9.2} s {:>8.2} ms a cell", took / 1000.0, took / number(cells));
        match first {
            None => first = Some((cells, took)),
            // Starting and reading the chart take as long for one cell as for all.
            Some((few, start)) => {
                print!(", {:.2} ms each beyond the first {few}", (took - start) / number(cells - few))
            }
        }
        println!(", at most {} MB", most(&runs) >> 20);
    }
    Ok(())
}

fn generated(repository: &Path, toggles: usize) -> Result<String, Failure> {
    let mut text = String::new();
    writeln!(text, "chart: {:?}", repository.join("chart"))?;
    writeln!(text, "values: {:?}", repository.join("values"))?;
    let names: Vec<_> = (0..toggles).map(|toggle| format!("t{toggle}")).collect();
    writeln!(text, "matrix: {{helm: [3, 4], kubernetes: {VERSIONS:?}, toggle: [{}]}}", names.join(", "))?;
    writeln!(text, "toggles:")?;
    for name in names {
        writeln!(text, "  {name}: {{global: {{imageRegistry: {name}.example.com}}}}")?;
    }
    Ok(text)
}

/// One cell, with ever more services: copies of the first of the chart's own.
fn services(repository: &Path, folder: &Path, jobs: usize) -> Result<(), Failure> {
    println!("\none cell of so many services");
    let values: Value = serde_yaml::from_str(&fs::read_to_string(repository.join("chart/values.yaml"))?)?;
    let system = values.get("system").and_then(Value::as_str).ok_or("the chart names no system")?;
    let known = values.pointer(&format!("/{system}/services")).and_then(Value::as_object);
    let service = known.and_then(|services| services.values().next()).ok_or("the chart has no service")?;
    for count in [25, 50, 100, 200, 400] {
        let copies: Map<String, Value> =
            (0..count).map(|number| (format!("copy-{number}"), service.clone())).collect();
        let matrix = json!({
            "chart": repository.join("chart"),
            "values": repository.join("values"),
            "matrix": {"helm": [4], "kubernetes": ["1.36"], "toggle": ["copies"]},
            "toggles": {"copies": {system: {"services": copies}}},
        });
        let file = folder.join(format!("services-{count}.yaml"));
        fs::write(&file, matrix.to_string())?;
        let (took, memory) = measured(gift(repository, folder, &file, jobs).arg("--no-cache"))?;
        println!(
            "{count:>7} services {:>6.2} s {:>8.2} ms a service, at most {} MB",
            took.as_secs_f64(),
            1000.0 * took.as_secs_f64() / number(count),
            memory >> 20
        );
    }
    Ok(())
}

fn gift(repository: &Path, folder: &Path, matrix: &Path, jobs: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gift"));
    command.arg("test").arg("--matrix").arg(matrix).args(["--jobs", &jobs.to_string()]);
    command.current_dir(repository).env("GIFT_CACHE", folder.join("cache"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// How long a command takes, and how many bytes of memory it and its children take together at most.
fn measured(command: &mut Command) -> Result<(Duration, u64), Failure> {
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        most = most.max(memory(&child));
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = begun.elapsed();
    // Findings are results: copies of a service may well break a rule.
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok((took, most))
}

fn memory(child: &Child) -> u64 {
    let own = child.id().to_string();
    let is_of = |process: &fs::DirEntry| {
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next().map(str::to_owned)
        };
        let is_its = field("Pid:").as_deref() == Some(&own) || field("PPid:").as_deref() == Some(&own);
        let kilobytes: u64 = field("VmRSS:").and_then(|size| size.parse().ok()).unwrap_or_default();
        is_its.then_some(kilobytes << 10)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    processes
        .filter(|process| process.file_name().to_string_lossy().parse::<u32>().is_ok())
        .filter_map(|process| is_of(&process))
        .sum()
}

fn by_command(requests: &[RenderRequest], jobs: usize) -> Result<Duration, Failure> {
    let command = HelmCommand::new()?;
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Cells that are to fail cost what they cost.
                    command.render(request).ok();
                }
            });
        }
    });
    Ok(begun.elapsed())
}

/// The median of some runs beside the time of the command, and the most memory one of them took.
fn tell(title: &str, cells: usize, runs: &[(Duration, u64)], command: Duration) {
    let took = median(runs);
    let each = 1000.0 * took / number(cells);
    let ratio = command.as_secs_f64() / took;
    let memory = Some(most(runs) >> 20).filter(|memory| *memory > 0);
    let memory = memory.map(|memory| format!("   at most {memory} MB")).unwrap_or_default();
    let times: Vec<_> = runs.iter().map(|(took, _)| took.as_secs_f64()).collect();
    println!("{title:26} {took:>8.2} s {each:>8.2} ms a cell {ratio:>8.1} x{memory}   {times:.2?}");
}

/// The median of the times of some runs, in seconds; of none it is 0.
fn median(runs: &[(Duration, u64)]) -> f64 {
    let mut times: Vec<_> = runs.iter().map(|(took, _)| took.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The most memory one of some runs took.
fn most(runs: &[(Duration, u64)]) -> u64 {
    runs.iter().map(|(_, memory)| *memory).max().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a matrix has fewer cells than that")]
fn number(cells: usize) -> f64 {
    cells as f64
}
