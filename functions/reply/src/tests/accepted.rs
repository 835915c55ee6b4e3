//! What a reply answers and writes.

use domain::address::{Contact, MarkReason};
use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::conversation::{Author, Party, Person, ReadMarker};
use domain::people::{Channel, Patient};
use domain::rich_text::MAX_STORED_BYTES;
use jiff::SignedDuration;
use scenario::people::{
    account, account_id, contact, guardian_link, patient, patient_id, staff, staff_id,
};
use scenario::{CONVERSATION, Event, NOW, World, set_clock};
use serde_json::{Value, json};

use super::{event, reply};

const LOCATION: &str =
    "/live/clinics/c1/patients/p1/conversations/0198c0de-0000-7000-8000-000000000001";

/// What every reply writes.
const ALWAYS: [&str; 8] = [
    "CONVERSATION",
    "IDEMPOTENCY",
    "INBOX#CLINIC",
    "INBOX#PATIENT",
    "INBOX#STAFF#s1",
    "INBOX#STAFF#s2",
    "MESSAGE#00000002",
    "OUTBOX#00000002",
];

#[tokio::test]
async fn each_sample_is_stored_with_its_record_and_nothing_else() {
    for (sample, plan, beside) in [
        ("reply.staff", Plan::Connect, vec!["READER#STAFF#s1"]),
        ("reply.account", Plan::Connect, vec!["READER#PATIENT"]),
        (
            "reply.account",
            Plan::ConnectPro,
            vec!["READER#PATIENT", "TIMER#NO_ANSWER", "TIMER#OUTSIDE_HOURS"],
        ),
        ("reply.portal", Plan::Portal, vec!["READER#PATIENT"]),
    ] {
        let (world, _) = World::with_conversation(plan).await;
        let before = world.state().await;
        let event = Event::sample(&format!("reply/{sample}.json"));
        let answer = world.ask(&reply(&world), &event).await;
        assert_eq!(answer.location.as_deref(), Some(LOCATION));
        let mut wanted = json!({ "conversationId": CONVERSATION, "messageNumber": 2, "at": NOW });
        if sample == "reply.staff" {
            wanted["noticeChannel"] = json!("email");
        }
        assert_eq!(answer.expect(201), wanted);

        let difference = world.state().await.since(&before);
        let wanted: Vec<&str> = ALWAYS.into_iter().chain(beside).collect();
        assert_eq!(difference.written_sort_keys(), wanted, "{sample}");
        assert!(difference.gone.is_empty());
        let record = difference.record();
        assert_eq!(record.action, Action::ConversationReply);
        assert_eq!(record.outcome, Outcome::Done);
        assert_eq!(record.objects, [CONVERSATION, "2"]);
        assert_eq!(record.patient, Some(patient_id("p1")));
        assert_eq!(record.on_behalf_of.is_some(), sample == "reply.account");
    }
}

#[tokio::test]
async fn staff_are_told_how_the_patient_will_be_or_what_is_in_the_way() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let by_email = contact();
    world.mark(by_email.hash(Channel::Email).unwrap(), MarkReason::Complained).await;
    let event = event(&staff("s1"));
    let answer = world.ask(&reply(&world), &event).await.expect(201);
    assert_eq!(answer["noticeProblem"], "address_complained");
    assert_eq!(answer.get("noticeChannel"), Some(&Value::Null));

    // Asked again, it is as things are then; all else is as it was.
    let contact = Contact { other_channel_consented: true, ..by_email };
    world.patient(&Patient { contact, ..patient("c1", "p1") }).await;
    set_clock(NOW + SignedDuration::from_mins(1));
    let again = world.ask(&reply(&world), &event).await.expect(201);
    let wanted = json!({
        "conversationId": CONVERSATION, "messageNumber": 2, "at": NOW, "noticeChannel": "sms",
    });
    assert_eq!(again, wanted);
}

