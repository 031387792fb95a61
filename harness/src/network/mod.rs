//! What the NetworkPolicies of a stream let through, as the Kubernetes API defines them.
//!
//! A pod that no policy selects for a direction is open in it; where several select it, what one of them allows
//! is allowed. A connection must be let out where it begins and let in where it ends. Depends on
//! [`crate::objects`].
//!
//! What a stream cannot tell is told apart from what it does:
//!
//! - The addresses of pods are unknown. An `ipBlock` matches a pod only when it covers everything: `0.0.0.0/0`
//!   or `::/0` without `except`.
//! - A namespace that the stream does not create has no label anybody knows beside
//!   `kubernetes.io/metadata.name`; whether another of its labels is selected is [`Verdict::Unknown`].
//! - Pods on their node's network are no subject of policies, and no selector selects them as a peer.
//! - That a pod reaches itself, and its node reaches it, is not modelled: policies cannot forbid either.

mod address;
pub(crate) mod mention;
mod peer;
mod pods;
mod policy;
pub(crate) mod service;
#[cfg(test)]
mod tests;

pub use address::{Block, BlockError};
pub use pods::{Endpoint, Pod, Port};
pub(crate) use pods::{PodIndex, Workload};
pub use policy::Direction;

use crate::objects::{Object, Objects, Selector, labels};
use peer::Certainty;
use policy::Policy;
use std::collections::{BTreeMap, HashMap};

/// The label every namespace has, with its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The labels of a namespace, as far as they are known.
#[derive(Clone, Debug, Default)]
struct Labels<'s> {
    pairs: BTreeMap<&'s str, &'s str>,
    are_complete: bool,
}

impl Labels<'_> {
    fn selected_by(&self, selector: &Selector<'_>) -> Certainty {
        if self.are_complete {
            return selector.selects(&self.pairs).into();
        }
        match selector.selects_partly_known(&self.pairs) {
            Some(selects) => selects.into(),
            None => Certainty::Perhaps,
        }
    }
}

/// The NetworkPolicies of a stream.
#[derive(Debug)]
pub struct Network<'s, 'a> {
    policies: Vec<Policy<'s, 'a>>,
    /// The policies that ask for a label, by namespace, key and value; each is in one of these lists.
    by_label: HashMap<(&'s str, &'s str, &'s str), Vec<usize>>,
    /// The policies that ask for no label in particular, by namespace.
    by_namespace: HashMap<&'s str, Vec<usize>>,
    namespaces: BTreeMap<&'s str, Labels<'s>>,
}

/// A connection somebody wants to open.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'q, 's> {
    /// Where it begins.
    pub from: &'q Endpoint<'s>,
    /// Where it ends.
    pub to: &'q Endpoint<'s>,
    /// The port where it ends, of the pod and not of a Service before it.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'q str,
}

/// Whether a connection passes.
#[derive(Clone, Debug)]
pub enum Verdict<'s, 'a> {
    /// It does.
    Passes,
    /// It does not.
    Blocked {
        /// The policies that isolate where it begins, none of which lets it out; empty when it is let out.
        egress: Vec<&'s Object<'a>>,
        /// The policies that isolate where it ends, none of which lets it in; empty when it is let in.
        ingress: Vec<&'s Object<'a>>,
    },
    /// Labels that the stream does not tell decide.
    Unknown,
}

impl Verdict<'_, '_> {
    /// Whether the connection certainly does not pass.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        matches!(self, Self::Blocked { .. })
    }

    /// Whether the connection certainly passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Passes)
    }
}

