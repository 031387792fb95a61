//! What a release writes, and the notes of this project.

use super::Project;
use crate::workplace::repository;
use gift_harness::publish::Package;
use gift_harness::release::{Section, SectionKind};
use std::fs;

const FILES: [&str; 4] = ["chart/Chart.yaml", "values/Chart.yaml", "CHANGELOG.md", "UPGRADE.md"];

#[test]
fn a_release_is_written_and_can_be_published() {
    let project = Project::published("1.4.2");
    project.replace("chart/values.schema.json", "\"large\"]", "\"large\", \"huge\"]");
    project.write("plugin/plugin.yaml", "apiVersion: v1\nname: shop\nversion: 1.4.2\n");
    let mut command = project.bench.command(crate::workplace::gift());
    command
        .env("SOURCE_DATE_EPOCH", "1770000000")
        .env("GIFT_CACHE", gift_harness::directories::cache().unwrap());
    let output =
        command.args(["release", "--from", "site", "--write", "--along", "plugin"]).output().unwrap();
    let printed = super::text(&output.stdout);
    assert!(output.status.success(), "{}", super::text(&output.stderr));
    assert!(printed.ends_with("version: 1.5.0\nwrote CHANGELOG.md\nwrote chart/Chart.yaml\nwrote values/Chart.yaml\nwrote plugin/plugin.yaml\n"), "{printed}");
    let log = project.read("CHANGELOG.md");
    assert!(
        log.starts_with("# Changelog\n\n## Unreleased\n\n## 1.5.0 - 2026-02-02\n\n### Changed\n"),
        "{log}"
    );
    let chart = project.read("chart/Chart.yaml");
    assert!(chart.contains("version: 1.5.0\n"), "{chart}");
    assert!(
        chart.contains("    - kind: changed\n      description: What is told to whoever reads it.\n"),
        "{chart}"
    );
    for folder in ["chart", "values", "plugin"] {
        assert_eq!(Package::of(project.bench.path(folder)).unwrap().metadata.version.to_string(), "1.5.0");
    }
    // A second run has nothing to do, and says the same.
    let (code, stdout, stderr) = project.release(&["--write"]);
    assert!(code == 0 && stdout.ends_with("version: 1.5.0\n"), "{stdout}{stderr}");
    project.publish();
    assert_eq!(project.release(&["--check"]).0, 0);
}

#[test]
fn what_is_refused_or_not_told_leaves_every_file_as_it_was() {
    let project = Project::published("1.4.2");
    project.replace("chart/values.schema.json", "[\"integer\", \"null\"]", "\"integer\"");
    let before = FILES.map(|file| project.read(file));
    let (code, _, _) = project.release(&["--write", "--version", "1.5.0"]);
    assert_eq!((code, FILES.map(|file| project.read(file))), (1, before.clone()));
    // What breaks is told to whoever upgrades.
    let (code, _, stderr) = project.release(&["--write"]);
    assert!(code == 2 && stderr.contains("UPGRADE.md: something breaks"), "{stderr}");
    assert_eq!(FILES.map(|file| project.read(file)), before);
    project.write("UPGRADE.md", "# Upgrades\n\n## Unreleased\n\nState how many replicas there are.\n");
    project.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n");
    let (code, _, stderr) = project.release(&["--write"]);
    assert!(
        code == 2 && stderr.contains("CHANGELOG.md: there is no section `## Unreleased` with what changed"),
        "{stderr}"
    );
    assert_eq!(project.read("chart/Chart.yaml"), before[0]);
    project.write("CHANGELOG.md", super::LOG);
    let (code, _, stderr) = project.release(&["--write"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(project.read("UPGRADE.md").contains("## Unreleased\n\n## 2.0.0\n\nState how many"));
}

/// Whoever upgrades finds what to do, for each version there is.
#[test]
fn every_version_has_notes_for_whoever_upgrades() {
    let read = |name: &str| fs::read_to_string(repository().join(name)).unwrap();
    let (log, notes) = (read("CHANGELOG.md"), read("UPGRADE.md"));
    let current = Package::of(repository().join("chart")).unwrap().metadata.version;
    let mut versions: Vec<SectionKind> = Section::all(&log).into_iter().map(|section| section.kind).collect();
    versions.retain(|kind| *kind != SectionKind::Unreleased);
    versions.push(SectionKind::Version(current));
    for version in versions {
        let section = Section::find(&notes, &version);
        let section = section.unwrap_or_else(|| panic!("UPGRADE.md says nothing of {version:?}"));
        assert!(!section.is_empty(), "UPGRADE.md:{}: {version:?} is empty", section.line);
    }
}

/// What goes by one version in this project has one.
#[test]
fn chart_values_plugin_and_command_are_of_one_version() {
    let versions = ["chart", "values", "plugin"]
        .map(|folder| Package::of(repository().join(folder)).unwrap().metadata.version.to_string());
    assert_eq!(versions, [env!("CARGO_PKG_VERSION"); 3]);
}
