//! Judging one object by every policy that is in force.
//!
//! Follows `k8s.io/apiserver/pkg/admission/plugin/policy/validating`: matching, parameters, match
//! conditions, validations, messages. Depends on the rest of [`crate::policy`].

use super::decoded::{with_namespace, without_nulls};
use super::expressions::Expression;
use super::load::{Binding, Policy, PolicySet, Validation, Variable};
use super::request::{namespace_object, request};
use super::resource::Resource;
use super::selector::{Labels, labels};
use crate::cel::{self, Activation, Blame, Budget, EvaluationError, Memory};
use crate::protocol::Options;
use crate::rules::Breach;
use crate::yaml::{Node, Path, Span, Value};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Judges the objects of one stream.
pub struct Judge<'p> {
    policies: &'p PolicySet,
    options: &'p Options,
    /// Labels of the namespaces that are known, by name.
    namespaces: BTreeMap<String, Labels>,
    /// Whether an expression speaks of namespaces, for to fill one in an object is copied.
    asks_for_namespace: bool,
    /// The policies in force that concern objects of an apiVersion and kind: of few in a stream of many.
    concerned: RefCell<BTreeMap<KindName, Rc<[&'p Policy]>>>,
}

/// An apiVersion and a kind.
type KindName = (String, String);

/// What the policies say about one object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong.
    pub breaches: Vec<Breach>,
    /// What could not be judged.
    pub notes: Vec<String>,
    /// The policies that are about the object, but not in force for want of parameters.
    pub unjudged: Vec<String>,
}

const NULL: Node<'static> = Node { value: Value::Null, span: Span { start: 0, end: 0 } };

/// The bytes a message that was worked out may have; a longer one is none.
const MAX_MESSAGE: usize = 5 << 10;

