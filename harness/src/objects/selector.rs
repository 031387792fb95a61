//! Which labels a selector selects.

use super::workload::labels;
use gift_plugin::yaml::Node;
use std::collections::BTreeMap;
use std::fmt;

/// A label selector, as a Service (a mapping of labels) or as anything newer (matchLabels and
/// matchExpressions) states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector<'s> {
    requirements: Vec<Requirement<'s>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement<'s> {
    In(&'s str, Vec<&'s str>),
    NotIn(&'s str, Vec<&'s str>),
    Exists(&'s str),
    Absent(&'s str),
}

impl<'s> Selector<'s> {
    /// The mapping of a Service's `spec.selector`.
    pub(crate) fn of_labels(node: &'s Node<'_>) -> Self {
        Self {
            requirements: labels(Some(node)).map(|(key, value)| Requirement::In(key, vec![value])).collect(),
        }
    }

    /// A `metav1.LabelSelector`.
    pub(crate) fn of(node: &'s Node<'_>) -> Self {
        let mut requirements: Vec<_> =
            labels(node.get("matchLabels")).map(|(key, value)| Requirement::In(key, vec![value])).collect();
        for expression in node.get("matchExpressions").and_then(Node::as_sequence).unwrap_or_default() {
            let Some(key) = expression.get("key").and_then(Node::as_str) else { continue };
            let values = expression.get("values").and_then(Node::as_sequence).unwrap_or_default();
            let values = values.iter().filter_map(Node::as_str).collect();
            requirements.push(match expression.get("operator").and_then(Node::as_str) {
                Some("In") => Requirement::In(key, values),
                Some("NotIn") => Requirement::NotIn(key, values),
                Some("DoesNotExist") => Requirement::Absent(key),
                _ => Requirement::Exists(key),
            });
        }
        Self { requirements }
    }

    /// Whether it asks for nothing, and so selects everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The labels with one value that it asks for.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.requirements.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => Some((*key, *value)),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether it selects what has these labels.
    pub(crate) fn selects(&self, labels: &BTreeMap<&str, &str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }

    /// The first thing it asks for that these labels do not have.
    pub(crate) fn unmet(&self, labels: &BTreeMap<&str, &str>) -> Option<String> {
        self.requirements.iter().find(|requirement| !requirement.is_met(labels)).map(ToString::to_string)
    }
}

impl Requirement<'_> {
    fn is_met(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let has_one = |key, values: &[&str]| labels.get(key).is_some_and(|value| values.contains(value));
        match self {
            Self::In(key, values) => has_one(key, values),
            Self::NotIn(key, values) => !has_one(key, values),
            Self::Exists(key) => labels.contains_key(key),
            Self::Absent(key) => !labels.contains_key(key),
        }
    }
}

impl fmt::Display for Requirement<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(key, values) => write!(formatter, "{key}={}", values.join("|")),
            Self::NotIn(key, values) => write!(formatter, "{key} other than {}", values.join("|")),
            Self::Exists(key) => formatter.write_str(key),
            Self::Absent(key) => write!(formatter, "no {key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Objects;

    #[test]
    fn every_operator_means_what_it_says() {
        let stream = b"{matchLabels: {a: '1'}, matchExpressions: [{key: b, operator: In, values: [x, w]}, {key: c, operator: NotIn, values: [z]}, {key: d, operator: Exists}, {key: e, operator: DoesNotExist}]}";
        let objects = Objects::read(stream).unwrap();
        let selector = Selector::of(objects.iter().next().unwrap().root());
        let unmet = |pairs: &[(&str, &str)]| selector.unmet(&pairs.iter().copied().collect());
        assert_eq!(unmet(&[("a", "1"), ("b", "w"), ("d", "")]), None);
        assert_eq!(unmet(&[("a", "2")]).as_deref(), Some("a=1"));
        assert_eq!(unmet(&[("a", "1"), ("b", "z")]).as_deref(), Some("b=x|w"));
        assert_eq!(unmet(&[("a", "1"), ("b", "x"), ("c", "z")]).as_deref(), Some("c other than z"));
        assert_eq!(unmet(&[("a", "1"), ("b", "x")]).as_deref(), Some("d"));
        assert_eq!(unmet(&[("a", "1"), ("b", "x"), ("d", ""), ("e", "")]).as_deref(), Some("no e"));
    }
}
