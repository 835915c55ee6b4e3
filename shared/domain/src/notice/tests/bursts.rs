//! Several messages within a few minutes, of which one notice tells.

use super::*;

/// A message, announced to the person at an instant.
#[allow(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn announced(number: u32, at: Timestamp) -> Option<Announced> {
    Some(Announced { number, at })
}

fn covered_by(by: u32, until: Timestamp) -> Burst {
    Burst::Covered { by, until }
}

/// The notice of message 5, covered by that of message 3 until the window ends, and claimed then.
fn covered() -> Notice {
    let ok = Ok(way(Channel::Email));
    let burst = covered_by(3, mins(5));
    let opened = Notice::opened("n5".to_owned(), 5, Recipient::Patient, &ok, burst, mins(1));
    assert_eq!(opened.due, Some(mins(5)));
    opened.claimed(mins(5))
}

/// The notice of message 3, where it stands.
fn covering(state: NoticeState) -> Notice {
    Notice { number: 3, id: "n3".to_owned(), state, ..queued() }
}

fn accepted() -> NoticeState {
    NoticeState::Accepted { at: secs(2), provider_id: Some("m-1".to_owned()) }
}

/// States of a notice that tells of what it covers, sooner or later or already.
fn standing() -> [NoticeState; 4] {
    [
        accepted(),
        NoticeState::Delivered { at: secs(3) },
        NoticeState::Complained { at: secs(9) },
        NoticeState::Covered { at: secs(1), by: 2 },
    ]
}

/// States of a notice that told nobody.
fn fallen() -> Vec<NoticeState> {
    let at = secs(9);
    let failed =
        FailureReason::ALL.iter().map(|reason| NoticeState::Failed { at, reason: *reason });
    let bounced = [true, false].map(|permanent| NoticeState::Bounced { at, permanent });
    failed.chain(bounced).chain([NoticeState::OptedOut { at }]).collect()
}

/// What becomes of [`covered`] at the end of its window.
fn at_the_end(covering: Option<&Notice>, seen: u32, announced: Option<Announced>) -> Next {
    let ok = Ok(way(Channel::Email));
    covered().look(Look { seen, announced, covering, ..ordinary(&ok) }, mins(5))
}

#[test]
fn within_five_minutes_an_unread_message_covers_the_next() {
    let last = announced(3, at(WORKING));
    let window = [0, 1, 299].map(secs);
    for now in window {
        for seen in 0..3 {
            assert_eq!(Burst::of(last, seen, now), covered_by(3, mins(5)), "{now} {seen}");
        }
        // Who has read it may be gone again.
        for seen in [3, 4, u32::MAX] {
            assert_eq!(Burst::of(last, seen, now), Burst::Own, "{now} {seen}");
        }
    }
    for now in [mins(5), mins(6), Timestamp::MAX] {
        assert_eq!(Burst::of(last, 0, now), Burst::Own, "{now}");
    }
    assert_eq!(Burst::of(None, 0, at(WORKING)), Burst::Own);
    // Message 0 there is not: it stands for one that covers nothing any more.
    assert_eq!(Burst::of(announced(0, at(WORKING)), 0, at(WORKING)), Burst::Own);
    assert_eq!(
        Burst::of(announced(3, Timestamp::MAX), 0, at(WORKING)),
        covered_by(3, Timestamp::MAX)
    );
}

#[test]
fn a_covered_notice_is_not_sent_and_waits_for_the_end_of_the_window() {
    let notice = covered();
    assert_eq!(notice.state, NoticeState::Covered { at: mins(1), by: 3 });
    assert!(!notice.is_queued());
    assert!(notice.is_covered_by(3));
    assert!(!notice.is_covered_by(5) && !notice.is_covered_by(0));
    assert!(!queued().is_covered_by(3));
}

#[test]
fn who_has_read_the_message_needs_no_notice_of_it() {
    let mut all: Vec<Option<Notice>> = vec![None];
    all.extend(standing().map(covering).map(Some));
    all.extend(fallen().into_iter().map(covering).map(Some));
    all.push(Some(covering(NoticeState::Queued)));
    for covering in all {
        for seen in [5, 6] {
            let next = at_the_end(covering.as_ref(), seen, announced(3, at(WORKING)));
            assert_eq!(next, Next::Store(Notice { due: None, ..covered() }));
        }
    }
}

#[test]
fn who_has_read_neither_finds_this_message_with_the_announced_one() {
    for state in standing() {
        for seen in 0..3 {
            let covering = covering(state.clone());
            let next = at_the_end(Some(&covering), seen, announced(3, at(WORKING)));
            assert_eq!(next, Next::Store(Notice { due: None, ..covered() }), "{state:?}");
        }
    }
}

#[test]
fn who_has_read_the_announced_message_and_not_this_one_is_told_of_it() {
    for state in standing() {
        for seen in [3, 4] {
            let covering = covering(state.clone());
            let next = at_the_end(Some(&covering), seen, announced(3, at(WORKING)));
            let wanted = Notice { state: NoticeState::Queued, ..covered() };
            assert_eq!(next, Next::Announce(wanted), "{state:?} {seen}");
        }
    }
}

