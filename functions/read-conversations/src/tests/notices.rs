//! How the patient's side was told, and that nobody there has read a message: what staff are shown.

use std::sync::Arc;

use domain::address::Way;
use domain::clinic::Plan;
use domain::command::Switch;
use domain::notice::{Burst, Earlier, FailureReason, Hold, Notice, NoticeState, Recipient};
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use scenario::people::{account, account_id, contact, guardian_link, portal, staff, staff_id};
use scenario::{NOW, World};
use serde_json::{Value, json};
use testkit::Fault;

use super::{chart, clinic_inbox, faulty, inbox, marker, reader, thread};

fn later() -> Timestamp {
    NOW + SignedDuration::from_secs(60)
}

/// The notice of a message to one person by email, queued.
fn queued(number: u32, recipient: Recipient) -> Notice {
    let channel = Channel::Email;
    let way = Ok(Way { channel, hash: contact().hash(channel).unwrap().clone() });
    Notice::opened(platform::new_id(), number, recipient, &way, Burst::Own, NOW)
}

/// What a thread shows of the notices of its message of that number, counted from the newest.
fn notices(answer: &Value, place: usize) -> &Value {
    &answer["messages"][place]["notices"]
}

#[tokio::test]
async fn staff_see_how_each_person_on_the_patients_side_was_told_of_each_message() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let guardian = Recipient::Guardian { id: account_id("g1") };
    world.reply(&staff("s2"), &name, "More.", NOW).await;
    world.reply(&account("a1"), &name, "Thanks.", NOW).await;
    let accepted = NoticeState::Accepted { at: later(), provider_id: Some("provider-1".into()) };
    let failed = NoticeState::Failed { at: NOW, reason: FailureReason::NoUsableAddress };
    let bounced = NoticeState::Bounced { at: NOW, permanent: true };
    for notice in [
        Notice {
            state: accepted,
            earlier: Some(Earlier { channel: Channel::Email, state: bounced }),
            channel: Some(Channel::Sms),
            due: None,
            sends: 2,
            ..queued(1, Recipient::Patient)
        },
        Notice { state: failed, channel: None, address: None, ..queued(1, guardian.clone()) },
        Notice {
            state: NoticeState::Covered { at: NOW, by: 1 },
            due: Some(later()),
            ..queued(2, Recipient::Patient)
        },
        queued(2, guardian).held(Hold::Paused, later()),
        // No thread shows what staff were told.
        queued(3, Recipient::Staff { id: staff_id("s1") }),
    ] {
        world.notice(&name, &notice).await;
    }
    for reads in [staff("s1"), staff("s9")] {
        let answer = world.ask(&reader(&world), &thread(&reads)).await.expect(200);
        assert_eq!(notices(&answer, 0), &json!([]));
        let second = json!([
            {
                "recipient": { "kind": "guardian", "id": "g1" }, "channel": "email",
                "state": "queued", "hold": "paused", "queuedAt": NOW, "attempts": 0, "due": later(),
            },
            {
                "recipient": { "kind": "patient" }, "channel": "email",
                "state": "covered", "at": NOW, "by": 1, "queuedAt": NOW, "attempts": 0,
            },
        ]);
        assert_eq!(notices(&answer, 1), &second);
        let first = json!([
            {
                "recipient": { "kind": "guardian", "id": "g1" },
                "state": "failed", "at": NOW, "reason": "no_usable_address",
                "queuedAt": NOW, "attempts": 0,
            },
            {
                "recipient": { "kind": "patient" }, "channel": "sms",
                "state": "accepted", "at": later(), "providerId": "provider-1",
                "earlier": {
                    "channel": "email", "state": "bounced", "at": NOW, "permanent": true,
                },
                "queuedAt": NOW, "attempts": 2,
            },
        ]);
        assert_eq!(notices(&answer, 2), &first);
        // Nothing shown leads to an address, or to a notice by what its provider knows.
        let text = answer.to_string();
        let contact = contact();
        let hash = contact.hash(Channel::Email).unwrap().as_str();
        for hidden in [hash, "\"address\"", "\"version\"", "waited", "unanswered", "\"sends\""] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
}

#[tokio::test]
async fn how_the_patients_side_was_told_is_shown_to_nobody_there() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.link(&guardian_link("c1", "p1", "g1")).await;
    world.notice(&name, &queued(1, Recipient::Patient)).await;
    world.alert(&name, 1, later()).await;
    for reads in [account("a1"), account("g1")] {
        let answer = world.ask(&reader(&world), &thread(&reads)).await.expect(200);
        assert_eq!(notices(&answer, 0), &Value::Null);
        for event in [thread(&reads), inbox(&reads), chart(&reads)] {
            let answer = world.ask(&reader(&world), &event).await.expect(200);
            assert!(!answer.to_string().contains("unreadAlert"));
        }
    }
    let (world, name) = World::with_conversation(Plan::Portal).await;
    world.notice(&name, &queued(1, Recipient::Patient)).await;
    let answer = world.ask(&reader(&world), &thread(&portal("p1"))).await.expect(200);
    assert!(answer["messages"][0].get("notices").is_none());
}

#[tokio::test]
async fn a_page_shows_the_notices_of_its_own_messages() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for number in 2..=4 {
        world.reply(&staff("s1"), &name, "More.", NOW).await;
        world.notice(&name, &queued(number, Recipient::Patient)).await;
    }
    let mut query = vec![("limit", "2".to_owned())];
    for expected in [[4, 3], [2, 1]] {
        let asked: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let event = thread(&staff("s1")).query(&asked);
        let answer = world.ask(&reader(&world), &event).await;
        query.extend(super::next(&answer).map(|cursor| ("cursor", cursor)));
        let answer = answer.expect(200);
        for (place, number) in expected.into_iter().enumerate() {
            assert_eq!(answer["messages"][place]["number"], number);
            let told = notices(&answer, place).as_array().unwrap().len();
            assert_eq!(told, usize::from(number != 1));
        }
    }
}

