//! One idempotency key, one effect.

use std::sync::Arc;

use domain::actor::Actor;
use domain::clinic::Plan;
use domain::command::Switch;
use jiff::SignedDuration;
use scenario::people::{account, link, staff, staff_of};
use scenario::{NOW, World, name, set_clock};
use serde_json::json;
use store::idempotency::KEPT_SECONDS;
use testkit::Fault;
use tokio::task::JoinSet;

use super::{event, faulty, reply};

#[tokio::test]
async fn a_key_is_its_callers_own() {
    let (world, one) = World::with_conversation(Plan::Connect).await;
    let two = name("c1", "p2", "two");
    let three = name("c2", "p1", "three");
    world.start(&two, NOW).await;
    world.start(&three, NOW).await;
    for (actor, name, number) in [
        (account("a1"), &one, 2),
        (account("a2"), &two, 2),
        (staff("s1"), &one, 3),
        (staff_of("c2", "s1"), &three, 2),
    ] {
        let answer = world.ask(&reply(&world), &event(&actor).about(name).key("1")).await;
        let mut wanted =
            json!({ "conversationId": name.conversation, "messageNumber": number, "at": NOW });
        if matches!(actor, Actor::Staff { .. }) {
            wanted["noticeChannel"] = json!("email");
        }
        assert_eq!(answer.expect(201), wanted);
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_and_does_nothing() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let event = event(&account("a1"));
    let first = world.ask(&reply(&world), &event).await;
    first.clone().expect(201);
    world.reply(&staff("s1"), &name, "More.", NOW).await;
    set_clock(NOW + SignedDuration::from_mins(5));
    for close in [false, true] {
        if close {
            world.switch(&name, Switch::Close, NOW).await;
        }
        let before = world.state().await;
        // The same key with quotes, as a structured field has it, is the same key.
        let quoted = "\"3f1b0c52-8d5e-4f0a-9a53-6f5d1b1f7c20\"";
        for repeat in [event.clone(), event.clone().key(quoted)] {
            assert_eq!(world.ask(&reply(&world), &repeat).await, first);
        }
        let difference = world.state().await.since(&before);
        assert!(difference.written.is_empty() && difference.records.is_empty());
    }
    // Who may not know of it any more is not told either.
    world.revoke_link().await;
    world.refuses(&reply(&world), &event, 404, &["not_found"]).await;
}

#[tokio::test]
async fn a_key_of_another_request_is_refused() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let other = name("c1", "p1", "other");
    let abroad = name("c2", "p1", "abroad");
    world.link(&link("c2", "p1", "a1")).await;
    for name in [&other, &abroad] {
        world.start(name, NOW).await;
    }
    let event = event(&account("a1"));
    world.ask(&reply(&world), &event).await.expect(201);
    for reused in [
        event.clone().body(&json!({ "body": "Another." })),
        event.clone().body(&json!({ "body": "An answer.", "seen": 1 })),
        event.clone().about(&other),
        event.clone().about(&abroad),
    ] {
        world.refuses(&reply(&world), &reused, 422, &["idempotency_key_reused"]).await;
    }
}

#[tokio::test]
async fn a_refusal_uses_no_key_up() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.switch(&name, Switch::Close, NOW).await;
    let event = event(&account("a1"));
    world.refuses(&reply(&world), &event, 409, &["conversation_closed"]).await;
    world.switch(&name, Switch::Reopen, NOW).await;
    world.ask(&reply(&world), &event).await.expect(201);
}

#[tokio::test]
async fn a_key_is_remembered_for_seven_days() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let event = event(&account("a1"));
    let first = world.ask(&reply(&world), &event).await;
    set_clock(NOW + SignedDuration::from_secs(KEPT_SECONDS));
    assert_eq!(world.ask(&reply(&world), &event).await, first);
    // The table has not deleted the expired record yet.
    set_clock(NOW + SignedDuration::from_secs(KEPT_SECONDS + 1));
    let again = world.ask(&reply(&world), &event).await;
    assert_eq!(again.clone().expect(201)["messageNumber"], 3);
    assert_eq!(world.ask(&reply(&world), &event).await, again);
    assert_eq!(world.messages(&name).await.len(), 3);
}

#[tokio::test]
async fn a_lost_answer_and_a_retry_make_one_message() {
    for lost in [1, 3] {
        let (world, name) = World::with_conversation(Plan::Connect).await;
        let event = event(&account("a1"));
        let before = world.state().await;
        let fault = Fault::answer_lost("TransactWriteItems").times(lost);
        let first = world.ask(&faulty(&world, fault), &event).await;
        if lost == 1 {
            assert_eq!(first.status, 201, "the SDK tries again under the same token");
        } else {
            assert_eq!(first.codes(), ["unavailable"]);
        }
        let retried = world.ask(&reply(&world), &event).await;
        assert_eq!(retried.expect(201)["messageNumber"], 2);
        assert_eq!(world.messages(&name).await.len(), 2);
        world.state().await.since(&before).record();
    }
}

#[tokio::test]
async fn ten_at_once_with_one_key_have_one_effect_and_one_answer() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let (handler, world) = (Arc::new(reply(&world)), Arc::new(world));
    let before = world.state().await;
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let (world, handler) = (Arc::clone(&world), Arc::clone(&handler));
        calls.spawn(async move { world.ask(&*handler, &event(&account("a1"))).await });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers[0].clone().expect(201)["messageNumber"], 2);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(world.messages(&name).await.len(), 2);
    world.state().await.since(&before).record();
}
