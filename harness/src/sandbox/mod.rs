//! The plugin in its sandbox: a WASM module that imports nothing, bounded in time, work and memory.
//!
//! Compiled and linked once, a fresh instance for every request, so nothing leaks from one to the
//! next; what reading the policies makes of an instance is done once too. Depends on wasmtime and on
//! [`gift_plugin::protocol`].

mod compiled;
mod files;
mod limits;
mod prepared;

pub use limits::SandboxLimits;

use crate::diagnosis::{Category, Diagnose};
use gift_plugin::protocol::{ABI_VERSION, FrameError, Report, Request, read_frame, write_frame};
use limits::Deadline;
use prepared::{PolicyDigest, Prepared};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What tells the module from others, when what it prepares may be kept in files.
    id: Option<String>,
    prepared: Mutex<HashMap<PolicyDigest, Arc<Prepared>>>,
}

/// What a module may export beside the contract: reading policies once for many requests.
const PREPARE: &str = "prepare";

struct State {
    limits: StoreLimits,
}

/// An instance and what it has.
struct Running {
    store: Store<State>,
    instance: Instance,
    memory: Memory,
    _deadline: Deadline,
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
        Some(match self.option() {
            Some(option) => format!(
                "Nothing was printed. Allow more with {option}, render in smaller pieces (`helm template \
                 --show-only`), or look for a policy whose expression grows with the manifest."
            ),
            None => "Nothing was printed. This is a fault of the plugin, not of the chart.".to_owned(),
        })
    }
}

impl SandboxError {
    /// The option that allows more, where a limit was reached.
    pub(crate) fn option(&self) -> Option<&'static str> {
        match self {
            Self::Fuel(_) => Some("--fuel"),
            Self::Deadline(_) => Some("--deadline"),
            Self::Memory(_) => Some("--max-memory"),
            _ => None,
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
        Self::with_limits(SandboxLimits::default())
    }

    /// The module this command carries, under limits of its own.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the module does not fit the contract.
    pub fn with_limits(limits: SandboxLimits) -> Result<Self, SandboxError> {
        let engine = engine(&limits)?;
        let module = compiled::load(&engine, PLUGIN_WASM, PLUGIN_WASM_ID)?;
        Self::link(engine, &module, limits, Some(PLUGIN_WASM_ID.to_owned()))
    }

    /// Another module, under limits of its own, its machine code kept as that of the one carried.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the module does not fit the contract.
    pub fn of_module(module: &[u8], limits: SandboxLimits) -> Result<Self, SandboxError> {
        let engine = engine(&limits)?;
        let id = blake3::hash(module).to_hex()[..32].to_owned();
        let module = compiled::load(&engine, module, &id)?;
        Self::link(engine, &module, limits, Some(id))
    }

    /// Another module, of which nothing is kept.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when the module does not fit the contract.
    pub fn from_bytes(module: &[u8], limits: SandboxLimits) -> Result<Self, SandboxError> {
        let engine = engine(&limits)?;
        let module = Module::new(&engine, module).map_err(SandboxError::Module)?;
        Self::link(engine, &module, limits, None)
    }

    fn link(
        engine: Engine,
        module: &Module,
        limits: SandboxLimits,
        id: Option<String>,
    ) -> Result<Self, SandboxError> {
        let imports: Vec<String> =
            module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect();
        if !imports.is_empty() {
            return Err(SandboxError::Imports(imports.join(", ")));
        }
        let module = Linker::new(&engine).instantiate_pre(module).map_err(SandboxError::Module)?;
        Ok(Self { engine, module, limits, id, prepared: Mutex::default() })
    }

    /// Answers one request about a stream in a fresh instance.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] when a limit is reached, or the module fails or answers rubbish.
    pub fn run(&self, request: &Request, stream: &[u8]) -> Result<(Report, Vec<u8>), SandboxError> {
        match self.prepared(request) {
            None => self.render(request, stream, None),
            Some(prepared) => {
                let request = Request {
                    prepared: true,
                    secrets: request.secrets.clone(),
                    options: request.options.clone(),
                    ..Request::default()
                };
                self.render(&request, stream, Some(&prepared))
            }
        }
    }

    fn render(
        &self,
        request: &Request,
        stream: &[u8],
        prepared: Option<&Prepared>,
    ) -> Result<(Report, Vec<u8>), SandboxError> {
        let mut running = self.start()?;
        if let Some(prepared) = prepared {
            let Running { store, memory, .. } = &mut running;
            prepared.restore(memory, store).map_err(|error| self.failure(&error))?;
        }
        self.ask(&mut running, "render", request, stream)
    }

