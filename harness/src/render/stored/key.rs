//! The name of a result: a hash of everything that has a say in it.

use super::content::{Contents, calls_fickle};
use crate::render::{RenderRequest, inputs};
use crate::tools::{self, HelmVersion, Tool};
use std::path::Path;
use std::sync::OnceLock;

/// Another meaning of the parts is another number.
const FORMAT: &str = "gift rendered 2";

/// Makes names.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    contents: Contents,
    /// What tells the renderers of Helm 3 and Helm 4.
    renderers: [OnceLock<Option<String>>; 2],
}

impl Keys {
    /// Names for one run, whose files are taken to be what they are when they are first looked at.
    pub(crate) fn of_run() -> Self {
        Self { contents: Contents::steady(), ..Self::default() }
    }

    /// The name of a request's result; `None` when it is not decided by the request alone, or when
    /// something cannot be read, which the renderer says better.
    pub(crate) fn of(&self, request: &RenderRequest) -> Option<String> {
        self.of_versions(request).map(|names| names.of(request.kubernetes.as_deref()))
    }

    /// The names of the results of a request for every version of Kubernetes, whichever it has; `None` as of
    /// [`Keys::of`].
    pub(crate) fn of_versions(&self, request: &RenderRequest) -> Option<VersionNames> {
        if request.post_renderer.is_some() {
            return None;
        }
        let chart = self.contents.of(&request.chart).ok()?;
        let mut parts = Parts::default();
        parts.add(FORMAT);
        let [three, four] = &self.renderers;
        let place = if request.helm == HelmVersion::V3 { three } else { four };
        parts.add(place.get_or_init(|| renderers(request.helm)).as_ref()?);
        parts.add(chart.hash.as_bytes());
        let mut is_fickle = chart.is_fickle;
        for file in &request.values_files {
            let content = self.contents.of(file).ok()?;
            parts.add(content.hash.as_bytes());
            is_fickle = is_fickle || content.is_fickle;
        }
        parts.add("in place");
        let mut in_place = Vec::new();
        if !request.values.is_empty() {
            in_place.push(inputs::merged(&request.values).to_string());
        }
        for setting in &request.settings {
            in_place.extend(setting.arguments());
        }
        for text in &in_place {
            parts.add(text);
            is_fickle = is_fickle || calls_fickle(text.as_bytes());
        }
        parts.add("options");
        parts.add(&request.release);
        parts.add(&request.namespace);
        parts.add([
            u8::from(request.include_crds),
            u8::from(request.include_tests),
            u8::from(request.values.is_empty()),
        ]);
        for version in &request.api_versions {
            parts.add(version);
        }
        parts.add("kubernetes");
        (!is_fickle).then_some(VersionNames { parts })
    }
}

/// The names of results that differ in the version of Kubernetes alone.
pub(crate) struct VersionNames {
    parts: Parts,
}

impl VersionNames {
    /// The name for one version; Helm's own where there is none.
    pub(crate) fn of(&self, kubernetes: Option<&str>) -> String {
        let mut parts = self.parts.clone();
        parts.add(kubernetes.unwrap_or_default());
        parts.name()
    }
}

/// Parts that cannot run into one another.
#[derive(Clone, Default)]
pub(crate) struct Parts {
    hasher: blake3::Hasher,
}

impl Parts {
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.hasher.update(&(part.len() as u64).to_le_bytes());
        self.hasher.update(part);
    }

    /// The name of all of them.
    pub(crate) fn name(self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

/// The programs a Helm's renderings come from. Their paths name the build, and a program that is replaced
/// in its place has another size or time.
fn renderers(helm: HelmVersion) -> Option<String> {
    let found = tools::find(Tool::Helm(helm)).ok()?;
    let version = found.version.map(|version| version.to_string()).unwrap_or_default();
    let worker = tools::find(Tool::HelmWorker(helm)).ok().map(|worker| program(&worker.path));
    Some(format!("{helm} {version} {} {worker:?}", program(&found.path)))
}

/// What tells one build of a program from another.
pub(crate) fn program(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (length, modified) =
        path.metadata().map_or((0, None), |metadata| (metadata.len(), metadata.modified().ok()));
    format!("{} {length} {modified:?}", path.display())
}
