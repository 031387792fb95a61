//! Objects have the fields of their kind, of the right type, and the kind is one there still is.
//!
//! The types are those of k8s-openapi, made from Kubernetes' own OpenAPI: what does not survive being
//! read into one and written again is no field of it.

use super::{Assertion, Context, Scope, difference::missing};
use crate::objects::{Object, Objects};
use gift_plugin::protocol::Finding;
use k8s_openapi::{Resource, api};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Every object has the shape of its kind.
pub(super) struct Schema;

/// Reads JSON into a kind's type and writes it again.
type RoundTrip = fn(Value) -> Result<Value, Mistake>;

/// What cannot be read, and where.
struct Mistake {
    path: String,
    message: String,
}

struct Kind {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    round_trip: RoundTrip,
}

const fn kind<T: Resource + Serialize + DeserializeOwned>() -> Kind {
    Kind { group: T::GROUP, version: T::API_VERSION, kind: T::KIND, round_trip: round_trip::<T> }
}

fn round_trip<T: Serialize + DeserializeOwned>(value: Value) -> Result<Value, Mistake> {
    let typed: T = serde_path_to_error::deserialize(value).map_err(|error| Mistake {
        path: error.path().to_string(),
        message: without_values(&error.inner().to_string()),
    })?;
    serde_json::to_value(typed)
        .map_err(|error| Mistake { path: String::new(), message: without_values(&error.to_string()) })
}

/// The message without the value it quotes, which may be a secret.
fn without_values(message: &str) -> String {
    let ends = (message.find(['"', '`']), message.rfind(['"', '`']));
    match ends {
        (Some(first), Some(last)) if first < last => {
            format!("{}{}", message[..first].trim_end(), &message[last + 1..])
        }
        _ => message.to_owned(),
    }
}

static KINDS: &[Kind] = &[
    kind::<api::core::v1::ConfigMap>(),
    kind::<api::core::v1::Secret>(),
    kind::<api::core::v1::Service>(),
    kind::<api::core::v1::ServiceAccount>(),
    kind::<api::core::v1::Pod>(),
    kind::<api::core::v1::Namespace>(),
    kind::<api::core::v1::PersistentVolume>(),
    kind::<api::core::v1::PersistentVolumeClaim>(),
    kind::<api::core::v1::ResourceQuota>(),
    kind::<api::core::v1::LimitRange>(),
    kind::<api::apps::v1::Deployment>(),
    kind::<api::apps::v1::StatefulSet>(),
    kind::<api::apps::v1::DaemonSet>(),
    kind::<api::apps::v1::ReplicaSet>(),
    kind::<api::batch::v1::Job>(),
    kind::<api::batch::v1::CronJob>(),
    kind::<api::autoscaling::v1::HorizontalPodAutoscaler>(),
    kind::<api::autoscaling::v2::HorizontalPodAutoscaler>(),
    kind::<api::policy::v1::PodDisruptionBudget>(),
    kind::<api::networking::v1::NetworkPolicy>(),
    kind::<api::networking::v1::Ingress>(),
    kind::<api::networking::v1::IngressClass>(),
    kind::<api::rbac::v1::Role>(),
    kind::<api::rbac::v1::RoleBinding>(),
    kind::<api::rbac::v1::ClusterRole>(),
    kind::<api::rbac::v1::ClusterRoleBinding>(),
    kind::<api::scheduling::v1::PriorityClass>(),
    kind::<api::storage::v1::StorageClass>(),
    kind::<api::admissionregistration::v1::ValidatingAdmissionPolicy>(),
    kind::<api::admissionregistration::v1::ValidatingAdmissionPolicyBinding>(),
    kind::<api::admissionregistration::v1::ValidatingWebhookConfiguration>(),
    kind::<api::admissionregistration::v1::MutatingWebhookConfiguration>(),
];

/// Keys below which every number is a quantity, which the API takes as a number too.
const QUANTITIES: &[&str] = &[
    "limits",
    "requests",
    "hard",
    "capacity",
    "min",
    "max",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];
/// Keys whose value is a quantity.
const QUANTITY: &[&str] = &["sizeLimit", "averageValue", "divisor"];

/// Makes texts of the numbers that are quantities.
fn write_quantities(value: &mut Value) {
    let write = |value: &mut Value| {
        if value.is_number() {
            *value = Value::String(value.to_string());
        }
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(write_quantities),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::Object(amounts) if QUANTITIES.contains(&key.as_str()) => {
                        amounts.values_mut().for_each(write);
                    }
                    value if QUANTITY.contains(&key.as_str()) => write(value),
                    value => write_quantities(value),
                }
            }
        }
        _ => {}
    }
}

/// The object as JSON, without the values of a Secret: whether they are Base64 is another rule's part.
fn json(object: &Object<'_>) -> Value {
    let mut value = object.to_json();
    write_quantities(&mut value);
    if object.kind() == "Secret"
        && let Some(data) = value.get_mut("data").and_then(Value::as_object_mut)
    {
        data.values_mut().filter(|value| value.is_string()).for_each(|value| *value = String::new().into());
    }
    value
}

/// What is no more: API version, kind, and the minor version of Kubernetes 1 that has it no longer.
const REMOVED: &[(&str, &str, u32)] = &[
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 25),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26),
    ("batch/v1beta1", "CronJob", 25),
    ("networking.k8s.io/v1beta1", "Ingress", 22),
    ("networking.k8s.io/v1beta1", "IngressClass", 22),
    ("policy/v1beta1", "PodDisruptionBudget", 25),
];

