//! One combination.

use crate::tools::HelmVersion;
use serde_json::Value;
use std::fmt;

/// One combination of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Stable and unique: `gift/prod helm4 k8s1.34 +policies-enforced`.
    pub id: String,
    /// `system` or `system/environment`; `None` for the chart's own values.
    pub environment: Option<String>,
    /// Which Helm renders.
    pub helm: HelmVersion,
    /// The Kubernetes version templates see.
    pub kubernetes: Option<String>,
    /// The names of the toggles switched on.
    pub toggles: Vec<String>,
    /// The values of these toggles, in their order.
    pub values: Vec<Value>,
    /// What must happen, when it is not success without findings.
    pub expect: Option<Expectation>,
}

/// What must happen in a cell that is not to succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Rendering fails, with a message that contains this text.
    Failure(String),
    /// Exactly these rules have findings.
    Findings(Vec<String>),
}

impl Cell {
    pub(super) fn name(
        environment: Option<&str>,
        helm: HelmVersion,
        kubernetes: Option<&str>,
        toggles: &[String],
    ) -> String {
        let mut id = format!("{} {helm}", environment.unwrap_or("default"));
        if let Some(version) = kubernetes {
            id.push_str(" k8s");
            id.push_str(version);
        }
        for toggle in toggles {
            id.push_str(" +");
            id.push_str(toggle);
        }
        id
    }

    /// The system of its environment.
    #[must_use]
    pub fn system(&self) -> Option<&str> {
        self.environment.as_deref().and_then(|name| name.split('/').next())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)
    }
}
