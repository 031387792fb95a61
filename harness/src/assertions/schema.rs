//! Objects have the fields of their kind, of the right type, and the kind is one the cluster serves.
//!
//! What is looked at is [`crate::schema`]'s; this says it of a stream.

use super::{Assertion, Context, Scope};
use crate::objects::Objects;
use crate::schema::{CustomSchemas, Minor, Schemas, Verdict};
use gift_plugin::protocol::Finding;
use std::sync::Arc;

/// Every object has the shape of its kind.
pub(super) struct Schema;

impl Assertion for Schema {
    fn id(&self) -> &'static str {
        "schema"
    }

    fn title(&self) -> &'static str {
        "every object has the fields of its kind, of the right type, and the Kubernetes version serves the kind"
    }

    fn explanation(&self) -> &'static str {
        "An unknown field stops Helm 4, and Helm 3 lets the API server drop it without a word; a field of the \
         wrong type or a kind that was removed stops an upgrade half-way. Objects are held against the \
         schemas of the Kubernetes version they are rendered for, custom resources against those of their \
         CustomResourceDefinition where it is known: docs/schemas.md."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80, tragetPort: 8080}]\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80, targetPort: 8080}]\n",
        )
    }

    fn scope(&self) -> Scope {
        Scope::Kubernetes
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let minor = context.kubernetes.and_then(Minor::parse).unwrap_or(Minor::NEWEST);
        let given = context.schemas.cloned().unwrap_or_default();
        let schemas: Schemas = given.with(Arc::new(CustomSchemas::of_stream(objects)));
        let mut findings = Vec::new();
        for object in objects {
            let Verdict::Known(mistakes) = schemas.judge(object, minor) else { continue };
            for mistake in mistakes {
                let mut finding = object.finding(self.id(), mistake.path, mistake.message, mistake.help);
                finding.severity = mistake.severity;
                if let Some(at) = mistake.at {
                    (finding.line, finding.column) = object.position(at);
                }
                findings.push(finding);
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gift_plugin::protocol::Severity;

    fn found(stream: &str, kubernetes: Option<&str>) -> Vec<Finding> {
        let objects = Objects::read(stream.as_bytes()).unwrap();
        Schema.check(&objects, &Context { kubernetes, ..Context::default() })
    }

    #[test]
    fn an_unknown_field_stands_where_its_key_does() {
        let stream = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    imge: x\n";
        let found = found(stream, None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].column), (7, 5));
        assert_eq!(found[0].path, "spec.containers[0].imge");
        assert_eq!(found[0].severity, Severity::Error);
    }

    #[test]
    fn the_version_it_is_rendered_for_decides() {
        let stream = "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}";
        let severities = |kubernetes| -> Vec<_> {
            found(stream, kubernetes).into_iter().map(|finding| finding.severity).collect()
        };
        assert_eq!(severities(None), [Severity::Error]);
        assert_eq!(severities(Some("1.25")), [Severity::Error]);
        assert_eq!(severities(Some("1.24")), [Severity::Warning]);
        assert_eq!(severities(Some("v1.19.0")), []);
    }

    #[test]
    fn a_definition_in_the_stream_counts_for_the_objects_in_it() {
        let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: webs.example.com}\nspec:\n  group: example.com\n  names: {kind: Web, plural: webs}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, properties: {size: {type: integer}}}}\n---\n";
        let object = "{apiVersion: example.com/v1, kind: Web, metadata: {name: a}, size: many}\n";
        assert_eq!(found(object, None), []);
        let found = found(&format!("{definition}{object}"), None);
        assert_eq!(found[0].message, "is text, and must be an integer");
        assert_eq!(found.len(), 1);
    }
}
