//! A stream with the values of its Secrets hidden, for eyes and records instead of clusters.
//!
//! Depends on the plugin's YAML reader. What cannot be read is hidden as a whole: nobody can tell
//! what is secret in it.

use gift_plugin::encode::objects;
use gift_plugin::yaml::{Document, Limits, Node, Span, Value, load_documents};

/// What stands where a value stood.
const HIDDEN: &str = "(hidden)";

/// Replaces every value under `data` and `stringData` of every Secret, those in Lists included.
///
/// ```
/// let stream = "kind: Secret\ndata:\n  TOKEN: aHVudGVyMg==\n---\nkind: Pod\n";
/// let hidden = gift_harness::redaction::redact(stream);
/// assert_eq!(hidden, "kind: Secret\ndata:\n  TOKEN: (hidden)\n---\nkind: Pod\n");
/// ```
#[must_use]
pub fn redact(stream: &str) -> String {
    let mut spans: Vec<Span> = Vec::new();
    for document in load_documents(stream, &Limits::default()) {
        match document {
            Ok(document) => collect(stream, &document, &mut spans),
            Err((chunk, _)) => spans.push(chunk.span),
        }
    }
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut redacted = String::with_capacity(stream.len());
    let mut at = 0;
    for span in spans {
        // An alias gives the same place twice.
        if span.start < at {
            continue;
        }
        redacted.push_str(&stream[at..span.start]);
        let value = &stream[span.start..span.end];
        redacted.push_str(HIDDEN);
        redacted.push_str(&value[value.trim_end_matches(['\n', '\r']).len()..]);
        at = span.end;
    }
    redacted.push_str(&stream[at..]);
    redacted
}

fn collect(stream: &str, document: &Document<'_>, spans: &mut Vec<Span>) {
    let is_list = document.root.get("kind").and_then(Node::as_str) == Some("SecretList");
    let is_secret =
        |object: &&Node<'_>| is_list || object.get("kind").and_then(Node::as_str) == Some("Secret");
    let mut found = Vec::new();
    let mut is_any = false;
    for secret in objects(&document.root).into_iter().filter(is_secret) {
        is_any = true;
        for field in ["data", "stringData"] {
            match secret.get(field) {
                Some(Node { value: Value::Mapping(values), .. }) => {
                    found.extend(values.entries().iter().map(|entry| entry.value.span));
                }
                Some(other) => found.push(other.span),
                None => {}
            }
        }
        found.extend(secret.at(&["metadata", "annotations", LAST_APPLIED]).map(|node| node.span));
    }
    // Of a key that stands twice only one value is in the tree, and what an alias stands for may be
    // written anywhere in the document.
    let is_alias = |span: &Span| stream[span.start..span.end].starts_with('*');
    if is_any && (!document.duplicates.is_empty() || found.iter().any(is_alias)) {
        spans.push(document.span);
    } else {
        spans.append(&mut found);
    }
}

/// `kubectl apply` keeps the whole object, values included, in this annotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_writing_a_value_escapes() {
        for stream in [
            "kind: Secret\napiVersion: v1\ndata:\n  A: hunter2\n",
            "kind: Secret\napiVersion: v1\ndata: {A: hunter2, \"B\": \"hunter2\"}\n",
            "kind: Secret\napiVersion: v1\nstringData:\n  A: |\n    hunter2\n    hunter2\n  B: >-\n    hunter2\n",
            "kind: Secret\napiVersion: v1\nstringData:\n  A: hunter2\n  A: x\n",
            "kind: Secret\napiVersion: v1\nmetadata: {labels: {x: &a hunter2}}\nstringData:\n  A: *a\n",
            "kind: Secret\napiVersion: v1\nstringData: hunter2\n",
            "kind: Secret\napiVersion: v1\ndata: [hunter2\n",
            "kind: List\napiVersion: v1\nitems:\n- kind: Secret\n  apiVersion: v1\n  data:\n    A: hunter2\n",
            "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"A\":\"hunter2\"}}",
        ] {
            let redacted = redact(stream);
            assert!(!redacted.contains("hunter2") && redacted.contains(HIDDEN), "{stream}became\n{redacted}");
        }
    }

    #[test]
    fn everything_else_stays_byte_for_byte() {
        let before = "# Source: a\nkind: ConfigMap\napiVersion: v1\ndata:\n  A: shown\n---\n";
        let secret = "kind: Secret\napiVersion: v1\ndata:\n  A: |\n    hunter2\n  B: hunter2\n";
        let expected = "kind: Secret\napiVersion: v1\ndata:\n  A: (hidden)\n  B: (hidden)\n";
        assert_eq!(redact(&format!("{before}{secret}")), format!("{before}{expected}"));
    }
}
