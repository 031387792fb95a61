//! Mounts and volumes that no longer meet.

use super::super::Operator;
use super::super::edit::{remove_item, replace};
use gift_plugin::yaml::Node;

pub(super) static DROPPED: Operator = Operator {
    id: "volume-dropped",
    mistake: "A volume is taken out and its mounts stay; the API server refuses the pod.",
    find: |subject| {
        for (template, spec, path) in subject.pods() {
            let Some(list) = spec.get("volumes") else { continue };
            for (index, volume) in list.as_sequence().unwrap_or_default().iter().enumerate() {
                let name = volume.get("name").and_then(Node::as_str);
                let is_mounted = template.containers().iter().any(|container| {
                    container
                        .list("volumeMounts")
                        .any(|(_, mount)| mount.get("name").and_then(Node::as_str) == name)
                });
                if let (Some(name), true) = (name, is_mounted) {
                    let path = path.clone().key("volumes").index(index);
                    let edit = remove_item(subject.text(), list, index);
                    subject.add(template.object, path, format!("volume {name} dropped"), edit);
                }
            }
        }
    },
};

pub(super) static MOUNT_RENAMED: Operator = Operator {
    id: "mount-renamed",
    mistake: "A container mounts a volume that its pod does not have; the API server refuses the pod.",
    find: |subject| {
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for (path, mount) in container.list("volumeMounts") {
                    let Some(node) = mount.get("name") else { continue };
                    let Some(name) = node.as_str() else { continue };
                    let edit = replace(subject.text(), node, format!("{name}-x"));
                    subject.add(template.object, path.key("name"), format!("{name} becomes {name}-x"), edit);
                }
            }
        }
    },
};
