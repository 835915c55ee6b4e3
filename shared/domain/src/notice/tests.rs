#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attempts;
mod bursts;
mod looks;
mod order;
mod recipients;
mod words;

use std::collections::BTreeSet;

use super::*;
use crate::id::AccountId;
use crate::testing::{WORKING, at, patient, staff_id};

/// Seconds after [`WORKING`].
fn secs(seconds: i64) -> Timestamp {
    at(WORKING) + SignedDuration::from_secs(seconds)
}

fn mins(minutes: i64) -> Timestamp {
    secs(60 * minutes)
}

/// The patient's way through a channel.
fn way(channel: Channel) -> Way {
    let hash = patient().contact.hash(channel).unwrap().clone();
    Way { channel, hash }
}

/// The notice of message 1 to the patient, as it is opened.
fn opened(way: &Result<Way, FailureReason>, burst: Burst) -> Notice {
    Notice::opened("n1".to_owned(), 1, Recipient::Patient, way, burst, at(WORKING))
}

fn queued_through(channel: Channel) -> Notice {
    opened(&Ok(way(channel)), Burst::Own)
}

fn queued() -> Notice {
    queued_through(Channel::Email)
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

/// What a look finds in the ordinary case: the patient can be told by email and has read nothing.
fn ordinary(way: &Result<Way, FailureReason>) -> Look<'_> {
    Look { way, seen: 0, announced: None, covering: None, paused: false }
}

/// A notice that was claimed, as it is stored and read again after something was decided.
fn written(notice: Notice) -> Notice {
    Notice { version: notice.version + 1, attempts: 0, ..notice }
}

/// All orders of these.
fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..of.len() {
        let mut rest = of.to_vec();
        let first = rest.remove(index);
        for mut order in permutations(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

#[test]
fn a_notice_is_opened_for_its_way_and_due_at_once() {
    for channel in Channel::ALL {
        let notice = queued_through(channel);
        assert_eq!(notice.state, NoticeState::Queued);
        assert_eq!((notice.channel, notice.address), (Some(channel), Some(way(channel).hash)));
        assert_eq!((notice.version, notice.attempts, notice.sends), (1, 0, 0));
        assert_eq!((notice.due, notice.queued_at), (Some(at(WORKING)), at(WORKING)));
        assert_eq!((notice.hold, notice.earlier, notice.unanswered), (None, None, false));
    }
}

#[test]
fn a_notice_without_a_way_ends_at_once_and_says_why() {
    for reason in FailureReason::ALL {
        for burst in [Burst::Own, Burst::Covered { by: 1, until: mins(5) }] {
            let notice = opened(&Err(*reason), burst);
            assert_eq!(notice.state, NoticeState::Failed { at: at(WORKING), reason: *reason });
            assert_eq!((notice.channel, &notice.address), (None, &None));
            // It covers nothing yet, so nothing waits for it.
            assert_eq!(notice.due, None);
            assert!(!notice.is_queued());
        }
    }
}

#[test]
fn a_claim_lasts_as_long_as_a_lease() {
    let notice = queued().claimed(at(WORKING));
    assert_eq!((notice.attempts, notice.due), (1, Some(at(WORKING) + LEASE)));
    let again = notice.claimed(at(WORKING) + LEASE);
    assert_eq!((again.attempts, again.due), (2, Some(at(WORKING) + LEASE + LEASE)));
    // A claim that cannot be told from none at the end of time is no reason to fail.
    assert_eq!(again.claimed(Timestamp::MAX).due, Some(Timestamp::MAX));
}

#[test]
fn a_notice_reads_back_as_it_was_stored() {
    let (ok, at) = (Ok(way(Channel::Email)), at(WORKING));
    let mut all = vec![opened(&Err(FailureReason::AccessEnded), Burst::Own)];
    for state in [
        NoticeState::Queued,
        NoticeState::Covered { at, by: 7 },
        NoticeState::Unconfirmed { at },
        NoticeState::Accepted { at, provider_id: None },
        NoticeState::Accepted { at, provider_id: Some("m-1".to_owned()) },
        NoticeState::Delivered { at },
        NoticeState::Bounced { at, permanent: true },
        NoticeState::Bounced { at, permanent: false },
        NoticeState::OptedOut { at },
        NoticeState::Complained { at },
    ] {
        let notice = Notice { state: state.clone(), ..opened(&ok, Burst::Own) };
        let earlier = Some(Earlier { channel: Channel::Sms, state });
        let held = notice.clone().held(Hold::PatientSmsCap, mins(5));
        all.extend([notice.clone(), held, Notice { earlier, ..notice }]);
    }
    for reason in FailureReason::ALL {
        let state = NoticeState::Failed { at, reason: *reason };
        all.push(Notice { state, due: None, unanswered: true, ..queued() });
    }
    let guardian = Recipient::Guardian { id: AccountId::parse("g1").unwrap() };
    for recipient in [guardian, Recipient::Staff { id: staff_id("s1") }] {
        all.push(Notice { recipient, ..queued() });
    }
    for notice in all {
        let stored = serde_json::to_value(&notice).unwrap();
        assert_eq!(stored["state"], notice.state.as_str(), "the state is shown by its name");
        assert_eq!(serde_json::from_value::<Notice>(stored).unwrap(), notice);
    }
}

#[test]
fn a_reason_is_stored_under_the_name_that_it_shows() {
    let mut names = BTreeSet::new();
    for reason in FailureReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        names.insert(reason.as_str());
    }
    assert_eq!(names.len(), FailureReason::ALL.len());
}
