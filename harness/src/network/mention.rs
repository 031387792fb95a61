//! Hosts that a container's settings name: in its variables, arguments and commands.

use crate::objects::{Container, Object, Objects, scalar_text};
use gift_plugin::yaml::{Node, Path};
use std::borrow::Cow;
use std::collections::HashMap;

/// A text a container is given, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'s> {
    pub(crate) path: Path,
    pub(crate) text: Cow<'s, str>,
}

/// A host that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mention<'t> {
    /// As written: `redis`, `redis.shop.svc.cluster.local`.
    pub(crate) host: &'t str,
    /// The port written beside it, or that of the scheme.
    pub(crate) port: Option<u16>,
    /// Whether something connects to it: it stands in a URL, or is what `nc` waits for.
    pub(crate) is_certain: bool,
    /// Whether `nc` waits for it.
    pub(crate) is_wait: bool,
}

/// The values of ConfigMaps, by namespace, name and key.
#[derive(Debug)]
pub(crate) struct Settings<'s>(HashMap<(&'s str, &'s str, &'s str), &'s str>);

impl<'s> Settings<'s> {
    pub(crate) fn of<'a>(objects: &'s Objects<'a>, namespace: impl Fn(&'s Object<'a>) -> &'s str) -> Self {
        let mut settings = HashMap::new();
        for object in objects.kind("ConfigMap").filter(|object| object.group().is_empty()) {
            let data = object.root().get("data").and_then(Node::as_mapping);
            for entry in data.map(|data| data.entries()).unwrap_or_default() {
                if let Some(value) = entry.value.as_str() {
                    settings.insert((namespace(object), object.name(), entry.key.as_ref()), value);
                }
            }
        }
        Self(settings)
    }

    /// The texts a container is given: variables, those from ConfigMaps by key among them, and what it runs.
    pub(crate) fn texts(&self, container: &Container<'s, '_>, namespace: &'s str) -> Vec<Text<'s>> {
        let mut texts = Vec::new();
        for (path, variable) in container.list("env") {
            if let Some(value) = variable.get("value").and_then(Node::as_str) {
                texts.push(Text { path: path.key("value"), text: value.into() });
            } else if let Some(reference) = variable.at(&["valueFrom", "configMapKeyRef"])
                && let (Some(name), Some(key)) = (
                    reference.get("name").and_then(Node::as_str),
                    reference.get("key").and_then(Node::as_str),
                )
                && let Some(value) = self.0.get(&(namespace, name, key))
            {
                texts.push(Text { path: path.key("valueFrom"), text: (*value).into() });
            }
        }
        // Together, for `nc -z redis 6379` may be four items.
        let words: Vec<_> = ["command", "args"]
            .iter()
            .flat_map(|key| container.list(key))
            .map(|(_, word)| scalar_text(word))
            .collect();
        if !words.is_empty() {
            let key = if container.node.get("command").is_some() { "command" } else { "args" };
            texts.push(Text { path: container.path.clone().key(key), text: words.join(" ").into() });
        }
        texts
    }
}

fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Whether a word may be the name of a host: lower case, and no number or address.
fn is_name(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The hosts a text names.
pub(crate) fn mentions(text: &str) -> Vec<Mention<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // What `nc` was given so far, `None` elsewhere.
    let mut waiting: Option<Option<&str>> = None;
    while at < bytes.len() {
        if !is_of_host(bytes[at]) {
            if matches!(bytes[at], b';' | b'&' | b'|' | b'\n' | b')' | b'<' | b'>') {
                waiting = None;
            }
            at += 1;
            continue;
        }
        let end = (at..bytes.len()).find(|end| !is_of_host(bytes[*end])).unwrap_or(bytes.len());
        let (before, raw, after) = (&text[..at], &text[at..end], &text[end..]);
        let word = raw.trim_matches(['.', '-', '_']);
        let is_alone = before.is_empty() || before.ends_with([' ', '\t', '\n', '"', '\'']);
        at = end;
        let port = after.strip_prefix(':').and_then(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..digits].parse::<u16>().ok()
        });
        let url = before.rsplit_once("://");
        let url = url.filter(|(_, between)| !between.contains([' ', '"', '\'', '\n']));
        let scheme = url.and_then(|(before, between)| {
            // Between the scheme and the host at most a user, or hosts before this one.
            let is_authority = !between.contains(['/', '?', '$']);
            is_authority
                .then(|| before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        });
        match (scheme, port) {
            (Some(_), _) if after.starts_with('@') => {}
            (Some(scheme), _) if is_name(word) => {
                let usual = match scheme {
                    "http" | "ws" => Some(80),
                    "https" | "wss" => Some(443),
                    _ => None,
                };
                // What stands behind a colon of `user:password@` is no host.
                let is_password = after.find('@').is_some_and(|at| !after[..at].contains(['/', ' ', ',']));
                if !is_password {
                    found.push(Mention {
                        host: word,
                        port: port.or(usual),
                        is_certain: true,
                        is_wait: false,
                    });
                }
            }
            (None, Some(port)) if is_name(word) && url.is_none() => {
                let is_host = !before.ends_with(['/', '@', ':']);
                if is_host {
                    found.push(Mention {
                        host: word,
                        port: Some(port),
                        is_certain: waiting.is_some(),
                        is_wait: waiting.is_some(),
                    });
                }
            }
            _ if is_alone && matches!(word, "nc" | "ncat" | "netcat") => {
                waiting = Some(None);
                continue;
            }
            _ => {}
        }
        if let Some(host) = waiting {
            match host {
                Some(host) => {
                    if let Ok(port) = word.parse() {
                        found.push(Mention { host, port: Some(port), is_certain: true, is_wait: true });
                    }
                    waiting = None;
                }
                None if is_name(raw) && is_alone && port.is_none() => {
                    waiting = Some(Some(word));
                }
                None => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        mentions(text)
            .iter()
            .map(|mention| {
                let port = mention.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
                let certain = if mention.is_certain { "" } else { " perhaps" };
                format!("{} {port}{certain}", mention.host)
            })
            .collect()
    }

    #[test]
    fn hosts_are_found_where_they_are_named() {
        for (text, expected) in [
            ("http://api-gateway:8080/health", &["api-gateway 8080"][..]),
            ("https://pay.shop.svc.cluster.local/x?u=a:1", &["pay.shop.svc.cluster.local 443"]),
            ("jdbc:postgresql://postgres:5432/app?ssl=true", &["postgres 5432"]),
            ("redis://:secret@redis:6379/0", &["redis 6379"]),
            ("amqp://user:secret@rabbit:5672", &["rabbit 5672"]),
            (
                "kafka-0.kafka:9092,kafka-1.kafka:9092",
                &["kafka-0.kafka 9092 perhaps", "kafka-1.kafka 9092 perhaps"],
            ),
            ("mongodb://a:27017,b:27017/db", &["a 27017", "b 27017"]),
            ("until nc -z redis 6379; do sleep 1; done", &["redis 6379"]),
            ("sh -c until nc -zv -w 2 db.shop.svc 5432 >/dev/null; do sleep 2; done", &["db.shop.svc 5432"]),
            ("http://web", &["web 80"]),
            ("mongodb://db/x", &["db -"]),
            ("PLAINTEXT://:9092", &[]),
            ("http://10.0.0.1:80 http://$(HOST):80 http://${HOST}:80", &[]),
            ("12:30 4:5 Redis:6379", &[]),
            ("sleep 5", &[]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
