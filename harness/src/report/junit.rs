//! For CI servers: JUnit XML, a test case for each cell or for each object that breaks a rule.
//!
//! Elements and attributes are those that the schema of Jenkins' xUnit plugin knows, which is closed.
//! Depends on the report's data alone.

use super::{Run, Verdict, object_name, text};
use crate::rules::Rule;
use gift_plugin::protocol::{Finding, Severity};
use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

/// Writes a test case for each object with findings, or one for the stream as a whole, so that a
/// clean stream has a case that passes.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    let mut objects: Vec<(String, Vec<&Finding>)> = Vec::new();
    for finding in verdict.findings {
        let name = object_name(&finding.object);
        match objects.iter_mut().find(|(known, _)| *known == name) {
            Some((_, findings)) => findings.push(finding),
            None => objects.push((name, vec![finding])),
        }
    }
    if objects.is_empty() {
        objects.push((String::new(), Vec::new()));
    }
    let case = |(name, findings): &(String, Vec<&Finding>)| Case {
        name: if name.is_empty() { "stream".to_owned() } else { name.clone() },
        class: "gift.check",
        time: None,
        outcome: Outcome::of(findings, None, verdict.rules),
    };
    write(out, "gift check", None, &objects.iter().map(case).collect::<Vec<_>>())
}

/// Writes a test case for each cell.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let cases = run.cells.iter().map(|cell| Case {
        name: cell.id.clone(),
        class: "gift.test",
        time: Some(cell.duration),
        outcome: Outcome::of(&cell.findings.iter().collect::<Vec<_>>(), cell.failure.as_deref(), run.rules),
    });
    write(out, "gift test", Some(run.duration), &cases.collect::<Vec<_>>())
}

struct Case {
    name: String,
    class: &'static str,
    time: Option<Duration>,
    outcome: Outcome,
}

enum Outcome {
    Passed {
        /// What was found all the same.
        told: String,
    },
    /// Something is wrong.
    Failure { message: String, rule: String, told: String },
    /// There was nothing to look at.
    Error { message: String },
}

impl Outcome {
    fn of(findings: &[&Finding], failure: Option<&str>, rules: &[Rule]) -> Self {
        if let Some(failure) = failure {
            return Self::Error { message: failure.to_owned() };
        }
        let mut told = Vec::new();
        for finding in findings {
            // Writing to memory does not fail.
            let _ = text::write_finding(&mut told, finding, None, rules, text::Appearance::default());
        }
        let told = String::from_utf8_lossy(&told).into_owned();
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        match (errors.next(), errors.count()) {
            (None, _) => Self::Passed { told },
            (Some(first), more) => {
                let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                Self::Failure { message: format!("{}{more}", first.message), rule: first.rule.clone(), told }
            }
        }
    }
}

fn write(out: &mut impl Write, name: &str, time: Option<Duration>, cases: &[Case]) -> io::Result<()> {
    let failures = cases.iter().filter(|case| matches!(case.outcome, Outcome::Failure { .. })).count();
    let errors = cases.iter().filter(|case| matches!(case.outcome, Outcome::Error { .. })).count();
    let counts =
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"{}", cases.len(), seconds(time));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="gift" {counts}>"#)?;
    writeln!(out, r#"    <testsuite name="{}" {counts}>"#, attribute(name))?;
    for case in cases {
        write_case(out, case)?;
    }
    writeln!(out, "    </testsuite>\n</testsuites>")
}

fn write_case(out: &mut impl Write, case: &Case) -> io::Result<()> {
    let (name, time) = (attribute(&case.name), seconds(case.time));
    write!(out, r#"        <testcase name="{name}" classname="{}"{time}"#, case.class)?;
    match &case.outcome {
        Outcome::Passed { told } if told.is_empty() => return writeln!(out, "/>"),
        Outcome::Passed { told } => {
            write!(out, ">\n            <system-out>{}</system-out>", escaped(told))?;
        }
        Outcome::Failure { message, rule, told } => {
            let (message, rule, told) = (attribute(message), attribute(rule), escaped(told));
            write!(out, ">\n            <failure message=\"{message}\" type=\"{rule}\">{told}</failure>")?;
        }
        Outcome::Error { message } => {
            write!(out, ">\n            <error message=\"{}\" type=\"render\"/>", attribute(message))?;
        }
    }
    writeln!(out, "\n        </testcase>")
}

fn seconds(time: Option<Duration>) -> String {
    time.map(|time| format!(" time=\"{:.3}\"", time.as_secs_f64())).unwrap_or_default()
}

/// The text as it may stand in an attribute, where a reader takes a line break for a space.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;")
}

/// The text as it may stand between tags.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = |character: char| {
        matches!(character, '<' | '>' | '&' | '"' | '\u{fffe}' | '\u{ffff}') || character.is_control()
    };
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push('\n'),
            '\r' => escaped.push_str("&#13;"),
            // XML has no way to write them.
            other if special(other) => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Place, examples};
    use std::time::Duration;

    #[test]
    fn objects_are_test_cases() {
        let (findings, statistics, rules) = (examples::findings(), examples::statistics(), examples::rules());
        let place = Place::File("x.yaml");
        let verdict =
            Verdict { findings: &findings, notes: &[], statistics: &statistics, place, rules: &rules };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gift" tests="2" failures="2" errors="0">
    <testsuite name="gift check" tests="2" failures="2" errors="0">
        <testcase name="Deployment cart" classname="gift.check">
            <failure message="container cart: the image tag is latest" type="pinned-image-tag">error[P7 pinned-image-tag]: container cart: the image tag is latest
 --&gt; shop/templates/deployment.yaml (12:18 of the stream)
  = Deployment cart: spec.template.spec.containers[0].image
  = help: State the version, as in `shop/cart:2.1`.
warning[no-sensitive-env]: TOKEN looks like a secret
 --&gt; shop/templates/deployment.yaml (15:22 of the stream)
  = Deployment cart: spec.template.spec.containers[0].env[0].value
</failure>
        </testcase>
        <testcase name="Secret prod/cart-secret" classname="gift.check">
            <failure message="the value is not Base64" type="secret-data-base64">error[P10 secret-data-base64]: the value is not Base64
 --&gt; shop/templates/secret.yaml (23:13 of the stream)
  = Secret prod/cart-secret: data.PASSWORD
  = help: Encode it, or use stringData.
</failure>
        </testcase>
    </testsuite>
</testsuites>
"#);
    }

    #[test]
    fn a_clean_stream_has_a_case_that_passes() {
        let statistics = examples::statistics();
        let place = Place::File("x.yaml");
        let verdict = Verdict { findings: &[], notes: &[], statistics: &statistics, place, rules: &[] };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict).unwrap();
        assert!(String::from_utf8(out).unwrap().contains(r#"tests="1" failures="0" errors="0""#));
    }

    #[test]
    fn cells_are_test_cases() {
        let (cells, rules) = (examples::cells(), examples::rules());
        let run =
            Run { cells: &cells, duration: Duration::from_millis(400), chart_directory: None, rules: &rules };
        let mut out = Vec::new();
        write_run(&mut out, &run).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#"tests="3" failures="1" errors="1""#), "{text}");
        assert!(
            text.contains(r#"<error message="Helm could not render: no such value" type="render""#),
            "{text}"
        );
    }
}
