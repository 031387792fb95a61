//! What `gift post-render` costs beside a post-renderer that only copies its input.
//!
//! Both are run as processes of the same kind, in turn, many times: alone, and as post-renderer
//! plugins inside Helm 4, on the chart's own system with each of its environments. Printed are the
//! medians of wall-clock time. The budget is 15 ms over copying.
//!
//! `cargo bench -p gift-harness --bench post_render [-- --runs 100]`

#![allow(clippy::print_stdout, reason = "the measurements are the output")]

use gift_harness::tools::{self, HelmVersion, Tool};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// What `gift post-render` may cost over copying.
const BUDGET: Duration = Duration::from_millis(15);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Failure> {
    let runs = runs_asked_for()?;
    let repository =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the package is inside the workspace")?;
    let helm = tools::find(Tool::Helm(HelmVersion::V4))?.path;
    let folder = tempfile::tempdir()?;
    plugins(folder.path(), repository)?;
    let mut within = true;
    println!(
        "{:28} {:>10} {:>10} {:>10} {:>8}",
        "medians of wall-clock time", "copying", "gift", "over", "ratio"
    );
    for (environment, values) in environments(repository)? {
        let mut template = helm_command(&helm, folder.path(), repository);
        template.args(["template", "bench", "chart"]).args(&values);
        let stream = output_of(&mut template)?;
        let input = folder.path().join("stream.yaml");
        fs::write(&input, &stream)?;

        let copying = || {
            let mut command = Command::new("cat");
            command.stdin(fs::File::open(&input)?);
            Ok(command)
        };
        let gift = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gift"));
            command.args(["post-render", "--secrets", "example"]).current_dir(repository);
            command.env("XDG_STATE_HOME", folder.path()).stdin(fs::File::open(&input)?);
            Ok(command)
        };
        within &= compare(&format!("alone, {environment}"), runs, copying, gift)?;

        let inside = |plugin: &'static str| {
            let (helm, folder, values) = (&helm, folder.path(), &values);
            move || {
                let mut command = helm_command(helm, folder, repository);
                command.args(["template", "bench", "chart", "--post-renderer", plugin]).args(values);
                if plugin == "gift" {
                    command.args(["--post-renderer-args=--secrets", "--post-renderer-args=example"]);
                }
                Ok(command)
            }
        };
        within &= compare(&format!("in Helm 4, {environment}"), runs, inside("copy"), inside("gift"))?;
    }
    println!("budget: {BUDGET:?} over copying: {}", if within { "kept" } else { "EXCEEDED" });
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs both in turn, so that what else the machine does falls on both alike.
fn compare(
    what: &str,
    runs: usize,
    copying: impl Fn() -> Result<Command, Failure>,
    gift: impl Fn() -> Result<Command, Failure>,
) -> Result<bool, Failure> {
    let (mut copied, mut rendered) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let (first, second) = (time(copying()?)?, time(gift()?)?);
        // The first fills the caches.
        if run > 0 {
            copied.push(first);
            rendered.push(second);
        }
    }
    let (copied, rendered) = (median(copied), median(rendered));
    let over = rendered.saturating_sub(copied);
    let ratio = rendered.as_secs_f64() / copied.as_secs_f64();
    println!(
        "{what:28} {:>10} {:>10} {:>10} {ratio:>7.2}x",
        milliseconds(copied),
        milliseconds(rendered),
        milliseconds(over)
    );
    Ok(over <= BUDGET)
}

fn time(mut command: Command) -> Result<Duration, Failure> {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.spawn()?.wait_with_output()?;
    let duration = start.elapsed();
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(duration)
}

fn output_of(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(output.stdout)
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

fn runs_asked_for() -> Result<usize, Failure> {
    let mut arguments = env::args().skip_while(|argument| argument != "--runs").skip(1);
    Ok(arguments.next().map_or(Ok(40), |number| number.parse())?)
}

/// Each environment of the chart's own system, with the arguments that choose its values.
fn environments(repository: &Path) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let defaults = fs::read_to_string(repository.join("chart/values.yaml"))?;
    let system =
        defaults.lines().find_map(|line| line.strip_prefix("system:")).ok_or("the values name a system")?;
    let folder = repository.join("values").join(system.trim());
    let mut environments = vec![("default values".to_owned(), Vec::new())];
    let mut files =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        environments.push((name, vec!["-f".to_owned(), file.display().to_string()]));
    }
    Ok(environments)
}

/// The plugins `gift`, as it is published, and `copy`, which only copies; both start with a shell script.
fn plugins(folder: &Path, repository: &Path) -> Result<(), Failure> {
    let gift = folder.join("plugins/gift");
    fs::create_dir_all(&gift)?;
    for file in ["plugin.yaml", "post-render"] {
        fs::copy(repository.join("plugin").join(file), gift.join(file))?;
    }
    fs::copy(env!("CARGO_BIN_EXE_gift"), gift.join("gift"))?;
    let copy = folder.join("plugins/copy");
    fs::create_dir_all(&copy)?;
    fs::write(
        copy.join("plugin.yaml"),
        "apiVersion: v1\ntype: postrenderer/v1\nname: copy\nversion: 0.1.0\nruntime: subprocess\n\
         runtimeConfig:\n  platformCommand:\n    - command: ${HELM_PLUGIN_DIR}/post-render\n",
    )?;
    // A copy of an executable file is executable.
    fs::copy(gift.join("post-render"), copy.join("post-render"))?;
    fs::write(copy.join("post-render"), "#!/bin/sh\nexec cat\n")?;
    Ok(())
}

fn helm_command(helm: &Path, folder: &Path, repository: &Path) -> Command {
    let mut command = Command::new(helm);
    command
        .current_dir(repository)
        .env("HELM_PLUGINS", folder.join("plugins"))
        .env("HELM_CACHE_HOME", folder.join("cache"))
        .env("HELM_CONFIG_HOME", folder.join("config"))
        .env("HELM_DATA_HOME", folder.join("data"))
        .env("XDG_STATE_HOME", folder);
    command
}
