//! Whole policies of generated expressions: conditions, variables, validations and their messages.

use super::choices::Choices;
use super::differences::ORDER;
use super::generate::Generator;
use super::grammar::Of;
use super::reference::{Decision, Reference, Verdict};
use super::shrink::MOST_STEPS;
use super::tree::Tree;
use super::world::{NEWEST, World};
use super::{Case, Comparison, engine, judge, number, program};
use gift_plugin::policy::{Judge, PolicyError, PolicySet, Resource};
use gift_plugin::protocol::{Options, Source};
use gift_plugin::yaml::{Limits, load_stream};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// Policies that must have been compared.
const LEAST_POLICIES: usize = 1_000;

/// How often the API server judges again where the order of a map's entries may show.
const REPEATS: usize = 50;

/// The API server knows who asks, the plugin does not.
const USER: &str = "nobody asks at render time";

/// Differences that are made simpler and told.
const MOST_DIFFERENCES: usize = 5;

/// One expression of it differs for a reason of its own.
const EXPRESSION: &str = "an expression in it differs";

#[derive(Clone, Debug)]
struct Policy {
    world: World,
    conditions: Vec<Tree>,
    validations: Vec<Validation>,
    ignores_errors: bool,
}

#[derive(Clone, Debug)]
struct Validation {
    expression: Tree,
    message: Option<&'static str>,
    message_expression: Option<Tree>,
}

/// What becomes of a policy: the field it is refused for, or what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judgement {
    Refused { path: String, message: String },
    Said(Vec<String>),
}

#[test]
fn every_policy_says_what_it_says_in_the_cluster() {
    let reference = Reference::start(&program());
    let wanted = number("GIFT_CEL_POLICIES", LEAST_POLICIES);
    let mut choices = Choices::new(number("GIFT_CEL_SEED", 1) as u64);
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut refused, mut silent) = (0, 0, 0);
    let mut differences = Vec::new();
    while compared < wanted && differences.len() < MOST_DIFFERENCES {
        let policies: Vec<Policy> = (0..100).map(|_| generate(&mut choices)).collect();
        let requests: Vec<Value> = policies.iter().map(|policy| policy.request(1)).collect();
        for (policy, answer) in policies.into_iter().zip(reference.ask(&requests)) {
            compared += 1;
            refused += usize::from(!answer.policy.refused.is_empty());
            silent += usize::from(
                answer.policy.decisions.first().is_some_and(|said| said.iter().all(|each| !each.denied)),
            );
            match difference(&reference, &policy, &answer.policy) {
                Comparison::Same => {}
                Comparison::Explained(title) => *explained.entry(title).or_default() += 1,
                Comparison::Different => differences.push(policy),
            }
        }
    }
    eprintln!("{compared} policies, {refused} refused, {silent} say nothing, {explained:?}");
    let shown: Vec<String> =
        differences.into_iter().map(|policy| shrunk(&reference, policy).to_string()).collect();
    assert!(shown.is_empty(), "{} differences:\n{}", shown.len(), shown.join("\n"));
    assert!(refused * 3 < compared, "most policies are none");
    assert!(silent * 2 < compared, "most policies say nothing");
}

fn generate(choices: &mut Choices) -> Policy {
    let mut world = World { minor: NEWEST, ..World::generate(choices) };
    while let Some((at, _)) = engine::refused_variable(&world) {
        world.variables.remove(at);
    }
    let without_variables = World { variables: Vec::new(), ..world.clone() };
    let mut of = |world: &World, of: &'static str| {
        let mut generate =
            || Generator::new(Choices::new(choices.seed()), &world.variables).of(&Of::Plain(of), 3);
        let mut expression = generate();
        // Most are what their place asks for.
        for _ in 0..12 {
            if engine::type_of(world, &expression.to_string()).as_deref() == Some(of) {
                break;
            }
            expression = generate();
        }
        expression
    };
    let conditions: Vec<Tree> = (0..2).map(|_| of(&without_variables, "bool")).collect();
    let expressions: Vec<Tree> = (0..3).map(|_| of(&world, "bool")).collect();
    let messages: Vec<Tree> = (0..3).map(|_| of(&world, "string")).collect();
    let conditions = conditions.into_iter().take([0, 0, 1, 2][choices.below(4)]).collect();
    let mut validations = Vec::new();
    for (expression, message) in expressions.into_iter().zip(messages) {
        validations.push(Validation {
            expression,
            message: choices.percent(50).then(|| *choices.of(&["not so", " spaces ", "é"])),
            message_expression: choices.percent(60).then_some(message),
        });
    }
    validations.truncate(1 + choices.below(3));
    Policy { world, conditions, validations, ignores_errors: choices.percent(30) }
}

