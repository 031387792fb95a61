//! Who depends on whom, as values declare it: `dependsOn`, `dependsOnExternal` and `networkPolicy.public` of each
//! service, below the defaults and the profile it has.

use crate::network::{Block, Connection, Endpoint, PodIndex, Workload};
use crate::objects::Object;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The declarations of one system.
pub(super) struct Dependencies<'v> {
    tree: &'v Value,
    services: BTreeMap<&'v str, Value>,
}

/// A connection that is declared.
pub(super) struct Needed<'p, 's, 'a> {
    /// The workload that needs it.
    pub(super) object: &'s Object<'a>,
    /// Whoever calls somebody by name.
    pub(super) caller: Option<&'s Object<'a>>,
    /// Whoever is called, where it is of the stream.
    pub(super) callee: Option<&'s Object<'a>>,
    pub(super) from: End<'p, 's>,
    pub(super) to: End<'p, 's>,
    pub(super) port: u16,
    pub(super) protocol: String,
    /// Where it is declared, in words.
    pub(super) says: String,
}

/// An end of a connection, of the stream or beside it.
pub(super) enum End<'p, 's> {
    Of(&'p Endpoint<'s>),
    Beside(Endpoint<'s>),
}

impl<'s> End<'_, 's> {
    fn endpoint(&self) -> &Endpoint<'s> {
        match self {
            Self::Of(endpoint) => endpoint,
            Self::Beside(endpoint) => endpoint,
        }
    }
}

impl<'s> Needed<'_, 's, '_> {
    pub(super) fn connection(&self) -> Connection<'_, 's> {
        Connection {
            from: self.from.endpoint(),
            to: self.to.endpoint(),
            port: self.port,
            protocol: &self.protocol,
        }
    }
}

fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn entries<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    // What is null is taken back.
    value.get(key).and_then(Value::as_object).into_iter().flatten().filter(|(_, value)| !value.is_null())
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

impl<'v> Dependencies<'v> {
    pub(super) fn of(tree: &'v Value) -> Self {
        let effective = |(name, own): (&'v String, &Value)| {
            let mut service = tree.get("defaults").cloned().unwrap_or_else(|| Value::Object(Map::new()));
            let profile = own.get("profile").and_then(Value::as_str);
            if let Some(profile) = profile.and_then(|profile| tree.get("profiles")?.get(profile)) {
                merge(&mut service, profile);
            }
            merge(&mut service, own);
            (name.as_str(), service)
        };
        Self { tree, services: entries(tree, "services").map(effective).collect() }
    }

    /// What values say of a service.
    pub(super) fn service(&self, name: &str) -> Option<&Value> {
        self.services.get(name)
    }

    /// Whether everybody may connect to a service.
    pub(super) fn is_public(&self, name: &str) -> bool {
        let service = self.service(name);
        service.and_then(|service| service.pointer("/networkPolicy/public")) == Some(&Value::Bool(true))
    }

    /// Whether anybody says what it depends on.
    pub(super) fn are_declared(&self) -> bool {
        self.services.values().any(|service| entries(service, "dependsOn").next().is_some())
    }