#[tokio::test]
async fn notices_that_cannot_be_read_are_not_left_out() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    // The messages are the first query.
    let fault = Fault::unavailable("Query").after(1).times(u32::MAX);
    world.fails(&faulty(&world, fault.clone()), &thread(&staff("s1")), 503, "unavailable").await;
    world.ask(&faulty(&world, fault), &thread(&account("a1"))).await.expect(200);
}

/// What staff are shown of the alert, everywhere that they see the conversation.
async fn shown_everywhere(world: &World) -> Value {
    let thread = world.ask(&reader(world), &thread(&staff("s1"))).await.expect(200);
    let alert = thread.get("unreadAlert").cloned().unwrap_or_default();
    let clinic = clinic_inbox(&staff("s9")).query(&[("owner", "clinic")]);
    for list in [chart(&staff("s1")), chart(&staff("s9")), clinic_inbox(&staff("s2")), clinic] {
        let answer = world.ask(&reader(world), &list).await.expect(200);
        let entry = &answer["conversations"][0];
        assert_eq!(entry.get("unreadAlert").cloned().unwrap_or_default(), alert);
    }
    alert
}

#[tokio::test]
async fn staff_see_that_nobody_has_read_a_message_until_somebody_has() {
    for by in [account("a1"), account("g1")] {
        let (world, name) = World::with_conversation(Plan::Connect).await;
        world.link(&guardian_link("c1", "p1", "g1")).await;
        world.reply(&staff("s1"), &name, "More.", NOW).await;
        assert_eq!(shown_everywhere(&world).await, Value::Null);
        world.alert(&name, 2, later()).await;
        let alert = json!({ "messageNumber": 2, "since": later() });
        assert_eq!(shown_everywhere(&world).await, alert);

        // A colleague's reading is not the patient's, nor is an earlier message the one.
        for (reads, seen) in [(staff("s2"), 2), (by.clone(), 1)] {
            let event = marker(&reads).body(&json!({ "seen": seen }));
            world.ask(&reader(&world), &event).await.expect(200);
            assert_eq!(shown_everywhere(&world).await, alert, "{reads:?}");
        }
        let before = world.conversation(&name).await;
        let event = marker(&by).body(&json!({ "seen": 2 }));
        let answer = world.ask(&reader(&world), &event).await.expect(200);
        assert_eq!(answer, json!({ "seen": 2, "unread": 0 }));
        assert_eq!(shown_everywhere(&world).await, Value::Null);
        // Nothing else of the conversation is another than it was.
        let after = world.conversation(&name).await;
        assert_eq!(after.version, before.version + 1);
        let unchanged = domain::conversation::Conversation {
            version: after.version,
            unread_alert: None,
            ..before
        };
        assert_eq!(after, unchanged);
    }
}

#[tokio::test]
async fn an_answer_ends_it_too() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.alert(&name, 1, later()).await;
    world.reply(&account("a1"), &name, "Thanks.", later()).await;
    assert_eq!(shown_everywhere(&world).await, Value::Null);
}

/// It was read at the moment at which the clinic was told: the next reading ends it.
#[tokio::test]
async fn an_alert_that_came_after_the_reading_ends_with_the_next_one() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.ask(&reader(&world), &marker(&account("a1"))).await.expect(200);
    world.alert(&name, 1, later()).await;
    let before = world.state().await;
    let answer = world.ask(&reader(&world), &marker(&account("a1"))).await.expect(200);
    assert_eq!(answer, json!({ "seen": 1, "unread": 0 }));
    let difference = world.state().await.since(&before);
    difference.record();
    let lists = ["INBOX#CLINIC", "INBOX#PATIENT", "INBOX#STAFF#s1", "INBOX#STAFF#s2"];
    let written: Vec<_> = ["CONVERSATION"].into_iter().chain(lists).collect();
    assert_eq!(difference.written_sort_keys(), written);
    assert_eq!(shown_everywhere(&world).await, Value::Null);
}

#[tokio::test]
async fn a_close_and_an_alert_that_ends_at_one_instant_both_hold() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.alert(&name, 1, later()).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let (world, name) = (Arc::clone(&theirs), about.clone());
        async move { world.switch(&name, Switch::Close, NOW).await }
    });
    let answer = world.ask(&faulty(&world, fault), &marker(&account("a1"))).await;
    assert_eq!(answer.expect(200), json!({ "seen": 1, "unread": 0 }));
    let conversation = world.conversation(&name).await;
    assert!(!conversation.is_open() && conversation.unread_alert.is_none());
}

#[tokio::test]
async fn an_alert_of_the_moment_at_which_it_is_read_ends() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let world = Arc::new(world);
    let (theirs, about) = (Arc::clone(&world), name.clone());
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let (world, name) = (Arc::clone(&theirs), about.clone());
        async move { world.alert(&name, 1, later()).await }
    });
    world.ask(&faulty(&world, fault), &marker(&account("a1"))).await.expect(200);
    assert_eq!(shown_everywhere(&world).await, Value::Null);
}

#[tokio::test]
async fn an_alert_that_cannot_be_ended_now_leaves_the_marker_where_it_was() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.alert(&name, 1, later()).await;
    let before = world.state().await;
    let contended = faulty(&world, Fault::conflict("TransactWriteItems").times(u32::MAX));
    world.fails(&contended, &marker(&account("a1")), 503, "busy").await;
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());
}
