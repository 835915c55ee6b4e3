//! What becomes of timers when settings, hours or the conversation change while they are set.

use super::*;

use AutomaticReason::{NoAnswer as Silence, OutsideHours, Vacation};

/// Looks at a timer whenever it is due, from then on until it speaks or ends, but to the end only.
fn follow(thread: &mut Thread, kind: TimerKind, until: &str) -> Option<(Timestamp, Fired)> {
    while let Some(timer) = timer(thread, kind).filter(|timer| timer.due <= at(until)) {
        let now = timer.due;
        let fired = look(thread, &timer, HERE, &now.to_string());
        write(thread, kind, &fired);
        match fired {
            Fired::Wait(next) => assert!(next > now && next <= now + LONGEST_WAIT, "{now} {next}"),
            fired => return Some((now, fired)),
        }
    }
    None
}

#[test]
fn a_reply_that_waits_for_the_quiet_time_is_judged_again_at_its_end() {
    // Staff write at 8:54 and the patient at 8:56; the quiet time ends at 8:59 or at 9:00.
    for (staff, end, speaks) in [
        ("2026-11-25T13:54:00Z", "2026-11-25T13:59:00Z", true),
        ("2026-11-25T13:55:00Z", "2026-11-25T14:00:00Z", false),
    ] {
        let mut thread = thread_of(talkative());
        thread.reply(&as_staff("s1"), staff);
        thread.reply(&as_account("a1"), "2026-11-25T13:56:00Z");
        let (now, fired) = follow(&mut thread, OUTSIDE, end).unwrap();
        assert_eq!(now, at(end));
        if speaks {
            assert_eq!(reason(&fired), OutsideHours);
        } else {
            assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen), "it has opened meanwhile");
        }
    }
    // Or staff have written once more.
    let mut thread = thread_of(talkative());
    thread.reply(&as_staff("s1"), "2026-11-25T23:00:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T23:01:00Z");
    let waits = timer(&thread, OUTSIDE).unwrap();
    thread.reply(&as_staff("s1"), "2026-11-25T23:04:59Z");
    assert_eq!(timer(&thread, OUTSIDE), None);
    let late = look(&thread, &waits, HERE, "2026-11-25T23:05:00Z");
    assert_eq!(late, Fired::NotNeeded(NotNeeded::Answered));
    // The patient's next message waits for the end of the quiet time after that.
    thread.reply(&as_account("a1"), "2026-11-25T23:05:00Z");
    let (now, fired) = follow(&mut thread, OUTSIDE, "2026-11-26T05:00:00Z").unwrap();
    assert_eq!((now, reason(&fired)), (at("2026-11-25T23:09:59Z"), OutsideHours));
}

#[test]
fn a_quiet_time_of_a_day_is_looked_at_every_hour_so_that_a_shorter_one_counts() {
    let mut thread = thread_of(talkative());
    thread.clinic.automatic_replies.quiet_minutes = 1_440;
    thread.reply(&as_staff("s1"), "2026-11-27T22:30:00Z");
    thread.reply(&as_account("a1"), "2026-11-27T23:00:00Z");
    assert_eq!(timer(&thread, OUTSIDE).unwrap().due, at("2026-11-28T00:00:00Z"));
    assert_eq!(follow(&mut thread, OUTSIDE, "2026-11-28T03:00:00Z"), None);
    let changed = "2026-11-28T03:10:00Z";
    thread.clinic.automatic_replies.quiet_minutes = 5;
    let (now, fired) = follow(&mut thread, OUTSIDE, "2026-11-29T00:00:00Z").unwrap();
    assert_eq!((now, reason(&fired)), (at("2026-11-28T04:00:00Z"), OutsideHours));
    assert!(now <= at(changed) + LONGEST_WAIT);
}

#[test]
fn other_hours_count_for_a_timer_that_is_set_within_the_hour() {
    // Half an hour before the weekend; by the hours of then, silence is told on Monday at 9:30.
    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-27T21:30:00Z");
    let monday = {
        let mut thread = thread.clone();
        follow(&mut thread, UNANSWERED, "2026-12-01T00:00:00Z").unwrap()
    };
    assert_eq!((monday.0, reason(&monday.1)), (at("2026-11-30T14:30:00Z"), Silence));

    let changed = "2026-11-28T16:10:00Z";
    assert_eq!(follow(&mut thread, UNANSWERED, changed), None);
    // The clinic is open this Saturday from 9:00 on: an hour of that has gone by.
    thread.clinic = with_dates(thread.clinic, &["2026-11-28 09:00-17:00"], &[]);
    let (now, fired) = follow(&mut thread, UNANSWERED, "2026-12-01T00:00:00Z").unwrap();
    assert_eq!(reason(&fired), Silence);
    assert!(now > at(changed) && now <= at(changed) + LONGEST_WAIT, "{now}");
}

#[test]
fn a_holiday_that_is_declared_while_a_timer_is_set_puts_silence_off() {
    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-25T21:30:00Z");
    assert_eq!(follow(&mut thread, UNANSWERED, "2026-11-26T10:00:00Z"), None);
    thread.clinic = with_dates(thread.clinic, &["2026-11-26"], &[]);
    let (now, fired) = follow(&mut thread, UNANSWERED, "2026-12-01T00:00:00Z").unwrap();
    assert_eq!((now, reason(&fired)), (at("2026-11-27T14:30:00Z"), Silence));
}