/// The kinds admission never judges, lest a policy lock everybody out.
const EXEMPT: &[&str] = &[
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

impl<'p> Judge<'p> {
    /// Prepares to judge the objects of a stream, whose Namespaces tell their labels.
    pub fn new<'n, 'a: 'n>(
        policies: &'p PolicySet,
        options: &'p Options,
        roots: impl Iterator<Item = &'n Node<'a>>,
    ) -> Self {
        let mut namespaces = options.namespaces.clone();
        for object in roots.flat_map(crate::encode::objects) {
            let is_namespace = object.get("kind").and_then(Node::as_str) == Some("Namespace");
            if let (true, Some(name)) =
                (is_namespace, object.at(&["metadata", "name"]).and_then(Node::as_str))
            {
                namespaces.entry(name.to_owned()).or_default().extend(labels(object));
            }
        }
        let asks_for_namespace = policies
            .policies
            .iter()
            .flat_map(Policy::expressions)
            .any(|expression| expression.text.contains("namespace"));
        let concerned = RefCell::default();
        Self { policies, options, namespaces, asks_for_namespace, concerned }
    }

    /// Judges one object by the policies that `wanted` takes.
    pub fn judge(
        &self,
        object: &Node<'_>,
        resource: &Resource<'_>,
        wanted: impl Fn(&str) -> bool,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        if resource.group == "admissionregistration.k8s.io" && EXEMPT.contains(&resource.kind) {
            return verdict;
        }
        let name =
            if resource.namespace.is_empty() { self.options.namespace.as_str() } else { resource.namespace };
        let mut decoded = without_nulls(object, resource);
        if self.asks_for_namespace && resource.namespaced && resource.namespace.is_empty() {
            decoded = Some(with_namespace(decoded.unwrap_or_else(|| object.clone()), name));
        }
        let object = decoded.as_ref().unwrap_or(object);
        let own = labels(object);
        let mut namespace = self.namespaces.get(name).cloned().unwrap_or_default();
        namespace.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
        let place = resource.namespaced.then_some(&namespace);
        let subject = OnceCell::new();
        let common = vec![OnceCell::new(); self.policies.common_variables];
        for policy in self.concerned(resource).iter().filter(|policy| wanted(&policy.name)) {
            if !policy.constraints.matches(resource, &own, place) {
                continue;
            }
            for binding in &policy.bindings {
                if !binding.resources.matches(resource, &own, place) {
                    continue;
                }
                let (request, namespace_object) = subject.get_or_init(|| {
                    let namespace = match place {
                        Some(labels) => namespace_object(name, labels),
                        None => NULL,
                    };
                    (request(resource, name), namespace)
                });
                let case = Case {
                    policy,
                    binding,
                    object,
                    request,
                    namespace: namespace_object,
                    common: &common,
                    options: self.options,
                };
                match self.params(policy, binding) {
                    Params::NotAsked => case.judge(&NULL, &mut verdict),
                    Params::Found(params) => {
                        for params in params {
                            case.judge(params, &mut verdict);
                        }
                    }
                    Params::Missing(Some(breach)) if policy.fails_on_error => verdict.breaches.push(breach),
                    Params::Missing(Some(breach)) => {
                        verdict.notes.push(format!("{}: {}", policy.name, breach.message));
                    }
                    Params::Missing(None) => {}
                    Params::NotWritten => verdict.unjudged.push(policy.name.clone()),
                }
            }
        }
        verdict
    }

    fn concerned(&self, resource: &Resource<'_>) -> Rc<[&'p Policy]> {
        let version = format!("{}/{}", resource.group, resource.version);
        let mut known = self.concerned.borrow_mut();
        let policies = known.entry((version, resource.kind.to_owned())).or_insert_with(|| {
            let is_concerned =
                |policy: &&Policy| !policy.bindings.is_empty() && policy.constraints.concerns(resource);
            self.policies.policies.iter().filter(is_concerned).collect()
        });
        Rc::clone(policies)
    }

    fn params(&self, policy: &Policy, binding: &Binding) -> Params<'p> {
        let (Some((api_version, kind)), Some(wanted)) = (&policy.param_kind, &binding.param_ref) else {
            return Params::NotAsked;
        };
        let is = |node: &Node<'_>, keys: &[&str], value: &String| {
            node.at(keys).and_then(Node::as_str).unwrap_or_default() == value
        };
        let found: Vec<_> = self
            .policies
            .params
            .iter()
            .filter(|params| is(params, &["apiVersion"], api_version) && is(params, &["kind"], kind))
            .filter(|params| wanted.name.as_ref().is_none_or(|name| is(params, &["metadata", "name"], name)))
            .filter(|params| {
                wanted.selector.as_ref().is_none_or(|selector| selector.matches(&labels(params)))
            })
            .collect();
        if !found.is_empty() {
            return Params::Found(found);
        }
        if self.options.unknown_system {
            return Params::NotWritten;
        }
        if wanted.deny_when_missing {
            return Params::Missing(Some(Breach {
                rule: policy.name.clone(),
                severity: binding.severity,
                path: Path::root(),
                at: None,
                message: "failed to configure binding: no params found for policy binding with `Deny` \
                          parameterNotFoundAction"
                    .to_owned(),
                help: format!(
                    "Give a {kind} that binding {} refers to: beside the policies, in params/<system>.yaml.",
                    binding.name
                ),
            }));
        }
        Params::Missing(None)
    }
}

enum Params<'p> {
    NotAsked,
    Found(Vec<&'p Node<'static>>),
    /// The system has some, but not these.
    Missing(Option<Breach>),
    /// Nobody wrote any for the system.
    NotWritten,
}

struct Case<'c, 'a, 'm> {
    policy: &'c Policy,
    binding: &'c Binding,
    object: &'c Node<'a>,
    request: &'c Node<'c>,
    namespace: &'c Node<'c>,
    /// What the variables have come to that several policies have.
    common: &'m [OnceCell<Memory<'c>>],
    options: &'c Options,
}

