//! What generated expressions can refer to: an object with fields that are there, or not, or of another type than
//! one would think, the parameters of a policy, and the namespace.

use super::choices::Choices;
use super::generate::{Generator, Variable};
use super::grammar::{Of, parse_type};
use super::literals::{TEXTS, pool};
use serde_json::{Map, Value, json};

/// What the API server gives each namespace: its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The newest version of Kubernetes that is understood, without its `1.`.
pub(super) const NEWEST: u32 = 36;

/// Fields an expression may ask for, and of what type they are most of the time. Those of `request` and
/// `namespaceObject` have a type that is known before.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("object.kind", "string"),
    ("object.metadata.name", "string"),
    ("object.metadata.labels", "map<string, string>"),
    ("object.metadata.labels.app", "string"),
    ("object.spec.replicas", "int"),
    ("object.spec.ratio", "double"),
    ("object.spec.paused", "bool"),
    ("object.spec.image", "string"),
    ("object.spec.names", "list<string>"),
    ("object.spec.ports", "list<int>"),
    ("object.spec.matrix", "list<list<int>>"),
    ("object.spec.counts", "map<string, int>"),
    ("object.spec.counts.a", "int"),
    ("object.spec.limits", "map<string, string>"),
    ("object.spec.limits.cpu", "string"),
    ("object.spec.items", "list<dyn>"),
    ("object.spec.nothing", "null"),
    ("object.spec.namespace", "string"),
    ("object.spec", "dyn"),
    ("object.missing", "dyn"),
    ("object.spec.missing.deeper", "dyn"),
    ("oldObject", "null"),
    ("oldObject.spec", "dyn"),
    ("params.data", "map<string, string>"),
    ("params.data.limit", "string"),
    ("params.data.count", "string"),
    ("request.operation", "string"),
    ("request.namespace", "string"),
    ("request.dryRun", "bool"),
    ("request.kind.kind", "string"),
    ("request.userInfo.groups", "list<string>"),
    ("request.subResource", "string"),
    ("request.nonsense", "string"),
    ("namespaceObject.metadata.name", "string"),
    ("namespaceObject.metadata.labels", "map<string, string>"),
    ("namespaceObject.metadata.labels.team", "string"),
    ("namespaceObject.metadata.creationTimestamp", "timestamp"),
    ("namespaceObject.spec.finalizers", "list<string>"),
    ("namespaceObject.status.conditions", "list<dyn>"),
];

/// The fields, with their types read.
pub(super) fn fields() -> impl Iterator<Item = (&'static str, Of)> {
    FIELDS.iter().map(|(path, of)| (*path, parse_type(of)))
}

/// An object with some of the fields.
pub(super) fn object(choices: &mut Choices) -> Value {
    let mut object = json!({
        "apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "thing", "namespace": "place"},
    });
    for (path, of) in
        FIELDS.iter().filter(|(path, _)| path.starts_with("object.") && !path.contains("missing"))
    {
        let keys: Vec<&str> = path.split('.').skip(1).collect();
        if matches!(keys.as_slice(), ["kind"] | ["metadata", "name"] | ["spec"]) || choices.percent(25) {
            continue;
        }
        let value =
            if choices.percent(90) { of_type(choices, &parse_type(of)) } else { anything(choices, 2) };
        set(&mut object, &keys, value);
    }
    object
}

/// The parameters of a policy.
pub(super) fn params(choices: &mut Choices) -> Value {
    let mut data = Map::new();
    for (key, pool) in [("limit", "quantity"), ("count", "int")] {
        if choices.percent(80) {
            data.insert(key.to_owned(), json!(choices.of(self::pool(pool))));
        }
    }
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "params"}, "data": data})
}

fn set(object: &mut Value, keys: &[&str], value: Value) {
    let (last, parents) = keys.split_last().unwrap();
    let mut parent = object;
    for key in parents {
        if !parent[*key].is_object() {
            parent[*key] = json!({});
        }
        parent = &mut parent[*key];
    }
    parent[*last] = value;
}

fn of_type(choices: &mut Choices, of: &Of) -> Value {
    match of {
        Of::Plain("bool") => json!(choices.percent(50)),
        Of::Plain("int") => json!(choices.of(&[0, 1, 2, 3, 80, -1, 65_536, i64::MAX, i64::MIN])),
        Of::Plain("double") => json!(choices.of(&[0.5, -0.25, 1e30, 1.5e-7, 2.5])),
        Of::Plain("string") if choices.percent(50) => json!(choices.of(pool("name"))),
        Of::Plain("string") => json!(choices.of(TEXTS)),
        Of::Plain("null") => Value::Null,
        Of::List(element) => (0..choices.below(4)).map(|_| of_type(choices, element)).collect(),
        // Two entries at most: the API server goes through longer maps in orders that are too many to wait for.
        Of::Map(_, value) => {
            let keys = ["a", "b", "cpu", "app"];
            (0..choices.below(3))
                .map(|_| ((*choices.of(&keys)).to_owned(), of_type(choices, value)))
                .collect()
        }
        _ => anything(choices, 2),
    }
}

