//! Looks that meet other writers between reading and writing, and calls that fail half way.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::actor::Actor;
use domain::conversation::Author;
use store::due::MOST_ATTEMPTS;
use store::key::{self, ConversationKey};
use testkit::Fault;
use worker::{Step, Worker as _};

use super::world::{
    self, OUTSIDE, UNANSWERED, World, account, at, name, not_needed, now, pass_to, reply, staff,
};
use crate::handler::AutoReply;

const TRANSACTION: &str = "TransactWriteItems";

/// A look whose first write comes just after this actor's message.
fn after_message(world: &Arc<World>, actor: Actor, operation: &'static str) -> Fault {
    let world = Arc::clone(world);
    Fault::meanwhile(operation, move || {
        let (world, actor) = (Arc::clone(&world), actor.clone());
        async move {
            reply(&world.worker.store, &actor, &name("c1", 1)).await;
        }
    })
}

/// A message whose first write comes just after a look at this timer.
fn after_look(world: &Arc<World>, timer: key::Key) -> Fault {
    let world = Arc::clone(world);
    Fault::meanwhile(TRANSACTION, move || {
        let (world, timer) = (Arc::clone(&world), timer.clone());
        async move {
            assert_eq!(world.worker.step(timer).await.unwrap(), Step::Done);
        }
    })
}

fn through(world: &World, fault: Fault) -> AutoReply {
    world::worker(world.db.client_with(fault))
}

/// A patient's message of Tuesday night that nobody looked at, on Wednesday night.
async fn unseen_since_yesterday() -> (Arc<World>, ConversationKey) {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-24T23:00:00Z").await;
    at("2026-11-25T23:00:00Z");
    (Arc::new(world), name)
}

/// The numbers of all messages, without gap or repeat, and whose the last one is.
async fn last_author(world: &World, name: &ConversationKey) -> Author {
    let page = world.worker.store.messages(name, None, 10).await.unwrap();
    let numbers: Vec<_> = page.messages.iter().rev().map(|message| message.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    page.messages[0].author.clone()
}

/// The old timer is not needed any more, and the patient writes before that is written down: the
/// new message's timer stays.
#[tokio::test]
async fn a_message_just_before_not_needed_keeps_its_timer() {
    let (world, name) = unseen_since_yesterday().await;
    let slow = through(&world, after_message(&world, account(), TRANSACTION));
    assert_eq!(slow.step(key::timer(&name, OUTSIDE)).await.unwrap(), Step::Done);
    assert_eq!(world.timer(&name, OUTSIDE).await.unwrap().number, 3);
    assert_eq!(world.records(&name).await, []);
    world.tick().await;
    assert_eq!(world.said(&name).await.len(), 1);
}

/// The old timer ends as not needed before the patient's message is written, which counted on it.
#[tokio::test]
async fn a_message_just_after_not_needed_has_its_timer() {
    let (world, name) = unseen_since_yesterday().await;
    let slow = through(&world, after_look(&world, key::timer(&name, OUTSIDE)));
    reply(&slow.store, &account(), &name).await;
    assert_eq!(world.records(&name).await, [not_needed("office_open")]);
    assert_eq!(world.timer(&name, OUTSIDE).await.unwrap().number, 3);
    world.tick().await;
    assert_eq!(world.said(&name).await.len(), 1);
}

/// The old timer was begun too often, and the patient writes before it is set aside: the new one is
/// not set aside for the old one's attempts.
#[tokio::test]
async fn a_timer_that_is_set_anew_while_the_old_one_is_set_aside_lives() {
    let (world, name) = unseen_since_yesterday().await;
    let key = key::timer(&name, OUTSIDE);
    let many = AttributeValue::N(MOST_ATTEMPTS.to_string());
    world.corrupt(&key, |item| drop(item.insert("attempts".to_owned(), many))).await;
    // The first update is the claim, the second sets aside.
    let slow = through(&world, after_message(&world, account(), "UpdateItem").after(1));
    assert_eq!(slow.step(key).await.unwrap(), Step::Done);
    assert_eq!(world.timer(&name, OUTSIDE).await.unwrap().number, 3);
    world.tick().await;
    assert_eq!(world.said(&name).await.len(), 1);
}

/// Staff answer between the look's reading and its writing: it is not followed by a reply.
#[tokio::test]
async fn an_answer_just_before_the_reply_is_written_prevents_it() {
    let (world, name) = (Arc::new(World::new().await), name("c1", 1));
    world.patient_writes(&name, "2026-11-25T15:00:00Z").await;
    at("2026-11-25T16:00:00Z");
    let slow = through(&world, after_message(&world, staff(&name), TRANSACTION));
    assert_eq!(slow.step(key::timer(&name, UNANSWERED)).await.unwrap(), Step::Done);
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.timers(&name).await, []);
    assert!(matches!(last_author(&world, &name).await, Author::Staff { .. }));
}

