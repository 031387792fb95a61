//! What NetworkPolicies let through, held against who depends on whom.
//!
//! For the environments that `tests/reachability.yaml` lists. Policies are read as the Kubernetes API
//! defines them: a pod selected by none is open, several add up. Written apart from
//! `gift_harness::network`, which is held against it over generated policies.

use super::chart;
use crate::workplace::repository;
use gift_harness::assertions::{self, Context};
use gift_harness::chart::Environments;
use gift_harness::network::{Connection, Endpoint, Network, Pod};
use gift_harness::objects::Objects;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The pods of one workload.
struct Pods {
    name: String,
    labels: Map<String, Value>,
    /// Number and protocol of the ports its containers listen on, by name.
    ports: BTreeMap<String, (u64, String)>,
    /// Whether its pods are members of one cluster.
    is_cluster: bool,
}

/// Where a connection leads, or comes from.
#[derive(Clone, Copy)]
enum Peer<'a> {
    Pods(&'a Pods),
    /// Whatever is no pod of the namespace.
    Outside,
}

/// The connections there are: from, to, port. Everybody is `*`, outside are the names of externals.
type Graph = BTreeSet<(String, String, u64)>;

fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A label selector, as the API defines it: an empty one selects everything.
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let equal = selector.get("matchLabels").and_then(Value::as_object);
    let all_equal =
        equal.is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)));
    all_equal
        && list(selector, "/matchExpressions").iter().all(|expression| {
            let value = labels.get(expression["key"].as_str().unwrap());
            let listed = value.is_some_and(|value| list(expression, "/values").contains(value));
            match expression["operator"].as_str().unwrap() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                other => panic!("unknown operator {other}"),
            }
        })
}

fn admits(peers: &[Value], peer: Peer<'_>) -> bool {
    peers.is_empty()
        || peers.iter().any(|allowed| match peer {
            Peer::Pods(pods) => {
                allowed.get("namespaceSelector").is_none()
                    && allowed.get("podSelector").is_some_and(|selector| selects(selector, &pods.labels))
            }
            Peer::Outside => allowed.get("ipBlock").is_some(),
        })
}

fn admits_port(ports: &[Value], number: u64, protocol: &str) -> bool {
    ports.is_empty()
        || ports.iter().any(|port| {
            port.get("protocol").and_then(Value::as_str).unwrap_or("TCP") == protocol
                && port.get("port").is_none_or(|allowed| *allowed == json!(number))
        })
}

/// Whether the policies let these pods be reached (`ingress`) by a peer, or reach it (`egress`).
fn passes(
    policies: &[&Value],
    direction: &str,
    pods: &Pods,
    peer: Peer<'_>,
    port: u64,
    protocol: &str,
) -> bool {
    let (kind, peers) = if direction == "ingress" { ("Ingress", "/from") } else { ("Egress", "/to") };
    let concerned: Vec<_> = policies
        .iter()
        .filter(|policy| list(policy, "/spec/policyTypes").contains(&json!(kind)))
        .filter(|policy| selects(&policy["spec"]["podSelector"], &pods.labels))
        .collect();
    concerned.is_empty()
        || concerned
            .iter()
            .flat_map(|policy| list(policy, &format!("/spec/{direction}")))
            .any(|rule| admits(list(rule, peers), peer) && admits_port(list(rule, "/ports"), port, protocol))
}

fn workloads(objects: &[Value]) -> Vec<Pods> {
    let of = |object: &Value| {
        let template = object.pointer("/spec/template")?;
        let containers = list(template, "/spec/containers").iter();
        let ports = containers.flat_map(|container| list(container, "/ports")).map(|port| {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            (
                port["name"].as_str().unwrap().to_owned(),
                (port["containerPort"].as_u64().unwrap(), protocol.to_owned()),
            )
        });
        Some(Pods {
            name: object["metadata"]["name"].as_str()?.to_owned(),
            labels: template.pointer("/metadata/labels")?.as_object()?.clone(),
            ports: ports.collect(),
            is_cluster: object["kind"] == "StatefulSet" && object["spec"]["replicas"].as_u64() > Some(1),
        })
    };
    objects.iter().filter_map(of).collect()
}