#[tokio::test]
async fn the_author_is_the_caller_and_the_conversation_awaits_the_other_side() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.ask(&reply(&world), &event(&account("a1"))).await.expect(201);
    assert_eq!(world.conversation(&name).await.awaits(), Party::Clinic);
    world.ask(&reply(&world), &event(&staff("s9"))).await.expect(201);
    assert_eq!(world.conversation(&name).await.awaits(), Party::Patient);
    let authors: Vec<_> =
        world.messages(&name).await.into_iter().map(|message| message.author).collect();
    let name = |name| scenario::people::display_name(name);
    assert_eq!(
        authors,
        [
            Author::Staff { id: staff_id("s1"), name: name("Staff s1") },
            Author::Account { id: account_id("a1"), name: name("Zebulon p1") },
            Author::Staff { id: staff_id("s9"), name: name("Staff s9") },
        ]
    );
}

#[tokio::test]
async fn a_staff_members_answer_drops_the_timers() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    world.ask(&reply(&world), &event(&account("a1"))).await.expect(201);
    let before = world.state().await;
    world.ask(&reply(&world), &event(&staff("s2"))).await.expect(201);
    let gone = world.state().await.since(&before).gone;
    let gone: Vec<_> = gone.iter().map(|key| key.sk.as_str()).collect();
    assert_eq!(gone, ["TIMER#NO_ANSWER", "TIMER#OUTSIDE_HOURS"]);
}

#[tokio::test]
async fn a_reply_marks_read_only_what_it_says_was_seen() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.link(&guardian_link("c1", "p1", "a3")).await;
    world.reply(&staff("s2"), &name, "More.", NOW).await;
    world.ask(&reply(&world), &event(&account("a1"))).await.expect(201);
    world.ask(&reply(&world), &event(&staff("s1")).key("two")).await.expect(201);

    let tally = world.conversation(&name).await.tally;
    for (person, unread) in [
        (Person::Patient, 3),
        (Person::Guardian(account_id("a3")), 4),
        (Person::Staff(staff_id("s1")), 2),
        (Person::Staff(staff_id("s2")), 3),
        (Person::Staff(staff_id("s9")), 4),
    ] {
        let marker = world.marker(&name, &person).await;
        assert_eq!(marker, ReadMarker::default());
        assert_eq!(marker.unread(&tally, &person), unread, "{person:?}");
    }

    let seen = event(&account("a1")).key("three").body(&json!({ "body": "Thanks.", "seen": 2 }));
    world.ask(&reply(&world), &seen).await.expect(201);
    let person = Person::Patient;
    let marker = world.marker(&name, &person).await;
    assert_eq!(marker, ReadMarker { seen: 2, seen_of_others: 2 });
    assert_eq!(marker.unread(&world.conversation(&name).await.tally, &person), 1);

    // An older number does not move it back.
    let older = event(&account("a1")).key("four").body(&json!({ "body": "Thanks.", "seen": 1 }));
    world.ask(&reply(&world), &older).await.expect(201);
    assert_eq!(world.marker(&name, &person).await.seen, 2);
}

#[tokio::test]
async fn a_clock_that_is_behind_does_not_turn_the_order_around() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    set_clock("2026-11-24T00:00:00Z".parse().unwrap());
    let answer = world.ask(&reply(&world), &event(&staff("s1"))).await.expect(201);
    assert_eq!(answer["at"], json!(NOW));
    assert_eq!(world.messages(&name).await[1].at, NOW);
}

#[tokio::test]
async fn only_what_is_allowed_of_a_body_is_stored() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let body = json!({ "body": "<p onclick=x()>Hello <script>alert(1)</script><b>you</b></p>" });
    world.ask(&reply(&world), &event(&account("a1")).body(&body)).await.expect(201);
    let html = world.messages(&name).await[1].body.html().to_owned();
    assert!(html.contains("<b>you</b>") || html.contains("<strong>you</strong>"), "{html}");
    assert!(!html.contains("script") && !html.contains("onclick"), "{html}");
}

#[tokio::test]
async fn the_longest_body_is_stored_whole_and_a_byte_more_is_refused() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let longest = "\\".repeat(MAX_STORED_BYTES - "<p></p>".len());
    let whole = event(&account("a1")).body(&json!({ "body": format!("<p>{longest}</p>") }));
    world.ask(&reply(&world), &whole).await.expect(201);
    assert_eq!(world.messages(&name).await[1].body.html().len(), MAX_STORED_BYTES);
    let more =
        event(&account("a1")).key("more").body(&json!({ "body": format!("<p>{longest}x</p>") }));
    world.refuses(&reply(&world), &more, 422, &["body_too_long /body"]).await;
}
