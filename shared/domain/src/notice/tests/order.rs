//! What the providers tell, in any order and number.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const BOUNCE: Happened = Happened::Bounced { permanent: true, marks: true };
const SOFT: Happened = Happened::Bounced { permanent: false, marks: false };

const ALL: [Happened; 9] = [
    Happened::Sent,
    Happened::Delivered,
    SOFT,
    BOUNCE,
    Happened::Bounced { permanent: true, marks: false },
    Happened::Complained,
    Happened::Rejected,
    Happened::OptedOut,
    Happened::Nothing,
];

/// One thing that is told: through which channel the notice went, what happened, and when.
type Told = (Channel, Happened, Timestamp);

fn after(notice: &Notice, events: &[Told]) -> Notice {
    events.iter().fold(notice.clone(), |notice, (channel, happened, at)| {
        let next = notice.clone().told(*channel, *happened, *at);
        assert_ne!(next.as_ref(), Some(&notice), "what is no news changes nothing");
        next.unwrap_or(notice)
    })
}

/// Notices before anything was told: wherever one can stand by itself.
fn before() -> Vec<Notice> {
    let sending = queued().claimed(at(WORKING)).sending();
    let accepted = sending.clone().answered(taken(), secs(1), 0.0);
    let lost = Answer::Passing { unknown: true };
    let unconfirmed = sending.clone().answered(lost, secs(1), 0.0);
    let gave_up = Answer::Permanent(FailureReason::GaveUp);
    let held = queued().held(Hold::Rate, secs(20));
    let failed = sending.clone().answered(gave_up, secs(2), 0.0);
    let covered = opened(&Ok(way(Channel::Email)), Burst::Covered { by: 2, until: mins(5) });
    let mut all = vec![queued(), held, sending, unconfirmed, accepted, failed, covered];
    // The same by text message, after an email that came back.
    let second = all.clone().into_iter().map(|notice| Notice {
        channel: Some(Channel::Sms),
        address: Some(way(Channel::Sms).hash),
        earlier: Some(Earlier {
            channel: Channel::Email,
            state: NoticeState::Bounced { at: secs(3), permanent: true },
        }),
        ..notice
    });
    let second: Vec<_> = second.collect();
    all.extend(second);
    all
}

fn told() -> impl Strategy<Value = Told> {
    // Few instants, so that some things happen at once.
    (select(Channel::ALL.to_vec()), select(ALL.to_vec()), 0_i64..6)
        .prop_map(|(channel, happened, seconds)| (channel, happened, secs(seconds)))
}

proptest! {
    #[test]
    fn whatever_is_told_in_any_order_and_repeated_ends_the_same(
        notice in select(before()),
        (events, shuffled, again) in prop::collection::vec(told(), 0..8).prop_flat_map(|events| {
            let shuffled = Just(events.clone()).prop_shuffle();
            let again = subsequence(events.clone(), 0..=events.len()).prop_shuffle();
            (Just(events), shuffled, again)
        }),
    ) {
        let end = after(&notice, &events);
        prop_assert_eq!(after(&notice, &shuffled), end.clone());
        let mut with_repeats = shuffled;
        with_repeats.extend(again);
        prop_assert_eq!(after(&notice, &with_repeats), end.clone());
        with_repeats.reverse();
        prop_assert_eq!(after(&notice, &with_repeats), end.clone());
        // What makes the notice what it is, nobody can tell otherwise.
        let same = |notice: &Notice| {
            let Notice { id, number, recipient, channel, address, queued_at, .. } = notice.clone();
            (id, number, recipient, channel, address, queued_at)
        };
        prop_assert_eq!(same(&end), same(&notice));
        prop_assert_eq!((end.version, end.attempts, end.sends, end.waited),
            (notice.version, notice.attempts, notice.sends, notice.waited));
    }
}

