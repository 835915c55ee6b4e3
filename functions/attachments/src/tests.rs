//! The real handler behind the real edge, on a real `DynamoDB`. No call is made to S3: addresses are
//! signed here, and what S3 does with them the whole-system tests tell.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod documents;
mod downloads;
mod outages;
mod slots;

use domain::actor::Actor;
use files::Files;
use scenario::{Event, World, sources};
use serde_json::{Value, json};
use testkit::Fault;

use crate::handler::Attachments;

fn handler(world: &World) -> Attachments {
    Attachments {
        store: world.store(),
        files: Files::new(&testkit::nobody(), "files".to_owned()),
        sources: sources(),
        copies: true,
    }
}

fn faulty(world: &World, fault: Fault) -> Attachments {
    Attachments { store: world.store_with(fault), ..handler(world) }
}

/// A request for a slot in the conversation of the samples.
fn upload(actor: &Actor) -> Event {
    Event::sample("attachments/upload.account.json").by(actor)
}

/// What the sample asks for, with these members changed; null takes one out.
fn wanted(changes: &Value) -> Value {
    let mut body = json!({
        "name": "photo.jpg",
        "type": "image/jpeg",
        "length": 4,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "conversationId": "0198c0de-0000-7000-8000-000000000001",
    });
    for (member, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(member);
        } else {
            body[member] = value.clone();
        }
    }
    body
}
