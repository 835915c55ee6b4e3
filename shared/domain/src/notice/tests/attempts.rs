//! Handing a notice over: answers, waits, and giving up.

use proptest::prelude::*;

use super::*;

fn passing(unknown: bool) -> Answer {
    Answer::Passing { unknown }
}

#[test]
fn an_attempt_is_stored_before_it_is_made() {
    let held = queued().held(Hold::Rate, secs(20)).claimed(secs(20));
    let sending = held.sending();
    assert_eq!((sending.sends, sending.unanswered, sending.hold), (1, true, None));
    assert_eq!(sending.due, Some(secs(20) + LEASE), "it is this one's until the claim ends");
    // One whose answer was lost is under way again.
    let unconfirmed = Notice { state: NoticeState::Unconfirmed { at: secs(1) }, ..sending };
    let again = unconfirmed.sending();
    assert_eq!((again.state, again.sends, again.unanswered), (NoticeState::Queued, 2, true));
}

#[test]
fn an_answer_ends_an_attempt() {
    let sending = queued().claimed(at(WORKING)).sending();
    let accepted = sending.clone().answered(taken(), secs(1), 0.0);
    let provider_id = Some("m-1".to_owned());
    assert_eq!(accepted.state, NoticeState::Accepted { at: secs(1), provider_id });
    assert_eq!((accepted.due, accepted.unanswered, accepted.sends), (None, false, 1));
    for reason in FailureReason::ALL {
        let failed = sending.clone().answered(Answer::Permanent(*reason), secs(1), 0.0);
        assert_eq!(failed.state, NoticeState::Failed { at: secs(1), reason: *reason });
        // It is looked at once more: another address may do, and others may wait for it.
        assert_eq!((failed.due, failed.unanswered), (Some(secs(1)), false));
    }
}

#[test]
fn after_a_passing_failure_it_waits_longer_each_time() {
    let mut notice = queued();
    for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let failed = notice.claimed(secs(0)).sending().answered(passing(false), secs(1), 0.0);
        assert_eq!((&failed.state, failed.unanswered), (&NoticeState::Queued, false));
        assert_eq!(failed.due, Some(secs(1 + wait)));
        notice = failed;
    }
    assert_eq!(notice.waited, 30 + 60 + 120 + 240 + 480 + 960 + 1920 + 3600 + 3600);
}

/// Of an email, and only of one, the provider tells later whether it had taken it.
#[test]
fn after_a_lost_answer_an_email_waits_for_the_providers_word_and_a_text_message_does_not() {
    let by_email = queued().sending().answered(passing(true), secs(1), 0.0);
    assert_eq!(by_email.state, NoticeState::Unconfirmed { at: secs(1) });
    assert_eq!(by_email.due, Some(secs(1) + CONFIRM_WITHIN));
    let by_text = queued_through(Channel::Sms).sending().answered(passing(true), secs(1), 0.0);
    assert_eq!((by_text.state, by_text.due), (NoticeState::Queued, Some(secs(31))));
    // When the wait after a failure is longer, that one is taken.
    let often = Notice { sends: 20, ..queued() };
    assert_eq!(often.answered(passing(true), secs(1), 0.0).due, Some(secs(3_601)));
}

/// Attempts that all end so, until the notice ends, each at the instant that it waits for. How long
/// it took, the time that it was held back not counted, and the notice as it is at the end.
fn tried_until_given_up(answer: &Answer, jitter: f64, held_between: i64) -> (i64, Notice) {
    let mut notice = queued();
    let (mut now, mut held) = (at(WORKING), 0);
    while notice.is_queued() {
        assert!(notice.sends < 400);
        if held_between > 0 {
            let until = now + SignedDuration::from_secs(held_between);
            notice = notice.claimed(now).held(Hold::Paused, until);
            held += held_between;
            now = until;
        }
        notice = notice.claimed(now).sending().answered(answer.clone(), now, jitter);
        if notice.is_queued() {
            assert!(notice.due.unwrap() > now);
            now = notice.due.unwrap();
        }
    }
    (now.duration_since(at(WORKING)).as_secs() - held, notice)
}

