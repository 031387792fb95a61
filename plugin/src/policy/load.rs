//! ValidatingAdmissionPolicies, bindings and parameter objects, read from files.
//!
//! Depends on [`crate::yaml`] and [`crate::cel`]. Every expression is compiled here, so a policy with
//! a fault ends the run before any object is judged.

use super::PolicyError;
use super::expressions::{Expected, Expression, Scope};
use super::matching::MatchResources;
use super::selector::Selector;
use super::strings::strings;
use crate::cel::is_identifier;
use crate::protocol::{Severity, Source};
use crate::yaml::{Limits, Lines, Node, load_documents};
use std::collections::BTreeMap;

/// What is in force: policies with their bindings, and the objects they take parameters from.
#[derive(Debug, Default)]
pub struct PolicySet {
    /// The policies, in the order of the files.
    pub policies: Vec<Policy>,
    /// The parameter objects.
    pub params: Vec<Node<'static>>,
    /// Remarks on what is there but not in force.
    pub notes: Vec<String>,
    /// How many variables several policies have, computed alike and from the object alone: they are computed
    /// once for each object.
    pub common_variables: usize,
}

/// A ValidatingAdmissionPolicy, compiled.
#[derive(Debug)]
pub struct Policy {
    /// Its name, which is the rule's id.
    pub name: String,
    /// What the remedy annotation says.
    pub remedy: String,
    /// The kind of its parameter objects, as `(apiVersion, kind)`.
    pub param_kind: Option<(String, String)>,
    /// What it is about.
    pub constraints: MatchResources,
    /// All must hold for it to be judged by.
    pub conditions: Vec<Expression>,
    /// `variables.NAME`.
    pub variables: Vec<Variable>,
    /// All must hold.
    pub validations: Vec<Validation>,
    /// Whether an error in an expression is a breach.
    pub fails_on_error: bool,
    /// Where it is in force.
    pub bindings: Vec<Binding>,
}

/// One of the variables of a policy.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it is computed with.
    pub expression: Expression,
    /// Its number among [`PolicySet::common_variables`], if it is one of them.
    pub common: Option<usize>,
}

/// One of the validations of a policy.
#[derive(Debug)]
pub struct Validation {
    /// What must hold.
    pub expression: Expression,
    /// What to say when it does not.
    pub message: Option<String>,
    /// An expression that says it better.
    pub message_expression: Option<Expression>,
}

/// A ValidatingAdmissionPolicyBinding.
#[derive(Debug)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// What it narrows the policy to.
    pub resources: MatchResources,
    /// Which parameter objects it takes.
    pub param_ref: Option<ParamRef>,
    /// How bad a breach is.
    pub severity: Severity,
}

/// A binding's `paramRef`.
#[derive(Debug)]
pub struct ParamRef {
    /// By name,
    pub name: Option<String>,
    /// or by labels.
    pub selector: Option<Selector>,
    /// Whether it is a breach when there are none.
    pub deny_when_missing: bool,
}

/// What a binding can ask to be done about a breach.
const ACTIONS: &[&str] = &["Deny", "Warn", "Audit"];

/// The annotation that tells how to mend a breach.
pub const REMEDY_ANNOTATION: &str = "policies.gift.dev/remedy";

impl PolicySet {
    /// Reads policy files and files with parameter objects.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when a file is not YAML, an object is not what it should be, or an expression
    /// does not compile.
    pub fn read(policies: &[Source], params: &[Source]) -> Result<Self, PolicyError> {
        let mut set = Self::default();
        let mut bindings = Vec::new();
        for source in policies {
            for document in documents(source)? {
                let kind = document.get("kind").and_then(Node::as_str).unwrap_or_default();
                match kind {
                    "ValidatingAdmissionPolicy" => set.policies.push(Policy::read(&document, source)?),
                    "ValidatingAdmissionPolicyBinding" => bindings.push(Binding::read(&document, source)?),
                    other => {
                        set.notes.push(format!("{}: {other} is no policy and is not looked at", source.name))
                    }
                }
            }
        }
        for source in params {
            set.params.extend(documents(source)?);
        }
        for (policy, binding) in bindings {
            match set.policies.iter_mut().find(|candidate| candidate.name == policy) {
                Some(policy) => policy.bindings.push(binding),
                None => set
                    .notes
                    .push(format!("binding {} names policy {policy}, which is not there", binding.name)),
            }
        }
        for policy in set.policies.iter().filter(|policy| policy.bindings.is_empty()) {
            set.notes.push(format!("policy {} has no binding, so it is not in force", policy.name));
        }
        set.number_common_variables();
        Ok(set)
    }