fn anything(choices: &mut Choices, depth: usize) -> Value {
    match choices.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => of_type(choices, &Of::Plain("bool")),
        2 => of_type(choices, &Of::Plain("int")),
        3 => of_type(choices, &Of::Plain("double")),
        4 => of_type(choices, &Of::Plain("string")),
        5 => (0..choices.below(3)).map(|_| anything(choices, depth - 1)).collect(),
        _ => (0..choices.below(3))
            .map(|_| ((*choices.of(&["a", "b"])).to_owned(), anything(choices, depth - 1)))
            .collect(),
    }
}

/// All that expressions are evaluated in.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) minor: u32,
    pub(super) object: Value,
    pub(super) params: Option<Value>,
    pub(super) labels: Value,
    pub(super) variables: Vec<Variable>,
}

impl World {
    /// A world of the newest version with hardly anything in it.
    pub(super) fn bare() -> Self {
        let object = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "thing", "namespace": "place"}, "spec": {"replicas": 1}});
        let labels = json!({NAME_LABEL: "place"});
        Self { minor: NEWEST, object, params: None, labels, variables: Vec::new() }
    }

    /// A world with up to four variables, each of which may use those before it.
    pub(super) fn generate(choices: &mut Choices) -> Self {
        let minor = if choices.percent(70) { NEWEST } else { NEWEST - 6 + choices.below(6) as u32 };
        let mut world = Self {
            minor,
            object: object(choices),
            params: choices.percent(50).then(|| params(choices)),
            labels: if choices.percent(70) {
                json!({NAME_LABEL: "place", "team": "shop"})
            } else {
                json!({NAME_LABEL: "place"})
            },
            variables: Vec::new(),
        };
        for name in ["a", "b", "list", "d"].into_iter().take(choices.below(5)) {
            let mut generator = Generator::new(Choices::new(choices.seed()), &world.variables);
            let expression = generator.expression();
            world.variables.push(Variable { name: name.to_owned(), expression });
        }
        world
    }

    /// The request that asks the reference for the values of some expressions.
    pub(super) fn request(&self, expressions: &[String], repeat: usize) -> Value {
        let variables: Vec<Value> = self
            .variables
            .iter()
            .map(|variable| json!({"name": variable.name, "expression": variable.expression.to_string()}))
            .collect();
        let mut request = json!({
            "minor": self.minor, "object": self.object, "resource": "things", "namespaceLabels": self.labels,
            "variables": variables, "expressions": expressions, "repeat": repeat,
        });
        if let Some(params) = &self.params {
            request["params"] = params.clone();
        }
        request
    }

    /// The root variables, as documents.
    pub(super) fn roots(&self) -> Vec<(&'static str, String)> {
        let kind = json!({"group": "example.com", "version": "v1", "kind": "Thing"});
        let resource = json!({"group": "example.com", "version": "v1", "resource": "things"});
        let request = json!({
            "uid": "", "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "name": "thing", "namespace": "place", "operation": "CREATE", "userInfo": {}, "dryRun": true,
            "object": null, "oldObject": null,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        });
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "place", "labels": self.labels},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        });
        let mut roots = vec![
            ("object", self.object.to_string()),
            ("oldObject", "null".to_owned()),
            ("request", request.to_string()),
            ("namespaceObject", namespace.to_string()),
        ];
        roots.extend(self.params.iter().map(|params| ("params", params.to_string())));
        for (_, text) in &mut roots {
            // JSON may hold it as it is, YAML may not.
            *text = text.replace('\u{7f}', "\\u007f");
        }
        roots
    }

    /// Every world with something less in it.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        if self.params.is_some() {
            found.push(Self { params: None, ..self.clone() });
        }
        for at in 0..self.variables.len() {
            let mut simpler = self.clone();
            simpler.variables.remove(at);
            found.push(simpler);
        }
        for (at, variable) in self.variables.iter().enumerate() {
            for expression in variable.expression.simpler() {
                let mut simpler = self.clone();
                simpler.variables[at].expression = expression;
                found.push(simpler);
            }
        }
        let mut places = Vec::new();
        for (key, value) in self.object.as_object().into_iter().flatten() {
            places.push(format!("/{key}"));
            places
                .extend(value.as_object().into_iter().flatten().map(|(inner, _)| format!("/{key}/{inner}")));
        }
        for place in places.iter().filter(|place| {
            !matches!(
                place.as_str(),
                "/apiVersion" | "/kind" | "/metadata" | "/metadata/namespace" | "/metadata/name"
            )
        }) {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let mut simpler = self.clone();
            simpler
                .object
                .pointer_mut(parent)
                .and_then(Value::as_object_mut)
                .map(|fields| fields.remove(key));
            found.push(simpler);
        }
        found
    }
}
