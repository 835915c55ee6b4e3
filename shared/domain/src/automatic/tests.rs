#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod foretold;
mod races;
mod reasons;
mod settings;

use super::*;
use crate::address::Contact;
use crate::clinic::{Language, LocalizedBody, NoAnswer, Plan};
use crate::command::Switch;
use crate::refusal::Code;
use crate::testing::{self, Thread, as_account, as_staff, at, body, clinic, days, patient};

const OUTSIDE: TimerKind = TimerKind::Closed;
const UNANSWERED: TimerKind = TimerKind::NoAnswer;

/// No member of staff is on vacation.
const HERE: Away<'_> = Away::Known(&[]);

/// A conversation that staff started on Monday.
fn thread() -> Thread {
    Thread::start(clinic(), at("2026-11-23T15:00:00Z"))
}

fn timer(thread: &Thread, kind: TimerKind) -> Option<Timer> {
    thread.timers.0.iter().find(|timer| timer.kind == kind).copied()
}

/// Judges a timer with what is there now, of which nothing is written.
fn look(thread: &Thread, timer: &Timer, away: Away<'_>, now: &str) -> Fired {
    let Thread { conversation, timers, clinic, .. } = thread;
    fire(timer, timers, conversation, clinic, away, &patient(), at(now))
}

/// Writes what came of a look at a timer, as the function does.
fn write(thread: &mut Thread, kind: TimerKind, fired: &Fired) {
    match fired {
        Fired::Reply(change) => assert!(thread.apply((**change).clone())),
        Fired::Wait(until) => {
            let timers = thread.timers.0.iter_mut().filter(|timer| timer.kind == kind);
            timers.for_each(|timer| timer.due = *until);
        }
        Fired::NotNeeded(_) => thread.timers.0.retain(|timer| timer.kind != kind),
    }
}

/// Looks at a timer that was set, whenever it is due, and writes the reply that comes of it.
fn fire_at(thread: &mut Thread, kind: TimerKind, now: &str) -> Fired {
    fire_without(thread, kind, &[], now)
}

/// The same when the conversation's staff are all away on these days.
fn fire_without(thread: &mut Thread, kind: TimerKind, away: &[Days], now: &str) -> Fired {
    let timer = timer(thread, kind).expect("the timer is set");
    let fired = look(thread, &timer, Away::Known(away), now);
    if let Fired::Reply(_) = fired {
        write(thread, kind, &fired);
    }
    fired
}

fn reason(fired: &Fired) -> AutomaticReason {
    let Fired::Reply(change) = fired else { panic!("{fired:?}") };
    match change.message.as_ref().unwrap().author {
        Author::Automatic { reason } => reason,
        _ => panic!("an automatic reply has no other author"),
    }
}

fn text(en: &str, fr: &str) -> LocalizedBody {
    LocalizedBody { en: Some(body(en)), fr: Some(body(fr)) }
}

/// The clinic with a text for each reason.
fn talkative() -> ClinicSettings {
    let mut clinic = clinic();
    let until = |what: &str, what_fr: &str| {
        text(
            &format!("{what} until {{{{nextOpening}}}}. Emergency: {{{{emergencyLine}}}}"),
            &format!("{what_fr} jusqu’au {{{{nextOpening}}}}. Urgence : {{{{emergencyLine}}}}"),
        )
    };
    let replies = &mut clinic.automatic_replies;
    replies.exception = Some(until("Holiday", "Jour férié"));
    replies.vacation = Some(until("Vacation", "Vacances"));
    replies.outside_hours = Some(until("Closed", "Fermé"));
    clinic
}

/// The clinic with these dates and vacations, see [`testing::with_dates`].
fn with_dates(clinic: ClinicSettings, exceptions: &[&str], vacations: &[&str]) -> ClinicSettings {
    let raw = testing::with_dates(clinic.office_hours.into(), exceptions, vacations);
    ClinicSettings { office_hours: OfficeHours::new(&raw).unwrap(), ..clinic }
}

/// A conversation of that clinic, in which staff wrote on Monday 23 November 2026.
fn thread_of(clinic: ClinicSettings) -> Thread {
    Thread::start(clinic, at("2026-11-23T15:00:00Z"))
}

