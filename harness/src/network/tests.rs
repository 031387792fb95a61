//! What passes, worked out by hand from the comments of the API's types and its defaults.

use super::*;
use crate::objects::Objects;

/// Pods to connect: `front`, `back` and `lone` in the release's namespace `shop`, `agent` beside them on the
/// network of its node, `job` in `ops`, which the stream creates with `team: ops`, and `guest` in `away`, of which
/// nothing is known.
const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: ops, labels: {team: ops}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: front, labels: {app: front, tier: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: back, labels: {app: back, tier: data}}, spec: {initContainers: [{name: once, ports: [{name: old, containerPort: 7000}]}, {name: beside, restartPolicy: Always, ports: [{name: side, containerPort: 7001}]}], containers: [{name: c, ports: [{name: api, containerPort: 9090}, {name: dns, containerPort: 5353, protocol: UDP}, {name: sig, containerPort: 3868, protocol: SCTP}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: lone}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent, labels: {app: agent}}, spec: {hostNetwork: true, containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: job, namespace: ops, labels: {app: front}}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: guest, namespace: away, labels: {app: front}}, spec: {containers: []}}
";

/// `!` blocked, `?` unknown, else passing; then `from > to`, port and protocol.
fn told(policies: &[&str], query: &str) -> char {
    let policy = |(index, spec): (usize, &&str)| {
        let namespace = if spec.starts_with("ops ") { "ops" } else { "shop" };
        let spec = spec.trim_start_matches("ops ");
        format!(
            "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p{index}, namespace: {namespace}}}, spec: {{{spec}}}}}\n"
        )
    };
    let stream = format!("{PODS}{}", policies.iter().enumerate().map(policy).collect::<String>());
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let network = Network::of(&objects, "shop");
    let pods =
        PodIndex::of(
            &objects,
            |object| {
                if object.namespace().is_empty() { "shop" } else { object.namespace() }
            },
        );
    let endpoint = |name: &str| match name {
        "anywhere" => Endpoint::Anywhere,
        "somebody" => Endpoint::Pod(Pod {
            namespace: "shop",
            labels: BTreeMap::from([("app", "back")]),
            are_labels_complete: false,
            ports: Vec::new(),
            is_on_host_network: false,
        }),
        name => match name.parse() {
            Ok(address) => Endpoint::Address(address),
            Err(_) => {
                let found = pods.workloads().iter().find(|workload| workload.template.object.name() == name);
                found.unwrap().endpoint.clone()
            }
        },
    };
    let words: Vec<_> = query.split_whitespace().collect();
    let [from, ">", to, port, protocol] = words.as_slice() else { panic!("{query}") };
    let connection =
        Connection { from: &endpoint(from), to: &endpoint(to), port: port.parse().unwrap(), protocol };
    match network.verdict(&connection) {
        Verdict::Passes => '=',
        Verdict::Blocked { .. } => '!',
        Verdict::Unknown => '?',
    }
}

