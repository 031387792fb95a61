//! NetworkPolicies that let through too much, or too little.

use super::super::Operator;
use super::super::edit::{remove, remove_item, replace};
use super::super::subject::Subject;
use super::ports::shift;
use crate::objects::Object;
use gift_plugin::yaml::{Node, Path};

pub(super) static WIDENED: Operator = Operator {
    id: "network-policy-widened",
    mistake: "A rule of a NetworkPolicy loses its peers, and so lets everybody through.",
    find: |subject| {
        rules(subject, |subject, object, rule, path| {
            for peers in ["from", "to"] {
                if rule.get(peers).is_some() {
                    let edit = remove(subject.text(), rule, peers);
                    subject.add(object, path.clone().key(peers), format!("`{peers}` dropped"), edit);
                }
            }
        });
    },
};

pub(super) static NARROWED: Operator = Operator {
    id: "network-policy-peer-changed",
    mistake: "A NetworkPolicy lets pods through that are not there, and not those that need to.",
    find: |subject| {
        rules(subject, |subject, object, rule, path| {
            for field in ["from", "to"] {
                let peers = rule.get(field).and_then(Node::as_sequence).unwrap_or_default();
                for (index, peer) in peers.iter().enumerate() {
                    let labels = peer.at(&["podSelector", "matchLabels"]).and_then(Node::as_mapping);
                    let Some(entry) = labels.and_then(|labels| labels.entries().first()) else { continue };
                    let Some(value) = entry.value.as_str() else { continue };
                    let edit = replace(subject.text(), &entry.value, format!("{value}-x"));
                    let path = path.clone().key(field).index(index).key("podSelector");
                    let path = path.key("matchLabels").key(entry.key.as_ref());
                    subject.add(object, path, format!("{value} becomes {value}-x"), edit);
                }
            }
        });
    },
};

pub(super) static PORT_SHIFTED: Operator = Operator {
    id: "network-policy-port-shifted",
    mistake: "A NetworkPolicy opens another port than the one that is used.",
    find: |subject| {
        rules(subject, |subject, object, rule, path| {
            let ports = rule.get("ports").and_then(Node::as_sequence).unwrap_or_default();
            for (index, port) in ports.iter().enumerate() {
                if let Some(port) = port.get("port") {
                    shift(subject, object, path.clone().key("ports").index(index).key("port"), port);
                }
            }
        });
    },
};

pub(super) static DROPPED: Operator = Operator {
    id: "network-policy-rule-dropped",
    mistake: "A rule of a NetworkPolicy is taken out, and what needs it is cut off.",
    find: |subject| {
        for object in subject.objects.kind("NetworkPolicy") {
            for direction in ["ingress", "egress"] {
                let Some(list) = object.root().at(&["spec", direction]) else { continue };
                for index in 0..list.as_sequence().unwrap_or_default().len() {
                    let path = Path::root().key("spec").key(direction).index(index);
                    let edit = remove_item(subject.text(), list, index);
                    subject.add(object, path, "rule dropped", edit);
                }
            }
        }
    },
};

fn rules<'s, 'a>(
    subject: &mut Subject<'s, 'a>,
    visit: impl Fn(&mut Subject<'s, 'a>, &'s Object<'a>, &'s Node<'a>, Path),
) {
    for object in subject.objects.kind("NetworkPolicy") {
        for direction in ["ingress", "egress"] {
            let rules =
                object.root().at(&["spec", direction]).and_then(Node::as_sequence).unwrap_or_default();
            for (index, rule) in rules.iter().enumerate() {
                visit(subject, object, rule, Path::root().key("spec").key(direction).index(index));
            }
        }
    }
}
