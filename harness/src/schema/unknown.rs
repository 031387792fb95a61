//! The custom resources nothing is known of, which are told once and count as no mistake.

use super::{CustomSchemas, Schemas};
use crate::objects::Objects;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many objects of which kinds have no schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unknown {
    /// By `<kind> of <API version>`.
    counts: BTreeMap<String, usize>,
}

impl Unknown {
    /// Those of a stream.
    #[must_use]
    pub fn of(objects: &Objects<'_>, schemas: &Schemas) -> Self {
        let schemas = schemas.clone().with(Arc::new(CustomSchemas::of_stream(objects)));
        let mut unknown = Self::default();
        for object in objects {
            if !object.kind().is_empty() && !schemas.knows(object) {
                let kind = format!("{} of {}", object.kind(), object.api_version());
                *unknown.counts.entry(kind).or_default() += 1;
            }
        }
        unknown
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// These and those of another stream.
    pub fn extend(&mut self, other: &Self) {
        for (kind, count) in &other.counts {
            *self.counts.entry(kind.clone()).or_default() += count;
        }
    }

    /// A line that counts and names them; `None` when there are none.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let count: usize = self.counts.values().sum();
        let kinds: Vec<&str> = self.counts.keys().map(String::as_str).collect();
        let (objects, are) = if count == 1 { ("custom resource", "is") } else { ("custom resources", "are") };
        (count > 0).then(|| {
            format!(
                "{count} {objects} of no known schema {are} not held against one ({}); `--schemas DIR` takes their \
                 CustomResourceDefinitions",
                kinds.join(", ")
            )
        })
    }
}
