//! Machine code of modules, kept between runs: compiling takes a second, loading a millisecond.
//!
//! A file is named after the module, the engine's version and settings, and this build of the
//! command. The only `unsafe` outside the plugin's exports is here.

use super::{SandboxError, files};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use wasmtime::{Engine, Module};

static COMPILING: Mutex<()> = Mutex::new(());

/// The module of that id compiled for `engine`, from the cache when it is there. A cache that cannot be
/// read or written costs time, nothing else.
pub(super) fn load(engine: &Engine, wasm: &[u8], id: &str) -> Result<Module, SandboxError> {
    let Some(path) = path(engine, id) else {
        return Module::new(engine, wasm).map_err(SandboxError::Module);
    };
    if let Some(module) = read(engine, &path) {
        return Ok(module);
    }
    // Of several threads that find nothing one compiles, and the others find what it wrote.
    let _one = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = read(engine, &path) {
        return Ok(module);
    }
    let code = engine.precompile_module(wasm).map_err(SandboxError::Module)?;
    if files::write(&path, &code).is_some()
        && let Some(module) = read(engine, &path)
    {
        return Ok(module);
    }
    Module::new(engine, wasm).map_err(SandboxError::Module)
}

#[allow(unsafe_code)]
fn read(engine: &Engine, path: &Path) -> Option<Module> {
    if !files::is_ours(path) {
        return None;
    }
    // SAFETY: the file was written by `files::write`, whole or not at all, into a directory that no
    // other user can write to; wasmtime itself refuses code of another version or other settings.
    unsafe { Module::deserialize_file(engine, path) }.ok()
}

fn path(engine: &Engine, id: &str) -> Option<PathBuf> {
    let mut compatibility = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    let name = format!("{id}-{:016x}.cwasm", compatibility.finish());
    Some(files::directory()?.join(name))
}
