//! Renderings of this run, each made once.

use crate::render::{RenderError, RenderRequest, RenderedStream, Renderer};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Slot = Arc<OnceLock<Result<Arc<RenderedStream>, Arc<RenderError>>>>;

/// Renders what was not rendered before in this run.
pub(super) struct RenderCache {
    renderer: Arc<dyn Renderer>,
    slots: Mutex<HashMap<String, Slot>>,
    rendered: AtomicUsize,
    reused: AtomicUsize,
}

impl RenderCache {
    pub(super) fn new(renderer: Arc<dyn Renderer>) -> Self {
        Self { renderer, slots: Mutex::default(), rendered: AtomicUsize::new(0), reused: AtomicUsize::new(0) }
    }

    /// The stream for a request. Two cells that ask for the same at once wait for one Helm.
    pub(super) fn render(&self, request: &RenderRequest) -> Result<Arc<RenderedStream>, Arc<RenderError>> {
        // Everything that has a say in the result is a field of the request, and all of them are here.
        let key = format!("{request:?}");
        let slot =
            Arc::clone(self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let mut is_new = false;
        let rendered = slot.get_or_init(|| {
            is_new = true;
            self.anew(request).map(Arc::new).map_err(Arc::new)
        });
        if !is_new {
            self.reused.fetch_add(1, Ordering::Relaxed);
        }
        rendered.clone()
    }

    /// The stream for a request that nobody else in this run asks for.
    pub(super) fn anew(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        self.rendered.fetch_add(1, Ordering::Relaxed);
        self.renderer.render(request)
    }

    /// Renders what was rendered before, to see whether the same comes out.
    pub(super) fn again(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        self.rendered.fetch_add(1, Ordering::Relaxed);
        self.renderer.render_again(request)
    }

    /// How often Helm was run, and how often it was not needed.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.rendered.load(Ordering::Relaxed), self.reused.load(Ordering::Relaxed))
    }
}