impl<'s, 'a> Network<'s, 'a> {
    /// Reads the policies and namespaces of a stream; what states no namespace goes to `namespace`.
    ///
    /// ```
    /// use gift_harness::network::{Connection, Endpoint, Network, Pod};
    /// use gift_harness::objects::Objects;
    ///
    /// let stream = b"{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {containers: []}}
    /// ---
    /// {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed}, spec: {podSelector: {}}}
    /// ";
    /// let objects = Objects::read(stream)?;
    /// let network = Network::of(&objects, "default");
    /// let web = objects.pod_templates().next().ok_or("no pod")?;
    /// let web = Endpoint::Pod(Pod::of(&web, "default"));
    /// let connection = Connection { from: &Endpoint::Anywhere, to: &web, port: 80, protocol: "TCP" };
    /// assert!(network.verdict(&connection).is_blocked());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(objects: &'s Objects<'a>, namespace: &'s str) -> Self {
        let objects_of_kind =
            objects.kind("NetworkPolicy").filter(|object| object.group() == "networking.k8s.io");
        let policies: Vec<_> = objects_of_kind
            .map(|object| {
                let stated = object.namespace();
                Policy::of(object, if stated.is_empty() { namespace } else { stated })
            })
            .collect();
        let pairs = |policy: &Policy<'s, 'a>| {
            let namespace = policy.namespace;
            policy.selector.pairs().map(move |(key, value)| (namespace, key, value)).collect::<Vec<_>>()
        };
        let mut counts: HashMap<_, usize> = HashMap::new();
        for pair in policies.iter().flat_map(pairs) {
            *counts.entry(pair).or_default() += 1;
        }
        // Under the label that the fewest ask for, so that pods look at few policies that are not theirs.
        let (mut by_label, mut by_namespace) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (at, policy) in policies.iter().enumerate() {
            match pairs(policy).into_iter().min_by_key(|pair| counts.get(pair).copied()) {
                Some(pair) => by_label.entry(pair).or_default().push(at),
                None => by_namespace.entry(policy.namespace).or_default().push(at),
            }
        }
        let mut namespaces: BTreeMap<&str, Labels<'_>> = BTreeMap::new();
        for object in objects.kind("Namespace").filter(|object| object.group().is_empty()) {
            let mut pairs: BTreeMap<_, _> = labels(object.root().at(&["metadata", "labels"])).collect();
            pairs.insert(NAME_LABEL, object.name());
            namespaces.insert(object.name(), Labels { pairs, are_complete: true });
        }
        Self { policies, by_label, by_namespace, namespaces }
    }

    /// Whether there is no policy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// The policies that isolate an endpoint in a direction; none for what is open in it.
    #[must_use]
    pub fn isolating(&self, endpoint: &Endpoint<'s>, direction: Direction) -> Vec<&'s Object<'a>> {
        self.concerned(endpoint, direction).map(|policy| policy.object).collect()
    }

    /// The policies that isolate an endpoint in a direction, in the order of the stream.
    fn concerned<'q>(
        &'q self,
        endpoint: &Endpoint<'s>,
        direction: Direction,
    ) -> impl Iterator<Item = &'q Policy<'s, 'a>> + use<'q, 's, 'a> {
        let mut found: Vec<&usize> = Vec::new();
        if let Some(pod) = endpoint.pod().filter(|pod| !pod.is_on_host_network) {
            found.extend(self.by_namespace.get(pod.namespace).into_iter().flatten());
            for (key, value) in &pod.labels {
                found.extend(self.by_label.get(&(pod.namespace, *key, *value)).into_iter().flatten());
            }
            found.retain(|at| {
                self.policies
                    .get(**at)
                    .is_some_and(|policy| policy.isolates(direction) && policy.selects(pod))
            });
            found.sort_unstable();
        }
        found.into_iter().filter_map(|at| self.policies.get(*at))
    }

    /// Whether a connection passes, and who forbids it if not.
    #[must_use]
    pub fn verdict(&self, connection: &Connection<'_, 's>) -> Verdict<'s, 'a> {
        let (out, egress) = self.side(connection, Direction::Egress);
        let (into, ingress) = self.side(connection, Direction::Ingress);
        match out.min(into) {
            Certainty::Yes => Verdict::Passes,
            Certainty::Perhaps => Verdict::Unknown,
            Certainty::No => Verdict::Blocked { egress, ingress },
        }
    }

    /// Whether one end lets a connection through, and which policies isolate it if not.
    fn side(
        &self,
        connection: &Connection<'_, 's>,
        direction: Direction,
    ) -> (Certainty, Vec<&'s Object<'a>>) {
        let (own, other) = match direction {
            Direction::Egress => (connection.from, connection.to),
            Direction::Ingress => (connection.to, connection.from),
        };
        let mut best = Certainty::No;
        let mut isolating = Vec::new();
        for policy in self.concerned(own, direction) {
            isolating.push(policy.object);
            for rule in policy.rules(direction) {
                if rule.admits_port(connection.port, connection.protocol, connection.to) {
                    best = best.max(rule.admits(other, policy.namespace, &|name| self.namespace(name)));
                }
                if best == Certainty::Yes {
                    return (best, Vec::new());
                }
            }
        }
        match best {
            _ if isolating.is_empty() => (Certainty::Yes, Vec::new()),
            Certainty::No => (best, isolating),
            _ => (best, Vec::new()),
        }
    }

    /// What is known of a namespace.
    fn namespace(&self, name: &'s str) -> Labels<'s> {
        self.namespaces
            .get(name)
            .cloned()
            .unwrap_or_else(|| Labels { pairs: BTreeMap::from([(NAME_LABEL, name)]), are_complete: false })
    }

    /// Whether a policy that isolates a pod lets one of its ports be reached by anything but `pods`.
    pub(crate) fn admits_others(
        &self,
        endpoint: &Endpoint<'s>,
        port: u16,
        protocol: &str,
        pods: &PodIndex<'s, 'a>,
    ) -> bool {
        self.concerned(endpoint, Direction::Ingress).any(|policy| {
            let rules = policy.rules(Direction::Ingress).iter();
            rules
                .filter(|rule| rule.admits_port(port, protocol, endpoint))
                .any(|rule| rule.admits_others(policy.namespace, pods))
        })
    }

    /// The workloads that the policies which isolate a pod name as peers on one of its ports. A rule about
    /// everybody names nobody.
    pub(crate) fn named_peers<'p>(
        &self,
        endpoint: &Endpoint<'s>,
        port: u16,
        protocol: &str,
        pods: &'p PodIndex<'s, 'a>,
    ) -> Vec<&'p Workload<'s, 'a>> {
        let mut peers: Vec<&Workload<'_, '_>> = Vec::new();
        for policy in self.concerned(endpoint, Direction::Ingress) {
            let rules = policy.rules(Direction::Ingress).iter();
            for rule in rules.filter(|rule| rule.admits_port(port, protocol, endpoint)) {
                peers.extend(rule.named(policy.namespace, pods, &|name| self.namespace(name)));
            }
        }
        peers.sort_by_key(|workload| workload.template.object.span().start);
        peers.dedup_by_key(|workload| std::ptr::from_ref(workload.template.object));
        peers
    }
}
