//! The reply to a message that was written when nobody is there.

use domain::clinic::{ClinicSettings, Plan};
use domain::conversation::{Party, Waiting};
use serde_json::json;
use testkit::MAIN;
use worker::{Trigger, Worker as _};

use super::world::{
    OUTSIDE, UNANSWERED, World, at, deadline, name, not_needed, now, sample, texts, weekdays,
};

#[tokio::test]
async fn the_stream_answers_a_message_while_the_office_is_closed() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let before = (world.conversation(&name).await, world.timer(&name, UNANSWERED).await);
    at("2026-11-25T23:00:01Z");
    assert_eq!(world.stream().await, json!({ "batchItemFailures": [] }));
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("We are closed.", "2026-11-25T23:00:01Z".to_owned())]);
    let replied = ("automatic.reply".to_owned(), "3".to_owned());
    assert_eq!(world.records(&name).await, [replied]);

    // Invariant 9: it sets no timer, is announced to nobody, moves no marker, and is no answer.
    let after = (world.conversation(&name).await, world.timer(&name, UNANSWERED).await);
    assert_eq!(world.timer(&name, OUTSIDE).await, None);
    assert_eq!(after.1, before.1);
    assert_eq!(after.0.waiting, before.0.waiting);
    assert_eq!((after.0.awaits(), after.0.tally.automatic), (Party::Clinic, 1));
    let items = world.db.all_items(MAIN).await;
    let kinds: Vec<_> = items
        .iter()
        .filter(|item| item["pk"].as_s().unwrap() == &name.partition())
        .map(|item| item["sk"].as_s().unwrap().split('#').next().unwrap().to_owned())
        .collect();
    // The outbox entries are those of the messages that people wrote.
    assert_eq!(kinds.iter().filter(|kind| *kind == "OUTBOX").count(), 2, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "READER").count(), 0, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "TIMER").count(), 1, "{kinds:?}");
}

/// What the stream missed.
#[tokio::test]
async fn the_tick_answers_a_message_while_the_office_is_closed() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    at("2026-11-25T23:00:59Z");
    let trigger = Trigger::parse(sample("tick.json")).unwrap();
    assert!(worker::run(&world.worker, trigger, deadline()).await.is_null());
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("We are closed.", "2026-11-25T23:00:59Z".to_owned())]);
}

/// AR-01, with both triggers at once.
#[tokio::test]
async fn three_quick_messages_get_one_reply() {
    let (world, name) = (World::new().await, name("c1", 1));
    for written in ["2026-11-25T23:00:00Z", "2026-11-25T23:00:02Z", "2026-11-25T23:16:00Z"] {
        world.patient_writes(&name, written).await;
    }
    at("2026-11-25T23:16:01Z");
    let key = store::key::timer(&name, OUTSIDE);
    let mut steps = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (worker, key) = (world.worker.clone(), key.clone());
        steps.spawn(async move { worker.step(key).await });
    }
    let (steps, _, _) = tokio::join!(steps.join_all(), world.tick(), world.stream());
    assert!(steps.iter().all(Result::is_ok), "{steps:?}");
    assert_eq!(world.said(&name).await.len(), 1);

    // The rest of the closed period: not one more, whatever is written.
    world.patient_writes(&name, "2026-11-26T05:00:00Z").await;
    for tick in ["2026-11-26T05:00:01Z", "2026-11-26T10:00:00Z", "2026-11-26T13:59:59Z"] {
        world.tick_at(tick).await;
        world.stream().await;
    }
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("We are closed.", "2026-11-25T23:16:01Z".to_owned())]);
}

/// OH-14: what counts is when the patient wrote, whenever it is looked at.
#[tokio::test]
async fn a_message_within_hours_is_not_told_that_the_office_is_closed() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T21:59:58Z").await;
    at("2026-11-25T22:00:03Z");
    world.stream().await;
    world.tick_at("2026-11-25T22:10:00Z").await;
    world.tick_at("2026-11-26T13:59:00Z").await;
    assert_eq!(world.said(&name).await, []);
}

/// OH-14, the reverse.
#[tokio::test]
async fn a_message_before_opening_is_not_answered_after_it() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T13:59:59Z").await;
    assert!(world.timer(&name, OUTSIDE).await.is_some());
    at("2026-11-25T14:20:00Z");
    world.stream().await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.timer(&name, OUTSIDE).await, None);
    assert_eq!(world.records(&name).await, [not_needed("office_open")]);
    world.tick_at("2026-11-25T14:40:00Z").await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.records(&name).await.len(), 1, "it ends once");
}

/// None within 5 minutes of a staff message: it waits for their end.
#[tokio::test]
async fn the_reply_waits_for_the_end_of_the_quiet_time() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.staff_writes(&name, "2026-11-25T23:00:00Z").await;
    world.patient_writes(&name, "2026-11-25T23:02:00Z").await;
    at("2026-11-25T23:02:01Z");
    world.stream().await;
    world.tick_at("2026-11-25T23:04:57Z").await;
    assert_eq!(world.said(&name).await, []);
    world.tick_at("2026-11-25T23:05:00Z").await;
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("We are closed.", "2026-11-25T23:05:00Z".to_owned())]);
}

/// The quiet time is a setting, and the one of now counts.
#[tokio::test]
async fn a_longer_quiet_time_that_is_set_meanwhile_holds() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.staff_writes(&name, "2026-11-25T23:00:00Z").await;
    world.patient_writes(&name, "2026-11-25T23:02:00Z").await;
    world.clinic("c1", |settings| settings.automatic_replies.quiet_minutes = 90).await;
    world.tick_at("2026-11-25T23:05:00Z").await;
    let armed = world.timer(&name, OUTSIDE).await.unwrap();
    assert_eq!(armed.due.to_string(), "2026-11-26T00:05:00Z", "60 minutes ahead at most");
    world.tick_at("2026-11-26T00:05:00Z").await;
    assert_eq!(world.said(&name).await, []);
    world.tick_at("2026-11-26T00:30:00Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}

/// The clinic's settings are those of the moment at which it would be said.
#[tokio::test]
async fn settings_that_changed_meanwhile_end_the_timer_with_a_record() {
    type Change = fn(&mut ClinicSettings);
    let changes: [(Change, &str); 3] = [
        (|settings| settings.plan = Plan::Connect, "switched_off"),
        (|settings| settings.automatic_replies.outside_hours = None, "switched_off"),
        (|settings| settings.office_hours = weekdays("09:00", "23:00"), "office_open"),
    ];
    for (change, why) in changes {
        let (world, name) = (World::new().await, name("c1", 1));
        world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
        world.clinic("c1", change).await;
        world.tick_at("2026-11-25T23:01:00Z").await;
        assert_eq!(world.said(&name).await, [], "{why}");
        assert_eq!(world.timer(&name, OUTSIDE).await, None, "{why}");
        assert_eq!(world.records(&name).await, [not_needed(why)]);
    }
}

/// Only a patient's message can cause one.
#[tokio::test]
async fn a_staff_message_at_night_is_not_answered() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.staff_writes(&name, "2026-11-25T23:00:00Z").await;
    world.tick_at("2026-11-25T23:30:00Z").await;
    world.stream().await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.conversation(&name).await.waiting, None::<Waiting>);
    assert_eq!(world.timers(&name).await, []);
    assert!(now() > world.conversation(&name).await.last_activity);
}
