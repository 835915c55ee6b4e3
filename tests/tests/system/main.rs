//! Whole-system tests: over HTTP, against the stack that `cargo xtask test` has deployed.
//!
//! Each test has clinics of its own, so that all of them run at once on one stack.
#![allow(
    clippy::pedantic,
    reason = "only tests: correctness lints stay denied, style is rustfmt's"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access_report;
mod api_manners;
mod attachments;
mod automatic;
#[allow(dead_code, reason = "the helpers are shared with the other binaries")]
mod aws;
mod conversations;
mod errors;
mod feedback;
mod ground;
mod harness;
mod idempotency;
mod isolation;
mod least_privilege;
mod notices;
mod paging;
mod people;
mod plans;
mod race;
mod rights;
mod templates;
