//! What is foretold of a message, against what the timers do when it is written.

use proptest::prelude::*;

use super::*;
use crate::testing;

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Clone, Debug)]
struct Case {
    clinic: ClinicSettings,
    away: Vec<Days>,
    language: Language,
    at: Timestamp,
    /// Which of two timers that are due at once is looked at first.
    closed_first: bool,
}

fn optional(text: LocalizedBody) -> impl Strategy<Value = Option<LocalizedBody>> {
    let french_only = LocalizedBody { en: None, ..text.clone() };
    let english_only = LocalizedBody { fr: None, ..text.clone() };
    prop_oneof![
        4 => Just(Some(text)),
        1 => Just(Some(english_only)),
        1 => Just(Some(french_only)),
        2 => Just(None),
    ]
}

fn replies() -> impl Strategy<Value = AutomaticReplies> {
    let says = |what: &str| {
        let text = |language: &str| format!("{what} {language} {{{{nextOpening}}}}");
        optional(super::text(&text("en"), &text("fr")))
    };
    let silence = (prop_oneof![1_u32..120, 400_u32..1_500], says("silence"));
    let silence = silence.prop_map(|(after_office_minutes, text)| {
        Some(NoAnswer { after_office_minutes, text: text? })
    });
    let minutes = (prop_oneof![Just(0_u32), 1_u32..1_440], prop_oneof![Just(15_u32), 0_u32..1_440]);
    let closed = (says("exception"), says("vacation"), says("hours"));
    (closed, silence, minutes).prop_map(
        |((exception, vacation, outside_hours), no_answer, minutes)| {
            let (quiet_minutes, minimum_gap_minutes) = minutes;
            AutomaticReplies {
                exception,
                vacation,
                outside_hours,
                no_answer,
                quiet_minutes,
                minimum_gap_minutes,
            }
        },
    )
}

/// Weeks of every kind, and a few dates near the two weekends on which clocks change.
fn cases() -> impl Strategy<Value = Case> {
    let windows: [(&[&str], &[&str]); 6] = [
        (&WEEK[..5], &["09:00-17:00"]),
        (&WEEK, &["09:00-12:00", "13:00-17:15"]),
        (&WEEK[..6], &["22:00-06:00"]),
        (&WEEK, &["00:00-24:00"]),
        (&WEEK[2..3], &["00:00-24:00"]),
        (&[], &[]),
    ];
    let zone =
        prop::sample::select(vec!["America/Toronto", "America/Vancouver", "America/Santiago"]);
    let base = prop::sample::select(vec!["2026-10-31", "2027-03-13", "2026-11-25", "2026-09-05"]);
    let hours = (zone, prop::sample::select(windows.to_vec()));
    let day = -3_i64..5;
    let times = prop::sample::select(vec!["", " 09:00-12:00", " 20:00-04:00", " 00:00-24:00"]);
    let exceptions = prop::collection::btree_map(day.clone(), times, 0..3);
    let span = move || prop::collection::vec((day.clone(), 0_i64..4), 0..2);
    let dates = (base, exceptions, span(), span());
    let at = -2 * 24 * 60_i64..4 * 24 * 60;
    (hours, dates, replies(), at, any::<(bool, bool, bool)>()).prop_map(
        |((zone, (days, windows)), (base, exceptions, vacations, away), replies, minute, flags)| {
            let base: jiff::civil::Date = base.parse().unwrap();
            let day = |days: i64| base.saturating_add(jiff::Span::new().days(days));
            let span =
                |(first, more): &(i64, i64)| Days::new(day(*first), day(first + more)).unwrap();
            let mut clinic = testing::clinic();
            clinic.automatic_replies = replies;
            clinic.office_hours = testing::hours(zone, days, windows);
            let exceptions: Vec<String> =
                exceptions.iter().map(|(days, times)| format!("{}{times}", day(*days))).collect();
            let exceptions: Vec<&str> = exceptions.iter().map(String::as_str).collect();
            let vacations: Vec<String> = vacations
                .iter()
                .map(|days| format!("{}/{}", span(days).first(), span(days).last()))
                .collect();
            let vacations: Vec<&str> = vacations.iter().map(String::as_str).collect();
            let clinic = with_dates(clinic, &exceptions, &vacations);
            let midnight = clinic.office_hours.time_zone().zone().to_timestamp(base.at(0, 0, 0, 0));
            let at = midnight.unwrap() + SignedDuration::from_mins(minute);
            let away = away.iter().map(span).collect();
            let (wants_french, defaults_to_french, closed_first) = flags;
            let language = |french| if french { Language::Fr } else { Language::En };
            let clinic =
                ClinicSettings { default_language: language(defaults_to_french), ..clinic };
            Case { clinic, away, language: language(wants_french), at, closed_first }
        },
    )
}

