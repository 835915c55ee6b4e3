//! What lists show, to whom, and their records.

use domain::audit::{Action, Outcome};
use domain::clinic::{ClinicSettings, Plan};
use domain::command::Switch;
use domain::people::AccountLink;
use jiff::SignedDuration;
use scenario::people::{account, clinic, link, portal, staff};
use scenario::{CONVERSATION, Event, NOW, World, name};
use serde_json::json;

use super::{chart, clinic_inbox, inbox, reader, shown};

#[tokio::test]
async fn each_sample_shows_the_conversation_and_is_on_record_as_one_view() {
    for (sample, plan, action, on_patient) in [
        ("own-inbox.account", Plan::Connect, Action::InboxList, false),
        ("own-inbox.portal", Plan::Portal, Action::InboxList, false),
        ("clinic-inbox.staff", Plan::Connect, Action::InboxList, false),
        ("chart-list.account", Plan::Connect, Action::ChartList, true),
        ("chart-list.portal", Plan::Portal, Action::ChartList, true),
        ("chart-list.staff", Plan::Connect, Action::ChartList, true),
    ] {
        let (world, name) = World::with_conversation(plan).await;
        let (awaits, total, unread) = if sample == "clinic-inbox.staff" {
            world.reply(&account("a1"), &name, "Hello?", NOW).await;
            ("clinic", 2, 1)
        } else if sample == "chart-list.staff" {
            ("patient", 1, 0)
        } else {
            ("patient", 1, 1)
        };
        let before = world.state().await;
        let event = Event::sample(&format!("read-conversations/{sample}.json"));
        let answer = world.ask(&reader(&world), &event).await;
        let wanted = json!({ "conversations": [{
            "clinicId": "c1",
            "patientId": "p1",
            "patientName": "Zebulon p1",
            "conversationId": CONVERSATION,
            "title": "Biopsy",
            "state": "open",
            "awaits": awaits,
            "repliesAllowed": true,
            "patientOnly": false,
            "lastActivity": NOW,
            "lastMessageNumber": total,
            "unread": unread,
        }]});
        assert_eq!(answer.expect(200), wanted, "{sample}");

        let difference = world.state().await.since(&before);
        assert!(difference.written.is_empty() && difference.gone.is_empty());
        let record = difference.record();
        assert_eq!((record.action, &record.outcome), (action, &Outcome::Done));
        assert_eq!(record.objects, [CONVERSATION]);
        assert_eq!(record.patient.is_some(), on_patient, "{sample}");
    }
}

#[tokio::test]
async fn a_closed_conversation_says_when_and_by_whom() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let at = NOW + SignedDuration::from_mins(1);
    world.switch(&name, Switch::Close, at).await;
    let answer = world.ask(&reader(&world), &chart(&account("a1"))).await.expect(200);
    let entry = &answer["conversations"][0];
    assert_eq!(entry["state"], "closed");
    assert_eq!(entry["closedAt"], json!(at));
    assert_eq!(entry["closedBy"], json!({ "id": "s1", "name": "Staff s1" }));
}

#[tokio::test]
async fn a_list_in_a_state_shows_that_state_and_every_conversation_is_in_one() {
    let world = World::of(Plan::Connect).await;
    for id in ["clinic", "patient", "closed"] {
        world.start(&name("c1", "p1", id), NOW).await;
    }
    world.reply(&account("a1"), &name("c1", "p1", "clinic"), "Hello?", NOW).await;
    world.switch(&name("c1", "p1", "closed"), Switch::Close, NOW).await;
    for (state, wanted) in [
        ("all", vec!["patient", "closed", "clinic"]),
        ("open", vec!["patient", "clinic"]),
        ("closed", vec!["closed"]),
        ("awaiting_clinic", vec!["clinic"]),
        ("awaiting_patient", vec!["patient"]),
    ] {
        let query = [("state", state)];
        for event in [
            chart(&account("a1")).query(&query),
            chart(&staff("s1")).query(&query),
            inbox(&account("a1")).query(&query),
            clinic_inbox(&staff("s1")).query(&query),
            clinic_inbox(&staff("s9")).query(&[("state", state), ("owner", "clinic")]),
        ] {
            assert_eq!(shown(&world.ask(&reader(&world), &event).await), wanted, "{state}");
        }
    }
}