/// Policies, and connections with what becomes of them.
const CORPUS: &[(&[&str], &[&str])] = &[
    // Without policies everything is open.
    (&[], &["= front > back 9090 TCP", "= anywhere > front 8080 TCP", "= front > 192.0.2.1 443 TCP"]),
    // An empty selector is every pod of the policy's namespace; without rules nothing is allowed in.
    (
        &["podSelector: {}"],
        &[
            "! front > back 9090 TCP",
            "! anywhere > lone 80 TCP",
            "! job > back 9090 TCP",
            "= back > job 80 TCP",
            "= front > 192.0.2.1 443 TCP",
            "= front > agent 80 TCP",
        ],
    ),
    // A selector left out is an empty one.
    (&["policyTypes: [Ingress]"], &["! front > back 9090 TCP", "= front > job 1 TCP"]),
    // Types default to ingress, and to egress where there is an egress rule.
    (
        &["podSelector: {matchLabels: {app: back}}, egress: [{}]"],
        &["! front > back 9090 TCP", "= back > front 8080 TCP", "= back > anywhere 443 TCP"],
    ),
    (
        &["podSelector: {matchLabels: {app: back}}, egress: []"],
        &["! front > back 9090 TCP", "= back > front 8080 TCP"],
    ),
    (
        &["podSelector: {matchLabels: {app: back}}, policyTypes: [Egress]"],
        &["= front > back 9090 TCP", "! back > front 8080 TCP", "! back > 192.0.2.1 443 TCP"],
    ),
    // Rules of a direction that the types leave out count for nothing.
    (
        &["podSelector: {}, policyTypes: [Egress], egress: [{}], ingress: []"],
        &["= anywhere > back 9090 TCP", "= front > back 9090 TCP"],
    ),
    // An empty rule allows all; an empty list of peers does too.
    (
        &["podSelector: {matchLabels: {app: back}}, ingress: [{from: [], ports: []}]"],
        &["= anywhere > back 9090 TCP", "= job > back 1 SCTP"],
    ),
    // Pods of the policy's own namespace.
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]",
        ],
        &[
            "= front > back 9090 TCP",
            "= front > back 5353 UDP",
            "! lone > back 9090 TCP",
            "! job > back 9090 TCP",
            "! agent > back 9090 TCP",
            "! 192.0.2.1 > back 9090 TCP",
        ],
    ),
    // All pods of the selected namespaces.
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]",
        ],
        &[
            "= job > back 9090 TCP",
            "? front > back 9090 TCP",
            "? guest > back 9090 TCP",
            "! anywhere > back 9090 TCP",
        ],
    ),
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: away}}}]}]",
        ],
        &["= guest > back 9090 TCP", "! job > back 9090 TCP", "! front > back 9090 TCP"],
    ),
    (
        &["podSelector: {matchLabels: {app: back}}, ingress: [{from: [{namespaceSelector: {}}]}]"],
        &["= guest > back 1 TCP", "= lone > back 1 TCP", "! anywhere > back 1 TCP", "! agent > back 1 TCP"],
    ),
    // Both in one peer: such pods in such namespaces. In two peers: either.
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: other}}}]}]",
        ],
        &["! job > back 9090 TCP", "! guest > back 9090 TCP"],
    ),
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}, {podSelector: {matchLabels: {tier: web}}}]}]",
        ],
        &["= job > back 9090 TCP", "= front > back 9090 TCP", "? lone > back 9090 TCP"],
    ),
    // Expressions; a namespace made by the stream has no more labels than it states.
    (
        &[
            "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]",
        ],
        &["! job > back 9090 TCP", "? guest > back 9090 TCP"],
    ),
    (
        &["podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [back]}]}"],
        &["! lone > front 8080 TCP", "! front > lone 80 TCP", "= front > back 9090 TCP"],
    ),
    // Blocks of addresses.
    (
        &[
            "podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]",
        ],
        &[
            "= front > 10.2.3.4 5432 TCP",
            "! front > 10.1.3.4 5432 TCP",
            "! front > 192.0.2.1 5432 TCP",
            "! front > 2001:db8::1 5432 TCP",
            "! front > anywhere 443 TCP",
            "! front > back 9090 TCP",
        ],
    ),
    (
        &["podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"],
        &[
            "= front > back 9090 TCP",
            "= front > agent 1 TCP",
            "= front > anywhere 443 TCP",
            "! front > 2001:db8::1 443 TCP",
        ],
    ),
    (
        &[
            "podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0', except: ['2001:db8::/32']}}]}]",
        ],
        &["= front > 2001:db9::1 443 TCP", "! front > 2001:db8::1 443 TCP", "! front > anywhere 443 TCP"],
    ),
    // What an API server refuses allows nothing.
    (
        &[
            "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: everything}}, {}, {ipBlock: {cidr: 0.0.0.0/0}, podSelector: {}}]}]",
        ],
        &["! anywhere > back 9090 TCP", "! front > back 9090 TCP"],
    ),
    // Ports: a number, TCP unless stated.
    (
        &["podSelector: {matchLabels: {app: back}}, ingress: [{ports: [{port: 9090}]}]"],
        &["= front > back 9090 TCP", "! front > back 9090 UDP", "! front > back 9091 TCP"],
    ),
    // A name is the port of the pod that is connected to, with its protocol.
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{ports: [{port: api}, {port: dns, protocol: UDP}, {port: sig}]}]",
        ],
        &[
            "= front > back 9090 TCP",
            "= front > back 5353 UDP",
            "! front > back 5353 TCP",
            "! front > back 3868 SCTP",
            "! front > back 3868 TCP",
        ],
    ),
    (
        &[
            "podSelector: {matchLabels: {app: front}}, policyTypes: [Egress], egress: [{ports: [{port: api}]}]",
        ],
        &["= front > back 9090 TCP", "! front > lone 9090 TCP", "! front > 192.0.2.1 9090 TCP"],
    ),
    // Ports of init containers that end do not count, of those that stay they do.
    (
        &["podSelector: {}, ingress: [{ports: [{port: old}, {port: side}]}]"],
        &["! front > back 7000 TCP", "= front > back 7001 TCP"],
    ),
    // A range holds both its ends; a protocol alone is all its ports.
    (
        &["podSelector: {}, ingress: [{ports: [{port: 9000, endPort: 9090}, {protocol: SCTP}]}]"],
        &[
            "= front > back 9000 TCP",
            "= front > back 9090 TCP",
            "! front > back 9091 TCP",
            "! front > back 8999 TCP",
            "! front > back 9050 UDP",
            "= front > back 3868 SCTP",
        ],
    ),
    // A range needs a number to begin with.
    (
        &["podSelector: {}, ingress: [{ports: [{port: api, endPort: 9999}, {endPort: 9999}]}]"],
        &["! front > back 9090 TCP"],
    ),
    // Peers and ports of one rule must both fit; those of two rules are two offers.
    (
        &[
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}], ports: [{port: 9090}]}, {from: [{podSelector: {}}], ports: [{port: 5353, protocol: UDP}]}]",
        ],
        &[
            "= front > back 9090 TCP",
            "= front > back 5353 UDP",
            "! lone > back 9090 TCP",
            "= lone > back 5353 UDP",
        ],
    ),
    // Several policies add up.
    (
        &[
            "podSelector: {}",
            "podSelector: {matchLabels: {app: back}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]",
            "podSelector: {matchLabels: {tier: data}}, ingress: [{ports: [{port: 5353, protocol: UDP}]}]",
        ],
        &[
            "= front > back 9090 TCP",
            "= anywhere > back 5353 UDP",
            "! lone > back 9090 TCP",
            "! back > front 8080 TCP",
        ],
    ),
    // Both ends must agree, each by the policies of its own namespace.
    (
        &[
            "ops podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]",
            "podSelector: {}, ingress: [{}]",
        ],
        &["! job > back 9090 TCP", "= back > job 80 TCP", "= front > back 9090 TCP"],
    ),
    (
        &[
            "ops podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: back}}}]}]",
        ],
        &["! job > back 9090 TCP"],
    ),
    // Pods on their node's network are no subject of policies.
    (
        &["podSelector: {}, policyTypes: [Ingress, Egress]"],
        &["= agent > anywhere 443 TCP", "= anywhere > agent 80 TCP", "! agent > back 9090 TCP"],
    ),
    // Somebody else's pods may have labels that nobody knows.
    (
        &[
            "podSelector: {matchLabels: {app: front}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: back, tier: data}}}]}]",
        ],
        &["= front > back 9090 TCP", "? front > somebody 9090 TCP", "! front > lone 9090 TCP"],
    ),
    (
        &[
            "podSelector: {matchLabels: {app: front}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: other, tier: data}}}]}]",
        ],
        &["! front > somebody 9090 TCP"],
    ),
];

