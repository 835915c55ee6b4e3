//! Notices: opened once, stored by whoever has the claim, found by the provider's ids.

use domain::actor::Actor;
use domain::address::Addresses;
use domain::audit::{Action, Record, Subject};
use domain::clinic::Plan;
use domain::notice::{Announced, Answer, Burst, Happened, LEASE, Notice, NoticeState, Recipient};
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use scenario::people::{account_id, contact, staff, staff_id};
use scenario::{NOW, World};
use store::due::Claimed;
use store::key::{self, ConversationKey, DUE_SHARDS, Key, Work};
use store::{Committed, Store, Transaction, notices};

fn secs(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn guardian(id: &str) -> Recipient {
    Recipient::Guardian { id: account_id(id) }
}

fn member(id: &str) -> Recipient {
    Recipient::Staff { id: staff_id(id) }
}

/// A notice by email that is due at once, or covered for five minutes.
fn opened(number: u32, recipient: Recipient, covered_by: Option<u32>) -> Notice {
    let way = contact().way(&Addresses::default());
    let burst = covered_by.map_or(Burst::Own, |by| Burst::Covered { by, until: secs(300) });
    Notice::opened(platform::new_id(), number, recipient, &way, burst, NOW)
}

fn place(name: &ConversationKey, notice: &Notice) -> Key {
    key::notice(name, notice.number, &notice.recipient)
}

async fn commit(store: &Store, parts: impl FnOnce(&mut Transaction)) -> Committed {
    let mut transaction = store.transaction();
    parts(&mut transaction);
    store.commit(transaction).await.unwrap()
}

async fn open(store: &Store, name: &ConversationKey, notice: &Notice) -> Committed {
    commit(store, |transaction| notices::open(transaction, name, notice, NOW)).await
}

async fn settle(
    store: &Store,
    name: &ConversationKey,
    before: &Notice,
    after: &Notice,
) -> Committed {
    commit(store, |transaction| notices::settle(transaction, name, before, after)).await
}

async fn stored(store: &Store, name: &ConversationKey, notice: &Notice) -> Option<Notice> {
    let key = place(name, notice);
    store.read([key.clone()]).await.unwrap().take(&key).unwrap()
}

async fn claim(store: &Store, name: &ConversationKey, notice: &Notice, at: Timestamp) -> Notice {
    let claimed = store.claim(&place(name, notice), at, at + LEASE, 60).await.unwrap();
    let Claimed::Held(claimed) = claimed else { panic!("{claimed:?}") };
    claimed
}

/// The notices of the conversation that are due by then.
async fn due(store: &Store, at: Timestamp) -> Vec<Key> {
    let mut keys = Vec::new();
    for shard in 0..DUE_SHARDS {
        keys.extend(store.due(Work::Notice, shard, at, 100).await.unwrap());
    }
    let keys = keys.into_iter().map(|hint| hint.key);
    keys.filter(|key| key.sk.contains("NOTICE#")).collect()
}

async fn start() -> (World, ConversationKey, Store) {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let store = world.store();
    (world, name, store)
}

#[tokio::test]
async fn of_two_who_open_the_notice_of_a_message_to_one_person_one_does() {
    let (_world, name, store) = start().await;
    let first = opened(1, Recipient::Patient, None);
    let second = opened(1, Recipient::Patient, None);
    assert_ne!(first.id, second.id);
    assert_eq!(open(&store, &name, &first).await, Committed::Done);
    assert_eq!(open(&store, &name, &second).await, Committed::Lost);
    assert_eq!(open(&store, &name, &first).await, Committed::Lost);
    assert_eq!(stored(&store, &name, &first).await, Some(first.clone()));
    // Of the one that was not opened, nothing is known.
    let place = place(&name, &first);
    assert_eq!(store.notice_named(&first.id).await.unwrap(), Some((place, Channel::Email)));
    assert_eq!(store.notice_named(&second.id).await.unwrap(), None);
    // To another person, of another message, in another conversation: another notice.
    for (name, notice) in [
        (&name, opened(1, guardian("g1"), None)),
        (&name, opened(1, member("s1"), None)),
        (&name, opened(2, Recipient::Patient, None)),
        (&scenario::name("c1", "p1", "v2"), opened(1, Recipient::Patient, None)),
    ] {
        assert_eq!(open(&store, name, &notice).await, Committed::Done);
    }
}

#[tokio::test]
async fn an_id_that_is_taken_is_not_taken_over() {
    let (_world, name, store) = start().await;
    let first = opened(1, Recipient::Patient, None);
    assert_eq!(open(&store, &name, &first).await, Committed::Done);
    let same_id = Notice { id: first.id.clone(), ..opened(2, Recipient::Patient, None) };
    assert_eq!(open(&store, &name, &same_id).await, Committed::Lost);
    assert_eq!(stored(&store, &name, &same_id).await, None);
}

#[tokio::test]
async fn a_notice_is_due_when_it_says_and_not_when_it_does_not() {
    let (_world, name, store) = start().await;
    let own = opened(1, Recipient::Patient, None);
    let covered = opened(2, Recipient::Patient, Some(1));
    for notice in [&own, &covered] {
        assert_eq!(open(&store, &name, notice).await, Committed::Done);
    }
    let (of_own, of_covered) = (place(&name, &own), place(&name, &covered));
    assert_eq!(due(&store, NOW).await, std::slice::from_ref(&of_own));
    assert_eq!(due(&store, secs(299)).await, std::slice::from_ref(&of_own));
    assert_eq!(due(&store, secs(300)).await, [of_own.clone(), of_covered.clone()]);
    // Once it is done with, it is in no index, and nobody can claim it.
    let claimed = claim(&store, &name, &own, NOW).await;
    let done = Notice { due: None, ..claimed.clone() };
    assert_eq!(settle(&store, &name, &claimed, &done).await, Committed::Done);
    assert_eq!(due(&store, secs(9_999)).await, std::slice::from_ref(&of_covered));
    let again = store.claim::<Notice>(&of_own, secs(9_999), secs(99_999), 60).await.unwrap();
    assert_eq!(again, Claimed::NotDue);
}

#[tokio::test]
async fn a_notice_is_stored_by_whoever_has_its_claim() {
    let (_world, name, store) = start().await;
    let notice = opened(1, Recipient::Patient, None);
    assert_eq!(open(&store, &name, &notice).await, Committed::Done);
    let first = claim(&store, &name, &notice, NOW).await;
    assert_eq!((first.version, first.attempts), (1, 1));
    // Its claim ran out, and another took it.
    let second = claim(&store, &name, &notice, NOW + LEASE).await;
    assert_eq!((second.version, second.attempts), (1, 2));
    // What counts is what it rests on, and not what it says of itself.
    let late = first.clone().sending();
    for attempts in [first.attempts, second.attempts] {
        let late = Notice { attempts, ..late.clone() };
        assert_eq!(settle(&store, &name, &first, &late).await, Committed::Lost);
    }
    let sending = second.clone().sending();
    assert_eq!(settle(&store, &name, &second, &sending).await, Committed::Done);
    let after = notices::written(&second, &sending);
    assert_eq!((after.version, after.attempts), (2, 0), "it is counted anew");
    assert_eq!(stored(&store, &name, &notice).await, Some(after.clone()));
    // What rests on what was there before is not stored, whoever has it.
    for old in [&notice, &first, &second] {
        assert_eq!(settle(&store, &name, old, &old.clone().sending()).await, Committed::Lost);
    }
    assert_eq!(settle(&store, &name, &after, &after).await, Committed::Done);
    assert_eq!(stored(&store, &name, &notice).await.unwrap().version, 3);
}

/// What the provider tells may be stored while the notice is claimed: then the answer comes too late.
#[tokio::test]
async fn an_answer_that_comes_after_the_providers_feedback_is_not_stored() {
    let (_world, name, store) = start().await;
    let notice = opened(1, Recipient::Patient, None);
    assert_eq!(open(&store, &name, &notice).await, Committed::Done);
    let claimed = claim(&store, &name, &notice, NOW).await;
    let sending = claimed.clone().sending();
    assert_eq!(settle(&store, &name, &claimed, &sending).await, Committed::Done);
    let sending = notices::written(&claimed, &sending);

    let told = sending.clone().told(Channel::Email, Happened::Delivered, secs(1)).unwrap();
    assert_eq!(settle(&store, &name, &sending, &told).await, Committed::Done);
    let answer = Answer::Accepted { provider_id: "m-1".to_owned() };
    let answered = sending.clone().answered(answer, secs(2), 0.0);
    assert_eq!(settle(&store, &name, &sending, &answered).await, Committed::Lost);
    let end = stored(&store, &name, &notice).await.unwrap();
    assert_eq!(end.state, NoticeState::Delivered { at: secs(1) });
    assert_eq!(due(&store, secs(9_999)).await, []);
    // And the other way round: what was read before the answer was stored is told anew.
    let again = end.clone().told(Channel::Email, Happened::Complained, secs(9)).unwrap();
    assert_eq!(settle(&store, &name, &sending, &again).await, Committed::Lost);
    assert_eq!(settle(&store, &name, &end, &again).await, Committed::Done);
}

#[tokio::test]
async fn a_notice_is_found_by_its_own_id_and_by_each_of_the_providers() {
    let (world, name, store) = start().await;
    let notice = opened(1, guardian("g1"), None);
    assert_eq!(open(&store, &name, &notice).await, Committed::Done);
    let place = place(&name, &notice);
    for (channel, id) in [(Channel::Email, "m-1"), (Channel::Sms, "m-2"), (Channel::Sms, "m-2")] {
        let done = commit(&store, |transaction| {
            notices::remember(transaction, &name, &notice, (channel, id), NOW);
        });
        assert_eq!(done.await, Committed::Done, "{id}");
        let named = store.notice_named(id).await.unwrap();
        assert_eq!(named, Some((place.clone(), channel)));
    }
    // The id that emails carry, whichever channel the notice took.
    assert_eq!(store.notice_named(&notice.id).await.unwrap(), Some((place, Channel::Email)));
    assert_eq!(store.notice_named("m-3").await.unwrap(), None);
    // Complaints come weeks later.
    let kept = secs(90 * 24 * 3_600).as_second();
    let state = world.state().await;
    for id in [notice.id.as_str(), "m-1", "m-2"] {
        assert_eq!(state.items[&key::provider(id)]["expires"], kept, "{id}");
    }
}

#[tokio::test]
async fn an_id_that_stands_for_nothing_is_on_record_for_a_week() {
    let (world, name, store) = start().await;
    for now in [NOW, secs(50)] {
        store.record_unknown("m-9", now).await.unwrap();
        assert_eq!(store.notice_named("m-9").await.unwrap(), None);
        let item = &world.state().await.items[&key::provider("m-9")];
        assert_eq!(item["expires"], secs(7 * 24 * 3_600).as_second(), "since it was first told");
    }
    // One that becomes known after all: the feedback was faster than the answer.
    let notice = opened(1, Recipient::Patient, None);
    let known = commit(&store, |transaction| {
        notices::remember(transaction, &name, &notice, (Channel::Sms, "m-9"), NOW);
    });
    assert_eq!(known.await, Committed::Done);
    let wanted = Some((place(&name, &notice), Channel::Sms));
    assert_eq!(store.notice_named("m-9").await.unwrap(), wanted);
    // One that is known stays so.
    store.record_unknown("m-9", NOW).await.unwrap();
    assert_eq!(store.notice_named("m-9").await.unwrap(), wanted);
}

#[tokio::test]
async fn the_notices_of_some_messages_are_those_to_the_patients_side_in_their_order() {
    let (_world, name, store) = start().await;
    let other = scenario::name("c1", "p1", "v2");
    let mut wanted = Vec::new();
    for number in [1, 2, 3, 10, 11] {
        for recipient in [guardian("a"), guardian("z"), Recipient::Patient, member("s1")] {
            let notice = opened(number, recipient.clone(), None);
            assert_eq!(open(&store, &name, &notice).await, Committed::Done);
            let elsewhere = opened(number, recipient.clone(), None);
            assert_eq!(open(&store, &other, &elsewhere).await, Committed::Done);
            if recipient != member("s1") {
                wanted.push(notice);
            }
        }
    }
    for (from, to) in [(1, 11), (2, 10), (3, 3), (4, 9), (11, 99), (0, 99_999_999)] {
        let found = store.notices_between(&name, from, to).await.unwrap();
        let inside = |notice: &&Notice| (from..=to).contains(&notice.number);
        assert_eq!(found, wanted.iter().filter(inside).cloned().collect::<Vec<_>>());
    }
}

/// A query's answer is cut at a megabyte (AWS limit).
#[tokio::test]
async fn none_of_many_notices_is_left_out() {
    let (_world, name, store) = start().await;
    let provider_id = Some("x".repeat(40_000));
    for number in 1..=30 {
        let state = NoticeState::Accepted { at: NOW, provider_id: provider_id.clone() };
        let notice = Notice { state, ..opened(number, Recipient::Patient, None) };
        assert_eq!(open(&store, &name, &notice).await, Committed::Done);
    }
    let found = store.notices_between(&name, 1, 30).await.unwrap();
    let numbers: Vec<u32> = found.iter().map(|notice| notice.number).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_threads_messages_are_shown_each_with_its_notices() {
    let (world, name, store) = start().await;
    for second in 1..4 {
        world.reply(&staff("s1"), &name, "More.", secs(second)).await;
    }
    let opened = [
        opened(1, Recipient::Patient, None),
        opened(3, guardian("g1"), None),
        opened(3, Recipient::Patient, None),
        opened(3, member("s2"), None),
    ];
    for notice in &opened {
        assert_eq!(open(&store, &name, notice).await, Committed::Done);
    }
    let messages = world.messages(&name).await;
    let found = store.notices(&name, &messages).await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(found[&1], opened[..1]);
    assert_eq!(found[&3], opened[1..3], "what staff are told of, no thread shows");
    // A page of it has those of its own messages.
    assert_eq!(store.notices(&name, &messages[1..2]).await.unwrap().len(), 0);
    assert_eq!(store.notices(&name, &messages[2..]).await.unwrap().len(), 1);
    assert_eq!(store.notices(&name, &[]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_a_notice_covers_is_what_one_person_is_told_with_it() {
    let (_world, name, store) = start().await;
    let covering = opened(600, Recipient::Patient, None);
    let covered: Vec<_> =
        [101, 598, 601, 1_100].map(|number| opened(number, Recipient::Patient, Some(600))).into();
    let others = [
        covering.clone(),
        opened(599, Recipient::Patient, None),
        opened(602, Recipient::Patient, Some(599)),
        opened(601, guardian("g1"), Some(600)),
        opened(601, member("s1"), Some(600)),
    ];
    for notice in covered.iter().chain(&others) {
        assert_eq!(open(&store, &name, notice).await, Committed::Done);
    }
    assert_eq!(store.covered_by(&name, &covering).await.unwrap(), covered);
    // Each person's own are found by that person's.
    for recipient in [guardian("g1"), member("s1")] {
        let of_another = Notice { recipient: recipient.clone(), ..covering.clone() };
        let found = store.covered_by(&name, &of_another).await.unwrap();
        let whom: Vec<_> = found.iter().map(|notice| (notice.number, &notice.recipient)).collect();
        assert_eq!(whom, [(601, &recipient)]);
    }
    let none = opened(5, Recipient::Patient, None);
    assert_eq!(store.covered_by(&name, &none).await.unwrap(), []);
}

#[tokio::test]
async fn of_two_messages_that_are_announced_at_once_one_is() {
    let (_world, name, store) = start().await;
    let to = Recipient::Patient;
    let announced = |number, second| Announced { number, at: secs(second) };
    let announce = async |before, after| {
        commit(&store, |transaction| {
            notices::announce(transaction, &name, &to, before, after);
        })
        .await
    };
    let (first, second) = (announced(1, 0), announced(2, 1));
    assert_eq!(announce(None, first).await, Committed::Done);
    assert_eq!(announce(None, second).await, Committed::Lost, "another was first");
    assert_eq!(announce(Some(first), second).await, Committed::Done);
    assert_eq!(announce(Some(first), announced(3, 2)).await, Committed::Lost);
    let key = key::announced(&name, &to);
    let found: Option<Announced> = store.read([key.clone()]).await.unwrap().take(&key).unwrap();
    assert_eq!(found, Some(second));
    // What is announced to others is theirs.
    let other = commit(&store, |transaction| {
        notices::announce(transaction, &name, &guardian("g1"), None, first);
    });
    assert_eq!(other.await, Committed::Done);
}

#[tokio::test]
async fn a_covered_message_relies_on_the_announced_one() {
    let (_world, name, store) = start().await;
    let to = Recipient::Patient;
    let announced = Announced { number: 1, at: NOW };
    let cover = async |number| {
        let notice = opened(number, Recipient::Patient, Some(1));
        commit(&store, |transaction| {
            notices::open(transaction, &name, &notice, NOW);
            notices::still_announced(transaction, &name, &to, announced);
        })
        .await
    };
    assert_eq!(cover(2).await, Committed::Lost, "nothing is announced");
    let done = commit(&store, |transaction| {
        notices::announce(transaction, &name, &to, None, announced);
    });
    assert_eq!(done.await, Committed::Done);
    assert_eq!(cover(2).await, Committed::Done);
    // Its notice ended, and covers nothing any more.
    for wanted in [Committed::Done, Committed::Lost] {
        let gone = commit(&store, |transaction| {
            notices::unannounce(transaction, &name, &to, announced);
        });
        assert_eq!(gone.await, wanted);
    }
    assert_eq!(cover(3).await, Committed::Lost);
    let key = key::announced(&name, &to);
    let gone: Option<Announced> = store.read([key.clone()]).await.unwrap().take(&key).unwrap();
    assert_eq!(Burst::of(gone, 0, NOW), Burst::Own);
    // The next message is announced in its place.
    let next = commit(&store, |transaction| {
        notices::announce(transaction, &name, &to, gone, Announced { number: 3, at: NOW });
    });
    assert_eq!(next.await, Committed::Done);
}

#[tokio::test]
async fn the_end_of_a_notice_is_on_record_and_nothing_before_it() {
    let (world, name, store) = start().await;
    let queued = opened(1, Recipient::Patient, None);
    let unconfirmed = Notice { state: NoticeState::Unconfirmed { at: NOW }, ..queued.clone() };
    let covered = opened(1, Recipient::Patient, Some(9));
    let ended = Notice { state: NoticeState::Delivered { at: NOW }, ..queued.clone() };
    for (notice, is_recorded) in
        [(queued, false), (unconfirmed, false), (covered, true), (ended, true)]
    {
        let before = world.state().await;
        let subject = Subject { clinic: None, patient: None, objects: Vec::new() };
        let (id, actor) = (platform::new_id(), Actor::System);
        let record = Record::done(id, NOW, &actor, Action::NoticeEnd, subject, "request");
        let done = commit(&store, |transaction| {
            // A transaction has at least one part.
            notices::remember(transaction, &name, &notice, (Channel::Email, "m-1"), NOW);
            notices::record_end(transaction, &notice, &record);
        });
        assert_eq!(done.await, Committed::Done);
        let records = world.state().await.since(&before).records;
        assert_eq!(!records.is_empty(), is_recorded, "{:?}", notice.state);
    }
}
