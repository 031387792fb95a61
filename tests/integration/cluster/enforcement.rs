//! `policies.enforce` on a real API server: what breaches a rule is refused, or warned of, by that rule and
//! in its words; what keeps it is taken.
//!
//! The chart is installed with every set, and the examples of every policy file are applied. As it is
//! installed, most examples breach several rules, of which the API server tells one. So the bindings are then
//! narrowed to the examples of their own rule, and each rule has to speak for itself.

use super::Own;
use super::parity::corpus::documents;
use crate::chart::{own_system, own_values};
use crate::policies;
use crate::workplace::{repository, text};
use gift_harness::policies::{Policies, PolicySelection, PolicySet};
use gift_harness::tools::HelmVersion;
use gift_plugin::policy::Resource;
use gift_plugin::protocol::{Finding, Options, Request, Severity, Source};
use gift_plugin::render::answer;
use gift_plugin::yaml::{Limits, load_stream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

const ORGANISATION: &str = "organisation";

/// Examples which the API server refuses by itself, before it asks any policy, and what it says: the rule
/// tells at render time what would fail in the cluster.
const REFUSED_ANYWAY: &[(&str, &str)] = &[
    ("masked-proc-mount-breach-0", "`hostUsers` must be false to use `Unmasked`"),
    ("masked-proc-mount-breach-1", "`hostUsers` must be false to use `Unmasked`"),
    ("valid-port-name-breach-0", "must be no more than 15 characters"),
    ("valid-port-name-breach-1", "must contain at least one letter"),
    ("valid-port-name-breach-2", "must contain only alpha-numeric characters"),
    ("valid-restart-policy-breach-0", "supported values: \"Always\""),
    ("valid-restart-policy-breach-1", "valid values: \"OnFailure\", \"Never\""),
    ("valid-restart-policy-breach-2", "valid values: \"OnFailure\", \"Never\""),
];

#[test]
fn every_rule_refuses_what_breaches_it_and_takes_what_keeps_it() {
    let (own, _) = Own::up("enforcement");
    let mut examples = Vec::new();
    for release in releases() {
        release.install(&own);
        let judged = release.examples();
        release.assert_refuses(&own, &judged);
        examples.extend(judged);
    }
    let breaches = examples.iter().filter(|example| example.breaches).count();
    assert!(breaches > 140 && examples.len() > 240, "{breaches} breaches in {} examples", examples.len());
    narrow(&own, &examples);

    // A warning does not name its object, so one example of a rule is applied at a time.
    let most = examples.iter().map(|example| example.number).max().unwrap();
    for breaches in [true, false] {
        for number in 0..=most {
            let now = |example: &&Example| example.breaches == breaches && example.number == number;
            let now: Vec<&Example> = examples.iter().filter(now).collect();
            let names = |examples: &[&Example]| -> Vec<String> {
                examples.iter().map(|example| example.name()).collect()
            };
            settled(&format!("{:?}", names(&now)), || mistakes(&now, &Told::by(&own, &now, true)));
            // Nothing was stored so far.
            let left = mistakes(&now, &Told::by(&own, &now, false));
            assert!(left.is_empty(), "{}", left.join("\n"));
        }
    }
}

/// A release of the chart with policies in force.
struct Release {
    namespace: &'static str,
    sets: Vec<PolicySet>,
}

/// Every set is in one of them. What takes the place of rules of other sets cannot be in the same as those.
fn releases() -> [Release; 2] {
    let sets = PolicySelection::everything().unwrap().sets().unwrap();
    let (strict, sets) = sets.into_iter().partition(|set: &PolicySet| !set.replaces.is_empty());
    [Release { namespace: "shop", sets }, Release { namespace: "strict", sets: strict }]
}

impl Release {
    /// Installs it, and before anything is in force what its examples need.
    fn install(&self, own: &Own) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": self.namespace},
        });
        let needed = stream([&namespace, &account, &security_context_constraints()]);
        let (_, error) = kubectl(own, &["apply", "--server-side", "-f", "-"], &needed);
        assert_eq!(error, "");
        own.kubectl(&["wait", "--for=condition=Established", "crd", "--all"]);
        let names: Vec<&str> =
            self.sets.iter().map(|set| set.name.as_str()).filter(|name| *name != ORGANISATION).collect();
        let enforce = names.len() < self.sets.len();
        let system = own_system();
        let services = own_values()[&system]["services"].as_object().unwrap().clone();
        let service = services.keys().next().unwrap();
        let chart = repository().join("chart");
        let namespace = format!("--namespace={}", self.namespace);
        let policies = format!("--set-json=policies={}", json!({"enforce": enforce, "sets": names}));
        let elsewhere = format!("--set-json={system}.services.{service}.namespace=\"default\"");
        let mut arguments = vec!["install", "release", chart.to_str().unwrap(), &namespace, &policies];
        if enforce {
            // Bindings hold where services are; one rule of this release is about that very namespace.
            arguments.push(&elsewhere);
        }
        let output = own.helm(HelmVersion::V4, &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// The examples of its rules, under names of their own.
    fn examples(&self) -> Vec<Example> {
        let mut examples = Vec::new();
        for set in &self.sets {
            for rule in set.rules() {
                let file = Path::new(&rule.id).with_extension("yaml");
                let file =
                    set.policies.iter().find(|source| Path::new(&source.name).ends_with(&file)).unwrap();
                for (breaches, texts) in [(true, &rule.breaches), (false, &rule.passes)] {
                    for (number, text) in texts.iter().enumerate() {
                        let mut document = documents(text).remove(0);
                        let what = if breaches { "breach" } else { "pass" };
                        document["metadata"]["name"] = json!(format!("{}-{what}-{number}", rule.id));
                        self.own(&mut document);
                        let found = found(vec![file.clone()], &document);
                        examples.push(Example {
                            policy: self.name(&rule.id),
                            severity: rule.severity,
                            breaches,
                            number,
                            messages: found.into_iter().map(|finding| finding.message).collect(),
                            document,
                        });
                    }
                }
            }
        }
        examples
    }

    /// Makes an object one of the release: by its namespace, or by its labels where it has none.
    fn own(&self, document: &mut Value) {
        let namespaced = is_namespaced(document);
        let metadata = &mut document["metadata"];
        if !namespaced {
            metadata["labels"]["app.kubernetes.io/instance"] = json!("release");
            metadata["labels"]["app.kubernetes.io/part-of"] = json!(own_system());
        } else if metadata["namespace"].is_null() {
            metadata["namespace"] = json!(self.namespace);
        }
    }

    /// What a rule is called in the cluster.
    fn name(&self, rule: &str) -> String {
        format!("{rule}.{}", self.namespace)
    }

    /// As it is installed, it refuses what breaches an error, in the words of a rule that is broken.
    fn assert_refuses(&self, own: &Own, examples: &[Example]) {
        let names =
            self.sets.iter().map(|set| PolicySelection::named(Path::new(&set.name)).unwrap()).collect();
        let policies = Policies::read(&PolicySelection::Several(names)).unwrap().policies;
        let refused: Vec<&Example> =
            examples.iter().filter(|example| example.breaches && example.is_denied()).collect();
        settled("what the release refuses", || {
            let told = Told::by(own, &refused, true);
            let wrong = |example: &&&Example| match told.denied.get(&example.name()) {
                Some((policy, message)) => !found(policies.clone(), &example.document)
                    .iter()
                    .any(|finding| self.name(&finding.rule) == *policy && finding.message == *message),
                None => !example.is_refused_anyway(&told),
            };
            refused.iter().filter(wrong).map(|example| told.about(example)).collect()
        });
    }
}

