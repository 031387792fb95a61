//! What is found in public charts, rendered with their own values and those their authors test them with, is
//! what `docs/public-charts.md` lists, and every rule there has an explanation.

use crate::public_charts::{PublicChart, public_charts};
use crate::workplace::repository;
use gift_harness::assertions::{self, Context};
use gift_harness::objects::Objects;
use gift_harness::policies::PolicySelection;
use gift_harness::post_render::{PostRenderOptions, PostRenderer};
use gift_harness::render::{HelmVersion, HelmWorker, RenderRequest, Renderer};
use gift_harness::sandbox::SandboxLimits;
use gift_harness::schema::Schemas;
use gift_plugin::protocol::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Above each table of the page.
const HEAD: &str = "| Chart | Template | Object | Path | What is said |\n|---|---|---|---|---|\n";

const NAMESPACE: &str = "apps";

/// Where something was found, by rule: chart, template, kind and path. Names are left out, for some charts
/// make them by chance.
type Places = BTreeMap<String, BTreeMap<[String; 4], String>>;

#[test]
fn what_is_found_in_public_charts_is_listed_and_explained() {
    let found = found();
    let page = repository().join("docs/public-charts.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (introduction, sections) = read(&text);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&page, written(introduction, &sections, &found)).unwrap();
        return;
    }
    let listed: BTreeMap<&str, BTreeSet<&[String; 4]>> =
        sections.iter().map(|(rule, section)| (rule.as_str(), section.places.keys().collect())).collect();
    let found: BTreeMap<&str, BTreeSet<&[String; 4]>> =
        found.iter().map(|(rule, places)| (rule.as_str(), places.keys().collect())).collect();
    assert_eq!(found, listed, "UPDATE_EXPECT=1 with this test writes docs/public-charts.md anew");
    for (rule, section) in &sections {
        assert!(!section.explanation.is_empty(), "docs/public-charts.md does not explain {rule}");
    }
}

/// Renders every chart and looks at what it gives.
fn found() -> Places {
    let worker = HelmWorker::new().unwrap();
    let post_renderer = PostRenderer::with_limits(SandboxLimits::default()).unwrap();
    let options = PostRenderOptions {
        encode: false,
        policies: PolicySelection::None,
        namespace: NAMESPACE.to_owned(),
        ..PostRenderOptions::default()
    };
    let schemas = Schemas::default();
    let context = Context { namespace: Some(NAMESPACE), schemas: Some(&schemas), ..Context::default() };
    let modules = modules();
    let (mut places, mut renderings) = (Places::new(), 0);
    for chart in public_charts() {
        let name = name(&chart, &modules);
        for values in std::iter::once(None).chain(chart.values.iter().map(Some)) {
            let mut request = RenderRequest::new(&chart.directory);
            request.helm = HelmVersion::V4;
            request.release = "release".to_owned();
            request.namespace = NAMESPACE.to_owned();
            request.include_crds = true;
            request.values_files.extend(values.cloned());
            // Some values are there to be refused, and some charts want dependencies nobody has.
            let Ok(rendered) = worker.render(&request) else { continue };
            if rendered.stream.trim_ascii().is_empty() {
                continue;
            }
            renderings += 1;
            let mut findings = post_renderer.run(&rendered.stream, &options).unwrap().report.findings;
            if let Ok(objects) = Objects::read(&rendered.stream) {
                findings.extend(assertions::check(&objects, &context));
            }
            for finding in findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
                let of_rule = places.entry(finding.rule.clone()).or_default();
                of_rule.entry(place(&name, finding)).or_insert_with(|| finding.message.clone());
            }
        }
    }
    assert!(renderings >= 200, "only {renderings} renderings");
    places
}

fn place(chart: &str, finding: &Finding) -> [String; 4] {
    // The first part is the chart's own name.
    let template = finding.source.split_once('/').map_or("", |(_, template)| template);
    let kind = finding.object.kind.clone();
    [chart.to_owned(), template.to_owned(), kind, finding.path.clone()]
}

/// The folder of Go's modules.
fn modules() -> PathBuf {
    let output = Command::new("go").args(["env", "GOMODCACHE"]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// A chart's module, version and folder.
fn name(chart: &PublicChart, modules: &Path) -> String {
    chart.directory.strip_prefix(modules).unwrap().display().to_string()
}

/// One rule of the page.
#[derive(Default)]
struct Section {
    explanation: String,
    places: BTreeMap<[String; 4], String>,
}

/// The page: what stands before the first rule, and the rules.
fn read(text: &str) -> (&str, BTreeMap<String, Section>) {
    let (introduction, rest) = text.split_once("\n## ").unwrap_or((text, ""));
    let sections = rest.split("\n## ").filter(|section| !section.is_empty()).map(|section| {
        let (rule, body) = section.split_once('\n').unwrap();
        let (explanation, rows) = body.split_once(HEAD).unwrap_or((body, ""));
        let places = rows.lines().filter(|row| row.starts_with('|')).map(|row| {
            let cells: Vec<_> =
                row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            let [chart, template, kind, path, said] = cells.try_into().unwrap();
            ([chart, template, kind, path], said)
        });
        let section = Section { explanation: explanation.trim().to_owned(), places: places.collect() };
        (rule.trim_matches('`').to_owned(), section)
    });
    (introduction, sections.collect())
}

/// The page with the places there are now; what is said is what was said before, where the place is known.
fn written(introduction: &str, sections: &BTreeMap<String, Section>, found: &Places) -> String {
    let mut text = introduction.trim_end().to_owned();
    let unknown = Section::default();
    for (rule, places) in found {
        let known = sections.get(rule).unwrap_or(&unknown);
        text.push_str(&format!("\n\n## `{rule}`\n\n{}\n\n{HEAD}", known.explanation));
        for (place, said) in places {
            let said = known.places.get(place).unwrap_or(said).replace('|', "/").replace('\n', " ");
            text.push_str(&format!("| {} | {said} |\n", place.join(" | ")));
        }
        text.truncate(text.trim_end().len());
    }
    text.push('\n');
    text
}
