//! Ingresses and routes lead to Services and ports that are there.

use super::{Assertion, Context, namespace::effective, reachability::backends};
use crate::network::service::{Service, Services, qualified};
use crate::objects::{Object, Objects};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path, Value};
use std::collections::BTreeSet;

/// What an Ingress, a route of the Gateway API or a VirtualService leads to is a port of a Service.
pub(super) struct RouteTarget;

const RULE: &str = "route-target";

const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// Everything a route leads to that has a certain key, wherever it stands.
fn collect<'s, 'a>(node: &'s Node<'a>, key: &str, path: &Path, found: &mut Vec<(Path, &'s Node<'a>)>) {
    match &node.value {
        Value::Mapping(mapping) => {
            for entry in mapping.entries() {
                let path = path.clone().key(entry.key.as_ref());
                if entry.key == key {
                    found.push((path.clone(), &entry.value));
                }
                collect(&entry.value, key, &path, found);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, key, &path.clone().index(index), found);
            }
        }
        _ => {}
    }
}

/// A port by number or by name.
fn lacks_port(service: &Service<'_, '_>, number: Option<i64>, name: Option<&str>) -> bool {
    let is_there = |port: &crate::network::service::ServicePort<'_>| {
        number.is_none_or(|number| number == i64::from(port.number))
            && name.is_none_or(|name| name == port.name)
    };
    !service.ports.is_empty() && !service.ports.iter().any(is_there)
}

fn number(node: Option<&Node<'_>>) -> Option<i64> {
    match node.map(|node| &node.value) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

struct Reader<'r, 's, 'a> {
    services: &'r Services<'s, 'a>,
    findings: Vec<Finding>,
}

impl<'s> Reader<'_, 's, '_> {
    fn look(
        &mut self,
        object: &Object<'_>,
        namespace: &str,
        (name, path): (&str, Path),
        (number, port_name, port_path): (Option<i64>, Option<&str>, Path),
    ) {
        let Some(service) = self.services.get(namespace, name) else {
            let message = format!("there is no Service `{name}` in the release");
            let help = "Correct the name, or add the Service.";
            self.findings.push(object.finding(RULE, path, message, help));
            return;
        };
        if lacks_port(service, number, port_name) {
            let asked = port_name.map_or_else(
                || number.map(|number| number.to_string()).unwrap_or_default(),
                |name| format!("`{name}`"),
            );
            let there: Vec<_> = service
                .ports
                .iter()
                .map(|port| format!("{} {}", port.number, port.name).trim().to_owned())
                .collect();
            let message = format!("Service `{name}` has no port {asked}");
            let help = format!("It has: {}.", there.join(", "));
            self.findings.push(object.finding(RULE, port_path, message, help));
        }
    }

    fn gateway_route(&mut self, route: &Object<'_>, own: &str) {
        let mut lists = Vec::new();
        if let Some(spec) = route.root().get("spec") {
            collect(spec, "backendRefs", &Path::root().key("spec"), &mut lists);
        }
        for (path, list) in lists {
            for (index, backend) in list.as_sequence().unwrap_or_default().iter().enumerate() {
                let text = |key| backend.get(key).and_then(Node::as_str);
                let is_service =
                    text("kind").unwrap_or("Service") == "Service" && text("group").unwrap_or("").is_empty();
                // What lies in another namespace is somebody else's.
                if !is_service || text("namespace").is_some_and(|namespace| namespace != own) {
                    continue;
                }
                let Some(name) = text("name") else { continue };
                let path = path.clone().index(index);
                let port = (number(backend.get("port")), None, path.clone().key("port"));
                self.look(route, own, (name, path.key("name")), port);
            }
        }
    }

    fn virtual_service(&mut self, route: &Object<'_>, own: &str, entries: &BTreeSet<&str>) {
        let mut destinations = Vec::new();
        if let Some(spec) = route.root().get("spec") {
            collect(spec, "destination", &Path::root().key("spec"), &mut destinations);
        }
        for (path, destination) in destinations {
            let Some(host) = destination.get("host").and_then(Node::as_str) else { continue };
            let (name, namespace) = match qualified(host) {
                Some((name, namespace)) => (name, namespace),
                None if !host.contains('.') => (host, own),
                None => continue,
            };
            if namespace != own || entries.contains(host) {
                continue;
            }
            let port = path.clone().key("port").key("number");
            let port = (number(destination.at(&["port", "number"])), None, port);
            self.look(route, own, (name, path.key("host")), port);
        }
    }
}

