//! `gift explain`: what a rule asks for, or what the last run found.

use super::delivery::LastReport;
use super::failure::{CommandError, Failure};
use super::output::{Format, Terminal};
use super::{Conclusion, catalogue, reports};
use gift_harness::documentation;
use gift_harness::report::text::Appearance;
use gift_harness::report::{Place, Verdict, severity_word};
use gift_harness::rules::Rule;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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
  gift explain --list               all rules, those of sets that are not in force by default too")]
pub(crate) struct Arguments {
    /// The rule, by its id or its number
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    list: bool,
    /// Write a page for each policy, and an index of them, into a folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["rule", "list"])]
    markdown: Option<PathBuf>,
    /// Write pages about the assertions instead of the policies
    #[arg(long, requires = "markdown")]
    assertions: bool,
    #[command(flatten)]
    policies: catalogue::PolicyArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let selection = arguments.policies.told()?;
    if let Some(directory) = &arguments.markdown {
        let pages = if arguments.assertions {
            documentation::assertion_pages()
        } else {
            documentation::pages(&selection.sets()?)
        };
        return write_pages(directory, &pages);
    }
    let rules = catalogue::rules_of(&selection)?;
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
    let appearance = terminal.output_appearance();
    write_list(terminal.output(), rules, appearance).map_err(Failure::output)
}

/// The rules below the names of their sets.
fn write_list(out: &mut impl Write, rules: &[Rule], appearance: Appearance) -> io::Result<()> {
    let strong = strong(appearance);
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut set = None;
    for rule in rules {
        if set != Some(&rule.set) {
            let between = if set.is_some() { "\n" } else { "" };
            writeln!(out, "{between}{strong}{}{strong:#}", rule.set)?;
            set = Some(&rule.set);
        }
        let number = rule.number.as_deref().unwrap_or("-");
        writeln!(out, "{number:4} {:width$}  {}", rule.id, rule.title)?;
    }
    Ok(())
}

/// Writes the pages, and takes away pages of rules there no longer are.
fn write_pages(directory: &Path, pages: &[documentation::Page]) -> Result<Conclusion, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CommandError::Write { path, source }
    };
    std::fs::create_dir_all(directory).map_err(failed(directory))?;
    for stale in documentation::stale(directory, pages).map_err(failed(directory))? {
        std::fs::remove_file(&stale).map_err(failed(&stale))?;
    }
    for page in pages {
        let path = directory.join(&page.name);
        std::fs::write(&path, &page.text).map_err(failed(&path))?;
    }
    Ok(Conclusion::Good)
}

fn strong(appearance: Appearance) -> anstyle::Style {
    if appearance.color { anstyle::Style::new().bold() } else { anstyle::Style::new() }
}

fn write_json(terminal: &mut Terminal, value: &impl serde::Serialize) -> Result<(), Failure> {
    let out = terminal.output();
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| Failure::output(error.into()))?;
    writeln!(out).map_err(Failure::output)
}

fn write_rule(out: &mut impl Write, rule: &Rule, appearance: Appearance) -> io::Result<()> {
    let strong = strong(appearance);
    let number = rule.number.as_deref().map(|number| format!(" ({number})")).unwrap_or_default();
    writeln!(out, "{strong}{}{strong:#}{number}: {}", rule.id, rule.title)?;
    for (title, text) in [("why", &rule.reason), ("what to do", &rule.remedy)] {
        if !text.is_empty() {
            writeln!(out, "  {strong}{title}:{strong:#} {text}")?;
        }
    }
    writeln!(out, "  {strong}a breach is:{strong:#} {}", severity_word(rule.severity))?;
    writeln!(out, "  {strong}set:{strong:#} {}", rule.set)?;
    for (title, documents) in [("passes", &rule.passes), ("breaches", &rule.breaches)] {
        if documents.is_empty() {
            continue;
        }
        writeln!(out, "\n  {strong}{title}:{strong:#}")?;
        for (index, document) in documents.iter().enumerate() {
            if index > 0 {
                writeln!(out, "    ---")?;
            }
            for line in document.lines() {
                writeln!(out, "    {line}")?;
            }
        }
    }
    Ok(())
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
        assert!(
            text.contains("\n  what to do: ") && text.ends_with("a breach is: error\n  set: built-in\n"),
            "{text}"
        );
    }

    #[test]
    fn examples_follow_the_rule_and_sets_head_the_list() {
        let mut rule = gift_harness::rules::built_in().remove(1);
        rule.passes = vec!["a: 1\n".into(), "b: 2\n".into()];
        rule.breaches = vec!["c:\n  d: 3\n".into()];
        let mut out = Vec::new();
        write_rule(&mut out, &rule, Appearance::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.ends_with("\n  passes:\n    a: 1\n    ---\n    b: 2\n\n  breaches:\n    c:\n      d: 3\n"),
            "{text}"
        );
        let mut other = rule.clone();
        other.set = "reliability".into();
        let mut out = Vec::new();
        write_list(&mut out, &[rule, other], Appearance::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("built-in\nP11  no-string-data  ") && text.contains("\n\nreliability\nP11 "),
            "{text}"
        );
    }
}
