#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod addresses;
mod batch;
mod groups;
mod guardians;
mod links;
mod merges;
mod patients;
mod preferences;
mod repeats;
mod rights;
mod sns;
mod staff;
mod versions;
mod world;
