//! What changing who takes part, and whom it is hidden from, answers and writes.

use std::sync::Arc;

use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::command::Switch;
use domain::people::{Role, StaffMember};
use jiff::SignedDuration;
use scenario::people::{account, group, group_id, member, patient_id, staff, staff_id};
use scenario::{CONVERSATION, Event, NOW, World, set_clock};
use serde_json::{Value, json};
use store::key::{ConversationKey, List, Listed, Owner};
use tokio::task::JoinSet;

use super::{add, add_g1, add_group, handler, hide, in_groups, remove, remove_group, show};

/// In how many places of an owner's list the conversation stands, whatever its state.
async fn listed(world: &World, name: &ConversationKey, owner: Owner, in_chart: bool) -> usize {
    let about = in_chart.then(|| name.patient.clone());
    let list = List { about, ..List::of(&name.clinic, owner) };
    world.store().list(&[list], &Listed::ALL, None, 10).await.unwrap().entries.len()
}

/// The conversation as the routes answer it, of staff and groups with these ids.
fn altered(participants: &[&str], groups: &[&str], patient_only: bool) -> Value {
    let named = |kind: &str, ids: &[&str]| {
        let named = ids.iter().map(|id| json!({ "id": id, "name": format!("{kind} {id}") }));
        named.collect::<Vec<_>>()
    };
    json!({
        "conversationId": CONVERSATION,
        "participants": named("Staff", participants),
        "groups": named("Group", groups),
        "patientOnly": patient_only,
    })
}

#[tokio::test]
async fn each_sample_is_stored_with_its_record_and_nothing_else() {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    world.reply(&account("a1"), &name, "Hello?", NOW).await;
    world.group(&group("c1", "g1")).await;
    let former = StaffMember { active: false, ..in_groups("s4", &["g1"]) };
    let officer = StaffMember { roles: [Role::PrivacyOfficer].into(), ..in_groups("s6", &["g1"]) };
    for member in [in_groups("s3", &["g1"]), former, in_groups("s5", &["g1", "g2"]), officer] {
        world.staff(&member).await;
    }
    // An entry says whether it is hidden; otherwise only those who come and go have another one.
    let everybody = ["CLINIC", "GROUP#g1", "PATIENT", "STAFF#s1", "STAFF#s3", "STAFF#s5"];
    for (event, answer, lists, gone, action, whom) in [
        (
            add(&staff("s1")),
            altered(&["s1", "s2", "s3"], &[], false),
            &["STAFF#s3"] as &[_],
            None,
            Action::ParticipantAdd,
            Some("s3"),
        ),
        (
            remove(&staff("s9")),
            altered(&["s1", "s3"], &[], false),
            &[],
            Some("INBOX#STAFF#s2"),
            Action::ParticipantRemove,
            Some("s2"),
        ),
        (
            add_group(&staff("s3")),
            altered(&["s1", "s3", "s5"], &["g1"], false),
            &["GROUP#g1", "STAFF#s5"],
            None,
            Action::ParticipantAdd,
            Some("g1"),
        ),
        (
            hide(&staff("s5")),
            altered(&["s1", "s3", "s5"], &["g1"], true),
            &everybody,
            None,
            Action::ConversationHide,
            None,
        ),
        (
            show(&staff("s1")),
            altered(&["s1", "s3", "s5"], &["g1"], false),
            &everybody,
            None,
            Action::ConversationShow,
            None,
        ),
        (
            remove_group(&staff("s9")),
            altered(&["s1", "s3", "s5"], &[], false),
            &[],
            Some("INBOX#GROUP#g1"),
            Action::ParticipantRemove,
            Some("g1"),
        ),
    ] {
        let (before, was) = (world.state().await, world.conversation(&name).await);
        set_clock(NOW + SignedDuration::from_mins(1));
        assert_eq!(world.ask(&handler(&world), &event).await.expect(200), answer);
        let difference = world.state().await.since(&before);
        let lists = lists.iter().map(|owner| format!("INBOX#{owner}"));
        let wanted: Vec<_> = std::iter::once("CONVERSATION".to_owned()).chain(lists).collect();
        assert_eq!(difference.written_sort_keys(), wanted, "{action:?}");
        // The timers of the patient's message stay.
        let really: Vec<_> = difference.gone.iter().map(|key| key.sk.as_str()).collect();
        assert_eq!(really, gone.into_iter().collect::<Vec<_>>(), "{action:?}");
        let record = difference.record();
        assert_eq!((record.action, &record.outcome), (action, &Outcome::Done));
        let objects: Vec<_> = std::iter::once(CONVERSATION).chain(whom).collect();
        assert_eq!(record.objects, objects);
        assert_eq!(record.patient, Some(patient_id("p1")));
        // Nobody wrote, so its place in the lists is the one that it had.
        let is = world.conversation(&name).await;
        assert_eq!((is.version, is.last_activity), (was.version + 1, was.last_activity));
        assert_eq!((is.tally, is.waiting, is.state), (was.tally, was.waiting, was.state));
    }
}

#[tokio::test]
async fn who_is_added_has_it_in_inbox_and_chart_and_who_leaves_in_neither() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    let service = handler(&world);
    let s3 = || Owner::Staff(staff_id("s3"));
    let g1 = || Owner::Group(group_id("g1"));
    for in_chart in [false, true] {
        assert_eq!(listed(&world, &name, s3(), in_chart).await, 0);
        assert_eq!(listed(&world, &name, g1(), in_chart).await, 1);
    }
    world.ask(&service, &add(&staff("s1"))).await.expect(200);
    world.ask(&service, &remove_group(&staff("s9"))).await.expect(200);
    for in_chart in [false, true] {
        assert_eq!(listed(&world, &name, s3(), in_chart).await, 1);
        assert_eq!(listed(&world, &name, g1(), in_chart).await, 0);
    }
    let leaves = remove(&staff("s3")).path("staffId", "s3");
    world.ask(&service, &leaves).await.expect(200);
    for in_chart in [false, true] {
        assert_eq!(listed(&world, &name, s3(), in_chart).await, 0);
    }
}

