//! What has a name within a pod or a Service has it alone.

use super::{Assertion, Context};
use crate::objects::{Object, Objects, scalar_text};
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::{Node, Path};
use std::collections::HashSet;

/// Containers, volumes, mounts, variables and ports do not stand twice.
pub(super) struct UniqueWithin;

const RULE: &str = "unique-within";

/// The items of a list whose key somebody before them has; a key is made of several fields.
fn repeated(object: &Object<'_>, path: &Path, what: &str, keys: &[&str], findings: &mut Vec<Finding>) {
    let (list, is_there) = path.nearest(object.root());
    let items = list.as_sequence().filter(|_| is_there).unwrap_or_default();
    repeat(
        object,
        items.iter().enumerate().map(|(at, item)| (path.clone().index(at), item)),
        what,
        keys,
        findings,
    );
}

fn repeat<'s>(
    object: &Object<'_>,
    items: impl Iterator<Item = (Path, &'s Node<'s>)>,
    what: &str,
    keys: &[&str],
    findings: &mut Vec<Finding>,
) {
    let mut seen = HashSet::new();
    for (path, item) in items {
        let Some(first) = item.get(keys[0]).map(scalar_text).filter(|text| !text.is_empty()) else {
            continue;
        };
        let of = |key: &&str| {
            // The one field that has a default.
            let usual = if *key == "protocol" { "TCP" } else { "" };
            item.get(key).map_or_else(|| usual.to_owned(), scalar_text)
        };
        let others: Vec<_> = keys[1..].iter().map(of).collect();
        let told = [std::slice::from_ref(&first), &others].concat().join(" ");
        if !seen.insert((first, others)) {
            let message = format!("{what} {} stands twice", told.trim());
            findings.push(object.finding(RULE, path, message, "Remove one, or give it another name."));
        }
    }
}

impl Assertion for UniqueWithin {
    fn id(&self) -> &'static str {
        RULE
    }

    fn title(&self) -> &'static str {
        "no container, volume, mount, variable or port stands twice in a pod, no port in a Service"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses two containers or volumes of one name, two mounts of one path and two ports of one \
         name. Of two variables of one name the last one counts, and an upgrade may drop either; two ports of one \
         number and protocol in a container are one too many."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers: [{name: web}]\n  containers:\n  - name: web\n    env: [{name: MODE, value: a}, {name: MODE, value: b}]\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers: [{name: prepare}]\n  containers:\n  - name: web\n    env: [{name: MODE, value: a}]\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, _context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            let object = template.object;
            let containers = template.containers();
            let named = containers.iter().map(|container| (container.path.clone(), container.node));
            repeat(object, named, "container", &["name"], &mut findings);
            let volumes = template.path.clone().key("spec").key("volumes");
            repeated(object, &volumes, "volume", &["name"], &mut findings);
            for container in &containers {
                for (list, what, keys) in [
                    ("env", "variable", &["name"][..]),
                    ("volumeMounts", "mount path", &["mountPath"]),
                    ("ports", "port", &["name"]),
                    ("ports", "port", &["containerPort", "protocol", "hostIP"]),
                ] {
                    repeated(object, &container.path.clone().key(list), what, keys, &mut findings);
                }
            }
        }
        for service in objects.kind("Service").filter(|object| object.group().is_empty()) {
            let ports = Path::root().key("spec").key("ports");
            repeated(service, &ports, "port", &["name"], &mut findings);
            repeated(service, &ports, "port", &["port", "protocol"], &mut findings);
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    #[test]
    fn a_port_is_its_number_and_protocol() {
        let found = |ports: &str| {
            let stream = format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{ports: [{ports}]}}}}"
            );
            findings(&stream, "unique-within").into_iter().map(|finding| finding.message).collect::<Vec<_>>()
        };
        assert!(
            found("{name: a, port: 53, protocol: UDP}, {name: b, port: 53}, {name: c, port: 80}").is_empty()
        );
        assert_eq!(
            found("{name: a, port: 53, protocol: TCP}, {name: b, port: 53}"),
            ["port 53 TCP stands twice"]
        );
        assert_eq!(found("{name: a, port: 1}, {name: a, port: 2}"), ["port a stands twice"]);
    }
}
