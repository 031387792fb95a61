//! Pages about policies, made from the policy files: one for each rule, and an index.
//!
//! Depends on [`crate::policies`] and on templates beside this file. Writes no files.

use crate::diagnosis::{Category, Diagnose};
use crate::policies::PolicySet;
use crate::report::severity_word;
use crate::rules::Rule;
use handlebars::Handlebars;
use serde::Serialize;
use std::path::{Path, PathBuf};

mod policy;

use policy::{Expression, Match, expressions_of};

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

/// Why no pages can be made.
#[derive(Debug, thiserror::Error)]
#[error("the page {page} cannot be made")]
pub struct DocumentationError {
    page: String,
    #[source]
    source: Box<handlebars::RenderError>,
}

impl Diagnose for DocumentationError {
    fn category(&self) -> Category {
        Category::Internal
    }
}

#[derive(Serialize)]
struct RulePage<'a> {
    mark: &'static str,
    rule: &'a Rule,
    severity: &'static str,
    set_title: &'a str,
    is_default: bool,
    file: String,
    matches: Vec<Match>,
    conditions: Vec<Expression>,
    variables: Vec<Expression>,
    validations: Vec<Expression>,
    passes: String,
    breaches: String,
    params: bool,
}

#[derive(Serialize)]
struct IndexPage<'a> {
    mark: &'static str,
    sets: Vec<IndexSet<'a>>,
}

#[derive(Serialize)]
struct IndexSet<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    includes: String,
    replaces: String,
    rules: Vec<IndexRule>,
}

#[derive(Serialize)]
struct IndexRule {
    id: String,
    number: String,
    title: String,
    severity: &'static str,
}

/// A page for each policy of these sets, and the [`INDEX`].
///
/// ```
/// use gift_harness::documentation;
/// use gift_harness::policies::PolicySelection;
///
/// let sets = PolicySelection::Set("networking".to_owned()).sets()?;
/// let pages = documentation::pages(&sets)?;
/// assert!(pages.iter().any(|page| page.name == "valid-port-name.md"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`DocumentationError`] when a template does not fit, which is a fault of ours.
pub fn pages(sets: &[PolicySet]) -> Result<Vec<Page>, DocumentationError> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    let mut pages = Vec::new();
    let mut index = Vec::new();
    for set in sets {
        let rules = set.rules();
        for rule in &rules {
            let described = expressions_of(&rule.id, &set.policies);
            let page = RulePage {
                mark: MARK,
                rule,
                severity: severity_word(rule.severity),
                set_title: &set.title,
                is_default: set.name == crate::policies::ORGANISATION,
                file: described.file,
                matches: described.matches,
                conditions: described.conditions,
                variables: described.variables,
                validations: described.validations,
                passes: rule.passes.join("---\n"),
                breaches: rule.breaches.join("---\n"),
                params: described.params,
            };
            pages.push(render(&handlebars, format!("{}.md", rule.id), include_str!("rule.md.hbs"), &page)?);
        }
        index.push(IndexSet {
            name: &set.name,
            title: &set.title,
            description: &set.description,
            includes: listed(&set.includes),
            replaces: listed(&set.replaces),
            rules: rules
                .into_iter()
                .map(|rule| IndexRule {
                    severity: severity_word(rule.severity),
                    number: rule.number.unwrap_or_default(),
                    id: rule.id,
                    title: rule.title,
                })
                .collect(),
        });
    }
    let index = IndexPage { mark: MARK, sets: index };
    pages.push(render(&handlebars, INDEX.to_owned(), include_str!("index.md.hbs"), &index)?);
    Ok(pages)
}

fn render(
    handlebars: &Handlebars<'_>,
    name: String,
    template: &str,
    data: &impl Serialize,
) -> Result<Page, DocumentationError> {
    match handlebars.render_template(template, data) {
        Ok(text) => Ok(Page { name, text }),
        Err(source) => Err(DocumentationError { page: name, source: Box::new(source) }),
    }
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
        let is_page = pages.iter().any(|page| path.file_name().is_some_and(|name| name == page.name.as_str()));
        let is_text = path.extension().is_some_and(|extension| extension == "md");
        if is_text && !is_page && std::fs::read_to_string(&path)?.starts_with(MARK) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
