//! Renders every combination of a chart's values, with real Helm, and asserts on the result.
//!
//! Data flows one way: values → render → encode → judge → assert → report. The library returns data
//! and events; only the `gift` command prints.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod assertions;
pub mod chart;
pub mod cluster;
pub mod diagnosis;
pub mod directories;
pub mod matrix;
pub mod objects;
pub mod policies;
pub mod post_render;
pub mod redaction;
pub mod render;
pub mod report;
pub mod rules;
pub mod run;
pub mod sandbox;
pub mod secrets;
pub mod tools;
