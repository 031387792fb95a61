//! One NetworkPolicy: whom it selects, and in which directions it isolates.

use super::peer::Rule;
use super::pods::Pod;
use crate::objects::{Object, Selector};
use gift_plugin::yaml::Node;

/// A direction of traffic, seen from the pods a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into them.
    Ingress,
    /// Out of them.
    Egress,
}

/// A NetworkPolicy.
#[derive(Debug)]
pub(super) struct Policy<'s, 'a> {
    pub(super) object: &'s Object<'a>,
    pub(super) namespace: &'s str,
    pub(super) selector: Selector<'s>,
    isolates_ingress: bool,
    isolates_egress: bool,
    ingress: Vec<Rule<'s>>,
    egress: Vec<Rule<'s>>,
}

impl<'s, 'a> Policy<'s, 'a> {
    pub(super) fn of(object: &'s Object<'a>, namespace: &'s str) -> Self {
        let list = |key| object.root().at(&["spec", key]).and_then(Node::as_sequence).unwrap_or_default();
        let types = list("policyTypes");
        let states = |word| types.iter().any(|stated| stated.as_str() == Some(word));
        // Without types, every policy is one for ingress, and one for egress if it has egress rules.
        let (isolates_ingress, isolates_egress) = if types.is_empty() {
            (true, !list("egress").is_empty())
        } else {
            (states("Ingress"), states("Egress"))
        };
        Self {
            object,
            namespace,
            selector: object.root().at(&["spec", "podSelector"]).map(Selector::of).unwrap_or_default(),
            isolates_ingress,
            isolates_egress,
            ingress: list("ingress").iter().map(|rule| Rule::of(rule, "from")).collect(),
            egress: list("egress").iter().map(|rule| Rule::of(rule, "to")).collect(),
        }
    }

    pub(super) fn isolates(&self, direction: Direction) -> bool {
        match direction {
            Direction::Ingress => self.isolates_ingress,
            Direction::Egress => self.isolates_egress,
        }
    }

    pub(super) fn selects(&self, pod: &Pod<'_>) -> bool {
        pod.namespace == self.namespace && pod.selected_by(&self.selector) == super::Certainty::Yes
    }

    pub(super) fn rules(&self, direction: Direction) -> &[Rule<'s>] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}
