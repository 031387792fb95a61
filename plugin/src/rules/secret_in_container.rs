//! Secrets in what a container is given: variables, arguments, commands, headers of probes.
//!
//! The organisation's policy `no-sensitive-env` judges variables by names it lists, and can be enforced by
//! an API server; this rule knows the shapes of secrets, and looks into custom resources too.

use super::sensitive::judge;
use super::strings::{Trail, descend, visit};
use super::{Breach, Rule, Subject};
use crate::protocol::Severity;
use crate::yaml::Node;

pub(super) static RULE: Rule = Rule {
    id: "secret-in-container",
    number: None,
    title: "no container is given what looks like a secret in plain sight",
    reason: "Whoever may read a workload reads its variables and arguments; so does everything that lists processes on the node.",
    help: "Put the value into a Secret and read it by secretKeyRef, or mount it; then draw a new one, for this one was printed.",
    severity: Severity::Error,
    counterpart: Some("no-sensitive-env"),
    check,
};

/// Keys whose sequences are containers, wherever they stand.
const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    let kind = subject.before.get("kind").and_then(Node::as_str).unwrap_or_default();
    if matches!(kind, "ConfigMap" | "Secret" | "CustomResourceDefinition") {
        return;
    }
    descend(subject.before, None, &mut |trail, node| {
        let containers = trail.last_key().filter(|key| CONTAINERS.contains(key)).and(node.as_sequence());
        for (index, container) in containers.unwrap_or_default().iter().enumerate() {
            look_into(subject, container, &Trail::index(Some(trail), index), breaches);
        }
        containers.is_none()
    });
}

fn look_into(
    subject: &Subject<'_, '_, '_>,
    container: &Node<'_>,
    trail: &Trail<'_>,
    breaches: &mut Vec<Breach>,
) {
    let Some(fields) = container.as_mapping() else { return };
    for field in fields.entries() {
        let here = Trail::key(Some(trail), &field.key);
        match field.key.as_ref() {
            "env" => {
                for (index, variable) in field.value.as_sequence().unwrap_or_default().iter().enumerate() {
                    let Some(value) = variable.get("value") else { continue };
                    let name = variable.get("name").and_then(Node::as_str).unwrap_or_default();
                    let path = || Trail::key(Some(&Trail::index(Some(&here), index)), "value").path();
                    let named = (name, value, &path as &dyn Fn() -> _);
                    judge(&RULE, subject.text, named, breaches);
                }
            }
            "args" | "command" | "lifecycle" | "livenessProbe" | "readinessProbe" | "startupProbe" => {
                visit(&field.value, Some(&here), &mut |trail, node, _| {
                    let path = || trail.path();
                    judge(&RULE, subject.text, ("", node, &path), breaches);
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::found;

    #[test]
    fn variables_arguments_scripts_and_headers_are_looked_at() {
        let stream = "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          initContainers:\n          - name: a\n            args: [--token=k7Gd92mQxL0v]\n          containers:\n          - name: b\n            env:\n            - name: TOKEN\n              value: k7Gd92mQxL0v\n            - name: TOKEN\n              valueFrom: {secretKeyRef: {name: k7Gd92mQxL0v, key: TOKEN}}\n            command:\n            - sh\n            - -c\n            - |\n              set -e\n              curl -H 'Authorization: Basic YXBwOms3R2Q5Mm0=' https://x\n            livenessProbe:\n              httpGet:\n                httpHeaders:\n                - name: Authorization\n                  value: Basic YXBwOms3R2Q5Mm0=\n";
        let told = found("secret-in-container", stream);
        let below = "spec.jobTemplate.spec.template.spec";
        assert_eq!(
            told,
            [
                format!(
                    "10 {below}.initContainers[0].args[0]: this looks like the value of a secret: its name is token, and it looks random"
                ),
                format!(
                    "15 {below}.containers[0].env[0].value: this looks like the value of a secret: its name is TOKEN, and it looks random"
                ),
                format!(
                    "23 {below}.containers[0].command[2]: this looks like a user and password for Basic authentication"
                ),
                format!(
                    "28 {below}.containers[0].livenessProbe.httpGet.httpHeaders[0].value: this looks like a user and password for Basic authentication"
                ),
            ]
        );
    }

    #[test]
    fn references_and_ordinary_settings_are_no_secrets() {
        let stream = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    args: [--token=$(TOKEN), --password-file=/etc/k7Gd92mQxL0v, --config=k7Gd92mQxL0v]\n    env:\n    - {name: DB_PASSWORD, value: $(OTHER)}\n    - {name: TOKEN_FILE, value: /var/run/k7Gd92mQxL0v}\n    - {name: URL, value: 'postgres://app:$(DB_PASSWORD)@db/app'}\n    - {name: N, value: 3}\n";
        assert_eq!(found("secret-in-container", stream), [""; 0]);
    }
}