    /// Variables refer to those before them, so they are alike where all before them are too.
    fn number_common_variables(&mut self) {
        let mut known: BTreeMap<Vec<(&str, &str)>, Vec<_>> = BTreeMap::new();
        for (policy, Policy { variables, .. }) in self.policies.iter().enumerate() {
            let has_no_params = |variable: &&Variable| !variable.expression.text.contains("params");
            let mut before = Vec::new();
            for (place, variable) in variables.iter().take_while(has_no_params).enumerate() {
                before.push((variable.name.as_str(), variable.expression.text.as_str()));
                known.entry(before.clone()).or_default().push((policy, place));
            }
        }
        let mut common: Vec<_> = known.into_values().filter(|places| places.len() > 1).collect();
        common.sort_unstable();
        self.common_variables = common.len();
        for (number, places) in common.into_iter().enumerate() {
            for (policy, place) in places {
                self.policies[policy].variables[place].common = Some(number);
            }
        }
    }
}

impl Policy {
    /// Every expression it has.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let validations = self.validations.iter().flat_map(|validation| {
            std::iter::once(&validation.expression).chain(&validation.message_expression)
        });
        self.conditions
            .iter()
            .chain(self.variables.iter().map(|variable| &variable.expression))
            .chain(validations)
    }

    fn read(node: &Node<'_>, source: &Source) -> Result<Self, PolicyError> {
        let name = name_of(node, source)?;
        let place = format!("{}: policy {name}", source.name);
        let spec = node.get("spec").ok_or_else(|| field(&place, "spec is missing"))?;
        let param_kind = spec.get("paramKind").map(|kind| {
            let text = |key| kind.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
            (text("apiVersion"), text("kind"))
        });
        let constraints =
            spec.get("matchConstraints").ok_or_else(|| field(&place, "spec.matchConstraints is missing"))?;
        let mut scope = Scope::new(&place, param_kind.is_some());
        // Conditions see no variables.
        let mut conditions = Vec::new();
        for (at, item) in items(spec, "matchConditions").iter().enumerate() {
            let at = format!("spec.matchConditions[{at}]");
            conditions.push(scope.compile(item, "expression", &at, Expected::Bool)?);
        }
        let mut variables = Vec::new();
        for (at, item) in items(spec, "variables").iter().enumerate() {
            let at = format!("spec.variables[{at}]");
            let name = required(item, "name", &place, &at)?;
            if !is_identifier(&name) {
                return Err(field(&place, &format!("{at}.name: {name} is not a name CEL can use")));
            }
            let expression = scope.compile(item, "expression", &at, Expected::Anything)?;
            scope.declare(&name, &expression);
            variables.push(Variable { name, expression, common: None });
        }
        let mut validations = Vec::new();
        for (at, item) in items(spec, "validations").iter().enumerate() {
            let at = format!("spec.validations[{at}]");
            validations.push(Validation {
                expression: scope.compile(item, "expression", &at, Expected::Bool)?,
                message: item.get("message").and_then(Node::as_str).map(str::to_owned),
                message_expression: match item.get("messageExpression") {
                    Some(_) => Some(scope.compile(item, "messageExpression", &at, Expected::String)?),
                    None => None,
                },
            });
        }
        if validations.is_empty() {
            return Err(field(&place, "spec.validations is empty, so nothing is judged"));
        }
        let remedy = node.at(&["metadata", "annotations", REMEDY_ANNOTATION]).and_then(Node::as_str);
        Ok(Self {
            remedy: remedy.unwrap_or_default().trim().to_owned(),
            constraints: MatchResources::read(Some(constraints), &place)?,
            fails_on_error: one_of(spec, "failurePolicy", &["Fail", "Ignore"], &place)? != Some("Ignore"),
            bindings: Vec::new(),
            name,
            param_kind,
            conditions,
            variables,
            validations,
        })
    }
}

