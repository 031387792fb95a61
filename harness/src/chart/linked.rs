//! A chart with another `Chart.yaml`, made for a moment.

use std::io;
use std::path::Path;
use tempfile::TempDir;

/// A folder with everything a chart has, and this text for its `Chart.yaml`.
pub(crate) fn linked(chart: &Path, chart_file: &str) -> io::Result<TempDir> {
    let copy = tempfile::Builder::new().prefix("gift-chart-").tempdir()?;
    let chart = chart.canonicalize()?;
    for entry in std::fs::read_dir(&chart)? {
        let entry = entry?;
        let target = copy.path().join(entry.file_name());
        if entry.file_name() == "Chart.yaml" {
            std::fs::write(target, chart_file)?;
        } else {
            link(&entry.path(), &target)?;
        }
    }
    Ok(copy)
}

/// Links, so that values with secrets in them are not written a second time.
#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return std::fs::copy(from, to).map(drop);
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        link(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
