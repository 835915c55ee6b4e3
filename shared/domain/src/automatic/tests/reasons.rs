//! Why the clinic answers by itself, where several reasons hold, and what it says.

use super::*;

use AutomaticReason::{Exception, NoAnswer as Silence, OutsideHours, Vacation};

/// Thursday 26 November is a holiday, and the clinic is in vacation from the Monday after to Wednesday.
/// The weekend between them makes all of it one closed period, but for Friday.
fn with_all_reasons() -> ClinicSettings {
    with_dates(talkative(), &["2026-11-26"], &["2026-11-30/2026-12-02"])
}

/// What comes of a patient's message at this instant, looked at at once and written.
fn answered(thread: &mut Thread, away: &[Days], written: &str) -> Fired {
    thread.reply(&as_account("a1"), written);
    if timer(thread, OUTSIDE).is_none() {
        return Fired::NotNeeded(NotNeeded::OfficeOpen);
    }
    let fired = fire_without(thread, OUTSIDE, away, written);
    if let Fired::NotNeeded(_) = fired {
        write(thread, OUTSIDE, &fired);
    }
    fired
}

/// What comes of a patient's first message at this instant.
fn answer(clinic: &ClinicSettings, away: &[Days], written: &str) -> Fired {
    answered(&mut thread_of(clinic.clone()), away, written)
}

#[test]
fn each_reason_has_its_own_text_and_says_when_the_office_opens_next() {
    let clinic = with_all_reasons();
    for (written, why, says_what) in [
        (
            "2026-11-25T23:00Z",
            OutsideHours,
            "Closed until Friday, November 27, 2026 at 9:00 a.m. EST.",
        ),
        (
            "2026-11-26T15:00Z",
            Exception,
            "Holiday until Friday, November 27, 2026 at 9:00 a.m. EST.",
        ),
        (
            "2026-11-26T23:00Z",
            Exception,
            "Holiday until Friday, November 27, 2026 at 9:00 a.m. EST.",
        ),
        (
            "2026-11-27T23:00Z",
            OutsideHours,
            "Closed until Thursday, December 3, 2026 at 9:00 a.m. EST.",
        ),
        (
            "2026-11-30T15:00Z",
            Vacation,
            "Vacation until Thursday, December 3, 2026 at 9:00 a.m. EST.",
        ),
    ] {
        let fired = answer(&clinic, &[], written);
        assert_eq!(reason(&fired), why, "{written}");
        assert_eq!(says(&fired), format!("{says_what} Emergency: 911"), "{written}");
    }
    let open = answer(&clinic, &[], "2026-11-25T15:00Z");
    assert_eq!(open, Fired::NotNeeded(NotNeeded::OfficeOpen));
}

/// OH-06: the patient writes on Friday before the clocks go back.
#[test]
fn oh_06_the_next_opening_is_said_on_the_clock_of_its_own_day_in_both_languages() {
    for (language, text) in [
        (Language::En, "Closed until Monday, November 2, 2026 at 9:00 a.m. EST. Emergency: 911"),
        (Language::Fr, "Fermé jusqu’au lundi 2 novembre 2026 à 9:00 (HNE). Urgence : 911"),
    ] {
        let mut clinic = talkative();
        clinic.default_language = language;
        let mut thread = Thread::start(clinic, at("2026-10-28T15:00:00Z"));
        thread.reply(&as_account("a1"), "2026-10-30T22:00:00Z");
        assert_eq!(says(&fire_at(&mut thread, OUTSIDE, "2026-10-30T22:00:01Z")), text);
    }
}