    /// What an instance is once it has read the policies of the request. `None` when the module cannot, or
    /// they have a fault: it is told in the answer to the request itself.
    fn prepared(&self, request: &Request) -> Option<Arc<Prepared>> {
        if request.policies.is_empty() || self.module.module().get_export(PREPARE).is_none() {
            return None;
        }
        let digest = PolicyDigest::of(request);
        let known = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = known().get(&digest) {
            return Some(Arc::clone(prepared));
        }
        let file = self.file(digest);
        let prepared =
            file.as_ref().and_then(|file| Prepared::from_bytes(files::read(file)?)).or_else(|| {
                let prepared = self.prepare(request).ok().flatten()?;
                // What cannot be kept costs time, nothing else.
                let _ = file.as_ref().and_then(|file| files::write(file, prepared.bytes()));
                Some(prepared)
            })?;
        let prepared = Arc::new(prepared);
        known().insert(digest, Arc::clone(&prepared));
        Some(prepared)
    }

    fn prepare(&self, request: &Request) -> Result<Option<Prepared>, SandboxError> {
        let mut running = self.start()?;
        let fresh = running.memory.data(&running.store).to_vec();
        // Nothing but these: what is prepared outlives the request and its secrets.
        let (policies, params) = (request.policies.clone(), request.params.clone());
        let request = Request { policies, params, ..Request::default() };
        let (report, _) = self.ask(&mut running, PREPARE, &request, b"")?;
        let now = running.memory.data(&running.store);
        Ok(report.error.is_none().then(|| Prepared::between(&fresh, now)))
    }

    fn file(&self, digest: PolicyDigest) -> Option<PathBuf> {
        Some(files::directory()?.join(format!("{}-{}.prepared", self.id.as_ref()?, digest.to_hex())))
    }

    /// A fresh instance that speaks this version of the protocol.
    fn start(&self) -> Result<Running, SandboxError> {
        let mut store = Store::new(&self.engine, State { limits: self.limits.store() });
        store.limiter(|state| &mut state.limits);
        if let Some(fuel) = self.limits.fuel {
            store.set_fuel(fuel).map_err(SandboxError::Module)?;
        }
        store.set_epoch_deadline(1);
        store.epoch_deadline_trap();
        let deadline = Deadline::start(&self.engine, self.limits.deadline);
        let instance = self.module.instantiate(&mut store).map_err(|error| self.failure(&error))?;
        let memory = instance.get_memory(&mut store, "memory").ok_or(SandboxError::Export("memory"))?;
        let version = function::<(), u32>(&instance, &mut store, "abi_version")?;
        match version.call(&mut store, ()).map_err(|error| self.failure(&error))? {
            ABI_VERSION => Ok(Running { store, instance, memory, _deadline: deadline }),
            found => Err(SandboxError::Version { found }),
        }
    }

    /// Hands a frame to one of the exports that take one, and reads the frame it answers with.
    fn ask(
        &self,
        running: &mut Running,
        export: &'static str,
        request: &Request,
        stream: &[u8],
    ) -> Result<(Report, Vec<u8>), SandboxError> {
        let frame = write_frame(request, stream).map_err(SandboxError::Request)?;
        let Running { store, instance, memory, .. } = running;
        let alloc = function::<u32, u32>(instance, store, "alloc")?;
        let asked = function::<(u32, u32), u64>(instance, store, export)?;
        let length = u32::try_from(frame.len()).map_err(|_| SandboxError::Memory(self.limits.memory))?;
        let pointer = alloc.call(&mut *store, length).map_err(|error| self.failure(&error))?;
        memory
            .write(&mut *store, pointer as usize, &frame)
            .map_err(|_| SandboxError::Answer("alloc gave room outside its memory".to_owned()))?;
        let packed = asked.call(&mut *store, (pointer, length)).map_err(|error| self.failure(&error))?;
        let (report, stream) = read_frame::<Report>(answer(memory, store, packed)?)
            .map_err(|error| SandboxError::Answer(error.to_string()))?;
        Ok((report, stream.to_vec()))
    }

    fn failure(&self, error: &wasmtime::Error) -> SandboxError {
        let text = error.root_cause().to_string();
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => SandboxError::Fuel(self.limits.fuel.unwrap_or_default()),
            Some(Trap::Interrupt) => SandboxError::Deadline(self.limits.deadline),
            Some(trap) => SandboxError::Trap(trap.to_string()),
            None if text.contains("memory") => SandboxError::Memory(self.limits.memory),
            None => SandboxError::Trap(text),
        }
    }
}

fn engine(limits: &SandboxLimits) -> Result<Engine, SandboxError> {
    let mut config = Config::new();
    config.consume_fuel(limits.fuel.is_some()).epoch_interruption(true).max_wasm_stack(limits.stack);
    Engine::new(&config).map_err(SandboxError::Module)
}

fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
    instance: &Instance,
    store: &mut Store<State>,
    name: &'static str,
) -> Result<wasmtime::TypedFunc<P, R>, SandboxError> {
    instance.get_typed_func(store, name).map_err(|_| SandboxError::Export(name))
}

fn answer<'m>(memory: &Memory, store: &'m Store<State>, packed: u64) -> Result<&'m [u8], SandboxError> {
    let (pointer, length) = ((packed >> 32) as usize, (packed & u64::from(u32::MAX)) as usize);
    memory
        .data(store)
        .get(pointer..pointer.saturating_add(length))
        .ok_or_else(|| SandboxError::Answer("it lies outside the plugin's memory".to_owned()))
}

#[cfg(test)]
mod tests;
