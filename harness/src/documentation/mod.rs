//! Pages about policies, made from the policy files, and about assertions, made from their modules: one for
//! each, and an index.
//!
//! Depends on [`crate::policies`] and [`crate::assertions`]. Writes no files. Pages are put together by hand and not by a template
//! engine: there are four kinds of them, and the engine would be most of what this module needs to build.

mod assertion;
mod index;
mod policy;
mod rule;

use crate::policies::PolicySet;
use std::path::{Path, PathBuf};

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file: `minimum-requests.md`.
    pub name: String,
    /// The Markdown.
    pub text: String,
}

/// The name of the index.
pub const INDEX: &str = "README.md";

/// The line every generated page begins with, so that others beside them are told apart.
const MARK: &str = "<!-- Made from the policy files by `gift explain --markdown`; change those instead. -->";

/// The same for pages about assertions.
const ASSERTION_MARK: &str = "<!-- Made from the assertions' modules by `gift explain --markdown --assertions`; change those instead. -->";

/// A page for each policy of these sets, and the [`INDEX`].
///
/// ```
/// use gift_harness::documentation;
/// use gift_harness::policies::PolicySelection;
///
/// let sets = PolicySelection::Set("networking".to_owned()).sets()?;
/// let pages = documentation::pages(&sets);
/// assert!(pages.iter().any(|page| page.name == "valid-port-name.md"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn pages(sets: &[PolicySet]) -> Vec<Page> {
    let mut pages = Vec::new();
    for set in sets {
        for rule in set.rules() {
            pages.push(Page { text: rule::page(&rule, set), name: format!("{}.md", rule.id) });
        }
    }
    pages.push(Page { name: INDEX.to_owned(), text: index::page(sets) });
    pages
}

/// A page for each assertion, and the [`INDEX`].
///
/// ```
/// use gift_harness::documentation;
///
/// let pages = documentation::assertion_pages();
/// assert!(pages.iter().any(|page| page.name == "reachability.md"));
/// ```
#[must_use]
pub fn assertion_pages() -> Vec<Page> {
    let mut pages: Vec<_> =
        crate::assertions::all().iter().map(|assertion| assertion::page(*assertion)).collect();
    pages.push(Page { name: INDEX.to_owned(), text: assertion::index() });
    pages
}

/// Generated pages in `directory` that are none of `pages`.
///
/// # Errors
///
/// What reading the directory gives.
pub fn stale(directory: &Path, pages: &[Page]) -> std::io::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let is_page =
            pages.iter().any(|page| path.file_name().is_some_and(|name| name == page.name.as_str()));
        let is_text = path.extension().is_some_and(|extension| extension == "md");
        if is_text && !is_page {
            let text = std::fs::read_to_string(&path)?;
            if text.starts_with(MARK) || text.starts_with(ASSERTION_MARK) {
                stale.push(path);
            }
        }
    }
    stale.sort();
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_generated_pages_are_stale() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in
            [("old.md", MARK), ("older.md", ASSERTION_MARK), ("kept.md", MARK), ("by-hand.md", "# Mine")]
        {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let kept = Page { name: "kept.md".into(), text: String::new() };
        let stale = stale(directory.path(), &[kept]).unwrap();
        assert_eq!(stale, ["old.md", "older.md"].map(|name| directory.path().join(name)));
    }
}
