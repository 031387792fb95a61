//! The `gift` command as its users meet it: exit codes, streams, Helm, the documentation.

mod delivery;
mod documentation;
mod exit_codes;
pub(crate) mod helm;
mod own_module;
mod schemas;
mod wasm_runtime;

pub(crate) use documentation::run_cluster_blocks;
