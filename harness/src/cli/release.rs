//! `gift release`: what changed since the last version, and the version that this demands.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use super::progress::Progress;
use super::renderer::RendererArguments;
use gift_harness::matrix::Matrix;
use gift_harness::release::{self, Bump, Event, Location, Options, Preparation, Review, version};
use gift_harness::run::Plan;
use semver::Version;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Compare with the version published last, and tell which version what changed demands
///
/// Compared are the values schema, what every cell of the matrix renders, and the policies. Each change is told with
/// its place and the part of the version it asks for. Something that breaks is a new major version, something new a
/// minor one, all else a patch; below 1.0.0 something that breaks is a new minor version, all else a patch.
///
/// With --write the version goes into Chart.yaml, what is unreleased in the changelog becomes its section, and the
/// changes are put into Chart.yaml as Artifact Hub shows them. Nothing is committed and nothing published.
#[derive(Debug, clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  gift release --from site                                  what changed, and the version it demands
  gift release --from https://charts.example.com
  gift release --from oci://registry.example.com/charts
  gift release --from site --version 1.4.1                  may it be called so?
  gift release --from site --check                          is what Chart.yaml says enough?
  gift release --from site --write --along plugin           prepare it, and the plugin with it
  gift release --from site --quiet                          the version alone, for scripts

Environment variables:
  SOURCE_DATE_EPOCH  the day in the changelog, in seconds since 1970

Exit codes:
  0  told, or written    1  the version is less than what changed demands
  2  what was published cannot be had, or there is nothing to tell in the changelog: nothing was written
  3  the chart cannot be rendered at all"
)]
pub(crate) struct Arguments {
    /// Where versions are published: a folder, https://HOST/PATH or oci://HOST/PATH
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// The published version to compare with, instead of the last
    #[arg(long, value_name = "VERSION", value_parser = semver)]
    since: Option<Version>,
    /// The version it is to have
    #[arg(long, value_name = "VERSION", value_parser = semver)]
    version: Option<Version>,
    /// Look whether the version in Chart.yaml is enough
    #[arg(long, conflicts_with_all = ["version", "write"])]
    check: bool,
    /// Write version, changelog and what Artifact Hub shows
    #[arg(long)]
    write: bool,
    /// A further chart or plugin that goes by the same version; the folder of values does where it is a chart
    #[arg(long, value_name = "FOLDER")]
    along: Vec<PathBuf>,
    /// The changelog
    #[arg(long, value_name = "FILE", default_value = "CHANGELOG.md")]
    changelog: PathBuf,
    /// What operators have to do, by version; asked for where something breaks
    #[arg(long, value_name = "FILE", default_value = "UPGRADE.md")]
    upgrade_notes: PathBuf,
    /// The matrix; it says where chart and values are
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
    /// Only cells whose id contains this; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    #[command(flatten)]
    renderer: RendererArguments,
    /// Speak to registries without TLS
    #[arg(long)]
    plain_http: bool,
}

fn semver(text: &str) -> Result<Version, String> {
    Version::parse(text)
        .map_err(|error| format!("not MAJOR.MINOR.PATCH as Semantic Versioning has it: {error}"))
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let matrix = Matrix::load(&arguments.matrix)?;
    let cells = matrix.select(&arguments.filter);
    let renderer = arguments.renderer.renderer(cells.iter().map(|cell| cell.helm))?;
    let plan = Plan { cells, renderer, ..Plan::of(&matrix)? };
    let location = Location::parse(&arguments.from, arguments.plain_http)?;
    let options = Options { plan, location, since: arguments.since.clone() };
    let mut progress = Progress::steps(terminal);
    let mut has_values = true;
    let review = release::review(&options, &mut |event| match event {
        Event::Found { title } => progress.step(&format!("comparing with {title}")),
        Event::NoValues => has_values = false,
        _ => {}
    });
    progress.finish();
    let review = review?;
    if !has_values && !terminal.quiet {
        writeln!(
            terminal.errors(),
            "note: no values were published beside the chart; both are rendered with these"
        )
        .map_err(Failure::output)?;
    }
    let wanted = arguments.version.clone().or_else(|| arguments.check.then(|| review.current.clone()));
    // Where nothing changed, what is there is what was published, and needs no other version.
    let is_same = review.published.is_some() && review.demanded().is_none();
    let is_refused = match &wanted {
        Some(_) if arguments.check && is_same => false,
        Some(wanted) => !review.allows(wanted),
        None => false,
    };
    let version = wanted.or_else(|| review.proposed());
    let mut written = Vec::new();
    if let (true, false, Some(version)) = (arguments.write, is_refused, &version) {
        let edits = release::prepare(&review, version, &preparation(arguments, &matrix))?;
        for edit in &edits {
            edit.write()?;
        }
        written.extend(edits.into_iter().map(|edit| edit.path));
    }
    let told = Told { review: &review, version: version.as_ref(), is_refused, written: &written };
    match terminal.format {
        Format::Json => writeln!(terminal.output(), "{}", told.json()),
        _ => told.text(terminal),
    }
    .map_err(Failure::output)?;
    Ok(if is_refused { Conclusion::Findings } else { Conclusion::Good })
}

