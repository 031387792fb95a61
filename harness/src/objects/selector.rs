//! Which labels a selector selects.

use super::workload::labels;
use gift_plugin::yaml::Node;
use std::collections::BTreeMap;

/// A label selector, as a Service (a mapping of labels) or as anything newer (matchLabels and
/// matchExpressions) states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

    /// Whether it selects what has these labels.
    pub(crate) fn selects(&self, labels: &BTreeMap<&str, &str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }

    /// Whether it selects what has these labels and perhaps others that nobody knows; `None` where those decide.
    pub(crate) fn selects_partly_known(&self, labels: &BTreeMap<&str, &str>) -> Option<bool> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.requirements.iter().partition(|requirement| labels.contains_key(requirement.key()));
        if known.iter().any(|requirement| !requirement.is_met(labels)) {
            return Some(false);
        }
        unknown.is_empty().then_some(true)
    }

    /// The labels, key and value, that everything it selects has.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.requirements.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => Some((*key, *value)),
                _ => None,
            },
            _ => None,
        })
    }

    /// The first thing it asks for that these labels do not have.
    pub(crate) fn unmet(&self, labels: &BTreeMap<&str, &str>) -> Option<String> {
        let unmet = self.requirements.iter().find(|requirement| !requirement.is_met(labels))?;
        Some(match unmet {
            Requirement::In(key, values) => format!("{key}={}", values.join("|")),
            Requirement::NotIn(key, values) => format!("{key} other than {}", values.join("|")),
            Requirement::Exists(key) => (*key).to_owned(),
            Requirement::Absent(key) => format!("no {key}"),
        })
    }
}

impl<'s> Requirement<'s> {
    fn key(&self) -> &'s str {
        match self {
            Self::In(key, _) | Self::NotIn(key, _) | Self::Exists(key) | Self::Absent(key) => key,
        }
    }

    fn is_met(&self, labels: &BTreeMap<&str, &str>) -> bool {
        match self {
            Self::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => !labels.get(key).is_some_and(|value| values.contains(value)),
            Self::Exists(key) => labels.contains_key(key),
            Self::Absent(key) => !labels.contains_key(key),
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
