//! The pages about policies and assertions say what those say, and the comparison names rules there are.

use gift_harness::documentation::{self, Page};
use gift_harness::policies::PolicySelection;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn docs(part: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(part)
}

/// Holds the pages of a folder against what they are to be; UPDATE_EXPECT=1 writes them.
fn hold(part: &str, pages: &[Page], command: &str) {
    let directory = docs(part);
    let again = format!("`{command}`, or UPDATE_EXPECT=1 with this test, writes it anew");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(&directory).unwrap();
        for path in documentation::stale(&directory, pages).unwrap() {
            std::fs::remove_file(path).unwrap();
        }
        for page in pages {
            std::fs::write(directory.join(&page.name), &page.text).unwrap();
        }
        return;
    }
    let stale = documentation::stale(&directory, pages).unwrap();
    assert_eq!(stale, Vec::<PathBuf>::new(), "pages of rules there no longer are: {again}");
    for page in pages {
        let found = std::fs::read_to_string(directory.join(&page.name)).unwrap_or_default();
        assert_eq!(found, page.text, "docs/{part}/{}: {again}", page.name);
    }
}

#[test]
fn the_pages_are_those_of_the_policy_files() {
    let pages = documentation::pages(&PolicySelection::everything().unwrap().sets().unwrap());
    hold("policies", &pages, "gift explain --markdown docs/policies");
}

#[test]
fn the_pages_are_those_of_the_assertions() {
    let command = "gift explain --markdown docs/assertions --assertions";
    hold("assertions", &documentation::assertion_pages(), command);
}

/// The rows of all tables, without heads and rulers.
fn rows(markdown: &str) -> Vec<Vec<&str>> {
    markdown
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| Ours |"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_comparison_names_rules_there_are() {
    let text = std::fs::read_to_string(docs("policies").join("comparison.md")).unwrap();
    let sets = PolicySelection::everything().unwrap().sets().unwrap();
    let policies: BTreeSet<_> = sets.iter().flat_map(|set| set.rules()).map(|rule| rule.id).collect();
    let mut known = policies.clone();
    known.extend(gift_harness::rules::built_in().into_iter().map(|rule| rule.id));
    known.extend(gift_harness::run::rules().into_iter().map(|rule| rule.id));
    let rows = rows(&text);
    assert!(rows.len() > 110, "{}", rows.len());
    let mut named = BTreeSet::new();
    for row in &rows {
        let (ours, remark) = if row.len() == 5 { (row[4], "") } else { (row[1], row[2]) };
        let rules = quoted(ours);
        assert!(!rules.is_empty() || !remark.is_empty(), "{row:?} has neither a rule nor a reason");
        for rule in rules {
            assert!(known.contains(rule), "{row:?}: there is no rule {rule}");
            assert_eq!(
                ours.contains(&format!("({rule}.md)")),
                policies.contains(rule),
                "{row:?}: link {rule}"
            );
            named.insert(rule.to_owned());
        }
    }
    // The tables are where the library comes from, so nothing of it is missing there.
    for set in sets.iter().filter(|set| set.name != "organisation") {
        for rule in set.rules() {
            assert!(named.contains(&rule.id), "{} is in no table", rule.id);
        }
    }
}