/// What passes: between pods, and from and to the outside.
fn reachable(objects: &[Value], externals: &Value) -> Graph {
    let policies: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "NetworkPolicy").collect();
    let pods = workloads(objects);
    let mut graph = Graph::new();
    for to in &pods {
        for (port, protocol) in to.ports.values() {
            let open = passes(&policies, "ingress", to, Peer::Outside, *port, protocol);
            if open {
                graph.insert(("*".to_owned(), to.name.clone(), *port));
            }
            for from in pods.iter().filter(|_| !open) {
                if passes(&policies, "ingress", to, Peer::Pods(from), *port, protocol)
                    && passes(&policies, "egress", from, Peer::Pods(to), *port, protocol)
                {
                    graph.insert((from.name.clone(), to.name.clone(), *port));
                }
            }
        }
    }
    for from in &pods {
        for (name, external) in externals.as_object().into_iter().flatten() {
            for port in list(external, "/ports") {
                let number = port["port"].as_u64().unwrap();
                if passes(&policies, "egress", from, Peer::Outside, number, "TCP") {
                    graph.insert((from.name.clone(), name.clone(), number));
                }
            }
        }
    }
    graph
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

/// What the values of an environment say of each service: defaults, its profile, its own.
fn services(tree: &Value) -> BTreeMap<String, Value> {
    let effective = |(name, own): (&String, &Value)| {
        let mut service = tree.get("defaults").cloned().unwrap_or_else(|| json!({}));
        if let Some(profile) = own.get("profile").and_then(Value::as_str) {
            merge(&mut service, &tree["profiles"][profile]);
        }
        merge(&mut service, own);
        (name.clone(), service)
    };
    tree["services"].as_object().unwrap().iter().map(effective).collect()
}

/// What the values ask for, of the pods that are rendered.
fn declared(tree: &Value, objects: &[Value]) -> Graph {
    let pods: BTreeMap<_, _> = workloads(objects).into_iter().map(|pods| (pods.name.clone(), pods)).collect();
    let services = services(tree);
    let public = |name: &str| services[name].pointer("/networkPolicy/public") == Some(&json!(true));
    let mut graph = Graph::new();
    for (name, service) in services.iter().filter(|(name, _)| pods.contains_key(*name)) {
        if public(name) {
            graph.extend(pods[name].ports.values().map(|(port, _)| ("*".to_owned(), name.clone(), *port)));
        }
        if pods[name].is_cluster {
            graph.extend(pods[name].ports.values().map(|(port, _)| (name.clone(), name.clone(), *port)));
        }
        for (target, edge) in service.get("dependsOn").and_then(Value::as_object).into_iter().flatten() {
            let named = edge.get("port").and_then(Value::as_str);
            let offered = |port: &String| {
                services[target].pointer(&format!("/service/ports/{port}/enabled")) != Some(&json!(false))
            };
            let ports = pods[target]
                .ports
                .iter()
                .filter(|(port, _)| named.map_or(offered(port), |named| named == *port));
            if !public(target) {
                graph.extend(ports.map(|(_, (number, _))| (name.clone(), target.clone(), *number)));
            }
        }
        for external in
            service.get("dependsOnExternal").and_then(Value::as_object).into_iter().flat_map(Map::keys)
        {
            let ports = list(&tree["externals"][external], "/ports").iter();
            graph.extend(ports.map(|port| (name.clone(), external.clone(), port["port"].as_u64().unwrap())));
        }
    }
    graph
}

/// The listed environments: name, tree, objects.
fn isolated() -> Vec<(String, Value, Vec<Value>)> {
    let directory = repository().join("values");
    let listed = std::fs::read_to_string(repository().join("tests/reachability.yaml")).unwrap();
    let listed: Vec<String> = serde_yaml::from_str(&listed).unwrap();
    assert!(!listed.is_empty());
    let read = |name: String| {
        let mut values = Value::Null;
        for file in Environments::new(&directory).files(&name).unwrap() {
            merge(&mut values, &serde_yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap());
        }
        let tree = values[name.split('/').next().unwrap()].clone();
        let rendered = chart().environment(&directory, &name).unwrap().render().unwrap();
        let objects = rendered.objects().unwrap().iter().map(|object| object.to_json()).collect();
        (name, tree, objects)
    };
    listed.into_iter().map(read).collect()
}

