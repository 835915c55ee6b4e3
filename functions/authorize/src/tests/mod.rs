//! The handler, whole: real signatures, real key documents over HTTP, a clock that the test sets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepted;
mod keys;
mod refused;
mod support;
mod table;
