//! What happens to a manifest stream between Helm and the cluster: Secrets are encoded, secret
//! references filled, and every object is judged by ValidatingAdmissionPolicies.
//!
//! The crate is compiled twice: to a WASM module that imports nothing, which is what runs at render
//! time, and natively, for tests, fuzzing, benchmarks and for the types of [`protocol`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cel;
pub mod encode;
pub mod protocol;
pub mod yaml;
