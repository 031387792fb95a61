//! What stays when something else changes: renderings of the same, images, chart versions.

use super::{Assertion, Change, Context, Scope, difference::changes, steadiness::is_in_pods};
use crate::objects::Objects;
use gift_plugin::protocol::Finding;
use gift_plugin::yaml::Segment;
use serde_json::{Map, Value, json};

/// Rendering twice gives the same bytes.
pub(super) struct Reproducible;

/// A new image tag changes images and nothing else.
pub(super) struct ImageChange;

/// A new version of the chart changes no pod.
pub(super) struct ChartVersion;

/// The stream of a change, or the finding that there is none.
fn again(rule: &str, context: &Context<'_>, change: &Change) -> Option<Result<Vec<u8>, Finding>> {
    let rendered = context.variations?.render(change);
    Some(rendered.map_err(|error| {
        let message = format!("cannot be rendered again with a change: {error}");
        Finding::of_stream(rule, message, "Render with the same change by hand, and mend what Helm says.")
    }))
}

/// Two streams as objects; `None` when one is no YAML, which others find.
fn both<'a>(here: &'a [u8], there: &'a [u8]) -> Option<(Objects<'a>, Objects<'a>)> {
    Some((Objects::read(here).ok()?, Objects::read(there).ok()?))
}

impl Assertion for Reproducible {
    fn id(&self) -> &'static str {
        "reproducible"
    }

    fn title(&self) -> &'static str {
        "rendering twice gives the same bytes"
    }

    fn explanation(&self) -> &'static str {
        "Random values, the time of day and orders that are not fixed make every upgrade a change: pods restart, \
         passwords rotate, reviews of differences drown. Every stream is really rendered a second time."
    }

    fn scope(&self) -> Scope {
        Scope::Rendering
    }

    fn check(&self, _objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let (Some(rendered), Some(second)) = (context.rendered, again(self.id(), context, &Change::Nothing))
        else {
            return Vec::new();
        };
        let second = match second {
            Ok(second) if second == rendered => return Vec::new(),
            Ok(second) => second,
            Err(finding) => return vec![finding],
        };
        let help = "Look for random functions, `now`, and ranges over lists whose order is not fixed.";
        let Some((here, there)) = both(rendered, &second) else { return Vec::new() };
        let differing: Vec<_> = changes(&here, &there)
            .into_iter()
            .map(|(object, path)| object.finding(self.id(), path, "differs when rendered again", help))
            .collect();
        if !differing.is_empty() {
            return differing;
        }
        let first = here.iter().next();
        let message = "the order of objects or the spelling of values differs when rendered again";
        first.map(|object| object.finding(self.id(), "", message, help)).into_iter().collect()
    }
}

/// The tag images are given, which nothing else is called.
pub(super) const TAG: &str = "0.0.0-changed";

/// Values that give every image another tag, for trees that state a tag under `defaults` or in a
/// service; `None` when there is none to change.
pub(super) fn other_tags(context: &Context<'_>) -> Option<Value> {
    let system = context.values?.get("system")?.as_str()?;
    let tree = context.tree()?;
    let is_tagged = |holder: &Value| holder.pointer("/image/tag").is_some_and(Value::is_string);
    let mut changed = Map::new();
    if tree.get("defaults").is_some_and(is_tagged) {
        changed.insert("defaults".to_owned(), json!({"image": {"tag": TAG}}));
    }
    let services = tree.get("services").and_then(Value::as_object)?;
    let own: Map<_, _> = services
        .iter()
        .filter(|(_, service)| is_tagged(service))
        .map(|(name, _)| (name.clone(), json!({"image": {"tag": TAG}})))
        .collect();
    if !own.is_empty() {
        changed.insert("services".to_owned(), own.into());
    }
    (!changed.is_empty()).then(|| json!({ system: changed }))
}

impl Assertion for ImageChange {
    fn id(&self) -> &'static str {
        "image-change"
    }

    fn title(&self) -> &'static str {
        "a new image tag changes images and nothing else"
    }

    fn explanation(&self) -> &'static str {
        "Whoever deploys a new image expects that image to change and nothing beside it, so that the difference \
         can be reviewed at a glance. Every tag in the values is changed and the rest compared."
    }

    fn scope(&self) -> Scope {
        Scope::Rendering
    }

    fn check(&self, _objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let (Some(rendered), Some(values)) = (context.rendered, other_tags(context)) else {
            return Vec::new();
        };
        let stream = match again(self.id(), context, &Change::Values(values)) {
            None => return Vec::new(),
            Some(Ok(stream)) => stream,
            Some(Err(finding)) => return vec![finding],
        };
        let Some((here, there)) = both(rendered, &stream) else { return Vec::new() };
        let help = "Do not derive anything but `image` from the image's tag.";
        changes(&here, &there)
            .into_iter()
            .filter(|(_, path)| !matches!(path.segments().last(), Some(Segment::Key(key)) if key == "image"))
            .map(|(object, path)| object.finding(self.id(), path, "changes with the image's tag", help))
            .collect()
    }
}

