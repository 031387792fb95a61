//! What must hold for every rendered stream, whatever the chart.
//!
//! One assertion a file, each with an id, an explanation, and a stream that breaks it. Depends on
//! [`crate::objects`]; assertions that look at more than one stream ask [`Context`] for it.

mod context;
mod difference;
mod duplicate_key;
mod namespace;
mod naming;
mod pods;
mod probe_port;
mod quota;
mod reference;
mod scaling;
mod schema;
mod selector;
mod service_target;
mod stability;
mod unrendered;

#[cfg(test)]
mod tests;

pub use context::{Change, Context, Variations};
pub(crate) use difference::differences;

use crate::objects::{Object, Objects};
use crate::rules::{ASSERTIONS_SET, Rule};
use gift_plugin::policy::{EXCEPTIONS_ANNOTATION, Exception, exception};
use gift_plugin::protocol::{Finding, Severity};
use std::collections::HashMap;

/// Something that must hold.
pub trait Assertion: Send + Sync {
    /// The stable id, which findings carry as their rule.
    fn id(&self) -> &'static str;

    /// What must hold, in one line.
    fn title(&self) -> &'static str;

    /// Why, and what is looked at.
    fn explanation(&self) -> &'static str;

    /// A stream that breaks it, `None` when it takes more than one stream to do so.
    fn failing_example(&self) -> Option<&'static str> {
        None
    }

    /// The same stream, mended.
    fn passing_example(&self) -> Option<&'static str> {
        None
    }

    /// Looks, and gives what does not hold in the order of the stream.
    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding>;
}

static ALL: &[&dyn Assertion] = &[
    &naming::ValidName,
    &naming::UniqueName,
    &naming::ValidLabel,
    &namespace::Namespace,
    &unrendered::Unrendered,
    &duplicate_key::DuplicateKey,
    &schema::Schema,
    &selector::SelectsOwnPods,
    &selector::DisjointSelectors,
    &service_target::ServiceTarget,
    &reference::ReferenceExists,
    &probe_port::ProbePort,
    &scaling::AutoscalerTarget,
    &scaling::DisruptionBudgetTarget,
    &quota::FitsQuota,
    &stability::Reproducible,
    &stability::ImageChange,
    &stability::ChartVersion,
];

/// Every assertion there is.
///
/// ```
/// use gift_harness::assertions;
///
/// assert!(assertions::all().iter().any(|assertion| assertion.id() == "unique-name"));
/// ```
#[must_use]
pub fn all() -> &'static [&'static dyn Assertion] {
    ALL
}

/// The assertion with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Assertion> {
    ALL.iter().copied().find(|assertion| assertion.id() == id)
}

/// The assertions as rules, for those who list and explain them.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let rule = |assertion: &&dyn Assertion| Rule {
        id: assertion.id().to_owned(),
        number: None,
        title: assertion.title().to_owned(),
        reason: assertion.explanation().to_owned(),
        remedy: "Each finding says what to do.".to_owned(),
        severity: Severity::Error,
        set: ASSERTIONS_SET.to_owned(),
        passes: assertion.passing_example().map(str::to_owned).into_iter().collect(),
        breaches: assertion.failing_example().map(str::to_owned).into_iter().collect(),
    };
    ALL.iter().map(rule).collect()
}

/// Looks with every assertion the context selects; what is found is in the order of the stream.
///
/// ```
/// use gift_harness::assertions::{self, Context};
/// use gift_harness::objects::Objects;
///
/// let stream = b"{apiVersion: v1, kind: ConfigMap, metadata: {name: Web}}";
/// let findings = assertions::check(&Objects::read(stream)?, &Context::default());
/// assert_eq!(findings[0].rule, "valid-name");
/// # Ok::<(), gift_harness::objects::ObjectsError>(())
/// ```
#[must_use]
pub fn check(objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> = ALL
        .iter()
        .filter(|assertion| context.selects(assertion.id()))
        .flat_map(|assertion| assertion.check(objects, context))
        .collect();
    if let Some(today) = context.today {
        drop_excepted(&mut findings, objects, today);
    }
    order(&mut findings);
    findings
}

/// Drops findings about objects that state an exception which counts on this day.
fn drop_excepted(findings: &mut Vec<Finding>, objects: &Objects<'_>, today: &str) {
    let mut excepting: HashMap<_, &Object<'_>> = HashMap::new();
    for object in objects.iter().filter(|object| object.annotation(EXCEPTIONS_ANNOTATION).is_some()) {
        excepting.entry(object.reference()).or_insert(object);
    }
    findings.retain(|finding| {
        let stated =
            excepting.get(&finding.object).map(|object| exception(object.root(), &finding.rule, today));
        !matches!(stated, Some(Exception::Granted { .. }))
    });
}

/// Puts findings in the order of the stream and drops those said twice about one place.
pub fn order(findings: &mut Vec<Finding>) {
    fn place(finding: &Finding) -> (usize, usize, &str, &str, &str) {
        (finding.line, finding.column, &finding.rule, &finding.path, &finding.message)
    }
    findings.sort_by(|a, b| place(a).cmp(&place(b)));
    // The plugin has some of these rules too, in words of its own.
    findings
        .dedup_by(|a, b| a.rule == b.rule && a.line == b.line && a.object == b.object && a.path == b.path);
}