#[test]
fn it_is_tried_for_72_hours_and_then_given_up() {
    let most = GIVE_UP_AFTER.as_secs();
    for unknown in [false, true] {
        for jitter in [0.0, 0.5, 1.0] {
            // A pause of an hour between any two attempts takes none of the 72.
            for held_between in [0, 3_600] {
                let answer = passing(unknown);
                let (took, notice) = tried_until_given_up(&answer, jitter, held_between);
                assert_eq!(failure(&notice), Some(FailureReason::GaveUp));
                assert!((most - 5_400..=most).contains(&took), "{took}");
                assert!(notice.sends > 40, "{}", notice.sends);
            }
        }
    }
}

#[test]
fn however_long_it_is_held_back_it_is_not_given_up() {
    let mut notice = queued();
    let mut now = at(WORKING);
    for hold in [Hold::Paused, Hold::ClinicSmsCap, Hold::PatientSmsCap, Hold::Rate] {
        for _ in 0..100 {
            let until = now + SignedDuration::from_hours(24);
            notice = notice.claimed(now).sending().held(hold, until);
            assert_eq!((notice.hold, notice.due), (Some(hold), Some(until)));
            assert!(!notice.unanswered, "nobody was asked");
            now = until;
        }
    }
    assert_eq!((&notice.state, notice.waited), (&NoticeState::Queued, 0));
    assert!(notice.sending().answered(passing(false), now, 1.0).is_queued());
}

/// A notice on which every attempt goes down, such as with the function's time: claimed, begun, and
/// nothing more, until the claim runs out. When it was handed over, and the notice at the end.
fn begun_until_given_up(channel: Channel) -> (Vec<Timestamp>, Notice) {
    let ok = Ok(way(channel));
    let mut notice = queued_through(channel);
    let mut handed_over = Vec::new();
    while notice.is_queued() {
        assert!(handed_over.len() < 1_000);
        let now = notice.due.unwrap();
        notice = written(match notice.claimed(now).look(ordinary(&ok), now) {
            Next::Store(next) => next,
            Next::Send(next) => {
                handed_over.push(now);
                next.sending()
            }
            other => panic!("{other:?}"),
        });
    }
    (handed_over, notice)
}

#[test]
fn what_brings_down_every_attempt_is_given_up_too() {
    let waits = |handed_over: &[Timestamp]| -> Vec<SignedDuration> {
        handed_over.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect()
    };
    let (handed_over, notice) = begun_until_given_up(Channel::Email);
    assert_eq!(failure(&notice), Some(FailureReason::GaveUp));
    assert!((40..120).contains(&handed_over.len()), "{}", handed_over.len());
    let waited = waits(&handed_over);
    assert!(waited.iter().all(|wait| *wait >= CONFIRM_WITHIN));
    assert!(waited.last().unwrap().as_hours() >= 1, "less and less often");
    let took = notice.due.unwrap().duration_since(at(WORKING));
    assert!((60..80).contains(&took.as_hours()), "{took:?}");

    // Each time the person may have been texted, and nobody will tell.
    let (handed_over, notice) = begun_until_given_up(Channel::Sms);
    assert_eq!(failure(&notice), Some(FailureReason::GaveUp));
    assert_eq!(handed_over.len(), 3);
    assert!(waits(&handed_over).iter().all(|wait| *wait >= LEASE));
}

