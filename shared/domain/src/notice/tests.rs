#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::clinic::Language;
use crate::clinic::Plan;
use crate::gsm;
use crate::testing::{WORKING, at, clinic, patient};
use crate::text::ClinicName;

fn queued() -> Notice {
    Notice::of_message(1, &clinic(), &patient(), at(WORKING))
}

fn taken() -> Answer {
    Answer::Accepted { provider_id: "m-1".to_owned() }
}

fn failure(notice: &Notice) -> Option<FailureReason> {
    match notice.state {
        NoticeState::Failed { reason, .. } => Some(reason),
        _ => None,
    }
}

/// A patient with these addresses and preferences.
fn reached_by(preferred: Channel, email: bool, sms: bool, consented: bool) -> Patient {
    let patient = patient();
    Patient {
        preferred_channel: preferred,
        other_channel_consented: consented,
        email: patient.email.filter(|_| email),
        sms: patient.sms.filter(|_| sms),
        ..patient
    }
}

#[test]
fn the_channel_is_the_preferred_one_or_the_other_with_consent() {
    for preferred in [Channel::Email, Channel::Sms] {
        for (has_preferred, has_other, consented, expected) in [
            (true, true, true, Some(preferred)),
            (true, true, false, Some(preferred)),
            (true, false, true, Some(preferred)),
            (true, false, false, Some(preferred)),
            (false, true, true, Some(preferred.other())),
            (false, true, false, None),
            (false, false, true, None),
            (false, false, false, None),
        ] {
            let (email, sms) = match preferred {
                Channel::Email => (has_preferred, has_other),
                Channel::Sms => (has_other, has_preferred),
            };
            let patient = reached_by(preferred, email, sms, consented);
            let notice = Notice::of_message(1, &clinic(), &patient, at(WORKING));
            assert_eq!(notice.channel, expected);
            assert_eq!(notice.is_queued(), expected.is_some());
            let reason = expected.is_none().then_some(FailureReason::NoUsableAddress);
            assert_eq!(failure(&notice), reason);
            // The same is found when the facts are read again, whatever they were before.
            let again = queued().rechecked(&clinic(), &patient, at(WORKING));
            assert_eq!(failure(&again), reason);
            assert!(expected.is_none() || again.channel == expected);
        }
    }
}

#[test]
fn a_notice_is_claimed_for_its_first_attempt() {
    let notice = queued();
    assert_eq!((notice.attempts, notice.due), (1, at(WORKING) + LEASE));
    assert!(!notice.is_due(at(WORKING)));
    assert!(!notice.is_due(at(WORKING) + LEASE - SignedDuration::from_millis(1)));
    assert!(notice.is_due(at(WORKING) + LEASE));
    let again = notice.claimed(at(WORKING) + LEASE);
    assert_eq!((again.attempts, again.due), (2, at(WORKING) + LEASE + LEASE));
}

/// NO-13: what ended between the message and its notice.
#[test]
fn nobody_is_told_after_their_access_ended() {
    let access_off = Patient { portal_access: false, ..patient() };
    let portal_off = ClinicSettings { portal_enabled: false, ..clinic() };
    let unreachable = reached_by(Channel::Email, false, false, true);
    let ended = Some(FailureReason::AccessEnded);
    for (clinic, patient, reason) in [
        (clinic(), access_off.clone(), ended),
        (portal_off.clone(), patient(), ended),
        (portal_off, Patient { portal_access: false, ..unreachable.clone() }, ended),
        (clinic(), unreachable, Some(FailureReason::NoUsableAddress)),
        (clinic(), patient(), None),
    ] {
        let fresh = Notice::of_message(1, &clinic, &patient, at(WORKING));
        assert_eq!(failure(&fresh), reason);
        let again = queued().rechecked(&clinic, &patient, at(WORKING));
        assert_eq!(failure(&again), reason);
        assert!(again.is_queued() || !again.is_due(Timestamp::MAX));
    }
    // What was handed over already stays so.
    let sent = queued().answered(taken(), at(WORKING), 0.0);
    assert_eq!(sent.clone().rechecked(&clinic(), &access_off, at(WORKING)), sent);
}

