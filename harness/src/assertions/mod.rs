//! What must hold for every rendered stream, whatever the chart.
//!
//! One assertion a file, each with an id, an explanation, and a stream that breaks it. Depends on
//! [`crate::objects`]; assertions that look at more than one stream ask [`Context`] for it.

mod access;
mod context;
mod dependencies;
mod difference;
mod duplicate_key;
mod eviction;
mod isolation;
mod named_service;
mod namespace;
mod naming;
mod node_access;
mod probe_port;
mod quota;
mod reachability;
mod reference;
mod request_limit;
mod route_target;
mod scaling;
mod schema;
mod selector;
mod service_target;
mod stability;
mod stateful_set;
mod steadiness;
mod uniqueness;
mod unrendered;
mod volume;

#[cfg(test)]
mod tests;

pub use context::{Change, Context, Variations};
pub(crate) use difference::differences;
pub(crate) use steadiness::is_steady;

use crate::objects::{Object, Objects};
use crate::rules::{ASSERTIONS_SET, Rule};
use gift_plugin::policy::{EXCEPTIONS_ANNOTATION, Exception, exception};
use gift_plugin::protocol::{Finding, Severity};
use std::collections::HashMap;

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

    /// How bad a breach is, and why it is that bad.
    fn severity(&self) -> (Severity, &'static str) {
        (Severity::Error, "What it finds is refused by the API server, or does not work as the stream says.")
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
    &reference::ReferenceExists,
    &probe_port::ProbePort,
    &reachability::Reachability,
    &isolation::Isolation,
    &route_target::RouteTarget,
    &named_service::NamedService,
    &stateful_set::StatefulSetService,
    &uniqueness::UniqueWithin,
    &volume::VolumeMounted,
    &volume::AutoscalerVolume,
    &eviction::EvictionPossible,
    &access::BindingTarget,
    &access::GrantUsed,
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
        severity: assertion.severity().0,
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
    let mut findings: Vec<_> = selected(context, scope)
        .flat_map(|assertion| {
            let (severity, _) = assertion.severity();
            let findings = assertion.check(objects, context).into_iter();
            // One that is less bad than the others says so itself.
            findings.map(move |finding| Finding { severity: severity.min(finding.severity), ..finding })
        })
        .collect();
    if let Some(today) = context.today {
        drop_excepted(&mut findings, objects, today);
    }
    findings
}

/// The assertions of a scope that the context selects.
pub(crate) fn selected<'c>(
    context: &'c Context<'_>,
    scope: Scope,
) -> impl Iterator<Item = &'static dyn Assertion> + 'c {
    ALL.iter().copied().filter(move |assertion| assertion.scope() == scope && context.selects(assertion.id()))
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
    let is_of_plugin = |rule: &str| gift_plugin::rules::RULES.iter().any(|known| known.id == rule);
    findings.dedup_by(|a, b| {
        let is_one_place = a.rule == b.rule && a.line == b.line && a.object == b.object && a.path == b.path;
        // The plugin has some of these rules too, in words of its own.
        is_one_place && (a.message == b.message || is_of_plugin(&a.rule))
    });
}
