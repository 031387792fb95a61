//! NetworkPolicies let through what is needed.

use super::{Assertion, Context, dependencies::Dependencies, namespace::effective};
use crate::network::mention::{Settings, mentions};
use crate::network::service::Services;
use crate::network::{Connection, Direction, Endpoint, Network, Pod, PodIndex, Verdict, Workload};
use crate::objects::{Object, Objects};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// No NetworkPolicy blocks a connection that the stream or its values ask for.
pub(super) struct Reachability;

const RULE: &str = "reachability";

/// What everything here asks.
pub(super) struct World<'s, 'a> {
    pub(super) network: Network<'s, 'a>,
    pub(super) pods: PodIndex<'s, 'a>,
    services: Services<'s, 'a>,
    settings: Settings<'s>,
}

impl<'s, 'a> World<'s, 'a> {
    /// `None` where there is no policy.
    pub(super) fn of(objects: &'s Objects<'a>, context: &Context<'s>) -> Option<Self> {
        let network = Network::of(objects, context.namespace.unwrap_or("default"));
        let namespace = |object| effective(object, context);
        (!network.is_empty()).then(|| Self {
            network,
            pods: PodIndex::of(objects, namespace),
            services: Services::of(objects, namespace),
            settings: Settings::of(objects, namespace),
        })
    }
}

/// `Deployment web`.
pub(super) fn title(object: &Object<'_>) -> String {
    format!("{} {}", object.kind(), object.name())
}

/// Who forbids a connection, in words; `None` when nobody certainly does.
pub(super) fn forbidden_by(verdict: &Verdict<'_, '_>) -> Option<String> {
    let Verdict::Blocked { egress, ingress } = verdict else { return None };
    let side = |policies: &[&Object<'_>], way: &str| match policies {
        [] => None,
        [one] => Some(format!("NetworkPolicy {} does not let it {way}", one.name())),
        several => {
            let names: Vec<_> = several.iter().map(|policy| policy.name()).collect();
            Some(format!("none of the NetworkPolicies {} lets it {way}", names.join(", ")))
        }
    };
    let sides = [side(egress, "out"), side(ingress, "in")];
    Some(sides.into_iter().flatten().collect::<Vec<_>>().join(", and "))
}

const HELP: &str = "Add a rule for this port to the policy named, in `egress` on the way out and in `ingress` on the \
                    way in; or remove what asks for the connection.";

/// What resolves names in a cluster: its own pods as installers label them, and the cache on a node.
fn resolvers<'s>(tree: Option<&'s serde_json::Value>) -> Vec<(Endpoint<'s>, u16)> {
    let pod = |namespace, labels: BTreeMap<&'s str, &'s str>| {
        Endpoint::Pod(Pod {
            namespace,
            labels,
            are_labels_complete: false,
            ports: Vec::new(),
            is_on_host_network: false,
        })
    };
    let mut resolvers = vec![
        (pod("kube-system", BTreeMap::from([("k8s-app", "kube-dns")])), 53),
        (pod("kube-system", BTreeMap::from([("k8s-app", "coredns")])), 53),
        (
            pod("openshift-dns", BTreeMap::from([("dns.operator.openshift.io/daemonset-dns", "default")])),
            5353,
        ),
        (Endpoint::Address([169, 254, 20, 10].into()), 53),
    ];
    // Values may say that it is another.
    let stated = |key| {
        let labels = tree?.pointer(&format!("/networkPolicy/dns/{key}"))?.as_object()?;
        Some(labels.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect())
    };
    if let Some(labels) = stated("podLabels") {
        let namespaces: BTreeMap<&str, &str> = stated("namespaceLabels").unwrap_or_default();
        let namespace = namespaces.get("kubernetes.io/metadata.name").copied().unwrap_or("kube-system");
        resolvers.push((pod(namespace, labels), 53));
    }
    resolvers
}