#[test]
fn a_notice_follows_the_address_that_is_there_when_it_is_sent() {
    let now_by_text = reached_by(Channel::Sms, true, true, false);
    let notice = queued().rechecked(&clinic(), &now_by_text, at(WORKING));
    assert_eq!((notice.is_queued(), notice.channel), (true, Some(Channel::Sms)));
}

#[test]
fn the_plan_does_not_matter_to_a_notice() {
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        let clinic = ClinicSettings { plan, ..clinic() };
        assert!(Notice::of_message(1, &clinic, &patient(), at(WORKING)).is_queued());
    }
}

#[test]
fn it_is_tried_for_72_hours_and_then_given_up() {
    for jitter in [0.0, 0.5, 1.0] {
        let mut notice = queued();
        let mut now = at(WORKING);
        while notice.is_queued() {
            assert!(now <= at(WORKING) + GIVE_UP_AFTER);
            assert!(notice.attempts < 100);
            let answered = notice.clone().answered(Answer::Passing, now, jitter);
            if answered.is_queued() {
                assert!(answered.due > now);
                now = answered.due;
                notice = answered.claimed(now);
            } else {
                notice = answered;
            }
        }
        assert_eq!(failure(&notice), Some(FailureReason::GaveUp));
        assert!(now >= at(WORKING) + GIVE_UP_AFTER - SignedDuration::from_mins(90));
        assert!(notice.attempts > 40);
    }
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

#[derive(Clone, Debug)]
enum Event {
    Claim,
    Recheck { portal: bool, access: bool },
    Answer(Answer),
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Claim),
        2 => any::<(bool, bool)>().prop_map(|(portal, access)| Event::Recheck { portal, access }),
        4 => Just(Event::Answer(Answer::Passing)),
        1 => Just(Event::Answer(taken())),
        1 => Just(Event::Answer(Answer::Permanent(FailureReason::OptedOut))),
    ]
}

proptest! {
    #[test]
    fn backoff_stays_within_its_bounds(attempts: u32, jitter in 0.0..=1.0) {
        let wait = backoff(attempts, jitter).as_secs();
        prop_assert!((30..=5_400).contains(&wait));
    }

    #[test]
    fn a_notice_only_moves_forward(
        events in prop::collection::vec((events(), 0_i64..20_000), 1..40),
    ) {
        let mut notice = queued();
        let mut now = at(WORKING);
        for (event, seconds) in events {
            now += SignedDuration::from_secs(seconds);
            let before = notice.clone();
            notice = match event {
                Event::Claim => notice.claimed(now),
                Event::Recheck { portal, access } => {
                    let clinic = ClinicSettings { portal_enabled: portal, ..clinic() };
                    let patient = Patient { portal_access: access, ..patient() };
                    notice.rechecked(&clinic, &patient, now)
                }
                Event::Answer(answer) => notice.answered(answer, now, 0.5),
            };
            prop_assert!(notice.attempts >= before.attempts);
            prop_assert_eq!(notice.queued_at, before.queued_at);
            if !before.is_queued() {
                prop_assert_eq!(notice, before);
                break;
            }
        }
    }
}

/// The longest text message that settings and deployment allow, by the id's length.
fn longest_text(language: Language, id_characters: usize) -> String {
    let clinic =
        ClinicSettings { sms_name: Some(ClinicName::parse(&"W".repeat(30)).unwrap()), ..clinic() };
    assert_eq!(clinic.check(), Ok(()));
    let id = ConversationId::parse(&"0".repeat(id_characters)).unwrap();
    let link = link(&"d".repeat(MAX_LINK_DOMAIN), &id);
    let patient = Patient { language: Some(language), ..patient() };
    wording(Channel::Sms, &clinic, &patient, &[], &link).text
}

