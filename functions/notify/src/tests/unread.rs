//! Staff are told once when nobody on the patient's side has read a message for long.

use domain::id::AccountId;
use domain::notice::Recipient;
use serde_json::json;
use store::key;
use testkit::AUDIT;

use super::world::{World, name, outbox, pass};

const DAY: i64 = 24 * 3_600;

async fn alerts(world: &World) -> usize {
    let records = world.db.all_items(AUDIT).await;
    let is_alert = |item: &&testkit::Item| {
        item["action"].as_s().is_ok_and(|action| action == "conversation.unread_alert")
    };
    records.iter().filter(is_alert).count()
}

#[tokio::test]
async fn after_two_days_without_a_reader_staff_are_told_once() {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    pass(2 * DAY - 60);
    world.tick().await;
    assert_eq!(world.conversation().await.unread_alert, None);
    world.add().await;
    world.step(key::outbox(&name(1), 2)).await;
    pass(120);
    world.tick().await;
    let alert = world.conversation().await.unread_alert.expect("staff are told");
    assert_eq!(alert.number, 1);
    let shown = world.item(&key::inbox_entry(&name(1), &key::Owner::Clinic)).await.unwrap();
    assert!(shown.contains_key("unreadAlert"), "{shown:?}");
    pass(3 * DAY);
    world.tick().await;
    let later = world.conversation().await.unread_alert.expect("it goes on");
    assert_eq!((later.number, later.since), (2, alert.since), "one alert, for both");
    assert_eq!(alerts(&world).await, 2);
    for item in world.db.all_items(testkit::MAIN).await {
        assert!(!item.contains_key("due_pk"), "{item:?}");
    }
}

#[tokio::test]
async fn a_message_that_the_patient_or_a_guardian_has_read_alarms_nobody() {
    let guardian = Recipient::Guardian { id: AccountId::parse("g1").unwrap() };
    for reader in [Recipient::Patient, guardian] {
        let world = World::with_message().await;
        world.step(outbox(1)).await;
        world.has_read(&reader, 1).await;
        pass(3 * DAY);
        world.tick().await;
        assert_eq!(world.conversation().await.unread_alert, None, "{reader:?}");
        assert_eq!(alerts(&world).await, 0);
    }
}

#[tokio::test]
async fn a_clinic_sets_how_long_it_waits_or_that_it_is_not_told() {
    let notices = |hours: Option<u32>| {
        let mut notices =
            json!({ "paused": false, "textsPerDay": 10, "textsPerPatientAndDay": 10 });
        if let Some(hours) = hours {
            notices["unreadAfterHours"] = json!(hours);
        }
        json!({ "notices": notices })
    };
    for (hours, told_after_a_day) in [(Some(24), true), (Some(25), false), (None, false)] {
        let world = World::with_message().await;
        world.clinic(&notices(hours)).await;
        world.step(outbox(1)).await;
        pass(DAY + 1);
        world.tick().await;
        let alert = world.conversation().await.unread_alert;
        assert_eq!(alert.is_some(), told_after_a_day, "{hours:?}");
    }
    // Switched off meanwhile.
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    world.clinic(&notices(None)).await;
    pass(3 * DAY);
    world.tick().await;
    assert_eq!(world.conversation().await.unread_alert, None);
}

/// Reading is not writing: who answers was there.
#[tokio::test]
async fn an_answer_ends_the_alert() {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    pass(3 * DAY);
    world.tick().await;
    assert!(world.conversation().await.unread_alert.is_some());
    world.answer().await;
    assert_eq!(world.conversation().await.unread_alert, None);
}

/// The same before the two days are over, although nobody said that it was read.
#[tokio::test]
async fn an_answered_message_alarms_nobody() {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    world.answer().await;
    pass(3 * DAY);
    world.tick().await;
    assert_eq!(world.conversation().await.unread_alert, None);
    assert_eq!(alerts(&world).await, 0);
}

/// Somebody reads between the look and the alert.
#[tokio::test]
async fn an_alert_about_what_was_read_meanwhile_is_taken_back() {
    let world = std::sync::Arc::new(World::with_message().await);
    world.step(outbox(1)).await;
    pass(3 * DAY);
    let other = std::sync::Arc::clone(&world);
    let fault = testkit::Fault::meanwhile("TransactWriteItems", move || {
        let world = std::sync::Arc::clone(&other);
        async move { world.has_read(&Recipient::Patient, 1).await }
    });
    let slow = super::world::notify(world.db.client_with(fault), &world.provider);
    worker::Worker::step(&slow, key::unread(&name(1), 1)).await.unwrap();
    assert_eq!(alerts(&world).await, 2, "shown, and taken back");
    assert_eq!(world.conversation().await.unread_alert, None);
}
