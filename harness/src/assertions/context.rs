//! What assertions may know beside the stream.

use crate::render::RenderError;
use crate::schema::Schemas;
use serde_json::Value;

/// Everything beside the stream, all of it optional: an assertion that lacks what it needs finds
/// nothing.
#[derive(Clone, Copy, Default)]
pub struct Context<'a> {
    /// The release's namespace.
    pub namespace: Option<&'a str>,
    /// The Kubernetes version it is rendered for, as `1.34`; a current one without it.
    pub kubernetes: Option<&'a str>,
    /// Schemas of custom resources, beside those of Kubernetes and of the stream itself.
    pub schemas: Option<&'a Schemas>,
    /// The values templates saw, composed.
    pub values: Option<&'a Value>,
    /// The stream as Helm gave it, before anything was done to it.
    pub rendered: Option<&'a [u8]>,
    /// Renders the same again, with a change.
    pub variations: Option<&'a dyn Variations>,
    /// The day, as `YYYY-MM-DD`, that the objects' exceptions are held against; without it none counts.
    pub today: Option<&'a str>,
    /// Ids of the assertions to look with; all when empty.
    pub only: &'a [String],
    /// Ids of assertions not to look with.
    pub skip: &'a [String],
}

impl std::fmt::Debug for Context<'_> {
    /// Without the values, which may hold secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Context<'_> {
    /// Whether an assertion is to be looked with.
    #[must_use]
    pub fn selects(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|only| only == id))
            && !self.skip.iter().any(|skip| skip == id)
    }

    /// The tree of the system the values choose, when they have one.
    #[must_use]
    pub fn tree(&self) -> Option<&Value> {
        let values = self.values?;
        values.get(values.get("system")?.as_str()?)
    }
}

/// Renders what a stream came from once more.
pub trait Variations: Sync {
    /// Renders with a change.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when Helm refuses.
    fn render(&self, change: &Change) -> Result<Vec<u8>, RenderError>;

    /// The chart's version and the one [`Change::ChartVersion`] gives it.
    fn chart_versions(&self) -> Option<(String, String)> {
        None
    }
}

/// What is different from the stream looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing; really rendered again.
    Nothing,
    /// Further values.
    Values(Value),
    /// Another version of the chart, its application unchanged.
    ChartVersion,
    /// Further values and another version of the chart at once.
    ValuesAndChartVersion(Value),
}