#[test]
fn the_longest_text_message_is_one_message() {
    for language in [Language::En, Language::Fr] {
        for id_characters in [32, 36] {
            let text = longest_text(language, id_characters);
            let septets = gsm::gsm7_length(&text).expect("it is in the GSM alphabet");
            assert!(septets <= gsm::MAX_SEPTETS, "{septets} for {id_characters} in {language:?}");
        }
    }
}

#[test]
fn the_words_are_in_the_patients_language_or_else_in_the_clinics() {
    for (wanted, default, expected) in [
        (None, Language::En, Language::En),
        (None, Language::Fr, Language::Fr),
        (Some(Language::Fr), Language::En, Language::Fr),
        (Some(Language::En), Language::Fr, Language::En),
    ] {
        let clinic = ClinicSettings { default_language: default, ..clinic() };
        let patient = Patient { language: wanted, ..patient() };
        for channel in [Channel::Email, Channel::Sms] {
            let words = wording(channel, &clinic, &patient, &[], "https://x.test/c/1");
            let french = words.text.contains("nouveau");
            assert_eq!(french, expected == Language::Fr, "{channel:?}");
            assert_eq!(words.subject.contains("Nouveau"), french && channel == Channel::Email);
            let by_email = channel == Channel::Email;
            assert_eq!(words.html.contains("<html lang=\"fr\">"), french && by_email);
        }
    }
}

/// Nothing but the clinic's name and the link goes into a notice, so that it is the same, letter
/// for letter, whoever the patient is and whatever was written.
#[test]
fn a_notice_says_nothing_of_the_patient() {
    let id = ConversationId::parse("0197c0de").unwrap();
    for language in [Language::En, Language::Fr] {
        for channel in [Channel::Email, Channel::Sms] {
            let one = Patient { language: Some(language), ..patient() };
            let other = Patient {
                id: crate::id::PatientId::parse("p2").unwrap(),
                name: crate::testing::name("Somebody Else"),
                email: None,
                sms: None,
                ..one.clone()
            };
            let link = link("portal.example.test", &id);
            let words = wording(channel, &clinic(), &one, &[], &link);
            assert_eq!(words, wording(channel, &clinic(), &other, &[], &link));
            assert!(words.text.contains("Rideau Clinic"));
            assert!(words.text.contains("https://portal.example.test/c/0197c0de"));
            let all = format!("{}{}{}", words.subject, words.text, words.html);
            for private in ["Zebulon", "Quagmire", "p1", "c1", "613", "zq@"] {
                assert!(!all.contains(private), "{private}");
            }
        }
    }
}

#[test]
fn every_word_of_a_notice_is_on_record() {
    let mut all = String::new();
    for language in [Language::En, Language::Fr] {
        for channel in [Channel::Email, Channel::Sms] {
            let patient = Patient { language: Some(language), ..patient() };
            let id = ConversationId::parse("0197c0de").unwrap();
            let link = link("portal.example.test", &id);
            let Wording { subject, text, html } = wording(channel, &clinic(), &patient, &[], &link);
            writeln!(all, "{channel:?} {language:?}\n{subject}\n{text}\n{html}\n").unwrap();
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_notice_reads_back_as_it_was_stored() {
    let failed = queued().answered(Answer::Permanent(FailureReason::OptedOut), at(WORKING), 0.0);
    for notice in [queued(), queued().answered(taken(), at(WORKING), 0.0), failed] {
        let stored = serde_json::to_value(&notice).unwrap();
        assert_eq!(serde_json::from_value::<Notice>(stored).unwrap(), notice);
    }
}

#[test]
fn a_reason_is_stored_under_the_name_that_it_shows() {
    for reason in [
        FailureReason::NoUsableAddress,
        FailureReason::AccessEnded,
        FailureReason::AddressRejected,
        FailureReason::SenderRejected,
        FailureReason::OptedOut,
        FailureReason::RequestRejected,
        FailureReason::GaveUp,
    ] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}
