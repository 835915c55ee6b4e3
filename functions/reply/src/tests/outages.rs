//! What is underneath fails: the caller is told to come back, and nothing else.

use domain::clinic::Plan;
use scenario::people::{account, staff};
use scenario::{NOW, World};
use serde_json::json;
use store::{Committed, key};
use testkit::Fault;

use super::{event, faulty, reply};

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_and_nothing_is_written() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let before = world.state().await;
    for operation in ["BatchGetItem", "TransactWriteItems"] {
        for fault in [Fault::throttled(operation), Fault::unavailable(operation)] {
            let handler = faulty(&world, fault.times(u32::MAX));
            world.fails(&handler, &event(&account("a1")), 503, "unavailable").await;
        }
    }
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());
}

#[tokio::test]
async fn what_is_stored_is_answered_also_if_nobody_can_say_how_the_patient_will_be_told() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for _ in ["the first time", "again"] {
        let fault = Fault::unavailable("BatchGetItem").after(1).times(u32::MAX);
        let answer = world.ask(&faulty(&world, fault), &event(&staff("s1"))).await.expect(201);
        assert_eq!(
            answer,
            json!({ "conversationId": name.conversation, "messageNumber": 2, "at": NOW })
        );
    }
}

#[tokio::test]
async fn contention_that_passes_is_not_seen_and_one_that_stays_is_busy() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let passing = faulty(&world, Fault::conflict("TransactWriteItems").times(3));
    world.ask(&passing, &event(&account("a1"))).await.expect(201);
    assert_eq!(world.messages(&name).await.len(), 2);

    let before = world.state().await;
    let staying = faulty(&world, Fault::conflict("TransactWriteItems").times(u32::MAX));
    world.fails(&staying, &event(&account("a1")).key("busy"), 503, "busy").await;
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_not_told() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let handler = faulty(&world, Fault::unavailable("PutItem").times(u32::MAX));
    world.fails(&handler, &event(&staff("s3")), 503, "unavailable").await;
}

#[tokio::test]
async fn an_item_that_does_not_read_back_is_a_fault_and_no_missing_item() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let store = world.store();
    let mut transaction = store.transaction();
    transaction.put(&key::conversation(&name), &json!({ "title": "Biopsy", "at": NOW }), [], None);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    let answer = world.fails(&reply(&world), &event(&staff("s1")), 500, "internal").await;
    assert!(!answer.body.to_string().contains("Biopsy"));
}