impl Assertion for ChartVersion {
    fn id(&self) -> &'static str {
        "chart-version-change"
    }

    fn title(&self) -> &'static str {
        "a new version of the chart restarts no pod"
    }

    fn explanation(&self) -> &'static str {
        "A label like helm.sh/chart on pods, or in a selector, restarts everything whenever the chart gets a new \
         version, or makes the upgrade impossible. The chart is rendered with its next version and the pods of \
         both are compared."
    }

    fn scope(&self) -> Scope {
        Scope::Rendering
    }

    fn check(&self, _objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let Some(rendered) = context.rendered else { return Vec::new() };
        let stream = match again(self.id(), context, &Change::ChartVersion) {
            None => return Vec::new(),
            Some(Ok(stream)) => stream,
            Some(Err(finding)) => return vec![finding],
        };
        let Some((here, there)) = both(rendered, &stream) else { return Vec::new() };
        let help = "Keep the chart's version out of pod templates and selectors; the object's own labels may have it.";
        changes(&here, &there)
            .into_iter()
            .filter(|(object, path)| is_in_pods(object, path))
            .map(|(object, path)| {
                object.finding(self.id(), path, "changes with the version of the chart", help)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::render::RenderError;

    /// Answers every change with one stream.
    struct Answer(&'static str);

    impl crate::assertions::Variations for Answer {
        fn render(&self, _change: &Change) -> Result<Vec<u8>, RenderError> {
            Ok(self.0.as_bytes().to_vec())
        }
    }

    const HERE: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {v: '1'}}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: 'a:1'}]}}}}\n";

    fn found(id: &str, there: &'static str) -> Vec<String> {
        let objects = Objects::read(HERE.as_bytes()).unwrap();
        let values =
            json!({"system": "shop", "shop": {"defaults": {"image": {"tag": "1"}}, "services": {"a": {}}}});
        let only = [id.to_owned()];
        let context = Context {
            values: Some(&values),
            rendered: Some(HERE.as_bytes()),
            variations: Some(&Answer(there)),
            only: &only,
            ..Context::default()
        };
        check(&objects, &context).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn the_same_bytes_are_asked_for() {
        assert!(found("reproducible", HERE).is_empty());
        assert_eq!(
            found("reproducible", Box::leak(HERE.replace("'1'", "'2'").into_boxed_str())),
            ["metadata.labels.v"]
        );
        assert_eq!(
            found("reproducible", Box::leak(HERE.replace("{v: '1'}", "{v:  '1'}").into_boxed_str())),
            [""]
        );
    }

    #[test]
    fn a_tag_changes_images_alone() {
        assert!(found("image-change", Box::leak(HERE.replace("a:1", "a:2").into_boxed_str())).is_empty());
        let also: &str = Box::leak(HERE.replace("a:1", "a:2").replace("'1'", "'2'").into_boxed_str());
        assert_eq!(found("image-change", also), ["metadata.labels.v"]);
    }

    #[test]
    fn a_chart_version_changes_no_pod() {
        assert!(
            found("chart-version-change", Box::leak(HERE.replace("'1'", "'2'").into_boxed_str())).is_empty()
        );
        let pods: &str = Box::leak(HERE.replace("a: b", "a: c").into_boxed_str());
        let paths = ["spec.selector.matchLabels.a", "spec.template.metadata.labels.a"];
        assert_eq!(found("chart-version-change", pods), paths);
    }

    #[test]
    fn every_tag_in_the_values_is_changed() {
        let values = json!({"system": "shop", "shop": {"services": {"a": {"image": {"tag": "1"}}, "b": {}}}});
        let context = Context { values: Some(&values), ..Context::default() };
        let expected = json!({"shop": {"services": {"a": {"image": {"tag": "0.0.0-changed"}}}}});
        assert_eq!(other_tags(&context), Some(expected));
    }
}
