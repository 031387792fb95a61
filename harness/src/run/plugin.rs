//! The plugin as what happens to a stream after Helm.
//!
//! Depends on [`crate::post_render`], and on [`crate::render::stored`] for names of contents.

use super::{Failure, PostRender, PostRendered};
use crate::policies::{Policies, PolicySelection};
use crate::post_render::{PostRenderError, PostRenderOptions, PostRenderer};
use crate::render::stored::Parts;
use crate::secrets::SecretSelection;
use std::path::{Path, PathBuf};

/// Encodes and judges the stream of a cell as a release's would be.
pub struct Plugin {
    renderer: PostRenderer,
    options: PostRenderOptions,
}

impl Plugin {
    /// Prepares the plugin with these options; the namespace is the plan's.
    ///
    /// # Errors
    ///
    /// [`PostRenderError`] when the plugin cannot be loaded.
    pub fn new(options: PostRenderOptions) -> Result<Self, PostRenderError> {
        Ok(Self { renderer: PostRenderer::new()?, options })
    }
}

impl PostRender for Plugin {
    fn post_render(&self, stream: &[u8], namespace: &str) -> Result<PostRendered, Failure> {
        let options = PostRenderOptions { namespace: namespace.to_owned(), ..self.options.clone() };
        let outcome = self.renderer.run(stream, &options).map_err(|error| Failure::from(&error))?;
        Ok(PostRendered { stream: outcome.stream, findings: outcome.report.findings })
    }

    fn identity(&self) -> Option<String> {
        // Whatever else is asked for secrets may change without anybody noticing.
        if self.options.secrets != SecretSelection::Example {
            return None;
        }
        let policies = Policies::read(&self.options.policies).ok()?;
        let mut parts = Parts::default();
        // Its files are read below.
        let options = PostRenderOptions { policies: PolicySelection::Embedded, ..self.options.clone() };
        parts.add(format!("{options:?}"));
        let params = policies.params.iter().map(|(_, source)| source);
        for source in policies.policies.iter().chain(params) {
            parts.add(&source.name);
            parts.add(&source.text);
        }
        for file in example_files(&self.options.values_directory) {
            parts.add(file.to_string_lossy().as_bytes());
            parts.add(std::fs::read(&file).ok()?);
        }
        Some(parts.name())
    }
}

/// The published placeholders of secrets, of every system.
fn example_files(values: &Path) -> Vec<PathBuf> {
    let entries = |directory: &Path| {
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    let is_example = |path: &PathBuf| path.to_string_lossy().ends_with(".secrets.env.example");
    let mut files: Vec<_> =
        entries(values).iter().flat_map(|system| entries(system)).filter(is_example).collect();
    files.sort();
    files
}