/// One document of a policy file.
struct Example {
    /// What the policy is called in the cluster.
    policy: String,
    severity: Severity,
    breaches: bool,
    /// The first, second, … of its rule that breaches, or that passes.
    number: usize,
    /// What the plugin says by this rule alone.
    messages: BTreeSet<String>,
    document: Value,
}

impl Example {
    fn name(&self) -> String {
        self.document["metadata"]["name"].as_str().unwrap().to_owned()
    }

    fn is_denied(&self) -> bool {
        self.severity == Severity::Error
    }

    fn is_refused_anyway(&self, told: &Told) -> bool {
        let name = self.name();
        let said = REFUSED_ANYWAY.iter().find(|(example, _)| *example == name).map(|(_, said)| said);
        said.is_some_and(|said| told.lines(self).any(|line| line.contains(said)))
    }
}

/// What kubectl tells of the objects it applies.
#[derive(Debug, Default)]
struct Told {
    /// Policy and message, by the object's name.
    denied: BTreeMap<String, (String, String)>,
    /// Messages, by the policy.
    warned: BTreeMap<String, BTreeSet<String>>,
    /// Names of what was created.
    created: BTreeSet<String>,
    error: String,
}

impl Told {
    fn by(own: &Own, examples: &[&Example], dry_run: bool) -> Self {
        let mut arguments = vec!["apply", "-f", "-"];
        arguments.extend(dry_run.then_some("--dry-run=server"));
        let (output, error) =
            kubectl(own, &arguments, &stream(examples.iter().map(|example| &example.document)));
        let mut told = Self { error, ..Self::default() };
        for line in output.lines().filter(|line| line.contains(" created")) {
            let name = line.split_once('/').and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
            told.created.insert(name.to_owned());
        }
        for line in told.error.lines() {
            let Some((before, rest)) = line.split_once("ValidatingAdmissionPolicy '") else { continue };
            let (policy, rest) = rest.split_once("' with binding '").unwrap();
            if let Some((_, message)) = rest.split_once("' denied request: ") {
                let name =
                    before.split('"').find(|part| examples.iter().any(|example| example.name() == *part));
                told.denied.insert(name.unwrap().to_owned(), (policy.to_owned(), message.to_owned()));
            } else {
                let (_, message) = rest.split_once("': ").unwrap();
                told.warned.entry(policy.to_owned()).or_default().insert(message.to_owned());
            }
        }
        told
    }

