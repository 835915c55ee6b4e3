//! What is underneath fails, or others are first.

use std::sync::Arc;

use domain::clinic::Plan;
use domain::command::Alteration;
use domain::people::StaffMember;
use scenario::people::{account, group, member, staff, staff_id};
use scenario::{Answer, Event, NOW, World};
use store::key::ConversationKey;
use testkit::Fault;

use super::{add, add_group, close, every, faulty, handler, hide, in_groups, remove};

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_and_nothing_is_written() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.group(&group("c1", "g1")).await;
    let before = world.state().await;
    for (operation, event) in [
        ("BatchGetItem", close(&staff("s1"))),
        ("TransactWriteItems", close(&staff("s1"))),
        ("TransactWriteItems", hide(&staff("s1"))),
        ("Query", add_group(&staff("s1"))),
    ] {
        for fault in [Fault::throttled(operation), Fault::unavailable(operation)] {
            let service = faulty(&world, fault.times(u32::MAX));
            world.fails(&service, &event, 503, "unavailable").await;
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
    for event in every(&staff("s3")) {
        world.fails(&unwritable(), &event, 503, "unavailable").await;
    }
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

/// Sends an event, and just before its transaction lets others do something.
async fn overtaken<F, R>(event: Event, others: F) -> (Answer, ConversationKey, Arc<World>)
where
    F: Fn(Arc<World>, ConversationKey) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.group(&group("c1", "g1")).await;
    world.staff(&in_groups("s5", &["g1"])).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault =
        Fault::meanwhile("TransactWriteItems", move || others(Arc::clone(&theirs), about.clone()));
    let answer = world.ask(&faulty(&world, fault), &event).await;
    (answer, name, world)
}

/// PX-07: being taken out counts at once.
#[tokio::test]
async fn who_is_taken_out_meanwhile_changes_nothing_any_more() {
    for event in [close, add, remove, add_group, hide] {
        let take_out = |world: Arc<World>, name: ConversationKey| async move {
            let s2 = staff_id("s2");
            world.alter(&staff("s9"), &name, Alteration::RemoveStaff(&s2)).await;
        };
        let (answer, name, world) = overtaken(event(&staff("s2")), take_out).await;
        assert_eq!((answer.status, answer.codes()), (404, vec!["not_found".to_owned()]));
        // The version after being started is the one of being taken out.
        assert_eq!(world.conversation(&name).await.version, 2);
    }
}

#[tokio::test]
async fn two_changes_at_once_are_both_there() {
    let write = |world: Arc<World>, name: ConversationKey| async move {
        world.reply(&account("a1"), &name, "Wait!", NOW).await;
    };
    let (answer, name, world) = overtaken(hide(&staff("s1")), write).await;
    assert_eq!(answer.expect(200)["patientOnly"], true);
    let conversation = world.conversation(&name).await;
    assert_eq!((conversation.tally.total, conversation.patient_only), (2, true));

    let add_s3 = |world: Arc<World>, name: ConversationKey| async move {
        let s3 = member("c1", "s3");
        let command = Alteration::AddStaff { id: &s3.id, member: Some(&s3) };
        world.alter(&staff("s9"), &name, command).await;
    };
    let (answer, _, _) = overtaken(add_group(&staff("s1")), add_s3).await;
    let answer = answer.expect(200);
    let ids = answer["participants"].as_array().unwrap().iter();
    let ids: Vec<_> = ids.map(|staff| staff["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["s1", "s2", "s3", "s5"]);
    // Both add the same one.
    let (answer, _, _) = overtaken(add(&staff("s1")), add_s3).await;
    assert_eq!(answer.expect(200)["participants"].as_array().unwrap().len(), 3);
}
