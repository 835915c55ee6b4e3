//! What is done about a notice that is due: sent, held back, moved to the other channel, let go.

use super::*;

/// A notice in this state, due and claimed.
fn in_state(channel: Channel, state: NoticeState) -> Notice {
    let sent = queued_through(channel).claimed(at(WORKING)).sending();
    Notice { state, unanswered: false, ..sent }.claimed(secs(60))
}

fn bounced(permanent: bool) -> NoticeState {
    NoticeState::Bounced { at: secs(9), permanent }
}

fn failed(reason: FailureReason) -> NoticeState {
    NoticeState::Failed { at: secs(9), reason }
}

#[test]
fn a_queued_notice_is_sent_under_its_claim() {
    for channel in Channel::ALL {
        let ok = Ok(way(channel));
        let notice = queued_through(channel).claimed(secs(5));
        let next = notice.clone().look(ordinary(&ok), secs(5));
        assert_eq!(next, Next::Send(notice));
    }
}

#[test]
fn a_notice_follows_the_address_that_is_there_when_it_is_sent() {
    let ok = Ok(way(Channel::Sms));
    let Next::Send(notice) = queued().claimed(secs(5)).look(ordinary(&ok), secs(5)) else {
        panic!("it is sent")
    };
    assert_eq!(notice.channel, Some(Channel::Sms));
    assert_eq!(notice.address, Some(way(Channel::Sms).hash));
    assert_eq!(notice.earlier, None, "it was never sent by email");
}

#[test]
fn a_notice_of_a_paused_clinic_is_held_back_until_sending_is_on_again() {
    let ok = Ok(way(Channel::Email));
    let paused = Look { paused: true, ..ordinary(&ok) };
    let Next::Store(held) = queued().claimed(secs(5)).look(paused, secs(5)) else {
        panic!("it is held back")
    };
    assert_eq!((&held.state, held.hold), (&NoticeState::Queued, Some(Hold::Paused)));
    assert_eq!(held.due, Some(secs(5) + PAUSE_STEP));
    let now = held.due.unwrap();
    let again = held.clone().claimed(now).look(paused, now);
    let longer = held.clone().claimed(now).held(Hold::Paused, now + PAUSE_STEP);
    assert_eq!(again, Next::Store(longer));
    let Next::Send(sent) = held.claimed(now).look(ordinary(&ok), now) else { panic!("it is sent") };
    assert_eq!(sent.sending().hold, None);
}

/// NO-13: whoever can no longer be told is not, whatever the notice waited for.
#[test]
fn a_notice_whose_way_is_gone_ends_and_lets_go_of_what_it_covers() {
    for state in [NoticeState::Queued, NoticeState::Unconfirmed { at: secs(1) }] {
        for reason in FailureReason::ALL {
            for paused in [false, true] {
                let gone = Err(*reason);
                let look = Look { paused, ..ordinary(&gone) };
                let notice = in_state(Channel::Email, state.clone()).held(Hold::Rate, secs(60));
                let Next::Store(ended) = notice.look(look, secs(60)) else {
                    panic!("it is stored as ended")
                };
                let wanted = NoticeState::Failed { at: secs(60), reason: *reason };
                assert_eq!((&ended.state, ended.hold), (&wanted, None));
                // Once more, to let go of those that it covers; then never again.
                assert_eq!(ended.due, Some(secs(60)));
                let again = ended.clone().look(look, secs(60));
                assert_eq!(again, Next::Release(Notice { due: None, ..ended }));
            }
        }
    }
}

#[test]
fn what_was_handed_over_is_looked_at_no_more() {
    let gone = Err(FailureReason::AccessEnded);
    let ok = Ok(way(Channel::Sms));
    for state in [
        NoticeState::Accepted { at: secs(1), provider_id: Some("m-1".to_owned()) },
        NoticeState::Delivered { at: secs(1) },
        NoticeState::Complained { at: secs(1) },
    ] {
        for way in [&gone, &ok] {
            for paused in [false, true] {
                let notice = in_state(Channel::Email, state.clone());
                let next = notice.clone().look(Look { paused, ..ordinary(way) }, secs(60));
                assert_eq!(next, Next::Store(Notice { due: None, ..notice }));
            }
        }
    }
}

#[test]
fn what_came_back_for_good_goes_to_the_other_channel_once() {
    for channel in Channel::ALL {
        let other = channel.other();
        let ok = Ok(way(other));
        for state in [
            bounced(true),
            NoticeState::OptedOut { at: secs(9) },
            failed(FailureReason::AddressRejected),
            failed(FailureReason::OptedOut),
        ] {
            let notice = in_state(channel, state.clone());
            let next = notice.clone().look(ordinary(&ok), secs(60));
            let earlier = Some(Earlier { channel, state: state.clone() });
            let moved = Notice {
                channel: Some(other),
                address: Some(way(other).hash),
                state: NoticeState::Queued,
                earlier: earlier.clone(),
                ..notice.clone()
            };
            assert_eq!(next, Next::Send(moved.clone()));

            // While sending is off it waits there.
            let paused = Look { paused: true, ..ordinary(&ok) };
            let held = moved.clone().held(Hold::Paused, secs(60) + PAUSE_STEP);
            assert_eq!(notice.look(paused, secs(60)), Next::Store(held));

            // It ends there too: even if the first channel could be used by now, it is over.
            let back = Ok(way(channel));
            let ended = Notice { state: state.clone(), ..moved.clone() };
            let next = ended.clone().look(ordinary(&back), secs(90));
            assert_eq!(next, Next::Release(Notice { due: None, ..ended }));

            // Before it went there, the way changed back: it was there already.
            let Next::Store(over) = moved.look(ordinary(&back), secs(90)) else {
                panic!("it is stored as ended")
            };
            assert_eq!(failure(&over), Some(FailureReason::NoUsableAddress));
            assert_eq!((over.due, over.earlier), (Some(secs(90)), earlier));
        }
    }
}

