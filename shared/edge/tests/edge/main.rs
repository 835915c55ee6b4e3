//! The edge, from API Gateway's events to its answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bodies;
mod callers;
mod cursors;
mod headers;
mod problems;
mod samples;
mod serving;
mod shapes;
mod support;
