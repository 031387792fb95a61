//! The pods of a stream, found by the labels that selectors ask for.
//!
//! Every Service, disruption budget and workload looks for pods; to try each on all of them would cost the
//! square of what a stream holds. Depends on [`crate::objects`].

use super::Context;
use super::namespace::effective;
use crate::objects::{Objects, PodTemplate, Selector};
use std::collections::{BTreeMap, HashMap};

/// The pods some workload makes.
pub(super) struct Pods<'s, 'a> {
    pub(super) template: PodTemplate<'s, 'a>,
    pub(super) namespace: &'s str,
    pub(super) labels: BTreeMap<&'s str, &'s str>,
}

/// The pods of all workloads, by namespace and label.
pub(super) struct PodIndex<'s, 'a> {
    pods: Vec<Pods<'s, 'a>>,
    places: HashMap<(&'s str, &'s str, &'s str), Vec<usize>>,
}

impl<'s, 'a> PodIndex<'s, 'a> {
    pub(super) fn new(objects: &'s Objects<'a>, context: &Context<'s>) -> Self {
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        let mut pods = Vec::new();
        for template in objects.pod_templates() {
            let namespace = effective(template.object, context);
            let labels: BTreeMap<_, _> = template.labels().collect();
            for (key, value) in &labels {
                places.entry((namespace, *key, *value)).or_default().push(pods.len());
            }
            pods.push(Pods { template, namespace, labels });
        }
        Self { pods, places }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pods<'s, 'a>> {
        self.pods.iter()
    }

    /// The pods of a namespace that a selector selects, in the order of the stream.
    pub(super) fn selected(&self, namespace: &str, selector: &Selector<'_>) -> Vec<&Pods<'s, 'a>> {
        let having =
            |(key, value)| self.places.get(&(namespace, key, value)).map(Vec::as_slice).unwrap_or_default();
        let is_selected =
            |pods: &&Pods<'_, '_>| pods.namespace == namespace && selector.selects(&pods.labels);
        // All of them have the label that the fewest pods have.
        match selector.labels().map(having).min_by_key(|places| places.len()) {
            Some(places) => {
                places.iter().filter_map(|place| self.pods.get(*place)).filter(is_selected).collect()
            }
            None => self.pods.iter().filter(is_selected).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_are_found_that_a_look_at_each_would_find() {
        let pod = |name: &str, namespace: &str, labels: &str| {
            format!(
                "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {labels}}}}}\n"
            )
        };
        let stream = [
            pod("a", "x", "{app: web, tier: front}"),
            pod("b", "x", "{app: web}"),
            pod("c", "y", "{app: web, tier: front}"),
            pod("d", "x", "{tier: front}"),
            pod("e", "x", "{}"),
        ]
        .concat();
        let selectors = "{matchLabels: {app: web}}\n---\n{matchLabels: {app: web, tier: front}}\n---\n{matchLabels: {app: other}}\n---\n{matchExpressions: [{key: app, operator: In, values: [web, other]}]}\n---\n{matchLabels: {tier: front}, matchExpressions: [{key: app, operator: DoesNotExist}]}\n---\n{matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}\n---\n{}\n";
        let (objects, selectors) =
            (Objects::read(stream.as_bytes()).unwrap(), Objects::read(selectors.as_bytes()).unwrap());
        let pods = PodIndex::new(&objects, &Context::default());
        let mut found = Vec::new();
        for selector in selectors.iter().map(|object| Selector::of(object.root())) {
            for namespace in ["x", "y", "z"] {
                let names = |pods: &[&Pods<'_, '_>]| -> Vec<_> {
                    pods.iter().map(|pods| pods.template.object.name().to_owned()).collect()
                };
                let is_selected =
                    |pods: &&Pods<'_, '_>| pods.namespace == namespace && selector.selects(&pods.labels);
                let expected: Vec<_> = pods.iter().filter(is_selected).collect();
                let selected = names(&pods.selected(namespace, &selector));
                assert_eq!(selected, names(&expected), "{selector:?}");
                found.push(selected.concat());
            }
        }
        let in_x = ["ab", "a", "", "ab", "d", "be", "abde"];
        assert_eq!(found.iter().step_by(3).collect::<Vec<_>>(), in_x.each_ref());
    }
}