    /// Everything that is declared of the workloads there are.
    pub(super) fn needed<'p, 's, 'a>(&self, pods: &'p PodIndex<'s, 'a>) -> Vec<Needed<'p, 's, 'a>> {
        let workloads: HashMap<&str, &Workload<'s, 'a>> =
            pods.workloads().iter().map(|workload| (workload.template.object.name(), workload)).collect();
        let mut needed = Vec::new();
        for (name, service) in &self.services {
            let Some(workload) = workloads.get(name) else { continue };
            let object = workload.template.object;
            if self.is_public(name) {
                needed.extend(self.offered(workload, name, None).map(|(port, protocol)| Needed {
                    object,
                    caller: None,
                    callee: None,
                    from: End::Beside(Endpoint::Anywhere),
                    to: End::Of(&workload.endpoint),
                    port,
                    protocol,
                    says: format!(
                        "`services.{name}.networkPolicy.public` says that everybody connects to it"
                    ),
                }));
            }
            for (target, edge) in entries(service, "dependsOn") {
                let Some(other) = workloads.get(target.as_str()) else { continue };
                let port = edge.get("port").and_then(Value::as_str);
                needed.extend(self.offered(other, target, port).map(|(port, protocol)| Needed {
                    object,
                    caller: Some(object),
                    callee: Some(other.template.object),
                    from: End::Of(&workload.endpoint),
                    to: End::Of(&other.endpoint),
                    port,
                    protocol,
                    says: format!("`services.{name}.dependsOn` says that it connects to {target}"),
                }));
            }
            for (external, _) in entries(service, "dependsOnExternal") {
                for (address, port, protocol) in self.external(external) {
                    needed.push(Needed {
                        object,
                        caller: Some(object),
                        callee: None,
                        from: End::Of(&workload.endpoint),
                        to: End::Beside(address),
                        port,
                        protocol,
                        says: format!(
                            "`services.{name}.dependsOnExternal` says that it connects to {external}"
                        ),
                    });
                }
            }
        }
        needed
    }

    /// The ports of a service that others connect to; one of them by name.
    fn offered(
        &self,
        workload: &Workload<'_, '_>,
        name: &str,
        only: Option<&str>,
    ) -> impl Iterator<Item = (u16, String)> {
        let service = self.service(name);
        let is_offered = |port: &str| {
            let ports = service.and_then(|service| service.pointer("/service/ports"));
            ports.and_then(|ports| ports.get(port)?.get("enabled")) != Some(&Value::Bool(false))
        };
        let ports = workload.pod().map(|pod| pod.ports.as_slice()).unwrap_or_default().iter();
        let ports: Vec<_> = ports
            .filter(|port| only.map_or_else(|| is_offered(port.name), |only| only == port.name))
            .map(|port| (port.number, port.protocol.to_owned()))
            .collect();
        ports.into_iter()
    }

    /// Addresses and ports of the externals a service does not depend on; not where one it depends on has them too.
    pub(super) fn undeclared_externals<'s>(&self, name: &str) -> Vec<(&'v str, Endpoint<'s>, u16, String)> {
        let declared: Vec<_> = self
            .service(name)
            .into_iter()
            .flat_map(|service| entries(service, "dependsOnExternal"))
            .filter_map(|(external, _)| self.tree.get("externals")?.get(external))
            .collect();
        let covers = |external: &Value, address: &Endpoint<'_>, port: u16| {
            let is_port =
                |stated: &Value| stated.get("port").and_then(Value::as_u64) == Some(u64::from(port));
            let holds = |text: &Value| match (address, text.as_str().map(str::parse::<Block>)) {
                (Endpoint::Address(address), Some(Ok(block))) => block.contains(*address),
                _ => false,
            };
            let is_peer = |peer: &Value| {
                peer.get("ipBlock").is_some_and(|block| {
                    block.get("cidr").is_some_and(holds) && !list(block, "except").iter().any(holds)
                })
            };
            let (to, ports) = (list(external, "to"), list(external, "ports"));
            (to.is_empty() || to.iter().any(is_peer)) && (ports.is_empty() || ports.iter().any(is_port))
        };
        let mut undeclared = Vec::new();
        for (external, _) in entries(self.tree, "externals") {
            for (address, port, protocol) in self.external(external) {
                if !declared.iter().any(|declared| covers(declared, &address, port)) {
                    undeclared.push((external.as_str(), address, port, protocol));
                }
            }
        }
        undeclared
    }

    /// An address of an external for each of its blocks, and each of its ports.
    fn external<'s>(&self, name: &str) -> Vec<(Endpoint<'s>, u16, String)> {
        let Some(external) = self.tree.get("externals").and_then(|externals| externals.get(name)) else {
            return Vec::new();
        };
        let block = |text: &Value| text.as_str()?.parse::<Block>().ok();
        let address = |peer: &Value| {
            let stated = peer.get("ipBlock")?;
            let except: Vec<_> = list(stated, "except").iter().filter_map(block).collect();
            block(stated.get("cidr")?)?.address_outside(&except).map(Endpoint::Address)
        };
        let addresses: Vec<_> = list(external, "to").iter().filter_map(address).collect();
        let port = |port: &Value| {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            Some((u16::try_from(port.get("port")?.as_u64()?).ok()?, protocol.to_owned()))
        };
        let ports: Vec<_> = list(external, "ports").iter().filter_map(port).collect();
        let each = |address: &Endpoint<'s>| {
            let address = address.clone();
            ports.clone().into_iter().map(move |(port, protocol)| (address.clone(), port, protocol))
        };
        addresses.iter().flat_map(each).collect()
    }
}
