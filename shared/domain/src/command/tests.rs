#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::access::Facts;
use crate::actor::Actor;
use crate::automatic::Timers;
use crate::clinic::Plan;
use crate::conversation::{
    Author, AutomaticReason, MAX_PARTICIPANTS, Party, Quote, State, UnreadAlert,
};
use crate::id::{AccountId, ClinicId, PatientId};
use crate::people::{Group, Role, StaffMember};
use crate::testing::{
    Thread, WORKING, as_account, as_staff, at, body, clinic, conversation, facts, group, group_id,
    send_to, staff, staff_id, started,
};

fn codes(result: Result<impl std::fmt::Debug, Refusal>) -> Vec<Code> {
    result.unwrap_err().codes()
}

fn send_to_staff(to: &[&str], recipients: &[Option<StaffMember>]) -> Result<Change, Refusal> {
    let actor = as_staff("s1");
    let addressees = Addressees { staff: recipients, ..Addressees::default() };
    start(&actor, send_to(to), &facts(&actor, &clinic()), addressees, at(WORKING))
}

fn guardian(account: &str) -> Person {
    Person::Guardian(AccountId::parse(account).unwrap())
}

fn participants(change: &Change) -> Vec<&str> {
    change.conversation.participants.iter().map(|participant| participant.id.as_str()).collect()
}

#[test]
fn a_conversation_starts_with_its_first_message_and_awaits_the_patient() {
    let change = send_to_staff(&["s2"], &[Some(staff("s2"))]).unwrap();
    assert_eq!(change.replaces, None);
    assert_eq!(change.conversation.version, 1);
    assert_eq!(change.message.as_ref().unwrap().number, 1);
    assert_eq!(change.conversation.awaits(), Party::Patient);
    assert!(change.announce && change.set.is_empty() && change.drop.is_empty());
    assert!(change.conversation.is_open());
}

#[test]
fn every_precondition_of_a_send_is_answered_at_once() {
    let actor = as_staff("s1");
    let mut facts = facts(&actor, &clinic());
    facts.clinic.as_mut().unwrap().portal_enabled = false;
    let patient = facts.patient.as_mut().unwrap();
    patient.portal_access = false;
    (patient.contact.email, patient.contact.sms) = (None, None);
    let addressees = Addressees { staff: &[None], ..Addressees::default() };
    let refusal = start(&actor, send_to(&["s9"]), &facts, addressees, at(WORKING)).unwrap_err();
    assert_eq!(
        refusal.codes(),
        [Code::PortalDisabled, Code::PatientAccessOff, Code::NoContact, Code::UnknownRecipient]
    );
    let places: Vec<_> = refusal.reasons().map(|reason| reason.place.as_deref()).collect();
    assert_eq!(places, [None, None, None, Some("/to/0")]);
}

#[test]
fn each_precondition_of_a_send_alone_refuses_it() {
    type Change = fn(&mut Facts);
    let cases: [(Change, Code); 3] = [
        (|facts| facts.clinic.as_mut().unwrap().portal_enabled = false, Code::PortalDisabled),
        (|facts| facts.patient.as_mut().unwrap().portal_access = false, Code::PatientAccessOff),
        (
            |facts| {
                let contact = &mut facts.patient.as_mut().unwrap().contact;
                (contact.email, contact.sms) = (None, None);
            },
            Code::NoContact,
        ),
    ];
    let actor = as_staff("s1");
    for (change, code) in cases {
        let mut facts = facts(&actor, &clinic());
        change(&mut facts);
        assert_eq!(
            codes(start(&actor, send_to(&[]), &facts, Addressees::default(), at(WORKING))),
            [code]
        );
    }
}

