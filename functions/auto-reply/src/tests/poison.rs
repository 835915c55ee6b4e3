//! What can never work holds up nothing else; and much work takes a bounded time.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::automatic::Timer;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::Committed;
use store::change;
use store::due::MOST_ATTEMPTS;
use store::key::{self, DUE_SHARDS, Key, Work};
use worker::Tick;

use super::world::{OUTSIDE, World, at, deadline, looks_take, name, now, pass_to};

/// Ticks until something is stuck, and tells how many there were before.
async fn ticks_until_stuck(world: &World) -> u32 {
    for ticks in 0..=MOST_ATTEMPTS {
        pass_to(now() + SignedDuration::from_secs(121));
        let Tick { stuck, .. } = world.tick().await;
        if stuck > 0 {
            assert_eq!(stuck, 1);
            return ticks;
        }
    }
    panic!("nothing is stuck")
}

async fn assert_set_aside(world: &World, key: &Key) {
    let item = world.item(key).await.expect("it stays for people to look at");
    assert_eq!(item["stuck"], AttributeValue::Bool(true));
    assert!(!item.contains_key("due_pk") && !item.contains_key("due_sk"));
}

/// OH-12: a zone that cannot be loaded never becomes another one. Nothing is said, and it is seen.
#[tokio::test]
async fn a_clinic_whose_zone_is_unknown_says_nothing_and_ends_as_stuck() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.clinic("c1", |settings| settings.automatic_replies.no_answer = None).await;
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    world.lose_zone("c1").await;
    assert_eq!(world.stream().await, json!({ "batchItemFailures": [] }), "it blocks nothing");
    assert_eq!(ticks_until_stuck(&world).await, MOST_ATTEMPTS - 1, "the stream's was the first");
    assert_set_aside(&world, &key::timer(&name, OUTSIDE)).await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.records(&name).await, []);
    assert_eq!(world.tick().await, Tick { oldest_due_seconds: Some(0), stuck: 0 });

    // Mended: what is stuck stays so, and the next night's message is answered.
    world.clinic("c1", |_| ()).await;
    world.patient_writes(&name, "2026-11-26T23:00:00Z").await;
    world.tick_at("2026-11-26T23:00:01Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}

#[tokio::test]
async fn a_timer_that_does_not_read_back_ends_as_stuck() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.clinic("c1", |settings| settings.automatic_replies.no_answer = None).await;
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let key = key::timer(&name, OUTSIDE);
    let no_instant = AttributeValue::S("last night".to_owned());
    world.corrupt(&key, |item| drop(item.insert("since".to_owned(), no_instant))).await;
    assert_eq!(ticks_until_stuck(&world).await, MOST_ATTEMPTS);
    assert_set_aside(&world, &key).await;
    assert_eq!(world.said(&name).await, []);
}

/// More of them than one query of the index brings, all due before the others, in every shard.
#[tokio::test]
async fn timers_that_cannot_work_never_hold_up_the_others_of_their_shard() {
    let world = World::new().await;
    let (poisoned, good) = (120, 12);
    seed(&world, "c2", poisoned, "2026-11-25T23:00:00Z").await;
    seed(&world, "c1", good, "2026-11-25T23:00:30Z").await;
    let shards: BTreeSet<_> = (2..2 + good)
        .map(|number| key::due_partition_of(Work::Timer, &name("c1", number)))
        .collect();
    assert_eq!(shards.len(), usize::try_from(DUE_SHARDS).unwrap());
    world.lose_zone("c2").await;
    world.tick_at("2026-11-25T23:01:00Z").await;
    for number in 2..2 + good {
        assert_eq!(world.said(&name("c1", number)).await.len(), 1, "{number}");
    }
    for number in 2..2 + poisoned {
        assert!(world.timer(&name("c2", number), OUTSIDE).await.is_some(), "{number}");
    }
}

/// A night on which 2,000 patients write. No tick takes longer than Lambda lets it, nothing is begun
/// that could be cut off, and everything is answered once.
#[tokio::test]
async fn two_thousand_timers_are_worked_through_within_the_time_of_each_tick() {
    let world = World::new().await;
    seed(&world, "c1", 2_000, "2026-11-25T23:00:00Z").await;
    at("2026-11-25T23:00:30Z");
    // A look at a timer asks four times what time it is: 80 ms for each, one after the other.
    looks_take(SignedDuration::from_millis(20));
    let mut ticks = 0;
    loop {
        let until = deadline();
        let Tick { oldest_due_seconds, stuck } = worker::tick(&world.worker, until).await;
        assert!(until.instant() > now(), "the tick ended in its time");
        assert_eq!(stuck, 0);
        if oldest_due_seconds == Some(0) {
            break;
        }
        ticks += 1;
        assert!(ticks < 12, "more than {ticks} ticks");
    }
    assert!(ticks > 2, "one tick does not have the time for all");
    let records = world.db.all_items(testkit::AUDIT).await;
    let replies = records
        .iter()
        .filter(|record| record["action"] == AttributeValue::S("automatic.reply".to_owned()));
    assert_eq!(replies.count(), 2_000);
}

/// Conversations from 2 on, in which the patient wrote at this instant and no timer was looked at
/// yet. Only what the look needs is stored.
async fn seed(world: &World, clinic: &str, how_many: usize, instant: &str) {
    at(instant);
    let template = world.conversation(&name(clinic, 1)).await;
    let written: Timestamp = instant.parse().unwrap();
    let names: Vec<_> = (2..2 + how_many).map(|number| name(clinic, number)).collect();
    for names in names.chunks(50) {
        let mut transaction = world.worker.store.transaction();
        for name in names {
            let mut conversation = template.clone();
            conversation.id = name.conversation.clone();
            conversation.last_activity = written;
            conversation.waiting =
                Some(domain::conversation::Waiting { number: 2, since: written });
            conversation.tally.total = 2;
            transaction.put(&key::conversation(name), &conversation, [], None);
            let timer = Timer { kind: OUTSIDE, due: written, number: 2, since: written };
            change::set_timer(&mut transaction, name, &timer);
        }
        assert_eq!(world.worker.store.commit(transaction).await.unwrap(), Committed::Done);
    }
}