/// Writes the message and looks at each timer exactly when it is due, as the function does.
fn played(case: &Case) -> (Vec<Foreseen>, Vec<NotNeeded>) {
    let Case { clinic, away, language, at, closed_first } = case;
    let long_ago = *at - SignedDuration::from_hours(24 * 30);
    let mut thread = Thread::start(clinic.clone(), long_ago);
    let patient = Patient {
        contact: Contact { language: Some(*language), ..patient().contact },
        ..patient()
    };
    let written = thread.decide_reply(&as_account("a1"), *at).unwrap();
    assert!(thread.apply(written));
    let mut ended = Vec::new();
    // A month later nothing that is not silence has anything left to say.
    let end = *at + SignedDuration::from_hours(24 * 30);
    loop {
        let first = |timer: &&Timer| (timer.due, (timer.kind == OUTSIDE) != *closed_first);
        let Some(timer) = thread.timers.0.iter().min_by_key(first).copied() else { break };
        let now = timer.due;
        if now > end {
            break;
        }
        let asks = asks_who_is_away(timer.kind, clinic);
        let away = Away::Known(if asks { away } else { &[] });
        let Thread { conversation, timers, .. } = &thread;
        let fired = fire(&timer, timers, conversation, clinic, away, &patient, now);
        if let Fired::NotNeeded(why) = fired {
            ended.push(why);
        }
        write(&mut thread, timer.kind, &fired);
    }
    let replies = thread.messages.into_iter().filter_map(|message| match message.author {
        Author::Automatic { reason } => {
            Some(Foreseen { reason, at: message.at, body: message.body })
        }
        _ => None,
    });
    (replies.collect(), ended)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_foretold_is_what_the_timers_do(case in cases()) {
        let Case { clinic, away, language, at, .. } = &case;
        let foretold = forecast(clinic, away, *language, *at);
        let (replies, ended) = played(&case);
        prop_assert_eq!(&foretold.replies, &replies);
        let at_once = replies.iter().any(|reply| reply.reason != AutomaticReason::NoAnswer);
        prop_assert_eq!(foretold.silent.is_none(), at_once);
        if foretold.silent == Some(NotNeeded::Unsayable) {
            prop_assert!(ended.contains(&NotNeeded::Unsayable));
        }

        // Whether somebody is there, told by a look at each quarter of an hour, when windows start. Staff who are away count where the
        // clinic has a text for that.
        let counts = clinic.automatic_replies.vacation.is_some();
        let hours = clinic.office_hours.without(if counts { away } else { &[] });
        prop_assert_eq!(foretold.closed, hours.closed(*at));
        let quarter = SignedDuration::from_mins(15);
        let last = at.as_second().div_euclid(900) * 900;
        let next = Timestamp::from_second(last).unwrap() + quarter;
        let quarters = std::iter::successors(Some(next), |looked_at| Some(*looked_at + quarter));
        let mut looks = std::iter::once(*at).chain(quarters);
        match foretold.next_opening {
            None => prop_assert!(hours.is_empty()),
            Some(opening) => {
                let found = looks.find(|look| *look >= opening || hours.is_open(*look));
                prop_assert_eq!(found, Some(opening));
                prop_assert!(hours.is_open(opening));
            }
        }
        // What is said of it at once is when it ends, on the clinic's clock.
        if let (Some(reply), Some(opening), true) = (replies.first(), foretold.next_opening, at_once) {
            let language = if reply.body.text().contains(" fr ") { Language::Fr } else { Language::En };
            let said = spoken::instant(opening, hours.time_zone().zone(), language);
            prop_assert!(reply.body.text().ends_with(&said), "{} {}", reply.body.text(), said);
        }
        for reply in &replies {
            prop_assert!(!reply.body.text().contains("{{"));
        }
    }
}

#[test]
fn nothing_is_foretold_on_a_plan_without_automatic_replies() {
    let mut clinic = talkative();
    let night = at("2026-11-25T23:00:00Z");
    let foretold = forecast(&clinic, &[], Language::En, night);
    let reasons: Vec<_> = foretold.replies.iter().map(|reply| (reply.reason, reply.at)).collect();
    assert_eq!(
        reasons,
        [
            (AutomaticReason::OutsideHours, night),
            (AutomaticReason::NoAnswer, at("2026-11-26T15:00:00Z"))
        ]
    );
    assert_eq!(foretold.next_opening, Some(at("2026-11-26T14:00:00Z")));
    clinic.plan = Plan::Connect;
    let foretold = forecast(&clinic, &[], Language::En, night);
    assert_eq!((foretold.replies, foretold.silent), (vec![], Some(NotNeeded::SwitchedOff)));
    assert_eq!(foretold.closed, Some(Closed::OutsideHours));
}
