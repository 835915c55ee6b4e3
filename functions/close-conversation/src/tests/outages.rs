//! What is underneath fails, or others are first.

use std::sync::Arc;

use domain::clinic::Plan;
use domain::people::StaffMember;
use scenario::people::{account, member, staff};
use scenario::{NOW, World};
use testkit::Fault;

use super::{close, faulty, handler};

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_and_nothing_is_written() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let before = world.state().await;
    for operation in ["BatchGetItem", "TransactWriteItems"] {
        for fault in [Fault::throttled(operation), Fault::unavailable(operation)] {
            let service = faulty(&world, fault.times(u32::MAX));
            world.fails(&service, &close(&staff("s1")), 503, "unavailable").await;
        }
    }
    let staying = faulty(&world, Fault::conflict("TransactWriteItems").times(u32::MAX));
    world.fails(&staying, &close(&staff("s1")), 503, "busy").await;
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());

    let passing = faulty(&world, Fault::conflict("TransactWriteItems").times(3));
    world.ask(&passing, &close(&staff("s1"))).await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let unwritable = || faulty(&world, Fault::unavailable("PutItem").times(u32::MAX));
    world.fails(&unwritable(), &close(&staff("s3")), 503, "unavailable").await;
    world.ask(&handler(&world), &close(&staff("s1"))).await.expect(200);
    // The second close changes nothing, and is an action all the same.
    world.fails(&unwritable(), &close(&staff("s1")), 503, "unavailable").await;
}

#[tokio::test]
async fn a_close_whose_answer_was_lost_is_closed_once() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let lost = faulty(&world, Fault::answer_lost("TransactWriteItems").times(3));
    world.fails(&lost, &close(&staff("s1")), 503, "unavailable").await;
    let answer = world.ask(&handler(&world), &close(&staff("s1"))).await.expect(200);
    assert_eq!(answer["state"], "closed");
    assert_eq!(world.conversation(&name).await.version, 2);
}

#[tokio::test]
async fn a_message_that_is_first_is_before_the_close() {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let (world, name) = (Arc::clone(&theirs), about.clone());
        async move { world.reply(&account("a1"), &name, "Wait!", NOW).await }
    });
    let answer = world.ask(&faulty(&world, fault), &close(&staff("s1"))).await;
    assert_eq!(answer.expect(200)["lastMessageNumber"], 2);
    // The timers of that message went with the close.
    let state = world.state().await;
    assert!(state.items.keys().all(|key| !key.sk.starts_with("TIMER#")));
}

#[tokio::test]
async fn a_staff_member_who_is_switched_off_is_stopped() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let world = Arc::new(world);
    let theirs = Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move { world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await }
    });
    let answer = world.ask(&faulty(&world, fault), &close(&staff("s1"))).await;
    assert_eq!(answer.codes(), ["staff_inactive"]);
    assert!(world.conversation(&name).await.is_open());
}
