//! Others are first: what is taken away between the read and the write counts.

use std::sync::Arc;

use domain::automatic::TimerKind;
use domain::clinic::Plan;
use domain::command::Switch;
use domain::people::{Patient, StaffMember};
use scenario::people::{account, member, patient, staff};
use scenario::{Answer, Event, NOW, World};
use store::Committed;
use store::key::{self, ConversationKey};
use testkit::Fault;

use super::{event, faulty};

/// Sends an event, and just before its transaction lets others do something.
async fn overtaken<F, R>(event: Event, others: F) -> (Answer, usize, Arc<World>)
where
    F: Fn(Arc<World>, ConversationKey) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault =
        Fault::meanwhile("TransactWriteItems", move || others(Arc::clone(&theirs), about.clone()));
    let answer = world.ask(&faulty(&world, fault), &event).await;
    let messages = world.messages(&name).await.len();
    (answer, messages, world)
}

#[tokio::test]
async fn a_revoked_link_stops_a_reply_that_is_under_way() {
    let revoke = |world: Arc<World>, _| async move { world.revoke_link().await };
    let (answer, messages, _) = overtaken(event(&account("a1")), revoke).await;
    assert_eq!((answer.status, messages), (404, 1));
}

#[tokio::test]
async fn an_access_that_is_switched_off_stops_it() {
    let switch_off = |world: Arc<World>, _| async move {
        world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
    };
    for actor in [account("a1"), staff("s1")] {
        let (answer, messages, _) = overtaken(event(&actor), switch_off).await;
        assert_eq!((answer.codes(), messages), (vec!["patient_access_off".to_owned()], 1));
    }
}

#[tokio::test]
async fn a_staff_member_who_is_switched_off_is_stopped() {
    let switch_off = |world: Arc<World>, _| async move {
        world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    };
    let (answer, messages, _) = overtaken(event(&staff("s1")), switch_off).await;
    assert_eq!((answer.codes(), messages), (vec!["staff_inactive".to_owned()], 1));
}

#[tokio::test]
async fn a_close_that_is_first_refuses_the_reply() {
    let close = |world: Arc<World>, name: ConversationKey| async move {
        world.switch(&name, Switch::Close, NOW).await;
    };
    for actor in [account("a1"), staff("s2")] {
        let (answer, messages, world) = overtaken(event(&actor), close).await;
        assert_eq!((answer.codes(), messages), (vec!["conversation_closed".to_owned()], 1));
        let refusals = world.state().await.records;
        let refused = |record: &&domain::audit::Record| record.request_id != "seeding";
        assert_eq!(refusals.iter().filter(refused).count(), 1);
    }
}

#[tokio::test]
async fn a_message_that_is_first_has_the_lower_number() {
    let write = |world: Arc<World>, name: ConversationKey| async move {
        world.reply(&staff("s2"), &name, "First.", NOW).await;
    };
    let (answer, messages, _) = overtaken(event(&account("a1")), write).await;
    assert_eq!((answer.expect(201)["messageNumber"].as_u64(), messages), (Some(3), 3));
}

#[tokio::test]
async fn a_timer_that_ends_meanwhile_leaves_no_message_without_one() {
    let end = |world: Arc<World>, name: ConversationKey| async move {
        let key = key::timer(&name, TimerKind::NoAnswer);
        let store = world.store();
        let mut transaction = store.transaction();
        transaction.delete(&key);
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    };
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    world.reply(&account("a1"), &name, "First.", NOW).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault =
        Fault::meanwhile("TransactWriteItems", move || end(Arc::clone(&theirs), about.clone()));
    world.ask(&faulty(&world, fault), &event(&account("a1"))).await.expect(201);
    let items = world.state().await.items;
    for kind in [TimerKind::NoAnswer, TimerKind::Closed] {
        assert!(items.contains_key(&key::timer(&name, kind)), "{kind:?}");
    }
}
