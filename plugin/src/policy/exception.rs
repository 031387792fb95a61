//! Exceptions from rules: stated on the object, with a reason and a last day.
//!
//! Depends on [`crate::yaml`]. The annotation's text is a YAML sequence of
//! `{rule, reason, expires: YYYY-MM-DD}`.

use crate::yaml::{Limits, Node, load_stream};

/// The annotation that holds an object's exceptions.
pub const ANNOTATION: &str = "policies.gift.dev/exceptions";

/// What an object's exceptions say about one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// Nothing, or nothing that counts: the text says why.
    None(Option<String>),
    /// It does not apply, for this reason, until the last day.
    Granted {
        /// Why.
        reason: String,
        /// The last day, as `YYYY-MM-DD`.
        expires: String,
    },
}

/// Looks up what `object` says about `rule` on the day `today` (`YYYY-MM-DD`).
#[must_use]
pub fn exception(object: &Node<'_>, rule: &str, today: &str) -> Exception {
    let Some(text) = object.at(&["metadata", "annotations", ANNOTATION]).and_then(Node::as_str) else {
        return Exception::None(None);
    };
    let Ok(documents) = load_stream(text, &Limits::default()) else {
        return Exception::None(Some(format!("the annotation {ANNOTATION} is not YAML")));
    };
    let entries = documents.first().and_then(|document| document.root.as_sequence()).unwrap_or_default();
    let Some(entry) = entries.iter().find(|entry| entry.get("rule").and_then(Node::as_str) == Some(rule))
    else {
        return Exception::None(None);
    };
    let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or_default().trim().to_owned();
    let (reason, expires) = (text("reason"), text("expires"));
    if reason.is_empty() {
        return Exception::None(Some("its exception gives no reason, so it does not count".to_owned()));
    }
    if !is_day(&expires) {
        return Exception::None(Some(
            "its exception has no day of expiry (expires: YYYY-MM-DD), so it does not count".to_owned(),
        ));
    }
    if today > expires.as_str() {
        return Exception::None(Some(format!("its exception expired on {expires}")));
    }
    Exception::Granted { reason, expires }
}

fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(entries: &str) -> Exception {
        let text = format!("metadata: {{annotations: {{{ANNOTATION}: {}}}}}", crate::yaml::quoted(entries));
        let documents = load_stream(&text, &Limits::default()).unwrap();
        exception(&documents[0].root, "pinned-image-tag", "2026-06-15")
    }

    #[test]
    fn an_exception_counts_until_its_last_day() {
        let granted = Exception::Granted { reason: "vendor image".into(), expires: "2026-06-15".into() };
        assert_eq!(look("[{rule: pinned-image-tag, reason: vendor image, expires: 2026-06-15}]"), granted);
        assert_eq!(
            look("[{rule: pinned-image-tag, reason: vendor image, expires: 2026-06-14}]"),
            Exception::None(Some("its exception expired on 2026-06-14".into()))
        );
    }

    #[test]
    fn an_exception_without_a_reason_or_a_day_does_not_count() {
        assert!(matches!(look("[{rule: pinned-image-tag, expires: 2027-01-01}]"), Exception::None(Some(_))));
        assert!(matches!(look("[{rule: pinned-image-tag, reason: x}]"), Exception::None(Some(_))));
        assert!(matches!(
            look("[{rule: pinned-image-tag, reason: x, expires: soon}]"),
            Exception::None(Some(_))
        ));
        assert_eq!(look("[{rule: other, reason: x, expires: 2027-01-01}]"), Exception::None(None));
        assert!(matches!(look("]"), Exception::None(Some(_))));
    }
}
