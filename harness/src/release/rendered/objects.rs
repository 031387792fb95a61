//! Two streams of one cell: objects that go, come, are renamed or change.
//!
//! Depends on [`crate::objects`].

use super::super::Bump;
use super::immutable;
use crate::objects::{Object, Objects, ObjectsError, PodTemplate};
use gift_plugin::yaml::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many changed fields of an object are told.
const TOLD: usize = 3;

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) bump: Bump,
    /// The template it comes from.
    pub(super) template: String,
    pub(super) message: String,
}

/// What an object is known by to a cluster, whatever the version of its API.
type Key<'s> = (&'s str, &'s str, &'s str, &'s str);

fn key<'s>(object: &'s Object<'_>) -> Key<'s> {
    (object.group(), object.kind(), object.namespace(), object.name())
}

fn title(object: &Object<'_>) -> String {
    match object.namespace() {
        "" => format!("{} {}", object.kind(), object.name()),
        namespace => format!("{} {namespace}/{}", object.kind(), object.name()),
    }
}

/// Compares two streams that were rendered with these versions in `Chart.yaml`.
pub(super) fn compare(
    before: &[u8],
    after: &[u8],
    versions: (&str, &str),
) -> Result<Vec<Difference>, ObjectsError> {
    let (before, after) = (Objects::read(before)?, Objects::read(after)?);
    let mut new: BTreeMap<Key<'_>, &Object<'_>> = after.iter().map(|object| (key(object), object)).collect();
    let mut gone = Vec::new();
    let mut differences = Vec::new();
    for old in &before {
        match new.remove(&key(old)) {
            Some(now) => differences.extend(changed(old, now, versions)),
            None => gone.push(old),
        }
    }
    for old in gone {
        let bump = if old.is_hook() { Bump::Patch } else { Bump::Major };
        let renamed = new.values().copied().find(|now| is_renamed(old, now, versions));
        let message = match renamed {
            Some(now) => {
                new.remove(&key(now));
                format!("{} is called {} now, so one goes and another is made", title(old), title(now))
            }
            None if old.annotation("helm.sh/resource-policy") == Some("keep") => {
                format!("{} is gone, and an upgrade leaves it behind", title(old))
            }
            None => format!("{} is gone, and an upgrade removes it", title(old)),
        };
        differences.push(Difference { bump, template: old.source().to_owned(), message });
    }
    for object in new.into_values() {
        // Hooks come and go with each upgrade.
        let bump = if object.is_hook() { Bump::Patch } else { Bump::Minor };
        let message = format!("{} is new", title(object));
        differences.push(Difference { bump, template: object.source().to_owned(), message });
    }
    Ok(differences)
}

/// Whether an object is another under a new name: what both state is the same but for it, wherever it stands, or but
/// for the name alone.
fn is_renamed(old: &Object<'_>, now: &Object<'_>, versions: (&str, &str)) -> bool {
    if (old.group(), old.kind()) != (now.group(), now.kind()) {
        return false;
    }
    let as_now = |mut object: Value| {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("name".to_owned(), now.name().into());
            metadata.insert("namespace".to_owned(), now.namespace().into());
        }
        object
    };
    let there = as_now(now.to_json());
    let everywhere = old.to_json().to_string().replace(old.name(), now.name());
    let everywhere = serde_json::from_str(&everywhere).unwrap_or_default();
    [old.to_json(), everywhere].into_iter().any(|object| fields(&as_now(object), &there, versions).is_empty())
}

/// The fields that differ in more than the chart's version.
fn fields(before: &Value, after: &Value, (version, next): (&str, &str)) -> Vec<Path> {
    let text = |root: &Value, path: &Path| {
        let mut node = root.clone();
        for segment in path.segments() {
            let inner = match segment {
                gift_plugin::yaml::Segment::Key(key) => node.get(key),
                gift_plugin::yaml::Segment::Index(index) => node.get(index),
            };
            node = inner?.clone();
        }
        node.as_str().map(str::to_owned)
    };
    let mut paths = crate::assertions::differences(before, after);
    paths.retain(|path| match (text(before, path), text(after, path)) {
        (Some(before), Some(after)) => before.replace(version, next) != after,
        _ => true,
    });
    paths
}