/// Whether a kind is still there in a version of Kubernetes, such as `1.19`.
fn still_served(object: &Object<'_>, kubernetes: Option<&str>) -> bool {
    let minor = kubernetes
        .and_then(|version| version.trim_start_matches('v').strip_prefix("1."))
        .and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    REMOVED.iter().any(|(api, kind, removed)| {
        *api == object.api_version() && *kind == object.kind() && minor.is_some_and(|minor| minor < *removed)
    })
}

impl Schema {
    fn judge(&self, object: &Object<'_>, kubernetes: Option<&str>, findings: &mut Vec<Finding>) {
        let group_and_kind = |known: &&Kind| known.group == object.group() && known.kind == object.kind();
        let explain =
            format!("`kubectl explain {} --recursive` shows the fields and their types.", object.kind());
        if let Some(known) =
            KINDS.iter().filter(group_and_kind).find(|known| known.version == object.api_version())
        {
            let value = json(object);
            match (known.round_trip)(value.clone()) {
                Err(mistake) => {
                    findings.push(object.finding(self.id(), mistake.path.as_str(), mistake.message, explain));
                }
                Ok(read) => findings.extend(missing(&value, &read).into_iter().map(|path| {
                    let message = format!("a {} has no such field", object.kind());
                    object.finding(self.id(), path, message, explain.clone())
                })),
            }
            return;
        }
        if still_served(object, kubernetes) {
            return;
        }
        let served: Vec<_> = KINDS
            .iter()
            .filter(|known| {
                group_and_kind(known) || (object.group() == "extensions" && known.kind == object.kind())
            })
            .map(|known| known.version)
            .collect();
        if !served.is_empty() {
            let message = format!("Kubernetes has no {} of {}", object.kind(), object.api_version());
            let help = format!("Use {}, and look at what changed between the two.", served.join(" or "));
            findings.push(object.finding(self.id(), "apiVersion", message, help));
        }
    }
}

impl Assertion for Schema {
    fn id(&self) -> &'static str {
        "schema"
    }

    fn title(&self) -> &'static str {
        "every field is one its kind has, of the right type, and the kind is one there still is"
    }

    fn explanation(&self) -> &'static str {
        "`helm install` hands an unknown field to the API server, which drops it without a word; a field of \
         the wrong type or a kind that was removed stops an upgrade half-way. Kinds that are not Kubernetes' \
         own are not looked at."
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
        let mut findings = Vec::new();
        for object in objects {
            self.judge(object, context.kubernetes, &mut findings);
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;
    use crate::assertions::Assertion as _;

    fn found(stream: &str) -> Vec<(String, String)> {
        findings(stream, "schema").into_iter().map(|finding| (finding.path, finding.message)).collect()
    }

    #[test]
    fn a_wrong_type_is_named_with_its_path_and_without_its_value() {
        let stream = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: many, selector: {}, template: {spec: {containers: [{name: c, env: [{name: A, value: 4711}]}]}}}}";
        assert_eq!(
            found(stream),
            [("spec.replicas".to_owned(), "invalid type: string, expected i32".to_owned())]
        );
        let stream = stream.replace("many", "2");
        let (path, message) = found(&stream).remove(0);
        assert_eq!(path, "spec.template.spec.containers[0].env[0].value");
        assert!(!message.contains("4711"), "{message}");
    }

    #[test]
    fn what_was_removed_later_passes_on_an_older_kubernetes() {
        let stream = b"{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}";
        let objects = crate::objects::Objects::read(stream).unwrap();
        for (kubernetes, findings) in [(None, 1), (Some("1.25"), 1), (Some("1.24"), 0), (Some("v1.19.0"), 0)]
        {
            let context = super::Context { kubernetes, ..super::Context::default() };
            assert_eq!(super::Schema.check(&objects, &context).len(), findings, "{kubernetes:?}");
        }
    }

    #[test]
    fn what_the_api_takes_passes() {
        let stream = "apiVersion: apps/v1
kind: Deployment
metadata: {name: a, creationTimestamp: null, labels: {}}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {creationTimestamp: '2024-05-06T07:08:09Z'}
    spec:
      nodeSelector: null
      volumes: [{name: v, emptyDir: {sizeLimit: 1}}, {name: w, emptyDir: {}}]
      containers:
      - name: c
        resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 0.5}}
        livenessProbe: {httpGet: {port: http}}
        args: []
---
{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {A: 'secretRef:x'}}
---
{apiVersion: example.com/v1, kind: Deployment, anything: goes}
";
        assert_eq!(found(stream), []);
    }

    #[test]
    fn a_version_that_is_gone_is_named_with_the_one_there_is() {
        let stream = "{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: a}}\n---\n{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, metadata: {name: a}}";
        let helps: Vec<_> = findings(stream, "schema").into_iter().map(|finding| finding.help).collect();
        assert!(helps[0].starts_with("Use networking.k8s.io/v1,"), "{helps:?}");
        assert!(helps[1].starts_with("Use autoscaling/v1 or autoscaling/v2,"), "{helps:?}");
    }

    #[test]
    fn no_message_quotes_a_value() {
        assert_eq!(
            super::without_values("invalid type: string \"hun\"ter2\", expected i32"),
            "invalid type: string, expected i32"
        );
        assert_eq!(
            super::without_values("invalid type: map, expected a string"),
            "invalid type: map, expected a string"
        );
    }
}
