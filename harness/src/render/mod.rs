//! From a chart and values to a manifest stream, by Helm itself.
//!
//! [`Renderer`] is what everything else builds on; [`HelmCommand`] is the reference, the
//! `helm template` command in a clean environment. Depends on [`crate::tools`] and
//! [`crate::diagnosis`].

mod command;
mod error;
mod request;

pub use crate::tools::HelmVersion;
pub use command::HelmCommand;
pub use error::{HelmMessage, Place, RenderError};
pub use request::{PostRendererCommand, RenderRequest, RenderedStream, Setting};

/// Renders charts.
pub trait Renderer: Send + Sync {
    /// Renders one chart with one set of values.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when there is no Helm to ask, or Helm refuses.
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError>;
}
