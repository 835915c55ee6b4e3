#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod batch;
mod groups;
mod guardians;
mod links;
mod merges;
mod patients;
mod repeats;
mod rights;
mod staff;
mod versions;
mod world;
