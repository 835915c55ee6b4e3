//! The real handler behind the real edge, on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod before;
mod colleagues;
mod guardians;
mod links;
mod lists;
mod markers;
mod notices;
mod outages;
mod paging;
mod queries;
mod refused;
mod sizes;
mod threads;

use domain::actor::Actor;
use scenario::{Answer, Event, World, sources};
use testkit::Fault;

use crate::handler::ReadConversations;

fn reader(world: &World) -> ReadConversations {
    ReadConversations { store: world.store(), sources: sources() }
}

fn faulty(world: &World, fault: Fault) -> ReadConversations {
    ReadConversations { store: world.store_with(fault), sources: sources() }
}

fn sample(name: &str, actor: &Actor) -> Event {
    Event::sample(&format!("read-conversations/{name}.json")).by(actor)
}

/// The list of p1's conversations.
fn chart(actor: &Actor) -> Event {
    sample("chart-list.staff", actor)
}

/// The inbox of an account or of a portal patient, in all states.
fn inbox(actor: &Actor) -> Event {
    sample("own-inbox.portal", actor)
}

/// The inbox of a staff member, in all states.
fn clinic_inbox(actor: &Actor) -> Event {
    sample("clinic-inbox.staff", actor).query(&[])
}

fn thread(actor: &Actor) -> Event {
    sample("thread.staff", actor)
}

fn marker(actor: &Actor) -> Event {
    sample("read-marker.staff", actor)
}

/// The conversations that a list shows, in its order.
fn shown(answer: &Answer) -> Vec<String> {
    let conversations = answer.body["conversations"].as_array().expect("a list");
    let id = |entry: &serde_json::Value| entry["conversationId"].as_str().unwrap().to_owned();
    conversations.iter().map(id).collect()
}

fn next(answer: &Answer) -> Option<String> {
    answer.body.get("nextCursor").map(|cursor| cursor.as_str().unwrap().to_owned())
}
