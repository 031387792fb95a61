//! For people: findings as a compiler shows them, runs as a table.
//!
//! Colour only when told, lines as wide as told. Depends on the report's data alone.

use super::excerpt::printable;
use super::{Run, Stream, Verdict, count, how_many, number_of, object_name, severity_word};
use crate::rules::Rule;
use anstyle::{AnsiColor, Style};
use gift_plugin::protocol::{Finding, Severity};
use std::io::{self, Write};
use std::time::Duration;

/// How text is to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appearance {
    /// Whether to send colours.
    pub color: bool,
    /// Characters in a line; no limit when absent.
    pub width: Option<usize>,
}

impl Appearance {
    fn style(self, style: Style) -> Style {
        if self.color { style } else { Style::new() }
    }

    fn severity(self, severity: Severity) -> Style {
        let color = match severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Info => AnsiColor::Cyan,
        };
        self.style(color.on_default().bold())
    }

    fn strong(self) -> Style {
        self.style(Style::new().bold())
    }

    fn quiet(self) -> Style {
        self.style(AnsiColor::Blue.on_default().bold())
    }

    fn good(self) -> Style {
        self.style(AnsiColor::Green.on_default())
    }
}

/// Writes the findings, the notes and a closing line that counts them. Nothing at all is written
/// when there is nothing to say.
///
/// The stream is quoted where a finding points into it; without one, findings have no excerpt.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_verdict(
    out: &mut impl Write,
    verdict: &Verdict<'_>,
    stream: Option<&Stream<'_>>,
    appearance: Appearance,
) -> io::Result<()> {
    for finding in verdict.findings {
        write_finding(out, finding, stream, verdict.rules, appearance)?;
        writeln!(out)?;
    }
    write_notes(out, verdict.notes, appearance)?;
    if !verdict.findings.is_empty() {
        let objects = count(verdict.statistics.objects, "object");
        writeln!(out, "{} in {objects}", summary(verdict.findings, appearance))?;
    }
    Ok(())
}

/// Writes one finding, ending with a line break.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_finding(
    out: &mut impl Write,
    finding: &Finding,
    stream: Option<&Stream<'_>>,
    rules: &[Rule],
    appearance: Appearance,
) -> io::Result<()> {
    let excerpt = stream.and_then(|stream| stream.excerpt(finding));
    let gutter = if excerpt.is_some() { finding.line.to_string().len() } else { 1 };
    let pad = " ".repeat(gutter);
    let (severity, strong, quiet) =
        (appearance.severity(finding.severity), appearance.strong(), appearance.quiet());
    let number = number_of(rules, &finding.rule).map(|number| format!("{number} ")).unwrap_or_default();
    let head = format!("{}[{number}{}]", severity_word(finding.severity), clean(&finding.rule));
    let message = wrap(&clean(&finding.message), appearance.width, head.chars().count() + 2, 4);
    writeln!(out, "{severity}{head}{severity:#}{strong}: {message}{strong:#}")?;

    let place = place(finding);
    if !place.is_empty() {
        writeln!(out, "{pad}{quiet}-->{quiet:#} {place}")?;
    }
    let about = about(finding);
    if !about.is_empty() {
        writeln!(out, "{pad} {quiet}={quiet:#} {about}")?;
    }
    if let Some(excerpt) = excerpt {
        let room = appearance.width.map(|width| width.saturating_sub(gutter + 3));
        let (text, column, width) = fit(&excerpt.text, excerpt.column, excerpt.width, room);
        writeln!(out, "{pad} {quiet}|{quiet:#}")?;
        writeln!(out, "{quiet}{} |{quiet:#} {text}", finding.line)?;
        let (space, carets) = (" ".repeat(column), "^".repeat(width));
        writeln!(out, "{pad} {quiet}|{quiet:#} {space}{severity}{carets}{severity:#}")?;
    }
    if !finding.help.is_empty() {
        let help = wrap(&clean(&finding.help), appearance.width, gutter + 9, gutter + 9);
        writeln!(out, "{pad} {quiet}={quiet:#} {strong}help:{strong:#} {help}")?;
    }
    Ok(())
}

/// Writes remarks that are no findings, one line each.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_notes(out: &mut impl Write, notes: &[String], appearance: Appearance) -> io::Result<()> {
    let strong = appearance.strong();
    for note in notes {
        writeln!(out, "{strong}note:{strong:#} {}", wrap(&clean(note), appearance.width, 6, 6))?;
    }
    Ok(())
}

