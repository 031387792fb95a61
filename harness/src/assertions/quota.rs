//! What is rendered into a namespace fits its ResourceQuota.

use super::{Assertion, Context, namespace::effective};
use crate::objects::{Object, Objects, Quantity};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every quota has room for all there can be at once.
pub(super) struct FitsQuota;

/// What an object takes of a quota: how often, and how much of each resource each time.
struct Demand {
    name: String,
    times: i64,
    each: BTreeMap<String, Quantity>,
}

/// Resources a pod that states none of is refused for, under a quota that counts them.
const COMPUTED: &[&str] = &["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// `cpu` in a quota means `requests.cpu`.
fn counted(key: &str) -> String {
    match key {
        "cpu" | "memory" | "ephemeral-storage" => format!("requests.{key}"),
        _ => key.to_owned(),
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}

fn items<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The pods of a workload at their most: all the autoscaler may ask for, and those an update adds.
fn pods(kind: &str, object: &Value, most: Option<i64>) -> i64 {
    let replicas = most.or_else(|| number(object, "/spec/replicas")).unwrap_or(1);
    match kind {
        "Deployment" if object.pointer("/spec/strategy/type") != Some(&Value::from("Recreate")) => {
            let surge = match object.pointer("/spec/strategy/rollingUpdate/maxSurge") {
                Some(Value::Number(pods)) => pods.as_i64().unwrap_or_default(),
                Some(Value::String(percent)) => part(percent, replicas),
                _ => part("25%", replicas),
            };
            replicas + surge
        }
        "Deployment" | "StatefulSet" | "ReplicaSet" => replicas,
        "Job" => number(object, "/spec/parallelism").unwrap_or(1),
        "CronJob" => number(object, "/spec/jobTemplate/spec/parallelism").unwrap_or(1),
        // How many nodes there are is not in the stream.
        _ => 1,
    }
}

/// A percentage of a number, rounded up as Kubernetes does for a surge.
fn part(percent: &str, whole: i64) -> i64 {
    let percent: i64 = percent.trim_end_matches('%').parse().unwrap_or_default();
    (whole * percent + 99) / 100
}

/// What a LimitRange gives containers that state nothing.
fn defaults(ranges: &[Value]) -> BTreeMap<String, Quantity> {
    let mut given = BTreeMap::new();
    for limit in ranges.iter().flat_map(|range| items(range, "/spec/limits")) {
        if limit["type"] != "Container" {
            continue;
        }
        for (field, prefix) in [("default", "limits"), ("defaultRequest", "requests")] {
            for (resource, amount) in limit[field].as_object().into_iter().flatten() {
                given.extend(quantity(amount).map(|amount| (format!("{prefix}.{resource}"), amount)));
            }
        }
    }
    given
}

/// What one container takes: a request that is not stated is its limit.
fn container(container: &Value, defaults: &BTreeMap<String, Quantity>) -> BTreeMap<String, Quantity> {
    let mut taken = BTreeMap::new();
    for field in ["limits", "requests"] {
        for (resource, amount) in container["resources"][field].as_object().into_iter().flatten() {
            let Some(amount) = quantity(amount) else { continue };
            taken.insert(format!("{field}.{resource}"), amount);
            if field == "limits" {
                taken.insert(format!("requests.{resource}"), amount);
            }
        }
    }
    for (resource, amount) in defaults {
        taken.entry(resource.clone()).or_insert(*amount);
    }
    taken
}

fn add(total: &mut BTreeMap<String, Quantity>, taken: BTreeMap<String, Quantity>) {
    for (resource, amount) in taken {
        let sum = total.entry(resource).or_default();
        *sum = *sum + amount;
    }
}

/// What a pod takes: its containers together, or the init container that takes more than they do.
fn pod(spec: &Value, defaults: &BTreeMap<String, Quantity>) -> BTreeMap<String, Quantity> {
    let mut total: BTreeMap<String, Quantity> = BTreeMap::new();
    let mut most: BTreeMap<String, Quantity> = BTreeMap::new();
    for init in items(spec, "/initContainers") {
        let taken = container(init, defaults);
        if init["restartPolicy"] == "Always" {
            add(&mut total, taken);
        } else {
            for (resource, amount) in taken {
                let with_sidecars = amount + total.get(&resource).copied().unwrap_or_default();
                let largest = most.entry(resource).or_default();
                *largest = (*largest).max(with_sidecars);
            }
        }
    }
    for main in items(spec, "/containers") {
        add(&mut total, container(main, defaults));
    }
    for (resource, amount) in most {
        let sum = total.entry(resource).or_default();
        *sum = (*sum).max(amount);
    }
    total.insert("pods".to_owned(), Quantity::whole(1));
    total
}

fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

/// Objects a quota counts, whatever they run.
fn counts(object: &Object<'_>, json: &Value) -> BTreeMap<String, Quantity> {
    let one = Quantity::whole(1);
    let name = plural(object.kind());
    let mut counted = BTreeMap::new();
    if object.group().is_empty() {
        counted.insert(name.clone(), one);
        counted.insert(format!("count/{name}"), one);
    } else {
        counted.insert(format!("count/{name}.{}", object.group()), one);
    }
    match object.kind() {
        // The pods are counted with what they take.
        "Pod" => drop(counted.remove("pods")),
        "PersistentVolumeClaim" => {
            let storage = json.pointer("/spec/resources/requests/storage").and_then(quantity);
            counted.extend(storage.map(|storage| ("requests.storage".to_owned(), storage)));
        }
        "Service" => {
            let kind = json.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
            if kind == "LoadBalancer" {
                counted.insert("services.loadbalancers".to_owned(), one);
            }
            if matches!(kind, "LoadBalancer" | "NodePort") {
                let ports = i64::try_from(items(json, "/spec/ports").len()).unwrap_or(i64::MAX);
                counted.insert("services.nodeports".to_owned(), one * ports);
            }
        }
        _ => {}
    }
    counted
}

/// The specification of the pods, in whichever kind.
fn pod_spec<'v>(kind: &str, json: &'v Value) -> Option<&'v Value> {
    json.pointer(match kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => "/spec/template/spec",
        _ => return None,
    })
}

