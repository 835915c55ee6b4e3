//! Announcing on a real `DynamoDB` implementation, with a provider that answers as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod content;
mod failures;
mod provider;
mod sending;
mod stuck;
mod world;