impl Binding {
    fn read(node: &Node<'_>, source: &Source) -> Result<(String, Self), PolicyError> {
        let name = name_of(node, source)?;
        let place = format!("{}: binding {name}", source.name);
        let spec = node.get("spec").ok_or_else(|| field(&place, "spec is missing"))?;
        let policy = required(spec, "policyName", &place, "spec")?;
        let actions = strings(spec.get("validationActions"));
        if let Some(other) = actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
            return Err(field(&place, &format!("spec.validationActions: {}", none_of(other, ACTIONS))));
        }
        let has = |action: &str| actions.iter().any(|item| item == action);
        let severity = match (has("Deny"), has("Warn"), has("Audit")) {
            (true, ..) => Severity::Error,
            (false, true, _) => Severity::Warning,
            (false, false, true) => Severity::Info,
            _ => return Err(field(&place, "spec.validationActions names none of Deny, Warn and Audit")),
        };
        let param_ref = match spec.get("paramRef") {
            None => None,
            Some(node) => Some(ParamRef::read(node, &place)?),
        };
        let resources = MatchResources::read(spec.get("matchResources"), &place)?;
        Ok((policy, Self { name, resources, param_ref, severity }))
    }
}

impl ParamRef {
    fn read(node: &Node<'_>, place: &str) -> Result<Self, PolicyError> {
        let name = node.get("name").and_then(Node::as_str).map(str::to_owned);
        let selector = match node.get("selector") {
            None => None,
            selector => Some(Selector::read(selector, place)?),
        };
        if name.is_some() == selector.is_some() {
            return Err(field(place, "spec.paramRef takes either a name or a selector"));
        }
        let action = one_of(node, "parameterNotFoundAction", &["Allow", "Deny"], place)?
            .ok_or_else(|| field(place, "spec.paramRef.parameterNotFoundAction is missing"))?;
        Ok(Self { name, selector, deny_when_missing: action == "Deny" })
    }
}

fn documents(source: &Source) -> Result<Vec<Node<'static>>, PolicyError> {
    let mut nodes = Vec::new();
    for document in load_documents(&source.text, &Limits::default()) {
        match document {
            Ok(document) => nodes.push(document.root.into_owned()),
            Err((_, error)) => {
                let (line, column) = Lines::new(&source.text).position(error.at);
                return Err(PolicyError::File {
                    place: format!("{}:{line}:{column}", source.name),
                    message: error.to_string(),
                });
            }
        }
    }
    Ok(nodes)
}

fn name_of(node: &Node<'_>, source: &Source) -> Result<String, PolicyError> {
    node.at(&["metadata", "name"])
        .and_then(Node::as_str)
        .map(str::to_owned)
        .ok_or_else(|| field(&source.name, "metadata.name is missing"))
}

fn required(node: &Node<'_>, key: &str, place: &str, path: &str) -> Result<String, PolicyError> {
    node.get(key)
        .and_then(Node::as_str)
        .map(str::to_owned)
        .ok_or_else(|| field(place, &format!("{path}.{key} is missing")))
}

/// The word at `key`, if there is one; it must be one of those `allowed`, for another would be taken for
/// none at all.
pub(super) fn one_of<'n>(
    node: &'n Node<'_>,
    key: &str,
    allowed: &[&str],
    place: &str,
) -> Result<Option<&'n str>, PolicyError> {
    match node.get(key).and_then(Node::as_str) {
        Some(word) if !allowed.contains(&word) => {
            Err(field(place, &format!("{key}: {}", none_of(word, allowed))))
        }
        word => Ok(word),
    }
}

fn none_of(word: &str, allowed: &[&str]) -> String {
    format!("{word} is none of {}", allowed.join(", "))
}

pub(super) fn field(place: &str, message: &str) -> PolicyError {
    PolicyError::Field { place: place.to_owned(), message: message.to_owned() }
}