/// No message is lost in a burst: if the notice that should tell of it told nobody, it gets its own.
#[test]
fn a_message_whose_covering_notice_told_nobody_is_announced_by_itself() {
    let mut all: Vec<Option<Notice>> = vec![None];
    all.extend(fallen().into_iter().map(covering).map(Some));
    for covering in all {
        for seen in 0..5 {
            // Whether or not what is announced still points to it.
            for last in [announced(3, mins(4)), announced(0, Timestamp::UNIX_EPOCH), None] {
                let next = at_the_end(covering.as_ref(), seen, last);
                let wanted = Notice { state: NoticeState::Queued, ..covered() };
                assert_eq!(next, Next::Announce(wanted), "{covering:?} {seen} {last:?}");
            }
        }
    }
}

#[test]
fn while_the_covering_notice_is_not_sent_the_covered_one_waits() {
    for state in [NoticeState::Queued, NoticeState::Unconfirmed { at: mins(2) }] {
        for seen in 0..5 {
            let covering = covering(state.clone());
            let next = at_the_end(Some(&covering), seen, announced(3, at(WORKING)));
            let due = Some(mins(5) + CONFIRM_WITHIN);
            assert_eq!(next, Next::Store(Notice { due, ..covered() }));
        }
    }
}

#[test]
fn a_message_that_needs_a_notice_after_all_is_covered_by_a_later_one_of_the_burst() {
    // Message 3 was read, and message 7 announced since.
    let sent = covering(accepted());
    let next = at_the_end(Some(&sent), 3, announced(7, mins(4)));
    let state = NoticeState::Covered { at: mins(5), by: 7 };
    assert_eq!(next, Next::Store(Notice { state, due: Some(mins(9)), ..covered() }));
    // That one was announced long ago, or read too.
    for last in [announced(7, at(WORKING)), announced(3, mins(4))] {
        assert!(matches!(at_the_end(Some(&sent), 3, last), Next::Announce(_)), "{last:?}");
    }
}

#[test]
fn of_those_that_are_let_go_together_the_first_covers_the_others() {
    let fallen = covering(NoticeState::Bounced { at: mins(2), permanent: true });
    let unannounced = announced(0, Timestamp::UNIX_EPOCH);
    let ok = Ok(way(Channel::Email));
    let look = |announced| Look { announced, covering: Some(&fallen), ..ordinary(&ok) };
    let first = covered().released(mins(2));
    let Next::Announce(first) = first.claimed(mins(2)).look(look(unannounced), mins(2)) else {
        panic!("it is announced by itself")
    };
    assert_eq!((first.number, first.is_queued()), (5, true));
    for number in [4, 6] {
        let other = Notice { number, ..covered() }.released(mins(2));
        assert_eq!(other.due, Some(mins(2)));
        let next = other.claimed(mins(2)).look(look(announced(5, mins(2))), mins(2));
        let Next::Store(other) = next else { panic!("it is covered again: {next:?}") };
        assert_eq!(other.state, NoticeState::Covered { at: mins(2), by: 5 });
        assert_eq!(other.due, Some(mins(7)));
    }
}

/// NO-13: who may not be told any more, or not at this address, is not told of a covered message
/// either.
#[test]
fn a_message_that_needs_a_notice_after_all_and_has_no_way_ends() {
    let sent = covering(accepted());
    for reason in FailureReason::ALL {
        let gone = Err(*reason);
        let look = Look { seen: 3, covering: Some(&sent), ..ordinary(&gone) };
        let Next::Store(ended) = covered().look(look, mins(5)) else {
            panic!("it is stored as ended")
        };
        assert_eq!(ended.state, NoticeState::Failed { at: mins(5), reason: *reason });
        assert_eq!(ended.due, Some(mins(5)), "it may cover others, which are to know");
    }
    // A change of address since is followed.
    let by_text = Ok(way(Channel::Sms));
    let look = Look { seen: 3, covering: Some(&sent), ..ordinary(&by_text) };
    let Next::Announce(next) = covered().look(look, mins(5)) else { panic!("it is announced") };
    assert_eq!((next.channel, next.address), (Some(Channel::Sms), Some(way(Channel::Sms).hash)));
}

#[test]
fn while_sending_is_off_a_message_that_needs_a_notice_after_all_waits() {
    let sent = covering(accepted());
    let ok = Ok(way(Channel::Email));
    let look = Look { seen: 3, covering: Some(&sent), ..ordinary(&ok) };
    let next = covered().look(Look { paused: true, ..look }, mins(5));
    let now = mins(5) + PAUSE_STEP;
    assert_eq!(next, Next::Store(Notice { due: Some(now), ..covered() }));
    let Next::Store(waits) = next else { panic!("it waits") };
    assert!(matches!(waits.claimed(now).look(look, now), Next::Announce(_)));
}
