//! For code scanning: SARIF 2.1.0.
//!
//! The structs are the part of the format that is written here, after the OASIS standard
//! "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Depends on the report's data alone.

use super::{Place, Run, Verdict, object_name};
use crate::rules::Rule;
use gift_plugin::protocol::{Finding, Severity};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<ReportingDescriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Text<'a>>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text<'static>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties<'a>>,
}

#[derive(Serialize)]
struct Properties<'a> {
    cell: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

/// Writes the log of one stream's verdict.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    let findings: Vec<_> = verdict.findings.iter().map(|finding| (finding, None)).collect();
    let notes = verdict.notes.iter().map(|note| ("note", note.clone())).collect();
    write(out, &findings, notes, &verdict.place, verdict.rules)
}

/// Writes the log of a run; each result names its cell in `properties`.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let findings: Vec<_> = run
        .cells
        .iter()
        .flat_map(|cell| cell.findings.iter().map(|finding| (finding, Some(cell.id.as_str()))))
        .collect();
    let failures = run
        .cells
        .iter()
        .filter_map(|cell| cell.failure.as_ref().map(|failure| ("error", format!("{}: {failure}", cell.id))));
    let place = Place::Rendered { chart_directory: run.chart_directory };
    write(out, &findings, failures.collect(), &place, run.rules)
}

