//! The store on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod absences;
mod addresses;
mod audit;
mod counters;
mod due;
mod keys;
mod links;
mod lists;
mod notices;
mod reads;
mod sending;
mod transactions;