#[test]
fn what_passes_is_what_was_worked_out_by_hand() {
    let mut asked = 0;
    for (policies, queries) in CORPUS {
        for query in *queries {
            let (expected, query) = query.split_once(' ').unwrap();
            assert_eq!(told(policies, query).to_string(), expected, "{query} with {policies:#?}");
            asked += 1;
        }
    }
    assert!(asked >= 100, "{asked}");
}

#[test]
fn who_forbids_a_connection_is_named_for_each_side() {
    let stream = format!(
        "{PODS}---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: into, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{app: back}}}}}}}}\n---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: all, namespace: shop}}, spec: {{policyTypes: [Ingress, Egress]}}}}\n---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: in-vain, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{app: back}}}}, ingress: [{{ports: [{{port: 1}}]}}]}}}}\n"
    );
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let network = Network::of(&objects, "shop");
    let pods = PodIndex::of(&objects, |_| "shop");
    let [front, back] = ["front", "back"].map(|name| {
        pods.workloads().iter().find(|pod| pod.template.object.name() == name).unwrap().endpoint.clone()
    });
    let names = |objects: Vec<&Object<'_>>| {
        objects.into_iter().map(|object| object.name().to_owned()).collect::<Vec<_>>()
    };
    let verdict = |port| network.verdict(&Connection { from: &front, to: &back, port, protocol: "TCP" });
    let Verdict::Blocked { egress, ingress } = verdict(9090) else { panic!() };
    assert_eq!(
        (names(egress), names(ingress)),
        (vec!["all".into()], ["into", "all", "in-vain"].map(str::to_owned).to_vec())
    );
    let Verdict::Blocked { egress, ingress } = verdict(1) else { panic!() };
    assert_eq!((names(egress), names(ingress)), (vec!["all".to_owned()], Vec::<String>::new()));
}

#[test]
fn the_index_finds_what_looking_at_each_finds() {
    let objects = Objects::read(PODS.as_bytes()).unwrap();
    let pods =
        PodIndex::of(
            &objects,
            |object| if object.namespace().is_empty() { "shop" } else { object.namespace() },
        );
    let selectors = "[{}, {matchLabels: {app: front}}, {matchLabels: {app: front, tier: web}}, {matchLabels: {app: none}}, {matchExpressions: [{key: app, operator: In, values: [front, back]}]}, {matchExpressions: [{key: app, operator: DoesNotExist}]}]";
    let read = Objects::read(selectors.as_bytes()).unwrap();
    let expected: [&[&str]; 6] =
        [&["front", "back", "lone", "agent"], &["front"], &["front"], &[], &["front", "back"], &["lone"]];
    let selectors = read.iter().next().unwrap().root().as_sequence().unwrap();
    for (node, expected) in selectors.iter().zip(expected) {
        let found = pods.selected("shop", &Selector::of(node));
        let names: Vec<_> = found.iter().map(|pod| pod.template.object.name()).collect();
        assert_eq!(names, expected);
    }
}
