//! NetworkPolicies let through nothing that values do not declare.

use super::reachability::{World, title};
use super::{Assertion, Context, dependencies::Dependencies, namespace::effective};
use crate::network::{Connection, Direction, Endpoint};
use crate::objects::{Object, Objects, Selector};
use gift_plugin::protocol::Finding;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whoever is isolated is reached only by those that depend on it.
pub(super) struct Isolation;

/// The policies that select the pods of one workload alone, by where their documents begin.
fn own_policies<'s, 'a>(
    objects: &'s Objects<'a>,
    context: &Context<'s>,
    world: &World<'s, 'a>,
) -> BTreeSet<usize> {
    let selects_one = |policy: &&Object<'_>| {
        let selector = policy.root().at(&["spec", "podSelector"]).map(Selector::of).unwrap_or_default();
        world.pods.selected(effective(policy, context), &selector).len() == 1
    };
    objects.kind("NetworkPolicy").filter(selects_one).map(|policy| policy.span().start).collect()
}

impl Assertion for Isolation {
    fn id(&self) -> &'static str {
        "isolation"
    }

    fn title(&self) -> &'static str {
        "NetworkPolicies let through nothing beside what values declare"
    }

    fn explanation(&self) -> &'static str {
        "Where values declare who depends on whom, a pod that is reached by somebody who does not depend on it, or \
         reaches an external it does not depend on, has a rule too many; whoever breaks into one service then \
         reaches the others. Looked at are services of the values that have a policy of their own, one that selects \
         the pods of no other; a policy for a whole namespace draws its border elsewhere. Members of one StatefulSet may reach each other, and rules that a service states itself \
         (`networkPolicy.ingress`, `networkPolicy.egress`) are meant."
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let Some(dependencies) = context.tree().map(Dependencies::of) else { return Vec::new() };
        if !dependencies.are_declared() {
            return Vec::new();
        }
        let Some(world) = World::of(objects, context) else { return Vec::new() };
        let own = own_policies(objects, context, &world);
        let is_own = |policy: &&&Object<'_>| own.contains(&policy.span().start);
        let needed = dependencies.needed(&world.pods);
        let edges: BTreeSet<_> = needed
            .iter()
            .filter_map(|needed| Some((needed.object.name(), needed.callee?.name(), needed.port)))
            .collect();
        let mut findings = Vec::new();
        let states = |name: &str, key: &str| {
            let rules = dependencies.service(name).and_then(|service| service.get("networkPolicy")?.get(key));
            rules.and_then(Value::as_array).is_some_and(|rules| !rules.is_empty())
        };
        for to in world.pods.workloads() {
            let object = to.template.object;
            let name = object.name();
            if dependencies.service(name).is_none() {
                continue;
            }
            let isolating = world.network.isolating(&to.endpoint, Direction::Ingress);
            if let Some(policy) = isolating.iter().find(is_own).filter(|_| !states(name, "ingress")) {
                for port in to.pod().map(|pod| pod.ports.as_slice()).unwrap_or_default() {
                    let passes = |from: &Endpoint<'_>| {
                        let (port, protocol) = (port.number, port.protocol);
                        world.network.verdict(&Connection { from, to: &to.endpoint, port, protocol }).passes()
                    };
                    let mut found = |who: String| {
                        let message = format!("lets {who} reach port {} of {}", port.number, title(object));
                        let help = "Remove the rule, or declare who depends on it: `dependsOn` of the caller, \
                                    `networkPolicy.public` of a service for everybody.";
                        findings.push(policy.finding("isolation", "spec.ingress", message, help));
                    };
                    if dependencies.is_public(name) {
                        continue;
                    }
                    if passes(&Endpoint::Anywhere) {
                        found("everybody".to_owned());
                        continue;
                    }
                    for from in
                        world.network.named_peers(&to.endpoint, port.number, port.protocol, &world.pods)
                    {
                        let caller = from.template.object;
                        let is_declared = std::ptr::eq(caller, object)
                            || edges.contains(&(caller.name(), name, port.number));
                        if !is_declared && passes(&from.endpoint) {
                            found(format!("{}, which does not depend on it,", title(caller)));
                        }
                    }
                }
            }
            let isolating = world.network.isolating(&to.endpoint, Direction::Egress);
            if let Some(policy) = isolating.iter().find(is_own).filter(|_| !states(name, "egress")) {
                for (external, address, port, protocol) in dependencies.undeclared_externals(name) {
                    let connection =
                        Connection { from: &to.endpoint, to: &address, port, protocol: &protocol };
                    if world.network.verdict(&connection).passes() {
                        let message = format!(
                            "lets {} reach {external} on port {port}, on which it does not depend",
                            title(object)
                        );
                        let help = "Remove the rule, or declare it under `dependsOnExternal`.";
                        findings.push(policy.finding("isolation", "spec.egress", message, help));
                    }
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STREAM: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: job}, spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: c}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed}, spec: {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{podSelector: {}}]}, {to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: sql}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: job}, spec: {podSelector: {matchLabels: {app: job}}, policyTypes: [Ingress, Egress]}}
";

    fn values() -> Value {
        json!({"system": "shop", "shop": {
            "externals": {"bank": {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443}]}},
            "services": {"web": {"dependsOn": {"db": {}}}, "job": {}, "db": {}},
        }})
    }

    fn found(stream: &str, values: &Value) -> Vec<(String, String)> {
        let objects = Objects::read(stream.as_bytes()).unwrap();
        let context = Context { values: Some(values), ..Context::default() };
        super::super::check(&objects, &context)
            .into_iter()
            .filter(|finding| ["isolation", "reachability"].contains(&finding.rule.as_str()))
            .map(|finding| (finding.rule, finding.message))
            .collect()
    }

    #[test]
    fn what_is_declared_and_nothing_else_passes() {
        assert_eq!(found(STREAM, &values()), []);
    }

    #[test]
    fn a_rule_too_many_is_found() {
        let open = |rule: &str| {
            let policy =
                "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: more}, spec: ";
            found(&format!("{STREAM}---\n{policy}{rule}}}\n"), &values())
        };
        let isolation = |message: &str| [("isolation".to_owned(), message.to_owned())];
        assert_eq!(
            open(
                "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: job}}}]}]}"
            ),
            isolation("lets Deployment job, which does not depend on it, reach port 5432 of Deployment db")
        );
        assert_eq!(
            open("{podSelector: {matchLabels: {app: db}}, ingress: [{}]}"),
            isolation("lets everybody reach port 5432 of Deployment db")
        );
        assert_eq!(
            open(
                "{podSelector: {matchLabels: {app: job}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.0.0/8}}]}]}"
            ),
            isolation("lets Deployment job reach bank on port 443, on which it does not depend")
        );
    }

    #[test]
    fn a_policy_for_all_is_no_border_between_them() {
        let mut stream = STREAM.split("---").take(4).collect::<Vec<_>>().join("---");
        stream += "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: inside}, spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}}\n";
        assert_eq!(found(&stream, &values()), []);
    }

    #[test]
    fn a_rule_too_few_is_found() {
        let mut values = values();
        values["shop"]["services"]["job"] =
            json!({"dependsOn": {"db": {"port": "sql"}}, "dependsOnExternal": {"bank": {}}});
        values["shop"]["services"]["web"]["networkPolicy"] = json!({"public": true});
        let messages: Vec<_> = found(STREAM, &values).into_iter().map(|(_, message)| message).collect();
        assert_eq!(
            messages,
            [
                "`services.web.networkPolicy.public` says that everybody connects to it, port 80: NetworkPolicy closed does not let it in",
                "`services.job.dependsOnExternal` says that it connects to bank, port 443: none of the NetworkPolicies closed, job lets it out",
                "`services.job.dependsOn` says that it connects to db, port 5432: none of the NetworkPolicies closed, db lets it in",
            ]
        );
    }

    #[test]
    fn whoever_connects_by_name_reaches_the_dns() {
        let without = STREAM.replace("namespaceSelector: {}", "podSelector: {}");
        let messages: Vec<_> = found(&without, &values()).into_iter().map(|(_, message)| message).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        for (message, protocol) in messages.iter().zip(["TCP", "UDP"]) {
            let expected = format!("over {protocol}: NetworkPolicy closed does not let it out");
            assert!(message.ends_with(&expected), "{messages:?}");
        }
        let udp = STREAM.replace(", {port: 53}", "");
        assert_eq!(found(&udp, &values()).len(), 1);
    }
}
