//! What is asked of Helm, and what it gives.

use crate::tools::HelmVersion;
use std::path::PathBuf;
use std::time::Duration;

/// One rendering, with everything that has a say in it. The same request gives the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderRequest {
    /// The chart's directory or archive.
    pub chart: PathBuf,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Values files, the later ones over the earlier ones.
    pub values_files: Vec<PathBuf>,
    /// Values given in place, over the files, the later ones over the earlier ones.
    pub values: Vec<serde_json::Value>,
    /// Single settings, over everything else.
    pub settings: Vec<Setting>,
    /// The Kubernetes version templates see: `1.34`. Helm's own default when `None`.
    pub kubernetes: Option<String>,
    /// Further API versions templates see, as `monitoring.coreos.com/v1/ServiceMonitor`.
    pub api_versions: Vec<String>,
    /// Whether the chart's `crds/` are rendered too.
    pub include_crds: bool,
    /// Whether test hooks are rendered too.
    pub include_tests: bool,
    /// Which Helm renders.
    pub helm: HelmVersion,
    /// A program Helm runs on what it rendered.
    pub post_renderer: Option<PostRendererCommand>,
    /// How long Helm may take.
    pub timeout: Duration,
}

impl RenderRequest {
    /// A request with the chart's own values, for Helm 4: release `release`, namespace `default`,
    /// test hooks included, CRDs not, one minute.
    #[must_use]
    pub fn new(chart: impl Into<PathBuf>) -> Self {
        Self {
            chart: chart.into(),
            release: "release".to_owned(),
            namespace: "default".to_owned(),
            values_files: Vec::new(),
            values: Vec::new(),
            settings: Vec::new(),
            kubernetes: None,
            api_versions: Vec::new(),
            include_crds: false,
            include_tests: true,
            helm: HelmVersion::V4,
            post_renderer: None,
            timeout: Duration::from_secs(60),
        }
    }
}

/// One value set by its path, as Helm's flags of these names do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// `--set`: numbers, booleans and null are recognised.
    Set(String, String),
    /// `--set-string`: always text.
    SetString(String, String),
    /// `--set-json`: JSON.
    SetJson(String, String),
}

impl Setting {
    pub(super) fn arguments(&self) -> [String; 2] {
        let (flag, key, value) = match self {
            Self::Set(key, value) => ("--set", key, value),
            Self::SetString(key, value) => ("--set-string", key, value),
            Self::SetJson(key, value) => ("--set-json", key, value),
        };
        [flag.to_owned(), format!("{key}={value}")]
    }
}

/// A program for Helm's `--post-renderer`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PostRendererCommand {
    /// Helm 3: the program. Helm 4: the name of a plugin.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where Helm 4 finds the plugin of that name; nothing else of the user's Helm is seen.
    pub plugins: Option<PathBuf>,
}

/// What Helm printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedStream {
    /// The manifest stream, byte for byte.
    pub stream: Vec<u8>,
    /// Warnings Helm gave, one a line.
    pub warnings: Vec<String>,
}
