//! For GitHub Actions: workflow commands that become annotations.
//!
//! A finding in a file is annotated at its line; one in what Helm printed is annotated at its
//! template without a line, since its line is the stream's. Depends on the report's data alone.

use super::{Place, Run, Verdict, count, number_of, object_name};
use crate::rules::Rule;
use gift_plugin::protocol::{Finding, Severity};
use std::io::{self, Write};

/// Writes an annotation for each finding and each note.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    for finding in verdict.findings {
        write_finding(out, finding, &verdict.place, verdict.rules, None)?;
    }
    for note in verdict.notes {
        writeln!(out, "::notice title=gift::{}", message(note))?;
    }
    Ok(())
}

/// Writes an annotation for each finding of each cell and for each cell that could not be judged.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>) -> io::Result<()> {
    let place = Place::Rendered { chart_directory: run.chart_directory };
    for cell in run.cells {
        if let Some(failure) = &cell.failure {
            writeln!(out, "::error title={}::{}", property(&cell.id), message(failure))?;
        }
        for finding in &cell.findings {
            write_finding(out, finding, &place, run.rules, Some(&cell.id))?;
        }
    }
    let failed = run.cells.iter().filter(|cell| !cell.passed()).count();
    writeln!(out, "::notice title=gift::{} of {} failed", failed, count(run.cells.len(), "cell"))
}

fn write_finding(
    out: &mut impl Write,
    finding: &Finding,
    place: &Place<'_>,
    rules: &[Rule],
    cell: Option<&str>,
) -> io::Result<()> {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    let mut text = Vec::new();
    if let Some((file, counted_in_file)) = place.file_of(finding) {
        properties.push(format!("file={}", property(&file)));
        if counted_in_file && finding.line > 0 {
            properties.push(format!("line={}", finding.line));
            properties.push(format!("col={}", finding.column.max(1)));
        }
    }
    let number = number_of(rules, &finding.rule).map(|number| format!("{number} ")).unwrap_or_default();
    properties.push(format!("title={}", property(&format!("{number}{}", finding.rule))));
    text.push(finding.message.clone());
    let about = [object_name(&finding.object), finding.path.clone()];
    text.push(about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "));
    text.extend((!finding.help.is_empty()).then(|| format!("help: {}", finding.help)));
    text.extend(cell.map(|cell| format!("cell: {cell}")));
    text.retain(|line| !line.is_empty());
    writeln!(out, "::{command} {}::{}", properties.join(","), message(&text.join("\n")))
}

/// A command's message: the runner reads `%XX` back.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, in which `:` and `,` would end it.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;
    use std::time::Duration;

    fn annotations(findings: &[Finding], place: Place<'_>) -> String {
        let (statistics, rules) = (examples::statistics(), examples::rules());
        let notes = ["100% of\nit".to_owned()];
        let verdict = Verdict { findings, notes: &notes, statistics: &statistics, place, rules: &rules };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_file_s_findings_have_lines() {
        insta::assert_snapshot!(annotations(&examples::findings(), Place::File("out/shop.yaml")), @r#"
::error file=out/shop.yaml,line=12,col=18,title=P7 pinned-image-tag::container cart: the image tag is latest%0ADeployment cart: spec.template.spec.containers[0].image%0Ahelp: State the version, as in `shop/cart:2.1`.
::warning file=out/shop.yaml,line=15,col=22,title=no-sensitive-env::TOKEN looks like a secret%0ADeployment cart: spec.template.spec.containers[0].env[0].value
::error file=out/shop.yaml,line=23,col=13,title=P10 secret-data-base64::the value is not Base64%0ASecret prod/cart-secret: data.PASSWORD%0Ahelp: Encode it, or use stringData.
::notice title=gift::100%25 of%0Ait
"#);
    }

    #[test]
    fn a_stream_s_findings_are_at_their_template() {
        let place = Place::Rendered { chart_directory: Some("charts/shop/") };
        insta::assert_snapshot!(annotations(&examples::findings()[..1], place), @r#"
::error file=charts/shop/templates/deployment.yaml,title=P7 pinned-image-tag::container cart: the image tag is latest%0ADeployment cart: spec.template.spec.containers[0].image%0Ahelp: State the version, as in `shop/cart:2.1`.
::notice title=gift::100%25 of%0Ait
"#);
    }

    #[test]
    fn no_text_can_start_a_command_of_its_own() {
        let mut finding = examples::findings().remove(0);
        finding.rule = "a,line=9::b".into();
        finding.message = "x\n::set-output name=a::b\r".into();
        let text = annotations(&[finding], Place::File("a:b,c%.yaml"));
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.starts_with(
                "::error file=a%3Ab%2Cc%25.yaml,line=12,col=18,title=a%2Cline=9%3A%3Ab::x%0A::set"
            )
        );
    }

    #[test]
    fn a_run_names_its_cells() {
        let (cells, rules) = (examples::cells(), examples::rules());
        let run =
            Run { cells: &cells, duration: Duration::ZERO, chart_directory: Some("chart"), rules: &rules };
        let mut out = Vec::new();
        write_run(&mut out, &run).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
::error file=chart/templates/deployment.yaml,title=P7 pinned-image-tag::container cart: the image tag is latest%0ADeployment cart: spec.template.spec.containers[0].image%0Ahelp: State the version, as in `shop/cart:2.1`.%0Acell: shop/prod helm4 k8s1.34
::warning file=chart/templates/deployment.yaml,title=no-sensitive-env::TOKEN looks like a secret%0ADeployment cart: spec.template.spec.containers[0].env[0].value%0Acell: shop/prod helm4 k8s1.34
::error file=chart/templates/secret.yaml,title=P10 secret-data-base64::the value is not Base64%0ASecret prod/cart-secret: data.PASSWORD%0Ahelp: Encode it, or use stringData.%0Acell: shop/prod helm4 k8s1.34
::error title=shop/prod helm3 k8s1.34::Helm could not render: no such value
::notice title=gift::2 of 3 cells failed
"#);
    }
}