#[test]
fn oh_01_the_next_opening_is_said_in_the_time_that_a_province_keeps() {
    let mut clinic = talkative();
    let hours = ["mon", "tue", "wed", "thu", "fri"];
    clinic.office_hours = crate::testing::hours("America/Vancouver", &hours, &["09:00-17:00"]);
    // Tuesday, 18:00 on a clock that no longer goes back: 16:00Z is 9:00.
    let fired = answer(&clinic, &[], "2026-11-25T02:00Z");
    let text = says(&fired);
    assert!(text.starts_with("Closed until Wednesday, November 25, 2026 at 9:00 a.m. "), "{text}");
    for open in ["2026-11-25T16:30Z", "2026-11-25T23:59Z"] {
        assert_eq!(answer(&clinic, &[], open), Fired::NotNeeded(NotNeeded::OfficeOpen), "{open}");
    }
}

/// OH-10: a short day ends at noon, for the reason that it is one.
#[test]
fn oh_10_a_short_day_that_is_over_is_an_exception() {
    let clinic = with_dates(talkative(), &["2026-12-24 09:00-12:00", "2026-12-25"], &[]);
    let open = answer(&clinic, &[], "2026-12-24T16:59:59Z");
    assert_eq!(open, Fired::NotNeeded(NotNeeded::OfficeOpen));
    let fired = answer(&clinic, &[], "2026-12-24T17:00Z");
    assert_eq!(reason(&fired), Exception);
    assert_eq!(
        says(&fired),
        "Holiday until Monday, December 28, 2026 at 9:00 a.m. EST. Emergency: 911"
    );
}

#[test]
fn of_several_reasons_the_highest_counts() {
    let dates = &["2026-12-01 09:00-12:00", "2026-12-02"];
    let clinic = with_dates(talkative(), dates, &["2026-11-30/2026-12-02"]);
    let all_week = [days("2026-11-30", "2026-12-04")];
    for (away, written, why) in [
        (&[][..], "2026-11-30T15:00Z", Some(Vacation)),
        (&[], "2026-11-30T23:00Z", Some(Vacation)),
        // An exception in the vacation: open, and after that closed for the exception.
        (&[], "2026-12-01T15:00Z", None),
        (&[], "2026-12-01T18:00Z", Some(Exception)),
        (&[], "2026-12-02T15:00Z", Some(Exception)),
        (&[], "2026-12-03T03:00Z", Some(Exception)),
        (&[], "2026-12-03T23:00Z", Some(OutsideHours)),
        // All of the staff away besides.
        (&all_week, "2026-11-30T15:00Z", Some(Vacation)),
        (&all_week, "2026-12-01T15:00Z", Some(Vacation)),
        (&all_week, "2026-12-01T18:00Z", Some(Exception)),
        (&all_week, "2026-12-02T15:00Z", Some(Exception)),
        (&all_week, "2026-12-03T15:00Z", Some(Vacation)),
        (&all_week, "2026-12-03T23:00Z", Some(Vacation)),
        (&all_week, "2026-12-05T15:00Z", Some(OutsideHours)),
    ] {
        let fired = answer(&clinic, away, written);
        match why {
            Some(why) => assert_eq!(reason(&fired), why, "{away:?} {written}"),
            None => assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen), "{written}"),
        }
    }
}

#[test]
fn a_reason_without_a_text_of_its_own_is_a_time_outside_hours() {
    let mut clinic = with_all_reasons();
    clinic.automatic_replies.exception = None;
    clinic.automatic_replies.vacation = None;
    for written in ["2026-11-26T15:00Z", "2026-11-30T15:00Z", "2026-11-25T23:00Z"] {
        let fired = answer(&clinic, &[], written);
        assert_eq!(reason(&fired), OutsideHours, "{written}");
        assert!(says(&fired).starts_with("Closed until "), "{written}");
    }
    // Staff who are away are no time outside hours: the office is open.
    let away = [days("2026-11-25", "2026-11-25")];
    assert!(!asks_who_is_away(OUTSIDE, &clinic));
    let fired = answer(&clinic, &away, "2026-11-25T15:00Z");
    assert_eq!(fired, Fired::NotNeeded(NotNeeded::OfficeOpen));

    // With nothing for being outside hours either, only what has a text is said.
    let mut clinic = with_all_reasons();
    clinic.automatic_replies.outside_hours = None;
    clinic.automatic_replies.vacation = None;
    assert_eq!(reason(&answer(&clinic, &[], "2026-11-26T15:00Z")), Exception);
    for written in ["2026-11-30T15:00Z", "2026-11-25T23:00Z"] {
        let mut thread = thread_of(clinic.clone());
        thread.reply(&as_account("a1"), written);
        assert_eq!(timer(&thread, OUTSIDE), None, "{written}");
    }
}

