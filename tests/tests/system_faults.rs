//! Faults between `notify` and what it calls, on the deployed stack: Cargo runs this binary after `system`,
//! since meanwhile nobody's notices go out undisturbed.

#![allow(
    clippy::pedantic,
    reason = "only tests: correctness lints stay denied, style is rustfmt's"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

// Only a part of each is used here.
#[allow(dead_code, reason = "the helpers are shared with the other binary")]
#[path = "system/aws.rs"]
mod aws;
#[allow(dead_code, reason = "the helpers are shared with the other binary")]
#[path = "system/harness.rs"]
mod harness;
#[path = "system_faults/proxy.rs"]
mod proxy;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::world::{self, Conversation, fresh};

use crate::aws::{described, emails, invoke, string, texts};
use crate::harness::{STAFF, Site, eventually, expect, marked, message, notice, reference};
use crate::proxy::{Behaviour, Proxy};

const SOON: Duration = Duration::from_secs(60);

/// One at a time: they disturb the same function.
static TURN: Mutex<()> = Mutex::new(());

fn link(conversation: &Conversation) -> String {
    let domain = described("/parameters/LinkDomain");
    format!("https://{}/c/{}", domain.as_str().unwrap(), reference(conversation))
}

fn state(conversation: &Conversation) -> String {
    notice(conversation, 1).map(|item| string(&item, "state")).unwrap_or_default()
}

/// Waits until the notice has been handed over once, whatever came of it.
fn tried(conversation: &Conversation) -> Value {
    eventually("the attempt", SOON, || {
        let item = notice(conversation, 1)?;
        let is_done = item["sends"]["N"] != "0" && item["unanswered"]["BOOL"] == false;
        is_done.then_some(item)
    })
}

/// Makes the notice due now, and has the schedule's work done.
fn hurry(conversation: &Conversation) {
    let mut item = notice(conversation, 1).unwrap();
    if item.get("due_sk").is_some() {
        item["due_sk"] = json!({ "S": "2026-01-01T00:00:00.000000Z" });
        aws::put_item(&item);
    }
    tick();
}

fn tick() {
    assert_eq!(invoke("notify", &json!({ "trigger": "tick" })), Value::Null);
}

fn texted(site: &Site) -> Conversation {
    let id = fresh("texted");
    let patient = world::patient_by_sms(&marked("Jo"), "+1 613 555 0166");
    expect(&site.clinic.create_patient(&id, patient), 201);
    site.started(&site.clinic.start(STAFF, &id, message()))
}

#[test]
fn what_the_provider_cannot_take_just_now_is_sent_later_once() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let proxy = Proxy::before_notify();
    let site = Site::new();
    for refusal in [
        Behaviour::refuse(400, "Throttling", "Maximum sending rate exceeded."),
        Behaviour::refuse(429, "Throttled", "Rate exceeded"),
    ] {
        proxy.answers(&["Action=SendRawEmail", "Action=Publish"], &refusal, 2);
        let (mailed, texted) = (site.start(), texted(&site));
        for thread in [&mailed, &texted] {
            tried(thread);
            assert_eq!(state(thread), "queued");
            eventually("the notice to be accepted", SOON, || {
                hurry(thread);
                (state(thread) == "accepted").then_some(())
            });
        }
        assert_eq!(emails(&link(&mailed)).len(), 1);
        assert_eq!(texts(&link(&texted)).len(), 1);
    }
}

/// SES took it, and its yes was lost: it waits for feedback, which confirms it, or is sent again.
#[test]
fn a_lost_yes_is_confirmed_by_feedback_and_otherwise_sent_twice_and_no_more() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let proxy = Proxy::before_notify();
    let site = Site::new();
    for confirmed in [true, false] {
        proxy.answers(&["Action=SendRawEmail"], &Behaviour::LoseTheAnswer, 1);
        let thread = site.start();
        let item = tried(&thread);
        assert_eq!(string(&item, "state"), "unconfirmed");
        assert_eq!(emails(&link(&thread)).len(), 1, "SES has it");
        tick();
        assert_eq!(emails(&link(&thread)).len(), 1, "it waits");
        if confirmed {
            let told = json!({ "eventType": "Send", "mail": {
                "timestamp": "2026-11-25T15:00:00.000Z", "messageId": fresh("ses"),
                "destination": ["nobody@example.test"],
                "tags": { "notice": [string(&item, "id")] },
            }, "send": {} });
            let event = json!({ "Records": [{ "Sns": {
                "Message": told.to_string(), "Timestamp": "2026-11-25T15:00:01.000Z",
            } }] });
            assert_eq!(invoke("delivery-feedback", &event), Value::Null);
            assert_eq!(state(&thread), "accepted");
        }
        hurry(&thread);
        assert_eq!(state(&thread), "accepted");
        hurry(&thread);
        assert_eq!(emails(&link(&thread)).len(), if confirmed { 1 } else { 2 });
    }
}

