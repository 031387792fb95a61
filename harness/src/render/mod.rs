//! From a chart and values to a manifest stream, by Helm itself.
//!
//! [`Renderer`] is what everything else builds on; [`HelmCommand`] is the reference, the
//! `helm template` command in a clean environment; [`HelmWorker`] gives the same bytes many times
//! faster; [`Stored`] keeps them on disk. Depends on [`crate::tools`] and [`crate::diagnosis`].

mod command;
mod environment;
mod error;
mod inputs;
mod request;
pub mod stored;
mod worker;

pub use crate::tools::HelmVersion;
pub use command::HelmCommand;
pub use error::{HelmMessage, Place, RenderError};
pub use request::{PostRendererCommand, RenderRequest, RenderedStream, Setting};
pub use stored::Stored;
pub use worker::HelmWorker;

/// Renders charts.
pub trait Renderer: Send + Sync {
    /// Renders one chart with one set of values.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when there is no Helm to ask, or Helm refuses.
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError>;

    /// Renders a request, and tells for which of some other versions of Kubernetes it would give the same.
    ///
    /// # Errors
    ///
    /// [`RenderError`] as of [`Renderer::render`].
    fn render_for(
        &self,
        request: &RenderRequest,
        _others: &[String],
    ) -> Result<(RenderedStream, Vec<String>), RenderError> {
        Ok((self.render(request)?, Vec::new()))
    }

    /// Renders a request again that was rendered before, to see whether the same comes out.
    ///
    /// # Errors
    ///
    /// [`RenderError`] as of [`Renderer::render`].
    fn render_again(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        self.render(request)
    }

    /// Is told that a request is to come, so that what takes a while at first may begin.
    fn prepare(&self, _request: &RenderRequest) {}

    /// What whoever asked should know: that a slower way had to be taken, for instance. One sentence each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}
