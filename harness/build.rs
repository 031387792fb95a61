//! Compiles the plugin to WASM and gathers the policy files, so that the command carries both.
//!
//! The module is compiled by rustup's wasm32 target where it is installed, else by Debian's rustc-web,
//! which brings the standard library as source. `GIFT_WASM_TOOLCHAIN=rustup|debian` decides, and
//! `GIFT_PLUGIN_WASM=FILE` takes a module that is there already.

use std::error::Error;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let harness = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    let root = harness.parent().ok_or("the harness stands in the workspace")?;
    for variable in ["GIFT_PLUGIN_WASM", "GIFT_WASM_TOOLCHAIN"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    for input in ["Cargo.lock", "Cargo.toml", "plugin/Cargo.toml", "plugin/src"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    let module = match env::var_os("GIFT_PLUGIN_WASM") {
        Some(file) => {
            println!("cargo::rerun-if-changed={}", Path::new(&file).display());
            PathBuf::from(file)
        }
        None => compile(root, &out)?,
    };
    let module = fs::read(&module).map_err(|error| format!("{}: {error}", module.display()))?;
    // Reading a megabyte and a half at each start, only to name its machine code, takes milliseconds.
    let mut hasher = DefaultHasher::new();
    module.hash(&mut hasher);
    println!("cargo::rustc-env=GIFT_PLUGIN_WASM_ID={:016x}-{}", hasher.finish(), module.len());
    fs::write(out.join("plugin.wasm"), module)?;
    gather_policies(&root.join("chart/policies"), &out.join("policies.rs"))
}

fn compile(root: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let sysroot =
        capture(Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).args(["--print", "sysroot"]))?;
    let sysroot = Path::new(&sysroot);
    let has_target = sysroot.join("lib/rustlib").join(TARGET).is_dir();
    let has_debian =
        Path::new("/usr/bin/cargo").is_file() && Path::new("/usr/lib/rustlib/src/rust/library/std").is_dir();
    let debian = match env::var("GIFT_WASM_TOOLCHAIN").as_deref() {
        Ok("rustup") => false,
        Ok("debian") => true,
        Ok(other) => return Err(format!("GIFT_WASM_TOOLCHAIN={other}: rustup or debian").into()),
        Err(_) => !has_target,
    };
    if (debian && !has_debian) || (!debian && !has_target) {
        return Err(format!(
            "no way to compile to {TARGET}: run ci/setup wasm, or `rustup target add {TARGET}`, or install \
             Debian's rustc-web, cargo-web and rust-web-src"
        )
        .into());
    }
    // A directory of its own, for cargo holds a lock on the outer one; shared by all profiles, for the
    // standard library takes minutes. OUT_DIR is TARGET/PROFILE/build/PACKAGE/out.
    let shared = out.ancestors().nth(4).ok_or("OUT_DIR is deeper than that")?.join("wasm");
    let mut cargo = if debian {
        let mut cargo = Command::new("/usr/bin/cargo");
        cargo
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", "/usr/bin/rustc")
            .args(["-Z", "build-std=std,panic_abort"]);
        let host = env::var("HOST")?;
        let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
        let linker = if linker.is_file() { linker.into_os_string() } else { OsString::from("wasm-ld") };
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        cargo
    } else {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.env_remove("RUSTC");
        cargo
    };
    for variable in [
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTDOC",
        "RUSTFLAGS",
    ] {
        cargo.env_remove(variable);
    }
    // What keeps the paths of a machine out of the command keeps them out of the module as well.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let remapped: Vec<_> =
        flags.split('\u{1f}').filter(|flag| flag.starts_with("--remap-path-prefix=")).collect();
    if !remapped.is_empty() {
        cargo.env("CARGO_ENCODED_RUSTFLAGS", remapped.join("\u{1f}"));
    }
    let status = cargo
        .current_dir(root)
        // A cdylib here alone: as one of the library's own crate types it would take the hash out of
        // the name of its rlib, and builds with different features would write over one another.
        .args(["rustc", "--quiet", "--locked", "--package", "gift-plugin", "--profile", "plugin"])
        .args(["--lib", "--crate-type", "cdylib", "--target", TARGET, "--target-dir"])
        .arg(&shared)
        .status()?;
    if !status.success() {
        return Err("the plugin does not compile to WASM; the reason stands above".into());
    }
    Ok(shared.join(TARGET).join("plugin/gift_plugin.wasm"))
}

fn capture(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed").into());
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Writes a table of `(path below chart/policies, text)`, sorted by path.
fn gather_policies(directory: &Path, table: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut files = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut text = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(directory)?.to_str().ok_or("the names of policy files are UTF-8")?;
        text.push_str(&format!("    ({name:?}, include_str!({:?})),\n", file.display().to_string()));
    }
    text.push_str("]\n");
    fs::write(table, text)?;
    Ok(())
}