/// A greeting before the answer that nobody is there: both timers are due, in either order.
#[test]
fn of_two_timers_that_are_due_at_once_only_the_higher_reason_speaks() {
    for first in TimerKind::ALL {
        let mut thread = thread_of(with_all_reasons());
        thread.clinic.automatic_replies.no_answer.as_mut().unwrap().after_office_minutes = 1;
        // A minute before closing, so that the minute is over when the office is closed.
        thread.reply(&as_account("a1"), "2026-11-25T21:59:00Z");
        // And once more when it is: now the stream, and the schedule, have been down.
        thread.reply(&as_account("a1"), "2026-11-25T22:30:00Z");
        let now = "2026-11-26T15:00:00Z";
        let mut spoken = Vec::new();
        for kind in [first, if first == OUTSIDE { UNANSWERED } else { OUTSIDE }] {
            let timer = timer(&thread, kind).unwrap();
            let fired = look(&thread, &timer, Away::Known(&[]), now);
            write(&mut thread, kind, &fired);
            match fired {
                Fired::Reply(_) => spoken.push(reason(&fired)),
                Fired::Wait(until) => assert!(until > at(now), "{kind:?}"),
                Fired::NotNeeded(why) => panic!("{kind:?} {why:?}"),
            }
        }
        assert_eq!(spoken, [Exception], "{first:?} first");
        // What has been said of the holiday holds for the silence too, until the office opens.
        let timer = timer(&thread, UNANSWERED).unwrap();
        for waits in ["2026-11-26T16:00:00Z", "2026-11-27T13:59:59Z"] {
            let fired = look(&thread, &timer, Away::Known(&[]), waits);
            assert!(matches!(fired, Fired::Wait(_)), "{waits} {fired:?}");
        }
        assert_eq!(reason(&fire_at(&mut thread, UNANSWERED, "2026-11-27T14:00:00Z")), Silence);
    }
}

/// Staff on vacation count as well when the timer for silence is the first that is looked at.
#[test]
fn a_vacation_of_all_staff_is_told_before_their_silence() {
    let away = [days("2026-11-25", "2026-11-27")];
    let mut thread = thread_of(with_all_reasons());
    thread.reply(&as_account("a1"), "2026-11-25T15:00:00Z");
    // The stream and the schedule were down for two hours.
    let now = "2026-11-25T17:00:00Z";
    let silence = timer(&thread, UNANSWERED).unwrap();
    assert!(asks_who_is_away(UNANSWERED, &thread.clinic));
    let fired = look(&thread, &silence, Away::Known(&away), now);
    assert_eq!(fired, Fired::Wait(at("2026-11-25T17:15:00Z")));
    assert_eq!(reason(&fire_without(&mut thread, OUTSIDE, &away, now)), Vacation);

    // The minutes of silence are those in which somebody is there: from 3 December on, at 9:00.
    for (now, waits) in [
        ("2026-11-25T18:00:00Z", true),
        ("2026-11-27T16:00:00Z", true),
        ("2026-11-28T16:00:00Z", true),
        ("2026-12-03T14:59:59Z", true),
        ("2026-12-03T15:00:00Z", false),
    ] {
        let fired = look(&thread, &silence, Away::Known(&away), now);
        assert_eq!(matches!(fired, Fired::Wait(_)), waits, "{now} {fired:?}");
        assert_eq!(matches!(fired, Fired::Reply(_)), !waits, "{now}");
    }
}