#[test]
fn one_address_of_either_kind_is_enough_and_no_account_is_needed() {
    let actor = as_staff("s1");
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        for (email, sms) in [(true, false), (false, true)] {
            let mut facts = facts(&actor, &clinic());
            facts.clinic.as_mut().unwrap().plan = plan;
            let contact = &mut facts.patient.as_mut().unwrap().contact;
            contact.email = contact.email.take().filter(|_| email);
            contact.sms = contact.sms.take().filter(|_| sms);
            assert!(facts.link.is_none());
            assert!(
                start(&actor, send_to(&[]), &facts, Addressees::default(), at(WORKING)).is_ok()
            );
        }
    }
}

/// ID-07: somebody who is named twice takes part once, and the sender always does.
#[test]
fn somebody_named_twice_takes_part_once() {
    let s2 = || Some(staff("s2"));
    let change = send_to_staff(&["s2", "s2", "s1"], &[s2(), s2(), Some(staff("s1"))]).unwrap();
    assert_eq!(participants(&change), ["s1", "s2"]);
    // Letter case counts in ids: these are two members of staff.
    let change = send_to_staff(&["s2", "S2"], &[s2(), Some(staff("S2"))]).unwrap();
    assert_eq!(participants(&change), ["s1", "s2", "S2"]);
}

#[test]
fn a_recipient_is_an_active_member_of_this_clinics_staff() {
    let inactive = StaffMember { active: false, ..staff("s2") };
    let elsewhere = StaffMember { clinic: ClinicId::parse("c2").unwrap(), ..staff("s2") };
    let another = staff("s3");
    for found in [None, Some(inactive), Some(elsewhere), Some(another)] {
        let refusal = send_to_staff(&["s4", "s2"], &[Some(staff("s4")), found]).unwrap_err();
        assert_eq!(refusal, Refusal::at(Code::UnknownRecipient, "/to/1"));
    }
    // What was not looked up is not taken on trust.
    assert_eq!(codes(send_to_staff(&["s2"], &[])), [Code::UnknownRecipient]);
}

#[test]
fn forty_take_part_at_most_the_patient_and_the_sender_among_them() {
    let ids: Vec<String> = (2..=40).map(|number| format!("s{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found: Vec<_> = ids.iter().map(|id| Some(staff(id))).collect();

    let most = send_to_staff(&ids[..38], &found[..38]).unwrap();
    assert_eq!(most.conversation.participants.len() + 1, MAX_PARTICIPANTS);
    let refusal = send_to_staff(&ids, &found).unwrap_err();
    assert_eq!(refusal, Refusal::at(Code::TooManyParticipants, "/to"));
    // Named again, or the sender, nobody is one more.
    let again: Vec<&str> = ids[..38].iter().copied().chain(["s2", "s1"]).collect();
    let found: Vec<_> = again.iter().map(|id| Some(staff(id))).collect();
    assert!(send_to_staff(&again, &found).is_ok());
}

#[test]
fn whether_the_patient_may_reply_is_the_clinics_default_unless_the_sender_says() {
    let actor = as_staff("s1");
    for default in [true, false] {
        for said in [None, Some(true), Some(false)] {
            let mut facts = facts(&actor, &clinic());
            facts.clinic.as_mut().unwrap().replies_allowed_by_default = default;
            let command = Start { replies_allowed: said, ..send_to(&[]) };
            let change =
                start(&actor, command, &facts, Addressees::default(), at(WORKING)).unwrap();
            assert_eq!(change.conversation.replies_allowed, said.unwrap_or(default));
        }
    }
}

/// CS-02: a reply to a closed conversation goes nowhere at all.
#[test]
fn a_reply_to_a_closed_conversation_is_refused_to_both_sides() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.switch(&as_staff("s2"), Switch::Close, WORKING);
    let before = thread.conversation.clone();
    for actor in [as_account("a1"), as_staff("s1")] {
        let refused = thread.decide_reply(&actor, at("2026-11-25T15:00:01Z"));
        assert_eq!(codes(refused), [Code::ConversationClosed]);
    }
    assert_eq!(thread.conversation, before);
}

#[test]
fn a_patients_reply_is_told_everything_that_forbids_it() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.conversation.replies_allowed = false;
    assert_eq!(
        codes(thread.decide_reply(&as_account("a1"), at(WORKING))),
        [Code::RepliesNotAllowed]
    );
    assert!(thread.decide_reply(&as_staff("s1"), at(WORKING)).is_ok());
    thread.switch(&as_staff("s2"), Switch::Close, WORKING);
    assert_eq!(
        codes(thread.decide_reply(&as_account("a1"), at(WORKING))),
        [Code::ConversationClosed, Code::RepliesNotAllowed]
    );
}

