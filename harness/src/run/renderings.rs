//! The renderings of one unit, each made once and for every version of Kubernetes it is the same for.

use super::Failure;
use crate::render::{RenderError, RenderRequest, Renderer};
use crate::tools::HelmVersion;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often Helm was run, and how often it was not needed.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rendered: AtomicUsize,
    pub(super) reused: AtomicUsize,
    /// Cells an earlier run has looked at.
    pub(super) known: AtomicUsize,
}

/// What one Helm gives for some versions of Kubernetes.
#[derive(Debug)]
pub(super) struct Rendering {
    helm: HelmVersion,
    pub(super) kubernetes: Vec<Option<String>>,
    pub(super) stream: Result<Arc<Vec<u8>>, Arc<RenderError>>,
}

/// The renderings of requests that differ in Helm and in Kubernetes alone.
pub(super) struct Renderings<'r> {
    renderer: &'r dyn Renderer,
    counts: &'r Counts,
    /// The versions of Kubernetes that are asked for.
    versions: Vec<String>,
    made: Vec<Rendering>,
}

impl<'r> Renderings<'r> {
    pub(super) fn new(renderer: &'r dyn Renderer, counts: &'r Counts, versions: Vec<String>) -> Self {
        Self { renderer, counts, versions, made: Vec::new() }
    }

    /// The number of the rendering for a request.
    pub(super) fn of(&mut self, request: &RenderRequest) -> usize {
        let is_it =
            |made: &Rendering| made.helm == request.helm && made.kubernetes.contains(&request.kubernetes);
        if let Some(found) = self.made.iter().position(is_it) {
            self.counts.reused.fetch_add(1, Ordering::Relaxed);
            return found;
        }
        let is_missing = |version: &&String| {
            request.kubernetes.as_ref() != Some(version)
                && !self.made.iter().any(|made| {
                    made.helm == request.helm
                        && made.kubernetes.iter().flatten().any(|known| known == *version)
                })
        };
        let others: Vec<String> = self.versions.iter().filter(is_missing).cloned().collect();
        self.counts.rendered.fetch_add(1, Ordering::Relaxed);
        let mut kubernetes = vec![request.kubernetes.clone()];
        let stream = self.renderer.render_for(request, &others).map(|(rendered, also_for)| {
            kubernetes.extend(also_for.into_iter().map(Some));
            Arc::new(rendered.stream)
        });
        self.made.push(Rendering { helm: request.helm, kubernetes, stream: stream.map_err(Arc::new) });
        self.made.len() - 1
    }

    /// The rendering of this number.
    pub(super) fn get(&self, number: usize) -> &Rendering {
        &self.made[number]
    }
}

impl Rendering {
    /// The stream, or why there is none.
    pub(super) fn stream(&self) -> Result<&Arc<Vec<u8>>, Failure> {
        self.stream.as_ref().map_err(|error| Failure::from(error.as_ref()))
    }
}
