//! The real handler behind the real edge, on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepted;
mod altered;
mod outages;
mod refused;

use domain::actor::Actor;
use domain::command::{Alteration, GroupFacts};
use domain::people::StaffMember;
use scenario::people::{group, group_id, member, staff};
use scenario::{Event, World, sources};
use store::key::ConversationKey;
use testkit::Fault;

use crate::handler::ChangeConversation;

fn handler(world: &World) -> ChangeConversation {
    ChangeConversation { store: world.store(), sources: sources() }
}

fn faulty(world: &World, fault: Fault) -> ChangeConversation {
    ChangeConversation { store: world.store_with(fault), sources: sources() }
}

fn sample(name: &str, actor: &Actor) -> Event {
    Event::sample(&format!("change-conversation/{name}.json")).by(actor)
}

fn close(actor: &Actor) -> Event {
    sample("close.staff", actor)
}

fn reopen(actor: &Actor) -> Event {
    sample("reopen.staff", actor)
}

/// The sample: s3 takes part.
fn add(actor: &Actor) -> Event {
    sample("add-participant.staff", actor)
}

/// The sample: s2 takes part no longer.
fn remove(actor: &Actor) -> Event {
    sample("remove-participant.admin", actor)
}

/// The sample: g1 takes part.
fn add_group(actor: &Actor) -> Event {
    sample("add-group.staff", actor)
}

/// The sample: g1 takes part no longer.
fn remove_group(actor: &Actor) -> Event {
    sample("remove-group.admin", actor)
}

/// The sample: guardians are not to see it.
fn hide(actor: &Actor) -> Event {
    sample("hide.staff", actor)
}

/// The sample: guardians are to see it.
fn show(actor: &Actor) -> Event {
    sample("show.staff", actor)
}

/// Every route's sample.
fn every(actor: &Actor) -> [Event; 8] {
    [close, reopen, add, remove, add_group, remove_group, hide, show].map(|event| event(actor))
}

/// A staff member of c1 who is in these groups.
fn in_groups(id: &str, groups: &[&str]) -> StaffMember {
    StaffMember { groups: groups.iter().map(|id| group_id(id)).collect(), ..member("c1", id) }
}

/// Lets the group g1 take part, which s5 is in.
async fn add_g1(world: &World, name: &ConversationKey) {
    world.group(&group("c1", "g1")).await;
    let s5 = in_groups("s5", &["g1"]);
    world.staff(&s5).await;
    let facts = GroupFacts { group: Some(group("c1", "g1")), members: vec![s5] };
    let command = Alteration::AddGroup { id: &group_id("g1"), facts: &facts };
    world.alter(&staff("s1"), name, command).await;
}