/// CS-03: who closed and when stand on every closed conversation, and the first close stays.
#[test]
fn a_second_close_keeps_the_first_and_a_reopening_starts_afresh() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let closed = |at: &str, id: &str| State::Closed {
        at: crate::testing::at(at),
        by: staff_id(id),
        name: staff(id).name,
    };

    thread.switch(&as_staff("s2"), Switch::Close, "2026-11-25T15:00:00Z").unwrap();
    assert_eq!(thread.conversation.state, closed("2026-11-25T15:00:00Z", "s2"));
    let version = thread.conversation.version;
    assert_eq!(thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T16:00:00Z"), None);
    assert_eq!(thread.conversation.state, closed("2026-11-25T15:00:00Z", "s2"));
    assert_eq!(thread.conversation.version, version);

    thread.switch(&as_staff("s1"), Switch::Reopen, "2026-11-25T17:00:00Z").unwrap();
    assert_eq!(thread.conversation.state, State::Open);
    assert_eq!(thread.switch(&as_staff("s1"), Switch::Reopen, "2026-11-25T17:00:01Z"), None);
    thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T18:00:00Z").unwrap();
    assert_eq!(thread.conversation.state, closed("2026-11-25T18:00:00Z", "s1"));
}

/// Clocks of two machines differ: the order that is shown is the order in which it happened.
#[test]
fn a_close_after_a_message_is_not_shown_as_before_it() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let last = thread.reply(&as_account("a1"), "2026-11-25T15:00:00.300Z");
    thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T15:00:00.100Z");
    let State::Closed { at: closed_at, .. } = thread.conversation.state else { panic!("open") };
    assert!(closed_at >= last.at);
}

#[test]
fn messages_go_forward_in_time_whatever_the_clocks_say() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let first = thread.reply(&as_account("a1"), "2026-11-25T15:00:00.300Z");
    let second = thread.reply(&as_staff("s1"), "2026-11-25T15:00:00.100Z");
    assert!(second.at >= first.at);
}

#[test]
fn a_reply_and_a_close_decided_at_the_same_instant_end_in_one_order() {
    let open = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let reply = open.decide_reply(&as_account("a1"), at(WORKING)).unwrap();
    let actor = as_staff("s1");
    let facts = facts(&actor, &clinic());
    let about = Some(&open.conversation);
    let close = switch(&actor, Switch::Close, &facts, about, &open.timers, at(WORKING));
    let close = close.unwrap().unwrap();

    let mut closed_first = open.clone();
    assert!(closed_first.apply(close.clone()) && !closed_first.apply(reply.clone()));
    let mut replied_first = open.clone();
    assert!(replied_first.apply(reply) && !replied_first.apply(close));
    assert_eq!((closed_first.messages.len(), replied_first.messages.len()), (1, 2));
}

