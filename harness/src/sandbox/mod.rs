//! The plugin in its sandbox: a WASM module that imports nothing, bounded in time, work and memory.
//!
//! Compiled and linked once, a fresh instance for every request, so nothing leaks from one to the
//! next. Depends on wasmtime and on [`gift_plugin::protocol`].

mod compiled;
mod limits;

pub use limits::SandboxLimits;

use crate::diagnosis::{Category, Diagnose};
use gift_plugin::protocol::{ABI_VERSION, FrameError, Report, Request, read_frame, write_frame};
use limits::Deadline;
use std::time::Duration;
use wasmtime::{Config, Engine, Instance, InstancePre, Linker, Memory, Module, Store, StoreLimits, Trap};

/// The module this command carries.
pub const PLUGIN_WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plugin.wasm"));

/// What tells the module from others: a hash and its length.
const PLUGIN_WASM_ID: &str = env!("GIFT_PLUGIN_WASM_ID");

/// A module ready to answer requests. Cheap to share between threads.
pub struct Sandbox {
    engine: Engine,
    module: InstancePre<State>,
    limits: SandboxLimits,
}

struct State {
    limits: StoreLimits,
}

/// Why the module gave no answer. Nothing of its output is kept then.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The bytes are no module this engine takes.
    #[error("the plugin is not a WASM module this version can run")]
    Module(#[source] wasmtime::Error),
    /// The module wants something of the host.
    #[error("the plugin imports {0}, but a plugin gets nothing from its host")]
    Imports(String),
    /// An export is missing or has another type.
    #[error("the plugin does not export {0} as it should")]
    Export(&'static str),
    /// Another protocol.
    #[error("the plugin speaks version {found} of the protocol, this command speaks {ABI_VERSION}")]
    Version {
        /// What it speaks.
        found: u32,
    },
    /// More instructions than allowed.
    #[error("the plugin did more work than it may ({0} units of fuel)")]
    Fuel(u64),
    /// Longer than allowed.
    #[error("the plugin took longer than it may ({0:?})")]
    Deadline(Duration),
    /// More memory than allowed.
    #[error("the plugin needs more memory than it may have ({0} bytes)")]
    Memory(usize),
    /// It failed by itself.
    #[error("the plugin failed: {0}")]
    Trap(String),
    /// What came back is no answer.
    #[error("the plugin's answer makes no sense: {0}")]
    Answer(String),
    /// The request cannot be written.
    #[error("the request to the plugin cannot be written")]
    Request(#[source] FrameError),
}

impl Diagnose for SandboxError {
    fn category(&self) -> Category {
        match self {
            Self::Fuel(_) | Self::Deadline(_) | Self::Memory(_) => Category::Input,
            _ => Category::Internal,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Fuel(_) | Self::Deadline(_) | Self::Memory(_) => Some(
                "Nothing was printed. Render in smaller pieces (`helm template --show-only`), or look for a \
                 policy whose expression grows with the manifest."
                    .to_owned(),
            ),
            _ => Some("Nothing was printed. This is a fault of the plugin, not of the chart.".to_owned()),
        }
    }
}

impl Sandbox {
    /// The module this command carries, compiled now or taken from the cache of compiled modules.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the module does not fit the contract.
    pub fn new() -> Result<Self, SandboxError> {
        let limits = SandboxLimits::default();
        let engine = engine(&limits)?;
        let module = compiled::load(&engine, PLUGIN_WASM, PLUGIN_WASM_ID)?;
        Self::link(engine, &module, limits)
    }

    /// Another module, binary or text, under other limits.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the module does not fit the contract.
    pub fn from_bytes(module: &[u8], limits: SandboxLimits) -> Result<Self, SandboxError> {
        let engine = engine(&limits)?;
        let module = Module::new(&engine, module).map_err(SandboxError::Module)?;
        Self::link(engine, &module, limits)
    }

    fn link(engine: Engine, module: &Module, limits: SandboxLimits) -> Result<Self, SandboxError> {
        let imports: Vec<String> =
            module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect();
        if !imports.is_empty() {
            return Err(SandboxError::Imports(imports.join(", ")));
        }
        let module = Linker::new(&engine).instantiate_pre(module).map_err(SandboxError::Module)?;
        Ok(Self { engine, module, limits })
    }

    /// Answers one request about a stream in a fresh instance.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when a limit is reached, or the module fails or answers rubbish.
    pub fn run(&self, request: &Request, stream: &[u8]) -> Result<(Report, Vec<u8>), SandboxError> {
        let frame = write_frame(request, stream).map_err(SandboxError::Request)?;
        let mut store = Store::new(&self.engine, State { limits: self.limits.store() });
        store.limiter(|state| &mut state.limits);
        store.set_fuel(self.limits.fuel).map_err(SandboxError::Module)?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_trap();
        let deadline = Deadline::start(&self.engine, self.limits.deadline);
        let answer = self.call(&mut store, &frame);
        drop(deadline);
        let answer = answer?;
        let (report, stream) =
            read_frame::<Report>(&answer).map_err(|error| SandboxError::Answer(error.to_string()))?;
        Ok((report, stream.to_vec()))
    }

    fn call(&self, store: &mut Store<State>, frame: &[u8]) -> Result<Vec<u8>, SandboxError> {
        let instance = self.module.instantiate(&mut *store).map_err(|error| self.failure(&error))?;
        let memory = instance.get_memory(&mut *store, "memory").ok_or(SandboxError::Export("memory"))?;
        let version = function::<(), u32>(&instance, store, "abi_version")?;
        let alloc = function::<u32, u32>(&instance, store, "alloc")?;
        let render = function::<(u32, u32), u64>(&instance, store, "render")?;
        let found = version.call(&mut *store, ()).map_err(|error| self.failure(&error))?;
        if found != ABI_VERSION {
            return Err(SandboxError::Version { found });
        }
        let length = u32::try_from(frame.len()).map_err(|_| SandboxError::Memory(self.limits.memory))?;
        let pointer = alloc.call(&mut *store, length).map_err(|error| self.failure(&error))?;
        memory
            .write(&mut *store, pointer as usize, frame)
            .map_err(|_| SandboxError::Answer("alloc gave room outside its memory".to_owned()))?;
        let packed = render.call(&mut *store, (pointer, length)).map_err(|error| self.failure(&error))?;
        answer(&memory, store, packed)
    }

    fn failure(&self, error: &wasmtime::Error) -> SandboxError {
        let text = error.root_cause().to_string();
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => SandboxError::Fuel(self.limits.fuel),
            Some(Trap::Interrupt) => SandboxError::Deadline(self.limits.deadline),
            Some(trap) => SandboxError::Trap(trap.to_string()),
            None if text.contains("memory") => SandboxError::Memory(self.limits.memory),
            None => SandboxError::Trap(text),
        }
    }
}

fn engine(limits: &SandboxLimits) -> Result<Engine, SandboxError> {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).max_wasm_stack(limits.stack);
    Engine::new(&config).map_err(SandboxError::Module)
}

fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
    instance: &Instance,
    store: &mut Store<State>,
    name: &'static str,
) -> Result<wasmtime::TypedFunc<P, R>, SandboxError> {
    instance.get_typed_func(store, name).map_err(|_| SandboxError::Export(name))
}

fn answer(memory: &Memory, store: &Store<State>, packed: u64) -> Result<Vec<u8>, SandboxError> {
    let (pointer, length) = ((packed >> 32) as usize, (packed & u64::from(u32::MAX)) as usize);
    memory
        .data(store)
        .get(pointer..pointer.saturating_add(length))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| SandboxError::Answer("it lies outside the plugin's memory".to_owned()))
}

#[cfg(test)]
mod tests;
