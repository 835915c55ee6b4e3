//! The real handler behind the real edge, on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepted;
mod outages;
mod refused;

use domain::actor::Actor;
use scenario::{Event, World, sources};
use testkit::Fault;

use crate::handler::CloseConversation;

fn handler(world: &World) -> CloseConversation {
    CloseConversation { store: world.store(), sources: sources() }
}

fn faulty(world: &World, fault: Fault) -> CloseConversation {
    CloseConversation { store: world.store_with(fault), sources: sources() }
}

fn close(actor: &Actor) -> Event {
    Event::sample("close-conversation/close.staff.json").by(actor)
}

fn reopen(actor: &Actor) -> Event {
    Event::sample("close-conversation/reopen.staff.json").by(actor)
}