#[test]
fn a_reply_marks_read_what_it_says_was_seen_and_nothing_else() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.reply(&as_staff("s2"), "2026-11-25T14:10:00Z");
    let actor = as_account("a1");
    let facts = facts(&actor, &clinic());
    let decide = |seen: Option<u32>, marker: ReadMarker| {
        let message = thread.messages.iter().find(|message| Some(message.number) == seen);
        let about = ReplyFacts {
            conversation: Some(&thread.conversation),
            quoted: None,
            seen: message,
            marker,
            timers: &thread.timers,
            enclosed: Enclosed::default(),
            template: None,
        };
        let reply_with = Reply { seen, ..Reply::from(body("Thanks!")) };
        reply(&actor, reply_with, &facts, about, at(WORKING))
    };
    let me = Person::Patient;
    let at_one = ReadMarker { seen: 1, seen_of_others: 1 };
    let at_two = ReadMarker { seen: 2, seen_of_others: 2 };

    assert_eq!(decide(None, ReadMarker::default()).unwrap().marker, None);
    assert_eq!(decide(Some(1), ReadMarker::default()).unwrap().marker, Some((me.clone(), at_one)));
    assert_eq!(decide(Some(2), at_one).unwrap().marker, Some((me.clone(), at_two)));
    assert_eq!(decide(Some(1), at_two).unwrap().marker, None, "never back");
    for beyond in [0, 3, u32::MAX] {
        assert_eq!(codes(decide(Some(beyond), at_one)), [Code::MarkerBeyondLast]);
    }
}

/// UR-01: a marker moves to messages that are there, and never back.
#[test]
fn a_marker_moves_forward_to_messages_that_are_there() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    for minute in 1..=4 {
        thread.reply(&as_staff("s1"), &format!("2026-11-25T14:0{minute}:00Z"));
    }
    let actor = as_account("a1");
    let facts = facts(&actor, &clinic());
    let side = facts.side(&actor).unwrap();
    let mark = |marker: ReadMarker, number: u32| {
        let message = thread.messages.iter().find(|message| message.number == number);
        mark_read(&side, Some(&thread.conversation), message, marker)
    };
    let unread = |marker: ReadMarker| marker.unread(&thread.conversation.tally, &side.person());

    let none = ReadMarker::default();
    assert_eq!(unread(none), 5);
    for absent in [0, 6, 99, u32::MAX] {
        assert_eq!(mark(none, absent), Err(Refusal::at(Code::MarkerBeyondLast, "/seen")));
    }
    let all = mark(none, 5).unwrap();
    assert_eq!(unread(all), 0);
    assert_eq!(mark(all, 3), Ok(all));
    assert_eq!(mark(all, 5), Ok(all));
    assert_eq!(unread(mark(none, 3).unwrap()), 2);
    // A list may be older than the marker.
    assert_eq!(all.unread_of(3), 0);
}

/// UR-03: five people's counts, after each has done something.
#[test]
fn everyone_has_a_count_of_their_own() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.reply(&as_staff("s2"), "2026-11-25T14:10:00Z");
    let staff = |id: &str| Person::Staff(staff_id(id));
    let people = [staff("s1"), staff("s2"), staff("s3"), Person::Patient, guardian("g1")];
    let counts = |thread: &Thread| {
        let tally = &thread.conversation.tally;
        people.each_ref().map(|person| ReadMarker::default().unread(tally, person))
    };
    assert_eq!(counts(&thread), [1, 1, 2, 2, 2]);
    // Writing marks nothing read, and one's own message never counts.
    thread.reply(&as_account("a1"), "2026-11-25T14:20:00Z");
    assert_eq!(counts(&thread), [2, 2, 3, 2, 3]);
    thread.reply(&as_staff("s1"), "2026-11-25T14:30:00Z");
    assert_eq!(counts(&thread), [2, 3, 4, 3, 4]);

    // One's reading is nobody else's.
    let actor = as_account("g1");
    let facts = facts(&actor, &clinic());
    let side = facts.side(&actor).unwrap();
    let read =
        mark_read(&side, Some(&thread.conversation), thread.messages.last(), ReadMarker::default());
    let tally = &thread.conversation.tally;
    assert_eq!(read.unwrap().unread(tally, &side.person()), 0);
    assert_eq!(counts(&thread), [2, 3, 4, 3, 4]);
}

#[test]
fn a_closed_conversation_can_still_be_read() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.switch(&as_staff("s1"), Switch::Close, WORKING);
    for actor in [as_account("a1"), as_staff("s2")] {
        let facts = facts(&actor, &clinic());
        let side = facts.side(&actor).unwrap();
        let (about, first) = (Some(&thread.conversation), thread.messages.first());
        assert!(mark_read(&side, about, first, ReadMarker::default()).is_ok());
    }
}

