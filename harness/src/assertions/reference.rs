//! What pods refer to is there.

use super::access::account_of;
use super::{Assertion, Context, namespace::effective};
use crate::objects::{Object, Objects, PodTemplate};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Every ConfigMap, Secret, volume claim, service account and key a pod names is in the release.
pub(super) struct ReferenceExists;

/// What can be referred to: the keys of each, by namespace, kind and name.
type Known<'s> = BTreeMap<(&'s str, &'s str, &'s str), BTreeSet<&'s str>>;

const RULE: &str = "reference-exists";

/// Where one object refers to others.
struct Reader<'s, 'a> {
    object: &'s Object<'a>,
    namespace: &'s str,
    known: &'s Known<'s>,
    findings: Vec<Finding>,
}

fn known<'s>(objects: &'s Objects<'_>, context: &Context<'s>) -> Known<'s> {
    let mut known = Known::new();
    for object in objects {
        let fields: &[&str] = match object.kind() {
            "ConfigMap" => &["data", "binaryData"],
            "Secret" => &["data", "stringData"],
            "ServiceAccount" | "PersistentVolumeClaim" => &[],
            _ => continue,
        };
        let entries = fields.iter().filter_map(|field| object.root().get(field)?.as_mapping());
        let keys = entries.flat_map(|mapping| mapping.entries()).map(|entry| entry.key.as_ref());
        known.entry((effective(object, context), object.kind(), object.name())).or_default().extend(keys);
    }
    // What External Secrets makes in the cluster is there as well.
    for object in objects.iter().filter(|object| object.group() == "external-secrets.io") {
        let spec = |path: &[&str]| object.root().at(path);
        let name = spec(&["spec", "target", "name"]).and_then(Node::as_str).unwrap_or(object.name());
        let data = spec(&["spec", "data"]).and_then(Node::as_sequence).unwrap_or_default();
        let keys = data.iter().filter_map(|entry| entry.get("secretKey").and_then(Node::as_str));
        if object.kind() == "ExternalSecret" {
            known.entry((effective(object, context), "Secret", name)).or_default().extend(keys);
        }
    }
    known
}

fn is_true(node: Option<&Node<'_>>) -> bool {
    matches!(node.map(|node| &node.value), Some(Value::Bool(true)))
}

impl<'s> Reader<'s, '_> {
    fn lacks(&mut self, path: Path, message: String, help: &str) {
        self.findings.push(self.object.finding(RULE, path, message, help));
    }

    /// A reference by name, `field` being the one that holds it; the keys of what it leads to.
    fn look(
        &mut self,
        kind: &'static str,
        node: &'s Node<'_>,
        field: &str,
        path: &Path,
    ) -> Option<&'s BTreeSet<&'s str>> {
        if is_true(node.get("optional")) {
            return None;
        }
        let name = node.get(field).and_then(Node::as_str)?;
        let keys = self.known.get(&(self.namespace, kind, name));
        if keys.is_none() {
            self.lacks(
                path.clone().key(field),
                format!("there is no {kind} `{name}` in the release"),
                "Correct the name, add the object, or set `optional: true` where the kind allows that.",
            );
        }
        keys
    }

    fn look_for_key(&mut self, kind: &'static str, node: &'s Node<'_>, path: &Path) {
        let Some(keys) = self.look(kind, node, "name", path) else { return };
        if let Some(key) = node.get("key").and_then(Node::as_str)
            && !keys.contains(key)
        {
            let name = node.get("name").and_then(Node::as_str).unwrap_or_default();
            self.lacks(
                path.clone().key("key"),
                format!("{kind} `{name}` has no key `{key}`"),
                &there_are(keys),
            );
        }
    }

    /// A ConfigMap or Secret that is mounted, whole or some of its keys.
    fn look_for_items(&mut self, kind: &'static str, node: &'s Node<'_>, field: &str, path: &Path) {
        let Some(keys) = self.look(kind, node, field, path) else { return };
        for (index, item) in
            node.get("items").and_then(Node::as_sequence).unwrap_or_default().iter().enumerate()
        {
            if let Some(key) = item.get("key").and_then(Node::as_str)
                && !keys.contains(key)
            {
                let at = path.clone().key("items").index(index).key("key");
                self.lacks(at, format!("the {kind} has no key `{key}`"), &there_are(keys));
            }
        }
    }

    fn pod(&mut self, template: &PodTemplate<'s, '_>) {
        let Some((spec, path)) = template.spec() else { return };
        // Every namespace has a service account of this name.
        let field =
            if spec.get("serviceAccountName").is_some() { "serviceAccountName" } else { "serviceAccount" };
        if account_of(spec) != Some("default") {
            self.look("ServiceAccount", spec, field, &path);
        }
        let volumes = spec.get("volumes").and_then(Node::as_sequence).unwrap_or_default();
        for (index, volume) in volumes.iter().enumerate() {
            self.volume(volume, &path.clone().key("volumes").index(index));
        }
        let claims = self.object.root().at(&["spec", "volumeClaimTemplates"]).and_then(Node::as_sequence);
        let claimed =
            claims.unwrap_or_default().iter().filter_map(|claim| claim.at(&["metadata", "name"])?.as_str());
        let mounted: BTreeSet<_> =
            volumes.iter().filter_map(|volume| volume.get("name")?.as_str()).chain(claimed).collect();
        for container in template.containers() {
            for (path, variable) in container.list("env") {
                for (source, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                    if let Some(node) = variable.at(&["valueFrom", source]) {
                        self.look_for_key(kind, node, &path.clone().key("valueFrom").key(source));
                    }
                }
            }
            for (path, source) in container.list("envFrom") {
                for (reference, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                    if let Some(node) = source.get(reference) {
                        self.look(kind, node, "name", &path.clone().key(reference));
                    }
                }
            }
            for (path, mount) in container.list("volumeMounts") {
                if let Some(name) = mount.get("name").and_then(Node::as_str)
                    && !mounted.contains(name)
                {
                    let help = "Declare it under the pod's `volumes`.";
                    self.lacks(path.key("name"), format!("the pod has no volume `{name}`"), help);
                }
            }
        }
    }

    fn volume(&mut self, volume: &'s Node<'_>, path: &Path) {
        if let Some(node) = volume.get("configMap") {
            self.look_for_items("ConfigMap", node, "name", &path.clone().key("configMap"));
        }
        if let Some(node) = volume.get("secret") {
            self.look_for_items("Secret", node, "secretName", &path.clone().key("secret"));
        }
        if let Some(node) = volume.get("persistentVolumeClaim") {
            let path = path.clone().key("persistentVolumeClaim");
            self.look("PersistentVolumeClaim", node, "claimName", &path);
        }
        let sources = volume.at(&["projected", "sources"]).and_then(Node::as_sequence).unwrap_or_default();
        for (index, source) in sources.iter().enumerate() {
            let path = path.clone().key("projected").key("sources").index(index);
            for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                if let Some(node) = source.get(field) {
                    self.look_for_items(kind, node, "name", &path.clone().key(field));
                }
            }
        }
    }
}