/// Writes what failed in a run, then the table of its cells and a closing line.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn write_run(out: &mut impl Write, run: &Run<'_>, appearance: Appearance) -> io::Result<()> {
    let (red, strong) = (appearance.severity(Severity::Error), appearance.strong());
    for cell in run.cells.iter().filter(|cell| !cell.findings.is_empty() || cell.failure.is_some()) {
        writeln!(out, "{strong}{}{strong:#}", clean(&cell.id))?;
        if let Some(failure) = &cell.failure {
            writeln!(
                out,
                "{red}error{red:#}{strong}: {}{strong:#}",
                wrap(&clean(failure), appearance.width, 7, 4)
            )?;
        }
        for finding in &cell.findings {
            write_finding(out, finding, None, run.rules, appearance)?;
        }
        writeln!(out)?;
    }
    let width = run.cells.iter().map(|cell| cell.id.chars().count()).max().unwrap_or(0);
    for cell in run.cells {
        let (style, word) = if cell.passed() { (appearance.good(), "pass") } else { (red, "FAIL") };
        let found = if cell.findings.is_empty() { String::new() } else { summary_plain(&cell.findings) };
        let line = format!("{:width$}  {:>9}  {found}", clean(&cell.id), seconds(cell.duration));
        writeln!(out, "{style}{word}{style:#}  {}", line.trim_end())?;
    }
    let passed = run.cells.iter().filter(|cell| cell.passed()).count();
    let failed = run.cells.len() - passed;
    let style = if failed == 0 { appearance.good() } else { red };
    writeln!(
        out,
        "{style}{passed} passed, {failed} failed{style:#} of {} in {}",
        count(run.cells.len(), "cell"),
        seconds(run.duration)
    )
}

/// `2 errors, 1 warning`, in the colour of the worst.
fn summary(findings: &[Finding], appearance: Appearance) -> String {
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
    let style = appearance.severity(worst);
    format!("{style}{}{style:#}", summary_plain(findings))
}

fn summary_plain(findings: &[Finding]) -> String {
    let nouns = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")];
    let parts = nouns.iter().map(|&(severity, noun)| (how_many(findings, severity), noun));
    parts
        .filter(|&(number, _)| number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `1.25 s`.
fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn place(finding: &Finding) -> String {
    let position =
        (finding.line > 0).then(|| format!("{}:{} of the stream", finding.line, finding.column.max(1)));
    match (clean(&finding.source), position) {
        (source, Some(position)) if source.is_empty() => position,
        (source, Some(position)) => format!("{source} ({position})"),
        (source, None) => source,
    }
}

fn about(finding: &Finding) -> String {
    [object_name(&finding.object), finding.path.clone()]
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| clean(part))
        .collect::<Vec<_>>()
        .join(": ")
}

/// Names come from manifests, which may be hostile; line breaks would break the shape.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { printable(c) }).collect()
}

/// Breaks `text` between words so that no line is longer than `width`; the first line begins at
/// `first` characters, the others are indented by `indentation`.
fn wrap(text: &str, width: Option<usize>, first: usize, indentation: usize) -> String {
    let Some(width) = width.filter(|&width| width > indentation + 20) else { return text.to_owned() };
    let mut wrapped = String::new();
    let mut column = first;
    for (index, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indentation));
            column = indentation;
        } else if index > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// The part of a line that fits into `room` characters and still has what is pointed at.
