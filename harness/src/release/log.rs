//! A changelog as [Keep a Changelog](https://keepachangelog.com) has it: what is unreleased becomes a version.
//!
//! Every other byte of the file stays. Depends on nothing but [`semver`].

use semver::Version;

/// What a section's heading says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// What is in no release yet.
    Unreleased,
    /// What came with a version.
    Version(Version),
}

/// A section of second order: a version and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which.
    pub kind: SectionKind,
    /// The line of its heading, from 1.
    pub line: usize,
    /// What stands in it, without the heading.
    pub text: String,
}

/// One change, as Artifact Hub shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `added`, `changed`, `deprecated`, `removed`, `fixed` or `security`.
    pub kind: &'static str,
    /// What changed.
    pub description: String,
}

const KINDS: [&str; 6] = ["added", "changed", "deprecated", "removed", "fixed", "security"];

impl Section {
    /// The sections of a file.
    ///
    /// ```
    /// use gift_harness::release::{Section, SectionKind};
    ///
    /// let sections = Section::all("# Changes\n\n## [Unreleased]\n- a\n\n## 1.0.0 - 2026-01-02\n- b\n");
    /// assert_eq!(sections[0].kind, SectionKind::Unreleased);
    /// assert_eq!(sections[1].kind, SectionKind::Version("1.0.0".parse().unwrap()));
    /// assert_eq!(sections[1].text, "- b\n");
    /// ```
    #[must_use]
    pub fn all(text: &str) -> Vec<Self> {
        let mut sections: Vec<Self> = Vec::new();
        let mut is_open = false;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            match line.strip_prefix("## ") {
                Some(title) => {
                    let kind = kind(title);
                    is_open = kind.is_some();
                    sections.extend(kind.map(|kind| Self { kind, line: index + 1, text: String::new() }));
                }
                None => {
                    if let Some(section) = sections.last_mut().filter(|_| is_open) {
                        section.text.push_str(line);
                    }
                }
            }
        }
        sections
    }

    /// The section of a version, or of what is in none.
    #[must_use]
    pub fn find(text: &str, kind: &SectionKind) -> Option<Self> {
        Self::all(text).into_iter().find(|section| section.kind == *kind)
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'))
    }

    /// Its changes, one for each item of the lists below `### Added` and the like.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut kind = "changed";
        let mut is_in_item = false;
        for line in self.text.lines() {
            if let Some(title) = line.strip_prefix("### ") {
                let title = title.trim().to_lowercase();
                kind = KINDS.into_iter().find(|known| *known == title).unwrap_or("changed");
                is_in_item = false;
            } else if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
                entries.push(Entry { kind, description: item.trim().to_owned() });
                is_in_item = true;
            } else if line.trim().is_empty() || !line.starts_with(' ') {
                is_in_item = false;
            } else if let Some(entry) = entries.last_mut().filter(|_| is_in_item) {
                entry.description.push(' ');
                entry.description.push_str(line.trim());
            }
        }
        entries
    }
}

fn kind(title: &str) -> Option<SectionKind> {
    let word = title.split_whitespace().next()?.trim_start_matches('[').trim_end_matches(']');
    if word.eq_ignore_ascii_case("unreleased") {
        return Some(SectionKind::Unreleased);
    }
    Version::parse(word.trim_start_matches('v')).ok().map(SectionKind::Version)
}

/// The file with what was unreleased as a version. `date` stands behind it where it is given.
///
/// `None` when there is no section of what is unreleased.
pub(super) fn released(text: &str, version: &Version, date: Option<&str>) -> Option<String> {
    let section = Section::find(text, &SectionKind::Unreleased)?;
    let mut out = String::with_capacity(text.len() + 64);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        out.push_str(line);
        if index + 1 == section.line {
            let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
            let name = if line.contains('[') { format!("[{version}]") } else { version.to_string() };
            let date = date.map(|date| format!(" - {date}")).unwrap_or_default();
            out.push_str(&format!("{end}## {name}{date}{end}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "# Changelog\n\n## Unreleased\n\n### Added\n\n- One thing\n  on two lines.\n- Another.\n\n### Fixed\n\n- A mistake.\n\n## 0.1.0 - 2026-01-01\n\n### Added\n\n- All.\n";

    #[test]
    fn what_is_unreleased_becomes_a_version_and_everything_else_stays() {
        let text = released(LOG, &Version::new(0, 2, 0), Some("2026-02-03")).unwrap();
        assert_eq!(text, LOG.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-02-03\n"));
        let sections = Section::all(&text);
        assert!(sections[0].is_empty() && !sections[1].is_empty());
        assert_eq!(sections[1].entries().len(), 3);
        let linked = LOG.replace("## Unreleased", "## [Unreleased]");
        assert!(released(&linked, &Version::new(0, 2, 0), None).unwrap().contains("\n## [0.2.0]\n"));
        assert_eq!(released("# Changelog\n", &Version::new(0, 2, 0), None), None);
    }

    #[test]
    fn items_are_changes_of_the_kind_they_stand_under() {
        let entries = Section::find(LOG, &SectionKind::Unreleased).unwrap().entries();
        let told: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.description.as_str())).collect();
        assert_eq!(
            told,
            [("added", "One thing on two lines."), ("added", "Another."), ("fixed", "A mistake.")]
        );
    }
}
