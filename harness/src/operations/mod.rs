//! What a system asks of those who run it on their machine: which cluster, which images are built, what
//! must answer, which ports are forwarded. Facts of the system, so they stand in its values, under
//! `operations`; templates do not read them.
//!
//! Depends on [`crate::objects`] for what is rendered and on [`crate::tools`] for Helm and kubectl; docker
//! and kind are the user's own.

mod deployment;
mod error;
mod forward;
mod http;
mod kind;
mod process;

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use deployment::Deployment;
pub use error::OperationError;
pub use forward::{Forwarding, forward};
pub use http::status_of;
pub use kind::KindCluster;

/// The `operations` of a system in one environment.
///
/// ```
/// use gift_harness::operations::Operations;
/// use serde_json::json;
///
/// let values = json!({"shop": {"operations": {"smoke": {"front": {"url": "http://localhost:3000/", "status": 200}}}}});
/// let operations = Operations::of(&values, "shop")?;
/// assert_eq!(operations.smoke["front"].status, 200);
/// # Ok::<(), gift_harness::operations::OperationError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Operations {
    /// Configuration of a cluster of kind, as `kind create cluster --config` takes it.
    pub cluster: Option<Value>,
    /// Images that are built and loaded into the cluster, by the service that runs them.
    pub images: BTreeMap<String, Option<Build>>,
    /// What must answer once everything is rolled out, by a name for people.
    pub smoke: BTreeMap<String, Check>,
    /// Services whose ports are forwarded to this machine, by the Service's name.
    pub forward: BTreeMap<String, Option<Target>>,
    /// Where people find the system, by a name for them.
    pub addresses: BTreeMap<String, String>,
    /// How many seconds each rollout may take; 300 unless stated.
    pub rollout_timeout: Option<u64>,
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Build {
    /// The folder of the Dockerfile, below the system's sources.
    pub context: String,
    /// Build arguments.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
}

/// A request, and what must come back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// Where: `http://localhost:3001/health`.
    pub url: String,
    /// The status that counts as good.
    pub status: u16,
}

/// A forwarded port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// The Service's port.
    pub port: u16,
    /// The port of this machine; the same number unless stated.
    pub local_port: Option<u16>,
    /// What is asked for to see whether it answers; nothing is asked without it.
    pub path: Option<String>,
}

impl Target {
    /// The port of this machine.
    #[must_use]
    pub fn local(&self) -> u16 {
        self.local_port.unwrap_or(self.port)
    }
}

impl Operations {
    /// Those of a system in composed values. Nulls, which take things away in values, leave nothing here.
    ///
    /// # Errors
    ///
    /// [`OperationError::Values`] for what the chart's schema would refuse too.
    pub fn of(values: &Value, system: &str) -> Result<Self, OperationError> {
        let operations = &values[system]["operations"];
        if operations.is_null() {
            return Ok(Self::default());
        }
        serde_json::from_value(without_nulls(operations.clone()))
            .map_err(|source| OperationError::Values { system: system.to_owned(), source })
    }

    /// How long each rollout may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.rollout_timeout.unwrap_or(300))
    }

    /// The images to build, without those that were taken away.
    pub fn builds(&self) -> impl Iterator<Item = (&str, &Build)> {
        self.images.iter().filter_map(|(service, build)| Some((service.as_str(), build.as_ref()?)))
    }

    /// The ports to forward, without those that were taken away.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.forward.iter().filter_map(|(service, target)| Some((service.as_str(), target.as_ref()?)))
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        other => other,
    }
}

/// What happens while a system is brought up or taken away, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A command of another program runs.
    Runs(String),
    /// The pods of a workload are all there.
    RolledOut(String),
    /// A request had the answer it must have.
    Answered {
        /// The check's name.
        name: String,
        /// What was asked.
        url: String,
        /// What came back.
        status: u16,
    },
    /// Something was not done.
    LeftOut {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(command) => formatter.write_str(command),
            Self::RolledOut(workload) => write!(formatter, "rolled out: {workload}"),
            Self::Answered { name, url, status } => write!(formatter, "{name}: {url} answers {status}"),
            Self::LeftOut { what, why } => write!(formatter, "left out: {what}; {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_environment_takes_away_is_not_there() {
        let values = json!({"shop": {"operations": {
            "images": {"web": {"context": "web"}, "old": null},
            "forward": {"web": {"port": 80, "localPort": 8080, "path": null}, "old": null},
        }}});
        let operations = Operations::of(&values, "shop").unwrap();
        assert_eq!(operations.builds().map(|(name, _)| name).collect::<Vec<_>>(), ["web"]);
        let targets: Vec<_> = operations.targets().map(|(name, target)| (name, target.local())).collect();
        assert_eq!(targets, [("web", 8080)]);
        assert_eq!(operations.patience(), Duration::from_secs(300));
    }

    #[test]
    fn a_system_without_operations_has_none() {
        assert_eq!(Operations::of(&json!({"shop": {}}), "shop").unwrap(), Operations::default());
    }

    #[test]
    fn a_word_that_is_none_of_them_is_refused() {
        let values = json!({"shop": {"operations": {"smoek": {}}}});
        let told = Operations::of(&values, "shop").unwrap_err().to_string();
        assert!(told.contains("shop.operations") && told.contains("smoek"), "{told}");
    }
}
