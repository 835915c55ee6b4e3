//! Audit records: where they stand, and that they stay as they are.

use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::Plan;
use domain::outage::OutageKind;
use scenario::people::{account, clinic_id, patient_id, staff};
use scenario::{NOW, World};
use store::Committed;
use testkit::AUDIT;

fn record(id: &str, actor: &Actor, clinic: bool, patient: bool) -> Record {
    let subject = Subject {
        clinic: clinic.then(|| clinic_id("c1")),
        patient: patient.then(|| patient_id("p1")),
        objects: vec!["v1".to_owned()],
    };
    Record::done(id.to_owned(), NOW, actor, Action::ConversationView, subject, "request")
}

#[tokio::test]
async fn a_record_stands_with_its_patient_or_with_its_actor_and_month() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    for (actor, clinic, patient, pk, actor_pk) in [
        (staff("s1"), true, true, "CLINIC#c1#PATIENT#p1", "CLINIC#c1#ACTOR#staff.s1"),
        (staff("s1"), true, false, "CLINIC#c1#ACTOR#staff.s1#202611", "CLINIC#c1#ACTOR#staff.s1"),
        (account("a1"), true, true, "CLINIC#c1#PATIENT#p1", "CLINIC#c1#ACTOR#account.a1"),
        (account("a1"), false, false, "ACTOR#account.a1#202611", "ACTOR#account.a1"),
    ] {
        let before = world.db.all_items(AUDIT).await;
        let record = record(&platform::new_id(), &actor, clinic, patient);
        store.record(&record).await.unwrap();
        let after = world.db.all_items(AUDIT).await;
        let added: Vec<_> = after.iter().filter(|item| !before.contains(item)).collect();
        assert_eq!(added.len(), 1);
        let text = |name: &str| added[0][name].as_s().unwrap().clone();
        assert_eq!((text("pk").as_str(), text("actor_pk").as_str()), (pk, actor_pk));
        let sk = format!("2026-11-25T00:00:01.000000Z#{}", record.id);
        assert_eq!((text("sk"), text("actor_sk")), (sk.clone(), sk));
        assert_eq!(
            world.state().await.records.iter().find(|found| found.id == record.id),
            Some(&record)
        );
    }
}

#[tokio::test]
async fn a_record_is_written_once_and_never_changed() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let first = record("one", &staff("s1"), true, true);
    store.record(&first).await.unwrap();
    let other = Record { objects: vec!["v2".to_owned()], ..first.clone() };
    assert!(store.record(&other).await.is_err());
    let mut transaction = store.transaction();
    transaction.record(&other);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Lost);
    assert_eq!(world.state().await.records, [first]);
}

#[tokio::test]
async fn a_record_that_cannot_be_written_is_an_outage() {
    let world = World::of(Plan::Portal).await;
    let fault = testkit::Fault::throttled("PutItem").times(u32::MAX);
    let outage =
        world.store_with(fault).record(&record("one", &staff("s1"), true, true)).await.unwrap_err();
    assert_eq!(outage.kind(), OutageKind::Unavailable);
}
