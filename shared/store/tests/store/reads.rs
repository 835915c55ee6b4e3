//! One wave of reads.

use domain::clinic::{ClinicSettings, Plan};
use domain::outage::OutageKind;
use domain::people::StaffMember;
use scenario::World;
use scenario::people::{clinic_id, member, staff_id};
use serde_json::json;
use store::key::{self, Key};
use store::{Committed, Store};
use testkit::Fault;

fn keys(count: usize) -> Vec<Key> {
    (0..count)
        .map(|number| key::staff(&clinic_id("c1"), &staff_id(&format!("n{number}"))))
        .collect()
}

async fn outage(store: &Store) -> domain::outage::Outage {
    store.read(keys(1)).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn more_keys_than_one_call_takes_and_keys_named_twice_are_all_found() {
    let world = World::of(Plan::Portal).await;
    for number in 0..130 {
        world.staff(&member("c1", &format!("n{number}"))).await;
    }
    let found = world.store().read(keys(130).into_iter().chain(keys(130))).await.unwrap();
    for key in keys(130) {
        assert!(found.get::<StaffMember>(&key).unwrap().is_some());
    }
    let mut none = world.store().read([]).await.unwrap();
    assert_eq!(none.take::<StaffMember>(&keys(1)[0]).unwrap(), None);
}

#[tokio::test]
async fn an_item_that_does_not_read_back_is_broken_and_not_missing() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let key = key::settings(&clinic_id("c1"));
    let mut transaction = store.transaction();
    transaction.put(&key, &json!({ "name": "Secret" }), [], None);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    let found = store.read([key.clone()]).await.unwrap();
    let outage = found.get::<ClinicSettings>(&key).unwrap_err();
    assert_eq!(outage.kind(), OutageKind::Broken);
    assert!(!format!("{outage} {outage:?}").contains("Secret"));
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_stays_is_an_outage() {
    let world = World::of(Plan::Portal).await;
    let passing = world.store_with(Fault::throttled("BatchGetItem").times(2));
    passing.read(keys(1)).await.unwrap();
    for fault in [
        Fault::throttled("BatchGetItem"),
        Fault::unavailable("BatchGetItem"),
        Fault::answer_lost("BatchGetItem"),
    ] {
        let outage = outage(&world.store_with(fault.times(u32::MAX))).await;
        assert_eq!((outage.kind(), outage.operation()), (OutageKind::Unavailable, "BatchGetItem"));
    }
    let missing = Store::new(world.db.client(), "nowhere".to_owned(), "nowhere".to_owned());
    let outage = outage(&missing).await;
    assert_eq!(outage.kind(), OutageKind::Broken);
    // A warm-up only tries.
    missing.warm().await;
}
