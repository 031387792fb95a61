//! Which objects a policy or a binding is about (`MatchResources` of admissionregistration.k8s.io/v1).
//!
//! Depends on [`super::resource`] and [`super::selector`]. Every object is taken as being created.

use super::PolicyError;
use super::load::{field, one_of};
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
    /// [`PolicyError`] when a selector is malformed, or a rule lacks what would make it match.
    pub fn read(node: Option<&Node<'_>>, place: &str) -> Result<Self, PolicyError> {
        let Some(node) = node else { return Ok(Self::default()) };
        let rules = |key: &str| -> Result<Vec<Option<Rule>>, PolicyError> {
            let items = node.get(key).and_then(Node::as_sequence).unwrap_or_default();
            let read = |(at, item)| Rule::read(item, place, &format!("{key}[{at}]"));
            items.iter().enumerate().map(read).collect()
        };
        let stated = rules("resourceRules")?;
        Ok(Self {
            rules: (!stated.is_empty()).then(|| stated.into_iter().flatten().collect()),
            excluded: rules("excludeResourceRules")?.into_iter().flatten().collect(),
            namespaces: Selector::read(node.get("namespaceSelector"), place)?,
            objects: Selector::read(node.get("objectSelector"), place)?,
            exact: one_of(node, "matchPolicy", &["Exact", "Equivalent"], place)? == Some("Exact"),
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
    fn read(node: &Node<'_>, place: &str, path: &str) -> Result<Option<Self>, PolicyError> {
        let required = |key: &str| match strings(node.get(key)) {
            list if list.is_empty() => {
                Err(field(place, &format!("{path}.{key} is missing or empty, so nothing would be judged")))
            }
            list => Ok(list),
        };
        let operations = required("operations")?;
        let whole = |resource: &String| {
            let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            matches!(subresource, "" | "*").then(|| name.to_owned())
        };
        let rule = Self {
            groups: required("apiGroups")?,
            versions: required("apiVersions")?,
            resources: required("resources")?.iter().filter_map(whole).collect(),
            names: strings(node.get("resourceNames")),
            namespaced: match one_of(node, "scope", &["*", "Cluster", "Namespaced"], place)? {
                Some("Namespaced") => Some(true),
                Some("Cluster") => Some(false),
                _ => None,
            },
        };
        Ok((has(&operations, "CREATE") && !rule.resources.is_empty()).then_some(rule))
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
        for resources in ["[pods]", "[deployments/scale]", "['*/scale']"] {
            assert!(!matches(&rule(resources), DEPLOYMENT), "{resources}");
        }
    }

    #[test]
    fn a_rule_that_could_match_nothing_is_refused() {
        let read = |text: &str| {
            let documents = load_stream(text, &Limits::default()).unwrap();
            MatchResources::read(Some(&documents[0].root), "f.yaml: policy p").unwrap_err().to_string()
        };
        for (from, to, expected) in [
            ("operations:", "operation:", "resourceRules[0].operations is missing or empty"),
            ("[deployments]", "deployments", "resourceRules[0].resources is missing or empty"),
            ("[v1]", "[]", "resourceRules[0].apiVersions is missing or empty"),
            ("apiGroups: [apps], ", "", "resourceRules[0].apiGroups is missing or empty"),
            (
                "[deployments]",
                "[deployments], scope: Namespace",
                "scope: Namespace is none of *, Cluster, Namespaced",
            ),
        ] {
            let error = read(&rule("[deployments]").replacen(from, to, 1));
            assert!(error.starts_with(&format!("f.yaml: policy p: {expected}")), "{error}");
        }
        assert!(read("matchPolicy: exact").contains("matchPolicy: exact is none of Exact, Equivalent"));
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
