//! Secrets in ConfigMaps, told by what they look like.
//!
//! The organisation's policy `no-sensitive-config-map` judges by names it lists, and can be enforced by an
//! API server; this rule knows the shapes of secrets, in files and scripts too.

use super::sensitive::judge;
use super::{Breach, Rule, Subject};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};

pub(super) static RULE: Rule = Rule {
    id: "secret-in-config-map",
    number: None,
    title: "no ConfigMap holds what looks like a secret",
    reason: "Everybody who may look at a namespace can read its ConfigMaps, and they are stored unencrypted.",
    help: "Move the value to a Secret and mount it, or read it by secretKeyRef; then draw a new one, for this one was printed.",
    severity: Severity::Error,
    counterpart: Some("no-sensitive-config-map"),
    check,
};

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    let object = subject.before;
    let is = |key: &str, value: &str| object.get(key).and_then(Node::as_str) == Some(value);
    if !is("kind", "ConfigMap") || !is("apiVersion", "v1") {
        return;
    }
    let Some(data) = object.get("data").and_then(Node::as_mapping) else { return };
    for entry in data.entries() {
        let path = || Path::root().key("data").key(entry.key.clone());
        judge(&RULE, subject.text, (&entry.key, &entry.value, &path), breaches);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::found;

    #[test]
    fn shapes_are_errors_wherever_they_stand_and_names_are_doubts() {
        let stream = "apiVersion: v1\nkind: ConfigMap\ndata:\n  URL: postgres://app:k7Gd92m@db/app\n  app.yml: |\n    a: 1\n    api-key: k7Gd92mQxL0v\n  PLAIN: k7Gd92mQxL0v\n  API_TOKEN: k7Gd92mQxL0v\n";
        let told = found("secret-in-config-map", stream);
        assert_eq!(
            told,
            [
                "4 data.URL: this looks like an address with a password",
                "7 data[\"app.yml\"]: this looks like the value of a secret: its name is api-key, and it looks random",
                "9 data.API_TOKEN: this looks like the value of a secret: its name is API_TOKEN, and it looks random",
            ]
        );
        assert!(!told.concat().contains("k7Gd"));
    }

    #[test]
    fn other_kinds_are_not_its_business() {
        for kind in ["Secret", "ConfigMapTemplate"] {
            let stream =
                format!("apiVersion: v1\nkind: {kind}\ndata: {{URL: 'postgres://app:k7Gd92m@db/app'}}\n");
            assert!(found("secret-in-config-map", &stream).is_empty());
        }
    }
}
