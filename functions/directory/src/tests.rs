#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod links;
mod patients;
mod rights;
mod staff;
mod versions;
mod world;