impl<'s, 'a> World<'s, 'a> {
    /// Services that containers name with a port.
    fn named(&self, workload: &Workload<'s, 'a>, findings: &mut Vec<Finding>) -> bool {
        let mut asks_for_names = false;
        let mut told = BTreeSet::new();
        for container in workload.template.containers() {
            for text in self.settings.texts(&container, workload.namespace) {
                for mention in mentions(&text.text) {
                    let service = self.services.resolve(mention.host, workload.namespace);
                    asks_for_names |=
                        service.is_some() || (mention.is_certain && mention.host != "localhost");
                    let (Some(service), Some(port)) = (service, mention.port) else { continue };
                    let Some(port) = service.ports.iter().find(|offered| offered.number == port) else {
                        continue;
                    };
                    for target in service.workloads(&self.pods) {
                        // Pods reach themselves, whatever policies say.
                        if std::ptr::eq(target.template.object, workload.template.object) {
                            continue;
                        }
                        let Some(number) = target.pod().and_then(|pod| port.of_pod(pod)) else { continue };
                        let connection = Connection {
                            from: &workload.endpoint,
                            to: &target.endpoint,
                            port: number,
                            protocol: port.protocol,
                        };
                        let Some(who) = forbidden_by(&self.network.verdict(&connection)) else { continue };
                        if told.insert((service.object.name(), number)) {
                            let message = format!(
                                "container {} connects to `{}`, port {number} of {}: {who}",
                                container.name(),
                                mention.host,
                                title(target.template.object)
                            );
                            findings.push(workload.template.object.finding(RULE, &text.path, message, HELP));
                        }
                    }
                }
            }
        }
        asks_for_names
    }

    /// The DNS, for those who connect by name.
    fn dns(
        &self,
        workload: &Workload<'s, 'a>,
        tree: Option<&'s serde_json::Value>,
        findings: &mut Vec<Finding>,
    ) {
        let resolvers = resolvers(tree);
        for protocol in ["UDP", "TCP"] {
            let mut who = None;
            let is_answered = resolvers.iter().any(|(resolver, port)| {
                let connection = Connection { from: &workload.endpoint, to: resolver, port: *port, protocol };
                let forbidden = forbidden_by(&self.network.verdict(&connection));
                let passes = forbidden.is_none();
                who = who.take().or(forbidden);
                passes
            });
            if !is_answered {
                let who = who.unwrap_or_default();
                let message =
                    format!("connects by name, and cannot ask the cluster's DNS over {protocol}: {who}");
                let help = "Let port 53 out over UDP, and over TCP for long answers, to the pods of the cluster's DNS.";
                findings.push(workload.template.object.finding(RULE, "metadata.name", message, help));
            }
        }
    }

    /// Backends of Ingresses, which something outside the release connects to.
    fn backends(&self, objects: &'s Objects<'a>, context: &Context<'s>, findings: &mut Vec<Finding>) {
        for (ingress, path, backend) in backends(objects) {
            let namespace = effective(ingress, context);
            let Some(service) = backend
                .get("name")
                .and_then(Node::as_str)
                .and_then(|name| self.services.get(namespace, name))
            else {
                continue;
            };
            let port = service.ports.iter().find(|port| {
                backend.at(&["port", "name"]).and_then(Node::as_str) == Some(port.name)
                    || backend.at(&["port", "number"]).map(|node| &node.value)
                        == Some(&Value::Int(i64::from(port.number)))
            });
            let Some(port) = port else { continue };
            for target in service.workloads(&self.pods) {
                let Some(number) = target.pod().and_then(|pod| port.of_pod(pod)) else { continue };
                let isolating = self.network.isolating(&target.endpoint, Direction::Ingress);
                if isolating.is_empty()
                    || self.network.admits_others(&target.endpoint, number, port.protocol, &self.pods)
                {
                    continue;
                }
                let who = forbidden_by(&Verdict::Blocked { egress: Vec::new(), ingress: isolating });
                let message = format!(
                    "leads to port {number} of {}, which nothing outside the release reaches: {}",
                    title(target.template.object),
                    who.unwrap_or_default()
                );
                let help = "Let the controller's namespace in, with a `namespaceSelector` under `from`.";
                findings.push(ingress.finding(RULE, &path, message, help));
            }
        }
    }

