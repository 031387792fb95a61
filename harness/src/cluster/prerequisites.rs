//! What objects take for granted on the cluster they go to: definitions of custom resources, namespaces made
//! by others, classes of storage, labels on nodes. On a rented cluster somebody has seen to it; on an
//! embedded one [`Cluster::provide`](super::Cluster::provide) does.
//!
//! Depends on [`crate::objects`], and on [`crate::schema`] for which kinds are Kubernetes' own.

use std::collections::{BTreeMap, BTreeSet};

use gift_plugin::yaml::Node;

use crate::objects::{Object, Objects, PodTemplate};
use crate::schema::Schemas;

/// What a stream of objects takes for granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prerequisites {
    /// Custom resources, as group and kind, whose definitions are not in the stream.
    pub custom_resources: BTreeSet<(String, String)>,
    /// Namespaces that objects are in and that are not in the stream.
    pub namespaces: BTreeSet<String>,
    /// Classes of storage that claims name.
    pub storage_classes: BTreeSet<String>,
    /// Labels that pods ask of their nodes.
    pub node_labels: BTreeMap<String, String>,
}

impl Prerequisites {
    /// Those of a stream.
    ///
    /// ```
    /// use gift_harness::cluster::Prerequisites;
    /// use gift_harness::objects::Objects;
    ///
    /// let stream = b"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, \
    ///     spec: {storageClassName: fast}}";
    /// let needed = Prerequisites::of(&Objects::read(stream)?);
    /// assert!(needed.namespaces.contains("shop"));
    /// assert!(needed.storage_classes.contains("fast"));
    /// # Ok::<(), gift_harness::objects::ObjectsError>(())
    /// ```
    #[must_use]
    pub fn of(objects: &Objects<'_>) -> Self {
        let mut needed = Self::default();
        for object in objects {
            needed.add(object);
        }
        for brought in objects {
            match brought.kind() {
                "Namespace" => drop(needed.namespaces.remove(brought.name())),
                "StorageClass" => drop(needed.storage_classes.remove(brought.name())),
                "CustomResourceDefinition" => {
                    let text = |path| brought.get(path).and_then(Node::as_str).unwrap_or_default().to_owned();
                    needed.custom_resources.remove(&(text("spec.group"), text("spec.names.kind")));
                }
                _ => {}
            }
        }
        needed
    }

    fn add(&mut self, object: &Object<'_>) {
        if Schemas::is_custom(object) {
            self.custom_resources.insert((object.group().to_owned(), object.kind().to_owned()));
        }
        if !object.namespace().is_empty() {
            self.namespaces.insert(object.namespace().to_owned());
        }
        let templates = object.get("spec.volumeClaimTemplates").and_then(Node::as_sequence);
        let own = (object.kind() == "PersistentVolumeClaim").then(|| object.root());
        let claims = own.into_iter().chain(templates.unwrap_or_default());
        self.storage_classes.extend(
            claims
                .filter_map(|claim| claim.at(&["spec", "storageClassName"])?.as_str())
                .filter(|class| !class.is_empty())
                .map(str::to_owned),
        );
        let selector = PodTemplate::of(object).and_then(|pods| pods.spec()?.0.get("nodeSelector"));
        for entry in selector.and_then(Node::as_mapping).map(|labels| labels.entries()).unwrap_or_default() {
            if let Some(value) = entry.value.as_str() {
                self.node_labels.insert(entry.key.clone().into_owned(), value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_stream_brings_is_not_asked_for() {
        let stream = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: example.com/v1
kind: Mirror
metadata: {name: a, namespace: shop}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: mirrors.example.com}
spec: {group: example.com, names: {kind: Mirror}}
---
apiVersion: example.com/v1
kind: Lamp
metadata: {name: a, namespace: house}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  template: {spec: {nodeSelector: {disk: ssd}}}
  volumeClaimTemplates: [{spec: {storageClassName: fast}}, {spec: {}}]
";
        let needed = Prerequisites::of(&Objects::read(stream.as_bytes()).unwrap());
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            needed,
            Prerequisites {
                custom_resources: [pair("example.com", "Lamp")].into(),
                namespaces: ["house".to_owned()].into(),
                storage_classes: ["fast".to_owned()].into(),
                node_labels: [pair("disk", "ssd")].into(),
            }
        );
    }
}
