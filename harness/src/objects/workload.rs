//! The pods of workloads: where each kind keeps its pod template, and what its containers hold.

use super::Object;
use gift_plugin::yaml::{Node, Path};

/// A workload's pod template, or a Pod itself.
#[derive(Clone, Debug)]
pub struct PodTemplate<'s, 'a> {
    /// The workload.
    pub object: &'s Object<'a>,
    /// Where the template stands in it; the root for a Pod.
    pub path: Path,
    /// The template: `metadata` and `spec`.
    pub template: &'s Node<'a>,
}

/// A container of a pod template.
#[derive(Clone, Debug)]
pub struct Container<'s, 'a> {
    /// Where it stands in the workload.
    pub path: Path,
    /// The container.
    pub node: &'s Node<'a>,
    /// Whether it is one of `initContainers`.
    pub is_init: bool,
}

impl<'s, 'a> PodTemplate<'s, 'a> {
    /// The pod template of an object, `None` when it runs no pods.
    #[must_use]
    pub fn of(object: &'s Object<'a>) -> Option<Self> {
        let keys: &[&str] = match (object.group(), object.kind()) {
            ("", "Pod") => &[],
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job")
            | ("", "ReplicationController") => &["spec", "template"],
            ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
            _ => return None,
        };
        let path = keys.iter().fold(Path::root(), |path, key| path.key(*key));
        object.root().at(keys).map(|template| Self { object, path, template })
    }

    /// The pod's specification and its path.
    #[must_use]
    pub fn spec(&self) -> Option<(&'s Node<'a>, Path)> {
        self.template.get("spec").map(|spec| (spec, self.path.clone().key("spec")))
    }

    /// The labels of its pods.
    pub fn labels(&self) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s, 'a> {
        labels(self.template.at(&["metadata", "labels"]))
    }

    /// The containers, init containers first as they run.
    #[must_use]
    pub fn containers(&self) -> Vec<Container<'s, 'a>> {
        let mut containers = Vec::new();
        let Some((spec, path)) = self.spec() else { return containers };
        for (key, is_init) in [("initContainers", true), ("containers", false)] {
            let items = spec.get(key).and_then(Node::as_sequence).unwrap_or_default();
            for (index, node) in items.iter().enumerate() {
                containers.push(Container { path: path.clone().key(key).index(index), node, is_init });
            }
        }
        containers
    }
}

impl<'s, 'a> Container<'s, 'a> {
    /// Its name, or empty.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.node.get("name").and_then(Node::as_str).unwrap_or_default()
    }

    /// A list it holds, each item with its path.
    pub fn list(&self, key: &str) -> impl Iterator<Item = (Path, &'s Node<'a>)> + use<'s, 'a> {
        let path = self.path.clone().key(key);
        let items = self.node.get(key).and_then(Node::as_sequence).unwrap_or_default();
        items.iter().enumerate().map(move |(index, item)| (path.clone().index(index), item))
    }
}

/// The entries of a mapping of strings, such as labels.
pub(crate) fn labels<'s>(node: Option<&'s Node<'_>>) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s> {
    let entries = node.and_then(Node::as_mapping).map(|mapping| mapping.entries()).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.value.as_str().map(|value| (entry.key.as_ref(), value)))
}

#[cfg(test)]
mod tests {
    use crate::objects::Objects;

    #[test]
    fn every_kind_of_workload_has_its_template() {
        let stream = b"{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {initContainers: [{name: i}], containers: [{name: c}]}}}}
---
{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: j}]}}}}}}
---
{apiVersion: v1, kind: Pod, metadata: {labels: {a: b}}, spec: {containers: [{name: p}]}}
---
{apiVersion: example.com/v1, kind: Deployment, spec: {template: {}}}
";
        let objects = Objects::read(stream).unwrap();
        let found: Vec<_> = objects
            .pod_templates()
            .flat_map(|template| template.containers())
            .map(|container| (container.path.to_string(), container.name().to_owned()))
            .collect();
        let expected = [
            ("spec.template.spec.initContainers[0]", "i"),
            ("spec.template.spec.containers[0]", "c"),
            ("spec.jobTemplate.spec.template.spec.containers[0]", "j"),
            ("spec.containers[0]", "p"),
        ];
        assert_eq!(found, expected.map(|(path, name)| (path.to_owned(), name.to_owned())));
        let pod = objects.pod_templates().last().unwrap();
        assert_eq!(pod.labels().collect::<Vec<_>>(), [("a", "b")]);
    }
}