fn items<'tree, 'a>(spec: &'tree Node<'a>, key: &str) -> &'tree [Node<'a>] {
    spec.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec:
  matchConstraints: {resourceRules: []}
  variables:
  - {name: names, expression: 'object.metadata.?name'}
  validations:
  - {expression: 'variables.names.hasValue()', messageExpression: \"'no name'\"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}
spec: {policyName: p, validationActions: [Deny]}
";

    fn read(text: &str) -> Result<PolicySet, PolicyError> {
        PolicySet::read(&[Source { name: "f.yaml".to_owned(), text: text.to_owned() }], &[])
    }

    #[test]
    fn a_policy_and_its_binding_are_in_force() {
        let set = read(POLICY).unwrap();
        assert_eq!(set.policies[0].bindings[0].severity, Severity::Error);
        assert!(set.notes.is_empty(), "{:?}", set.notes);
    }

    #[test]
    fn a_fault_is_told_with_file_policy_and_field() {
        for (from, to, expected) in [
            ("metadata: {name: p}", "metadata: {}", "f.yaml: metadata.name is missing"),
            (
                "  matchConstraints: {resourceRules: []}\n",
                "",
                "f.yaml: policy p: spec.matchConstraints is missing",
            ),
            (
                "'variables.names.hasValue()'",
                "''",
                "f.yaml: policy p: spec.validations[0].expression does not compile",
            ),
            (
                "  validations:",
                "  others:",
                "f.yaml: policy p: spec.validations is empty, so nothing is judged",
            ),
            (
                "validationActions: [Deny]",
                "validationActions: [Deny, Wran]",
                "f.yaml: binding b: spec.validationActions: Wran is none of Deny, Warn, Audit",
            ),
            (
                "spec:\n  matchConstraints",
                "spec:\n  failurePolicy: ignore\n  matchConstraints",
                "f.yaml: policy p: failurePolicy: ignore is none of Fail, Ignore",
            ),
            (
                "policyName: p,",
                "policyName: p, paramRef: {name: a},",
                "f.yaml: binding b: spec.paramRef.parameterNotFoundAction is missing",
            ),
            (
                "policyName: p,",
                "policyName: p, paramRef: {name: a, parameterNotFoundAction: deny},",
                "f.yaml: binding b: parameterNotFoundAction: deny is none of Allow, Deny",
            ),
            (
                "policyName: p,",
                "policyName: p, paramRef: {parameterNotFoundAction: Deny},",
                "f.yaml: binding b: spec.paramRef takes either a name or a selector",
            ),
            (
                "name: names",
                "name: namespace",
                "f.yaml: policy p: spec.variables[0].name: namespace is not a name",
            ),
            ("name: names", "name: 2names", "f.yaml: policy p: spec.variables[0].name: 2names is not a name"),
            ("'no name'", "1", "f.yaml: policy p: spec.validations[0].messageExpression does not compile"),
            ("{policyName: p, ", "{", "f.yaml: binding b: spec.policyName is missing"),
            ("[Deny]", "[]", "f.yaml: binding b: spec.validationActions names none of Deny, Warn and Audit"),
            ("kind: Val", "kind: [", "f.yaml:"),
        ] {
            let text = POLICY.replacen(from, to, 1);
            assert_ne!(text, POLICY, "{from}");
            let error = read(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_is_not_in_force_is_told() {
        for (from, to, expected) in [
            ("policyName: p", "policyName: q", "binding b names policy q, which is not there"),
            ("policyName: p", "policyName: q", "policy p has no binding, so it is not in force"),
            (
                "kind: ValidatingAdmissionPolicyBinding",
                "kind: ConfigMap",
                "f.yaml: ConfigMap is no policy and is not looked at",
            ),
        ] {
            let notes = read(&POLICY.replacen(from, to, 1)).unwrap().notes;
            assert!(notes.iter().any(|note| note == expected), "{notes:?}");
        }
    }

    #[test]
    fn variables_that_policies_compute_alike_are_common() {
        let policy = |name: &str, variables: &[(&str, &str)]| {
            let variables: String = variables
                .iter()
                .map(|(name, expression)| format!("  - {{name: {name}, expression: '{expression}'}}\n"))
                .collect();
            format!(
                "---\nkind: ValidatingAdmissionPolicy\nmetadata: {{name: {name}}}\nspec:\n  paramKind: {{apiVersion: v1, kind: ConfigMap}}\n  matchConstraints: {{resourceRules: []}}\n  variables:\n{variables}  validations:\n  - {{expression: 'true'}}\n"
            )
        };
        let alike = [("a", "object.kind"), ("b", "variables.a"), ("c", "params.kind"), ("d", "object.kind")];
        let other = [("a", "object.apiVersion"), ("b", "variables.a")];
        let set = read(&[policy("p", &alike), policy("q", &other), policy("r", &alike)].concat()).unwrap();
        let common = |policy: usize| -> Vec<_> {
            set.policies[policy].variables.iter().map(|variable| variable.common).collect()
        };
        assert_eq!(set.common_variables, 2);
        assert_eq!(common(0), [Some(0), Some(1), None, None], "parameters are a policy's own");
        assert_eq!(common(1), [None, None], "what one refers to decides as well");
        assert_eq!(common(2), common(0));
    }
}
