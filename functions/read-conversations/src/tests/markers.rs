//! Read markers: one's own, and forward only.

use std::sync::Arc;

use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::conversation::{Person, ReadMarker};
use scenario::people::{account, staff, staff_id};
use scenario::{CONVERSATION, Event, NOW, World};
use serde_json::json;
use store::key::ConversationKey;
use testkit::Fault;

use super::{faulty, marker, reader, thread};

/// The conversation with five messages of s1.
async fn five() -> (World, ConversationKey) {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for _ in 0..4 {
        world.reply(&staff("s1"), &name, "More.", NOW).await;
    }
    (world, name)
}

fn patient() -> Person {
    Person::Patient
}

#[tokio::test]
async fn each_sample_moves_the_callers_own_marker() {
    for (sample, plan, key) in [
        ("read-marker.staff", Plan::Connect, "READER#STAFF#s1"),
        ("read-marker.account", Plan::Connect, "READER#PATIENT"),
        ("read-marker.portal", Plan::Portal, "READER#PATIENT"),
    ] {
        let (world, _) = World::with_conversation(plan).await;
        let before = world.state().await;
        let event = Event::sample(&format!("read-conversations/{sample}.json"));
        let answer = world.ask(&reader(&world), &event).await;
        assert_eq!(answer.expect(200), json!({ "seen": 1, "unread": 0 }));
        let difference = world.state().await.since(&before);
        assert_eq!(difference.written_sort_keys(), [key]);
        let record = difference.record();
        assert_eq!(record.action, Action::ConversationMarkRead);
        assert_eq!(record.outcome, Outcome::Done);
        assert_eq!(record.objects, [CONVERSATION, "1"]);
    }
}

#[tokio::test]
async fn a_marker_never_moves_back_and_a_count_is_never_below_zero() {
    let (world, name) = five().await;
    let ask = async |seen: u32| {
        let event = marker(&account("a1")).body(&json!({ "seen": seen }));
        world.ask(&reader(&world), &event).await.expect(200)
    };
    assert_eq!(ask(2).await, json!({ "seen": 2, "unread": 3 }));
    assert_eq!(ask(5).await, json!({ "seen": 5, "unread": 0 }));
    let before = world.state().await;
    assert_eq!(ask(3).await, json!({ "seen": 5, "unread": 0 }));
    assert_eq!(ask(5).await, json!({ "seen": 5, "unread": 0 }));
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty());
    assert_eq!(difference.records.len(), 2);

    // One's own message is never unread, and others' are from then on.
    world.reply(&account("a1"), &name, "Thanks.", NOW).await;
    let unread = async |actor| {
        let thread = world.ask(&reader(&world), &thread(&actor)).await.expect(200);
        (thread["seen"].as_u64().unwrap(), thread["unread"].as_u64().unwrap())
    };
    assert_eq!(unread(account("a1")).await, (5, 0));
    world.reply(&staff("s2"), &name, "Welcome.", NOW).await;
    assert_eq!(unread(account("a1")).await, (5, 1));
    // The patient's reading is not the staff's.
    assert_eq!(unread(staff("s1")).await, (0, 2));
    assert_eq!(unread(staff("s9")).await, (0, 7));
}

#[tokio::test]
async fn a_number_that_is_no_message_is_refused() {
    let (world, name) = five().await;
    for (body, code) in [
        (json!({ "seen": 99 }), "marker_beyond_last /seen"),
        (json!({ "seen": 6 }), "marker_beyond_last /seen"),
        (json!({ "seen": 0 }), "marker_beyond_last /seen"),
        (json!({ "seen": 100_000_000 }), "marker_beyond_last /seen"),
        (json!({ "seen": -1 }), "wrong_type /seen"),
        (json!({ "seen": "5" }), "wrong_type /seen"),
        (json!({ "seen": 5.5 }), "wrong_type /seen"),
        (json!({ "seen": 9_223_372_036_854_775_808_u64 }), "wrong_type /seen"),
        (json!({ "seen": null }), "wrong_type /seen"),
        (json!({}), "missing_member /seen"),
    ] {
        let event = marker(&account("a1")).body(&body);
        world.refuses(&reader(&world), &event, 422, &[code]).await;
    }
    assert_eq!(world.marker(&name, &patient()).await, ReadMarker::default());
}

#[tokio::test]
async fn whose_marker_it_is_comes_from_the_token_alone() {
    let (world, _) = five().await;
    for (member, value) in
        [("readerId", "s1"), ("onBehalfOf", "p1"), ("kind", "patient"), ("account", "a2")]
    {
        let mut body = json!({ "seen": 5 });
        body[member] = json!(value);
        for actor in [account("a1"), staff("s1")] {
            let event = marker(&actor).body(&body);
            let code = format!("unknown_member /{member}");
            world.refuses(&reader(&world), &event, 422, &[&code]).await;
        }
    }
}

#[tokio::test]
async fn of_two_moves_the_further_one_stays() {
    let (world, name) = five().await;
    let world = Arc::new(world);
    let theirs = Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move {
            let event = marker(&account("a1")).body(&json!({ "seen": 5 }));
            world.ask(&reader(&world), &event).await.expect(200);
        }
    });
    let event = marker(&account("a1")).body(&json!({ "seen": 3 }));
    let answer = world.ask(&faulty(&world, fault), &event).await;
    assert_eq!(answer.expect(200), json!({ "seen": 5, "unread": 0 }));
    assert_eq!(world.marker(&name, &patient()).await.seen, 5);
    assert_eq!(world.marker(&name, &Person::Staff(staff_id("s1"))).await.seen, 0);
}

#[tokio::test]
async fn a_link_that_is_revoked_meanwhile_moves_nothing() {
    let (world, name) = five().await;
    let world = Arc::new(world);
    let theirs = Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move { world.revoke_link().await }
    });
    let answer = world.ask(&faulty(&world, fault), &marker(&account("a1"))).await;
    assert_eq!(answer.codes(), ["not_found"]);
    assert_eq!(world.marker(&name, &patient()).await, ReadMarker::default());
}
