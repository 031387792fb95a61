//! What was found in cells, kept on disk: a cell is not looked at again until something changes that has a
//! say in it.
//!
//! One file holds the cells of a unit that one Helm renders. Its name is a hash of what the rendering depends
//! on, of the post-renderer and its policies, of the assertions (which are part of this program), of what was
//! asked for, and of the day, by which exceptions expire. Only what could be rendered is kept: findings name
//! no secrets, and a refusal is told by Helm each time. Nothing is kept of a unit some file of which changed
//! while it was looked at: nobody knows which of its contents was. Depends on [`crate::render::stored`].

use super::Plan;
use super::cell::Looked;
use crate::matrix::Cell;
use crate::render::stored::{Keys, Parts, StoreDirectory, program};
use crate::render::{HelmVersion, RenderRequest};
use std::collections::BTreeMap;

/// Another meaning of what is kept is another number.
const FORMAT: &str = "gift verdicts 1";

/// What was found for each version of Kubernetes.
type Kept = BTreeMap<String, Looked>;

/// Where verdicts are kept, and what all of a run have in common.
pub(super) struct Verdicts {
    directory: StoreDirectory,
    keys: Keys,
    /// Names by what files are when they are asked for.
    keys_now: Keys,
    common: String,
}

impl Verdicts {
    /// The verdicts a plan keeps; `None` when it keeps none, or when nobody can say what they depend on.
    pub(super) fn of(plan: &Plan, today: &str) -> Option<Self> {
        let directory = plan.verdicts.clone()?;
        let mut parts = Parts::default();
        parts.add(FORMAT);
        parts.add(program(&std::env::current_exe().ok()?));
        parts.add(today);
        parts.add(plan.schemas.identity());
        parts.add(match &plan.post_render {
            Some(post_render) => post_render.identity()?,
            None => String::new(),
        });
        for ids in [&plan.only, &plan.skip] {
            parts.add(ids.len().to_le_bytes());
            ids.iter().for_each(|id| parts.add(id));
        }
        parts.add([u8::from(plan.compare_versions)]);
        Some(Self { directory, keys: Keys::of_run(), keys_now: Keys::default(), common: parts.name() })
    }

    /// What is known of the cells that share a request but for the version of Kubernetes.
    pub(super) fn open(&self, request: &RenderRequest) -> Option<Opened<'_>> {
        let request = RenderRequest { kubernetes: None, ..request.clone() };
        let of_request = self.keys.of(&request)?;
        let mut parts = Parts::default();
        parts.add(&self.common);
        parts.add(&of_request);
        // The other Helm is asked too.
        parts.add(self.keys.of(&RenderRequest { helm: HelmVersion::V3, ..request.clone() })?);
        let name = parts.name();
        let bytes = self.directory.read(&name);
        let kept = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Some(Opened { verdicts: self, request, of_request, name, kept, has_more: false })
    }
}

/// The verdicts of one unit and one Helm.
pub(super) struct Opened<'v> {
    verdicts: &'v Verdicts,
    request: RenderRequest,
    /// The name of what the request gives, by what its files were when the unit began.
    of_request: String,
    name: String,
    kept: Kept,
    has_more: bool,
}

impl Opened<'_> {
    /// What was found in a cell.
    pub(super) fn get(&self, cell: &Cell) -> Option<Looked> {
        self.kept.get(cell.kubernetes.as_deref().unwrap_or_default()).cloned()
    }

    /// Keeps what was found in a cell.
    pub(super) fn put(&mut self, cell: &Cell, looked: &Looked) {
        self.kept.insert(cell.kubernetes.clone().unwrap_or_default(), looked.clone());
        self.has_more = true;
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if self.has_more
            && self.verdicts.keys_now.of(&self.request).as_ref() == Some(&self.of_request)
            && let Ok(bytes) = serde_json::to_vec(&self.kept)
        {
            // A directory that cannot be written makes the next run slower, and is no failure.
            self.verdicts.directory.write(&self.name, &bytes).ok();
        }
    }
}