/// NO-02: a bounce counts, before and after anything else, and however often it is told.
#[test]
fn a_notice_that_came_back_ends_bounced_in_every_order() {
    let send = (Channel::Email, Happened::Sent, secs(2));
    let delivery = (Channel::Email, Happened::Delivered, secs(5));
    let bounce = (Channel::Email, BOUNCE, secs(9));
    let accepted = queued().sending().answered(taken(), secs(1), 0.0);
    let unanswered = queued().sending();
    let mut orders = 0;
    for notice in [accepted, unanswered] {
        for events in permutations(&[send, send, delivery, delivery, bounce, bounce]) {
            let end = after(&notice, &events);
            assert_eq!(end.state, NoticeState::Bounced { at: secs(9), permanent: true });
            // It is looked at once more: another address may do.
            assert_eq!((end.due, end.unanswered), (Some(secs(9)), false));
            orders += 1;
        }
    }
    assert_eq!(orders, 2 * 720);
}

/// SES tells of somebody who is away as of a soft bounce, after the delivery or before it.
#[test]
fn a_notice_that_arrived_stays_delivered_whatever_bounced_softly() {
    let sent = (Channel::Email, Happened::Sent, secs(2));
    let delivered = (Channel::Email, Happened::Delivered, secs(5));
    let away = (Channel::Email, SOFT, secs(9));
    for events in permutations(&[sent, delivered, away, away]) {
        let end = after(&queued().sending(), &events);
        assert_eq!(end.state, NoticeState::Delivered { at: secs(5) });
        assert_eq!(end.due, None, "who was told is told by no other way");
    }
}

#[test]
fn a_complaint_comes_after_a_delivery_and_stays() {
    let delivered = (Channel::Email, Happened::Delivered, secs(5));
    let complaint = (Channel::Email, Happened::Complained, secs(900));
    for events in permutations(&[delivered, complaint, (Channel::Email, Happened::Sent, secs(2))]) {
        let end = after(&queued().sending(), &events);
        assert_eq!(end.state, NoticeState::Complained { at: secs(900) });
        // Who complained was told, so nothing else is to be done for this notice.
        assert_eq!(end.due, None);
    }
}

#[test]
fn each_state_gives_way_to_the_next_and_to_none_before_it() {
    let ladder = [
        (Happened::Sent, "accepted"),
        (SOFT, "bounced"),
        (Happened::Delivered, "delivered"),
        (Happened::Rejected, "failed"),
        (BOUNCE, "bounced"),
        (Happened::OptedOut, "opted_out"),
        (Happened::Complained, "complained"),
    ];
    let mut notice = queued().sending();
    for (step, (happened, name)) in ladder.iter().enumerate() {
        let seconds = i64::try_from(step).unwrap();
        notice = notice.told(Channel::Email, *happened, secs(seconds)).unwrap();
        assert_eq!(notice.state.as_str(), *name);
        for (earlier, _) in &ladder[..step] {
            // Late, whenever it happened.
            for late in [secs(-900), secs(900)] {
                assert_eq!(notice.clone().told(Channel::Email, *earlier, late), None);
            }
        }
        assert_eq!(notice.clone().told(Channel::Email, *happened, secs(seconds)), None);
        assert_eq!(notice.clone().told(Channel::Email, *happened, secs(900)), None);
        assert_eq!(notice.clone().told(Channel::Email, Happened::Nothing, secs(900)), None);
    }
}

#[test]
fn of_two_alike_the_earlier_counts() {
    for happened in ALL.into_iter().filter(|happened| *happened != Happened::Nothing) {
        let told = |seconds| (Channel::Email, happened, secs(seconds));
        let end = after(&queued(), &[told(5), told(3), told(4)]);
        assert_eq!(end, after(&queued(), &[told(3)]));
        // What ended without telling anybody is looked at once more.
        let ended = matches!(
            end.state,
            NoticeState::Bounced { .. } | NoticeState::OptedOut { .. } | NoticeState::Failed { .. }
        );
        assert_eq!(end.due, ended.then_some(secs(3)), "{happened:?}");
    }
}