impl<'c> Case<'c, '_, '_> {
    fn judge(&self, params: &'c Node<'c>, verdict: &mut Verdict) {
        let mut budget = Budget::new(self.options.max_policy_cost);
        let mut errors: Vec<(&Expression, EvaluationError)> = Vec::new();
        // Conditions are not told about the namespace.
        let activation = self.activation(params, &NULL);
        for condition in &self.policy.conditions {
            match condition.program.evaluate(&activation, &mut budget) {
                // One that is false decides, whatever the others fail with or give instead of a truth.
                Ok(value) if value.as_bool() == Some(false) => return,
                Ok(_) => {}
                Err(error) => errors.push((condition, error)),
            }
        }
        if let Some((first, _)) = errors.first() {
            let mut messages: Vec<String> = Vec::new();
            for message in errors.iter().map(|(condition, error)| failed(condition, error)) {
                if !messages.contains(&message) {
                    messages.push(message);
                }
            }
            let message = match messages.as_slice() {
                [message] => message.clone(),
                _ => format!("[{}]", messages.join(", ")),
            };
            self.fault(first, message, &activation, verdict);
            return;
        }
        let mut activation = self.activation(params, self.namespace);
        for Variable { name, expression, common } in &self.policy.variables {
            let memory = common.and_then(|number| self.common.get(number));
            let memory =
                memory.map_or_else(Memory::default, |memory| memory.get_or_init(Memory::default).clone());
            activation.bind_variable(name, &expression.program, memory);
        }
        for validation in &self.policy.validations {
            match validation.expression.program.evaluate(&activation, &mut budget) {
                Ok(value) if value.as_bool() == Some(true) => {}
                Ok(_) => {
                    let message = message(validation, &activation, &mut budget);
                    let path = self.blame(&validation.expression, &activation);
                    verdict.breaches.push(self.breach(path, message));
                }
                Err(error) => {
                    let message = failed(&validation.expression, &error);
                    self.fault(&validation.expression, message, &activation, verdict);
                }
            }
        }
    }

    fn activation(&self, params: &'c Node<'c>, namespace: &'c Node<'c>) -> Activation<'c> {
        let mut activation = Activation::default();
        let roots = [
            ("object", self.object),
            ("oldObject", &NULL),
            ("request", self.request),
            ("namespaceObject", namespace),
            ("params", params),
        ];
        for (name, node) in roots {
            activation.bind(name, cel::Value::Node(node));
        }
        activation
    }

    fn fault(
        &self,
        expression: &'c Expression,
        message: String,
        activation: &Activation<'c>,
        verdict: &mut Verdict,
    ) {
        if self.policy.fails_on_error {
            let path = self.blame(expression, activation);
            verdict.breaches.push(self.breach(path, message));
        } else {
            verdict.notes.push(format!("{}: {message}", self.policy.name));
        }
    }

    /// The place in the object that most of all made the expression what it is.
    fn blame(&self, expression: &'c Expression, activation: &Activation<'c>) -> Path {
        let mut budget = Budget::new(self.options.max_policy_cost);
        let blames = expression.program.blame(activation, &mut budget);
        blames
            .into_iter()
            .find_map(|Blame { node, missing }| {
                let path = Path::of(node, self.object)?;
                Some(missing.into_iter().fold(path, Path::then))
            })
            .unwrap_or_default()
    }

    fn breach(&self, path: Path, message: String) -> Breach {
        Breach {
            rule: self.policy.name.clone(),
            severity: self.binding.severity,
            path,
            at: None,
            message,
            help: self.policy.remedy.clone(),
        }
    }
}

fn failed(expression: &Expression, error: &EvaluationError) -> String {
    format!("expression '{}' resulted in error: {error}", expression.text)
}

fn message<'c>(validation: &'c Validation, activation: &Activation<'c>, budget: &mut Budget) -> String {
    let said = validation.message_expression.as_ref().and_then(|expression| {
        match expression.program.evaluate(activation, budget) {
            Ok(value) => value.as_str().map(|text| text.trim().to_owned()),
            Err(_) => None,
        }
    });
    let fits = |text: &String| text.len() <= MAX_MESSAGE && !text.is_empty() && !text.contains('\n');
    said.filter(fits)
        .or_else(|| validation.message.as_ref().map(|message| message.trim().to_owned()))
        .unwrap_or_else(|| format!("failed expression: {}", validation.expression.text.trim()))
}