#[test]
fn silence_says_when_somebody_is_there_again() {
    let mut thread = thread_of(talkative());
    thread.clinic.automatic_replies.no_answer.as_mut().unwrap().text =
        text("Wait until {{nextOpening}}. {{emergencyLine}}", "Attendez. {{emergencyLine}}");
    // Written in the last half hour before all are away: nobody was told of that.
    thread.reply(&as_account("a1"), "2026-11-25T21:30:00Z");
    let away = [days("2026-11-26", "2026-11-27")];
    let closed = fire_without(&mut thread, OUTSIDE, &away, "2026-11-25T21:30:01Z");
    assert_eq!(closed, Fired::NotNeeded(NotNeeded::OfficeOpen));
    write(&mut thread, OUTSIDE, &closed);
    let fired = fire_without(&mut thread, UNANSWERED, &away, "2026-11-26T14:30:00Z");
    assert_eq!(says(&fired), "Wait until Monday, November 30, 2026 at 9:00 a.m. EST. 911");
}

#[test]
fn a_closed_period_of_many_reasons_gets_one_reply() {
    // From Wednesday evening over the holiday, a second one on Friday, the weekend and the vacation.
    let clinic = with_dates(talkative(), &["2026-11-26", "2026-11-27"], &["2026-11-30/2026-12-02"]);
    let all = [
        ("2026-11-25T23:00:00Z", OutsideHours),
        ("2026-11-26T15:00:00Z", Exception),
        ("2026-11-27T15:00:00Z", Exception),
        ("2026-11-28T15:00:00Z", OutsideHours),
        ("2026-11-30T15:00:00Z", Vacation),
        ("2026-12-03T13:59:00Z", OutsideHours),
    ];
    // Whichever message is the first of it.
    for first in 0..all.len() {
        let mut thread = thread_of(clinic.clone());
        for (position, (written, why)) in all[first..].iter().enumerate() {
            thread.reply(&as_account("a1"), written);
            if position == 0 {
                assert_eq!(reason(&fire_at(&mut thread, OUTSIDE, written)), *why, "{written}");
            } else {
                assert_eq!(timer(&thread, OUTSIDE), None, "{written}");
            }
        }
        assert_eq!(thread.conversation.tally.automatic, 1);
        // Thursday is a day of work, and its evening another closed period.
        thread.reply(&as_account("a1"), "2026-12-03T23:00:00Z");
        assert_eq!(reason(&fire_at(&mut thread, OUTSIDE, "2026-12-03T23:00:00Z")), OutsideHours);
    }
}

#[test]
fn a_lunch_break_is_a_closed_period_of_its_own() {
    let mut clinic = talkative();
    let week = ["mon", "tue", "wed", "thu", "fri"];
    let windows = ["09:00-12:00", "13:00-17:00"];
    clinic.office_hours = crate::testing::hours("America/Toronto", &week, &windows);
    let mut thread = thread_of(clinic);
    for (written, told) in [
        ("2026-11-25T13:00:00Z", true),
        ("2026-11-25T13:30:00Z", false),
        // 12:10, between the two windows of the day.
        ("2026-11-25T17:10:00Z", true),
        ("2026-11-25T17:30:00Z", false),
        // 13:10 is open, by the second of them.
        ("2026-11-25T18:10:00Z", false),
        ("2026-11-25T23:00:00Z", true),
    ] {
        let fired = answered(&mut thread, &[], written);
        assert_eq!(matches!(fired, Fired::Reply(_)), told, "{written}");
    }
}

