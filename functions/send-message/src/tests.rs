//! The real handler behind the real edge, on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepted;
mod files;
mod once;
mod outages;
mod refused;
mod templates;

use domain::actor::Actor;
use scenario::{Event, World, sources};
use serde_json::{Value, json};
use testkit::Fault;

use crate::handler::SendMessage;

fn send(world: &World) -> SendMessage {
    SendMessage { store: world.store(), sources: sources() }
}

fn faulty(world: &World, fault: Fault) -> SendMessage {
    SendMessage { store: world.store_with(fault), sources: sources() }
}

/// The sample: s1 starts a conversation with p1 and s2.
fn event(actor: &Actor) -> Event {
    Event::sample("send-message/start.staff.json").by(actor)
}

/// The sample with these staff besides.
fn to(recipients: &[&str]) -> Value {
    json!({ "title": "A title", "body": "A message.", "to": recipients })
}
