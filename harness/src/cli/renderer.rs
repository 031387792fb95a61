//! Who renders, from the arguments.

use super::failure::{CommandError, Failure};
use clap::ValueEnum;
use gift_harness::render::{HelmCommand, HelmVersion, HelmWorker, Renderer};
use std::sync::Arc;

/// Who renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RendererName {
    /// Helm's library in a process that stays
    Worker,
    /// `helm template`, once for each rendering
    Command,
}

/// The argument that chooses who renders.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RendererArguments {
    /// Who renders; the worker where `ci/setup worker` has built one, else the command. The bytes are the same
    #[arg(long, value_name = "worker|command", value_enum)]
    renderer: Option<RendererName>,
}

impl RendererArguments {
    /// The renderer for cells of these Helms.
    pub(crate) fn renderer(
        &self,
        helms: impl IntoIterator<Item = HelmVersion>,
    ) -> Result<Arc<dyn Renderer>, Failure> {
        if self.renderer == Some(RendererName::Command) {
            return Ok(Arc::new(HelmCommand::new()?));
        }
        let worker = HelmWorker::new()?;
        if self.renderer == Some(RendererName::Worker) {
            // Asked for by name, so nothing else will do.
            for helm in helms {
                worker.available(helm).map_err(|reason| CommandError::NoWorker { reason })?;
            }
        }
        Ok(Arc::new(worker))
    }
}
