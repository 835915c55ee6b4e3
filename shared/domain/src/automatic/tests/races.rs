//! Things that happen at once, and answers that answer each other.

use super::*;
use crate::command::{self, Change, Enclosed, Reply, ReplyFacts};
use crate::conversation::{Message, ReadMarker};
use crate::testing::facts;

/// After hours, with a patient's message whose timer is due.
fn told_soon() -> (Thread, Timer) {
    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    let timer = timer(&thread, OUTSIDE).unwrap();
    (thread, timer)
}

fn reply_of(fired: Fired) -> Change {
    let Fired::Reply(change) = fired else { panic!("{fired:?}") };
    *change
}

#[test]
fn ar_01_of_two_messages_that_race_one_sets_the_timer_and_both_get_one_reply() {
    let mut thread = thread_of(talkative());
    let writers = ["a1", "g1"].map(as_account);
    // Both are decided with what was there before either.
    let decided = writers
        .each_ref()
        .map(|writer| thread.decide_reply(writer, at("2026-11-25T23:00:00Z")).unwrap());
    let [first, second] = decided;
    assert_eq!(first.set.len(), 2);
    assert!(thread.apply(first));
    assert!(!thread.apply(second), "its condition on the version does not hold");
    // The store decides it again.
    let again = thread.decide_reply(&writers[1], at("2026-11-25T23:00:00Z")).unwrap();
    assert_eq!((&again.set[..], &again.keep[..]), (&[][..], &TimerKind::ALL[..]));
    assert!(thread.apply(again));
    assert_eq!(thread.timers.0.len(), 2);
    reason(&fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z"));
    assert_eq!(timer(&thread, OUTSIDE), None);
    assert_eq!(thread.conversation.tally.automatic, 1);
}

#[test]
fn ar_01_a_message_and_the_reply_to_the_one_before_race_to_one_reply_in_either_order() {
    for message_first in [true, false] {
        let (mut thread, timer) = told_soon();
        let now = "2026-11-25T23:00:03Z";
        let message = thread.decide_reply(&as_account("a1"), at(now)).unwrap();
        let answer = reply_of(look(&thread, &timer, HERE, now));
        if message_first {
            assert!(thread.apply(message) && !thread.apply(answer));
            reason(&fire_at(&mut thread, OUTSIDE, now));
        } else {
            assert!(thread.apply(answer) && !thread.apply(message));
            thread.reply(&as_account("a1"), now);
        }
        assert_eq!(super::timer(&thread, OUTSIDE), None, "nothing more is to be said");
        assert_eq!(thread.conversation.tally.automatic, 1);
        assert_eq!(thread.messages.len(), 4);
    }
}

#[test]
fn ar_01_a_timer_that_two_look_at_speaks_once() {
    let (mut thread, timer) = told_soon();
    let now = "2026-11-25T23:00:03Z";
    let both = [(); 2].map(|()| reply_of(look(&thread, &timer, HERE, now)));
    let written = both.map(|change| thread.apply(change));
    assert_eq!(written, [true, false]);
    let again = look(&thread, &timer, HERE, now);
    assert_eq!(again, Fired::NotNeeded(NotNeeded::SaidBefore));
}

/// Staff answered a second earlier, or at the same instant, while the reply was decided.
#[test]
fn ar_04_staff_who_answer_first_are_the_answer() {
    for answered in ["2026-11-25T23:00:02Z", "2026-11-25T23:00:03Z"] {
        let (mut thread, timer) = told_soon();
        let automatic = reply_of(look(&thread, &timer, HERE, "2026-11-25T23:00:03Z"));
        thread.reply(&as_staff("s1"), answered);
        assert!(!thread.apply(automatic), "it was decided with what was there before");
        let again = look(&thread, &timer, HERE, "2026-11-25T23:00:03Z");
        assert_eq!(again, Fired::NotNeeded(NotNeeded::Answered));
        assert_eq!(thread.conversation.tally.automatic, 0);
    }
}

#[test]
fn ar_04_staff_who_answer_second_are_seen_second_and_nothing_follows() {
    let (mut thread, timer) = told_soon();
    let decided = thread.decide_reply(&as_staff("s1"), at("2026-11-25T23:00:02Z")).unwrap();
    assert!(thread.apply(reply_of(look(&thread, &timer, HERE, "2026-11-25T23:00:03Z"))));
    assert!(!thread.apply(decided));
    thread.reply(&as_staff("s1"), "2026-11-25T23:00:02Z");
    let order: Vec<_> = thread.messages.iter().map(|message| message.author.party()).collect();
    let (clinic, patient) =
        (crate::conversation::Party::Clinic, crate::conversation::Party::Patient);
    assert_eq!(order, [Some(clinic), Some(patient), None, Some(clinic)]);
    assert!(thread.messages.is_sorted_by_key(|message| message.at));
    assert_eq!(thread.timers, Timers::default());
}

/// A close that was decided before the automatic reply was written, and the other way about.
#[test]
fn ar_04_a_close_and_a_reply_race_to_no_reply_after_the_close() {
    let (mut thread, timer) = told_soon();
    let automatic = reply_of(look(&thread, &timer, HERE, "2026-11-25T23:00:03Z"));
    thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T23:00:02Z");
    assert!(!thread.apply(automatic));
    let again = look(&thread, &timer, HERE, "2026-11-25T23:00:03Z");
    assert_eq!(again, Fired::NotNeeded(NotNeeded::Closed));
}

/// What an auto-responder of the patient's makes of our reply: it quotes it, in both ways there are.
fn quotes_back(thread: &mut Thread, now: &str) {
    let quoted: Message = thread.messages.last().cloned().unwrap();
    let text = format!("I am out of office. &gt; {}", quoted.body.text());
    let command = Reply { in_reply_to: Some(quoted.number), ..Reply::from(body(&text)) };
    let about = ReplyFacts {
        conversation: Some(&thread.conversation),
        quoted: Some(&quoted),
        seen: None,
        marker: ReadMarker::default(),
        timers: &thread.timers,
        enclosed: Enclosed::default(),
        template: None,
    };
    let actor = as_account("a1");
    let facts = facts(&actor, &thread.clinic);
    let change = command::reply(&actor, command, &facts, about, at(now)).unwrap();
    assert!(thread.apply(change));
}

/// Looks at every timer until nothing is due, and says how many replies came of it.
fn settle(thread: &mut Thread, now: &str) -> usize {
    let before = thread.messages.len();
    while let Some(timer) = thread.timers.0.iter().find(|timer| timer.due <= at(now)).copied() {
        let fired = look(thread, &timer, HERE, now);
        write(thread, timer.kind, &fired);
    }
    thread.messages.len() - before
}

#[test]
fn an_auto_responder_that_quotes_our_reply_gets_one_in_a_closed_period_and_no_loop() {
    let mut thread = thread_of(talkative());
    let automatic = &mut thread.clinic.automatic_replies;
    // Nothing but the rule of one in a period stands in the way.
    (automatic.quiet_minutes, automatic.minimum_gap_minutes) = (0, 0);
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    assert_eq!(settle(&mut thread, "2026-11-25T23:00:00Z"), 1);
    for round in 1..50 {
        let now = (at("2026-11-25T23:00:00Z") + SignedDuration::from_mins(round * 15)).to_string();
        quotes_back(&mut thread, &now);
        assert_eq!(settle(&mut thread, &now), 0, "{now}");
    }
    // The office opens: one more, for the message that has waited for an hour of it.
    for (now, replies) in [
        ("2026-11-26T14:30:00Z", 0),
        ("2026-11-26T15:00:00Z", 1),
        ("2026-11-26T15:01:00Z", 0),
        ("2026-11-26T20:00:00Z", 0),
        // And one in the next closed period.
        ("2026-11-26T22:00:00Z", 1),
        ("2026-11-26T22:01:00Z", 0),
        ("2026-11-27T13:00:00Z", 0),
        ("2026-11-27T20:00:00Z", 0),
    ] {
        quotes_back(&mut thread, now);
        assert_eq!(settle(&mut thread, now), replies, "{now}");
    }
}