impl Policy {
    fn spec(&self) -> Value {
        let conditions = self.conditions.iter().enumerate();
        let conditions: Vec<Value> = conditions
            .map(|(at, condition)| json!({"name": format!("c{at}"), "expression": condition.to_string()}))
            .collect();
        let variables: Vec<Value> = self
            .world
            .variables
            .iter()
            .map(|variable| json!({"name": variable.name, "expression": variable.expression.to_string()}))
            .collect();
        let validations: Vec<Value> = self.validations.iter().map(Validation::to_json).collect();
        let mut spec = json!({
            "failurePolicy": if self.ignores_errors { "Ignore" } else { "Fail" },
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"],
            }]},
            "matchConditions": conditions,
            "variables": variables,
            "validations": validations,
        });
        if self.world.params.is_some() {
            spec["paramKind"] = json!({"apiVersion": "v1", "kind": "ConfigMap"});
        }
        spec
    }

    fn request(&self, repeat: usize) -> Value {
        let mut request = self.world.request(&[], repeat);
        request["policy"] = self.spec();
        request
    }

    /// What the plugin makes of it.
    fn judged(&self) -> Judgement {
        let metadata = json!({"name": "p"});
        let mut binding = json!({"policyName": "p", "validationActions": ["Deny"]});
        if self.world.params.is_some() {
            binding["paramRef"] = json!({"name": "params", "parameterNotFoundAction": "Deny"});
        }
        let group = "admissionregistration.k8s.io/v1";
        let documents = [
            json!({"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": self.spec()}),
            json!({"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding}),
        ];
        let source = |documents: &[Value]| {
            let text: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
            vec![Source { name: "p.yaml".to_owned(), text: text.replace('\u{7f}', "\\u007f") }]
        };
        let params: Vec<Value> = self.world.params.iter().cloned().collect();
        let policies = match PolicySet::read(&source(&documents), &source(&params)) {
            Ok(policies) => policies,
            Err(PolicyError::Expression { path, message, .. }) => {
                return Judgement::Refused { path, message };
            }
            Err(error) => panic!("{error}"),
        };
        let labels = serde_json::from_value(self.world.labels.clone()).unwrap();
        let options = Options {
            namespace: "place".to_owned(),
            namespaces: [("place".to_owned(), labels)].into(),
            ..Options::default()
        };
        let text = self.world.object.to_string().replace('\u{7f}', "\\u007f");
        let documents = load_stream(&text, &Limits::default()).unwrap();
        let object = &documents[0].root;
        let judge = Judge::new(&policies, &options, std::iter::empty());
        let verdict = judge.judge(object, &Resource::of(object).unwrap(), |_| true);
        Judgement::Said(verdict.breaches.into_iter().map(|breach| breach.message).collect())
    }

    /// Every policy with something less in it.
    fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for at in 0..self.conditions.len() {
            let mut simpler = self.clone();
            simpler.conditions.remove(at);
            found.push(simpler);
        }
        for at in 0..self.validations.len() {
            if self.validations.len() > 1 {
                let mut simpler = self.clone();
                simpler.validations.remove(at);
                found.push(simpler);
            }
            let mut simpler = self.clone();
            if simpler.validations[at].message.take().is_some() {
                found.push(simpler);
            }
            let mut simpler = self.clone();
            if simpler.validations[at].message_expression.take().is_some() {
                found.push(simpler);
            }
        }
        found.extend(self.world.simpler().into_iter().map(|world| Self { world, ..self.clone() }));
        let each_place = |found: &mut Vec<Self>, place: fn(&mut Self, usize) -> Option<&mut Tree>| {
            for at in 0..3 {
                let mut copy = self.clone();
                let Some(tree) = place(&mut copy, at).map(|tree| tree.clone()) else { continue };
                found.extend(tree.simpler().into_iter().map(|tree| {
                    let mut simpler = self.clone();
                    *place(&mut simpler, at).unwrap() = tree;
                    simpler
                }));
            }
        };
        each_place(&mut found, |policy, at| policy.conditions.get_mut(at));
        each_place(&mut found, |policy, at| policy.validations.get_mut(at).map(|each| &mut each.expression));
        each_place(&mut found, |policy, at| policy.validations.get_mut(at)?.message_expression.as_mut());
        found.retain(|policy| engine::refused_variable(&policy.world).is_none());
        found
    }

    /// All its expressions.
    fn expressions(&self) -> impl Iterator<Item = &Tree> {
        let validations = self.validations.iter();
        let messages = validations.clone().filter_map(|each| each.message_expression.as_ref());
        let variables = self.world.variables.iter().map(|variable| &variable.expression);
        self.conditions
            .iter()
            .chain(variables)
            .chain(validations.map(|each| &each.expression))
            .chain(messages)
    }
}