#[test]
fn names_stay_as_they_were_when_somebody_wrote() {
    let actor = as_staff("s1");
    let mut facts = facts(&actor, &clinic());
    let timers = Timers::default();
    let about = ReplyFacts {
        conversation: Some(&conversation()),
        quoted: None,
        seen: None,
        marker: ReadMarker::default(),
        timers: &timers,
        enclosed: Enclosed::default(),
        template: None,
    };
    facts.staff.as_mut().unwrap().name = crate::testing::name("Married Name");
    let text = Reply::from(body("Hello"));
    let change = reply(&actor, text, &facts, about, at(WORKING)).unwrap();
    assert_eq!(change.conversation.participants, conversation().participants);
    let Author::Staff { name, .. } = change.message.unwrap().author else { panic!("staff wrote") };
    assert_eq!(name.as_str(), "Married Name");
}

#[test]
fn a_full_conversation_takes_nobodys_message() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    thread.conversation.tally.total = crate::conversation::MAX_MESSAGES - 1;
    assert_eq!(thread.reply(&as_staff("s1"), WORKING).number, 99_999_999);
    for actor in [as_account("a1"), as_staff("s1")] {
        assert_eq!(codes(thread.decide_reply(&actor, at(WORKING))), [Code::ConversationFull]);
    }
}

/// A patient's first message to g1, on the ordinary clinic of these tests.
fn first(actor: &Actor, change: impl FnOnce(&mut Facts, &mut Start)) -> Result<Change, Refusal> {
    let mut facts = facts(actor, &clinic());
    let mut command = Start { groups: vec![group_id("g1")], ..send_to(&[]) };
    change(&mut facts, &mut command);
    let member = StaffMember { groups: [group_id("g1")].into(), ..staff("s2") };
    let groups = [GroupFacts { group: Some(group("g1")), members: vec![member] }];
    start(
        actor,
        command,
        &facts,
        Addressees { groups: &groups, ..Addressees::default() },
        at(WORKING),
    )
}

#[test]
fn a_patients_first_message_awaits_the_clinic_and_is_announced_to_it() {
    for actor in [as_account("a1"), as_account("g1")] {
        let change = first(&actor, |_, _| ()).unwrap();
        let conversation = &change.conversation;
        assert_eq!(conversation.awaits(), Party::Clinic);
        assert_eq!(conversation.waiting.map(|waiting| waiting.number), Some(1));
        assert!(change.announce && conversation.replies_allowed);
        assert_eq!(participants(&change), ["s2"]);
        assert!(conversation.has_group(&group_id("g1")));
        // It is answered when nobody is there, as every message of a patient.
        assert!(!change.set.is_empty());
    }
}

#[test]
fn a_patient_writes_first_only_where_that_is_switched_on_and_to_who_takes_it() {
    let actor = as_account("a1");
    for plan in [Plan::Portal, Plan::Connect] {
        let refused = first(&actor, |facts, _| facts.clinic.as_mut().unwrap().plan = plan);
        assert_eq!(codes(refused), [Code::PatientFirstOff]);
    }
    let off = first(&actor, |facts, _| facts.clinic.as_mut().unwrap().patient_first = false);
    assert_eq!(codes(off), [Code::PatientFirstOff]);
    let access = first(&actor, |facts, _| facts.patient.as_mut().unwrap().portal_access = false);
    assert_eq!(codes(access), [Code::PatientAccessOff]);
    let nobody = first(&actor, |_, command| command.groups.clear());
    assert_eq!(codes(nobody), [Code::RecipientRequired]);
    let says = first(&actor, |_, command| command.replies_allowed = Some(false));
    assert_eq!(codes(says), [Code::NotAllowed]);

    let facts = facts(&actor, &clinic());
    let accepting = StaffMember { accepts_patient_messages: true, ..staff("s2") };
    for (found, accepted) in [(accepting, true), (staff("s2"), false)] {
        let found = [Some(found)];
        let addressees = Addressees { staff: &found, ..Addressees::default() };
        let started = start(&actor, send_to(&["s2"]), &facts, addressees, at(WORKING));
        assert_eq!(started.is_ok(), accepted);
    }
    for closed in [
        Group { active: false, ..group("g1") },
        Group { accepts_patient_messages: false, ..group("g1") },
        Group { clinic: ClinicId::parse("c2").unwrap(), ..group("g1") },
    ] {
        let command = Start { groups: vec![group_id("g1")], ..send_to(&[]) };
        let groups = [GroupFacts { group: Some(closed), members: vec![] }];
        let addressees = Addressees { groups: &groups, ..Addressees::default() };
        let refused = start(&actor, command, &facts, addressees, at(WORKING));
        assert_eq!(refused.unwrap_err(), Refusal::at(Code::UnknownGroup, "/groups/0"));
    }
}

