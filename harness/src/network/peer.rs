//! One rule of a policy: whom it is about, and which ports.

use super::address::Block;
use super::pods::{Endpoint, PodIndex, Workload};
use super::{Labels, NAME_LABEL};
use crate::objects::Selector;
use gift_plugin::yaml::{Node, Value};
use std::collections::BTreeMap;

/// Whether something is so; the order is that of being allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    No,
    Perhaps,
    Yes,
}

impl From<bool> for Certainty {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

/// A rule: any of the peers on any of the ports.
#[derive(Debug)]
pub(super) struct Rule<'s> {
    /// Empty for everybody.
    peers: Vec<Peer<'s>>,
    /// Empty for all of them.
    ports: Vec<PortRule<'s>>,
}

#[derive(Debug)]
enum Peer<'s> {
    Pods {
        namespaces: Option<Selector<'s>>,
        pods: Option<Selector<'s>>,
    },
    Addresses {
        block: Block,
        except: Vec<Block>,
    },
    /// What an API server refuses; it allows nothing.
    Invalid,
}

#[derive(Debug)]
struct PortRule<'s> {
    protocol: &'s str,
    ports: Ports<'s>,
}

#[derive(Debug)]
enum Ports<'s> {
    All,
    Range(i64, i64),
    Named(&'s str),
    Invalid,
}

impl<'s> Rule<'s> {
    pub(super) fn of(node: &'s Node<'_>, peers: &str) -> Self {
        let list = |key| node.get(key).and_then(Node::as_sequence).unwrap_or_default();
        Self {
            peers: list(peers).iter().map(Peer::of).collect(),
            ports: list("ports").iter().map(PortRule::of).collect(),
        }
    }

    /// Whether it is about a port of the pod a connection ends at.
    pub(super) fn admits_port(&self, number: u16, protocol: &str, destination: &Endpoint<'_>) -> bool {
        self.ports.is_empty()
            || self.ports.iter().any(|rule| {
                rule.protocol == protocol
                    && match rule.ports {
                        Ports::All => true,
                        Ports::Range(first, last) => (first..=last).contains(&i64::from(number)),
                        Ports::Named(name) => destination.pod().is_some_and(|pod| {
                            pod.ports.iter().any(|port| {
                                port.name == name && port.number == number && port.protocol == protocol
                            })
                        }),
                        Ports::Invalid => false,
                    }
            })
    }

    /// Whether it is about the other end of a connection; `own` is the policy's namespace.
    pub(super) fn admits<'n>(
        &self,
        other: &Endpoint<'n>,
        own: &str,
        namespace: &dyn Fn(&'n str) -> Labels<'n>,
    ) -> Certainty {
        if self.peers.is_empty() {
            return Certainty::Yes;
        }
        let all = self.peers.iter().map(|peer| peer.admits(other, own, namespace));
        all.max().unwrap_or(Certainty::No)
    }

    /// Whether it is about anything beside pods of the stream.
    pub(super) fn admits_others(&self, own: &str, pods: &PodIndex<'_, '_>) -> bool {
        self.peers.is_empty()
            || self.peers.iter().any(|peer| match peer {
                Peer::Addresses { .. } => true,
                Peer::Invalid => false,
                Peer::Pods { namespaces: None, pods: selector } => selector
                    .as_ref()
                    .is_some_and(|selector| selector.is_empty() || pods.selected(own, selector).is_empty()),
                Peer::Pods { namespaces: Some(namespaces), pods: selector } => {
                    // Only where the namespace is the policy's own, and the pods are known, is nobody else meant.
                    let name = BTreeMap::from([(NAME_LABEL, own)]);
                    namespaces.selects_partly_known(&name) != Some(true)
                        || namespaces.is_empty()
                        || selector.as_ref().is_none_or(|selector| {
                            selector.is_empty() || pods.selected(own, selector).is_empty()
                        })
                }
            })
    }
}

impl<'s> Rule<'s> {
    /// The workloads its peers select.
    pub(super) fn named<'p, 'w, 'a>(
        &self,
        own: &str,
        pods: &'p PodIndex<'w, 'a>,
        namespace: &dyn Fn(&'w str) -> Labels<'w>,
    ) -> Vec<&'p Workload<'w, 'a>> {
        let everything = Selector::default();
        let mut named = Vec::new();
        for peer in &self.peers {
            let Peer::Pods { namespaces, pods: selector } = peer else { continue };
            let selector = selector.as_ref().unwrap_or(&everything);
            match namespaces {
                None => named.extend(pods.selected(own, selector)),
                Some(namespaces) => {
                    for name in pods.namespaces() {
                        if namespace(name).selected_by(namespaces) == Certainty::Yes {
                            named.extend(pods.selected(name, selector));
                        }
                    }
                }
            }
        }
        named
    }
}

impl<'s> Peer<'s> {
    fn of(node: &'s Node<'_>) -> Self {
        let selector = |key| node.get(key).map(Selector::of);
        let (namespaces, pods) = (selector("namespaceSelector"), selector("podSelector"));
        if let Some(block) = node.get("ipBlock") {
            let read = |node: &Node<'_>| node.as_str()?.parse().ok();
            let except = block.get("except").and_then(Node::as_sequence).unwrap_or_default();
            let except: Option<Vec<_>> = except.iter().map(read).collect();
            return match (block.get("cidr").and_then(read), except, namespaces.is_none() && pods.is_none()) {
                (Some(block), Some(except), true) => Self::Addresses { block, except },
                _ => Self::Invalid,
            };
        }
        if namespaces.is_none() && pods.is_none() {
            return Self::Invalid;
        }
        Self::Pods { namespaces, pods }
    }

    fn admits<'n>(
        &self,
        other: &Endpoint<'n>,
        own: &str,
        namespace: &dyn Fn(&'n str) -> Labels<'n>,
    ) -> Certainty {
        match (self, other) {
            (Self::Pods { namespaces, pods }, Endpoint::Pod(pod)) if !pod.is_on_host_network => {
                let placed = match namespaces {
                    Some(selector) => namespace(pod.namespace).selected_by(selector),
                    None => (pod.namespace == own).into(),
                };
                placed.min(pods.as_ref().map_or(Certainty::Yes, |selector| pod.selected_by(selector)))
            }
            (Self::Addresses { block, except }, Endpoint::Address(address)) => {
                (block.contains(*address) && !except.iter().any(|block| block.contains(*address))).into()
            }
            (Self::Addresses { block, except }, Endpoint::Pod(_) | Endpoint::Anywhere) => {
                (block.is_everything() && except.is_empty()).into()
            }
            _ => Certainty::No,
        }
    }
}

impl<'s> PortRule<'s> {
    fn of(node: &'s Node<'_>) -> Self {
        let number = |key| match node.get(key).map(|node| &node.value) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        let ports = match node.get("port").map(|node| &node.value) {
            None | Some(Value::Null) if node.get("endPort").is_none() => Ports::All,
            Some(Value::Int(first)) => Ports::Range(*first, number("endPort").unwrap_or(*first)),
            Some(Value::String(name)) if node.get("endPort").is_none() => Ports::Named(name),
            _ => Ports::Invalid,
        };
        Self { protocol: node.get("protocol").and_then(Node::as_str).unwrap_or("TCP"), ports }
    }
}
