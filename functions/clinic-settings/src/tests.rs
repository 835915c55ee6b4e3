#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod automatic;
mod dates;
mod documents;
mod holidays;
mod message_templates;
mod rights;
mod schema;
mod sending;
mod templates;
mod texts;
mod versions;
mod world;