/// Everything in a namespace.
fn demands(objects: &[(&Object<'_>, Value)]) -> Vec<Demand> {
    let ranges: Vec<Value> = objects
        .iter()
        .filter(|(object, _)| object.kind() == "LimitRange")
        .map(|(_, json)| json.clone())
        .collect();
    let defaults = defaults(&ranges);
    let mut most: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (object, json) in objects {
        if object.kind() == "HorizontalPodAutoscaler" {
            let text = |pointer| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let target = (text("/spec/scaleTargetRef/kind"), text("/spec/scaleTargetRef/name"));
            most.extend(number(json, "/spec/maxReplicas").map(|pods| (target, pods)));
        }
    }
    let mut demands = Vec::new();
    for (object, json) in objects {
        let name = format!("{}/{}", object.kind(), object.name());
        demands.push(Demand { name: name.clone(), times: 1, each: counts(object, json) });
        let Some(spec) = pod_spec(object.kind(), json) else { continue };
        let times = pods(object.kind(), json, most.get(&(object.kind(), object.name())).copied());
        for claim in items(json, "/spec/volumeClaimTemplates") {
            let mut each = BTreeMap::from([("persistentvolumeclaims".to_owned(), Quantity::whole(1))]);
            let storage = claim.pointer("/spec/resources/requests/storage").and_then(quantity);
            each.extend(storage.map(|storage| ("requests.storage".to_owned(), storage)));
            demands.push(Demand { name: name.clone(), times, each });
        }
        demands.push(Demand { name, times, each: pod(spec, &defaults) });
    }
    demands
}

impl FitsQuota {
    /// Containers whose pods the API server refuses, for they do not state what the quota counts.
    fn unstated(
        &self,
        object: &Object<'_>,
        json: &Value,
        counted: &[String],
        defaults: &BTreeMap<String, Quantity>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(template) = crate::objects::PodTemplate::of(object) else { return findings };
        let Some(spec) = pod_spec(object.kind(), json) else { return findings };
        let nodes: Vec<&Value> =
            items(spec, "/initContainers").iter().chain(items(spec, "/containers")).collect();
        for (place, node) in template.containers().iter().zip(nodes) {
            let taken = container(node, defaults);
            let lacking: Vec<&str> = counted
                .iter()
                .map(String::as_str)
                .filter(|key| COMPUTED.contains(key) && !taken.contains_key(*key))
                .collect();
            if !lacking.is_empty() {
                findings.push(object.finding(
                    self.id(),
                    place.path.clone(),
                    format!("container {} states no {}, which the namespace's quota counts", place.name(), lacking.join(", ")),
                    "State resources, or give the namespace a LimitRange with defaults; without, the API server refuses the pods.",
                ));
            }
        }
        findings
    }

    fn exceeded(
        &self,
        quota: &Object<'_>,
        key: &str,
        allowed: Quantity,
        demands: &[Demand],
    ) -> Option<Finding> {
        let wanted = counted(key);
        let mut takers: Vec<(Quantity, String)> = demands
            .iter()
            .filter_map(|demand| {
                let each = *demand.each.get(&wanted)?;
                let text = match demand.times {
                    1 => format!("{} {each}", demand.name),
                    times => format!("{} {times} x {each}", demand.name),
                };
                Some((each * demand.times, text))
            })
            .collect();
        let sum: Quantity = takers.iter().map(|(amount, _)| *amount).sum();
        if sum <= allowed {
            return None;
        }
        takers.sort_by(|left, right| right.cmp(left));
        let list: Vec<_> = takers.into_iter().map(|(_, text)| text).collect();
        let message =
            format!("{key}: at most {sum} are needed at once and {allowed} are allowed: {}", list.join(", "));
        Some(quota.finding(
            self.id(),
            Path::root().key("spec").key("hard").key(key),
            message,
            "Raise the quota, or lower what is asked for: requests and limits, replicas, the autoscaler's maximum, maxSurge.",
        ))
    }
}

impl Assertion for FitsQuota {
    fn id(&self) -> &'static str {
        "fits-quota"
    }

    fn title(&self) -> &'static str {
        "what is rendered into a namespace fits its ResourceQuota, at its most and while it is updated"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses what goes beyond a quota, and an update whose new pods are refused never ends. \
         Counted are all objects of the namespace, pods with their resources: as many as the autoscaler may \
         ask for, and those a rolling update adds. A DaemonSet counts as one pod. Quotas with scopes are not \
         looked at."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {limits.cpu: '1'}}}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 2, template: {spec: {containers: [{name: a, resources: {limits: {cpu: 500m}}}]}}}}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {limits.cpu: '1'}}}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1, template: {spec: {containers: [{name: a, resources: {limits: {cpu: 500m}}}]}}}}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for quota in objects.kind("ResourceQuota") {
            let stated = quota.to_json();
            let namespace = effective(quota, context);
            let hard: Vec<(String, Quantity)> = stated
                .pointer("/spec/hard")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(key, amount)| Some((key.clone(), quantity(amount)?)))
                .collect();
            if hard.is_empty()
                || !items(&stated, "/spec/scopes").is_empty()
                || stated.pointer("/spec/scopeSelector").is_some()
            {
                continue;
            }
            let inside: Vec<_> = objects
                .iter()
                .filter(|object| effective(object, context) == namespace)
                .map(|object| (object, object.to_json()))
                .collect();
            let ranges: Vec<Value> = inside
                .iter()
                .filter(|(object, _)| object.kind() == "LimitRange")
                .map(|(_, json)| json.clone())
                .collect();
            let defaults = defaults(&ranges);
            let keys: Vec<_> = hard.iter().map(|(key, _)| counted(key)).collect();
            for (object, json) in &inside {
                findings.extend(self.unstated(object, json, &keys, &defaults));
            }
            let demands = demands(&inside);
            findings.extend(
                hard.iter().filter_map(|(key, allowed)| self.exceeded(quota, key, *allowed, &demands)),
            );
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    const QUOTA: &str =
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: HARD}}\n---\n";

    fn told(hard: &str, rest: &str) -> Vec<(String, String)> {
        findings(&(QUOTA.replace("HARD", hard) + rest), "fits-quota")
            .into_iter()
            .map(|finding| (finding.path, finding.message))
            .collect()
    }

    fn deployment(spec: &str, container: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {{{spec}template: {{spec: {{containers: [{{name: a, {container}}}]}}}}}}}}\n"
        )
    }

    #[test]
    fn the_sum_the_limit_and_who_takes_how_much_are_named() {
        let one = deployment(
            "replicas: 2, strategy: {rollingUpdate: {maxSurge: 1}}, ",
            "resources: {limits: {cpu: 500m, memory: 1Gi}}",
        );
        let found = told("{limits.cpu: '1', requests.memory: 3Gi}", &one);
        assert_eq!(
            found,
            [(
                "spec.hard[\"limits.cpu\"]".to_owned(),
                "limits.cpu: at most 1500m are needed at once and 1 are allowed: Deployment/a 3 x 500m"
                    .to_owned()
            )]
        );
    }

    #[test]
    fn the_autoscaler_the_surge_and_recreation_decide_how_many_pods_there_are() {
        let autoscaler = "---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 10, scaleTargetRef: {kind: Deployment, name: a}}}\n";
        for (spec, more, pods) in [
            ("replicas: 4, ", "", 5),
            ("replicas: 4, strategy: {type: Recreate}, ", "", 4),
            ("replicas: 4, strategy: {rollingUpdate: {maxSurge: 0}}, ", "", 4),
            ("replicas: 4, strategy: {rollingUpdate: {maxSurge: 30%}}, ", "", 6),
            ("replicas: 4, ", autoscaler, 13),
        ] {
            let rest = deployment(spec, "image: i") + more;
            assert_eq!(told(&format!("{{pods: {pods}}}"), &rest), [], "{spec}");
            assert_eq!(told(&format!("{{pods: {}}}", pods - 1), &rest).len(), 1, "{spec}");
        }
    }

    #[test]
    fn what_a_quota_counts_has_to_be_stated_or_given() {
        let bare = deployment("", "image: i");
        let found = told("{limits.memory: 8Gi}", &bare);
        assert_eq!(found[0].0, "spec.template.spec.containers[0]");
        assert_eq!(found[0].1, "container a states no limits.memory, which the namespace's quota counts");
        let range = "---\n{apiVersion: v1, kind: LimitRange, metadata: {name: r}, spec: {limits: [{type: Container, default: {memory: 1Gi}}]}}\n";
        assert_eq!(told("{limits.memory: 8Gi}", &(bare.clone() + range)), []);
        assert_eq!(told("{limits.memory: 1Gi}", &(bare + range)).len(), 1);
    }

    #[test]
    fn objects_claims_and_storage_are_counted() {
        let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {replicas: 3, volumeClaimTemplates: [{spec: {resources: {requests: {storage: 1Gi}}}}], template: {spec: {}}}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, ports: [{port: 1}, {port: 2}]}}\n";
        assert_eq!(
            told(
                "{persistentvolumeclaims: 3, requests.storage: 3Gi, services: 1, services.nodeports: 2, count/statefulsets.apps: 1}",
                set
            ),
            []
        );
        assert_eq!(told("{persistentvolumeclaims: 2, requests.storage: 2Gi, services: 0, services.nodeports: 1, count/statefulsets.apps: 0}", set).len(), 5);
    }

    #[test]
    fn an_init_container_counts_where_it_takes_more() {
        let both = |init: &str| {
            deployment("", "resources: {limits: {cpu: '1'}}")
                .replace("spec: {containers", &format!("spec: {{initContainers: [{{name: i, {init}resources: {{limits: {{cpu: '2'}}}}}}], containers"))
        };
        assert_eq!(told("{limits.cpu: '4'}", &both("")), [], "two pods of two");
        assert_eq!(told("{limits.cpu: '3'}", &both("")).len(), 1);
        assert_eq!(told("{limits.cpu: '5'}", &both("restartPolicy: Always, ")).len(), 1, "two pods of three");
    }
}
