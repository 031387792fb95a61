//! Policies in force on the API server and in the plugin, and what either says by them.

use super::server::{Answer, Connection};
use super::{kubectl_apply, stream, unordered};
use gift_plugin::policy::{Policy, PolicySet, Resource, labels};
use gift_plugin::protocol::{Options, Request, Source};
use gift_plugin::render::answer;
use gift_plugin::yaml::{Limits, load_stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// What is said about an object: policies and their messages.
pub(super) type Said = BTreeSet<(String, String)>;

/// Policies in force in a namespace of their own, on the API server and in the plugin. They stay as long as
/// the cluster: an API server that loses its last policy with ConfigMaps for parameters does not look at them
/// again when there are new ones.
pub(super) struct Case {
    policies: Vec<String>,
    pub(super) namespace: String,
    request: Request,
}

impl Case {
    /// Puts policies, with their bindings and parameters, in force in a new namespace; `outside` are names of
    /// objects without a namespace that are judged too.
    pub(super) fn install(
        namespace: &str,
        mut documents: Vec<Value>,
        labels: &Value,
        outside: &[String],
    ) -> Self {
        let mut labels = labels.clone();
        kubectl_apply(&[json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels},
        })]);
        let own = |name: &Value| json!(format!("{namespace}-{}", name.as_str().unwrap()));
        let mut policies = Vec::new();
        for document in &mut documents {
            let kind = document["kind"].as_str().unwrap().to_owned();
            let metadata = &mut document["metadata"];
            match kind.as_str() {
                "ValidatingAdmissionPolicy" => {
                    metadata["name"] = own(&metadata["name"]);
                    policies.push(metadata["name"].as_str().unwrap().to_owned());
                    // Much text that nobody reads.
                    metadata.as_object_mut().unwrap().remove("annotations");
                }
                "ValidatingAdmissionPolicyBinding" => {
                    metadata["name"] = own(&metadata["name"]);
                    let spec = &mut document["spec"];
                    spec["policyName"] = own(&spec["policyName"]);
                    spec["validationActions"] = json!(["Warn"]);
                    confine(&mut spec["matchResources"], namespace, outside);
                    if !spec["paramRef"].is_null() {
                        spec["paramRef"]["namespace"] = json!(namespace);
                    }
                }
                _ => metadata["namespace"] = json!(namespace),
            }
        }
        // Parameters first, so that no request finds the policy without them.
        documents.sort_by_key(|document| document["kind"].as_str().unwrap().len());
        kubectl_apply(&documents);
        let is_policy = |document: &&Value| document["apiVersion"] == "admissionregistration.k8s.io/v1";
        let source = |documents: Vec<&Value>| Source { name: namespace.to_owned(), text: stream(documents) };
        labels["kubernetes.io/metadata.name"] = json!(namespace);
        let request = Request {
            policies: vec![source(documents.iter().filter(is_policy).collect())],
            params: vec![source(documents.iter().filter(|document| !is_policy(document)).collect())],
            options: Options {
                namespace: namespace.to_owned(),
                namespaces: [(namespace.to_owned(), serde_json::from_value(labels).unwrap())].into(),
                only: policies.clone(),
                ..Options::default()
            },
            ..Request::default()
        };
        Self { policies, namespace: namespace.to_owned(), request }
    }

    /// What the plugin says about each of the objects.
    pub(super) fn plugin<'v>(&self, objects: impl IntoIterator<Item = &'v Value>) -> Vec<Said> {
        let objects: Vec<&Value> = objects.into_iter().collect();
        let count = objects.len();
        let (report, _) = answer(&self.request, stream(objects).as_bytes());
        assert!(report.error.is_none(), "{}: {:?}", self.namespace, report.error);
        let mut said = vec![Said::new(); count];
        for finding in report.findings {
            // Each object is one line below its `---`.
            said[finding.line / 2 - 1].insert((finding.rule, finding.message));
        }
        said
    }

    /// What the API server says about an object; `None` when it is none to the API server.
    pub(super) fn server(&self, answer: &Answer) -> Option<Said> {
        let said = |text: &str, before_message: &str| {
            let (_, rest) = text.split_once("ValidatingAdmissionPolicy '")?;
            let (policy, rest) = rest.split_once('\'')?;
            let (_, message) = rest.split_once(before_message)?;
            self.policies.iter().any(|own| own == policy).then(|| (policy.to_owned(), message.to_owned()))
        };
        if answer.status >= 400 {
            // A binding that cannot be used refuses whatever its action is.
            let refusal = said(answer.body["message"].as_str()?, " denied request: ")?;
            return Some(Said::from([refusal]));
        }
        let length: usize = answer.warnings.iter().map(|text| text.chars().count()).sum();
        assert!(length < LONGEST_WARNINGS, "{}: install fewer policies together", self.namespace);
        Some(answer.warnings.iter().filter_map(|text| said(text, "': ")).collect())
    }

    /// The objects that policies take by their own rules, with how many do. What a policy is not about it
    /// says nothing about; a few objects show that.
    pub(super) fn choose<'v>(&self, objects: &'v [Value]) -> Vec<(&'v Value, usize)> {
        let policies = PolicySet::read(&self.request.policies, &[]).unwrap();
        let namespace = &self.request.options.namespaces[&self.namespace];
        let takers = |object: &Value| {
            let text = object.to_string();
            let documents = load_stream(&text, &Limits::default()).unwrap();
            let root = &documents[0].root;
            let Some(resource) = Resource::of(root) else { return 0 };
            let namespace = resource.namespaced.then_some(namespace);
            let takes = |policy: &&Policy| policy.constraints.matches(&resource, &labels(root), namespace);
            policies.policies.iter().filter(takes).count()
        };
        let counted = objects.iter().map(|object| (object, takers(object))).enumerate();
        counted.filter(|(at, (_, about))| *about > 0 || at % 40 == 0).map(|(_, chosen)| chosen).collect()
    }

    /// Waits, for policies come into force a moment after they are made. One of which nothing is heard may have
    /// no object that breaches it and is one to the API server; whether that is so is found when they are compared.
    pub(super) fn wait_until_in_force(
        &self,
        objects: &[(&Value, usize)],
        plugin: &[Said],
        connection: &mut Connection,
    ) {
        let began = Instant::now();
        let mut left: Vec<String> = self.policies.clone();
        if plugin.iter().all(Said::is_empty) {
            thread::sleep(Duration::from_secs(3));
            return;
        }
        loop {
            let is_settled = began.elapsed() > Duration::from_secs(10);
            left.retain(|policy| {
                let of_it = |said: &Said| -> Said {
                    said.iter().filter(|(name, _)| name == policy).cloned().collect()
                };
                let breaching: Vec<_> =
                    objects.iter().zip(plugin).filter(|(_, said)| !of_it(said).is_empty()).collect();
                // Not every one is an object to the API server, and parameters arrive later than policies.
                let probes = breaching.iter().step_by(breaching.len() / 40 + 1);
                let mut has_object = false;
                for ((object, _), expected) in probes {
                    let answer = connection.create(object, &self.namespace);
                    let Some(server) = self.server(&answer) else { continue };
                    has_object = true;
                    let (server, expected) = (of_it(&server), of_it(expected));
                    if !server.is_empty() && (is_settled || unordered(&server) == unordered(&expected)) {
                        return false;
                    }
                }
                // Nothing that breaks it is taken here: no differences could be seen, however long one waited.
                has_object
            });
            if left.is_empty() || began.elapsed() > Duration::from_secs(30) {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Characters of warnings from which on an API server cuts them off.
const LONGEST_WARNINGS: usize = 4_096;

/// Limits a binding to objects in a namespace and the named ones in none, beside what it is limited to already.
fn confine(resources: &mut Value, namespace: &str, outside: &[String]) {
    if resources["resourceRules"].is_null() {
        let rule = |scope: &str, names: &[String]| {
            json!({
                "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"], "scope": scope,
                "resourceNames": names,
            })
        };
        let mut rules = vec![rule("Namespaced", &[])];
        rules.extend((!outside.is_empty()).then(|| rule("Cluster", outside)));
        resources["resourceRules"] = Value::Array(rules);
    }
    let expressions = &mut resources["namespaceSelector"]["matchExpressions"];
    let mut list = expressions.as_array().cloned().unwrap_or_default();
    list.push(json!({"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}));
    *expressions = Value::Array(list);
}