/// The provider may tell that it took a notice before its answer is stored, or instead of it.
#[test]
fn what_is_told_of_a_notice_that_is_being_sent_stops_its_sending() {
    let sending = queued().claimed(at(WORKING)).sending();
    let lost = Answer::Passing { unknown: true };
    let unconfirmed = sending.clone().answered(lost, secs(1), 0.0);
    let held = queued().held(Hold::Paused, mins(5));
    let ok = Ok(way(Channel::Email));
    for notice in [queued(), sending, unconfirmed, held] {
        assert!(notice.is_queued());
        for happened in ALL.into_iter().filter(|happened| *happened != Happened::Nothing) {
            let told = notice.clone().told(Channel::Email, happened, secs(5)).unwrap();
            assert!(!told.is_queued(), "{happened:?}");
            assert_eq!((told.hold, told.unanswered), (None, false));
            let sent = matches!(told.clone().look(ordinary(&ok), secs(6)), Next::Send(_));
            assert!(!sent, "it is not sent again: {happened:?}");
            // An answer that comes late does not take back what was told.
            for answer in [taken(), lost_answer(), Answer::Permanent(FailureReason::GaveUp)] {
                assert_eq!(told.clone().answered(answer, secs(7), 0.0), told);
            }
        }
        assert_eq!(notice.clone().told(Channel::Email, Happened::Nothing, secs(5)), None);
    }
}

fn lost_answer() -> Answer {
    Answer::Passing { unknown: true }
}

/// Given up, or its reader's access ended, while an answer was lost: if the provider tells that it
/// arrived, then it did.
#[test]
fn what_we_did_not_send_as_far_as_we_know_may_have_arrived() {
    for reason in FailureReason::ALL {
        let state = NoticeState::Failed { at: secs(3), reason: *reason };
        let failed = Notice { state: state.clone(), due: Some(secs(3)), ..queued() };
        for (happened, wanted) in [
            (Happened::Sent, NoticeState::Accepted { at: secs(1), provider_id: None }),
            (Happened::Delivered, NoticeState::Delivered { at: secs(1) }),
        ] {
            let told = failed.clone().told(Channel::Email, happened, secs(1));
            if *reason == FailureReason::ProviderRejected {
                assert_eq!(told, None, "the provider said itself that it did not send it");
            } else {
                let told = told.unwrap();
                assert_eq!((told.state, told.due), (wanted, None));
            }
        }
        let bounced = failed.told(Channel::Email, BOUNCE, secs(1)).unwrap();
        assert_eq!(bounced.state, NoticeState::Bounced { at: secs(1), permanent: true });
    }
}

#[test]
fn what_is_told_of_the_earlier_channel_changes_what_happened_there_alone() {
    let earlier = Earlier {
        channel: Channel::Email,
        state: NoticeState::Bounced { at: secs(3), permanent: true },
    };
    let notice = Notice { earlier: Some(earlier.clone()), ..queued_through(Channel::Sms) };
    assert_eq!(notice.clone().told(Channel::Email, Happened::Delivered, secs(9)), None);
    assert_eq!(notice.clone().told(Channel::Email, BOUNCE, secs(3)), None);
    let told = notice.clone().told(Channel::Email, Happened::Complained, secs(9)).unwrap();
    let complained = Earlier { state: NoticeState::Complained { at: secs(9) }, ..earlier };
    assert_eq!(told, Notice { earlier: Some(complained), ..notice });
}

#[test]
fn what_is_told_of_a_channel_that_the_notice_did_not_take_changes_nothing() {
    let failed = opened(&Err(FailureReason::NoUsableAddress), Burst::Own);
    for (notice, channels) in [
        (queued(), vec![Channel::Sms]),
        (queued_through(Channel::Sms), vec![Channel::Email]),
        (failed, Channel::ALL.to_vec()),
    ] {
        for channel in channels {
            for happened in ALL {
                assert_eq!(notice.clone().told(channel, happened, secs(5)), None);
            }
        }
    }
}

#[test]
fn the_providers_id_stays_when_it_tells_that_it_took_the_notice() {
    let accepted = queued().sending().answered(taken(), secs(5), 0.0);
    let provider_id = Some("m-1".to_owned());
    let told = accepted.clone().told(Channel::Email, Happened::Sent, secs(3)).unwrap();
    assert_eq!(told.state, NoticeState::Accepted { at: secs(3), provider_id });
    assert_eq!(accepted.told(Channel::Email, Happened::Sent, secs(7)), None);
}
