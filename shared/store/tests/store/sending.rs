//! The switch for everything that is sent.

use domain::clinic::Plan;
use scenario::{NOW, World};
use store::sending::{self, Sending, Switch};
use store::{Committed, Store, key};
use testkit::Fault;

async fn stored(store: &Store) -> Option<Sending> {
    let key = key::sending();
    store.read([key.clone()]).await.unwrap().take(&key).unwrap()
}

async fn put(store: &Store, sending: &Sending, before: Option<u64>) -> Committed {
    let mut transaction = store.transaction();
    sending::put(&mut transaction, sending, before);
    store.commit(transaction).await.unwrap()
}

/// Sets the switch as the operator does.
async fn set(store: &Store, paused: bool) {
    let before = stored(store).await;
    let next = before.clone().unwrap_or_default().set(paused, NOW).unwrap();
    let version = before.map(|before| before.version);
    assert_eq!(put(store, &next, version).await, Committed::Done);
}

#[tokio::test]
async fn each_table_has_an_id_of_its_own() {
    let (one, other) = tokio::join!(World::of(Plan::Portal), World::of(Plan::Portal));
    let id = one.store().table_id().await.unwrap();
    assert!(!id.is_empty());
    assert_eq!(one.store().table_id().await.unwrap(), id);
    assert_ne!(other.store().table_id().await.unwrap(), id);
    let away = one.store_with(Fault::throttled("DescribeTable").times(u32::MAX));
    assert!(away.table_id().await.is_err());
}

#[tokio::test]
async fn a_new_table_sends_and_the_switch_is_for_this_one_from_then_on() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let table = store.table_id().await.unwrap();
    assert_eq!(stored(&store).await, None);
    for _ in 0..3 {
        assert_eq!(store.sending(&table).await.unwrap(), Switch::On);
        let wanted = Sending { version: 1, paused_at: None, table: Some(table.clone()) };
        assert_eq!(stored(&store).await, Some(wanted), "it is set once");
    }
    assert_eq!(store.sending("another").await.unwrap(), Switch::Restored);
}

/// What was due when a table was backed up was sent long ago: its copy sends nothing by itself.
#[tokio::test]
async fn a_restored_table_starts_paused_until_somebody_switches_it_on() {
    let (old, new) = tokio::join!(World::of(Plan::Portal), World::of(Plan::Portal));
    let (old, new) = (old.store(), new.store());
    let (old_id, new_id) = (old.table_id().await.unwrap(), new.table_id().await.unwrap());
    assert_eq!(old.sending(&old_id).await.unwrap(), Switch::On);
    // The restore: the item is there as it was.
    let backup = stored(&old).await.unwrap();
    assert_eq!(put(&new, &backup, None).await, Committed::Done);
    for _ in 0..2 {
        assert_eq!(new.sending(&new_id).await.unwrap(), Switch::Restored);
        assert_eq!(stored(&new).await, Some(backup.clone()), "looking at it changes nothing");
    }
    set(&new, false).await;
    assert_eq!(new.sending(&new_id).await.unwrap(), Switch::On);
    assert_eq!(stored(&new).await.unwrap().table, Some(new_id.clone()));
    // And a copy of that one starts paused again.
    assert_eq!(new.sending(&old_id).await.unwrap(), Switch::Restored);
    assert_eq!(old.sending(&old_id).await.unwrap(), Switch::On);
}

#[tokio::test]
async fn while_it_is_off_it_is_off_for_every_table() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let table = store.table_id().await.unwrap();
    // Switched off before anything was ever sent, or after.
    for _ in 0..2 {
        set(&store, true).await;
        assert_eq!(store.sending(&table).await.unwrap(), Switch::Paused);
        assert_eq!(store.sending("another").await.unwrap(), Switch::Paused);
        set(&store, false).await;
        assert_eq!(store.sending(&table).await.unwrap(), Switch::On);
    }
    assert_eq!(store.sending("another").await.unwrap(), Switch::Restored);
}

#[tokio::test]
async fn a_switch_that_is_set_from_an_old_version_is_not_set() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let table = store.table_id().await.unwrap();
    store.sending(&table).await.unwrap();
    let before = stored(&store).await.unwrap();
    let paused = before.set(true, NOW).unwrap();
    assert_eq!(put(&store, &paused, None).await, Committed::Lost);
    assert_eq!(put(&store, &paused, Some(before.version + 1)).await, Committed::Lost);
    assert_eq!(put(&store, &paused, Some(before.version)).await, Committed::Done);
    assert_eq!(put(&store, &paused, Some(before.version)).await, Committed::Lost);
    assert_eq!(stored(&store).await, Some(paused));
}

#[tokio::test]
async fn whoever_switches_it_off_while_it_is_read_first_has_switched_it_off() {
    let world = World::of(Plan::Portal).await;
    let table = world.store().table_id().await.unwrap();
    let other = world.store();
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let other = other.clone();
        async move { set(&other, true).await }
    });
    assert_eq!(world.store_with(fault).sending(&table).await.unwrap(), Switch::Paused);
    assert_eq!(world.store().sending(&table).await.unwrap(), Switch::Paused);
    assert!(stored(&world.store()).await.unwrap().paused_at.is_some());
}

#[tokio::test]
async fn of_several_who_read_it_first_one_sets_it_and_none_takes_it_for_a_copy() {
    let world = World::of(Plan::Portal).await;
    let table = world.store().table_id().await.unwrap();
    let mut reading = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, table) = (world.store(), table.clone());
        reading.spawn(async move { store.sending(&table).await.unwrap() });
    }
    let all = reading.join_all().await;
    // Who lost waits for the next time; at least one did not.
    assert!(all.contains(&Switch::On) && !all.contains(&Switch::Restored), "{all:?}");
    assert_eq!(stored(&world.store()).await.unwrap().version, 1);
    assert_eq!(world.store().sending(&table).await.unwrap(), Switch::On);
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_is_an_outage_and_not_on() {
    let world = World::of(Plan::Portal).await;
    for operation in ["BatchGetItem", "TransactWriteItems"] {
        let store = world.store_with(Fault::throttled(operation).times(u32::MAX));
        assert!(store.sending("a").await.is_err(), "{operation}");
    }
}
