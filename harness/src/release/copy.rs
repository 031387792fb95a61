//! A chart with another version, made for a moment.
//!
//! What is compared is rendered with different versions in `Chart.yaml`, whatever stands there, so that a version
//! that finds its way into a selector or a name is seen to do so. Depends on [`crate::chart`].

use super::ReleaseError;
use super::chart_file::with_version;
use super::error::at;
use crate::chart::linked;
use semver::Version;
use std::path::Path;
use tempfile::TempDir;

/// The chart in a folder, with this version.
pub(super) fn with(chart: &Path, version: &Version) -> Result<TempDir, ReleaseError> {
    let path = chart.join("Chart.yaml");
    let text = std::fs::read_to_string(&path).map_err(at(&path, "read"))?;
    let text =
        with_version(&text, version).map_err(|reason| ReleaseError::Text { path: path.clone(), reason })?;
    linked(chart, &text).map_err(at(chart, "copied"))
}