#[tokio::test]
async fn a_chart_list_shows_staff_what_they_take_part_in() {
    let world = World::of(Plan::Connect).await;
    world.start_with(&name("c1", "p1", "with-s2"), &["s2"], true, NOW).await;
    world.start_with(&name("c1", "p1", "with-s3"), &["s3"], true, NOW).await;
    for (id, wanted) in [
        ("s1", vec!["with-s3", "with-s2"]),
        ("s2", vec!["with-s2"]),
        ("s3", vec!["with-s3"]),
        ("s9", vec!["with-s3", "with-s2"]),
    ] {
        let before = world.state().await;
        let answer = world.ask(&reader(&world), &chart(&staff(id))).await;
        assert_eq!(shown(&answer), wanted, "{id}");
        // What was not shown was not seen.
        assert_eq!(world.state().await.since(&before).record().objects, wanted);
    }
}

#[tokio::test]
async fn a_staff_inbox_is_ones_own_or_the_clinics_for_those_who_see_all() {
    let world = World::of(Plan::Connect).await;
    world.start_with(&name("c1", "p1", "with-s2"), &["s2"], true, NOW).await;
    world.start_with(&name("c1", "p2", "with-s3"), &["s3"], true, NOW).await;
    world.start(&name("c2", "p1", "of-c2"), NOW).await;
    for (id, query, wanted) in [
        ("s1", vec![], vec!["with-s3", "with-s2"]),
        ("s2", vec![("owner", "me")], vec!["with-s2"]),
        ("s9", vec![], vec![]),
        ("s9", vec![("owner", "clinic")], vec!["with-s3", "with-s2"]),
    ] {
        let answer = world.ask(&reader(&world), &clinic_inbox(&staff(id)).query(&query)).await;
        assert_eq!(shown(&answer), wanted, "{id}");
    }
    let whole = clinic_inbox(&staff("s1")).query(&[("owner", "clinic")]);
    world.refuses(&reader(&world), &whole, 403, &["not_allowed"]).await;
}

#[tokio::test]
async fn an_account_sees_all_its_clinics_and_what_is_switched_off_hides_only_itself() {
    let world = World::of(Plan::Connect).await;
    world.link(&link("c2", "p1", "a1")).await;
    let (one, two) = (name("c1", "p1", "one"), name("c2", "p1", "two"));
    world.start(&one, NOW).await;
    world.start(&two, NOW + SignedDuration::from_secs(1)).await;
    world.start(&name("c1", "p2", "not-mine"), NOW).await;
    let seen = async || shown(&world.ask(&reader(&world), &inbox(&account("a1"))).await);
    assert_eq!(seen().await, ["two", "one"]);
    world.reply(&staff("s1"), &one, "More.", NOW + SignedDuration::from_secs(2)).await;
    assert_eq!(seen().await, ["one", "two"]);

    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c2", Plan::Connect) }).await;
    assert_eq!(seen().await, ["one"]);
    world.clinic(&clinic("c2", Plan::Connect)).await;
    assert_eq!(seen().await, ["one", "two"]);
    world.link(&AccountLink { active: false, ..link("c2", "p1", "a1") }).await;
    assert_eq!(seen().await, ["one"]);
    world.revoke_link().await;
    assert_eq!(seen().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_account_without_links_has_an_empty_inbox() {
    let (world, _) = World::with_conversation(Plan::Portal).await;
    let answer = world.ask(&reader(&world), &inbox(&account("nobody"))).await;
    assert_eq!(answer.expect(200), json!({ "conversations": [] }));
    let answer = world.ask(&reader(&world), &inbox(&portal("p2"))).await;
    assert_eq!(answer.expect(200), json!({ "conversations": [] }));
}
