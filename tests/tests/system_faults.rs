//! Faults between `notify` and what it calls, and backlogs, on the deployed stack: Cargo runs this binary after `system`,
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

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::world::{self, Conversation, fresh};

use crate::aws::{described, emails, invoke, string, texts};
use crate::harness::{
    STAFF, Site, eventually, expect, marked, message, notice, partition, reference,
};
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

/// How many notices, or timers, are due at once: 10,000 were, where README says how long it took.
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
        let due_pk = aws::due_partition("NOTICE", &thread.id);
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

/// A clinic that is closed, and this long silent after staff wrote.
fn closed_settings(quiet_minutes: u32) -> Value {
    let hours = world::closed_at(system_tests::now());
    let mut settings = world::settings(&marked("Clinic"), "connect_pro", hours);
    settings["emergencyLine"] = json!("911");
    settings["automaticReplies"] = json!({
        "outsideHours": { "en": "<p>Closed until {{nextOpening}}. {{emergencyLine}}</p>" },
        "vacation": { "en": "<p>Away until {{nextOpening}}. {{emergencyLine}}</p>" },
        "quietMinutes": quiet_minutes,
    });
    settings
}

/// Each of many conversations with a timer that is due, one message of staff and one of the patient, is
/// answered once.
#[test]
#[expect(clippy::print_stdout, reason = "what README says of it is read off here")]
fn a_backlog_of_timers_is_drained_by_the_schedule_with_one_reply_each() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let size = backlog();
    let site = Site::with(closed_settings(60));
    let first = site.start();
    expect(&first.reply(&site.account, &marked("Hello")), 201);
    let kept = ["CONVERSATION", "MESSAGE#", "INBOX#"];
    let found = aws::partition(&partition(&first));
    let is = |item: &Value, kind: &str| string(item, "sk").starts_with(kind);
    let timer = found.iter().find(|item| is(item, "TIMER#")).unwrap();
    let items: Vec<&Value> =
        found.iter().filter(|item| kept.iter().any(|kind| is(item, kind))).collect();
    let change = site.clinic.settings(&site.staff(), world::Method::PUT);
    let change = change.with_body(closed_settings(0)).with_header("If-Match", "\"1\"");
    expect(&change, 200);

    let proxy = Proxy::before("auto-reply");
    let ids: Vec<String> = (0..size).map(|_| fresh("backlog")).collect();
    let copy = |item: &Value, id: &str| -> Value {
        serde_json::from_str(&item.to_string().replace(&first.id, id)).unwrap()
    };
    let due = |at: &str| -> Vec<Value> {
        let timers = ids.iter().map(|id| {
            let mut timer = copy(timer, id);
            timer["due_pk"] = json!({ "S": aws::due_partition("TIMER", id) });
            timer["due_sk"] = json!({ "S": at });
            timer
        });
        timers.collect()
    };
    for ids in ids.chunks(1_000) {
        let copies = ids.iter().flat_map(|id| items.iter().map(|item| copy(item, id)));
        aws::put_items(&copies.collect::<Vec<_>>());
    }
    // The stream tells of them while they are not due: what it does not do, the schedule has to.
    aws::put_items(&due("2099-01-01T00:00:00.000000Z"));
    let limit = Duration::from_secs(120 + u64::try_from(size / 10).unwrap());
    let mut told = 0;
    eventually("the stream's pass", limit, || {
        told += proxy.count().get("UpdateItem").copied().unwrap_or_default();
        (told >= size).then_some(())
    });
    let waiting = || aws::in_due_index("TIMER", &site.clinic.id);
    let others = waiting() - u64::try_from(size).unwrap();
    aws::put_items(&due("2026-01-01T00:00:00.000000Z"));
    proxy.count();

    let begun = Instant::now();
    let mut ticks = 0;
    eventually("the backlog to be drained", limit, || {
        assert_eq!(invoke("auto-reply", &json!({ "trigger": "tick" })), Value::Null);
        ticks += 1;
        (waiting() == others).then_some(())
    });
    let took = begun.elapsed();
    // One tick drains them; the schedule's own may hold the last few at that moment.
    assert!(ticks <= 2, "{ticks} ticks");
    let counts = proxy.count();
    let calls: usize = counts.values().sum();
    println!("{size} timers in {took:.1?} and {ticks} ticks with {calls} calls: {counts:?}");
    let mut replies: BTreeMap<String, usize> = BTreeMap::new();
    for item in site.items() {
        if item["author"]["M"]["kind"]["S"] == "automatic" && is(&item, "MESSAGE#") {
            *replies.entry(string(&item, "pk")).or_default() += 1;
        }
    }
    assert_eq!(replies.len(), size, "each conversation");
    assert!(replies.values().all(|replies| *replies == 1), "each once");
    let records = site.records();
    let replied = records.iter().filter(|record| string(record, "action") == "automatic.reply");
    assert_eq!(replied.count(), size, "each on record");
    // Claim, facts, vacations, answer.
    assert!(calls <= size * 5 + 200, "{calls} calls for {size} timers: {counts:?}");
}
