//! What a release writes: versions, the changelog, what Artifact Hub shows, and the notes for whoever upgrades.
//!
//! Everything is made in memory first, so that what is missing leaves all files as they were. Depends on
//! [`super::log`] and [`super::chart_file`].

use super::chart_file::{with_changes, with_version};
use super::error::at;
use super::log::released;
use super::metadata::{Metadata, file_of};
use super::{Bump, ReleaseError, Review, Section, SectionKind};
use semver::Version;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is written for a version.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// The chart.
    pub chart: PathBuf,
    /// Folders of charts and plugins that go by the chart's version.
    pub along: Vec<PathBuf>,
    /// The changelog.
    pub changelog: PathBuf,
    /// What operators have to do, by version; nowhere when `None`.
    pub upgrade_notes: Option<PathBuf>,
    /// The day, as `2026-01-31`.
    pub date: String,
}

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// What is to stand in it.
    pub text: String,
}

impl Edit {
    /// Writes it, beside its place first, so that it is there whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::File`] when it cannot be written.
    pub fn write(&self) -> Result<(), ReleaseError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(self.text.as_bytes())?;
            file.as_file().set_permissions(self.path.metadata()?.permissions())?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(at(&self.path, "written"))
    }
}

/// What is to be written for a version, nothing of it written yet; files that are as they are to be are left out.
///
/// # Errors
///
/// [`ReleaseError::Text`] when the changelog does not tell what changed, or, where something breaks, the notes do not
/// tell what to do about it.
pub fn prepare(review: &Review, version: &Version, with: &Preparation) -> Result<Vec<Edit>, ReleaseError> {
    let mut edits = Vec::new();
    let read = |path: &Path| std::fs::read_to_string(path).map_err(at(path, "read"));
    let mut put = |path: PathBuf, before: &str, text: String| {
        if before != text {
            edits.push(Edit { path, text });
        }
    };
    let log = read(&with.changelog)?;
    let wrong = |path: &Path, reason: String| ReleaseError::Text { path: path.to_owned(), reason };
    let wrong_log = |reason: &str| wrong(&with.changelog, reason.to_owned());
    let (section, log_text) = section(&log, version, Some(&with.date))
        .ok_or_else(|| wrong_log("there is no section `## Unreleased` with what changed"))?;
    let unreleased = Section::find(&log_text, &SectionKind::Unreleased);
    if unreleased.is_some_and(|section| !section.is_empty()) {
        return Err(wrong_log(
            "the version has its section already, and `## Unreleased` has more: put it there",
        ));
    }
    put(with.changelog.clone(), &log, log_text);
    if let Some(path) = &with.upgrade_notes {
        let notes = read(path)?;
        match self::section(&notes, version, None) {
            Some((_, text)) => put(path.clone(), &notes, text),
            None if review.bump() == Some(Bump::Major) => {
                let reason =
                    "something breaks, and there is no section `## Unreleased` with what to do about it";
                return Err(wrong(path, reason.to_owned()));
            }
            None => {}
        }
    }
    let folders = std::iter::once(&with.chart).chain(&with.along);
    for (at, folder) in folders.enumerate() {
        let path = file_of(folder);
        let before = read(&path)?;
        // A folder that is neither is told as such.
        Metadata::of(folder)?;
        let mut text = with_version(&before, version).map_err(|reason| wrong(&path, reason))?;
        if at == 0 {
            text = with_changes(&text, &section.entries());
        }
        put(path, &before, text);
    }
    Ok(edits)
}

/// What is told of a version, and the file with it: what is unreleased becomes the version, and what was prepared
/// before stays as it is.
fn section(text: &str, version: &Version, date: Option<&str>) -> Option<(Section, String)> {
    let of_version = SectionKind::Version(version.clone());
    let unreleased = Section::find(text, &SectionKind::Unreleased).filter(|section| !section.is_empty());
    match (Section::find(text, &of_version), unreleased) {
        (Some(prepared), _) => Some((prepared, text.to_owned())),
        (None, Some(section)) => Some((section, released(text, version, date)?)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Area, Reason};
    use super::*;
    use std::fs;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
            ("plugin/plugin.yaml", "apiVersion: v1\nname: web\nversion: 0.1.0\n"),
            ("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n### Removed\n\n- It.\n"),
            ("UPGRADE.md", "# Upgrades\n"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn review(bump: Bump) -> Review {
        Review {
            name: "web".to_owned(),
            current: Version::new(0, 1, 0),
            published: Some(Version::new(0, 1, 0)),
            reasons: vec![Reason {
                bump,
                area: Area::Schema,
                place: "x".to_owned(),
                message: "y".to_owned(),
            }],
            cells: 1,
        }
    }

    fn prepared(folder: &Path, bump: Bump) -> Result<Vec<Edit>, ReleaseError> {
        let with = Preparation {
            chart: folder.join("chart"),
            along: vec![folder.join("plugin")],
            changelog: folder.join("CHANGELOG.md"),
            upgrade_notes: Some(folder.join("UPGRADE.md")),
            date: "2026-02-03".to_owned(),
        };
        prepare(&review(bump), &Version::new(0, 2, 0), &with)
    }

    #[test]
    fn a_release_is_written_once() {
        let folder = folder();
        let edits = prepared(folder.path(), Bump::Minor).unwrap();
        let names: Vec<_> =
            edits.iter().map(|edit| edit.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["CHANGELOG.md", "Chart.yaml", "plugin.yaml"]);
        edits.iter().try_for_each(Edit::write).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(
            read("CHANGELOG.md").contains("## Unreleased\n\n## 0.2.0 - 2026-02-03\n\n### Removed\n\n- It.\n")
        );
        assert!(
            read("chart/Chart.yaml")
                .contains("version: 0.2.0\nannotations:\n  artifacthub.io/changes: |\n    - kind: removed\n")
        );
        assert!(read("plugin/plugin.yaml").contains("version: 0.2.0\n"));
        assert_eq!(prepared(folder.path(), Bump::Minor).unwrap(), []);
        let more = read("CHANGELOG.md").replace("## Unreleased\n", "## Unreleased\n\n- More.\n");
        fs::write(folder.path().join("CHANGELOG.md"), more).unwrap();
        let told = prepared(folder.path(), Bump::Minor).unwrap_err().to_string();
        assert!(told.contains("has more: put it there"), "{told}");
    }

    #[test]
    fn what_breaks_is_told_to_whoever_upgrades_or_nothing_is_written() {
        let folder = folder();
        let told = prepared(folder.path(), Bump::Major).unwrap_err().to_string();
        assert!(told.contains("UPGRADE.md: something breaks"), "{told}");
        fs::write(folder.path().join("UPGRADE.md"), "# Upgrades\n\n## Unreleased\n\nTake care.\n").unwrap();
        let edits = prepared(folder.path(), Bump::Major).unwrap();
        assert!(
            edits.iter().any(|edit| edit.text.contains("## Unreleased\n\n## 0.2.0\n\nTake care.")),
            "{edits:?}"
        );
    }

    #[test]
    fn a_changelog_that_tells_nothing_is_refused() {
        let folder = folder();
        fs::write(folder.path().join("CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n### Added\n").unwrap();
        let told = prepared(folder.path(), Bump::Patch).unwrap_err().to_string();
        assert!(told.contains("no section `## Unreleased` with what changed"), "{told}");
    }
}
