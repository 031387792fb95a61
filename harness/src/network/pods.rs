//! Where connections begin and end.

use super::peer::Certainty;
use crate::objects::{Object, Objects, PodTemplate, Selector};
use gift_plugin::yaml::{Node, Value};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// An end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint<'s> {
    /// The pods of one workload, or others alike.
    Pod(Pod<'s>),
    /// An address outside the cluster.
    Address(IpAddr),
    /// Some address, nobody knows which: only rules about all addresses are about it.
    Anywhere,
}

/// Pods that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod<'s> {
    /// The namespace they are in.
    pub namespace: &'s str,
    /// Their labels.
    pub labels: BTreeMap<&'s str, &'s str>,
    /// Whether `labels` is all they have; it is not for pods of somebody else.
    pub are_labels_complete: bool,
    /// The ports their containers declare.
    pub ports: Vec<Port<'s>>,
    /// Whether they use the network of their node.
    pub is_on_host_network: bool,
}

/// A port a container declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port<'s> {
    /// Its name, or empty.
    pub name: &'s str,
    /// Its number.
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'s str,
}

impl<'s> Endpoint<'s> {
    /// The pods, where it is some.
    #[must_use]
    pub fn pod(&self) -> Option<&Pod<'s>> {
        match self {
            Self::Pod(pod) => Some(pod),
            _ => None,
        }
    }
}

impl<'s> Pod<'s> {
    /// The pods of a workload that goes to `namespace`.
    #[must_use]
    pub fn of(template: &PodTemplate<'s, '_>, namespace: &'s str) -> Self {
        let is = |node: Option<&Node<'_>>, value: &Value<'_>| node.is_some_and(|node| node.value == *value);
        let always = Value::String("Always".into());
        let mut ports = Vec::new();
        for container in template.containers() {
            // Of init containers only those run beside the others.
            if container.is_init && !is(container.node.get("restartPolicy"), &always) {
                continue;
            }
            for (_, port) in container.list("ports") {
                let Some(Value::Int(number)) = port.get("containerPort").map(|node| &node.value) else {
                    continue;
                };
                let Ok(number) = u16::try_from(*number) else { continue };
                ports.push(Port {
                    name: port.get("name").and_then(Node::as_str).unwrap_or_default(),
                    number,
                    protocol: port.get("protocol").and_then(Node::as_str).unwrap_or("TCP"),
                });
            }
        }
        let host_network = template.template.at(&["spec", "hostNetwork"]);
        Self {
            namespace,
            labels: template.labels().collect(),
            are_labels_complete: true,
            ports,
            is_on_host_network: is(host_network, &Value::Bool(true)),
        }
    }

    pub(super) fn selected_by(&self, selector: &Selector<'_>) -> Certainty {
        if self.are_labels_complete {
            return selector.selects(&self.labels).into();
        }
        match selector.selects_partly_known(&self.labels) {
            Some(selects) => selects.into(),
            None => Certainty::Perhaps,
        }
    }
}

/// The workloads of a stream, found by what selects their pods without looking at each of them.
#[derive(Debug)]
pub(crate) struct PodIndex<'s, 'a> {
    workloads: Vec<Workload<'s, 'a>>,
    by_namespace: HashMap<&'s str, Vec<usize>>,
    by_label: HashMap<(&'s str, &'s str, &'s str), Vec<usize>>,
}

/// A workload and its pods.
#[derive(Debug)]
pub(crate) struct Workload<'s, 'a> {
    pub(crate) template: PodTemplate<'s, 'a>,
    pub(crate) endpoint: Endpoint<'s>,
    pub(crate) namespace: &'s str,
}

impl<'s> Workload<'s, '_> {
    pub(crate) fn pod(&self) -> Option<&Pod<'s>> {
        self.endpoint.pod()
    }
}

impl<'s, 'a> PodIndex<'s, 'a> {
    /// The workloads of a stream, each in the namespace `of` gives.
    pub(crate) fn of(objects: &'s Objects<'a>, of: impl Fn(&'s Object<'a>) -> &'s str) -> Self {
        let mut index =
            Self { workloads: Vec::new(), by_namespace: HashMap::new(), by_label: HashMap::new() };
        for template in objects.pod_templates() {
            let namespace = of(template.object);
            let at = index.workloads.len();
            index.by_namespace.entry(namespace).or_default().push(at);
            for (key, value) in template.labels() {
                index.by_label.entry((namespace, key, value)).or_default().push(at);
            }
            let endpoint = Endpoint::Pod(Pod::of(&template, namespace));
            index.workloads.push(Workload { template, endpoint, namespace });
        }
        index
    }

    /// All of them, in the order of the stream.
    pub(crate) fn workloads(&self) -> &[Workload<'s, 'a>] {
        &self.workloads
    }

    /// The namespaces they are in, in no order.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &'s str> {
        self.by_namespace.keys().copied()
    }

    /// Those of a namespace whose pods a selector selects, in the order of the stream.
    pub(crate) fn selected(&self, namespace: &str, selector: &Selector<'_>) -> Vec<&Workload<'s, 'a>> {
        let all = self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        // Of the lists that hold all it can select, the shortest.
        let shortest = selector
            .pairs()
            .map(|(key, value)| {
                self.by_label.get(&(namespace, key, value)).map(Vec::as_slice).unwrap_or_default()
            })
            .chain([all])
            .min_by_key(|list| list.len())
            .unwrap_or_default();
        let candidates = shortest.iter().filter_map(|at| self.workloads.get(*at));
        candidates
            .filter(|workload| workload.pod().is_some_and(|pod| selector.selects(&pod.labels)))
            .collect()
    }
}