fn changed(old: &Object<'_>, now: &Object<'_>, versions: (&str, &str)) -> Vec<Difference> {
    let (before, after) = (old.to_json(), now.to_json());
    let difference = |bump, message| Difference {
        bump,
        template: now.source().to_owned(),
        message: format!("{}: {message}", title(now)),
    };
    if !old.is_hook() {
        // With the versions as they are: a selector with a version in it is another with each.
        let immutable = immutable::changed(old.group(), &before, &after);
        if !immutable.is_empty() {
            let message = format!(
                "{} changed, which no API server lets happen: an upgrade fails",
                immutable.join(", ")
            );
            return vec![difference(Bump::Major, message)];
        }
    }
    let paths = fields(&before, &after, versions);
    if paths.is_empty() {
        return Vec::new();
    }
    let told: Vec<String> = paths.iter().take(TOLD).map(ToString::to_string).collect();
    let more = paths.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let template = PodTemplate::of(now).map(|template| template.path);
    let restarts = template
        .is_some_and(|template| paths.iter().any(|path| path.segments().starts_with(template.segments())));
    let restarts = if restarts { "; its pods are replaced" } else { "" };
    vec![difference(Bump::Patch, format!("{}{more} changed{restarts}", told.join(", ")))]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "\
# Source: web/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {helm.sh/chart: web-1.0.0}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'shop/web:7'}]}
---
# Source: web/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
";

    fn told(before: &str, after: &str) -> Vec<String> {
        let differences = compare(before.as_bytes(), after.as_bytes(), ("1.0.0", "2.0.0")).unwrap();
        differences.iter().map(|difference| format!("{} {}", difference.bump, difference.message)).collect()
    }

    #[test]
    fn the_charts_version_is_no_change() {
        assert_eq!(told(WEB, WEB), [""; 0]);
        assert_eq!(told(WEB, &WEB.replace("web-1.0.0", "web-2.0.0")), [""; 0]);
        assert_eq!(
            told(WEB, &WEB.replace("apps/v1", "apps/v1beta2")),
            ["patch Deployment shop/web: apiVersion changed"]
        );
    }

    #[test]
    fn an_object_that_goes_breaks_and_one_that_comes_is_new() {
        let (deployment, service) = WEB.split_once("---\n").unwrap();
        assert_eq!(told(WEB, deployment), ["major Service shop/web is gone, and an upgrade removes it"]);
        assert_eq!(told(deployment, WEB), ["minor Service shop/web is new"]);
        let moved = service.replace("namespace: shop", "namespace: store");
        assert_eq!(
            told(service, &moved),
            ["major Service shop/web is called Service store/web now, so one goes and another is made"]
        );
    }

    #[test]
    fn an_object_under_another_name_is_told_once() {
        let (_, service) = WEB.split_once("---\n").unwrap();
        let renamed = service.replace("name: web", "name: front");
        assert_eq!(
            told(service, &renamed),
            ["major Service shop/web is called Service shop/front now, so one goes and another is made"]
        );
    }

    #[test]
    fn a_name_may_be_another_in_one_place_or_in_all() {
        let (deployment, _) = WEB.split_once("---\n").unwrap();
        for renamed in
            [deployment.replacen("name: web", "name: front", 1), deployment.replace("web", "front")]
        {
            let expected = "is called Deployment shop/front now, so one goes and another is made";
            assert!(told(deployment, &renamed)[0].ends_with(expected), "{:?}", told(deployment, &renamed));
        }
        let other = deployment.replacen("name: web", "name: front", 1).replace("web:7", "web:8");
        assert_eq!(told(deployment, &other).len(), 2);
    }

    #[test]
    fn a_field_that_may_not_change_breaks() {
        let changed = WEB.replace("matchLabels: {app: web}", "matchLabels: {app: front}");
        let expected = "major Deployment shop/web: spec.selector changed, which no API server lets happen: an upgrade fails";
        assert_eq!(told(WEB, &changed), [expected]);
        let versioned = |version: &str| {
            WEB.replace("matchLabels: {app: web}", &format!("matchLabels: {{app: web-{version}}}"))
        };
        assert_eq!(told(&versioned("1.0.0"), &versioned("2.0.0")), [expected]);
    }

    #[test]
    fn pods_that_are_replaced_are_told() {
        let changed = WEB.replace("shop/web:7", "shop/web:8");
        assert_eq!(
            told(WEB, &changed),
            [
                "patch Deployment shop/web: spec.template.spec.containers[0].image changed; its pods are replaced"
            ]
        );
        let changed = WEB.replace("port: 80", "port: 81");
        assert_eq!(told(WEB, &changed), ["patch Service shop/web: spec.ports[0].port changed"]);
    }

    #[test]
    fn hooks_come_and_go() {
        let hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\nspec: {template: {a: 1}}\n";
        let other = hook.replace("a: 1", "a: 2");
        assert_eq!(told(hook, "---\n"), ["patch Job test is gone, and an upgrade removes it"]);
        assert_eq!(told(hook, &other).len(), 1);
        assert!(told(hook, &other)[0].starts_with("patch "), "{:?}", told(hook, &other));
    }
}