impl Assertion for RouteTarget {
    fn id(&self) -> &'static str {
        RULE
    }

    fn title(&self) -> &'static str {
        "Ingresses, routes and VirtualServices lead to ports of Services that are there"
    }

    fn explanation(&self) -> &'static str {
        "A backend that is not there, or has no such port, is accepted by the API server; whoever comes that way \
         sees error 503. Looked at are backends in the route's own namespace: Ingresses, the routes of the Gateway \
         API, and the destinations of Istio's VirtualServices that are no ServiceEntry's."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {name: https}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80}]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {name: http}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80}]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let services = Services::of(objects, |object| effective(object, context));
        let mut reader = Reader { services: &services, findings: Vec::new() };
        for (ingress, path, backend) in backends(objects) {
            let Some(name) = backend.get("name").and_then(Node::as_str) else { continue };
            let port = backend.get("port");
            let port_name = port.and_then(|port| port.get("name")).and_then(Node::as_str);
            let port =
                (number(port.and_then(|port| port.get("number"))), port_name, path.clone().key("port"));
            reader.look(ingress, effective(ingress, context), (name, path.key("name")), port);
        }
        let mut entries = Vec::new();
        for entry in objects.kind("ServiceEntry") {
            entries
                .extend(entry.root().at(&["spec", "hosts"]).and_then(Node::as_sequence).unwrap_or_default());
        }
        let entries = entries.into_iter().filter_map(Node::as_str).collect();
        for object in objects {
            let own = effective(object, context);
            match object.group() {
                "gateway.networking.k8s.io" if ROUTES.contains(&object.kind()) => {
                    reader.gateway_route(object, own)
                }
                "networking.istio.io" if object.kind() == "VirtualService" => {
                    reader.virtual_service(object, own, &entries);
                }
                _ => {}
            }
        }
        reader.findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn found(route: &str) -> Vec<(String, String)> {
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: http, port: 80}]}}";
        let stream = format!("{service}\n---\n{route}\n");
        findings(&stream, "route-target").into_iter().map(|finding| (finding.path, finding.message)).collect()
    }

    #[test]
    fn routes_of_the_gateway_api_are_followed() {
        let route = |backend: &str| {
            found(&format!(
                "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: r}}, spec: {{rules: [{{filters: [{{requestMirror: {{}}}}], backendRefs: [{backend}]}}]}}}}"
            ))
        };
        assert_eq!(
            route("{name: web, port: 80}, {kind: Bucket, group: x.io, name: b}, {name: y, namespace: z}"),
            []
        );
        assert_eq!(route("{name: web, port: 81}")[0].0, "spec.rules[0].backendRefs[0].port");
        assert_eq!(route("{name: none, port: 80}")[0].1, "there is no Service `none` in the release");
    }

    #[test]
    fn destinations_of_virtual_services_are_followed() {
        let route = |destination: &str| {
            found(&format!(
                "{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: r}}, spec: {{http: [{{route: [{{destination: {destination}}}]}}]}}}}"
            ))
        };
        assert_eq!(route("{host: web, port: {number: 80}}"), []);
        assert_eq!(route("{host: web.default.svc.cluster.local}"), []);
        assert_eq!(route("{host: api.example.com}"), []);
        assert_eq!(route("{host: web, port: {number: 81}}")[0].1, "Service `web` has no port 81");
        assert_eq!(route("{host: none.default.svc.cluster.local}").len(), 1);
    }

    #[test]
    fn a_default_backend_is_a_backend() {
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: r}, spec: {defaultBackend: {service: {name: web, port: {number: 8080}}}}}";
        assert_eq!(found(ingress)[0].0, "spec.defaultBackend.service.port");
    }
}
