//! How much a module may take: work, time, memory, stack.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use wasmtime::{Engine, StoreLimits, StoreLimitsBuilder};

/// The bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Units of work, about one for each WASM instruction; counting them takes a tenth of the time. Absent,
    /// the deadline alone ends what goes on and on.
    pub fuel: Option<u64>,
    /// Wall-clock time.
    pub deadline: Duration,
    /// Bytes of linear memory.
    pub memory: usize,
    /// Bytes of stack.
    pub stack: usize,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self { fuel: None, deadline: Duration::from_secs(60), memory: 2 << 30, stack: 1 << 20 }
    }
}

impl SandboxLimits {
    /// The limits of a module somebody else wrote: its work is counted too, so that it is stopped at the
    /// same place on every machine.
    #[must_use]
    pub fn of_a_stranger() -> Self {
        Self { fuel: Some(50_000_000_000), ..Self::default() }
    }

    pub(super) fn store(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory)
            .table_elements(100_000)
            .instances(1)
            .memories(1)
            .tables(4)
            .trap_on_grow_failure(true)
            .build()
    }
}

/// Advances the engine's epoch once when the time is up, unless dropped before.
pub(super) struct Deadline {
    cancel: Option<Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Deadline {
    pub(super) fn start(engine: &Engine, after: Duration) -> Self {
        let (cancel, cancelled) = channel();
        let engine = engine.clone();
        let watcher = std::thread::spawn(move || {
            if cancelled.recv_timeout(after) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        });
        Self { cancel: Some(cancel), watcher: Some(watcher) }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        drop(self.cancel.take());
        if let Some(watcher) = self.watcher.take() {
            // A watcher has nothing that could panic; there is nothing to do about it if it did.
            let _ = watcher.join();
        }
    }
}
