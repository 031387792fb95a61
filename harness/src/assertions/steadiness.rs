//! Whether a stream changes in what it may, and in nothing else, when images and the chart's version do.
//!
//! One rendering with both changes answers what `reproducible`, `image-change` and `chart-version-change` ask
//! with a rendering each: whatever is not steady is looked at by them, which tell what changes and why.

use super::stability::{TAG, other_tags};
use super::{Change, Context};
use crate::objects::{Object, Objects, PodTemplate};
use gift_plugin::yaml::{Node, Path, Segment, Value};
use serde_json::json;

/// Whether the assertions about renderings would find nothing. `false` where that cannot be told.
pub(crate) fn is_steady(context: &Context<'_>) -> bool {
    let (Some(here), Some(variations)) = (context.rendered, context.variations) else { return false };
    let tags = other_tags(context).unwrap_or_else(|| json!({}));
    let Ok(there) = variations.render(&Change::ValuesAndChartVersion(tags)) else { return false };
    if here == there {
        return true;
    }
    let versions = variations.chart_versions();
    let versions = versions.as_ref().map(|(version, next)| (version.as_str(), next.as_str()));
    let (Ok(here), Ok(there)) = (std::str::from_utf8(here), std::str::from_utf8(&there)) else {
        return false;
    };
    if has_aliases(here) {
        // A line may stand for more than one place then.
        return false;
    }
    let changed = changed_lines(here, there, versions);
    changed.is_some_and(|changed| {
        Objects::read(here.as_bytes()).is_ok_and(|objects| are_allowed(&objects, &changed))
    })
}

/// A line that changed, by the first byte of it in the stream that did.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    at: usize,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Image,
    ChartVersion,
}

/// The lines that differ and what each of them comes from; `None` when one of them comes from neither.
fn changed_lines(here: &str, there: &str, versions: Option<(&str, &str)>) -> Option<Vec<Changed>> {
    let mut changed = Vec::new();
    let (mut ours, mut theirs) = (here.split_inclusive('\n'), there.split_inclusive('\n'));
    let mut start = 0;
    loop {
        let (our, their) = match (ours.next(), theirs.next()) {
            (None, None) => return Some(changed),
            (Some(our), Some(their)) => (our, their),
            _ => return None,
        };
        if our != their {
            let same = our.bytes().zip(their.bytes()).take_while(|(our, their)| our == their).count();
            changed.push(Changed { at: start + same, cause: cause(our, their, versions)? });
        }
        start += our.len();
    }
}

/// Whether something in the stream looks like an alias; what only looks like one costs time, no more.
fn has_aliases(stream: &str) -> bool {
    stream.as_bytes().windows(3).any(|around| {
        around[1] == b'*'
            && (around[0].is_ascii_whitespace() || b"[{,:".contains(&around[0]))
            && (around[2].is_ascii_alphanumeric() || b"_-".contains(&around[2]))
    })
}

fn cause(our: &str, their: &str, versions: Option<(&str, &str)>) -> Option<Cause> {
    if let Some((before, after)) = their.split_once(TAG) {
        return (our.starts_with(before) && our[before.len()..].ends_with(after)).then_some(Cause::Image);
    }
    let (version, next) = versions?;
    (our.replace(version, next) == their).then_some(Cause::ChartVersion)
}

/// Whether each change is at a place where its cause may change something.
fn are_allowed(objects: &Objects<'_>, changed: &[Changed]) -> bool {
    let mut left = changed;
    for object in objects {
        let span = object.span();
        let here = left.iter().take_while(|changed| changed.at < span.end).count();
        let (own, rest) = left.split_at(here);
        if !own.iter().all(|changed| span.start <= changed.at && is_allowed(object, changed)) {
            return false;
        }
        left = rest;
    }
    left.is_empty()
}

fn is_allowed(object: &Object<'_>, changed: &Changed) -> bool {
    let Some(path) = path_at(object.root(), changed.at) else { return false };
    match changed.cause {
        Cause::Image => matches!(path.segments().last(), Some(Segment::Key(key)) if key == "image"),
        Cause::ChartVersion => !is_in_pods(object, &path),
    }
}

