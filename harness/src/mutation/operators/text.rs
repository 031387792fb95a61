//! Text that templates leave behind.

use super::super::Operator;
use super::super::edit::replace;
use super::super::subject::Subject;
use crate::objects::Object;
use gift_plugin::yaml::{Node, Path, Value};

pub(super) static PLACEHOLDER: Operator = Operator {
    id: "placeholder",
    mistake: "A blank that somebody was to fill in reaches the cluster.",
    find: |subject| texts(subject, "CHANGE_ME"),
};

pub(super) static TEMPLATE: Operator = Operator {
    id: "template-left",
    mistake: "A value holds a template that nobody rendered.",
    find: |subject| texts(subject, "{{ .Values.host }}"),
};

pub(super) static NO_VALUE: Operator = Operator {
    id: "no-value",
    mistake: "A template printed a value that was not there.",
    find: |subject| texts(subject, "<no value>"),
};

pub(super) static SCIENTIFIC: Operator = Operator {
    id: "scientific-number",
    mistake: "A large number is printed as a float; who reads it takes it for text, or for another number.",
    find: |subject| {
        values(subject, &mut |subject, object, path, node| {
            let number = node.as_str().is_some_and(|text| text.parse::<u32>().is_ok_and(|number| number > 9));
            if number || matches!(node.value, Value::Int(10..)) {
                let edit = replace(subject.text(), node, "\"1e+06\"");
                subject.add(object, path, "a number becomes 1e+06", edit);
            }
        });
    },
};

fn texts(subject: &mut Subject<'_, '_>, left: &str) {
    values(subject, &mut |subject, object, path, node| {
        if node.as_str().is_some_and(|text| !text.is_empty()) {
            let edit = replace(subject.text(), node, format!("{left:?}"));
            subject.add(object, path, format!("the value becomes {left}"), edit);
        }
    });
}

/// Calls `visit` with the literal values of ConfigMaps and variables.
fn values<'s, 'a>(
    subject: &mut Subject<'s, 'a>,
    visit: &mut dyn FnMut(&mut Subject<'s, 'a>, &'s Object<'a>, Path, &'s Node<'a>),
) {
    for object in subject.objects.kind("ConfigMap") {
        let data = object.root().get("data").and_then(Node::as_mapping);
        for entry in data.map(|data| data.entries()).unwrap_or_default() {
            let path = Path::root().key("data").key(entry.key.as_ref());
            visit(subject, object, path, &entry.value);
        }
    }
    for template in subject.objects.pod_templates() {
        for container in template.containers() {
            for (path, variable) in container.list("env") {
                if let Some(value) = variable.get("value") {
                    visit(subject, template.object, path.key("value"), value);
                }
            }
        }
    }
}