#[test]
fn a_night_shift_is_one_closed_day_and_one_reply_over_midnight_and_the_change_of_clocks() {
    let mut clinic = talkative();
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    clinic.office_hours = crate::testing::hours("America/Toronto", &week, &["22:00-06:00"]);
    let mut thread = Thread::start(clinic, at("2026-10-28T15:00:00Z"));
    for (written, told) in [
        // Saturday evening, both passes of 1:30 on Sunday, and 5:59: the shift is on.
        ("2026-11-01T02:30:00Z", false),
        ("2026-11-01T05:30:00Z", false),
        ("2026-11-01T06:30:00Z", false),
        ("2026-11-01T10:59:59Z", false),
        // 6:00, an hour later than by the offset of Saturday.
        ("2026-11-01T11:00:00Z", true),
        ("2026-11-02T02:59:59Z", false),
    ] {
        let fired = answered(&mut thread, &[], written);
        assert_eq!(matches!(fired, Fired::Reply(_)), told, "{written}");
        if told {
            assert_eq!(
                says(&fired),
                "Closed until Sunday, November 1, 2026 at 10:00 p.m. EST. Emergency: 911"
            );
        }
    }
}

#[test]
fn a_day_without_end_is_open_in_its_last_minute() {
    for (to, told) in [("24:00", false), ("23:59", true)] {
        let mut clinic = talkative();
        clinic.office_hours =
            crate::testing::hours("America/Toronto", &["wed"], &[&format!("00:00-{to}")]);
        let fired = answer(&clinic, &[], "2026-11-26T04:59:30Z");
        assert_eq!(matches!(fired, Fired::Reply(_)), told, "{to}");
    }
}

/// The reason is judged again when the timer fires.
#[test]
fn a_holiday_that_begins_while_a_reply_waits_is_what_it_says() {
    let mut thread = thread_of(with_all_reasons());
    thread.clinic.automatic_replies.quiet_minutes = 60;
    // 23:20 on the evening before, with staff's message at 23:10.
    thread.reply(&as_staff("s1"), "2026-11-26T04:10:00Z");
    thread.reply(&as_account("a1"), "2026-11-26T04:20:00Z");
    let fired = fire_at(&mut thread, OUTSIDE, "2026-11-26T04:59:59Z");
    assert_eq!(fired, Fired::Wait(at("2026-11-26T05:10:00Z")));
    assert_eq!(reason(&fire_at(&mut thread, OUTSIDE, "2026-11-26T05:10:00Z")), Exception);
}

#[test]
fn an_open_office_whose_staff_are_all_away_answers_that_they_are() {
    let away = [days("2026-11-25", "2026-11-27")];
    let fired = answer(&talkative(), &away, "2026-11-25T15:00Z");
    assert_eq!(reason(&fired), Vacation);
    // The next opening is when somebody is back, not tomorrow's.
    assert_eq!(
        says(&fired),
        "Vacation until Monday, November 30, 2026 at 9:00 a.m. EST. Emergency: 911"
    );
    // One of them is back, or has no vacation.
    let open = Fired::NotNeeded(NotNeeded::OfficeOpen);
    assert_eq!(answer(&talkative(), &[], "2026-11-25T15:00Z"), open);
    assert_eq!(
        answer(&talkative(), &[days("2026-11-26", "2026-11-27")], "2026-11-25T15:00Z"),
        open
    );

    // Once in all the days that they are away, which the office's own hours do not divide.
    let mut thread = thread_of(talkative());
    thread.reply(&as_account("a1"), "2026-11-25T15:00:00Z");
    assert_eq!(
        reason(&fire_without(&mut thread, OUTSIDE, &away, "2026-11-25T15:00:01Z")),
        Vacation
    );
    for written in ["2026-11-25T16:00:00Z", "2026-11-26T03:00:00Z", "2026-11-27T15:00:00Z"] {
        let fired = answered(&mut thread, &away, written);
        assert_eq!(fired, Fired::NotNeeded(NotNeeded::SaidBefore), "{written}");
    }
}

