//! All of it is written, or nothing.

use domain::clinic::Plan;
use domain::conversation::{Person, ReadMarker};
use domain::outage::OutageKind;
use scenario::{NOW, World, name};
use serde_json::json;
use store::key::Key;
use store::{Committed, Guard, change, key};
use testkit::{Fault, MAIN};

fn at(sk: &str) -> Key {
    Key { pk: "T".to_owned(), sk: sk.to_owned() }
}

#[tokio::test]
async fn each_guard_lets_through_what_it_says() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let mut transaction = store.transaction();
    transaction.put(&at("there"), &json!({ "version": 3, "seen": 5, "active": true }), [], None);
    transaction.put(&at("off"), &json!({ "active": false }), [], None);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);

    for (sk, guard, holds) in [
        ("there", Guard::Absent, false),
        ("none", Guard::Absent, true),
        ("there", Guard::Present, true),
        ("none", Guard::Present, false),
        ("there", Guard::Version(3), true),
        ("there", Guard::Version(2), false),
        ("none", Guard::Version(3), false),
        ("there", Guard::Number("seen", 5), true),
        ("there", Guard::Number("seen", 4), false),
        ("there", Guard::Numbers([("version", 3), ("seen", 5)]), true),
        ("there", Guard::Numbers([("version", 3), ("seen", 4)]), false),
        ("there", Guard::Numbers([("version", 2), ("seen", 5)]), false),
        ("there", Guard::Numbers([("version", 3), ("none", 0)]), false),
        ("none", Guard::Numbers([("version", 3), ("seen", 5)]), false),
        ("there", Guard::True("active"), true),
        ("off", Guard::True("active"), false),
        ("none", Guard::True("active"), false),
        ("there", Guard::TrueWithout("active", "successor"), true),
        ("there", Guard::TrueWithout("active", "seen"), false),
        ("off", Guard::TrueWithout("active", "successor"), false),
        ("none", Guard::TrueWithout("active", "successor"), false),
        ("there", Guard::PresentWithout("successor"), true),
        ("there", Guard::PresentWithout("seen"), false),
        ("none", Guard::PresentWithout("successor"), false),
        ("there", Guard::AbsentOrAtMost("seen", 5), true),
        ("there", Guard::AbsentOrAtMost("seen", 6), true),
        ("there", Guard::AbsentOrAtMost("seen", 4), false),
        ("none", Guard::AbsentOrAtMost("seen", 0), true),
    ] {
        let before = world.state().await;
        let mut transaction = store.transaction();
        transaction.put(&at("beside"), &json!({ "round": format!("{sk} {guard:?}") }), [], None);
        transaction.check(&at(sk), &guard);
        let committed = store.commit(transaction).await.unwrap();
        let wanted = if holds { Committed::Done } else { Committed::Lost };
        assert_eq!(committed, wanted, "{sk} {guard:?}");
        let written = world.state().await.since(&before).written;
        assert_eq!(written, if holds { vec![at("beside")] } else { Vec::new() });
    }
}

#[tokio::test]
async fn contention_is_lost_and_failures_are_outages() {
    let world = World::of(Plan::Portal).await;
    for (fault, kind) in [
        (Fault::conflict("TransactWriteItems"), None),
        (Fault::throttled("TransactWriteItems"), Some(OutageKind::Unavailable)),
        (Fault::unavailable("TransactWriteItems"), Some(OutageKind::Unavailable)),
        (Fault::answer_lost("TransactWriteItems"), Some(OutageKind::Unavailable)),
    ] {
        let store = world.store_with(fault.times(u32::MAX));
        let mut transaction = store.transaction();
        transaction.put(&at("x"), &json!({}), [], None);
        match store.commit(transaction).await {
            Ok(committed) => assert_eq!((committed, kind), (Committed::Lost, None)),
            Err(outage) => assert_eq!(Some(outage.kind()), kind),
        }
    }
}

#[tokio::test]
async fn an_empty_or_unwritable_transaction_is_broken() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let outage = store.commit(store.transaction()).await.unwrap_err();
    assert_eq!(outage.kind(), OutageKind::Broken);
    let mut transaction = store.transaction();
    transaction.put(&at("beside"), &json!({}), [], None);
    transaction.put(&at("no-object"), &"text", [], None);
    assert_eq!(store.commit(transaction).await.unwrap_err().kind(), OutageKind::Broken);
    assert!(world.db.all_items(MAIN).await.iter().all(|item| item["pk"].as_s().unwrap() != "T"));
}

#[tokio::test]
async fn a_marker_moves_forward_only() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let name = name("c1", "p1", "v1");
    let key = key::marker(&name, &Person::Patient);
    for (seen, committed, then) in [
        (3, Committed::Done, 3),
        (2, Committed::Lost, 3),
        (3, Committed::Done, 3),
        (7, Committed::Done, 7),
    ] {
        let mut transaction = store.transaction();
        change::move_marker(&mut transaction, &key, &ReadMarker { seen, seen_of_others: seen });
        assert_eq!(store.commit(transaction).await.unwrap(), committed);
        assert_eq!(world.marker(&name, &Person::Patient).await.seen, then);
    }
}

#[tokio::test]
async fn a_conversation_is_started_once() {
    let (world, name) = World::with_conversation(Plan::Portal).await;
    let conversation = world.conversation(&name).await;
    let store = world.store();
    for (guard, wanted) in [
        (Guard::Absent, Committed::Lost),
        (Guard::Version(0), Committed::Lost),
        (Guard::Version(1), Committed::Done),
    ] {
        let mut transaction = store.transaction();
        transaction.put(&key::conversation(&name), &conversation, [], Some(guard));
        assert_eq!(store.commit(transaction).await.unwrap(), wanted);
    }
    assert_eq!(conversation.started_at, NOW);
}