#[test]
fn what_is_hidden_from_guardians_is_said_or_the_clinics_default_by_age() {
    // The patient is eight.
    for (from, born, said, hidden) in [
        (None, true, None, false),
        (Some(8), true, None, true),
        (Some(9), true, None, false),
        (Some(8), true, Some(false), false),
        (None, true, Some(true), true),
        // Of unknown age: not taken for a child.
        (Some(14), false, None, true),
        (None, false, None, false),
    ] {
        for actor in [as_staff("s1"), as_account("a1")] {
            let change = first(&actor, |facts, command| {
                facts.clinic.as_mut().unwrap().patient_only_from_age = from;
                let patient = facts.patient.as_mut().unwrap();
                patient.birth_date = patient.birth_date.filter(|_| born);
                command.patient_only = said;
            });
            assert_eq!(change.unwrap().conversation.patient_only, hidden, "{from:?} {said:?}");
        }
    }
    let guardian = as_account("g1");
    let hiding = first(&guardian, |_, command| command.patient_only = Some(true));
    assert_eq!(hiding.unwrap_err(), Refusal::at(Code::NotAllowed, "/patientOnly"));
    let change = first(&guardian, |facts, _| {
        facts.clinic.as_mut().unwrap().patient_only_from_age = Some(0);
    });
    assert!(!change.unwrap().conversation.patient_only, "a guardian sees what a guardian wrote");
}

#[test]
fn a_record_that_was_merged_away_takes_no_message_and_staff_are_told_the_successor() {
    let merge = |facts: &mut Facts| {
        facts.patient.as_mut().unwrap().successor = Some(PatientId::parse("p2").unwrap());
    };
    for (actor, told) in [(as_staff("s1"), Some("p2")), (as_account("a1"), None)] {
        let refusal = first(&actor, |facts, _| merge(facts)).unwrap_err();
        assert_eq!(refusal.codes(), [Code::PatientMerged]);
        assert_eq!(refusal.first().about.as_deref(), told);

        let thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
        let mut facts = facts(&actor, &clinic());
        merge(&mut facts);
        let about = ReplyFacts {
            conversation: Some(&thread.conversation),
            quoted: None,
            seen: None,
            marker: ReadMarker::default(),
            timers: &thread.timers,
            enclosed: Enclosed::default(),
            template: None,
        };
        let text = Reply::from(body("Hello"));
        let refusal = reply(&actor, text, &facts, about, at(WORKING)).unwrap_err();
        assert_eq!(refusal.codes(), [Code::PatientMerged]);
        // What is there stays readable.
        assert!(facts.side(&actor).unwrap().visible(Some(&thread.conversation)).is_ok());
    }
}

