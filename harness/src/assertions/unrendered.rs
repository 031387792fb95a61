//! Nothing of the template language is left in what was rendered.

use super::{Assertion, Context};
use crate::objects::{Objects, Step, path_of, scalars};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Value};

/// No template text, absent value or number in scientific notation.
pub(super) struct Unrendered;

impl Assertion for Unrendered {
    fn id(&self) -> &'static str {
        "unrendered"
    }

    fn title(&self) -> &'static str {
        "no template text, `<no value>`, `%!` or number like 1e+06 is left"
    }

    fn explanation(&self) -> &'static str {
        "`{{` is a template nobody rendered; `<no value>` and `<nil>` are values that were absent; `%!d(string=…)` \
         is a format that did not fit; `1e+06` is what Helm makes of 1000000 where a template prints a number \
         without `int` or `toYaml`. Files of several lines in ConfigMaps and Secrets, which may be templates of \
         another program, and custom resources may hold `{{`."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {LIMIT: '1e+06'}}")
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some("{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {LIMIT: '1000000'}}")
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for object in objects {
            let is_core = !object.group().contains('.') || object.group().ends_with(".k8s.io");
            scalars(object.root(), &mut Vec::new(), &mut |way, node| {
                let written = objects.text().get(node.span.start..node.span.end).unwrap_or_default();
                let may_be_template = !is_core || is_file(way, node);
                if let Some((fault, help)) = fault(node, written, may_be_template) {
                    findings.push(object.finding(self.id(), path_of(way), fault, help));
                }
            });
        }
        findings
    }
}

fn is_file(way: &[Step<'_>], node: &Node<'_>) -> bool {
    matches!(way.first(), Some(Step::Key("data" | "stringData")))
        && node.as_str().is_some_and(|text| text.contains('\n'))
}

fn fault(node: &Node<'_>, written: &str, may_be_template: bool) -> Option<(String, &'static str)> {
    match &node.value {
        Value::Int(_) | Value::Float(_) if is_scientific(written) => Some((
            format!("`{written}` is a number in scientific notation"),
            "Print it with `int` or `toYaml`.",
        )),
        Value::String(text) => {
            if is_scientific(text) {
                return Some((
                    format!("`{text}` is a number in scientific notation"),
                    "Print it with `int`, `int64` or `toJson` before `quote`.",
                ));
            }
            let left = ["<no value>", "%!"].into_iter().find(|left| match *left {
                "%!" => is_format_error(text),
                left => text.contains(left),
            });
            if let Some(left) = left {
                return Some((
                    format!("`{left}` is left in the text"),
                    "Give the value, or guard its place with `if` or `required`.",
                ));
            }
            let is_nil = text == "<nil>" || text == "map[]";
            if is_nil {
                return Some((
                    format!("`{text}` is how Go prints a value, not the value"),
                    "Give the value, or print it with `toYaml`.",
                ));
            }
            (text.contains("{{") && !may_be_template).then(|| {
                ("`{{` is left in the text".to_owned(), "Render it with `tpl`, or take it out of the values.")
            })
        }
        _ => None,
    }
}

/// `1e+06`, `1.5e+09`: how Go prints large floats, and hardly anybody writes numbers.
fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once("e+") else { return false };
    let digits = digits.trim_start_matches('-');
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && exponent.len() >= 2
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

/// `%!d(string=x)`, `%!s(<nil>)`: a verb, and what stood in its place.
fn is_format_error(text: &str) -> bool {
    text.match_indices("%!").any(|(at, _)| {
        let mut rest = text[at + 2..].chars();
        rest.next().is_some_and(char::is_alphabetic) && rest.next() == Some('(')
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn data(value: &str) -> usize {
        let stream =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\ndata:\n  A: {value}\n");
        findings(&stream, "unrendered").len()
    }

    #[test]
    fn what_templates_leave_behind_is_found() {
        for value in [
            "1e+06",
            "'1.5e+09'",
            "-1e+06",
            "'a <no value> b'",
            "'%!d(string=x)'",
            "'{{ .Values.a }}'",
            "<nil>",
        ] {
            assert_eq!(data(value), 1, "{value}");
        }
        for value in ["'1e6'", "1000000", "'100%!'", "'a e+b'", "|\n    {{ a }}\n    b", "'<none>'", "'e+06'"]
        {
            assert_eq!(data(value), 0, "{value}");
        }
    }

    #[test]
    fn custom_resources_may_hold_templates() {
        let stream = "{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: a}, spec: {text: '{{ $value }}'}}";
        assert!(findings(stream, "unrendered").is_empty());
    }
}
