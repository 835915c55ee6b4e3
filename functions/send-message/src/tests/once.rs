//! One idempotency key, one effect.

use std::sync::Arc;

use domain::clinic::Plan;
use domain::people::{Patient, StaffMember};
use jiff::SignedDuration;
use scenario::people::{contact, member, no_contact, patient, staff, staff_of};
use scenario::{NOW, World, set_clock};
use serde_json::{Value, json};
use store::idempotency::KEPT_SECONDS;
use testkit::Fault;
use tokio::task::JoinSet;

use super::{event, faulty, send};

/// How many conversations there are.
async fn conversations(world: &World) -> usize {
    world.state().await.items.keys().filter(|key| key.sk == "CONVERSATION").count()
}

#[tokio::test]
async fn a_key_is_its_callers_own() {
    let world = World::of(Plan::Connect).await;
    let mut ids = std::collections::BTreeSet::new();
    for event in [
        event(&staff("s1")),
        event(&staff("s2")),
        event(&staff("s9")),
        event(&staff_of("c2", "s1")).path("clinicId", "c2"),
    ] {
        let body = world.ask(&send(&world), &event.key("1")).await.expect(201);
        ids.insert(body["conversationId"].as_str().unwrap().to_owned());
    }
    assert_eq!((ids.len(), conversations(&world).await), (4, 4));
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_and_does_nothing() {
    let world = World::of(Plan::Connect).await;
    let event = event(&staff("s1"));
    let first = world.ask(&send(&world), &event).await;
    first.clone().expect(201);
    // What would refuse the request now does not change what it did.
    world.staff(&StaffMember { active: false, ..member("c1", "s2") }).await;
    set_clock(NOW + SignedDuration::from_mins(5));
    // Only how the patient is told is as things are now.
    let mut now = first.clone();
    now.body["noticeChannel"] = Value::Null;
    now.body["noticeProblem"] = json!("no_usable_address");
    for (contact, wanted) in [(contact(), first), (no_contact(), now)] {
        let record = Patient { portal_access: false, contact, ..patient("c1", "p1") };
        world.patient(&record).await;
        let before = world.state().await;
        assert_eq!(world.ask(&send(&world), &event).await, wanted);
        let difference = world.state().await.since(&before);
        assert!(difference.written.is_empty() && difference.records.is_empty());
    }

    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    world.refuses(&send(&world), &event, 403, &["staff_inactive"]).await;
}

#[tokio::test]
async fn a_key_of_another_request_is_refused() {
    let world = World::of(Plan::Connect).await;
    let event = event(&staff("s1"));
    world.ask(&send(&world), &event).await.expect(201);
    for reused in [
        event.clone().body(&json!({ "title": "A title", "body": "Another." })),
        event.clone().path("patientId", "p2"),
    ] {
        world.refuses(&send(&world), &reused, 422, &["idempotency_key_reused"]).await;
    }
}

#[tokio::test]
async fn a_key_is_remembered_for_seven_days() {
    let world = World::of(Plan::Connect).await;
    let event = event(&staff("s1"));
    let first = world.ask(&send(&world), &event).await;
    set_clock(NOW + SignedDuration::from_secs(KEPT_SECONDS));
    assert_eq!(world.ask(&send(&world), &event).await, first);
    set_clock(NOW + SignedDuration::from_secs(KEPT_SECONDS + 1));
    world.ask(&send(&world), &event).await.expect(201);
    assert_eq!(conversations(&world).await, 2);
}

#[tokio::test]
async fn a_lost_answer_and_a_retry_make_one_conversation() {
    for lost in [1, 3] {
        let world = World::of(Plan::Connect).await;
        let event = event(&staff("s1"));
        let before = world.state().await;
        let fault = Fault::answer_lost("TransactWriteItems").times(lost);
        let first = world.ask(&faulty(&world, fault), &event).await;
        assert_eq!(first.status, if lost == 1 { 201 } else { 503 });
        world.ask(&send(&world), &event).await.expect(201);
        assert_eq!(conversations(&world).await, 1);
        world.state().await.since(&before).record();
    }
}

#[tokio::test]
async fn ten_at_once_with_one_key_have_one_effect_and_one_answer() {
    let world = World::of(Plan::Connect).await;
    let (handler, world) = (Arc::new(send(&world)), Arc::new(world));
    let before = world.state().await;
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let (world, handler) = (Arc::clone(&world), Arc::clone(&handler));
        calls.spawn(async move { world.ask(&*handler, &event(&staff("s1"))).await });
    }
    let answers = calls.join_all().await;
    answers[0].clone().expect(201);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(conversations(&world).await, 1);
    world.state().await.since(&before).record();
}