/// A clinic that has a text for vacations and none for the hours still asks who is away at night.
#[test]
fn staff_who_are_away_are_so_at_night_too() {
    let mut clinic = talkative();
    clinic.automatic_replies.exception = None;
    clinic.automatic_replies.outside_hours = None;
    clinic = with_dates(clinic, &["2026-11-26"], &[]);
    let away = [days("2026-11-24", "2026-11-27")];
    for night in ["2026-11-25T23:00Z", "2026-11-28T03:00Z"] {
        assert_eq!(reason(&answer(&clinic, &away, night)), Vacation, "{night}");
        let nobody_away = answer(&clinic, &[], night);
        assert_eq!(nobody_away, Fired::NotNeeded(NotNeeded::SwitchedOff), "{night}");
    }
    // A holiday without a text of its own is still a day on which all are away.
    assert_eq!(reason(&answer(&clinic, &away, "2026-11-26T15:00Z")), Vacation);
    let holiday = answer(&clinic, &[], "2026-11-26T15:00Z");
    assert_eq!(holiday, Fired::NotNeeded(NotNeeded::SwitchedOff));
}

/// A list of holidays that was imported must not take the word from a vacation that they fall into.
#[test]
fn a_holiday_in_a_vacation_falls_back_to_the_vacations_text() {
    let holiday = "2026-11-26T15:00Z";
    let with = |exception: bool, vacation: bool, outside: bool| {
        let mut clinic = with_dates(talkative(), &["2026-11-26"], &["2026-11-23/2026-11-29"]);
        let replies = &mut clinic.automatic_replies;
        replies.exception = replies.exception.take().filter(|_| exception);
        replies.vacation = replies.vacation.take().filter(|_| vacation);
        replies.outside_hours = replies.outside_hours.take().filter(|_| outside);
        answer(&clinic, &[], holiday)
    };
    for outside in [false, true] {
        assert_eq!(reason(&with(true, true, outside)), Exception, "{outside}");
        assert_eq!(reason(&with(true, false, outside)), Exception, "{outside}");
        assert_eq!(reason(&with(false, true, outside)), Vacation, "{outside}");
    }
    assert_eq!(reason(&with(false, false, true)), OutsideHours);
}

#[test]
fn what_has_no_value_is_never_sent_raw_or_blank() {
    let silence = |thread: &mut Thread| fire_at(thread, UNANSWERED, "2026-11-25T16:00:00Z");
    let closed = |thread: &mut Thread| fire_at(thread, OUTSIDE, "2026-11-25T23:00:00Z");
    let unsayable = Fired::NotNeeded(NotNeeded::Unsayable);

    // An office that never closes has no next opening.
    let mut always = talkative();
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    always.office_hours = crate::testing::hours("America/Toronto", &week, &["00:00-24:00"]);
    always.automatic_replies.no_answer.as_mut().unwrap().text = text("{{nextOpening}}", "x");
    let mut thread = thread_of(always);
    thread.reply(&as_account("a1"), "2026-11-25T15:00:00Z");
    assert_eq!(silence(&mut thread), unsayable);

    // The phone number, or the line for emergencies, was removed from the settings by hand.
    for text_of in ["Call {{clinicPhone}}.", "{{ emergencyLine }}", "Call&nbsp;{{clinicPhone}}"] {
        let mut thread = thread_of(talkative());
        (thread.clinic.phone, thread.clinic.emergency_line) = (None, None);
        thread.clinic.automatic_replies.outside_hours = Some(text(text_of, text_of));
        thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
        assert_eq!(closed(&mut thread), unsayable, "{text_of}");
        assert_eq!(thread.conversation.tally.automatic, 0);
    }

    // And a text that its values make too long.
    let mut thread = thread_of(talkative());
    let long = "{{nextOpening}} ".repeat(3_000);
    thread.clinic.automatic_replies.outside_hours = Some(text(&long, "x"));
    thread.reply(&as_account("a1"), "2026-11-25T23:00:00Z");
    assert_eq!(closed(&mut thread), unsayable);
}
