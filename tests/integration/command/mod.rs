//! The `gift` command as its users meet it: exit codes, streams, Helm, the documentation.

mod broken_policies;
mod cache;
mod delivery;
mod documentation;
mod exit_codes;
pub(crate) mod helm;
mod limits;
mod own_module;
mod parameters;
mod schemas;
mod secrets;
mod sharding;
mod wasm_runtime;

pub(crate) use documentation::{run_cluster_blocks, run_published_blocks};
