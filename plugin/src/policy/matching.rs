//! Which objects a policy or a binding is about (`MatchResources` of admissionregistration.k8s.io/v1).
//!
//! Depends on [`super::resource`] and [`super::selector`]. Every object is taken as being created.

use super::PolicyError;
use super::resource::Resource;
use super::selector::{Labels, Selector};
use super::strings::strings;
use crate::yaml::Node;

/// A `MatchResources`.
#[derive(Clone, Debug, Default)]
pub struct MatchResources {
    rules: Option<Vec<Rule>>,
    excluded: Vec<Rule>,
    namespaces: Selector,
    objects: Selector,
    exact: bool,
}

/// A rule about what is created, and about no subresource.
#[derive(Clone, Debug)]
struct Rule {
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    /// Whether they live in a namespace, where the rule asks for that.
    namespaced: Option<bool>,
}

impl MatchResources {
    /// Reads a `MatchResources`; an absent one, and one without rules, takes every resource.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when a selector is malformed.
    pub fn read(node: Option<&Node<'_>>, place: &str) -> Result<Self, PolicyError> {
        let Some(node) = node else { return Ok(Self::default()) };
        let rules = |key: &str| node.get(key).and_then(Node::as_sequence).unwrap_or_default();
        let stated = rules("resourceRules");
        Ok(Self {
            rules: (!stated.is_empty()).then(|| stated.iter().filter_map(Rule::read).collect()),
            excluded: rules("excludeResourceRules").iter().filter_map(Rule::read).collect(),
            namespaces: Selector::read(node.get("namespaceSelector"), place)?,
            objects: Selector::read(node.get("objectSelector"), place)?,
            exact: node.get("matchPolicy").and_then(Node::as_str) == Some("Exact"),
        })
    }

    /// Whether an object of that resource can be meant, whatever its name and labels.
    pub(super) fn concerns(&self, resource: &Resource<'_>) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.iter().any(|rule| rule.concerns(resource, self.exact)))
    }

    /// Whether an object with these labels, in a namespace with those, is meant. `namespace` is
    /// `None` for what lives in none; a Namespace itself goes by its own labels.
    #[must_use]
    pub fn matches(&self, resource: &Resource<'_>, object: &Labels, namespace: Option<&Labels>) -> bool {
        let is_namespace = resource.group.is_empty() && resource.kind == "Namespace";
        let namespace = if is_namespace { Some(object) } else { namespace };
        namespace.is_none_or(|labels| self.namespaces.matches(labels))
            && self.objects.matches(object)
            && !self.excluded.iter().any(|rule| rule.matches(resource, self.exact))
            && self
                .rules
                .as_ref()
                .is_none_or(|rules| rules.iter().any(|rule| rule.matches(resource, self.exact)))
    }
}

impl Rule {
    /// Reads a rule, `None` when it can say nothing about an object being created.
    fn read(node: &Node<'_>) -> Option<Self> {
        let operations = strings(node.get("operations"));
        let whole = |resource: &String| {
            let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            matches!(subresource, "" | "*").then(|| name.to_owned())
        };
        let rule = Self {
            groups: strings(node.get("apiGroups")),
            versions: strings(node.get("apiVersions")),
            resources: strings(node.get("resources")).iter().filter_map(whole).collect(),
            names: strings(node.get("resourceNames")),
            namespaced: match node.get("scope").and_then(Node::as_str) {
                Some("Namespaced") => Some(true),
                Some("Cluster") => Some(false),
                _ => None,
            },
        };
        (has(&operations, "CREATE") && !rule.resources.is_empty()).then_some(rule)
    }

    fn concerns(&self, resource: &Resource<'_>, exact: bool) -> bool {
        has(&self.groups, resource.group)
            && has(&self.resources, &resource.plural)
            // With `matchPolicy: Equivalent` an object of another version of the same group is converted
            // and judged all the same.
            && (!exact || has(&self.versions, resource.version))
            && self.namespaced.is_none_or(|namespaced| namespaced == resource.namespaced)
    }

    fn matches(&self, resource: &Resource<'_>, exact: bool) -> bool {
        self.concerns(resource, exact)
            && (self.names.is_empty() || self.names.iter().any(|name| name == resource.name))
    }
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|item| item == "*" || item == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, load_stream};

    fn matches(constraints: &str, object: &str) -> bool {
        let constraints = load_stream(constraints, &Limits::default()).unwrap();
        let objects = load_stream(object, &Limits::default()).unwrap();
        let object = &objects[0].root;
        let resources =
            MatchResources::read(constraints.first().map(|document| &document.root), "test").unwrap();
        let namespace = Labels::from([("team".to_owned(), "shop".to_owned())]);
        resources.matches(
            &Resource::of(object).unwrap(),
            &super::super::selector::labels(object),
            Some(&namespace),
        )
    }

    const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {app: a}}\n";

    fn rule(resources: &str) -> String {
        format!(
            "resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: {resources}}}]"
        )
    }

    #[test]
    fn no_rules_take_everything() {
        assert!(matches("", DEPLOYMENT));
        assert!(matches("matchPolicy: Exact", DEPLOYMENT));
    }

    #[test]
    fn resources_are_named_or_wild() {
        for resources in ["[deployments]", "['*']", "['*/*']", "['deployments/*']", "[pods, deployments]"] {
            assert!(matches(&rule(resources), DEPLOYMENT), "{resources}");
        }
        for resources in ["[pods]", "[deployments/scale]", "['*/scale']", "[]"] {
            assert!(!matches(&rule(resources), DEPLOYMENT), "{resources}");
        }
    }

    #[test]
    fn another_version_is_equivalent_unless_exact() {
        let old = DEPLOYMENT.replace("apps/v1", "apps/v1beta1");
        assert!(matches(&rule("[deployments]"), &old));
        assert!(!matches(&format!("matchPolicy: Exact\n{}", rule("[deployments]")), &old));
    }

    #[test]
    fn operations_other_than_create_do_not_matter_here() {
        assert!(!matches(&rule("[deployments]").replace("CREATE", "DELETE"), DEPLOYMENT));
        assert!(matches(&rule("[deployments]").replace("CREATE", "'*'"), DEPLOYMENT));
    }

    #[test]
    fn exclusions_names_and_scope_narrow() {
        let excluded = format!("{}\nexclude{}", rule("['*']"), rule("[deployments]").replacen('r', "R", 1));
        assert!(!matches(&excluded, DEPLOYMENT));
        assert!(!matches(&rule("['*'], resourceNames: [b]"), DEPLOYMENT));
        assert!(matches(&rule("['*'], resourceNames: [a]"), DEPLOYMENT));
        assert!(!matches(&rule("['*'], scope: Cluster"), DEPLOYMENT));
    }

    #[test]
    fn selectors_look_at_labels() {
        assert!(matches("objectSelector: {matchLabels: {app: a}}", DEPLOYMENT));
        assert!(!matches("objectSelector: {matchLabels: {app: b}}", DEPLOYMENT));
        assert!(matches(
            "objectSelector: {matchExpressions: [{key: app, operator: NotIn, values: [b]}]}",
            DEPLOYMENT
        ));
        assert!(matches(
            "objectSelector: {matchExpressions: [{key: x, operator: DoesNotExist}]}",
            DEPLOYMENT
        ));
        assert!(!matches("namespaceSelector: {matchLabels: {team: other}}", DEPLOYMENT));
        assert!(matches("namespaceSelector: {matchLabels: {team: shop}}", DEPLOYMENT));
    }
}
