//! Automatic replies on a real `DynamoDB` implementation, through both triggers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod no_answer;
mod outside_hours;
mod poison;
mod races;
mod reasons;
mod world;
