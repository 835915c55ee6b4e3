//! What a thread shows.

use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::people::{Patient, StaffMember};
use scenario::people::{
    account, clinic_id, member, no_contact, patient, staff, staff_id, template,
};
use scenario::{CONVERSATION, Event, NOW, World};
use serde_json::json;
use store::{Committed, key};

use super::{chart, clinic_inbox, inbox, reader, shown, thread};

#[tokio::test]
async fn each_sample_shows_the_thread_and_is_on_record_as_one_view() {
    for (sample, plan, unread) in [
        ("thread.staff", Plan::Connect, 0),
        ("thread.account", Plan::Connect, 1),
        ("thread.portal", Plan::Portal, 1),
    ] {
        let (world, name) = World::with_conversation(plan).await;
        let before = world.state().await;
        let event = Event::sample(&format!("read-conversations/{sample}.json"));
        let answer = world.ask(&reader(&world), &event).await;
        let body = world.messages(&name).await.remove(0).body;
        let mut wanted = json!({
            "clinicId": "c1",
            "patientId": "p1",
            "patientName": "Zebulon p1",
            "conversationId": CONVERSATION,
            "title": "Biopsy",
            "state": "open",
            "awaits": "patient",
            "repliesAllowed": true,
            "patientOnly": false,
            "groups": [],
            "participants": [{ "id": "s1", "name": "Staff s1" }, { "id": "s2", "name": "Staff s2" }],
            "startedAt": NOW,
            "lastActivity": NOW,
            "lastMessageNumber": 1,
            "seen": 0,
            "unread": unread,
            "messages": [{
                "number": 1,
                "author": { "kind": "staff", "id": "s1", "name": "Staff s1" },
                "body": { "html": body.html(), "text": body.text() },
                "at": NOW,
            }],
        });
        if sample == "thread.staff" {
            wanted["messages"][0]["notices"] = json!([]);
        }
        assert_eq!(answer.expect(200), wanted, "{sample}");
        let difference = world.state().await.since(&before);
        // Reading marks nothing read.
        assert!(difference.written.is_empty() && difference.gone.is_empty());
        let record = difference.record();
        assert_eq!((record.action, &record.outcome), (Action::ConversationView, &Outcome::Done));
        assert_eq!(record.objects, [CONVERSATION]);
        assert_eq!(record.patient.as_ref().unwrap().as_str(), "p1");
    }
}

#[tokio::test]
async fn people_who_left_stay_in_it_by_the_names_they_had() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.reply(&staff("s2"), &name, "More.", NOW).await;
    world.reply(&account("a1"), &name, "Thanks.", NOW).await;
    let stripped = Patient {
        name: scenario::people::display_name("Renamed"),
        contact: no_contact(),
        ..patient("c1", "p1")
    };
    world.patient(&stripped).await;
    world.staff(&StaffMember { active: false, ..member("c1", "s2") }).await;
    for event in [thread(&staff("s1")), thread(&staff("s9")), thread(&account("a1"))] {
        let thread = world.ask(&reader(&world), &event).await.expect(200);
        assert_eq!(thread["participants"][1], json!({ "id": "s2", "name": "Staff s2" }));
        assert_eq!(thread["patientName"], "Zebulon p1");
        let authors: Vec<_> = thread["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["author"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(authors, ["Zebulon p1", "Staff s2", "Staff s1"]);
    }
    for event in [chart(&staff("s1")), inbox(&account("a1")), clinic_inbox(&staff("s1"))] {
        let answer = world.ask(&reader(&world), &event).await;
        assert_eq!(shown(&answer), [CONVERSATION]);
    }

    // The same when the record of the participant is gone altogether.
    let store = world.store();
    let mut transaction = store.transaction();
    transaction.delete(&key::staff(&clinic_id("c1"), &staff_id("s2")));
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    let thread = world.ask(&reader(&world), &thread(&staff("s1"))).await.expect(200);
    assert_eq!(thread["participants"][1]["name"], "Staff s2");
}

#[tokio::test]
async fn which_template_a_message_was_made_of_is_shown_to_staff_alone() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let template = template("c1", "t1");
    world.reply_from_template(&staff("s1"), &name, &template, NOW).await;
    for actor in [staff("s1"), staff("s9")] {
        let thread = world.ask(&reader(&world), &thread(&actor)).await.expect(200);
        let wanted = json!({ "id": "t1", "version": 3 });
        assert_eq!(thread["messages"][0]["template"], wanted);
        assert!(thread["messages"][1].get("template").is_none());
    }
    let own = world.ask(&reader(&world), &thread(&account("a1"))).await.expect(200);
    let own = own.to_string();
    assert!(own.contains("Dear <b>Zebulon p1</b>") && !own.contains("template"), "{own}");
    assert!(!own.contains("t1"), "{own}");
}
