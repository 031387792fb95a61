//! `Chart.yaml`, or `plugin.yaml`, with another version and with what changed; every other byte stays.
//!
//! Depends on [`gift_plugin::yaml`] for how text is quoted.

use super::Entry;
use gift_plugin::yaml::quoted;
use semver::Version;

/// The annotation Artifact Hub shows as what changed.
const CHANGES: &str = "artifacthub.io/changes";

/// The text with another version. The error says why there is none.
pub(super) fn with_version(text: &str, version: &Version) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut is_set = false;
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("version:") {
            Some(stated) if !is_set => {
                is_set = true;
                let comment = stated.find(" #").map(|at| stated[at..].trim_end()).unwrap_or_default();
                let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
                let quote = stated.trim_start().chars().next().filter(|first| ['"', '\''].contains(first));
                let quote = quote.map(String::from).unwrap_or_default();
                out.push_str(&format!("version: {quote}{version}{quote}{comment}{end}"));
            }
            _ => out.push_str(line),
        }
    }
    if is_set { Ok(out) } else { Err("no line begins with `version:`".to_owned()) }
}

/// The text with these changes in Artifact Hub's annotation, in place of those that stood there.
pub(super) fn with_changes(text: &str, entries: &[Entry]) -> String {
    let mut block = format!("  {CHANGES}: |\n");
    for Entry { kind, description } in entries {
        block.push_str(&format!("    - kind: {kind}\n      description: {}\n", scalar(description)));
    }
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_below = |line: &&str| line.starts_with("    ") || line.trim().is_empty();
    if let Some(at) = lines.iter().position(|line| line.trim_start().starts_with(&format!("{CHANGES}:"))) {
        let mut end = at + 1 + lines[at + 1..].iter().take_while(|line| is_below(line)).count();
        // Empty lines behind a block are no part of it.
        while end > at + 1 && lines[end - 1].trim().is_empty() {
            end -= 1;
        }
        lines.splice(at..end, [block.as_str()]);
        return lines.concat();
    }
    match lines.iter().position(|line| line.starts_with("annotations:")) {
        Some(at) => lines.insert(at + 1, &block),
        None => {
            let end = if text.ends_with('\n') { "" } else { "\n" };
            return format!("{text}{end}annotations:\n{block}");
        }
    }
    lines.concat()
}

/// Text as it is where YAML takes it for text, else in quotes.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && text.contains(' ')
        && text.chars().all(|letter| !letter.is_control());
    if is_plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0 # raised by gift release\nappVersion: \"0.1.0\"\nannotations:\n  artifacthub.io/license: MIT\n  artifacthub.io/changes: |\n    - kind: added\n      description: All.\n\ndependencies:\n- version: 0.1.0\n";

    fn entries() -> Vec<Entry> {
        ["Plain words.", "`code`: and a # colon", "null"]
            .map(|description| Entry { kind: "added", description: description.to_owned() })
            .to_vec()
    }

    #[test]
    fn only_the_version_changes() {
        let text = with_version(CHART, &Version::new(0, 2, 0)).unwrap();
        assert_eq!(text, CHART.replacen("version: 0.1.0", "version: 0.2.0", 1));
        assert_eq!(
            with_version("version: '1.0.0'\r\n", &Version::new(2, 0, 0)).unwrap(),
            "version: '2.0.0'\r\n"
        );
        assert!(with_version("name: web\n", &Version::new(0, 2, 0)).is_err());
    }

    #[test]
    fn changes_take_the_place_of_those_that_stood_there() {
        for (chart, rest) in [
            (CHART.to_owned(), "\n\ndependencies:"),
            (
                CHART
                    .replace("  artifacthub.io/changes: |\n    - kind: added\n      description: All.\n", ""),
                "\n  artifacthub.io/license: MIT\n",
            ),
            ("name: web\n".to_owned(), "name: web\nannotations:\n"),
        ] {
            let text = with_changes(&chart, &entries());
            assert!(text.contains(rest), "{text}");
            let value = Text::read(&text).unwrap().value();
            let changes = value["annotations"][CHANGES].as_str().unwrap();
            let changes = Text::read(changes).unwrap().value();
            let told: Vec<_> = changes
                .as_array()
                .unwrap()
                .iter()
                .map(|change| change["description"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(
                told,
                entries().into_iter().map(|entry| entry.description).collect::<Vec<_>>(),
                "{text}"
            );
        }
    }
}