#[test]
fn what_did_not_end_for_good_at_the_address_goes_nowhere_else() {
    let other = Ok(way(Channel::Sms));
    for state in [
        bounced(false),
        failed(FailureReason::GaveUp),
        failed(FailureReason::AccessEnded),
        failed(FailureReason::SenderRejected),
        failed(FailureReason::RequestRejected),
        failed(FailureReason::ProviderRejected),
        failed(FailureReason::NoUsableAddress),
    ] {
        let notice = in_state(Channel::Email, state);
        let next = notice.clone().look(ordinary(&other), secs(60));
        assert_eq!(next, Next::Release(Notice { due: None, ..notice }));
    }
}

#[test]
fn what_came_back_for_good_is_over_without_another_channel() {
    for way in [Ok(way(Channel::Email)), Err(FailureReason::AddressBounced)] {
        let notice = in_state(Channel::Email, bounced(true));
        let next = notice.clone().look(ordinary(&way), secs(60));
        assert_eq!(next, Next::Release(Notice { due: None, ..notice }));
    }
    // One that never had a channel has no other one.
    let ok = Ok(way(Channel::Email));
    let state = failed(FailureReason::OptedOut);
    let never = Notice { channel: None, address: None, ..in_state(Channel::Email, state) };
    assert!(matches!(never.look(ordinary(&ok), secs(60)), Next::Release(_)));
}

/// Whoever was about to hand an email over did not come back. Feedback will tell, by the notice's
/// id, whether it went; if it does not, it is sent again.
#[test]
fn an_email_whose_answer_was_lost_waits_a_quarter_of_an_hour_and_is_sent_again() {
    let ok = Ok(way(Channel::Email));
    let begun = written(queued().claimed(at(WORKING)).sending());
    let now = begun.due.unwrap();
    let Next::Store(waits) = begun.claimed(now).look(ordinary(&ok), now) else {
        panic!("it is not sent at once")
    };
    assert_eq!(waits.state, NoticeState::Unconfirmed { at: now });
    assert_eq!((waits.due, waits.unanswered), (Some(now + CONFIRM_WITHIN), false));
    assert_eq!(waits.waited, CONFIRM_WITHIN.as_secs(), "it counts as a failure");
    let waits = written(waits);
    let now = now + CONFIRM_WITHIN;
    let Next::Send(again) = waits.clone().claimed(now).look(ordinary(&ok), now) else {
        panic!("it is sent again")
    };
    assert_eq!((again.sending().sends, waits.sends), (2, 1));
    // What the provider told meanwhile ends the waiting.
    let told = waits.told(Channel::Email, Happened::Delivered, secs(30)).unwrap();
    assert_eq!((told.state, told.due), (NoticeState::Delivered { at: secs(30) }, None));
}

#[test]
fn a_text_message_whose_answer_was_lost_is_sent_again_at_once() {
    let ok = Ok(way(Channel::Sms));
    let begun = written(queued_through(Channel::Sms).claimed(at(WORKING)).sending());
    let now = begun.due.unwrap();
    let claimed = begun.claimed(now);
    let Next::Send(again) = claimed.clone().look(ordinary(&ok), now) else {
        panic!("it is sent at once")
    };
    let waited = again.waited;
    assert_eq!(again, Notice { unanswered: false, lost: 1, waited, ..claimed.clone() });
    assert_eq!(waited, 30, "it counts as a failure");
    // Unless something else is in its way by now.
    let gone = Err(FailureReason::OptedOut);
    let Next::Store(ended) = claimed.clone().look(ordinary(&gone), now) else {
        panic!("it is stored as ended")
    };
    assert_eq!(failure(&ended), Some(FailureReason::OptedOut));
    let Next::Store(held) = claimed.look(Look { paused: true, ..ordinary(&ok) }, now) else {
        panic!("it is held back")
    };
    assert_eq!((held.hold, held.unanswered), (Some(Hold::Paused), false));
}

#[test]
fn a_text_message_whose_answers_are_always_lost_is_sent_less_and_less_often() {
    let ok = Ok(way(Channel::Sms));
    for (sends, at_once) in [(1, true), (2, true), (3, true), (4, false), (9, false)] {
        let begun = Notice { sends, unanswered: true, ..queued_through(Channel::Sms) };
        match begun.claimed(secs(120)).look(ordinary(&ok), secs(120)) {
            Next::Send(_) => assert!(at_once, "{sends}"),
            Next::Store(waits) => {
                assert!(!at_once, "{sends}");
                assert_eq!((&waits.state, waits.unanswered), (&NoticeState::Queued, false));
                assert_eq!(waits.due, Some(secs(120) + backoff(sends, 0.0)));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What was told while the answer was lost counts, and not that it was.
#[test]
fn an_answer_that_was_lost_is_no_matter_once_the_provider_told_what_happened() {
    let ok = Ok(way(Channel::Email));
    let begun = queued().claimed(at(WORKING)).sending();
    let told = begun.told(Channel::Email, Happened::Sent, secs(3)).unwrap();
    assert_eq!((told.due, told.unanswered), (None, false));
    let next = told.clone().look(ordinary(&ok), secs(200));
    assert_eq!(next, Next::Store(told));
}