#[test]
fn a_reply_may_name_a_message_of_its_conversation_where_the_plan_has_it() {
    let thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let decide = |plan: Plan, number: u32| {
        let actor = as_account("a1");
        let mut facts = facts(&actor, &clinic());
        facts.clinic.as_mut().unwrap().plan = plan;
        let about = ReplyFacts {
            conversation: Some(&thread.conversation),
            quoted: thread.messages.first(),
            seen: None,
            marker: ReadMarker::default(),
            timers: &thread.timers,
            enclosed: Enclosed::default(),
            template: None,
        };
        let text = Reply { in_reply_to: Some(number), ..Reply::from(body("Yes.")) };
        reply(&actor, text, &facts, about, at(WORKING))
    };
    let quote = decide(Plan::Connect, 1).unwrap().message.unwrap().quote.unwrap();
    assert_eq!((quote.number, quote.text.as_str(), quote.cut), (1, "Good news.", false));
    let unknown = decide(Plan::ConnectPro, 2).unwrap_err();
    assert_eq!(unknown, Refusal::at(Code::QuotedMessageUnknown, "/inReplyTo"));
    let excluded = decide(Plan::Portal, 1).unwrap_err();
    assert_eq!(excluded, Refusal::at(Code::QuotesNotInPlan, "/inReplyTo"));
}

#[test]
fn a_quote_is_cut_between_characters() {
    let mut message = started(at(WORKING)).message.unwrap();
    message.body = body(&"é".repeat(301));
    let quote = Quote::of(&message);
    assert_eq!((quote.text.chars().count(), quote.cut), (300, true));
    assert!(!format!("{quote:?}").contains('é'), "no text in a debug print");
}

#[test]
fn staff_come_and_go_and_somebody_stays() {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let (s1, s2, s3) = (staff_id("s1"), staff_id("s2"), staff_id("s3"));
    let alter_as = |thread: &Thread, who: &str, admin: bool, command: Alteration<'_>| {
        let actor = as_staff(who);
        let mut facts = facts(&actor, &clinic());
        if admin {
            let staff = facts.staff.as_mut().unwrap();
            (staff.roles, staff.sees_all_conversations) = ([Role::Admin].into(), true);
        }
        alter(&actor, command, &facts, Some(&thread.conversation))
    };
    let joining = staff("s3");
    let add = Alteration::AddStaff { id: &s3, member: Some(&joining) };
    let change = alter_as(&thread, "s1", false, add).unwrap().unwrap();
    assert_eq!(participants(&change), ["s1", "s2", "s3"]);
    thread.apply(change);
    assert_eq!(alter_as(&thread, "s2", false, add).unwrap(), None, "twice is once");

    // Oneself, or an administrator anybody.
    let others = alter_as(&thread, "s1", false, Alteration::RemoveStaff(&s2));
    assert_eq!(codes(others), [Code::NotAllowed]);
    let own = alter_as(&thread, "s2", false, Alteration::RemoveStaff(&s2)).unwrap().unwrap();
    assert_eq!(own.left, [Participation::Staff(s2.clone())]);
    thread.apply(own);
    thread.apply(alter_as(&thread, "s9", true, Alteration::RemoveStaff(&s3)).unwrap().unwrap());
    let last = alter_as(&thread, "s1", false, Alteration::RemoveStaff(&s1));
    assert_eq!(codes(last), [Code::LastParticipant]);
    let gone = alter_as(&thread, "s2", false, Alteration::PatientOnly(true));
    assert_eq!(codes(gone), [Code::NotFound]);
}

/// A conversation of five messages by staff, of which somebody has read that many.
fn five_messages() -> Conversation {
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    for minute in 1..5 {
        thread.reply(&as_staff("s1"), &format!("2026-11-25T14:0{minute}:00Z"));
    }
    thread.conversation
}

