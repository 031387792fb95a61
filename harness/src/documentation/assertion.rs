//! The page of one assertion, and the index of all.

use super::{ASSERTION_MARK as MARK, Page, rule::article};
use crate::assertions::{self, Assertion, Scope};
use crate::report::severity_word;
use std::fmt::{self, Write};

const INTRODUCTION: &str = "\
# Assertions

What must hold for every rendered stream, whatever the chart: `gift test` looks with each of these at every cell of a
matrix, and `gift check` at any stream. `--only` and `--skip` choose by id; an object states an exception with a reason
and its last day.

```console
$ gift check rendered.yaml --only reachability --only route-target
$ gift explain reachability
```
";

/// The Markdown of the page of an assertion.
pub(super) fn page(assertion: &dyn Assertion) -> Page {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, assertion);
    Page { name: format!("{}.md", assertion.id()), text }
}

/// The Markdown of the index.
pub(super) fn index() -> String {
    let mut text =
        format!("{MARK}\n{INTRODUCTION}\n| Assertion | What must hold | A breach is |\n|---|---|---|\n");
    for assertion in assertions::all() {
        let (severity, _) = assertion.severity();
        let _ = writeln!(
            text,
            "| [{0}]({0}.md) | {1} | {2} |",
            assertion.id(),
            assertion.title(),
            article(severity_word(severity))
        );
    }
    text
}

fn write(out: &mut String, assertion: &dyn Assertion) -> fmt::Result {
    let (severity, reason) = assertion.severity();
    let id = assertion.id();
    writeln!(out, "{MARK}\n# {id}\n\n**{}.**\n\n| | |\n|---|---|", assertion.title())?;
    writeln!(out, "| A breach is | {}: {} |", article(severity_word(severity)), lower_first(reason))?;
    let depends = match assertion.scope() {
        Scope::Stream => "the stream, and the values it came from",
        Scope::Kubernetes => "the stream, and the version of Kubernetes",
        Scope::Rendering => "what Helm renders again with a change",
    };
    writeln!(out, "| Looks at | {depends} |")?;
    writeln!(out, "\n## Why, and what is looked at\n\n{}", assertion.explanation().replace('<', "\\<"))?;
    writeln!(
        out,
        "\n## Not here\n\n`--skip {id}` leaves it out. One object is excepted by an annotation, with a reason, until a \
         day:\n\n```yaml\nmetadata:\n  annotations:\n    policies.gift.dev/exceptions: '[{{rule: {id}, reason: why it is \
         so, expires: \"2030-01-31\"}}]'\n```"
    )?;
    match (assertion.passing_example(), assertion.failing_example()) {
        (Some(passes), Some(fails)) => {
            writeln!(out, "\n## Examples\n\nPasses:\n\n```yaml\n{passes}```\n\nFails:\n\n```yaml\n{fails}```")
        }
        _ => writeln!(
            out,
            "\nIt takes more than a stream to break it, so there is no example here; its tests have some."
        ),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    first + characters.as_str().trim_end_matches('.')
}