#[test]
fn the_waits_double_from_half_a_minute_to_an_hour() {
    let seconds: Vec<i64> = (0..=10).map(|n| backoff(n, 0.0).as_secs()).collect();
    assert_eq!(seconds, [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    assert_eq!(backoff(1, 1.0).as_secs(), 45);
    assert_eq!(backoff(u32::MAX, 1.0).as_secs(), 5_400);
    // A jitter out of range is no reason to wait for ever, or not at all.
    assert_eq!(backoff(1, -5.0).as_secs(), 30);
    assert_eq!(backoff(1, 1e300).as_secs(), 45);
}

proptest! {
    #[test]
    fn backoff_stays_within_its_bounds(attempts: u32, jitter in 0.0..=1.0) {
        let wait = backoff(attempts, jitter).as_secs();
        prop_assert!((30..=5_400).contains(&wait));
    }
}

/// What happens to a notice in its life.
#[derive(Clone, Debug)]
enum Event {
    Look { way: Result<Channel, FailureReason>, paused: bool },
    Answer(Answer),
    Told(Channel, Happened),
}

fn events() -> impl Strategy<Value = Event> {
    let reason = prop::sample::select(FailureReason::ALL.to_vec());
    let channel = || prop::sample::select(Channel::ALL.to_vec());
    let way = prop_oneof![4 => channel().prop_map(Ok), 1 => reason.clone().prop_map(Err)];
    let happened = prop::sample::select(vec![
        Happened::Sent,
        Happened::Delivered,
        Happened::Bounced { permanent: true, marks: true },
        Happened::Bounced { permanent: false, marks: false },
        Happened::Complained,
        Happened::Rejected,
        Happened::OptedOut,
    ]);
    prop_oneof![
        6 => (way, prop::bool::weighted(0.2)).prop_map(|(way, paused)| Event::Look { way, paused }),
        3 => any::<bool>().prop_map(|unknown| Event::Answer(passing(unknown))),
        2 => Just(Event::Answer(taken())),
        1 => reason.prop_map(|reason| Event::Answer(Answer::Permanent(reason))),
        1 => (channel(), happened).prop_map(|(channel, happened)| Event::Told(channel, happened)),
    ]
}

proptest! {
    /// Whatever comes: it is handed over only under a claim and while nobody was told of it by this
    /// notice; it changes its channel after an end at most once; and it never waits for nothing.
    #[test]
    fn a_notice_lives_by_its_rules_whatever_happens(
        events in prop::collection::vec((events(), 0_i64..20_000), 1..60),
    ) {
        let mut notice = queued();
        let mut now = at(WORKING);
        for (event, seconds) in events {
            now += SignedDuration::from_secs(seconds);
            let before = notice.clone();
            match event {
                Event::Look { way: wanted, paused } => {
                    // Only what is due is looked at, by one who claims it.
                    if notice.due.is_none_or(|due| due > now) {
                        continue;
                    }
                    let way = wanted.map(way);
                    let claimed = notice.claimed(now);
                    let claim_end = claimed.due;
                    let look = Look { paused, ..ordinary(&way) };
                    notice = match claimed.look(look, now) {
                        Next::Send(next) => {
                            prop_assert!(!paused, "nothing is sent while sending is off");
                            prop_assert!(way.is_ok());
                            prop_assert_eq!(next.channel, way.as_ref().ok().map(|way| way.channel));
                            prop_assert_eq!(next.due, claim_end, "it is this one's while it is sent");
                            prop_assert!(next.is_queued());
                            next.sending()
                        }
                        Next::Store(next) | Next::Release(next) => {
                            prop_assert_ne!(next.due, claim_end, "it waits, or is done with");
                            prop_assert!(!next.unanswered);
                            next
                        }
                        Next::Announce(next) => {
                            panic!("it was not covered: {next:?}")
                        }
                    };
                    notice = written(notice);
                }
                // An answer comes only to who handed it over.
                Event::Answer(_) if !notice.unanswered => {}
                Event::Answer(answer) => {
                    notice = written(notice.answered(answer, now, 0.5));
                    prop_assert!(!notice.unanswered);
                }
                Event::Told(channel, happened) => {
                    if let Some(told) = notice.clone().told(channel, happened, now) {
                        notice = written(told);
                    }
                }
            }
            prop_assert_eq!(notice.queued_at, before.queued_at);
            prop_assert!(notice.sends >= before.sends);
            prop_assert!(notice.waited >= before.waited && notice.waited <= GIVE_UP_AFTER.as_secs());
            // It is due as long as something is to be done.
            prop_assert!(!notice.is_queued() || notice.due.is_some());
            prop_assert!(notice.hold.is_none() || notice.is_queued());
            match (&before.earlier, &notice.earlier) {
                (Some(one), Some(other)) => prop_assert_eq!(one.channel, other.channel),
                (Some(_), None) => prop_assert!(false, "how it ended before stays"),
                (None, _) => {}
            }
            if notice.is_queued() && !before.is_queued() {
                prop_assert!(before.earlier.is_none() && notice.earlier.is_some(), "{:?}", before);
                prop_assert_ne!(before.channel, notice.channel);
            }
        }
    }
}