fn says(fired: &Fired) -> &str {
    match fired {
        Fired::Reply(change) => change.message.as_ref().unwrap().body.text(),
        Fired::Wait(_) => panic!("it waits"),
        Fired::NotNeeded(why) => why.as_str(),
    }
}

/// OH-14: hours are those at which the patient wrote, whenever the message is looked at.
#[test]
fn oh_14_a_message_within_hours_gets_no_reply_for_being_outside_them() {
    let mut thread = thread();
    // Closes at 22:00Z.
    let message = thread.reply(&as_account("a1"), "2026-11-25T21:59:58Z");
    assert_eq!(timer(&thread, OUTSIDE), None);
    // Had a timer been set all the same, by other settings: the stream is late, or is down.
    for looked_at in ["2026-11-25T22:00:03Z", "2026-11-25T22:10:00Z"] {
        let timer = Timer { kind: OUTSIDE, due: message.at, number: 2, since: message.at };
        let fired = fire(
            &timer,
            &thread.timers,
            &thread.conversation,
            &thread.clinic,
            HERE,
            &patient(),
            at(looked_at),
        );
        assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen), "{looked_at}");
    }
}

/// OH-14, the reverse.
#[test]
fn oh_14_a_message_before_opening_that_is_looked_at_after_it_gets_none_either() {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T13:59:59Z");
    let due = timer(&thread, OUTSIDE).expect("it was written outside hours").due;
    assert_eq!(due, at("2026-11-25T13:59:59Z"));
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-25T14:20:00Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen));
    // Nor on the evening after.
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:00Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen));
}

/// AR-01: three messages in one closed period, all stored before the first is looked at.
#[test]
fn a_closed_period_gets_one_reply_however_many_messages_it_has() {
    let mut thread = thread();
    for written in ["2026-11-25T23:00:00Z", "2026-11-25T23:00:02Z", "2026-11-25T23:16:00Z"] {
        thread.reply(&as_account("a1"), written);
    }
    assert_eq!(thread.timers.kinds().iter().filter(|kind| **kind == OUTSIDE).count(), 1);
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:16:01Z");
    assert_eq!(says(&fired), "We are closed. Emergency: 911");
    assert_eq!(timer(&thread, OUTSIDE), None, "the timer went with the reply");

    // The same timer once more: schedules fire at least once.
    let again = Timer {
        kind: OUTSIDE,
        due: at("2026-11-25T23:00:00Z"),
        number: 2,
        since: at("2026-11-25T23:00:00Z"),
    };
    for later in ["2026-11-25T23:16:02Z", "2026-11-25T23:31:01Z", "2026-11-26T13:59:59Z"] {
        let fired = fire(
            &again,
            &thread.timers,
            &thread.conversation,
            &thread.clinic,
            HERE,
            &patient(),
            at(later),
        );
        assert_eq!(fired, Fired::NotNeeded(NotNeeded::SaidBefore), "{later}");
    }
    // A fourth message of the night sets no timer; one of the next night does.
    thread.reply(&as_account("a1"), "2026-11-26T05:00:00Z");
    assert_eq!(timer(&thread, OUTSIDE), None);
    thread.reply(&as_account("a1"), "2026-11-26T23:00:00Z");
    assert_eq!(
        says(&fire_at(&mut thread, OUTSIDE, "2026-11-26T23:00:01Z")),
        "We are closed. Emergency: 911"
    );
}

/// AR-01 with the stream in step: each message is looked at as it comes.
#[test]
fn the_gap_alone_does_not_allow_a_second_reply() {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z");
    for written in ["2026-11-25T23:00:02Z", "2026-11-25T23:16:00Z"] {
        thread.reply(&as_account("a1"), written);
        assert_eq!(timer(&thread, OUTSIDE), None);
    }
}

/// AR-04: the patient writes at 10:00 and N is 60 office minutes.
fn waiting() -> Thread {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T15:00:00Z");
    assert!(timer(&thread, UNANSWERED).is_some());
    thread
}

