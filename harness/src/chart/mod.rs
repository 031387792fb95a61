//! A chart, the values for it, and what Helm makes of them, to write tests with.
//!
//! Depends on [`crate::render`] and [`crate::objects`].

mod environment;
mod linked;
mod values;

pub use environment::{EnvironmentError, Environments};
pub(crate) use linked::linked;
pub use values::{ValuesError, compose};

use crate::objects::{Objects, ObjectsError, TypedError};
use crate::render::{HelmCommand, HelmVersion, RenderError, RenderRequest, Renderer, Setting};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A chart and everything chosen for its next rendering. Each method gives the chart with one more
/// choice; a clone is independent.
///
/// ```no_run
/// use gift_harness::chart::Chart;
/// use gift_harness::render::HelmVersion;
///
/// let rendered = Chart::open("chart")?
///     .values("values/gift/prod.yaml")
///     .set("gift.services.api-gateway.replicas", "5")
///     .helm(HelmVersion::V3)
///     .kubernetes("1.34")
///     .render()?;
/// println!("{} objects", rendered.objects()?.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Chart {
    request: RenderRequest,
    renderer: Option<Arc<dyn Renderer>>,
}

impl std::fmt::Debug for Chart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Chart").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Chart {
    /// Opens the chart in a directory or a `.tgz` archive. The release is called like the
    /// directory, the namespace `default`, and Helm 4 renders unless told otherwise.
    ///
    /// # Errors
    ///
    /// [`RenderError::Chart`] when there is no chart.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RenderError> {
        let path = path.as_ref();
        let refuse = |reason: String| Err(RenderError::Chart { path: path.to_owned(), reason });
        match path.metadata() {
            Err(error) => return refuse(error.to_string()),
            Ok(metadata) if metadata.is_dir() && !path.join("Chart.yaml").is_file() => {
                return refuse("the directory has no Chart.yaml".to_owned());
            }
            Ok(_) => {}
        }
        Ok(Self { request: RenderRequest::new(path), renderer: None })
    }

    /// Adds a values file, over those added before.
    #[must_use]
    pub fn values(mut self, path: impl Into<PathBuf>) -> Self {
        self.request.values_files.push(path.into());
        self
    }

    /// Adds the values of a system or of one of its environments, `gift` or `gift/prod`, from a
    /// directory of values; the release is then called like the system.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] when there is no such system or environment; it lists those there are.
    pub fn environment(
        mut self,
        directory: impl Into<PathBuf>,
        environment: &str,
    ) -> Result<Self, EnvironmentError> {
        let environments = Environments::new(directory);
        self.request.values_files.extend(environments.files(environment)?);
        environment.split('/').next().unwrap_or(environment).clone_into(&mut self.request.release);
        Ok(self)
    }

    /// Adds values given in place, over all files.
    #[must_use]
    pub fn inline(mut self, values: serde_json::Value) -> Self {
        self.request.values.push(values);
        self
    }

    /// Sets one value by its path, as Helm's `--set` does.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.settings.push(Setting::Set(path.into(), value.into()));
        self
    }

    /// Sets one value by its path to a text, as `--set-string` does.
    #[must_use]
    pub fn set_string(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.settings.push(Setting::SetString(path.into(), value.into()));
        self
    }

    /// Sets one value by its path to JSON, as `--set-json` does.
    #[must_use]
    pub fn set_json(mut self, path: impl Into<String>, value: &serde_json::Value) -> Self {
        self.request.settings.push(Setting::SetJson(path.into(), value.to_string()));
        self
    }

    /// Names the release and its namespace.
    #[must_use]
    pub fn release(mut self, name: impl Into<String>, namespace: impl Into<String>) -> Self {
        self.request.release = name.into();
        self.request.namespace = namespace.into();
        self
    }

    /// Chooses the Helm that renders.
    #[must_use]
    pub fn helm(mut self, version: HelmVersion) -> Self {
        self.request.helm = version;
        self
    }

    /// Chooses the Kubernetes version templates see, as `1.34`.
    #[must_use]
    pub fn kubernetes(mut self, version: impl Into<String>) -> Self {
        self.request.kubernetes = Some(version.into());
        self
    }

    /// Adds an API version templates see, as `monitoring.coreos.com/v1/ServiceMonitor`.
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.request.api_versions.push(version.into());
        self
    }

    /// Renders the chart's `crds/` too.
    #[must_use]
    pub fn include_crds(mut self) -> Self {
        self.request.include_crds = true;
        self
    }

    /// Leaves test hooks out.
    #[must_use]
    pub fn skip_tests(mut self) -> Self {
        self.request.include_tests = false;
        self
    }

    /// Allows Helm this much time.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.request.timeout = limit;
        self
    }

    /// Renders with something else than the `helm template` command.
    #[must_use]
    pub fn renderer(mut self, renderer: Arc<dyn Renderer>) -> Self {
        self.renderer = Some(renderer);
        self
    }

    /// What has been chosen so far.
    #[must_use]
    pub fn request(&self) -> &RenderRequest {
        &self.request
    }

    /// Renders.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when there is no Helm, or Helm refuses.
    pub fn render(&self) -> Result<Rendered, RenderError> {
        let output = match &self.renderer {
            Some(renderer) => renderer.render(&self.request)?,
            None => HelmCommand::new()?.render(&self.request)?,
        };
        Ok(Rendered { stream: output.stream, warnings: output.warnings })
    }
}

/// A manifest stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The stream, byte for byte as it came.
    pub stream: Vec<u8>,
    /// Warnings Helm gave.
    pub warnings: Vec<String>,
}

impl Rendered {
    /// The objects of the stream.
    ///
    /// # Errors
    ///
    /// [`ObjectsError`] when the stream is not YAML as Kubernetes reads it.
    pub fn objects(&self) -> Result<Objects<'_>, ObjectsError> {
        Objects::read(&self.stream)
    }

    /// Every object of one kind, as its k8s-openapi type.
    ///
    /// # Errors
    ///
    /// [`TypedError`] when the stream is not YAML, or an object does not have its kind's shape.
    pub fn all<T>(&self) -> Result<Vec<T>, TypedError>
    where
        T: k8s_openapi::Resource + serde::de::DeserializeOwned,
    {
        self.objects()?.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Category, Diagnose as _};

    #[test]
    fn a_directory_without_a_chart_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let error = Chart::open(directory.path()).unwrap_err();
        assert!(error.to_string().ends_with("the directory has no Chart.yaml"), "{error}");
        assert_eq!(error.category(), Category::Input);
        assert!(Chart::open(directory.path().join("nowhere")).is_err());
    }

    #[test]
    fn choices_add_up_and_clones_are_independent() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("Chart.yaml"), "").unwrap();
        let chart = Chart::open(directory.path()).unwrap().values("a.yaml").release("r", "n");
        let other = chart.clone().values("b.yaml").kubernetes("1.34").set("a", "1");
        assert_eq!(chart.request().values_files, [PathBuf::from("a.yaml")]);
        assert_eq!(other.request().values_files.len(), 2);
        assert_eq!(other.request().settings, [Setting::Set("a".into(), "1".into())]);
        assert_eq!((other.request().release.as_str(), other.request().namespace.as_str()), ("r", "n"));
    }
}