#[tokio::test]
async fn it_stands_in_one_of_the_patients_two_lists() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let seen = || Owner::Patient(name.patient.clone());
    let hidden = || Owner::PatientOnly(name.patient.clone());
    for (event, in_seen, in_hidden) in
        [(show(&staff("s1")), 1, 0), (hide(&staff("s1")), 0, 1), (show(&staff("s2")), 1, 0)]
    {
        world.ask(&handler(&world), &event).await.expect(200);
        assert_eq!(listed(&world, &name, seen(), false).await, in_seen);
        assert_eq!(listed(&world, &name, hidden(), false).await, in_hidden);
    }
}

#[tokio::test]
async fn twice_is_once_and_both_are_on_record() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    let admin = staff("s9");
    for event in [add, remove, remove_group, add_group, hide, show].map(|event| event(&admin)) {
        let first = world.ask(&handler(&world), &event).await;
        let before = world.state().await;
        let version = world.conversation(&name).await.version;
        let second = world.ask(&handler(&world), &event).await;
        assert_eq!(second, first);
        second.expect(200);
        let difference = world.state().await.since(&before);
        assert!(difference.written.is_empty() && difference.gone.is_empty());
        assert_eq!(difference.record().outcome, Outcome::Done);
        assert_eq!(world.conversation(&name).await.version, version);
    }
}

/// Only the addressing expands a group.
#[tokio::test]
async fn who_joins_a_group_later_is_not_added_when_the_group_is_named_again() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    world.staff(&in_groups("s6", &["g1"])).await;
    let before = world.state().await;
    let answer = world.ask(&handler(&world), &add_group(&staff("s1"))).await.expect(200);
    assert_eq!(answer, altered(&["s1", "s2", "s5"], &["g1"], false));
    assert!(world.state().await.since(&before).written.is_empty());
    // Being in the group is taking part all the same.
    world.ask(&handler(&world), &hide(&staff("s6"))).await.expect(200);
}

#[tokio::test]
async fn a_group_that_nobody_is_in_takes_part_and_is_the_last_one_if_need_be() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.group(&group("c1", "g1")).await;
    let answer = world.ask(&handler(&world), &add_group(&staff("s1"))).await.expect(200);
    assert_eq!(answer, altered(&["s1", "s2"], &["g1"], false));
    for id in ["s2", "s1"] {
        let leaves = remove(&staff("s9")).path("staffId", id);
        world.ask(&handler(&world), &leaves).await.expect(200);
    }
    let last = remove_group(&staff("s9"));
    world.refuses(&handler(&world), &last, 409, &["last_participant"]).await;
}

#[tokio::test]
async fn a_closed_conversation_changes_hands_and_stays_closed() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    world.switch(&name, Switch::Close, NOW).await;
    let closed = world.conversation(&name).await.state;
    for event in [add, remove, remove_group, add_group, hide, show] {
        world.ask(&handler(&world), &event(&staff("s9"))).await.expect(200);
        assert_eq!(world.conversation(&name).await.state, closed);
    }
}

#[tokio::test]
async fn staff_leave_by_themselves_and_find_nothing_any_more() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    let service = handler(&world);
    let leaves = remove(&staff("s2"));
    let answer = world.ask(&service, &leaves).await.expect(200);
    assert_eq!(answer, altered(&["s1", "s5"], &["g1"], false));
    // Taking out the group leaves s5 in it in person.
    let answer = world.ask(&service, &remove_group(&staff("s5"))).await.expect(200);
    assert_eq!(answer, altered(&["s1", "s5"], &[], false));
    let left = remove(&staff("s5")).path("staffId", "s5");
    world.ask(&service, &left).await.expect(200);
    for gone in ["s2", "s5"] {
        for event in super::every(&staff(gone)) {
            world.refuses(&service, &event, 404, &["not_found"]).await;
        }
    }
    // Who sees all may come back.
    let back = add(&staff("s9")).path("staffId", "s9");
    let answer = world.ask(&service, &back).await.expect(200);
    assert_eq!(answer, altered(&["s1", "s9"], &[], false));
}

#[tokio::test]
async fn ten_who_are_added_at_once_are_all_there_once() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for number in 0..5 {
        world.staff(&member("c1", &format!("new-{number}"))).await;
    }
    let (service, world) = (Arc::new(handler(&world)), Arc::new(world));
    let before = world.state().await;
    let mut calls = JoinSet::new();
    for number in (0..5).cycle().take(10) {
        let (world, service) = (Arc::clone(&world), Arc::clone(&service));
        let event: Event = add(&staff("s1")).path("staffId", &format!("new-{number}"));
        calls.spawn(async move { world.ask(&*service, &event).await.expect(200) });
    }
    calls.join_all().await;
    let participants = world.conversation(&name).await.participants;
    let mut ids: Vec<_> = participants.iter().map(|staff| staff.id.to_string()).collect();
    ids.sort();
    assert_eq!(ids, ["new-0", "new-1", "new-2", "new-3", "new-4", "s1", "s2"]);
    assert_eq!(world.state().await.since(&before).records.len(), 10);
}
