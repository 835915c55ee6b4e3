#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::clinic::Plan;
use crate::command::Switch;
use crate::testing::{
    Thread, WORKING, as_account, as_portal, as_staff, at, body, clinic, conversation, name,
};

#[test]
fn an_automatic_message_is_of_neither_side_and_of_nobody() {
    let author = Author::Automatic { reason: AutomaticReason::OutsideHours };
    assert_eq!((author.person(), author.party()), (None, None));
    let (after, message) =
        conversation().with_message(author, body("Closed.").into(), at(WORKING)).unwrap();
    assert_eq!(after.awaits(), Party::Patient, "staff wrote last");
    assert_eq!(message.number, 2);
    for person in [Person::Patient, Person::Staff(StaffId::parse("s2").unwrap())] {
        assert_eq!(ReadMarker::default().unread(&after.tally, &person), 1);
    }
}

#[test]
fn a_conversation_awaits_the_side_that_did_not_write_last() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    assert_eq!(thread.conversation.awaits(), Party::Patient);
    thread.reply(&as_account("a1"), "2026-11-25T14:01:00Z");
    assert_eq!(thread.conversation.awaits(), Party::Clinic);
    // A close and a reopening are no message.
    thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T14:02:00Z");
    thread.switch(&as_staff("s1"), Switch::Reopen, "2026-11-25T14:03:00Z");
    assert_eq!(thread.conversation.awaits(), Party::Clinic);
    thread.reply(&as_staff("s2"), "2026-11-25T14:04:00Z");
    assert_eq!(thread.conversation.awaits(), Party::Patient);
}

#[test]
fn the_first_unanswered_message_waits_until_staff_answer_or_close() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    assert_eq!(thread.conversation.waiting, None);
    thread.reply(&as_account("a1"), "2026-11-25T14:01:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T14:02:00Z");
    let first = Waiting { number: 2, since: at("2026-11-25T14:01:00Z") };
    assert_eq!(thread.conversation.waiting, Some(first));
    thread.reply(&as_staff("s1"), "2026-11-25T14:03:00Z");
    assert_eq!(thread.conversation.waiting, None);
    thread.reply(&as_account("a1"), "2026-11-25T14:04:00Z");
    thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T14:05:00Z");
    assert_eq!(thread.conversation.waiting, None);
}

#[test]
fn no_two_readers_share_a_name() {
    // Ids have no `#`, so no id can make one kind look like another.
    let id = "PATIENT";
    let names = [
        Person::Staff(StaffId::parse(id).unwrap()).unique_name(),
        Person::Guardian(AccountId::parse(id).unwrap()).unique_name(),
        Person::Patient.unique_name(),
    ];
    assert_eq!(names, ["STAFF#PATIENT", "GUARDIAN#PATIENT", "PATIENT"]);
}

#[test]
fn what_is_stored_reads_back_the_same() {
    let mut portal = clinic();
    portal.plan = Plan::Portal;
    let mut thread = Thread::start(portal, at("2026-11-25T14:00:00Z"));
    thread.reply(&as_portal(), "2026-11-25T14:01:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T14:02:00Z");
    let stored = |conversation: &Conversation| {
        serde_json::from_value::<Conversation>(serde_json::to_value(conversation).unwrap()).unwrap()
    };
    assert_eq!(stored(&thread.conversation), thread.conversation);
    thread.switch(&as_staff("s1"), Switch::Close, WORKING);
    assert_eq!(stored(&thread.conversation), thread.conversation);
    let author = Author::Automatic { reason: AutomaticReason::NoAnswer };
    let (_, automatic) =
        conversation().with_message(author, body("Wait.").into(), at(WORKING)).unwrap();
    for message in thread.messages.iter().chain([&automatic]) {
        let stored = serde_json::to_value(message).unwrap();
        assert_eq!(serde_json::from_value::<Message>(stored).unwrap(), *message);
    }
}

#[test]
fn nothing_that_was_written_shows_in_a_debug_print() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.reply(&as_account("a1"), WORKING);
    let closed = thread.conversation.clone().closed(
        at(WORKING),
        StaffId::parse("s1").unwrap(),
        name("Staff s1"),
    );
    let shown = format!("{:?} {closed:?} {:?}", thread.conversation, thread.messages);
    for private in ["results", "Good news", "Thanks", "Zebulon", "Staff s1"] {
        assert!(!shown.contains(private), "{private}");
    }
}