    /// What values declare.
    fn declared(&self, dependencies: &Dependencies<'s>, findings: &mut Vec<Finding>) -> BTreeSet<&'s str> {
        let mut callers = BTreeSet::new();
        for needed in dependencies.needed(&self.pods) {
            if let Some(object) = needed.caller {
                callers.insert(object.name());
            }
            let verdict = self.network.verdict(&needed.connection());
            if let Some(who) = forbidden_by(&verdict) {
                let message = format!("{}, port {}: {who}", needed.says, needed.port);
                findings.push(needed.object.finding(RULE, "metadata.name", message, HELP));
            }
        }
        callers
    }
}

/// The Services that Ingresses lead to, with their place.
pub(super) fn backends<'s, 'a>(objects: &'s Objects<'a>) -> Vec<(&'s Object<'a>, Path, &'s Node<'a>)> {
    let mut found = Vec::new();
    for ingress in objects.kind("Ingress").filter(|object| object.group() == "networking.k8s.io") {
        let spec = Path::root().key("spec");
        if let Some(service) = ingress.root().at(&["spec", "defaultBackend", "service"]) {
            found.push((ingress, spec.clone().key("defaultBackend").key("service"), service));
        }
        let rules = ingress.root().at(&["spec", "rules"]).and_then(Node::as_sequence).unwrap_or_default();
        for (at, rule) in rules.iter().enumerate() {
            let paths = rule.at(&["http", "paths"]).and_then(Node::as_sequence).unwrap_or_default();
            for (index, path) in paths.iter().enumerate() {
                if let Some(service) = path.at(&["backend", "service"]) {
                    let place = spec.clone().key("rules").index(at).key("http").key("paths").index(index);
                    found.push((ingress, place.key("backend").key("service"), service));
                }
            }
        }
    }
    found
}

impl Assertion for Reachability {
    fn id(&self) -> &'static str {
        RULE
    }

    fn title(&self) -> &'static str {
        "NetworkPolicies let through what is needed"
    }

    fn explanation(&self) -> &'static str {
        "A connection that a NetworkPolicy forbids times out, long after the installation has succeeded. Needed is \
         what values declare (`dependsOn`, `dependsOnExternal`, `networkPolicy.public`), what containers name \
         themselves with a port that a Service of the stream offers (in variables, also those from ConfigMaps, in \
         arguments and commands), the backends of Ingresses from somewhere outside the release, and the DNS for \
         whoever connects by name. Addresses of pods are unknown: an `ipBlock` is about pods only when it covers \
         everything without `except`. Where labels that the stream does not tell decide, nothing is found."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  containers:\n  - name: web\n    env: [{name: CACHE, value: \"redis://redis:6379\"}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: redis, labels: {app: redis}}\nspec: {containers: [{name: redis, ports: [{name: redis, containerPort: 6379}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: redis}\nspec: {selector: {app: redis}, ports: [{port: 6379, targetPort: redis}]}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: redis}\nspec:\n  podSelector: {matchLabels: {app: redis}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: shop}}}]\n    ports: [{port: redis}]\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  containers:\n  - name: web\n    env: [{name: CACHE, value: \"redis://redis:6379\"}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: redis, labels: {app: redis}}\nspec: {containers: [{name: redis, ports: [{name: redis, containerPort: 6379}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: redis}\nspec: {selector: {app: redis}, ports: [{port: 6379, targetPort: redis}]}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: redis}\nspec:\n  podSelector: {matchLabels: {app: redis}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: web}}}]\n    ports: [{port: redis}]\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let Some(world) = World::of(objects, context) else { return Vec::new() };
        let tree = context.tree();
        let dependencies = tree.map(Dependencies::of);
        let mut findings = Vec::new();
        let callers =
            dependencies.map(|declared| world.declared(&declared, &mut findings)).unwrap_or_default();
        for workload in world.pods.workloads() {
            let is_caller = callers.contains(workload.template.object.name());
            if world.named(workload, &mut findings) || is_caller {
                world.dns(workload, tree, &mut findings);
            }
        }
        world.backends(objects, context, &mut findings);
        findings
    }
}
