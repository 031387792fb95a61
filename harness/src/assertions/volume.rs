//! Volumes are mounted, and those of one node are not shared by pods of several.

use super::{Assertion, Context, namespace::effective};
use crate::objects::{Objects, PodTemplate};
use gift_plugin::protocol::{Finding, Severity};
use gift_plugin::yaml::{Node, Path};
use std::collections::{BTreeSet, HashMap};

/// Every volume of a pod is mounted by some container of it.
pub(super) struct VolumeMounted;

fn volumes<'s>(template: &PodTemplate<'s, '_>) -> impl Iterator<Item = (Path, &'s Node<'s>)> {
    let spec = template.spec();
    let items = spec.as_ref().and_then(|(spec, _)| spec.get("volumes")?.as_sequence()).unwrap_or_default();
    let path = spec.map(|(_, path)| path).unwrap_or_default().key("volumes");
    items.iter().enumerate().map(move |(index, volume)| (path.clone().index(index), volume))
}

impl Assertion for VolumeMounted {
    fn id(&self) -> &'static str {
        "volume-mounted"
    }

    fn title(&self) -> &'static str {
        "every volume of a pod is mounted by one of its containers"
    }

    fn explanation(&self) -> &'static str {
        "A volume that nobody mounts does nothing: mostly the mount was forgotten or has another name. The pod still \
         waits for it, so a ConfigMap or claim that is not there keeps it from starting for nothing."
    }

    fn severity(&self) -> (Severity, &'static str) {
        (Severity::Warning, "The pods run as they are; what the volume was meant for is missing.")
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  volumes: [{name: cache, emptyDir: {}}, {name: tmp, emptyDir: {}}]\n  containers:\n  - name: web\n    volumeMounts: [{name: tmp, mountPath: /tmp}]\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  volumes: [{name: cache, emptyDir: {}}, {name: tmp, emptyDir: {}}]\n  containers:\n  - name: web\n    volumeMounts: [{name: tmp, mountPath: /tmp}, {name: cache, mountPath: /cache}]\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, _context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            let containers = template.containers();
            let mounts = containers
                .iter()
                .flat_map(|container| container.list("volumeMounts").chain(container.list("volumeDevices")));
            let mounted: BTreeSet<_> =
                mounts.filter_map(|(_, mount)| mount.get("name").and_then(Node::as_str)).collect();
            for (path, volume) in volumes(&template) {
                let Some(name) = volume.get("name").and_then(Node::as_str) else { continue };
                if !mounted.contains(name) {
                    let message = format!("no container mounts the volume `{name}`");
                    let help = "Mount it, or remove it.";
                    findings.push(template.object.finding(self.id(), path, message, help));
                }
            }
        }
        findings
    }
}

/// What an autoscaler multiplies does not share a claim that one node alone can mount.
pub(super) struct AutoscalerVolume;

impl Assertion for AutoscalerVolume {
    fn id(&self) -> &'static str {
        "autoscaler-volume"
    }

    fn title(&self) -> &'static str {
        "pods that an autoscaler multiplies share no volume that one node alone can mount"
    }

    fn explanation(&self) -> &'static str {
        "All pods of a Deployment mount the same claim. One with the access mode `ReadWriteOnce` is mounted on one \
         node at a time, and `ReadWriteOncePod` by one pod: the pods that an autoscaler adds on other nodes wait \
         for ever. A claim has one size as well, which the pods share however many there are. A StatefulSet's \
         `volumeClaimTemplates` give each pod a claim of its own."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 5}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 5}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteMany]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let modes = |node: &Node<'_>| -> bool {
            let modes = node.at(&["spec", "accessModes"]).and_then(Node::as_sequence).unwrap_or_default();
            let is_of_one =
                |mode: &Node<'_>| matches!(mode.as_str(), Some("ReadWriteOnce" | "ReadWriteOncePod"));
            !modes.is_empty() && modes.iter().all(is_of_one)
        };
        let claims: HashMap<_, _> = objects
            .kind("PersistentVolumeClaim")
            .map(|claim| ((effective(claim, context), claim.name()), modes(claim.root())))
            .collect();
        let workloads: HashMap<_, _> = objects
            .pod_templates()
            .map(|template| {
                let object = template.object;
                ((effective(object, context), object.kind(), object.name()), template)
            })
            .collect();
        let mut findings = Vec::new();
        for autoscaler in objects.kind("HorizontalPodAutoscaler") {
            let text = |key| autoscaler.root().at(&["spec", "scaleTargetRef", key]).and_then(Node::as_str);
            let (Some(kind), Some(name)) = (text("kind"), text("name")) else { continue };
            let namespace = effective(autoscaler, context);
            let Some(template) = workloads.get(&(namespace, kind, name)) else { continue };
            for (path, volume) in volumes(template) {
                let claim = volume.at(&["persistentVolumeClaim", "claimName"]).and_then(Node::as_str);
                let Some(claim) = claim else { continue };
                if claims.get(&(namespace, claim)) == Some(&true) {
                    let message = format!(
                        "claim `{claim}` is mounted on one node at a time, and HorizontalPodAutoscaler {} adds pods on others",
                        autoscaler.name()
                    );
                    let help = "Give each pod a volume of its own in a StatefulSet, take a claim with ReadWriteMany, \
                                or do without the autoscaler.";
                    findings.push(template.object.finding(self.id(), path, message, help));
                }
            }
        }
        findings
    }
}
