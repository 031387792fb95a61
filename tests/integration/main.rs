//! One binary for all integration tests: one link, shared fixtures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]
#![allow(clippy::print_stderr, reason = "what a comparison compared is told to who asks with --nocapture")]

mod cel;
mod chart;
mod cluster;
mod command;
mod delivery;
mod facts;
mod mutation;
mod policies;
mod public_charts;
mod public_findings;
mod publish;
mod reference_program;
mod release;
mod reports;
mod sources;
mod workplace;
mod yaml;