fn looked_at_by_the_tick(thread: &Thread) -> Fired {
    // As a late tick would, that still has the timer in its hand.
    let timer = timer(&waiting(), UNANSWERED).unwrap();
    fire(
        &timer,
        &thread.timers,
        &thread.conversation,
        &thread.clinic,
        HERE,
        &patient(),
        at("2026-11-25T16:00:10Z"),
    )
}

#[test]
fn nobody_answered_so_the_patient_is_told() {
    let mut thread = waiting();
    let early = fire_at(&mut thread, UNANSWERED, "2026-11-25T15:59:59Z");
    assert_eq!(early, Fired::Wait(at("2026-11-25T16:00:00Z")));
    let fired = fire_at(&mut thread, UNANSWERED, "2026-11-25T16:00:10Z");
    assert_eq!(says(&fired), "Please wait. Emergency: 911");
    // Once for each message that waits, and the next message waits with it.
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::SaidBefore));
    thread.reply(&as_account("a1"), "2026-11-25T17:00:00Z");
    assert_eq!(timer(&thread, UNANSWERED), None);
}

#[test]
fn no_follow_up_once_staff_have_answered() {
    let mut thread = waiting();
    thread.reply(&as_staff("s2"), "2026-11-25T15:59:59Z");
    assert_eq!(thread.timers, Timers::default());
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::Answered));
    // Nor for the message that was answered, when another one waits.
    thread.reply(&as_account("a1"), "2026-11-25T16:00:05Z");
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::Answered));
}

#[test]
fn no_follow_up_once_staff_have_closed() {
    let mut thread = waiting();
    thread.switch(&as_staff("s2"), Switch::Close, "2026-11-25T15:59:59Z");
    assert_eq!(thread.timers, Timers::default());
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::Closed));
}

#[test]
fn no_follow_up_once_staff_have_closed_and_reopened() {
    let mut thread = waiting();
    thread.switch(&as_staff("s2"), Switch::Close, "2026-11-25T15:59:00Z");
    thread.switch(&as_staff("s2"), Switch::Reopen, "2026-11-25T15:59:30Z");
    assert_eq!(thread.timers, Timers::default());
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::Answered));
}

#[test]
fn no_follow_up_once_the_clinic_has_switched_it_off() {
    let mut thread = waiting();
    thread.clinic.automatic_replies.no_answer = None;
    assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::SwitchedOff));
}

#[test]
fn no_follow_up_once_the_plan_has_none() {
    for plan in [Plan::Connect, Plan::Portal] {
        let mut thread = waiting();
        thread.clinic.plan = plan;
        assert_eq!(looked_at_by_the_tick(&thread), Fired::NotNeeded(NotNeeded::SwitchedOff));
        let fresh = Thread::start(thread.clinic, at("2026-11-25T15:00:00Z"));
        let change = fresh.decide_reply(&as_account("a1"), at("2026-11-25T23:00:00Z"));
        // A portal-mode clinic's own accounts may write too, and are not answered either.
        assert_eq!(change.unwrap().set, []);
    }
}

#[test]
fn the_same_holds_for_being_outside_hours() {
    type Step = fn(&mut Thread);
    let cases: [(Step, NotNeeded); 4] = [
        (
            |thread| {
                thread.reply(&as_staff("s1"), "2026-11-25T23:00:01Z");
            },
            NotNeeded::Answered,
        ),
        (
            |thread| {
                thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T23:00:01Z");
            },
            NotNeeded::Closed,
        ),
        (|thread| thread.clinic.automatic_replies.outside_hours = None, NotNeeded::SwitchedOff),
        (|thread| thread.clinic.plan = Plan::Connect, NotNeeded::SwitchedOff),
    ];
    for (step, why) in cases {
        let mut thread = thread();
        thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
        let timer = timer(&thread, OUTSIDE).unwrap();
        step(&mut thread);
        let now = at("2026-11-25T23:00:02Z");
        let fired = fire(
            &timer,
            &thread.timers,
            &thread.conversation,
            &thread.clinic,
            HERE,
            &patient(),
            now,
        );
        assert_eq!(fired, Fired::NotNeeded(why));
    }
}