impl Validation {
    fn to_json(&self) -> Value {
        let mut json = json!({"expression": self.expression.to_string()});
        if let Some(message) = self.message {
            json["message"] = message.into();
        }
        if let Some(expression) = &self.message_expression {
            json["messageExpression"] = expression.to_string().into();
        }
        json
    }
}

fn said(decisions: &[Decision]) -> Vec<String> {
    decisions.iter().filter(|decision| decision.denied).map(|decision| decision.message.clone()).collect()
}

fn same(ours: &Judgement, theirs: &Verdict) -> bool {
    match ours {
        Judgement::Refused { path, message } => theirs.refused.first().is_some_and(|refusal| {
            let told = super::first_refusal(&refusal.message);
            // The place in the expression is compared for each expression.
            let told = told.lines().next().unwrap_or_default();
            let told = if told.starts_with("ERROR: ") {
                told.splitn(4, ':').last().unwrap_or(told).trim()
            } else {
                told
            };
            refusal.path == *path && told == message
        }),
        Judgement::Said(messages) => theirs.decisions.iter().any(|decisions| said(decisions) == *messages),
    }
}

fn difference(reference: &Reference, policy: &Policy, theirs: &Verdict) -> Comparison {
    let ours = policy.judged();
    if same(&ours, theirs) {
        return Comparison::Same;
    }
    if policy.expressions().any(|expression| expression.to_string().contains("userInfo")) {
        return Comparison::Explained(USER);
    }
    for expression in policy.expressions() {
        let case = Case { world: Rc::new(policy.world.clone()), expression: expression.clone() };
        let request = case.world.request(&[expression.to_string()], 1);
        let theirs = reference.ask(&[request]).remove(0).expressions.remove(0);
        if matches!(judge(reference, &case, &engine::evaluate_case(&case), &theirs), Comparison::Explained(_))
        {
            return Comparison::Explained(EXPRESSION);
        }
    }
    let again = reference.ask(&[policy.request(REPEATS)]).remove(0).policy;
    if again.decisions.len() > 1 && same(&ours, &again) {
        Comparison::Explained(ORDER)
    } else {
        Comparison::Different
    }
}

/// A policy that is as simple as it gets, and what the two say.
struct Shrunk {
    policy: Policy,
    theirs: Verdict,
}

fn shrunk(reference: &Reference, mut policy: Policy) -> Shrunk {
    'simpler: for _ in 0..MOST_STEPS {
        for some in policy.simpler().chunks(25) {
            let requests: Vec<Value> = some.iter().map(|policy| policy.request(1)).collect();
            let found = some.iter().zip(reference.ask(&requests)).find(|(candidate, answer)| {
                difference(reference, candidate, &answer.policy) == Comparison::Different
            });
            if let Some((found, _)) = found {
                policy = found.clone();
                continue 'simpler;
            }
        }
        break;
    }
    let theirs = reference.ask(&[policy.request(1)]).remove(0).policy;
    Shrunk { policy, theirs }
}

impl fmt::Display for Shrunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.policy.spec())?;
        writeln!(formatter, "  for {}", self.policy.world.object)?;
        if let Some(params) = &self.policy.world.params {
            writeln!(formatter, "  params:     {params}")?;
        }
        writeln!(formatter, "  plugin:     {:?}", self.policy.judged())?;
        match self.theirs.refused.first() {
            Some(refusal) => writeln!(formatter, "  API server: {}: {}", refusal.path, refusal.message),
            None => writeln!(formatter, "  API server: {:?}", self.theirs.decisions),
        }
    }
}
