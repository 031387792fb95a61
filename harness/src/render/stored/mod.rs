//! Streams kept on disk, so that a cell none of whose inputs changed is not rendered again.
//!
//! An entry's name is a hash of everything that has a say in the result: the chart's files and those of
//! values by content, what is set in place, the release, the versions asked for, and the programs that
//! render. What depends on more than that (the time, chance, a post-renderer, an archive nobody looked
//! into) is never kept.
//!
//! **Secrets.** A stream is kept as Helm gave it, before secret references are filled in: it holds their
//! names, not their values. Values with literal secrets in them do appear, exactly as in the values files
//! they come from. Entries are therefore readable by their owner alone (files 0600, directory 0700; a
//! directory that is open to others is not used), their names are hashes, they are never part of a report,
//! and only `gift test` keeps any: what somebody renders with `--set` on the way to a cluster is not kept.
//!
//! Several processes may use one directory: an entry is written beside its place and moved there as a
//! whole. An entry is checked by its hash when it is read, so one that a crash left half written counts as
//! absent. A directory that cannot be written makes a run slower, and is no failure.

mod content;
mod directory;
mod entry;
mod key;

pub use directory::{Inventory, StoreDirectory, StoreError};

use super::{RenderError, RenderRequest, RenderedStream, Renderer};
use entry::Entry;
use key::VersionNames;
pub(crate) use key::{Keys, Parts, program};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How much is kept when a run is over; the oldest entries go first.
pub const MOST_BYTES: u64 = 1 << 30;

/// Gives what was rendered before, and keeps what was not.
pub struct Stored {
    renderer: Arc<dyn Renderer>,
    directory: StoreDirectory,
    keys: Keys,
    found: AtomicUsize,
    written: AtomicUsize,
    /// Why nothing is written any more.
    unwritable: Mutex<Option<String>>,
}

impl Stored {
    /// Keeps in `directory` what `renderer` gives.
    #[must_use]
    pub fn new(renderer: Arc<dyn Renderer>, directory: StoreDirectory) -> Self {
        Self {
            renderer,
            directory,
            keys: Keys::default(),
            found: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            unwritable: Mutex::default(),
        }
    }

    /// How many renderings were found here.
    #[must_use]
    pub fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    fn look(&self, name: &str) -> Option<Entry> {
        let entry = self.read(name)?;
        self.found.fetch_add(1, Ordering::Relaxed);
        Some(entry)
    }

    fn read(&self, name: &str) -> Option<Entry> {
        Entry::from_bytes(&self.directory.read(name)?)
    }

    fn keep(&self, name: &str, entry: &Entry) {
        let mut unwritable = self.unwritable.lock().unwrap_or_else(PoisonError::into_inner);
        if unwritable.is_some() {
            return;
        }
        // Others go on while this one writes; two that fail say the same.
        drop(unwritable);
        match self.directory.write(name, &entry.to_bytes()) {
            Ok(()) => {
                self.written.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                unwritable = self.unwritable.lock().unwrap_or_else(PoisonError::into_inner);
                *unwritable = Some(format!("renderings are not kept: {error}"));
            }
        }
    }

    fn render_and_keep(
        &self,
        request: &RenderRequest,
        names: &VersionNames,
        others: &[String],
    ) -> Result<(RenderedStream, Vec<String>), RenderError> {
        let (rendered, also_for) = match self.renderer.render_for(request, others) {
            Ok((rendered, also_for)) => (Ok(rendered), also_for),
            Err(error) => (Err(error), Vec::new()),
        };
        if let Some(entry) = Entry::of(&rendered) {
            let name = names.of(request.kubernetes.as_deref());
            self.keep(&name, &entry);
            for also in also_for.iter().map(|version| names.of(Some(version))) {
                if self.directory.link(&name, &also).is_err() {
                    self.keep(&also, &entry);
                }
            }
        }
        rendered.map(|rendered| (rendered, also_for))
    }
}

impl Renderer for Stored {
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        self.render_for(request, &[]).map(|(rendered, _)| rendered)
    }

    fn render_for(
        &self,
        request: &RenderRequest,
        others: &[String],
    ) -> Result<(RenderedStream, Vec<String>), RenderError> {
        let Some(names) = self.keys.of_versions(request) else {
            return self.renderer.render_for(request, others);
        };
        let Some(entry) = self.look(&names.of(request.kubernetes.as_deref())) else {
            return self.render_and_keep(request, &names, others);
        };
        let is_same =
            |version: &&String| self.read(&names.of(Some(version))).is_some_and(|other| other == entry);
        let also_for = others.iter().filter(is_same).cloned().collect();
        entry.into_result(request).map(|rendered| (rendered, also_for))
    }

    /// Renders again, unless that was done before for the same inputs and gave the same bytes.
    fn render_again(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        let Some(name) = self.keys.of(request) else { return self.renderer.render_again(request) };
        let known = self.look(&name);
        if let Some(entry) = known.as_ref().filter(|entry| entry.is_confirmed) {
            return entry.clone().into_result(request);
        }
        let again = self.renderer.render_again(request);
        if let (Some(known), Some(entry)) = (known, Entry::of(&again))
            && known == entry
        {
            self.keep(&name, &entry.confirmed());
        }
        again
    }

    fn prepare(&self, request: &RenderRequest) {
        if self.keys.of(request).and_then(|name| self.read(&name)).is_none() {
            self.renderer.prepare(request);
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.renderer.notes();
        notes.extend(self.unwritable.lock().unwrap_or_else(PoisonError::into_inner).clone());
        notes
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if self.written.load(Ordering::Relaxed) > 0 {
            // Whatever stays too long is tried again after the next run.
            self.directory.shrink(MOST_BYTES).ok();
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