fn there_are(keys: &BTreeSet<&str>) -> String {
    if keys.is_empty() {
        return "It has no keys at all.".to_owned();
    }
    format!("It has: {}.", keys.iter().copied().collect::<Vec<_>>().join(", "))
}

impl Assertion for ReferenceExists {
    fn id(&self) -> &'static str {
        RULE
    }

    fn title(&self) -> &'static str {
        "every ConfigMap, Secret, volume, claim, service account and key that pods name is there"
    }

    fn explanation(&self) -> &'static str {
        "A pod that refers to what is not there is accepted and never starts. References marked `optional` may \
         lead nowhere. Pull secrets and the certificates of Ingresses are usually somebody else's, and are not \
         looked at."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {MODE: fast}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    env: [{name: MODE, valueFrom: {configMapKeyRef: {name: web, key: mode}}}]\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {MODE: fast}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    env: [{name: MODE, valueFrom: {configMapKeyRef: {name: web, key: MODE}}}]\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let known = known(objects, context);
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            let object = template.object;
            let namespace = effective(object, context);
            let mut reader = Reader { object, namespace, known: &known, findings: Vec::new() };
            reader.pod(&template);
            findings.append(&mut reader.findings);
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn found(spec: &str) -> Vec<(String, String)> {
        let stream = format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{a: b}}, binaryData: {{b: ''}}}}\n---\n{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{k: v}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}\n"
        );
        findings(&stream, "reference-exists")
            .into_iter()
            .map(|finding| (finding.path, finding.message))
            .collect()
    }

    #[test]
    fn every_place_that_names_something_is_looked_at() {
        let spec = "{serviceAccountName: x, volumes: [{name: v, configMap: {name: x}}, {name: w, secret: {secretName: s, items: [{key: x}]}}, {name: y, persistentVolumeClaim: {claimName: x}}, {name: z, projected: {sources: [{configMap: {name: c, items: [{key: b}, {key: x}]}}, {secret: {name: x}}]}}], initContainers: [{name: i, envFrom: [{configMapRef: {name: x}}, {secretRef: {name: s}}]}], containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: x}}}], volumeMounts: [{name: v}, {name: x}]}]}";
        let paths: Vec<_> = found(spec).into_iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "spec.serviceAccountName",
                "spec.volumes[0].configMap.name",
                "spec.volumes[1].secret.items[0].key",
                "spec.volumes[2].persistentVolumeClaim.claimName",
                "spec.volumes[3].projected.sources[0].configMap.items[1].key",
                "spec.volumes[3].projected.sources[1].secret.name",
                "spec.initContainers[0].envFrom[0].configMapRef.name",
                "spec.containers[0].env[0].valueFrom.secretKeyRef.key",
                "spec.containers[0].volumeMounts[1].name",
            ]
        );
    }

    #[test]
    fn an_account_may_be_named_by_the_older_field() {
        assert_eq!(found("{serviceAccount: x}")[0].0, "spec.serviceAccount");
        assert_eq!(found("{serviceAccount: default}"), []);
        assert_eq!(found("{serviceAccountName: default, serviceAccount: x}"), [], "the newer one counts");
    }

    #[test]
    fn what_is_optional_or_everywhere_may_be_missing() {
        let spec = "{serviceAccountName: default, volumes: [{name: v, configMap: {name: x, optional: true}}], containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: x, key: x, optional: true}}}]}]}";
        assert_eq!(found(spec), []);
    }

    #[test]
    fn the_keys_there_are_help_and_their_values_stay_unsaid() {
        let spec =
            "{containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: K}}}]}]}";
        assert_eq!(found(spec)[0].1, "Secret `s` has no key `K`");
    }

    #[test]
    fn claims_of_a_stateful_set_are_volumes() {
        let stream = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: p}, spec: {volumeClaimTemplates: [{metadata: {name: data}}], template: {spec: {containers: [{name: c, volumeMounts: [{name: data}]}]}}}}";
        assert_eq!(findings(stream, "reference-exists"), []);
    }
}
