//! StatefulSets have the Service that names their pods.

use super::{Assertion, Context, namespace::effective};
use crate::network::PodIndex;
use crate::network::service::Services;
use crate::objects::Objects;
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::Node;

/// The Service a StatefulSet names is there, headless and for its pods.
pub(super) struct StatefulSetService;

impl Assertion for StatefulSetService {
    fn id(&self) -> &'static str {
        "stateful-set-service"
    }

    fn title(&self) -> &'static str {
        "the Service that a StatefulSet names is there, headless, and selects its pods"
    }

    fn explanation(&self) -> &'static str {
        "The pods of a StatefulSet have names of their own in the DNS, `<pod>.<serviceName>`, through a headless \
         Service that selects them. The API server does not ask for it, and members of a cluster then wait for \
         names that never come."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  template: {metadata: {labels: {app: db}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db-headless}\nspec: {clusterIP: None, selector: {app: db}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db-headless\n  template: {metadata: {labels: {app: db}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db-headless}\nspec: {clusterIP: None, selector: {app: db}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let namespace = |object| effective(object, context);
        let (services, pods) = (Services::of(objects, namespace), PodIndex::of(objects, namespace));
        let mut findings = Vec::new();
        for set in objects.kind("StatefulSet").filter(|object| object.group() == "apps") {
            let Some(name) = set.root().at(&["spec", "serviceName"]).and_then(Node::as_str) else { continue };
            let (message, help) = match services.get(effective(set, context), name) {
                _ if name.is_empty() => continue,
                None => (
                    format!("there is no Service `{name}` in the release"),
                    "Name the headless Service of these pods, or add it.",
                ),
                Some(service) if !service.is_headless => (
                    format!("Service `{name}` is not headless, so the pods have no names in the DNS"),
                    "Give the Service `clusterIP: None`, or name another that has.",
                ),
                Some(service) => {
                    let is_own = |object| std::ptr::eq(object, set);
                    if service.workloads(&pods).iter().any(|workload| is_own(workload.template.object)) {
                        continue;
                    }
                    (
                        format!("Service `{name}` does not select these pods"),
                        "Make the Service's selector a part of the labels of the pods.",
                    )
                }
            };
            findings.push(set.finding(self.id(), "spec.serviceName", message, help));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn the_service_must_be_headless_and_theirs() {
        let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {serviceName: a, template: {metadata: {labels: {app: a}}}}}";
        let found = |service: &str| {
            let stream = format!(
                "{set}\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {service}}}\n"
            );
            findings(&stream, "stateful-set-service")
                .into_iter()
                .map(|finding| finding.message)
                .collect::<Vec<_>>()
        };
        assert!(found("{clusterIP: None, selector: {app: a}}").is_empty());
        assert!(found("{selector: {app: a}}")[0].contains("is not headless"));
        assert!(found("{clusterIP: None, selector: {app: b}}")[0].contains("does not select"));
    }
}
