//! Public charts to test with: those of `ci/charts/list`, each inside a Go module of a fixed version.
//!
//! None of their text is part of this repository. Go's module proxy gives the modules, and Go holds them
//! against the checksums of the list.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A public chart.
pub(crate) struct PublicChart {
    /// Its directory in the module cache, which nobody may change.
    pub(crate) directory: PathBuf,
    /// The values it is tested with by its authors, beside its own.
    pub(crate) values: Vec<PathBuf>,
}

/// Every chart of the list.
pub(crate) fn public_charts() -> Vec<PublicChart> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/charts/list");
    let text = std::fs::read_to_string(list).unwrap();
    let workspace = tempfile::tempdir().unwrap();
    let mut charts = Vec::new();
    let mut module = PathBuf::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(chart) => charts.push(chart_in(&module, chart)),
            None => module = fetched(line, workspace.path()),
        }
    }
    charts
}

fn chart_in(module: &Path, chart: &str) -> PublicChart {
    let directory = if chart == "." { module.to_owned() } else { module.join(chart) };
    let mut values: Vec<_> = std::fs::read_dir(directory.join("ci"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    values.sort();
    PublicChart { directory, values }
}

/// The directory of a module, of a line with its name, version and checksum.
fn fetched(line: &str, workspace: &Path) -> PathBuf {
    let [name, version, sum] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let output = Command::new("go")
        .args(["mod", "download", "-json", &format!("{name}@{version}")])
        .current_dir(workspace)
        .envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", "-mod=mod"), ("GOWORK", "off")])
        .output()
        .expect("Go is there");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{line}: {}", answer["Error"]);
    assert_eq!(answer["Sum"], sum, "{line}");
    PathBuf::from(answer["Dir"].as_str().unwrap())
}