#[test]
fn hours_that_change_while_a_reply_waits_are_those_that_it_is_judged_by() {
    let waits = || {
        let mut thread = thread_of(talkative());
        thread.reply(&as_staff("s1"), "2026-11-25T23:00:00Z");
        thread.reply(&as_account("a1"), "2026-11-25T23:01:00Z");
        thread
    };
    let end = "2026-11-25T23:05:00Z";
    // The office is open in the evening now.
    let mut open = waits();
    open.clinic = with_dates(open.clinic, &["2026-11-25 09:00-20:00"], &[]);
    let fired = follow(&mut open, OUTSIDE, end).unwrap().1;
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen));
    // Or in vacation from today on.
    let mut vacation = waits();
    vacation.clinic = with_dates(vacation.clinic, &[], &["2026-11-25/2026-12-04"]);
    let fired = follow(&mut vacation, OUTSIDE, end).unwrap().1;
    assert_eq!(reason(&fired), Vacation);
    assert!(says(&fired).contains("Monday, December 7, 2026 at 9:00 a.m. EST"), "{}", says(&fired));
    // No hours are left at all: silence is looked at every hour, for ever.
    let mut never = waits();
    never.clinic.office_hours = crate::testing::hours("America/Toronto", &[], &[]);
    never.clinic.automatic_replies.outside_hours =
        Some(text("Away. {{emergencyLine}}", "Absents."));
    assert_eq!(reason(&follow(&mut never, OUTSIDE, end).unwrap().1), OutsideHours);
    assert_eq!(follow(&mut never, UNANSWERED, "2026-12-01T00:00:00Z"), None);
    assert!(timer(&never, UNANSWERED).is_some());
}

/// What a test does to a conversation and its clinic.
type Step = fn(&mut Thread);

#[test]
fn what_ends_a_timer_ends_both_and_the_next_message_sets_both_anew() {
    let ends: [(&str, Step, Step, NotNeeded); 5] = [
        (
            "the plan falls, and rises",
            |thread| thread.clinic.plan = Plan::Connect,
            |thread| thread.clinic.plan = Plan::ConnectPro,
            NotNeeded::SwitchedOff,
        ),
        (
            "it is switched off, and on",
            |thread| thread.clinic.automatic_replies = AutomaticReplies::default(),
            |thread| thread.clinic.automatic_replies = talkative().automatic_replies,
            NotNeeded::SwitchedOff,
        ),
        (
            "staff close, and reopen",
            |thread| {
                thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T23:02:00Z");
            },
            |thread| {
                thread.switch(&as_staff("s1"), Switch::Reopen, "2026-11-25T23:03:00Z");
            },
            NotNeeded::Closed,
        ),
        (
            "staff close and reopen at once",
            |thread| {
                thread.switch(&as_staff("s1"), Switch::Close, "2026-11-25T23:02:00Z");
                thread.switch(&as_staff("s1"), Switch::Reopen, "2026-11-25T23:02:00Z");
            },
            |_| {},
            NotNeeded::Answered,
        ),
        (
            "staff answer",
            |thread| {
                thread.reply(&as_staff("s1"), "2026-11-25T23:02:00Z");
            },
            |_| {},
            NotNeeded::Answered,
        ),
    ];
    for (what, ended, again, why) in ends {
        let mut thread = thread_of(talkative());
        thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
        let before = TimerKind::ALL.map(|kind| timer(&thread, kind).unwrap());
        ended(&mut thread);
        for timer in before {
            // As one that has the timer in its hand still.
            for now in ["2026-11-25T23:02:01Z", "2026-11-26T15:00:00Z", "2026-11-27T15:00:00Z"] {
                let fired = look(&thread, &timer, HERE, now);
                assert_eq!(fired, Fired::NotNeeded(why), "{what} {now}");
            }
            write(&mut thread, timer.kind, &Fired::NotNeeded(why));
        }
        again(&mut thread);
        assert_eq!(thread.timers, Timers::default(), "{what}: nothing comes back by itself");
        let message = thread.reply(&as_account("a1"), "2026-11-25T23:10:00Z");
        for kind in TimerKind::ALL {
            assert!(timer(&thread, kind).is_some(), "{what}");
        }
        assert_eq!(timer(&thread, OUTSIDE).unwrap().number, message.number, "{what}");
        let (now, fired) = follow(&mut thread, OUTSIDE, "2026-11-26T00:00:00Z").unwrap();
        assert_eq!((now, reason(&fired)), (at("2026-11-25T23:10:00Z"), OutsideHours), "{what}");
        let (now, fired) = follow(&mut thread, UNANSWERED, "2026-11-26T15:00:00Z").unwrap();
        assert_eq!((now, reason(&fired)), (at("2026-11-26T15:00:00Z"), Silence), "{what}");
    }
}

#[test]
fn what_is_switched_off_while_the_other_stays_ends_alone() {
    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    thread.clinic.automatic_replies.no_answer = None;
    let fired = fire_at(&mut thread, UNANSWERED, "2026-11-25T23:00:01Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::SwitchedOff));
    assert_eq!(reason(&fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z")), OutsideHours);

    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    let replies = &mut thread.clinic.automatic_replies;
    (replies.exception, replies.vacation, replies.outside_hours) = (None, None, None);
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-25T23:00:01Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::SwitchedOff));
    write(&mut thread, OUTSIDE, &fired);
    assert_eq!(reason(&fire_at(&mut thread, UNANSWERED, "2026-11-26T15:00:00Z")), Silence);
}

#[test]
fn a_later_message_of_the_patient_leaves_the_timers_of_the_first() {
    let mut thread = thread_of(talkative());
    thread.clinic.automatic_replies.quiet_minutes = 60;
    thread.reply(&as_staff("s1"), "2026-11-25T22:30:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T22:40:00Z");
    let before = thread.timers.clone();
    thread.reply(&as_account("g1"), "2026-11-25T22:50:00Z");
    assert_eq!(thread.timers, before);
}
