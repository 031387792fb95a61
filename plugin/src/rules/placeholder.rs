//! Texts that still hold a blank somebody was to fill in.
//!
//! The policy `no-placeholder` says the same about images, variables and ConfigMaps, and an API server
//! can enforce it; this rule also sees what is inside Secrets, hosts, annotations and custom resources.

mod marker;

use super::strings::{place, visit};
use super::{Breach, Rule, Subject};
use crate::encode::{is_secret, reference};
use crate::protocol::Severity;
use crate::yaml::{Node, Path};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) use marker::{Kind, marker};

pub(super) static RULE: Rule = Rule {
    id: "placeholder",
    number: None,
    title: "no text is a blank that was to be filled in",
    reason: "CHANGE_ME or <your-domain> is not empty, so it is taken for a setting: what depends on it fails when it is used, and a password that everybody knows protects nothing.",
    help: "Put the real value in its place: in values, or in the secret source a reference names.",
    severity: Severity::Error,
    counterpart: Some("no-placeholder"),
    check,
};

/// Kinds that describe other objects: their texts are documentation.
const DESCRIPTIONS: &[&str] =
    &["CustomResourceDefinition", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"];

fn check(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    let kind = subject.before.get("kind").and_then(Node::as_str).unwrap_or_default();
    if DESCRIPTIONS.contains(&kind) {
        return;
    }
    let is_secret = is_secret(subject.before);
    visit(subject.before, None, &mut |trail, node, text| {
        // Encoded: looked at below, as what it stands for.
        let is_encoded = is_secret && trail.passes("data") || trail.passes("binaryData");
        if is_encoded || trail.last_key() == Some("description") {
            return;
        }
        let is_setting =
            matches!(kind, "ConfigMap" | "Secret") && !trail.passes("metadata") || trail.passes("env");
        let Some((part, kind)) = marker(text, if is_setting { Kind::Setting } else { Kind::Any }) else {
            return;
        };
        let at = place(subject.text, node, &text[part]);
        breaches.push(RULE.breach(
            Severity::Error,
            trail.path(),
            at,
            format!("a placeholder is left: {kind}"),
        ));
    });
    if is_secret {
        check_data(subject, breaches);
    }
}

/// Looks at what the values of `data` stand for, filled references included.
fn check_data(subject: &Subject<'_, '_, '_>, breaches: &mut Vec<Breach>) {
    let Some(data) = subject.after.get("data").and_then(Node::as_mapping) else { return };
    for entry in data.entries() {
        if subject.before.at(&["stringData", &entry.key]).is_some() {
            continue;
        }
        let source = subject.before.at(&["data", &entry.key]).and_then(Node::as_str).and_then(reference);
        if source.is_some() && subject.settings.example_secrets {
            continue;
        }
        let Some(plain) = entry.value.as_str().and_then(|encoded| STANDARD.decode(encoded).ok()) else {
            continue;
        };
        let Ok(plain) = std::str::from_utf8(&plain) else { continue };
        let Some((_, kind)) = marker(plain, Kind::Setting) else { continue };
        let message = match source {
            Some(source) => format!("the secret source has a placeholder under {source}: {kind}"),
            None => format!("a placeholder is encoded: {kind}"),
        };
        let path = Path::root().key("data").key(entry.key.clone());
        breaches.push(RULE.breach(Severity::Error, path, None, message));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::Settings;
    use crate::rules::tests::{found, found_with};

    #[test]
    fn blanks_are_found_wherever_a_text_can_stand() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    external-dns.alpha.kubernetes.io/hostname: your-domain.com\nspec:\n  containers:\n  - name: a\n    image: YOUR_ECR_URI/a:1\n    env:\n    - {name: A, value: xxxx}\n    - {name: B, value: TODO}\n";
        assert_eq!(
            found("placeholder", pod),
            [
                "6 metadata.annotations[\"external-dns.alpha.kubernetes.io/hostname\"]: a placeholder is left: your-…",
                "10 spec.containers[0].image: a placeholder is left: YOUR_…",
                "12 spec.containers[0].env[0].value: a placeholder is left: xxx…",
                "13 spec.containers[0].env[1].value: a placeholder is left: TODO",
            ]
        );
        let config = "apiVersion: v1\nkind: ConfigMap\ndata:\n  application.yml: |\n    # password: CHANGE_ME\n    a: 1\n    password: changeme\n";
        assert_eq!(
            found("placeholder", config),
            ["7 data[\"application.yml\"]: a placeholder is left: CHANGE_ME"]
        );
    }

    #[test]
    fn secrets_are_read_as_what_they_stand_for_and_never_shown() {
        let secret = "apiVersion: v1\nkind: Secret\ndata:\n  A: Q0hBTkdFX01FX3NlY3JldA==\n  B: aHVudGVyMg==\nstringData:\n  C: <your-password>\n";
        assert_eq!(
            found("placeholder", secret),
            [
                "7 stringData.C: a placeholder is left: <your-…>",
                "4 data.A: a placeholder is encoded: CHANGE_ME"
            ]
        );
    }

    #[test]
    fn a_source_nobody_filled_in_is_told_but_a_published_example_may_be_one() {
        let secret = "apiVersion: v1\nkind: Secret\ndata:\n  A: secretRef:shop/prod/A\n";
        let sources = [("shop/prod/A", "Q0hBTkdFX01F")];
        let settings = Settings { encode: true, ..Settings::default() };
        assert_eq!(
            found_with("placeholder", secret, &sources, settings),
            ["4 data.A: the secret source has a placeholder under shop/prod/A: CHANGE_ME"]
        );
        let settings = Settings { example_secrets: true, ..settings };
        assert!(found_with("placeholder", secret, &sources, settings).is_empty());
    }

    #[test]
    fn documentation_is_not_a_setting() {
        for text in [
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {a: CHANGE_ME}\n",
            "apiVersion: x/v1\nkind: X\nspec: {description: set it to CHANGE_ME}\n",
            "apiVersion: v1\nkind: ConfigMap\nbinaryData: {A: CHANGE_ME}\n",
        ] {
            assert_eq!(found("placeholder", text), [""; 0], "{text}");
        }
    }
}
