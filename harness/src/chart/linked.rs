//! A chart with another `Chart.yaml`, made for a moment.

use std::io;
use std::path::Path;
use std::time::SystemTime;
use tempfile::TempDir;

/// A folder with everything a chart has, and this text for its `Chart.yaml`. It is as old as the chart: what was
/// changed a moment ago is read again each time it is needed.
pub(crate) fn linked(chart: &Path, chart_file: &str) -> io::Result<TempDir> {
    let copy = tempfile::Builder::new().prefix("gift-chart-").tempdir()?;
    let chart = chart.canonicalize()?;
    for entry in std::fs::read_dir(&chart)? {
        let entry = entry?;
        let target = copy.path().join(entry.file_name());
        if entry.file_name() == "Chart.yaml" {
            std::fs::write(&target, chart_file)?;
            std::fs::File::options()
                .append(true)
                .open(&target)?
                .set_modified(entry.metadata()?.modified()?)?;
        } else {
            link(&entry.path(), &target)?;
        }
    }
    set_folder_modified(copy.path(), chart.metadata()?.modified()?)?;
    Ok(copy)
}

#[cfg(unix)]
fn set_folder_modified(folder: &Path, time: SystemTime) -> io::Result<()> {
    std::fs::File::open(folder)?.set_modified(time)
}

/// Elsewhere a folder is no file.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
fn set_folder_modified(_: &Path, _: SystemTime) -> io::Result<()> {
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::linked;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_linked_chart_is_the_chart_and_as_old_but_for_its_chart_file() {
        let chart = tempfile::tempdir().unwrap();
        std::fs::create_dir(chart.path().join("templates")).unwrap();
        std::fs::write(chart.path().join("templates/a.yaml"), "a: 1\n").unwrap();
        std::fs::write(chart.path().join("Chart.yaml"), "version: 1.0.0\n").unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for path in [chart.path().to_owned(), chart.path().join("Chart.yaml")] {
            std::fs::File::open(path).unwrap().set_modified(then).unwrap();
        }
        let copy = linked(chart.path(), "version: 1.0.1\n").unwrap();
        let text = |name: &str| std::fs::read_to_string(copy.path().join(name)).unwrap();
        assert_eq!(
            (text("templates/a.yaml"), text("Chart.yaml")),
            ("a: 1\n".into(), "version: 1.0.1\n".into())
        );
        for path in [copy.path().to_owned(), copy.path().join("Chart.yaml")] {
            assert_eq!(path.metadata().unwrap().modified().unwrap(), then, "{}", path.display());
        }
        assert_eq!(std::fs::read_to_string(chart.path().join("Chart.yaml")).unwrap(), "version: 1.0.0\n");
    }
}