#[test]
fn staff_are_shown_once_that_nobody_on_the_patients_side_has_read_a_message() {
    let before = five_messages();
    assert_eq!((before.tally.total, before.unread_alert), (5, None));
    for seen in [0, 2] {
        let change = unread_alert(&before, 3, seen, at(WORKING)).unwrap();
        let alert = UnreadAlert { number: 3, since: at(WORKING) };
        let version = before.version + 1;
        let shown = Conversation { version, unread_alert: Some(alert), ..before.clone() };
        // Nothing else: no message, nobody told, no place in any list moved.
        assert_eq!(change, Change::of(&before, shown.clone()));
        assert!(!change.announce && change.message.is_none());
        // One is shown, whatever else is unread: it goes on for a later message.
        for number in [2, 3] {
            assert_eq!(unread_alert(&shown, number, seen, at(WORKING)), None);
        }
        let later = unread_alert(&shown, 5, seen, at("2026-11-29T15:00:00Z")).unwrap();
        let alert = UnreadAlert { number: 5, since: at(WORKING) };
        assert_eq!(later.conversation.unread_alert, Some(alert));
    }
    for seen in [3, 4, 5, u32::MAX] {
        assert_eq!(unread_alert(&before, 3, seen, at(WORKING)), None, "it was read: {seen}");
    }
}

#[test]
fn the_alert_ends_once_somebody_has_read_the_message() {
    let before = five_messages();
    let shown = unread_alert(&before, 3, 0, at(WORKING)).unwrap().conversation;
    for seen in 0..3 {
        assert_eq!(end_alert(&shown, seen), None, "{seen}");
    }
    for seen in [3, 4, u32::MAX] {
        let change = end_alert(&shown, seen).unwrap();
        let ended = Conversation { version: before.version + 2, ..before.clone() };
        assert_eq!(change, Change::of(&shown, ended.clone()));
        assert_eq!(end_alert(&ended, seen), None, "twice is once");
        // The next unread message may be shown then.
        assert!(unread_alert(&ended, 5, 4, at(WORKING)).is_some());
    }
    assert_eq!(end_alert(&before, u32::MAX), None);
}

#[test]
fn whoever_answers_is_there_so_the_alert_ends() {
    for (actor, stays) in
        [(as_account("a1"), false), (as_account("g1"), false), (as_staff("s2"), true)]
    {
        let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
        let alert = unread_alert(&thread.conversation, 1, 0, at(WORKING)).unwrap();
        assert!(thread.apply(alert));
        thread.reply(&actor, WORKING);
        assert_eq!(thread.conversation.unread_alert.is_some(), stays, "{actor:?}");
        thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T15:01:00Z");
        assert_eq!(thread.conversation.unread_alert.is_some(), stays);
    }
    // What the clinic answers by itself is read by nobody.
    let shown = unread_alert(&five_messages(), 3, 0, at(WORKING)).unwrap().conversation;
    let author = Author::Automatic { reason: AutomaticReason::OutsideHours };
    let (after, _) = shown.with_message(author, body("Closed.").into(), at(WORKING)).unwrap();
    assert!(after.unread_alert.is_some());
}

#[test]
fn a_conversation_reads_back_with_its_alert_as_it_was_stored() {
    let before = five_messages();
    let shown = unread_alert(&before, 3, 0, at(WORKING)).unwrap().conversation;
    for conversation in [before, shown] {
        let stored = serde_json::to_value(&conversation).unwrap();
        assert_eq!(stored.get("unreadAlert").is_some(), conversation.unread_alert.is_some());
        assert_eq!(stored["reference"], "0123456789abcdef0123456789abcdef");
        assert_eq!(serde_json::from_value::<Conversation>(stored).unwrap(), conversation);
    }
}

/// Each message by a person is announced to the other side; what is not said is announced to nobody.
#[test]
fn every_message_of_a_person_is_announced() {
    let thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    for actor in [as_account("a1"), as_account("g1"), as_staff("s1"), as_staff("s2")] {
        let change = thread.decide_reply(&actor, at(WORKING)).unwrap();
        assert!(change.announce, "{actor:?}");
    }
    let (facts, actor) = (facts(&as_staff("s1"), &clinic()), as_staff("s1"));
    let conversation = Some(&thread.conversation);
    let closed = switch(&actor, Switch::Close, &facts, conversation, &thread.timers, at(WORKING));
    assert!(!closed.unwrap().unwrap().announce);
    let hidden = alter(&actor, Alteration::PatientOnly(true), &facts, conversation);
    assert!(!hidden.unwrap().unwrap().announce);
}
