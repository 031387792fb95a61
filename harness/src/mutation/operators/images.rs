//! Images nobody can tell the version of.

use super::super::Operator;
use super::super::edit::replace;
use super::super::subject::Subject;

pub(super) static LATEST: Operator = Operator {
    id: "image-latest",
    mistake: "An image's tag is `latest`; what runs changes without anybody deploying it.",
    find: |subject| images(subject, |repository| format!("{repository}:latest")),
};

pub(super) static UNTAGGED: Operator = Operator {
    id: "image-untagged",
    mistake: "An image has no tag, which means `latest`.",
    find: |subject| images(subject, str::to_owned),
};

fn images(subject: &mut Subject<'_, '_>, written: impl Fn(&str) -> String) {
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            let Some(node) = container.node.get("image") else { continue };
            let Some(image) = node.as_str().filter(|image| !image.is_empty()) else { continue };
            let repository = image.split('@').next().unwrap_or(image);
            // The colon behind the last slash; one before it is a registry's port.
            let name = repository.rfind('/').map_or(0, |slash| slash + 1);
            let tag = repository[name..].find(':').map_or(repository.len(), |colon| name + colon);
            let after = written(&repository[..tag]);
            if after == image {
                continue;
            }
            let edit = replace(subject.text(), node, gift_plugin::yaml::quoted(&after));
            let path = container.path.clone().key("image");
            subject.add(template.object, path, format!("{image} becomes {after}"), edit);
        }
    }
}