    fn lines(&self, example: &Example) -> impl Iterator<Item = &str> {
        let (name, policy) = (format!("\"{}\"", example.name()), format!("'{}'", example.policy));
        self.error.lines().filter(move |line| line.contains(&name) || line.contains(&policy))
    }

    fn about(&self, example: &Example) -> String {
        let Example { policy, severity, messages, .. } = example;
        let lines: Vec<&str> = self.lines(example).collect();
        format!("{}: by {policy} ({severity:?}) {messages:?}; the API server says {lines:#?}", example.name())
    }
}

/// Those that did not get what they are an example of.
fn mistakes(examples: &[&Example], told: &Told) -> Vec<String> {
    let is_right = |example: &Example| {
        let (denied, warned) = (told.denied.get(&example.name()), told.warned.get(&example.policy));
        let created = told.created.contains(&example.name());
        if !example.breaches {
            created && warned.is_none()
        } else if !example.is_denied() {
            created && warned == Some(&example.messages) || example.is_refused_anyway(told)
        } else {
            // Of several messages the API server tells the first.
            let own = denied.is_some_and(|(policy, message)| {
                *policy == example.policy && example.messages.contains(message)
            });
            own || denied.is_none() && example.is_refused_anyway(told)
        }
    };
    examples.iter().filter(|example| !is_right(example)).map(|example| told.about(example)).collect()
}

/// Waits until there are no mistakes: policies and bindings come into force a moment after they are stored.
fn settled(what: &str, mut mistakes: impl FnMut() -> Vec<String>) {
    let began = Instant::now();
    loop {
        let left = mistakes();
        if left.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what}: {} mistakes\n{}",
            left.len(),
            left.join("\n")
        );
        sleep(Duration::from_millis(500));
    }
}

/// Makes every binding hold for the examples of its own rule alone.
fn narrow(own: &Own, examples: &[Example]) {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for example in examples {
        names.entry(&example.policy).or_default().push(example.name());
    }
    let listed = own.kubectl(&["get", "validatingadmissionpolicybindings", "-o=json"]);
    let mut listed: Value = serde_json::from_str(&listed).unwrap();
    let bindings = listed["items"].as_array_mut().unwrap();
    for binding in &mut *bindings {
        let names = names.get(binding["spec"]["policyName"].as_str().unwrap());
        for rule in binding["spec"]["matchResources"]["resourceRules"].as_array_mut().unwrap() {
            rule["resourceNames"] = names.map_or(json!(["none"]), |names| json!(names));
        }
    }
    let (_, error) = kubectl(own, &["replace", "-f", "-"], &stream(&*bindings));
    assert_eq!(error, "");
}

/// What is found in an object.
fn found(policies: Vec<Source>, document: &Value) -> Vec<Finding> {
    let request = Request {
        policies,
        params: policies::request(&own_system()).params,
        options: Options { today: "2026-11-21".to_owned(), ..Options::default() },
        ..Request::default()
    };
    let (report, _) = answer(&request, document.to_string().as_bytes());
    assert_eq!(report.error, None);
    report.findings
}

fn is_namespaced(object: &Value) -> bool {
    let text = object.to_string();
    let documents = load_stream(&text, &Limits::default()).unwrap();
    Resource::of(&documents[0].root).unwrap().namespaced
}

fn stream<'v>(documents: impl IntoIterator<Item = &'v Value>) -> String {
    documents.into_iter().map(|document| format!("---\n{document}\n")).collect()
}

/// What kubectl prints, and what it complains about.
fn kubectl(own: &Own, arguments: &[&str], input: &str) -> (String, String) {
    let mut command = own.0.kubectl().unwrap();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// The definition of a kind which OpenShift has and Kubernetes has not.
pub(super) fn security_context_constraints() -> Value {
    let (group, plural) = ("security.openshift.io", "securitycontextconstraints");
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": "SecurityContextConstraints", "plural": plural},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}
