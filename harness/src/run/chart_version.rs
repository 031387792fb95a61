//! The same chart with another version, made for a moment.

use crate::chart::linked;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// A copy of a chart whose version is one patch higher; made when it is first asked for.
pub(super) struct NextVersion {
    chart: PathBuf,
    copy: OnceLock<Result<TempDir, Arc<io::Error>>>,
}

impl NextVersion {
    pub(super) fn of(chart: &Path) -> Self {
        Self { chart: chart.to_owned(), copy: OnceLock::new() }
    }

    /// The chart's version and the copy's; `None` where there is no copy.
    pub(super) fn versions(&self) -> Option<(String, String)> {
        let read = |directory: &Path| {
            let text = std::fs::read_to_string(directory.join("Chart.yaml")).ok()?;
            text.lines().find_map(version).map(str::to_owned)
        };
        Some((read(&self.chart)?, read(self.directory()?.ok()?)?))
    }

    /// The copy's directory; `None` for an archive.
    pub(super) fn directory(&self) -> Option<Result<&Path, Arc<io::Error>>> {
        if !self.chart.is_dir() {
            return None;
        }
        let copy = self.copy.get_or_init(|| copy(&self.chart).map_err(Arc::new));
        Some(copy.as_ref().map(TempDir::path).map_err(Arc::clone))
    }
}

fn copy(chart: &Path) -> io::Result<TempDir> {
    let text = std::fs::read_to_string(chart.join("Chart.yaml"))?;
    linked(chart, &next_version(&text))
}

/// The chart's own version, on a line that states it.
fn version(line: &str) -> Option<&str> {
    let stated = line.strip_prefix("version:")?.trim();
    stated.split(' ').next().map(|version| version.trim_matches(['"', '\'']))
}

/// `version: 1.2.3` becomes `version: 1.2.4`; `appVersion` stays.
fn next_version(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for line in text.split_inclusive('\n') {
        match version(line) {
            Some(version) => {
                let core = version.split(['-', '+']).next().unwrap_or(version);
                let (before, patch) = core.rsplit_once('.').unwrap_or((core, ""));
                let patch = patch.parse::<u64>().map_or(1, |patch| patch.saturating_add(1));
                out.push_str(&format!("version: {before}.{patch}\n"));
            }
            None => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_charts_own_version_rises() {
        let text =
            "name: web\nversion: \"1.2.9-rc.1\" # x\nappVersion: 1.2.9\ndependencies:\n- version: 1.2.9\n";
        let expected = "name: web\nversion: 1.2.10\nappVersion: 1.2.9\ndependencies:\n- version: 1.2.9\n";
        assert_eq!(next_version(text), expected);
    }

    #[test]
    fn an_archive_has_no_copy() {
        assert!(NextVersion::of(Path::new("web-1.0.0.tgz")).directory().is_none());
    }
}