#[test]
fn what_passes_is_what_is_depended_on_and_nothing_else() {
    for (name, tree, objects) in isolated() {
        let (passing, wanted) = (reachable(&objects, &tree["externals"]), declared(&tree, &objects));
        let blocked: Vec<_> = wanted.difference(&passing).collect();
        let beside: Vec<_> = passing.difference(&wanted).collect();
        assert!(
            blocked.is_empty() && beside.is_empty(),
            "{name}\n  blocked {blocked:?}\n  not depended on {beside:?}"
        );
    }
}

#[test]
fn whoever_calls_by_name_reaches_the_dns() {
    for (name, tree, objects) in isolated() {
        let policies: Vec<&Value> =
            objects.iter().filter(|object| object["kind"] == "NetworkPolicy").collect();
        let services = services(&tree);
        for pods in workloads(&objects) {
            let calls =
                ["dependsOn", "dependsOnExternal"].iter().any(|key| services[&pods.name].get(*key).is_some());
            for protocol in ["UDP", "TCP"].iter().filter(|_| calls || pods.is_cluster) {
                let answers = passes(&policies, "egress", &pods, Peer::Outside, 53, protocol);
                assert!(answers, "{name}: {} cannot ask the DNS over {protocol}", pods.name);
            }
        }
    }
}

#[test]
fn a_rule_too_few_or_too_many_is_noticed() {
    let (name, tree, objects) = isolated().pop().unwrap();
    let wanted = declared(&tree, &objects);
    assert!(!wanted.is_empty());
    let allowing =
        |object: &&Value| object["kind"] == "NetworkPolicy" && !list(object, "/spec/ingress").is_empty();
    for policy in objects.iter().filter(allowing) {
        let without: Vec<_> = objects.iter().filter(|object| *object != policy).cloned().collect();
        assert_ne!(
            reachable(&without, &tree["externals"]),
            wanted,
            "{name} without {}",
            policy["metadata"]["name"]
        );
    }
    let mut open = objects.clone();
    open.push(json!({"kind": "NetworkPolicy", "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}}));
    assert_ne!(reachable(&open, &tree["externals"]), wanted);
    let read = Objects::read(b"").unwrap();
    assert!(
        reachable(&read.iter().map(|object| object.to_json()).collect::<Vec<_>>(), &Value::Null).is_empty()
    );
}

/// The rules that the assertions about reachability find broken.
fn asserted(objects: &[Value], name: &str, tree: &Value) -> BTreeSet<String> {
    let system = name.split('/').next().unwrap();
    let values = json!({"system": system, system: tree});
    let stream: Vec<_> = objects.iter().map(Value::to_string).collect();
    let stream = stream.join("\n---\n");
    let only = ["reachability", "isolation"].map(str::to_owned);
    let context = Context { values: Some(&values), only: &only, ..Context::default() };
    let findings = assertions::check(&Objects::read(stream.as_bytes()).unwrap(), &context);
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn the_assertions_notice_a_rule_too_few_and_one_too_many() {
    for (name, tree, objects) in isolated() {
        assert_eq!(asserted(&objects, &name, &tree), BTreeSet::new(), "{name}");
        let allowing =
            |object: &&Value| object["kind"] == "NetworkPolicy" && !list(object, "/spec/ingress").is_empty();
        for policy in objects.iter().filter(allowing) {
            let emptied = |object: &Value| {
                let mut object = object.clone();
                if object == *policy {
                    object["spec"]["ingress"] = json!([]);
                }
                object
            };
            let closed: Vec<_> = objects.iter().map(emptied).collect();
            let found = asserted(&closed, &name, &tree);
            assert!(found.contains("reachability"), "{name}: {}", policy["metadata"]["name"]);
            let widened = |object: &Value| {
                let mut object = object.clone();
                if object == *policy {
                    object["spec"]["ingress"] = json!([{"from": [{"podSelector": {}}]}]);
                    object["spec"]["egress"] = json!([{}]);
                }
                object
            };
            let open: Vec<_> = objects.iter().map(widened).collect();
            let found = asserted(&open, &name, &tree);
            assert!(!found.is_empty(), "{name}: {}", policy["metadata"]["name"]);
        }
        let mut open = objects.clone();
        let namespace = objects.iter().find_map(|object| object.pointer("/metadata/namespace")).unwrap();
        open.push(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "open", "namespace": namespace}, "spec": {"podSelector": {}, "ingress": [{}]}}));
        assert!(asserted(&open, &name, &tree).contains("isolation"), "{name}");
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// One below `end`.
    fn below(&mut self, end: usize) -> usize {
        // Xorshift, whose low bits are the worst.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    fn one_of(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }

    fn some_of(&mut self, values: &[Value]) -> Value {
        let count = self.below(3);
        (0..count).map(|_| self.one_of(values)).collect()
    }
}

/// A policy of what both implementations know.
fn generated(numbers: &mut Numbers, name: usize) -> Value {
    let selectors = [
        json!({}),
        json!({"matchLabels": {"app": "a"}}),
        json!({"matchLabels": {"app": "b", "tier": "x"}}),
        json!({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}),
        json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a", "b"]}]}),
        json!({"matchLabels": {"app": "b"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["x"]}]}),
    ];
    let mut peers: Vec<_> = selectors.iter().map(|selector| json!({"podSelector": selector})).collect();
    peers.push(json!({"ipBlock": {"cidr": "192.0.2.0/24"}}));
    let ports = [
        json!({"port": 80}),
        json!({"port": 80, "protocol": "UDP"}),
        json!({"protocol": "SCTP"}),
        json!({"port": 81}),
    ];
    let types = [json!(["Ingress"]), json!(["Egress"]), json!(["Ingress", "Egress"])];
    let mut rules = |key: &str| -> Value {
        let count = numbers.below(3);
        (0..count).map(|_| json!({key: numbers.some_of(&peers), "ports": numbers.some_of(&ports)})).collect()
    };
    let (ingress, egress) = (rules("from"), rules("to"));
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": format!("p{name}")},
        "spec": {
            "podSelector": numbers.one_of(&selectors),
            "policyTypes": numbers.one_of(&types),
            "ingress": ingress,
            "egress": egress,
        },
    })
}

