//! Services of a stream, and the pods and ports behind them.

use super::pods::{Pod, PodIndex, Workload};
use crate::objects::{Object, Objects, Selector};
use gift_plugin::yaml::{Node, Value};
use std::collections::HashMap;

/// A Service.
#[derive(Debug)]
pub(crate) struct Service<'s, 'a> {
    pub(crate) object: &'s Object<'a>,
    pub(crate) namespace: &'s str,
    pub(crate) ports: Vec<ServicePort<'s>>,
    selector: Option<Selector<'s>>,
    /// Whether its name leads to the pods themselves, and so to any port of theirs.
    pub(crate) is_headless: bool,
}

/// A port of a Service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServicePort<'s> {
    pub(crate) name: &'s str,
    pub(crate) number: u16,
    pub(crate) protocol: &'s str,
    target: Target<'s>,
}

#[derive(Clone, Copy, Debug)]
enum Target<'s> {
    Number(u16),
    Name(&'s str),
}

impl ServicePort<'_> {
    /// The port of a pod it leads to.
    pub(crate) fn of_pod(&self, pod: &Pod<'_>) -> Option<u16> {
        match self.target {
            Target::Number(number) => Some(number),
            Target::Name(name) => pod
                .ports
                .iter()
                .find(|port| port.name == name && port.protocol == self.protocol)
                .map(|port| port.number),
        }
    }
}

impl<'s, 'a> Service<'s, 'a> {
    fn of(object: &'s Object<'a>, namespace: &'s str) -> Self {
        let number = |node: &Node<'_>| match &node.value {
            Value::Int(number) => u16::try_from(*number).ok(),
            _ => None,
        };
        let port = |node: &'s Node<'a>| {
            let own = number(node.get("port")?)?;
            let target = node.get("targetPort");
            Some(ServicePort {
                name: node.get("name").and_then(Node::as_str).unwrap_or_default(),
                number: own,
                protocol: node.get("protocol").and_then(Node::as_str).unwrap_or("TCP"),
                target: match target.and_then(Node::as_str) {
                    Some(name) => Target::Name(name),
                    None => Target::Number(target.and_then(number).unwrap_or(own)),
                },
            })
        };
        let ports = object.root().at(&["spec", "ports"]).and_then(Node::as_sequence).unwrap_or_default();
        let selector = object.root().at(&["spec", "selector"]).map(Selector::of_labels);
        Self {
            object,
            namespace,
            ports: ports.iter().filter_map(port).collect(),
            selector: selector.filter(|selector| !selector.is_empty()),
            is_headless: object.root().at(&["spec", "clusterIP"]).and_then(Node::as_str) == Some("None"),
        }
    }

    /// The workloads whose pods answer for it.
    pub(crate) fn workloads<'p>(&self, pods: &'p PodIndex<'s, 'a>) -> Vec<&'p Workload<'s, 'a>> {
        self.selector.as_ref().map(|selector| pods.selected(self.namespace, selector)).unwrap_or_default()
    }
}

/// The Services of a stream by namespace and name.
#[derive(Debug)]
pub(crate) struct Services<'s, 'a>(HashMap<&'s str, HashMap<&'s str, Service<'s, 'a>>>);

impl<'s, 'a> Services<'s, 'a> {
    pub(crate) fn of(objects: &'s Objects<'a>, namespace: impl Fn(&'s Object<'a>) -> &'s str) -> Self {
        let mut services: HashMap<_, HashMap<_, _>> = HashMap::new();
        for object in objects.kind("Service").filter(|object| object.group().is_empty()) {
            let namespace = namespace(object);
            services.entry(namespace).or_default().insert(object.name(), Service::of(object, namespace));
        }
        Self(services)
    }

    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Service<'s, 'a>> {
        self.0.get(namespace)?.get(name)
    }

    /// The Service a host leads to for somebody in a namespace: `web`, `web.shop`, `web-0.web.shop.svc`.
    pub(crate) fn resolve(&self, host: &str, namespace: &str) -> Option<&Service<'s, 'a>> {
        let host = host.strip_suffix(".cluster.local").unwrap_or(host);
        let host = host.strip_suffix(".svc").unwrap_or(host);
        let labels: Vec<_> = host.split('.').collect();
        match labels.as_slice() {
            [name] => self.get(namespace, name),
            [first, second] => self.get(second, first).or_else(|| self.get(namespace, second)),
            [_, name, namespace] => self.get(namespace, name),
            _ => None,
        }
    }
}

/// The name and namespace in `web.shop.svc` and `web.shop.svc.cluster.local`, which can only be a Service's.
pub(crate) fn qualified(host: &str) -> Option<(&str, &str)> {
    let host = host.strip_suffix(".cluster.local").unwrap_or(host).strip_suffix(".svc")?;
    let (rest, namespace) = host.rsplit_once('.')?;
    Some((rest.rsplit('.').next().unwrap_or(rest), namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lead_to_services_as_the_dns_says() {
        let stream = b"{apiVersion: v1, kind: Service, metadata: {name: web}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: db, namespace: data}}\n";
        let objects = Objects::read(stream).unwrap();
        let of = |object: &Object<'_>| object.namespace().is_empty();
        let services = Services::of(&objects, |object| if of(object) { "shop" } else { object.namespace() });
        let found = |host| services.resolve(host, "shop").map(|service| service.object.name().to_owned());
        for host in [
            "web",
            "web.shop",
            "web.shop.svc",
            "web.shop.svc.cluster.local",
            "web-0.web",
            "web-0.web.shop.svc",
        ] {
            assert_eq!(found(host).as_deref(), Some("web"), "{host}");
        }
        for host in ["db", "web.data", "web.example.com", "db.shop.svc"] {
            assert_eq!(found(host), None, "{host}");
        }
        assert_eq!(found("db.data").as_deref(), Some("db"));
        assert_eq!(qualified("a-0.a.b.svc.cluster.local"), Some(("a", "b")));
        assert_eq!(qualified("a.example.com"), None);
    }
}
