//! What closing and reopening answer and write.

use std::sync::Arc;

use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::conversation::State;
use jiff::SignedDuration;
use scenario::people::{account, staff};
use scenario::{CONVERSATION, NOW, World, set_clock};
use serde_json::json;
use store::key::List;
use store::key::{ConversationKey, Listed, Owner};
use tokio::task::JoinSet;

use super::{close, handler, reopen};

/// In which lists, of each of its owners, the conversation stands.
async fn listed(world: &World, name: &ConversationKey) -> Vec<Vec<Listed>> {
    let staff = |id| Owner::Staff(scenario::people::staff_id(id));
    let mut owners = Vec::new();
    for owner in [Owner::Clinic, Owner::Patient(name.patient.clone()), staff("s1"), staff("s2")] {
        let list = List::of(&name.clinic, owner);
        let mut states = Vec::new();
        for state in Listed::ALL {
            let lists = std::slice::from_ref(&list);
            let page = world.store().list(lists, &[state], None, 10).await.unwrap();
            states.extend(page.entries.iter().map(|_| state));
        }
        owners.push(states);
    }
    owners
}

const ALL_LISTS: [&str; 5] =
    ["CONVERSATION", "INBOX#CLINIC", "INBOX#PATIENT", "INBOX#STAFF#s1", "INBOX#STAFF#s2"];

#[tokio::test]
async fn both_samples_are_stored_with_their_record_and_nothing_else() {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    world.reply(&account("a1"), &name, "Hello?", NOW).await;
    let before = world.state().await;
    let answer = world.ask(&handler(&world), &close(&staff("s1"))).await;
    let closed = json!({
        "conversationId": CONVERSATION,
        "state": "closed",
        "closedAt": NOW,
        "closedBy": "s1",
        "lastMessageNumber": 2,
    });
    assert_eq!(answer.expect(200), closed);
    let difference = world.state().await.since(&before);
    assert_eq!(difference.written_sort_keys(), ALL_LISTS);
    let gone: Vec<_> = difference.gone.iter().map(|key| key.sk.as_str()).collect();
    assert_eq!(gone, ["TIMER#NO_ANSWER", "TIMER#OUTSIDE_HOURS"]);
    let record = difference.record();
    assert_eq!((record.action, &record.outcome), (Action::ConversationClose, &Outcome::Done));
    assert_eq!(record.objects, [CONVERSATION]);

    let before = world.state().await;
    let answer = world.ask(&handler(&world), &reopen(&staff("s2"))).await;
    let open = json!({
        "conversationId": CONVERSATION,
        "state": "open",
        "lastMessageNumber": 2,
    });
    assert_eq!(answer.expect(200), open);
    let difference = world.state().await.since(&before);
    assert_eq!(difference.written_sort_keys(), ALL_LISTS);
    assert!(difference.gone.is_empty());
    assert_eq!(difference.record().action, Action::ConversationReopen);
}

#[tokio::test]
async fn closing_leaves_the_same_whoever_does_it_and_it_stands_once_in_the_right_list() {
    for (plan, id) in [(Plan::Portal, "s1"), (Plan::Connect, "s2"), (Plan::ConnectPro, "s9")] {
        let (world, name) = World::with_conversation(plan).await;
        assert_eq!(listed(&world, &name).await, vec![vec![Listed::AwaitingPatient]; 4]);
        for round in 1..=2 {
            let at = NOW + SignedDuration::from_mins(round);
            set_clock(at);
            world.ask(&handler(&world), &close(&staff(id))).await.expect(200);
            let conversation = world.conversation(&name).await;
            let by = scenario::people::staff_id(id);
            let name_then = scenario::people::display_name(&format!("Staff {id}"));
            assert_eq!(conversation.state, State::Closed { at, by, name: name_then });
            assert_eq!(listed(&world, &name).await, vec![vec![Listed::Closed]; 4]);

            world.ask(&handler(&world), &reopen(&staff(id))).await.expect(200);
            assert_eq!(world.conversation(&name).await.state, State::Open);
            assert_eq!(listed(&world, &name).await, vec![vec![Listed::AwaitingPatient]; 4]);
        }
    }
}

#[tokio::test]
async fn twice_is_once_and_both_are_on_record() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let first = world.ask(&handler(&world), &close(&staff("s1"))).await;
    set_clock(NOW + SignedDuration::from_hours(1));
    let before = world.state().await;
    let second = world.ask(&handler(&world), &close(&staff("s2"))).await;
    assert_eq!(second, first);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty());
    assert_eq!(difference.record().actor, "s2");

    let open = world.ask(&handler(&world), &reopen(&staff("s1"))).await;
    let before = world.state().await;
    assert_eq!(world.ask(&handler(&world), &reopen(&staff("s2"))).await, open);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty());
    difference.record();
}

#[tokio::test]
async fn ten_who_close_at_once_close_it_once() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let (service, world) = (Arc::new(handler(&world)), Arc::new(world));
    let before = world.state().await;
    let mut calls = JoinSet::new();
    for id in ["s1", "s2", "s9"].iter().cycle().take(10) {
        let (world, service) = (Arc::clone(&world), Arc::clone(&service));
        calls.spawn(async move { world.ask(&*service, &close(&staff(id))).await });
    }
    let answers = calls.join_all().await;
    answers[0].clone().expect(200);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(world.conversation(&name).await.version, 2);
    assert_eq!(world.state().await.since(&before).records.len(), 10);
}
