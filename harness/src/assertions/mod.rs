//! What must hold for every rendered stream, whatever the chart.
//!
//! One assertion a file, each with an id, an explanation, and a stream that breaks it. Depends on
//! [`crate::objects`]; assertions that look at more than one stream ask [`Context`] for it.

mod context;
mod difference;
mod duplicate_key;
mod namespace;
mod naming;
mod node_access;
mod probe_port;
mod quota;
mod reference;
mod request_limit;
mod scaling;
mod schema;
mod selector;
mod service_address;
mod service_target;
mod stability;
mod steadiness;
mod unrendered;

#[cfg(test)]
mod tests;

pub use context::{Change, Context, Variations};
pub(crate) use difference::differences;
pub(crate) use steadiness::is_steady;

use crate::objects::Objects;
use crate::rules::{ASSERTIONS_SET, Rule};
use gift_plugin::policy::{Exception, exception};
use gift_plugin::protocol::{Finding, Severity};

/// What the answer of an assertion depends on; whoever looks at many cells asks once for all that have it in
/// common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The stream, and the values it came from.
    Stream,
    /// The stream and the version of Kubernetes.
    Kubernetes,
    /// How Helm came to the stream: what it gives for a change.
    Rendering,
}

/// Something that must hold.
pub trait Assertion: Send + Sync {
    /// The stable id, which findings carry as their rule.
    fn id(&self) -> &'static str;

    /// What must hold, in one line.
    fn title(&self) -> &'static str;

    /// Why, and what is looked at.
    fn explanation(&self) -> &'static str;

    /// What its answer depends on.
    fn scope(&self) -> Scope {
        Scope::Stream
    }

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
    &service_address::ServiceAddress,
    &reference::ReferenceExists,
    &probe_port::ProbePort,
    &scaling::AutoscalerTarget,
    &scaling::DisruptionBudgetTarget,
    &request_limit::RequestLimit,
    &node_access::NodeAccess,
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
    let scopes = [Scope::Stream, Scope::Kubernetes, Scope::Rendering];
    let mut findings = scopes.map(|scope| check_scope(objects, context, scope)).concat();
    order(&mut findings);
    findings
}

/// Looks with the assertions of one scope that the context selects; findings are in no order.
#[must_use]
pub fn check_scope(objects: &Objects<'_>, context: &Context<'_>, scope: Scope) -> Vec<Finding> {
    selected(context, scope)
        .flat_map(|assertion| assertion.check(objects, context))
        .filter(|finding| !is_excepted(objects, finding, context.today))
        .collect()
}

/// The assertions of a scope that the context selects.
pub(crate) fn selected<'c>(
    context: &'c Context<'_>,
    scope: Scope,
) -> impl Iterator<Item = &'static dyn Assertion> + 'c {
    ALL.iter().copied().filter(move |assertion| assertion.scope() == scope && context.selects(assertion.id()))
}

/// Whether the object a finding is about states an exception that counts on this day.
fn is_excepted(objects: &Objects<'_>, finding: &Finding, today: Option<&str>) -> bool {
    let Some(today) = today else { return false };
    let object = objects.iter().find(|object| object.reference() == finding.object);
    object.is_some_and(|object| {
        matches!(exception(object.root(), &finding.rule, today), Exception::Granted { .. })
    })
}

/// Puts findings in the order of the stream and drops those said twice about one place.
pub fn order(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        let key =
            |finding: &Finding| (finding.line, finding.column, finding.rule.clone(), finding.path.clone());
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    // The plugin has some of these rules too, in words of its own.
    findings
        .dedup_by(|a, b| a.rule == b.rule && a.line == b.line && a.object == b.object && a.path == b.path);
}
