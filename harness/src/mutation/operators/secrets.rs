//! Secrets that are none.

use super::super::Operator;
use super::super::edit::{insert, insert_item, replace};
use gift_plugin::yaml::Path;

pub(super) static NOT_ENCODED: Operator = Operator {
    id: "secret-not-encoded",
    mistake: "A value under `data` is not Base64; the API server refuses.",
    find: |subject| {
        for object in subject.objects.kind("Secret") {
            let data = object.root().get("data").and_then(|data| data.as_mapping());
            for entry in data.map(|data| data.entries()).unwrap_or_default() {
                let edit = replace(subject.text(), &entry.value, "\"not encoded!\"");
                let path = Path::root().key("data").key(entry.key.as_ref());
                subject.add(object, path, "the value becomes plain text", edit);
            }
        }
    },
};

pub(super) static IN_CONFIG_MAP: Operator = Operator {
    id: "secret-in-config-map",
    mistake: "A password is kept in a ConfigMap, which anybody in the namespace may read.",
    find: |subject| {
        for object in subject.objects.kind("ConfigMap") {
            let Some(data) = object.root().get("data") else { continue };
            let edit = insert(subject.text(), data, "SMTP_PASSWORD: \"hunter2-hunter2\"");
            subject.add(object, "data.SMTP_PASSWORD", "SMTP_PASSWORD added", edit);
        }
    },
};

pub(super) static IN_VARIABLE: Operator = Operator {
    id: "secret-in-variable",
    mistake: "A password stands in a variable's value, and so in every listing of the pod.",
    find: |subject| {
        let item = "{name: SMTP_PASSWORD, value: \"hunter2-hunter2\"}";
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                let edit = match container.node.get("env") {
                    Some(list) => insert_item(subject.text(), list, item),
                    None => insert(subject.text(), container.node, &format!("env: [{item}]")),
                };
                let path = container.path.clone().key("env").index(0);
                subject.add(template.object, path, "SMTP_PASSWORD added", edit);
            }
        }
    },
};
