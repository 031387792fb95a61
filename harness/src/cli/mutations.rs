//! What came of mutations, written out.

use gift_harness::mutation::{Outcome, Summary, all};
use gift_harness::report::{CellReport, object_name};
use gift_harness::rules::{ASSERTIONS_SET, Rule};
use gift_plugin::protocol::{Finding, Severity};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// The id of the rule that every mutation is noticed.
const RULE: &str = "surviving-mutation";

/// What came of the mutations of one operator.
#[derive(Default)]
struct Row<'a> {
    made: usize,
    noticed: usize,
    equivalent: usize,
    /// How many each rule noticed.
    rules: BTreeMap<&'a str, usize>,
}

/// The operators that had something to do, in the order they are made.
fn rows(summary: &Summary) -> Vec<(&'static str, Row<'_>)> {
    let mut rows: Vec<_> = all().iter().map(|operator| (operator.id, Row::default())).collect();
    for outcome in &summary.outcomes {
        let row = rows.iter_mut().find(|(id, _)| *id == outcome.mutation.operator);
        let Some((_, row)) = row else { continue };
        if outcome.mutation.equivalent.is_some() {
            row.equivalent += 1;
            continue;
        }
        row.made += 1;
        row.noticed += usize::from(!outcome.noticed_by.is_empty());
        for rule in &outcome.noticed_by {
            *row.rules.entry(rule).or_default() += 1;
        }
    }
    rows.retain(|(_, row)| row.made + row.equivalent > 0);
    rows
}

/// The rules, the one that noticed most first.
fn by_number<'a>(row: &Row<'a>) -> Vec<(&'a str, usize)> {
    let mut rules: Vec<_> = row.rules.iter().map(|(rule, number)| (*rule, *number)).collect();
    rules.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    rules
}

fn survivors(summary: &Summary) -> impl Iterator<Item = &Outcome> {
    summary.outcomes.iter().filter(|outcome| outcome.survived())
}

fn rate(summary: &Summary) -> f64 {
    let made = u32::try_from(summary.made()).unwrap_or(u32::MAX);
    f64::from(made) / summary.duration.as_secs_f64().max(0.001)
}

/// For people.
pub(crate) fn write_text(out: &mut impl Write, summary: &Summary, least: f64) -> io::Result<()> {
    let rows = rows(summary);
    let width = rows.iter().map(|(id, _)| id.len()).max().unwrap_or_default().max("operator".len());
    writeln!(out, "{:width$}  noticed     by", "operator")?;
    for (id, row) in &rows {
        let rules: Vec<_> =
            by_number(row).iter().take(4).map(|(rule, number)| format!("{rule} {number}")).collect();
        let counted = format!("{}/{}", row.noticed, row.made);
        writeln!(out, "{}", format!("{id:width$}  {counted:<10}  {}", rules.join(", ")).trim_end())?;
    }
    let mut of_cell = "";
    for outcome in survivors(summary) {
        if outcome.cell != of_cell {
            writeln!(out, "\nsurvivors in {}", outcome.cell)?;
            of_cell = &outcome.cell;
        }
        let mutation = &outcome.mutation;
        let object = object_name(&mutation.object);
        write!(out, "  {}  {object}  {}: {}", mutation.operator, mutation.path, mutation.change)?;
        match &outcome.reason {
            Some(reason) => writeln!(out, " ({reason})")?,
            None => writeln!(out)?,
        }
    }
    let without: BTreeMap<&str, usize> = summary.outcomes.iter().fold(BTreeMap::new(), |mut all, outcome| {
        if let Some(reason) = outcome.mutation.equivalent {
            *all.entry(reason).or_default() += 1;
        }
        all
    });
    for (reason, number) in without {
        writeln!(out, "\n{number} not made: {reason}")?;
    }
    writeln!(
        out,
        "\n{} of {} mutations noticed: {:.1}%, at least {least}% are to be; {} more could be made; {:.0} a second",
        summary.noticed(),
        summary.made(),
        summary.percent(),
        summary.left_out,
        rate(summary),
    )
}

/// For programs.
pub(crate) fn write_json(out: &mut impl Write, summary: &Summary, least: f64) -> io::Result<()> {
    let operators: Vec<_> = rows(summary)
        .iter()
        .map(|(id, row)| {
            json!({
                "id": id, "made": row.made, "noticed": row.noticed, "equivalent": row.equivalent,
                "rules": row.rules,
            })
        })
        .collect();
    let survivors: Vec<_> = survivors(summary)
        .map(|outcome| {
            let mutation = &outcome.mutation;
            json!({
                "cell": outcome.cell, "operator": mutation.operator, "object": mutation.object,
                "path": mutation.path, "change": mutation.change, "reason": outcome.reason,
            })
        })
        .collect();
    let document = json!({
        "version": 1,
        "made": summary.made(),
        "noticed": summary.noticed(),
        "percent": summary.percent(),
        "least": least,
        "leftOut": summary.left_out,
        "seconds": summary.duration.as_secs_f64(),
        "operators": operators,
        "survivors": survivors,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The survivors as findings of their cells, for formats that know nothing else; errors where there are too many.
pub(crate) fn cells(summary: &Summary, is_enough: bool) -> Vec<CellReport> {
    let mut cells: Vec<CellReport> = Vec::new();
    for outcome in &summary.outcomes {
        if cells.last().is_none_or(|cell| cell.id != outcome.cell) {
            let id = outcome.cell.clone();
            cells.push(CellReport { id, findings: Vec::new(), failure: None, duration: Duration::ZERO });
        }
        let Some(cell) = cells.last_mut().filter(|_| outcome.survived()) else { continue };
        let mutation = &outcome.mutation;
        let message = format!("nothing notices {}: {}", mutation.operator, mutation.change);
        let help = outcome.reason.clone().unwrap_or_else(|| rule().remedy);
        cell.findings.push(Finding {
            severity: if is_enough { Severity::Warning } else { Severity::Error },
            object: mutation.object.clone(),
            path: mutation.path.clone(),
            ..Finding::of_stream(RULE, message, &help)
        });
    }
    cells
}

/// What survivors break.
pub(crate) fn rule() -> Rule {
    Rule {
        id: RULE.to_owned(),
        number: None,
        title: "a mistake is noticed by some rule".to_owned(),
        reason: "A mistake that no rule notices reaches the cluster unseen.".to_owned(),
        remedy: "Write an assertion or a policy, or the reason why nothing can notice it.".to_owned(),
        severity: Severity::Error,
        set: ASSERTIONS_SET.to_owned(),
        passes: Vec::new(),
        breaches: Vec::new(),
    }
}