fn preparation(arguments: &Arguments, matrix: &Matrix) -> Preparation {
    let values = matrix.values_directory();
    let mut along = arguments.along.clone();
    if values.join("Chart.yaml").is_file() {
        along.insert(0, values.to_owned());
    }
    Preparation {
        chart: matrix.chart().to_owned(),
        along,
        changelog: arguments.changelog.clone(),
        upgrade_notes: Some(arguments.upgrade_notes.clone()).filter(|notes| notes.is_file()),
        date: version::today(),
    }
}

struct Told<'a> {
    review: &'a Review,
    version: Option<&'a Version>,
    is_refused: bool,
    written: &'a [PathBuf],
}

impl Told<'_> {
    fn text(&self, terminal: &mut Terminal) -> io::Result<()> {
        let Review { name, published, reasons, cells, .. } = self.review;
        let is_quiet = terminal.quiet;
        let out = terminal.output();
        if !is_quiet {
            for reason in reasons {
                writeln!(out, "{:<5}  {}\n       {}", reason.bump, reason.message, reason.place)?;
            }
            match (published, self.review.demanded(), self.review.bump()) {
                (None, ..) => writeln!(out, "no version of {name} was published there yet")?,
                (Some(published), Some(demanded), Some(bump)) => {
                    let rule = version::rule(published, bump);
                    let count = |bump| reasons.iter().filter(|reason| reason.bump == bump).count();
                    let [major, minor, patch] = [Bump::Major, Bump::Minor, Bump::Patch].map(count);
                    writeln!(
                        out,
                        "{name} {published} -> {demanded}: {rule} ({major} major, {minor} minor, {patch} patch, in {cells} cells)"
                    )?;
                }
                (Some(published), ..) => writeln!(out, "{name} is as it was published, as {published}")?,
            }
        }
        if self.is_refused {
            let wanted = self.version.map(ToString::to_string).unwrap_or_default();
            let least = self.review.demanded().map(|version| version.to_string());
            let least = least.unwrap_or_else(|| "a version behind the published one".to_owned());
            return writeln!(
                terminal.errors(),
                "error: {wanted} is refused: what changed demands {least} at least"
            );
        }
        if let Some(version) = self.version {
            writeln!(out, "{}{version}", if is_quiet { "" } else { "version: " })?;
        }
        for path in self.written.iter().filter(|_| !is_quiet) {
            writeln!(out, "wrote {}", plain(path))?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let text = |version: Option<&Version>| version.map(ToString::to_string);
        let reasons: Vec<_> = self
            .review
            .reasons
            .iter()
            .map(|reason| {
                serde_json::json!({
                    "bump": reason.bump.name(), "area": reason.area.name(), "place": reason.place,
                    "message": reason.message,
                })
            })
            .collect();
        serde_json::json!({
            "version": 1, "name": self.review.name, "published": text(self.review.published.as_ref()),
            "bump": self.review.bump().map(Bump::name), "demanded": text(self.review.demanded().as_ref()),
            "release": text(self.version), "refused": self.is_refused, "cells": self.review.cells,
            "reasons": reasons, "written": self.written.iter().map(|path| plain(path)).collect::<Vec<_>>(),
        })
    }
}

/// A path without the detour over the matrix's folder.
fn plain(path: &Path) -> String {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if out.file_name().is_some() => drop(out.pop()),
            other => out.push(other),
        }
    }
    out.display().to_string()
}
