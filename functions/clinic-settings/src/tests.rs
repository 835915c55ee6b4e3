#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod documents;
mod rights;
mod sending;
mod templates;
mod versions;
mod world;
