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
mod overtaken;
mod race;
mod refused;
mod templates;

use domain::actor::Actor;
use scenario::{Event, World, sources};
use serde_json::json;
use testkit::Fault;

use crate::handler::Reply;

fn reply(world: &World) -> Reply {
    Reply { store: world.store(), sources: sources() }
}

fn faulty(world: &World, fault: Fault) -> Reply {
    Reply { store: world.store_with(fault), sources: sources() }
}

/// A reply of this caller, which says nothing of what was seen.
fn event(actor: &Actor) -> Event {
    Event::sample("reply/reply.account.json").by(actor).body(&json!({ "body": "An answer." }))
}
