//! A chart with another version, made for a moment.
//!
//! What is compared is rendered with different versions in `Chart.yaml`, whatever stands there, so that a version
//! that finds its way into a selector or a name is seen to do so.

use super::ReleaseError;
use super::chart_file::with_version;
use super::error::at;
use semver::Version;
use std::path::Path;
use tempfile::TempDir;

/// A copy of the chart in a folder, with this version.
pub(super) fn with(chart: &Path, version: &Version) -> Result<TempDir, ReleaseError> {
    let copy = tempfile::Builder::new().prefix("gift-release-").tempdir();
    let copy = copy.map_err(at(std::env::temp_dir(), "written"))?;
    copy_below(chart, copy.path())?;
    let path = copy.path().join("Chart.yaml");
    let text = std::fs::read_to_string(&path).map_err(at(&path, "read"))?;
    let text =
        with_version(&text, version).map_err(|reason| ReleaseError::Text { path: path.clone(), reason })?;
    std::fs::write(&path, text).map_err(at(&path, "written"))?;
    Ok(copy)
}

fn copy_below(from: &Path, to: &Path) -> Result<(), ReleaseError> {
    for entry in std::fs::read_dir(from).map_err(at(from, "read"))? {
        let entry = entry.map_err(at(from, "read"))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            std::fs::create_dir(&target).map_err(at(&target, "written"))?;
            copy_below(&source, &target)?;
        } else if !entry.file_name().to_string_lossy().ends_with(".secrets.env") {
            std::fs::copy(&source, &target).map_err(at(&target, "written"))?;
        }
    }
    Ok(())
}
