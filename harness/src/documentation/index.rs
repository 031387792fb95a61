//! The index of all rules by their sets.

use super::MARK;
use crate::policies::PolicySet;
use crate::report::severity_word;
use std::fmt::{self, Write};

const INTRODUCTION: &str = "\
# Policies

Every policy is a Kubernetes ValidatingAdmissionPolicy: `gift` judges with it at render time, and an API server at
admission. The organisation's are in force by default. `--policy SET` takes a set in their place and may be given
several times; `policies.sets` in the chart's values installs sets in the cluster, beside the organisation's.

```console
$ gift check rendered.yaml --policy organisation --policy pod-security-baseline
$ gift explain require-non-root
$ gift explain --list
```

[comparison.md](comparison.md) holds them against the checks of other tools and the Pod Security Standards.
";

/// The Markdown.
pub(super) fn page(sets: &[PolicySet]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, sets);
    text
}

fn write(out: &mut String, sets: &[PolicySet]) -> fmt::Result {
    writeln!(out, "{MARK}\n{INTRODUCTION}")?;
    for (index, set) in sets.iter().enumerate() {
        let between = if index > 0 { "\n" } else { "" };
        writeln!(out, "{between}## {}\n\n`--policy {}`. {}", set.title, set.name, set.description)?;
        if !set.includes.is_empty() {
            write!(out, "\nComes with {}", listed(&set.includes))?;
            if !set.replaces.is_empty() {
                write!(out, "; stricter rules of its own take the place of {}", listed(&set.replaces))?;
            }
            writeln!(out, ".")?;
        }
        writeln!(out, "\n| Rule | What it asks for | A breach is |\n|---|---|---|")?;
        for rule in set.rules() {
            let number = rule.number.as_deref().map(|number| format!(" ({number})")).unwrap_or_default();
            let severity = severity_word(rule.severity);
            writeln!(out, "| [{0}]({0}.md){number} | {1} | {severity} |", rule.id, rule.title)?;
        }
    }
    Ok(())
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
