//! What is underneath fails, or others are first.

use std::sync::Arc;

use domain::clinic::Plan;
use domain::people::{Patient, StaffMember};
use scenario::World;
use scenario::people::{member, patient, staff};
use testkit::Fault;

use super::{event, faulty};

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_and_nothing_is_written() {
    let world = World::of(Plan::Connect).await;
    let before = world.state().await;
    for operation in ["BatchGetItem", "TransactWriteItems"] {
        for fault in [Fault::throttled(operation), Fault::unavailable(operation)] {
            let handler = faulty(&world, fault.times(u32::MAX));
            world.fails(&handler, &event(&staff("s1")), 503, "unavailable").await;
        }
    }
    let staying = faulty(&world, Fault::conflict("TransactWriteItems").times(u32::MAX));
    world.fails(&staying, &event(&staff("s1")), 503, "busy").await;
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());

    let passing = faulty(&world, Fault::conflict("TransactWriteItems").times(3));
    world.ask(&passing, &event(&staff("s1"))).await.expect(201);
}

#[tokio::test]
async fn what_is_stored_is_answered_also_if_nobody_can_say_how_the_patient_will_be_told() {
    let world = World::of(Plan::Connect).await;
    let sent = event(&staff("s1"));
    for _ in ["the first time", "again"] {
        let fault = Fault::unavailable("BatchGetItem").after(1).times(u32::MAX);
        let body = world.ask(&faulty(&world, fault), &sent).await.expect(201);
        assert!(body["conversationId"].is_string());
        assert!(body.get("noticeChannel").is_none() && body.get("noticeProblem").is_none());
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_not_told() {
    let world = World::of(Plan::Connect).await;
    let handler = faulty(&world, Fault::unavailable("PutItem").times(u32::MAX));
    world.fails(&handler, &event(&staff("s4")), 503, "unavailable").await;
}

#[tokio::test]
async fn what_is_taken_away_before_the_write_stops_the_send() {
    for (patient_too, code) in [(true, "patient_access_off"), (false, "staff_inactive")] {
        let world = Arc::new(World::of(Plan::Connect).await);
        let theirs = Arc::clone(&world);
        let fault = Fault::meanwhile("TransactWriteItems", move || {
            let world = Arc::clone(&theirs);
            async move {
                if patient_too {
                    world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
                } else {
                    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
                }
            }
        });
        let answer = world.ask(&faulty(&world, fault), &event(&staff("s1"))).await;
        assert_eq!(answer.codes(), [code]);
        let state = world.state().await;
        assert!(state.items.keys().all(|key| key.sk != "CONVERSATION" && key.sk != "IDEMPOTENCY"));
        assert_eq!(state.records.len(), 1);
    }
}