#[test]
fn a_reply_waits_for_the_end_of_the_quiet_time() {
    let mut thread = thread();
    thread.reply(&as_staff("s1"), "2026-11-25T23:00:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T23:01:00Z");
    let end = at("2026-11-25T23:05:00Z");
    assert_eq!(timer(&thread, OUTSIDE).unwrap().due, end);
    let early = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:04:59Z");
    assert_eq!(early, Fired::Wait(end));
    assert_eq!(
        says(&fire_at(&mut thread, OUTSIDE, "2026-11-25T23:05:00Z")),
        "We are closed. Emergency: 911"
    );
}

#[test]
fn two_replies_lie_the_minimum_gap_apart() {
    let mut thread = thread();
    // Nobody answered by 21:55Z, five minutes before the office closes; at 22:05Z the patient writes
    // again.
    thread.reply(&as_account("a1"), "2026-11-25T20:55:00Z");
    assert_eq!(
        says(&fire_at(&mut thread, UNANSWERED, "2026-11-25T21:55:00Z")),
        "Please wait. Emergency: 911"
    );
    thread.reply(&as_account("a1"), "2026-11-25T22:05:00Z");
    let end = at("2026-11-25T22:10:00Z");
    assert_eq!(timer(&thread, OUTSIDE).unwrap().due, end);
    assert_eq!(fire_at(&mut thread, OUTSIDE, "2026-11-25T22:09:59Z"), Fired::Wait(end));
    assert_eq!(
        says(&fire_at(&mut thread, OUTSIDE, "2026-11-25T22:10:00Z")),
        "We are closed. Emergency: 911"
    );
}

/// The office minutes can end as the office closes, and a look can come late: what is said of silence
/// then is the one reply of that closed period.
#[test]
fn a_word_on_silence_after_closing_is_the_one_reply_of_that_night() {
    for fired in ["2026-11-25T22:00:00Z", "2026-11-25T23:30:00Z"] {
        let mut thread = thread();
        thread.reply(&as_account("a1"), "2026-11-25T21:00:00Z");
        let said = fire_at(&mut thread, UNANSWERED, fired);
        assert_eq!(says(&said), "Please wait. Emergency: 911");
        thread.reply(&as_account("a1"), "2026-11-26T02:00:00Z");
        assert_eq!(timer(&thread, OUTSIDE), None);
        // The next evening is another one.
        thread.reply(&as_account("a1"), "2026-11-26T23:00:00Z");
        let said = fire_at(&mut thread, OUTSIDE, "2026-11-26T23:00:00Z");
        assert_eq!(says(&said), "We are closed. Emergency: 911");
    }
}

