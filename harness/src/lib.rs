//! Renders every combination of a chart's values, with real Helm, and asserts on the result.
//!
//! Data flows one way: values → render → encode → judge → assert → report. The library returns data
//! and events; only the `gift` command prints.
//!
//! A test of a chart renders it, with the Helm that [`tools`] finds, and looks at what came out, as
//! Kubernetes' own types:
//!
//! ```
//! use gift_harness::chart::Chart;
//! use gift_harness::render::HelmVersion;
//! use k8s_openapi::api::apps::v1::Deployment;
//!
//! let rendered = Chart::open("../chart")?.helm(HelmVersion::V4).kubernetes("1.34").render()?;
//! let deployments = rendered.all::<Deployment>()?;
//! assert!(!deployments.is_empty());
//! for deployment in deployments {
//!     let pods = deployment.spec.ok_or("no spec")?.template.spec.ok_or("no pods")?;
//!     assert!(pods.containers.iter().all(|container| container.resources.is_some()));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What must hold for every chart is in [`assertions`], and what tests say of one in [`assert`](mod@assert), with
//! answers people can read:
//!
//! ```
//! use gift_harness::assert::{assert_absent, assert_nothing_found};
//! use gift_harness::chart::Chart;
//!
//! let rendered = Chart::open("../chart")?.render()?;
//! assert_nothing_found(&rendered);
//! assert_absent(&rendered, "NetworkPolicy/deny-all");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod assert;
pub mod assertions;
pub mod changes;
pub mod chart;
pub mod cluster;
pub mod diagnosis;
pub mod directories;
pub mod documentation;
pub mod git;
pub mod matrix;
pub mod mutation;
pub mod network;
pub mod objects;
pub mod operations;
pub mod policies;
pub mod post_render;
pub mod promotion;
pub mod publish;
pub mod redaction;
pub mod release;
pub mod render;
pub mod report;
pub mod rules;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod secrets;
pub mod starter;
pub mod tools;
