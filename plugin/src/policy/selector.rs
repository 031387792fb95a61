//! Label selectors (`metav1.LabelSelector`).
//!
//! Depends on [`crate::yaml`] and [`super::PolicyError`].

use super::PolicyError;
use crate::yaml::{Node, Value};
use std::collections::BTreeMap;

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// What labels must be like. The empty selector takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads a selector; an absent one takes everything.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Field`] when an operator is none of the four.
    pub fn read(node: Option<&Node<'_>>, place: &str) -> Result<Self, PolicyError> {
        let Some(node) = node else { return Ok(Self::default()) };
        let mut requirements = Vec::new();
        if let Some(labels) = node.get("matchLabels").and_then(Node::as_mapping) {
            for entry in labels.entries() {
                let value = entry.value.as_str().unwrap_or_default().to_owned();
                requirements.push(Requirement {
                    key: entry.key.clone().into_owned(),
                    operator: Operator::In(vec![value]),
                });
            }
        }
        for expression in node.get("matchExpressions").and_then(Node::as_sequence).unwrap_or_default() {
            let key = expression.get("key").and_then(Node::as_str).unwrap_or_default().to_owned();
            let values = super::strings::strings(expression.get("values"));
            let operator = match expression.get("operator").and_then(Node::as_str).unwrap_or_default() {
                "In" => Operator::In(values),
                "NotIn" => Operator::NotIn(values),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    return Err(PolicyError::Field {
                        place: place.to_owned(),
                        message: format!("the operator {other:?} is not In, NotIn, Exists or DoesNotExist"),
                    });
                }
            };
            requirements.push(Requirement { key, operator });
        }
        Ok(Self(requirements))
    }

    /// Whether `labels` are like that.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.operator {
                Operator::In(values) => value.is_some_and(|value| values.contains(value)),
                Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
        })
    }
}

/// The labels of an object.
#[must_use]
pub fn labels(object: &Node<'_>) -> Labels {
    let Some(labels) = object.at(&["metadata", "labels"]).and_then(Node::as_mapping) else {
        return Labels::new();
    };
    let text = |value: &Value<'_>| match value {
        Value::String(text) => Some(text.clone().into_owned()),
        _ => None,
    };
    labels
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.key.clone().into_owned(), text(&entry.value.value)?)))
        .collect()
}
