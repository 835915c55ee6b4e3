//! Feedback on a real `DynamoDB` implementation, from the sample events, and SNS's list from a server of
//! the test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod addresses;
mod events;
mod logs;
mod notices;
mod reconcile;
mod sns;
mod world;
