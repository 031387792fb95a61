//! The page of one rule.

use super::MARK;
use super::policy::{Described, Expression, described};
use crate::policies::{ORGANISATION, PolicySet};
use crate::report::severity_word;
use crate::rules::Rule;
use std::fmt::{self, Write};

/// The Markdown.
pub(super) fn page(rule: &Rule, set: &PolicySet) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, rule, set, &described(&rule.id, &set.policies));
    text
}

fn write(out: &mut String, rule: &Rule, set: &PolicySet, policy: &Described) -> fmt::Result {
    writeln!(out, "{MARK}\n# {}\n\n**{}.**\n\n| | |\n|---|---|", rule.id, rule.title)?;
    let by_default = if set.name == ORGANISATION { ", in force by default" } else { "" };
    writeln!(out, "| Set | {} (`{}`){by_default} |", set.title, set.name)?;
    if let Some(number) = &rule.number {
        writeln!(out, "| Number | {number} |")?;
    }
    writeln!(out, "| A breach is | {} |", article(severity_word(rule.severity)))?;
    writeln!(out, "| File | [`chart/policies/{0}`](../../chart/policies/{0}) |", policy.file)?;
    if policy.has_params {
        writeln!(out, "| Parameters | `chart/policies/params/<system>.yaml` |")?;
    }
    writeln!(out, "\n## Why\n\n{}\n\n## What to do\n\n{}", angles(&rule.reason), angles(&rule.remedy))?;
    writeln!(out, "\n## What is judged\n\n| API group | Resources |\n|---|---|")?;
    for (groups, resources) in &policy.matches {
        writeln!(out, "| {groups} | {resources} |")?;
    }
    for (heading, expressions) in [
        ("Only objects for which all of these hold:", &policy.conditions),
        ("With these variables:", &policy.variables),
    ] {
        if !expressions.is_empty() {
            writeln!(out, "\n{heading}\n")?;
            for Expression { name, cel } in expressions {
                writeln!(out, "`{name}`:\n\n```cel\n{cel}\n```\n")?;
            }
            out.pop();
        }
    }
    writeln!(out, "\n## What must hold")?;
    for Expression { name, cel } in &policy.validations {
        writeln!(out, "\nElse *{name}*:\n\n```cel\n{cel}\n```")?;
    }
    let breaches = if rule.breaches.len() > 1 { "Breaches, each of these" } else { "Breaches" };
    for (heading, documents) in [("## Examples\n\nPasses", &rule.passes), (breaches, &rule.breaches)] {
        writeln!(out, "\n{heading}:\n\n```yaml\n{}```", documents.join("---\n"))?;
    }
    Ok(())
}

/// A severity with its article.
pub(super) fn article(severity: &str) -> String {
    let article = if severity.starts_with(['e', 'i']) { "an" } else { "a" };
    format!("{article} {severity}")
}

/// Placeholders such as `<system>` are no HTML.
fn angles(text: &str) -> String {
    text.replace('<', "\\<")
}
