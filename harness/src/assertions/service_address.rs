//! URLs of Services name ports these have.

use super::{Assertion, Context, namespace::effective};
use crate::objects::{Object, Objects, scalars};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path, Value};

/// A URL in a variable or a ConfigMap that names a Service of the release names one of its ports.
pub(super) struct ServiceAddress;

/// A Service that URLs can be held against.
struct Known<'s> {
    namespace: &'s str,
    name: &'s str,
    ports: Vec<i64>,
}

impl<'s> Known<'s> {
    /// A Service without an address of its own leads to any port of its pods, and is none.
    fn of(service: &'s Object<'_>, context: &Context<'s>) -> Option<Self> {
        let spec = service.root().get("spec")?;
        if spec.get("clusterIP").and_then(Node::as_str) == Some("None") {
            return None;
        }
        let ports: Vec<_> = spec
            .get("ports")?
            .as_sequence()?
            .iter()
            .filter_map(|port| match port.get("port")?.value {
                Value::Int(number) => Some(number),
                _ => None,
            })
            .collect();
        (!ports.is_empty()).then_some(Self {
            namespace: effective(service, context),
            name: service.name(),
            ports,
        })
    }
}

/// The host and the port of every URL in a text that states both.
fn addresses(text: &str) -> impl Iterator<Item = (&str, i64)> {
    text.match_indices("://").filter_map(|(at, found)| {
        let rest = text.get(at + found.len()..)?;
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && !"-._:@".contains(next));
        let authority = rest.get(..end.unwrap_or(rest.len()))?;
        let (host, port) = authority.rsplit('@').next()?.rsplit_once(':')?;
        Some((host, port.parse().ok()?))
    })
}

impl Assertion for ServiceAddress {
    fn id(&self) -> &'static str {
        "service-address"
    }

    fn title(&self) -> &'static str {
        "a URL that names a Service of the release names one of its ports"
    }

    fn explanation(&self) -> &'static str {
        "A Service drops what is sent to a port it does not have, and the caller waits until it gives up. URLs in \
         the variables of containers and in ConfigMaps are looked at. Services without an address of their own lead \
         to any port of their pods, and are not."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: bank}, spec: {ports: [{port: 80}]}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {BANK: 'http://bank:8080/pay'}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: Service, metadata: {name: bank}, spec: {ports: [{port: 80}]}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {BANK: 'http://bank:80/pay'}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let services = objects.kind("Service").filter(|object| object.group().is_empty());
        let services: Vec<_> = services.filter_map(|service| Known::of(service, context)).collect();
        let mut findings = Vec::new();
        let mut look = |object: &Object<'_>, path: &Path, node: &Node<'_>| {
            for (host, port) in node.as_str().into_iter().flat_map(addresses) {
                let mut labels = host.split('.');
                let name = labels.next().unwrap_or_default();
                let namespace = labels.next().unwrap_or(effective(object, context));
                let service =
                    services.iter().find(|service| service.name == name && service.namespace == namespace);
                let Some(service) = service.filter(|service| !service.ports.contains(&port)) else {
                    continue;
                };
                let ports: Vec<_> = service.ports.iter().map(ToString::to_string).collect();
                findings.push(object.finding(
                    self.id(),
                    path,
                    format!("names port {port} of Service `{name}`, which does not have it"),
                    format!("It has: {}.", ports.join(", ")),
                ));
            }
        };
        for object in objects.kind("ConfigMap") {
            if let Some(data) = object.root().get("data") {
                scalars(data, Path::root().key("data"), &mut |path, node| look(object, path, node));
            }
        }
        for template in objects.pod_templates() {
            for container in template.containers() {
                for (path, variable) in container.list("env") {
                    if let Some(value) = variable.get("value") {
                        look(template.object, &path.key("value"), value);
                    }
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn found(spec: &str, url: &str) -> usize {
        let stream = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: bank, namespace: a}}, spec: {spec}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: a}}, spec: {{containers: [{{name: web, env: [{{name: URL, value: '{url}'}}]}}]}}}}\n"
        );
        findings(&stream, "service-address").len()
    }

    #[test]
    fn only_services_that_are_known_are_held_against() {
        let spec = "{ports: [{port: 80}, {port: 443}]}";
        for url in ["http://bank:81", "jdbc:x://u:p@bank.a:1/db", "a http://bank:80 and http://bank.a.svc:8"]
        {
            assert_eq!(found(spec, url), 1, "{url}");
        }
        for url in [
            "http://bank:80/x:9",
            "http://bank/",
            "http://bank.b:81",
            "http://bank.com:81",
            "bank:81",
            "://:",
            "x://bank:no",
        ] {
            assert_eq!(found(spec, url), 0, "{url}");
        }
        assert_eq!(found("{clusterIP: None, ports: [{port: 80}]}", "http://bank:81"), 0);
    }
}