#[test]
fn two_implementations_agree_about_generated_policies() {
    let pod = |name: &str, labels: Value| {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": []}}},
        })
    };
    let pods = [
        pod("a", json!({"app": "a"})),
        pod("b", json!({"app": "b", "tier": "x"})),
        pod("c", json!({"app": "b"})),
        pod("d", json!({"tier": "y"})),
        pod("e", json!({})),
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut open, mut closed) = (0_u32, 0_u32);
    for _ in 0..1000 {
        let count = numbers.below(5);
        let policies: Vec<_> = (0..count).map(|name| generated(&mut numbers, name)).collect();
        let stream: Vec<_> = pods.iter().chain(&policies).map(Value::to_string).collect();
        let stream = stream.join("\n---\n");
        let objects = Objects::read(stream.as_bytes()).unwrap();
        let network = Network::of(&objects, "default");
        let mut ends: Vec<_> = objects
            .pod_templates()
            .zip(workloads(&pods))
            .map(|(template, theirs)| (Endpoint::Pod(Pod::of(&template, "default")), Some(theirs)))
            .collect();
        ends.push((Endpoint::Address("192.0.2.7".parse().unwrap()), None));
        let policies: Vec<_> = policies.iter().collect();
        for (from, caller) in &ends {
            for (to, callee) in &ends {
                for (port, protocol) in [(80, "TCP"), (80, "UDP"), (82, "SCTP"), (82, "TCP")] {
                    let side = |direction: &str, own: &Option<Pods>, other: &Option<Pods>| {
                        let other = other.as_ref().map_or(Peer::Outside, Peer::Pods);
                        own.as_ref().is_none_or(|own| {
                            passes(&policies, direction, own, other, u64::from(port), protocol)
                        })
                    };
                    if caller.is_none() && callee.is_none() {
                        continue;
                    }
                    let expected = side("egress", caller, callee) && side("ingress", callee, caller);
                    let verdict = network.verdict(&Connection { from, to, port, protocol });
                    assert_eq!(verdict.passes(), expected, "{from:?} to {to:?}, {port} {protocol}\n{stream}");
                    if expected { open += 1 } else { closed += 1 }
                }
            }
        }
    }
    assert!(open > 10_000 && closed > 10_000, "{open} pass, {closed} do not");
}
