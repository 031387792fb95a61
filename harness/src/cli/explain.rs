//! `gift explain`: what a rule asks for, or what the last run found.

use super::delivery::LastReport;
use super::failure::{CommandError, Failure};
use super::output::{Format, Terminal};
use super::{Conclusion, catalogue, reports};
use gift_harness::report::text::Appearance;
use gift_harness::report::{Place, Verdict, severity_word};
use gift_harness::rules::Rule;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Explain a rule, or show again what the last run found
///
/// Helm 4 throws away what a post-renderer says, so the last report of every run is kept in
/// $XDG_STATE_HOME/gift/last-report.json; without a RULE it is shown again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift explain                      what the last run found
  gift explain --format json        the same, for programs
  gift explain minimum-requests     what a rule asks for, why, and what to do
  gift explain P5                   the same, by the organisation's number
  gift explain --list               all rules")]
pub(crate) struct Arguments {
    /// The rule, by its id or its number
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    list: bool,
    #[command(flatten)]
    policies: catalogue::PolicyArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let rules = catalogue::rules(&arguments.policies)?;
    let appearance = terminal.output_appearance();
    if arguments.list {
        list(terminal, &rules)?;
    } else if let Some(asked) = &arguments.rule {
        let rule = rules
            .iter()
            .find(|rule| {
                rule.id == *asked || rule.number.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(asked))
            })
            .ok_or_else(|| CommandError::NoSuchRule {
                rule: asked.clone(),
                known: rules.iter().map(|rule| rule.id.clone()).collect(),
            })?;
        match terminal.format {
            Format::Json => write_json(terminal, rule)?,
            _ => write_rule(terminal.output(), rule, appearance).map_err(Failure::output)?,
        }
    } else {
        show_last(terminal, &rules, appearance)?;
    }
    Ok(Conclusion::Good)
}

fn list(terminal: &mut Terminal, rules: &[Rule]) -> Result<(), Failure> {
    if terminal.format == Format::Json {
        return write_json(terminal, &rules);
    }
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        let number = rule.number.as_deref().unwrap_or("-");
        writeln!(terminal.output(), "{number:4} {:width$}  {}", rule.id, rule.title)
            .map_err(Failure::output)?;
    }
    Ok(())
}

fn write_json(terminal: &mut Terminal, value: &impl serde::Serialize) -> Result<(), Failure> {
    let out = terminal.output();
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| Failure::output(error.into()))?;
    writeln!(out).map_err(Failure::output)
}

fn write_rule(out: &mut impl Write, rule: &Rule, appearance: Appearance) -> io::Result<()> {
    let strong = if appearance.color { anstyle::Style::new().bold() } else { anstyle::Style::new() };
    let number = rule.number.as_deref().map(|number| format!(" ({number})")).unwrap_or_default();
    writeln!(out, "{strong}{}{strong:#}{number}: {}", rule.id, rule.title)?;
    for (title, text) in [("why", &rule.reason), ("what to do", &rule.remedy)] {
        if !text.is_empty() {
            writeln!(out, "  {strong}{title}:{strong:#} {text}")?;
        }
    }
    writeln!(out, "  {strong}a breach is:{strong:#} {}", severity_word(rule.severity))
}

fn show_last(terminal: &mut Terminal, rules: &[Rule], appearance: Appearance) -> Result<(), Failure> {
    let last = LastReport::load()?;
    let format = terminal.format;
    let quiet = terminal.quiet;
    if format == Format::Text && !quiet {
        let age = age(last.at);
        writeln!(terminal.errors(), "gift {}, {age} ago, in {}", last.command, last.directory.display())
            .map_err(Failure::output)?;
    }
    if let Some(error) = last.error.as_ref().filter(|_| format == Format::Text) {
        return write!(terminal.output(), "{error}").map_err(Failure::output);
    }
    let document = &last.document;
    let verdict = Verdict {
        findings: &document.findings,
        notes: &document.notes,
        statistics: &document.statistics,
        place: Place::Rendered { chart_directory: None },
        rules,
    };
    if format == Format::Text && document.findings.is_empty() {
        writeln!(terminal.output(), "nothing was found").map_err(Failure::output)?;
    }
    reports::write_verdict(terminal.output(), format, &verdict, None, appearance).map_err(Failure::output)
}

fn age(at: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let seconds = now.saturating_sub(at);
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_with_its_reason_and_remedy() {
        let rule =
            gift_harness::rules::built_in().into_iter().find(|rule| rule.id == "no-string-data").unwrap();
        let mut out = Vec::new();
        write_rule(&mut out, &rule, Appearance::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("no-string-data (P11): no Secret carries `stringData`\n  why: "), "{text}");
        assert!(text.contains("\n  what to do: ") && text.ends_with("a breach is: error\n"), "{text}");
    }
}
