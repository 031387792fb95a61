//! What a page shows of a `ValidatingAdmissionPolicy` beside its description.

use gift_plugin::protocol::Source;
use serde::Deserialize;

/// A policy file's contents, as far as a page tells them.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Its path below `chart/policies`.
    pub(super) file: String,
    /// Whether it takes parameters.
    pub(super) has_params: bool,
    /// API groups and resources.
    pub(super) matches: Vec<(String, String)>,
    pub(super) conditions: Vec<Expression>,
    pub(super) variables: Vec<Expression>,
    pub(super) validations: Vec<Expression>,
}

/// One CEL expression, with its name or its message.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) name: String,
    pub(super) cel: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    #[serde(default)]
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    param_kind: Option<serde_json::Value>,
    match_constraints: Constraints,
    match_conditions: Vec<Item>,
    variables: Vec<Item>,
    validations: Vec<Item>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Constraints {
    resource_rules: Vec<ResourceRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceRule {
    api_groups: Vec<String>,
    resources: Vec<String>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    name: String,
    expression: String,
    #[serde(default)]
    message: String,
}

/// Looks the policy of a rule up; empty where there is none, for files are judged elsewhere.
pub(super) fn described(rule: &str, files: &[Source]) -> Described {
    for file in files {
        let Ok(policies) = serde_yaml::from_multiple::<Policy>(&file.text) else { continue };
        let policy = policies
            .into_iter()
            .find(|policy| policy.kind == "ValidatingAdmissionPolicy" && policy.metadata.name == rule);
        let Some(policy) = policy else { continue };
        let told = |items: Vec<Item>| items.into_iter().map(expression).collect();
        return Described {
            file: file.name.clone(),
            has_params: policy.spec.param_kind.is_some(),
            matches: policy.spec.match_constraints.resource_rules.into_iter().map(matched).collect(),
            conditions: told(policy.spec.match_conditions),
            variables: told(policy.spec.variables),
            validations: told(policy.spec.validations),
        };
    }
    Described::default()
}

fn matched(rule: ResourceRule) -> (String, String) {
    let groups: Vec<_> = rule
        .api_groups
        .iter()
        .map(|group| match group.as_str() {
            "" => "core".to_owned(),
            group => format!("`{group}`"),
        })
        .collect();
    let resources: Vec<_> = rule.resources.iter().map(|resource| format!("`{resource}`")).collect();
    (groups.join(", "), resources.join(", "))
}

fn expression(item: Item) -> Expression {
    Expression {
        name: if item.name.is_empty() { item.message } else { item.name },
        cel: wrapped(&item.expression),
    }
}

/// CEL in lines of at most a hundred characters, broken at spaces outside of texts.
fn wrapped(expression: &str) -> String {
    const WIDTH: usize = 100;
    let mut text = String::new();
    let mut length = 0;
    for word in words(expression) {
        if length > 0 && length + 1 + word.chars().count() > WIDTH {
            text.push_str("\n  ");
            length = 2;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(&word);
        length += word.chars().count();
    }
    text
}

/// The words of an expression; a space within quotes parts none.
fn words(expression: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for character in expression.trim().chars() {
        match quote {
            Some(open) => {
                if character == open && !escaped {
                    quote = None;
                }
                escaped = character == '\\' && !escaped;
            }
            None if character == '"' || character == '\'' => quote = Some(character),
            None if character.is_whitespace() => {
                words.push(String::new());
                continue;
            }
            None => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_expressions_are_broken_outside_of_texts() {
        let text = format!("a == \"{}\" && b", "x y ".repeat(40));
        let told = wrapped(&text);
        assert_eq!(told.lines().count(), 3);
        assert_eq!(told.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
        assert!(told.lines().nth(1).unwrap().ends_with('"'), "{told}");
    }
}
