//! Announcing on a real `DynamoDB` implementation, with a provider that answers as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bursts;
mod content;
mod failures;
mod held;
mod provider;
mod recipients;
mod sending;
mod stuck;
mod unread;
mod world;