fn fit(text: &str, column: usize, width: usize, room: Option<usize>) -> (String, usize, usize) {
    let length = text.chars().count();
    let Some(room) = room.filter(|&room| room >= 20 && length > room) else {
        return (text.to_owned(), column, width);
    };
    let skipped = (column + width + 1).saturating_sub(room).min(column.saturating_sub(4));
    let mut part: String = text.chars().skip(skipped).take(room - 1).collect();
    let mut column = column - skipped;
    if skipped > 0 {
        part = format!("…{}", part.chars().skip(1).collect::<String>());
        column = column.max(1);
    }
    if skipped + room <= length {
        part.push('…');
    }
    let width = width.min(part.chars().count().saturating_sub(column)).max(1);
    (part, column, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Place, examples};

    fn verdict_text(findings: &[Finding], appearance: Appearance) -> String {
        let (rules, statistics) = (examples::rules(), examples::statistics());
        let verdict = Verdict {
            findings,
            notes: &["a policy matches nothing here".to_owned()],
            statistics: &statistics,
            place: Place::Rendered { chart_directory: None },
            rules: &rules,
        };
        let mut out = Vec::new();
        let stream = Stream::new(examples::STREAM.as_bytes());
        write_verdict(&mut out, &verdict, Some(&stream), appearance).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn findings_read_like_a_compiler_s() {
        insta::assert_snapshot!(verdict_text(&examples::findings(), Appearance::default()), @r#"
error[P7 pinned-image-tag]: container cart: the image tag is latest
  --> shop/templates/deployment.yaml (12:18 of the stream)
   = Deployment cart: spec.template.spec.containers[0].image
   |
12 |           image: shop/cart:latest
   |                  ^^^^^^^^^^^^^^^^
   = help: State the version, as in `shop/cart:2.1`.

warning[no-sensitive-env]: TOKEN looks like a secret
  --> shop/templates/deployment.yaml (15:22 of the stream)
   = Deployment cart: spec.template.spec.containers[0].env[0].value
   |
15 |               value: (hidden)
   |                      ^^^^^^^^

error[P10 secret-data-base64]: the value is not Base64
  --> shop/templates/secret.yaml (23:13 of the stream)
   = Secret prod/cart-secret: data.PASSWORD
   |
23 |   PASSWORD: (hidden)
   |             ^^^^^^^^
   = help: Encode it, or use stringData.

note: a policy matches nothing here
2 errors, 1 warning in 2 objects
"#);
    }

    #[test]
    fn narrow_lines_are_kept() {
        let mut finding = examples::findings().remove(0);
        finding.help =
            "State the version that was tested, never a tag that moves, as in `shop/cart:2.1`.".into();
        let text = verdict_text(&[finding], Appearance { color: false, width: Some(50) });
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        insta::assert_snapshot!(text, @r#"
error[P7 pinned-image-tag]: container cart: the
    image tag is latest
  --> shop/templates/deployment.yaml (12:18 of the stream)
   = Deployment cart: spec.template.spec.containers[0].image
   |
12 |           image: shop/cart:latest
   |                  ^^^^^^^^^^^^^^^^
   = help: State the version that was tested,
           never a tag that moves, as in
           `shop/cart:2.1`.

note: a policy matches nothing here
1 error in 2 objects
"#);
    }

    #[test]
    fn colour_is_sent_only_when_told() {
        let plain = verdict_text(&examples::findings(), Appearance { color: false, width: None });
        let colored = verdict_text(&examples::findings(), Appearance { color: true, width: None });
        assert!(!plain.contains('\u{1b}'));
        assert!(colored.contains("\u{1b}[1m\u{1b}[31merror[P7 pinned-image-tag]\u{1b}[0m"), "{colored:?}");
    }

    #[test]
    fn nothing_is_said_when_there_is_nothing_to_say() {
        let (rules, statistics) = (Vec::new(), examples::statistics());
        let place = Place::File("x.yaml");
        let verdict = Verdict { findings: &[], notes: &[], statistics: &statistics, place, rules: &rules };
        let mut out = Vec::new();
        write_verdict(&mut out, &verdict, None, Appearance::default()).unwrap();
        assert!(out.is_empty());
    }

    #[test]
    fn hostile_names_do_not_reach_the_terminal() {
        let mut finding = examples::findings().remove(0);
        finding.object.name = "x\u{1b}[2J\ny".into();
        finding.message = "\u{1b}]0;owned\u{7}".into();
        let text = verdict_text(&[finding], Appearance::default());
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }

    #[test]
    fn long_lines_keep_what_is_pointed_at() {
        let text = format!("{}image: x:latest # {}", " ".repeat(60), "y".repeat(60));
        let (part, column, width) = fit(&text, 67, 8, Some(40));
        assert!(part.chars().count() <= 40);
        assert_eq!(part.chars().skip(column).take(width).collect::<String>(), "x:latest");
    }

    #[test]
    fn a_run_ends_with_a_table() {
        let (cells, rules) = (examples::cells(), examples::rules());
        let run =
            Run { cells: &cells, duration: Duration::from_millis(400), chart_directory: None, rules: &rules };
        let mut out = Vec::new();
        write_run(&mut out, &run, Appearance::default()).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
shop/prod helm4 k8s1.34
error[P7 pinned-image-tag]: container cart: the image tag is latest
 --> shop/templates/deployment.yaml (12:18 of the stream)
  = Deployment cart: spec.template.spec.containers[0].image
  = help: State the version, as in `shop/cart:2.1`.
warning[no-sensitive-env]: TOKEN looks like a secret
 --> shop/templates/deployment.yaml (15:22 of the stream)
  = Deployment cart: spec.template.spec.containers[0].env[0].value
error[P10 secret-data-base64]: the value is not Base64
 --> shop/templates/secret.yaml (23:13 of the stream)
  = Secret prod/cart-secret: data.PASSWORD
  = help: Encode it, or use stringData.

shop/prod helm3 k8s1.34
error: Helm could not render: no such value

pass  shop/dev helm4 k8s1.34      0.12 s
FAIL  shop/prod helm4 k8s1.34     0.12 s  2 errors, 1 warning
FAIL  shop/prod helm3 k8s1.34     0.12 s
1 passed, 2 failed of 3 cells in 0.40 s
"#);
    }
}
