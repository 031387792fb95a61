//! The plugin as what happens to a stream after Helm.
//!
//! Depends on [`crate::post_render`].

use super::{Failure, PostRender, PostRendered};
use crate::matrix::Cell;
use crate::post_render::{PostRenderError, PostRenderOptions, PostRenderer};

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
    fn post_render(&self, stream: &[u8], _cell: &Cell, namespace: &str) -> Result<PostRendered, Failure> {
        let options = PostRenderOptions { namespace: namespace.to_owned(), ..self.options.clone() };
        let outcome = self.renderer.run(stream, &options).map_err(|error| Failure::from(&error))?;
        Ok(PostRendered { stream: outcome.stream, findings: outcome.report.findings })
    }
}
