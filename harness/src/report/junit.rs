//! For CI servers: JUnit XML, a test case for each cell or for each rule that was broken.
//!
//! Depends on the report's data and on quick-junit, which knows the format.

use super::{Run, Verdict, object_name, text};
use crate::rules::Rule;
use gift_plugin::protocol::{Finding, Severity};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};

/// Writes a test case for each object with findings, and one for the stream as a whole, so that a
/// clean stream has a case that passes.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    let mut suite = TestSuite::new("gift check");
    let mut objects: Vec<(String, Vec<&Finding>)> = Vec::new();
    for finding in verdict.findings {
        let name = object_name(&finding.object);
        match objects.iter_mut().find(|(known, _)| *known == name) {
            Some((_, findings)) => findings.push(finding),
            None => objects.push((name, vec![finding])),
        }
    }
    for (name, findings) in &objects {
        let name = if name.is_empty() { "stream" } else { name };
        suite.add_test_case(case(name, "gift.check", findings, None, verdict.rules));
    }
    if objects.is_empty() {
        suite.add_test_case(case("stream", "gift.check", &[], None, verdict.rules));
    }
    write(out, suite)
}

/// Writes a test case for each cell.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let mut suite = TestSuite::new("gift test");
    suite.set_time(run.duration);
    for cell in run.cells {
        let findings: Vec<_> = cell.findings.iter().collect();
        let mut case = case(&cell.id, "gift.test", &findings, cell.failure.as_deref(), run.rules);
        case.set_time(cell.duration);
        suite.add_test_case(case);
    }
    write(out, suite)
}

fn case(name: &str, class: &str, findings: &[&Finding], failure: Option<&str>, rules: &[Rule]) -> TestCase {
    let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let mut status = TestCaseStatus::success();
    if let Some(failure) = failure {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(failure).set_type("render");
    } else if let Some(first) = errors.first() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
        status.set_message(format!("{}{more}", first.message)).set_type(first.rule.clone());
        status.set_description(told(findings, rules));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if errors.is_empty() && !findings.is_empty() {
        case.set_system_out(told(findings, rules));
    }
    case
}

fn told(findings: &[&Finding], rules: &[Rule]) -> String {
    let mut told = Vec::new();
    for finding in findings {
        // Writing to memory does not fail.
        let _ = text::write_finding(&mut told, finding, None, rules, text::Appearance::default());
    }
    String::from_utf8_lossy(&told).into_owned()
}

fn write(out: &mut impl Write, suite: TestSuite) -> io::Result<()> {
    let mut report = Report::new("gift");
    report.add_test_suite(suite);
    report.serialize(&mut *out).map_err(io::Error::other)?;
    Ok(())
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
    <testsuite name="gift check" tests="2" disabled="0" errors="0" failures="2">
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