fn write(
    out: &mut impl Write,
    findings: &[(&Finding, Option<&str>)],
    notifications: Vec<(&'static str, String)>,
    place: &Place<'_>,
    rules: &[Rule],
) -> io::Result<()> {
    let mut descriptors: Vec<_> = rules.iter().map(describe).collect();
    for (finding, _) in findings {
        if !descriptors.iter().any(|descriptor| descriptor.id == finding.rule) {
            descriptors.push(undescribed(finding));
        }
    }
    let results =
        findings.iter().map(|&(finding, cell)| result(finding, cell, place, &descriptors)).collect();
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [SarifRun {
            tool: Tool {
                driver: Driver {
                    name: "gift",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: descriptors,
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: !notifications.iter().any(|(level, _)| *level == "error"),
                tool_execution_notifications: notifications
                    .into_iter()
                    .map(|(level, message)| Notification { level, message: Text { text: message.into() } })
                    .collect(),
            }],
            results,
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn describe(rule: &Rule) -> ReportingDescriptor<'_> {
    let text = |text: &'_ str| (!text.is_empty()).then(|| Text { text: text.to_owned().into() });
    ReportingDescriptor {
        id: &rule.id,
        name: rule.number.as_deref(),
        short_description: text(&rule.title),
        full_description: text(&rule.reason),
        help: text(&rule.remedy),
        default_configuration: Configuration { level: level(rule.severity) },
    }
}

fn undescribed(finding: &Finding) -> ReportingDescriptor<'_> {
    ReportingDescriptor {
        id: &finding.rule,
        name: None,
        short_description: None,
        full_description: None,
        help: (!finding.help.is_empty()).then(|| Text { text: finding.help.as_str().into() }),
        default_configuration: Configuration { level: level(finding.severity) },
    }
}

fn result<'a>(
    finding: &'a Finding,
    cell: Option<&'a str>,
    place: &Place<'_>,
    descriptors: &[ReportingDescriptor<'_>],
) -> SarifResult<'a> {
    let object = object_name(&finding.object);
    let name = [object.as_str(), finding.path.as_str()];
    let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let help = if finding.help.is_empty() { String::new() } else { format!("\n{}", finding.help) };
    let physical_location = place.file_of(finding).map(|(file, counted_in_file)| PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(&file) },
        region: (counted_in_file && finding.line > 0)
            .then(|| Region { start_line: finding.line, start_column: finding.column.max(1) }),
    });
    let fingerprint = format!("{}/{}/{name}", finding.rule, finding.object.api_version);
    SarifResult {
        rule_id: &finding.rule,
        rule_index: descriptors
            .iter()
            .position(|descriptor| descriptor.id == finding.rule)
            .unwrap_or_default(),
        level: level(finding.severity),
        message: Text { text: format!("{name}: {}{help}", finding.message).into() },
        locations: [Location {
            physical_location,
            logical_locations: [LogicalLocation { fully_qualified_name: name.clone(), kind: "resource" }],
        }],
        partial_fingerprints: BTreeMap::from([("ruleObjectPath/v1", fingerprint)]),
        properties: cell.map(|cell| Properties { cell }),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative or `file:` URI reference, everything but unreserved characters and `/`
/// percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;
    use serde_json::Value;
    use std::time::Duration;

    fn log(findings: &[Finding], place: Place<'_>) -> Value {
        let (statistics, rules) = (examples::statistics(), examples::rules());
        let notes = ["a remark".to_owned()];
        let verdict = Verdict { findings, notes: &notes, statistics: &statistics, place, rules: &rules };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// What the standard asks for and its schema does not say, which the integration tests hold logs against.
    fn assert_consistent(log: &Value) {
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: std::collections::BTreeSet<_> = rules.iter().map(|rule| rule["id"].to_string()).collect();
        assert_eq!(ids.len(), rules.len(), "rules are unique");
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn a_file_s_findings_have_regions() {
        let log = log(&examples::findings(), Place::File("out/my shop.yaml"));
        assert_consistent(&log);
        // How many rules stand in front of it says nothing.
        let result = &log["runs"][0]["results"][0];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        insta::assert_json_snapshot!(result, {".ruleIndex" => "[index]"}, @r#"
{
  "level": "error",
  "locations": [
    {
      "logicalLocations": [
        {
          "fullyQualifiedName": "Deployment cart: spec.template.spec.containers[0].image",
          "kind": "resource"
        }
      ],
      "physicalLocation": {
        "artifactLocation": {
          "uri": "out/my%20shop.yaml"
        },
        "region": {
          "startColumn": 18,
          "startLine": 12
        }
      }
    }
  ],
  "message": {
    "text": "Deployment cart: spec.template.spec.containers[0].image: container cart: the image tag is latest\nState the version, as in `shop/cart:2.1`."
  },
  "partialFingerprints": {
    "ruleObjectPath/v1": "pinned-image-tag/apps/v1/Deployment cart: spec.template.spec.containers[0].image"
  },
  "ruleId": "pinned-image-tag",
  "ruleIndex": "[index]"
}
"#);
        insta::assert_json_snapshot!(log["runs"][0]["tool"]["driver"]["rules"][index], @r#"
{
  "defaultConfiguration": {
    "level": "error"
  },
  "fullDescription": {
    "text": "What runs must be known."
  },
  "help": {
    "text": "State the version."
  },
  "id": "pinned-image-tag",
  "name": "P7",
  "shortDescription": {
    "text": "images have a version tag"
  }
}
"#);
    }

    #[test]
    fn a_stream_s_findings_are_at_their_template() {
        let log = log(&examples::findings(), Place::Rendered { chart_directory: Some("chart") });
        assert_consistent(&log);
        insta::assert_json_snapshot!(
            log["runs"][0]["results"][2]["locations"][0]["physicalLocation"], @r#"
{
  "artifactLocation": {
    "uri": "chart/templates/secret.yaml"
  }
}
"#);
    }

    #[test]
    fn a_rule_nobody_described_is_still_listed() {
        let mut finding = examples::findings().remove(0);
        finding.rule = "selector-matches".into();
        finding.object = Default::default();
        finding.source = String::new();
        finding.line = 0;
        let log = log(&[finding], Place::Rendered { chart_directory: None });
        assert_consistent(&log);
        assert!(log["runs"][0]["results"][0]["locations"][0].get("physicalLocation").is_none());
    }

    #[test]
    fn a_run_tells_cells_and_failures() {
        let (cells, rules) = (examples::cells(), examples::rules());
        let run = Run { cells: &cells, duration: Duration::ZERO, chart_directory: None, rules: &rules };
        let mut out = Vec::new();
        write_run(&mut out, &run).unwrap();
        let log: Value = serde_json::from_slice(&out).unwrap();
        assert_consistent(&log);
        assert_eq!(log["runs"][0]["results"][0]["properties"]["cell"], "shop/prod helm4 k8s1.34");
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }
}