#[test]
fn quiet_and_gap_may_both_be_zero() {
    let mut thread = thread();
    let automatic = &mut thread.clinic.automatic_replies;
    (automatic.quiet_minutes, automatic.minimum_gap_minutes) = (0, 0);
    thread.reply(&as_staff("s1"), "2026-11-25T23:00:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    assert_eq!(
        says(&fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:00Z")),
        "We are closed. Emergency: 911"
    );
}

/// A timer of an earlier closed period that nobody looked at must not swallow the next one's.
#[test]
fn a_timer_that_has_become_pointless_gives_way_to_a_new_one() {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T13:59:00Z");
    let before = timer(&thread, OUTSIDE).unwrap();
    // The stream and the schedule are away all day.
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    let after = timer(&thread, OUTSIDE).unwrap();
    assert_eq!((before.number, after.number), (2, 3));
    assert_eq!(
        says(&fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z")),
        "We are closed. Emergency: 911"
    );
}

#[test]
fn a_timer_is_looked_at_within_the_hour_so_that_changed_hours_count() {
    let mut thread = thread();
    thread.clinic.automatic_replies.no_answer.as_mut().unwrap().after_office_minutes = 10_080;
    thread.reply(&as_account("a1"), "2026-11-25T15:00:00Z");
    assert_eq!(timer(&thread, UNANSWERED).unwrap().due, at("2026-11-25T16:00:00Z"));
    let fired = fire_at(&mut thread, UNANSWERED, "2026-11-25T16:00:00Z");
    assert_eq!(fired, Fired::Wait(at("2026-11-25T17:00:00Z")));
    thread.clinic.automatic_replies.no_answer.as_mut().unwrap().after_office_minutes = 60;
    assert_eq!(
        says(&fire_at(&mut thread, UNANSWERED, "2026-11-25T16:00:10Z")),
        "Please wait. Emergency: 911"
    );
}

#[test]
fn only_office_time_counts_for_no_answer() {
    let mut thread = thread();
    // Friday, half an hour before closing; Monday opens at 14:00Z.
    thread.reply(&as_account("a1"), "2026-11-27T21:30:00Z");
    let fired = fire_at(&mut thread, UNANSWERED, "2026-11-30T14:29:59Z");
    assert_eq!(fired, Fired::Wait(at("2026-11-30T14:30:00Z")));
    let fired = fire_at(&mut thread, UNANSWERED, "2026-11-30T14:30:00Z");
    assert_eq!(says(&fired), "Please wait. Emergency: 911");
}

#[test]
fn staff_cause_no_automatic_reply_and_neither_does_an_automatic_one() {
    let mut thread = thread();
    let change = thread.decide_reply(&as_staff("s1"), at("2026-11-25T23:00:00Z")).unwrap();
    assert_eq!(change.set, []);
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    let before = thread.conversation.clone();
    let Fired::Reply(change) = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z") else {
        panic!("it is due")
    };
    assert_eq!((change.set, change.announce, change.marker), (vec![], false, None));
    assert_eq!(change.drop, [OUTSIDE]);
    assert_eq!(change.conversation.awaits(), before.awaits());
    assert_eq!(change.conversation.waiting, before.waiting);
    assert_eq!(change.conversation.last_staff_message_at, before.last_staff_message_at);
    // It is no message of anybody's, and so unread to nobody.
    let tally = &change.conversation.tally;
    assert_eq!((tally.total, tally.automatic), (3, 1));
}

/// NO-16: a text that is missing in the patient's language falls back to the clinic's.
#[test]
fn the_text_is_in_the_patients_language_or_else_in_the_clinics() {
    let cases = [
        (None, Language::En, true, "We are closed. Emergency: 911"),
        (None, Language::Fr, true, "Nous sommes absents. Urgence : 911"),
        (Some(Language::Fr), Language::En, true, "Nous sommes absents. Urgence : 911"),
        (Some(Language::En), Language::Fr, true, "We are closed. Emergency: 911"),
        (Some(Language::Fr), Language::En, false, "We are closed. Emergency: 911"),
    ];
    for (wanted, default, has_french, text) in cases {
        let mut thread = thread();
        thread.clinic.default_language = default;
        if !has_french {
            thread.clinic.automatic_replies.outside_hours.as_mut().unwrap().fr = None;
        }
        thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
        let contact = Contact { language: wanted, ..patient().contact };
        let patient = Patient { contact, ..patient() };
        let timer = timer(&thread, OUTSIDE).unwrap();
        let now = at("2026-11-25T23:00:01Z");
        let fired =
            fire(&timer, &thread.timers, &thread.conversation, &thread.clinic, HERE, &patient, now);
        assert_eq!(says(&fired), text);
    }
}

#[test]
fn a_full_conversation_ends_its_timers() {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    thread.conversation.tally.total = crate::conversation::MAX_MESSAGES;
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::Closed));
    let refused = thread.decide_reply(&as_account("a1"), at("2026-11-25T23:00:02Z"));
    assert_eq!(refused.unwrap_err().codes(), [Code::ConversationFull]);
}

/// A clinic that has switched sending off answers nothing by itself either; what is due stays due.
#[test]
fn while_sending_is_off_what_is_due_waits() {
    let mut thread = thread();
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    thread.clinic.notices.paused = true;
    for now in ["2026-11-25T23:00:01Z", "2026-11-25T23:05:01Z"] {
        let fired = fire_at(&mut thread, OUTSIDE, now);
        assert_eq!(fired, Fired::Wait(at(now) + crate::notice::PAUSE_STEP));
    }
    let mut on_again = thread.clone();
    on_again.clinic.notices.paused = false;
    assert_eq!(
        says(&fire_at(&mut on_again, OUTSIDE, "2026-11-25T23:10:01Z")),
        "We are closed. Emergency: 911"
    );
    // What is not needed any more is not kept for later: the office has been open.
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-26T15:00:00Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen));
}
