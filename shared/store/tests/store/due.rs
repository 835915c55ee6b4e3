//! Work that comes due.

use domain::automatic::Timer;
use domain::automatic::TimerKind;
use domain::clinic::Plan;
use domain::conversation::Party;
use jiff::SignedDuration;
use scenario::people::{account, staff};
use scenario::{NOW, World, name};
use store::change::{Outbox, StoredTimer};
use store::due::{Claimed, Hint};
use store::key::{self, ConversationKey, DUE_SHARDS, Key, Work};
use store::{Committed, Store, change};

fn secs(seconds: i64) -> jiff::Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

async fn due(store: &Store, work: Work, at: jiff::Timestamp) -> Vec<Hint> {
    let mut hints = Vec::new();
    for shard in 0..DUE_SHARDS {
        hints.extend(store.due(work, shard, at, 100).await.unwrap());
    }
    hints
}

async fn keys_due(store: &Store, work: Work, at: jiff::Timestamp) -> Vec<Key> {
    due(store, work, at).await.into_iter().map(|hint| hint.key).collect()
}

async fn started() -> (World, ConversationKey, Store) {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    let store = world.store();
    (world, name, store)
}

/// The outbox entry of the first message, which staff wrote.
fn outbox(attempts: u32) -> Outbox {
    Outbox { number: 1, party: Party::Clinic, attempts }
}

#[tokio::test]
async fn a_message_is_due_to_be_announced_at_once_and_a_timer_at_its_time() {
    let (world, name, store) = started().await;
    assert_eq!(keys_due(&store, Work::Notice, NOW).await, [key::outbox(&name, 1)]);
    world.reply(&account("a1"), &name, "Hello?", secs(1)).await;
    // Not before five quiet minutes after the staff's message have passed.
    assert_eq!(keys_due(&store, Work::Timer, secs(299)).await, []);
    let timers = keys_due(&store, Work::Timer, secs(300)).await;
    assert!(timers.contains(&key::timer(&name, TimerKind::Closed)), "{timers:?}");
}

#[tokio::test]
async fn of_two_who_claim_one_has_it_until_the_lease_ends() {
    let (_world, name, store) = started().await;
    let key = key::outbox(&name, 1);
    let claim = async |at, end| store.claim::<Outbox>(&key, at, end, 10).await.unwrap();
    let (one, other) = tokio::join!(claim(NOW, secs(60)), claim(NOW, secs(60)));
    let held = Claimed::Held(outbox(1));
    assert!([&one, &other].contains(&&held) && [&one, &other].contains(&&Claimed::NotDue));
    assert_eq!(due(&store, Work::Notice, secs(59)).await, []);
    assert_eq!(claim(secs(59), secs(120)).await, Claimed::NotDue);
    assert_eq!(keys_due(&store, Work::Notice, secs(60)).await, std::slice::from_ref(&key));
    let again = Claimed::Held(outbox(2));
    assert_eq!(claim(secs(60), secs(120)).await, again);
    let none = key::outbox(&name, 9);
    let gone = store.claim::<Outbox>(&none, NOW, secs(60), 10).await.unwrap();
    assert_eq!(gone, Claimed::NotDue);
}

#[tokio::test]
async fn what_was_begun_too_often_is_stuck_once_and_due_no_more() {
    let (world, name, store) = started().await;
    let key = key::outbox(&name, 1);
    let claim = async || store.claim::<Outbox>(&key, secs(1), secs(1), 2).await.unwrap();
    for attempts in 1..=2 {
        assert_eq!(claim().await, Claimed::Held(outbox(attempts)));
    }
    assert_eq!(claim().await, Claimed::Stuck);
    assert_eq!(claim().await, Claimed::NotDue);
    assert_eq!(due(&store, Work::Notice, secs(9_999)).await, []);
    let item = world.state().await.items.remove(&key).unwrap();
    assert_eq!((&item["stuck"], &item["attempts"]), (&true.into(), &3.into()));
}

#[tokio::test]
async fn the_longest_due_comes_first_and_is_measured() {
    let (world, first, store) = started().await;
    for number in 0..8 {
        let name = name("c1", "p1", &format!("later-{number}"));
        world.start(&name, secs(10 + number)).await;
    }
    assert_eq!(store.oldest_due_seconds(Work::Notice, secs(30)).await.unwrap(), 30);
    assert_eq!(store.oldest_due_seconds(Work::Notice, NOW).await.unwrap(), 0);
    assert_eq!(store.oldest_due_seconds(Work::Timer, secs(30)).await.unwrap(), 0);
    let mut found = 0;
    for shard in 0..DUE_SHARDS {
        let hints = store.due(Work::Notice, shard, secs(30), 100).await.unwrap();
        assert!(hints.is_sorted_by_key(|hint| hint.due.clone()));
        found += hints.len();
        let one = store.due(Work::Notice, shard, secs(30), 1).await.unwrap();
        assert_eq!(one.first(), hints.first());
    }
    assert_eq!(found, 9);
    assert_eq!(keys_due(&store, Work::Notice, NOW).await, [key::outbox(&first, 1)]);
}

#[tokio::test]
async fn a_timer_that_is_set_again_starts_anew() {
    let (_world, name, store) = started().await;
    let timer = Timer { kind: TimerKind::NoAnswer, due: secs(5), number: 1, since: NOW };
    let key = key::timer(&name, timer.kind);
    for due in [secs(5), secs(90)] {
        let mut transaction = store.transaction();
        change::set_timer(&mut transaction, &name, &Timer { due, ..timer });
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
        let early = store.claim::<StoredTimer>(&key, secs(4), secs(60), 10).await.unwrap();
        assert_eq!(early, Claimed::NotDue);
        let claimed = store.claim::<StoredTimer>(&key, due, due, 10).await.unwrap();
        let Claimed::Held(claimed) = claimed else { panic!("{claimed:?}") };
        assert_eq!(claimed.attempts, 1);
        assert_eq!((claimed.timer.due, claimed.timer.number), (due, 1));
    }
    let mut found = store.read(change::timer_keys(&name)).await.unwrap();
    assert_eq!(change::timers(&mut found, &name).unwrap().kinds(), [TimerKind::NoAnswer]);
}

/// Whichever side wrote, the other one is to be told, in one index and by one worker.
#[tokio::test]
async fn a_message_of_either_side_is_due_to_be_announced() {
    let (world, name, store) = started().await;
    world.reply(&account("a1"), &name, "Hello?", secs(1)).await;
    world.reply(&staff("s2"), &name, "Hello.", secs(2)).await;
    let mut due = keys_due(&store, Work::Notice, secs(2)).await;
    due.sort();
    assert_eq!(due, [1, 2, 3].map(|number| key::outbox(&name, number)));
    for (number, party) in [(1, Party::Clinic), (2, Party::Patient), (3, Party::Clinic)] {
        let key = key::outbox(&name, number);
        let claimed = store.claim::<Outbox>(&key, secs(2), secs(60), 10).await.unwrap();
        assert_eq!(claimed, Claimed::Held(Outbox { number, party, attempts: 1 }));
    }
}
