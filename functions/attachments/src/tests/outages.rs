use domain::clinic::Plan;
use scenario::people::{account, document};
use scenario::{Event, World};
use testkit::Fault;

use super::{faulty, handler, upload};

fn requests() -> Vec<(Event, &'static str)> {
    vec![
        (upload(&account("a1")), "TransactWriteItems"),
        (Event::sample("attachments/register.chart.json"), "TransactWriteItems"),
        (Event::sample("attachments/documents.staff.json"), "PutItem"),
        (Event::sample("attachments/document.staff.json").path("documentId", "d2"), "PutItem"),
    ]
}

async fn world() -> World {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.document(&document("d2")).await;
    world
}

#[tokio::test]
async fn what_cannot_be_read_or_recorded_is_not_shown_and_not_given() {
    let world = world().await;
    for (event, operation) in requests() {
        for operation in ["BatchGetItem", operation] {
            let service = faulty(&world, Fault::unavailable(operation).times(3));
            let before = world.state().await;
            world.fails(&service, &event, 503, "unavailable").await;
            let difference = world.state().await.since(&before);
            assert!(difference.written.is_empty() && difference.records.is_empty());
        }
    }
}

#[tokio::test]
async fn a_lost_answer_gives_one_slot() {
    let world = world().await;
    let lost = faulty(&world, Fault::answer_lost("TransactWriteItems"));
    let event = upload(&account("a1"));
    let first = world.ask(&lost, &event).await;
    let again = world.ask(&handler(&world), &event).await.expect(201);
    if first.status == 201 {
        assert_eq!(first.body["attachmentId"], again["attachmentId"]);
    }
    let slots = world.state().await.items;
    assert_eq!(slots.keys().filter(|key| key.sk == "ATTACHMENT").count(), 1);
}

#[tokio::test]
async fn a_link_that_is_revoked_meanwhile_gives_no_slot() {
    let world = std::sync::Arc::new(world().await);
    let others = std::sync::Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = std::sync::Arc::clone(&others);
        async move { world.revoke_link().await }
    });
    let service = faulty(&world, fault);
    let answer = world.ask(&service, &upload(&account("a1"))).await;
    assert_eq!((answer.status, answer.codes()), (404, vec!["not_found".to_owned()]));
    let slots = world.state().await.items;
    assert_eq!(slots.keys().filter(|key| key.sk == "ATTACHMENT").count(), 0);
}
