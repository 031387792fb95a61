//! Machine code of modules, kept between runs: compiling takes a second, loading a millisecond.
//!
//! A file is named after the module, the engine's version and settings, and this build of the
//! command, is written whole or not at all, and lives in a directory only the user can write. The
//! only `unsafe` outside the plugin's exports is here.

use super::SandboxError;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use wasmtime::{Engine, Module};

/// The module of that id compiled for `engine`, from the cache when it is there. A cache that cannot be read or
/// written costs time, nothing else.
pub(super) fn load(engine: &Engine, wasm: &[u8], id: &str) -> Result<Module, SandboxError> {
    let Some(path) = path(engine, id) else {
        return Module::new(engine, wasm).map_err(SandboxError::Module);
    };
    if let Some(module) = read(engine, &path) {
        return Ok(module);
    }
    let code = engine.precompile_module(wasm).map_err(SandboxError::Module)?;
    if write(&path, &code).is_some()
        && let Some(module) = read(engine, &path)
    {
        return Ok(module);
    }
    Module::new(engine, wasm).map_err(SandboxError::Module)
}

#[allow(unsafe_code)]
fn read(engine: &Engine, path: &Path) -> Option<Module> {
    if !path.is_file() || !only_ours(path.parent()?) {
        return None;
    }
    // SAFETY: the file was written by `write` below, whole or not at all, into a directory that no
    // other user can write to; wasmtime itself refuses code of another version or other settings.
    unsafe { Module::deserialize_file(engine, path) }.ok()
}

fn write(path: &Path, code: &[u8]) -> Option<()> {
    let directory = path.parent()?;
    std::fs::create_dir_all(directory).ok()?;
    restrict(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).ok()?;
    file.write_all(code).ok()?;
    file.as_file().sync_all().ok()?;
    file.persist(path).ok()?;
    Some(())
}

fn path(engine: &Engine, id: &str) -> Option<PathBuf> {
    let mut compatibility = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    let name = format!("{id}-{:016x}.cwasm", compatibility.finish());
    Some(crate::directories::cache()?.join("modules").join(name))
}

#[cfg(unix)]
fn restrict(directory: &Path) -> Option<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).ok()
}

#[cfg(unix)]
fn only_ours(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(directory) else { return false };
    let Ok(own) = std::fs::metadata("/proc/self") else { return metadata.mode() & 0o022 == 0 };
    metadata.uid() == own.uid() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> Option<()> {
    Some(())
}

#[cfg(not(unix))]
fn only_ours(_: &Path) -> bool {
    true
}
