//! The store on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit;
mod due;
mod keys;
mod lists;
mod reads;
mod transactions;