#[test]
fn a_provider_that_fails_or_breaks_off_is_asked_again() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let proxy = Proxy::before_notify();
    let site = Site::new();
    for failure in [Behaviour::refuse(503, "ServiceUnavailable", "try later"), Behaviour::HangUp] {
        proxy.answers(&["Action=SendRawEmail", "Action=Publish"], &failure, 1);
        let (mailed, texted) = (site.start(), texted(&site));
        for (thread, waiting) in [(&mailed, "unconfirmed"), (&texted, "queued")] {
            tried(thread);
            assert_eq!(state(thread), waiting);
            hurry(thread);
            assert_eq!(state(thread), "accepted");
        }
        assert_eq!((emails(&link(&mailed)).len(), texts(&link(&texted)).len()), (1, 1));
    }
}

/// The function's database stumbles at each step of a notice, one after the other.
#[test]
fn whatever_call_fails_a_message_is_announced_once() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let proxy = Proxy::before_notify();
    let site = Site::new();
    for operation in ["UpdateItem", "BatchGetItem", "Query", "TransactWriteItems"] {
        let target = format!("DynamoDB_20120810.{operation}");
        // More often than the SDK repeats the call by itself.
        let failure = Behaviour::Fail(500);
        proxy.answers(&[target.as_str()], &failure, 4);
        let thread = site.start();
        eventually("the notice to be accepted", SOON, || {
            tick();
            (state(&thread) == "accepted").then_some(()).or_else(|| {
                let found = aws::partition(&harness::partition(&thread));
                for mut item in found {
                    let kind = string(&item, "sk");
                    let is_work = kind.starts_with("OUTBOX#") || kind.starts_with("NOTICE#");
                    if is_work && item.get("due_sk").is_some() {
                        item["due_sk"] = json!({ "S": "2026-01-01T00:00:00.000000Z" });
                        aws::put_item(&item);
                    }
                }
                None
            })
        });
        assert_eq!(emails(&link(&thread)).len(), 1, "{operation}");
        proxy.answers(&[target.as_str()], &Behaviour::Forward, 0);
    }
}

/// How many notices are due at once: 10,000 were, where README says how long it took.
#[expect(clippy::disallowed_methods, reason = "its size is whoever's who runs it by hand")]
fn backlog() -> usize {
    std::env::var("BACKLOG").map_or(200, |size| size.parse().unwrap())
}

#[test]
#[expect(clippy::print_stdout, reason = "what README says of it is read off here")]
fn a_backlog_is_drained_by_the_schedule_with_the_same_calls_for_each() {
    const CONVERSATIONS: usize = 8;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let size = backlog();
    let site = Site::new();
    let threads: Vec<Conversation> = (0..CONVERSATIONS).map(|_| site.start()).collect();
    for thread in &threads {
        site.settled(thread);
    }
    let proxy = Proxy::before_notify();
    for (position, thread) in threads.iter().enumerate() {
        let sent = notice(thread, 1).unwrap();
        let due_pk = aws::due_partition(&thread.id);
        let items: Vec<Value> = (0..size / CONVERSATIONS)
            .map(|number| queued(&sent, number + 2, &due_pk, position))
            .collect();
        aws::put_items(&items);
    }
    proxy.count();
    let begun = Instant::now();
    let wanted = size / CONVERSATIONS * CONVERSATIONS;
    let limit = Duration::from_secs(120 + u64::try_from(size / 10).unwrap());
    eventually("the backlog to be drained", limit, || {
        tick();
        let sent: usize = threads.iter().map(|thread| emails(&link(thread)).len()).sum();
        (sent >= wanted + CONVERSATIONS).then_some(())
    });
    let took = begun.elapsed();
    let counts = proxy.count();
    let calls: usize = counts.values().sum();
    println!("{wanted} notices in {took:.1?} with {calls} calls: {counts:?}");
    let sent: usize = threads.iter().map(|thread| emails(&link(thread)).len()).sum();
    assert_eq!(sent, wanted + CONVERSATIONS, "each once");
    assert_eq!(counts["SendRawEmail"], wanted);
    assert!(calls <= wanted * 8 + 200, "{calls} calls for {wanted} notices: {counts:?}");
}

/// A notice like one that was sent, which is due.
fn queued(sent: &Value, number: usize, due_pk: &str, position: usize) -> Value {
    let mut item = sent.clone();
    let members = item.as_object_mut().unwrap();
    for gone in ["at", "providerId"] {
        members.remove(gone);
    }
    let due = "2026-01-01T00:00:00.000000Z";
    for (name, value) in [
        ("sk", format!("NOTICE#{number:08}#PATIENT")),
        ("id", fresh(&format!("backlog{position}"))),
        ("state", "queued".to_owned()),
        ("due", due.to_owned()),
        ("due_pk", due_pk.to_owned()),
        ("due_sk", due.to_owned()),
    ] {
        members.insert(name.to_owned(), json!({ "S": value }));
    }
    for (name, value) in [("number", number), ("version", 1), ("attempts", 0), ("sends", 0)] {
        members.insert(name.to_owned(), json!({ "N": value.to_string() }));
    }
    item
}