/// Whether a path leads into what a workload's pods are made of, or chosen by.
pub(super) fn is_in_pods(object: &Object<'_>, path: &Path) -> bool {
    let Some(template) = PodTemplate::of(object) else { return false };
    let is_in = |outer: &Path| path.segments().starts_with(outer.segments());
    let spec = Path::root().key("spec");
    // The labels of a Pod itself may change while it runs.
    let pods = if template.path == Path::root() { spec.clone() } else { template.path };
    is_in(&pods) || is_in(&spec.key("selector"))
}

/// The path of the scalar a byte of the stream is in.
fn path_at(root: &Node<'_>, at: usize) -> Option<Path> {
    let is_in = |node: &Node<'_>| (node.span.start..node.span.end).contains(&at);
    let (mut node, mut path) = (root, Path::root());
    loop {
        match &node.value {
            Value::Mapping(entries) => {
                let entry = entries.entries().iter().find(|entry| is_in(&entry.value))?;
                path = path.key(entry.key.as_ref());
                node = &entry.value;
            }
            Value::Sequence(items) => {
                let index = items.iter().position(is_in)?;
                path = path.index(index);
                node = &items[index];
            }
            _ => return is_in(node).then_some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::RenderError;

    const HERE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {helm.sh/chart: web-1.0.0}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: shop/web:7
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, labels: {helm.sh/chart: web-1.0.0}}
data:
  text: |
    image: shop/web:7
";

    /// Gives one stream for every change.
    struct Answer(String);

    impl crate::assertions::Variations for Answer {
        fn render(&self, change: &Change) -> Result<Vec<u8>, RenderError> {
            assert!(matches!(change, Change::ValuesAndChartVersion(_)));
            Ok(self.0.clone().into_bytes())
        }

        fn chart_versions(&self) -> Option<(String, String)> {
            Some(("1.0.0".to_owned(), "1.0.1".to_owned()))
        }
    }

    fn steady(here: &str, there: &str) -> bool {
        let answer = Answer(there.to_owned());
        let context =
            Context { rendered: Some(here.as_bytes()), variations: Some(&answer), ..Context::default() };
        is_steady(&context)
    }

    #[test]
    fn an_image_and_a_label_of_the_chart_may_change() {
        assert!(steady(HERE, HERE));
        let image = HERE.replacen("web:7", &format!("web:{TAG}"), 1);
        assert!(steady(HERE, &image));
        assert!(steady(HERE, &image.replace("web-1.0.0", "web-1.0.1")));
    }

    #[test]
    fn everything_else_may_not() {
        for (from, to) in [
            // Not an image, though its text looks like one.
            ("|\n    image: shop/web:7\n", "|\n    image: shop/web:0.0.0-changed\n"),
            ("labels: {app: web}\n", "labels: {app: web-0.0.0-changed}\n"),
            ("name: web\n  labels", "name: web2\n  labels"),
            ("shop/web:7\n---", "other/web:0.0.0-changed\n---"),
            ("---\n", "--- \n"),
            ("data:\n", "data:\n  more: x\n"),
        ] {
            assert!(HERE.contains(from), "{from}");
            assert!(!steady(HERE, &HERE.replacen(from, to, 1)), "{to}");
        }
    }

    #[test]
    fn a_version_of_the_chart_on_pods_may_not_change() {
        let labelled =
            |version: &str| HERE.replace("app: web}", &format!("app: web, chart: web-{version}}}"));
        assert!(!steady(&labelled("1.0.0"), &labelled("1.0.1")));
        let selected = |version: &str| HERE.replace("{app: web}}", &format!("{{app: web-{version}}}}}"));
        assert!(!steady(&selected("1.0.0"), &selected("1.0.1")));
    }

    #[test]
    fn what_stands_for_several_places_is_not_decided_by_one() {
        let here = "metadata: {labels: &l {a: web-1.0.0}}\nspec: {template: {metadata: {labels: *l}}}\n";
        assert!(!steady(here, &here.replace("1.0.0", "1.0.1")));
    }
}
