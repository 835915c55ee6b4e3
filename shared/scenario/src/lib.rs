//! Two clinics with their people in a database of the test's own, and requests to the real handler
//! behind the real edge. A dev-dependency only: whatever goes wrong here panics, which fails the
//! test.
//!
//! A test seeds what it is about with the store's own transactions, sends one of the sample events
//! of `events/`, changed where the test needs it, and compares what the table holds before and after.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "only tests use this crate, and a test fails by panicking"
)]

mod answer;
mod clock;
mod event;
pub mod people;
mod state;
mod world;

pub use answer::Answer;
pub use clock::{NOW, set_clock, sources};
pub use event::{CONVERSATION, Event};
pub use state::{Difference, State};
pub use world::{World, name};