/// The reply comes between the reading and the writing of the staff's answer: both are there.
#[tokio::test]
async fn an_answer_just_after_the_reply_is_the_last_word() {
    let (world, name) = (Arc::new(World::new().await), name("c1", 1));
    world.patient_writes(&name, "2026-11-25T15:00:00Z").await;
    at("2026-11-25T16:00:00Z");
    let slow = through(&world, after_look(&world, key::timer(&name, UNANSWERED)));
    reply(&slow.store, &staff(&name), &name).await;
    assert_eq!(world.said(&name).await.len(), 1);
    assert_eq!(world.timers(&name).await, []);
    assert!(matches!(last_author(&world, &name).await, Author::Staff { .. }));
}

/// The patient writes again between the look's reading and its writing: one reply, and no timer for
/// a second one.
#[tokio::test]
async fn another_message_just_before_the_reply_is_written_gets_no_reply_of_its_own() {
    let (world, name) = (Arc::new(World::new().await), name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let slow = through(&world, after_message(&world, account(), TRANSACTION));
    assert_eq!(slow.step(key::timer(&name, OUTSIDE)).await.unwrap(), Step::Done);
    assert_eq!(world.said(&name).await.len(), 1);
    assert_eq!(world.timer(&name, OUTSIDE).await, None);
    assert!(matches!(last_author(&world, &name).await, Author::Automatic { .. }));
}

/// The claim's holder is so slow that its claim runs out, and another looks: one reply.
#[tokio::test]
async fn a_claim_that_ran_out_says_nothing_twice() {
    let (world, name) = (Arc::new(World::new().await), name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let key = key::timer(&name, OUTSIDE);
    let other = (Arc::clone(&world), key.clone());
    let slow = Fault::meanwhile(TRANSACTION, move || {
        let (world, key) = other.clone();
        async move {
            pass_to(now() + jiff::SignedDuration::from_secs(121));
            assert_eq!(world.worker.step(key).await.unwrap(), Step::Done);
        }
    });
    assert_eq!(through(&world, slow).step(key).await.unwrap(), Step::Done);
    assert_eq!(world.said(&name).await.len(), 1);
    assert_eq!(world.records(&name).await.len(), 1);
}

#[tokio::test]
async fn whatever_call_is_lost_there_is_one_reply() {
    let faults = [
        Fault::answer_lost("UpdateItem"),
        Fault::answer_lost("UpdateItem").times(3),
        Fault::unavailable("UpdateItem").times(3),
        Fault::conflict("UpdateItem"),
        Fault::unavailable("BatchGetItem").times(3),
        Fault::conflict("TransactWriteItems").times(3),
        Fault::unavailable("TransactWriteItems").times(3),
        Fault::answer_lost("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems").times(3),
    ];
    let name = name("c1", 1);
    for fault in faults {
        let world = World::new().await;
        world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
        let unlucky = world::worker(world.db.client_with(fault.clone()));
        let _ = unlucky.step(key::timer(&name, OUTSIDE)).await;
        for _ in 0..3 {
            world.stream().await;
            pass_to(now() + jiff::SignedDuration::from_secs(60));
            world.tick().await;
        }
        assert_eq!(world.said(&name).await.len(), 1, "{fault:?}");
        assert_eq!(world.records(&name).await.len(), 1, "{fault:?}");
        assert_eq!(world.timer(&name, OUTSIDE).await, None, "{fault:?}");
    }
}

/// Others write to the conversation all the time that the look has: it is given up for now, and made
/// again at the claim's end.
#[tokio::test]
async fn a_look_that_always_loses_is_made_again() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let fault = Fault::conflict("TransactWriteItems").times(10_000);
    let unlucky = world::worker(world.db.client_with(fault));
    let outage = unlucky.step(key::timer(&name, OUTSIDE)).await.unwrap_err();
    assert_eq!(outage.kind(), domain::outage::OutageKind::Contended);
    assert_eq!(world.said(&name).await, []);
    world.tick_at("2026-11-25T23:02:00Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}
