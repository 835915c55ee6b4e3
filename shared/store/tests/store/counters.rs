//! Counts that are taken from, up to a bound.

use domain::clinic::Plan;
use domain::outage::OutageKind;
use domain::people::Channel;
use jiff::SignedDuration;
use scenario::{NOW, World};
use store::key;
use testkit::Fault;

#[tokio::test]
async fn as_many_are_taken_as_there_are_and_no_more() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let key = key::rate(Channel::Sms, NOW.as_second());
    for _ in 0..3 {
        assert!(store.take_one(&key, 3, NOW).await.unwrap());
    }
    for _ in 0..2 {
        assert!(!store.take_one(&key, 3, NOW).await.unwrap());
    }
    // The bound is that of who asks: a higher one leaves room, a lower one none.
    assert!(!store.take_one(&key, 2, NOW).await.unwrap());
    assert!(store.take_one(&key, 4, NOW).await.unwrap());
    // Another second, another channel: another count.
    for other in
        [key::rate(Channel::Sms, NOW.as_second() + 1), key::rate(Channel::Email, NOW.as_second())]
    {
        assert!(store.take_one(&other, 1, NOW).await.unwrap());
        assert!(!store.take_one(&other, 1, NOW).await.unwrap());
    }
}

#[tokio::test]
async fn of_none_none_is_taken() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let key = key::rate(Channel::Sms, 0);
    let before = world.state().await;
    for _ in 0..2 {
        assert!(!store.take_one(&key, 0, NOW).await.unwrap());
    }
    assert!(world.state().await.since(&before).written.is_empty());
    assert!(store.take_one(&key, 1, NOW).await.unwrap());
    assert!(!store.take_one(&key, 0, NOW).await.unwrap());
}

#[tokio::test]
async fn a_count_says_when_it_may_be_deleted() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let key = key::rate(Channel::Sms, 0);
    let later = NOW + SignedDuration::from_hours(1);
    for expires in [NOW, later] {
        store.take_one(&key, 5, expires).await.unwrap();
        let item = &world.state().await.items[&key];
        assert_eq!(item["expires"], expires.as_second());
    }
    assert_eq!(world.state().await.items[&key]["used"], 2);
}

#[tokio::test]
async fn of_many_at_once_as_many_have_one_as_there_are() {
    let world = World::of(Plan::Portal).await;
    let key = key::rate(Channel::Email, 0);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (store, key) = (world.store(), key.clone());
        asking.spawn(async move { store.take_one(&key, 7, NOW).await.unwrap() });
    }
    let taken = asking.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 7);
    assert_eq!(world.state().await.items[&key]["used"], 7);
}

#[tokio::test]
async fn a_count_that_cannot_be_reached_is_an_outage_and_no_answer() {
    let world = World::of(Plan::Portal).await;
    let store = world.store_with(Fault::throttled("UpdateItem").times(u32::MAX));
    let outage = store.take_one(&key::rate(Channel::Sms, 0), 5, NOW).await.unwrap_err();
    assert_eq!(outage.kind(), OutageKind::Unavailable);
}
