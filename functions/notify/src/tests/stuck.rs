//! What can never work is set aside, seen, and in nobody's way.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use store::due::MOST_ATTEMPTS;
use store::key::{self as keys, Key};
use testkit::Fault;
use worker::Tick;

use super::world::{self, World, name, notice, outbox, pass};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Ticks until something is stuck, and tells how many there were before.
async fn ticks_until_stuck(world: &World, most: u32) -> u32 {
    for ticks in 0..most {
        pass(121);
        let Tick { stuck, .. } = world.tick().await;
        if stuck > 0 {
            assert_eq!(stuck, 1);
            return ticks;
        }
    }
    panic!("nothing is stuck after {most} ticks")
}

async fn assert_set_aside(world: &World, key: &Key) {
    let item = world.item(key).await.expect("it stays for people to look at");
    assert_eq!(item["stuck"], AttributeValue::Bool(true));
    world.expect_nothing_due().await;
    pass(100_000);
    assert_eq!(world.tick().await, Tick { oldest_due_seconds: Some(0), stuck: 0 });
}

#[tokio::test]
async fn an_outbox_entry_whose_facts_do_not_read_back_ends_as_stuck() {
    let world = World::with_message().await;
    let settings = keys::settings(&name(1).clinic);
    world.corrupt(&settings, "plan", text("no such plan")).await;
    assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }), "it blocks nothing");
    assert_eq!(
        ticks_until_stuck(&world, MOST_ATTEMPTS + 1).await,
        MOST_ATTEMPTS - 1,
        "the stream's was the first"
    );
    assert_set_aside(&world, &outbox(1)).await;
    assert_eq!(world.provider.requests().len(), 0);
}

#[tokio::test]
async fn an_outbox_entry_that_does_not_read_back_ends_as_stuck() {
    let world = World::with_message().await;
    world.corrupt(&outbox(1), "number", text("one")).await;
    assert_eq!(ticks_until_stuck(&world, MOST_ATTEMPTS + 1).await, MOST_ATTEMPTS);
    assert_set_aside(&world, &outbox(1)).await;
}

#[tokio::test]
async fn a_notice_that_is_begun_and_never_settled_ends_as_stuck() {
    let world = World::with_message().await;
    let throttled = super::provider::Behaviour::Refuse(400, "Throttling", "");
    world.provider.answers(&throttled, 1);
    world.step(outbox(1)).await;
    world.corrupt(&notice(1), "attempts", AttributeValue::N("200".to_owned())).await;
    assert_eq!(ticks_until_stuck(&world, 1).await, 0);
    assert_set_aside(&world, &notice(1)).await;
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_partition_that_names_no_conversation_ends_as_stuck() {
    let world = World::with_message().await;
    let mut item = world.item(&outbox(1)).await.unwrap();
    item.insert("pk".to_owned(), text("CLINIC#c1#PATIENT#p1"));
    let client = world.db.client();
    client.put_item().table_name(testkit::MAIN).set_item(Some(item)).send().await.unwrap();
    world.step(outbox(1)).await;
    assert_eq!(ticks_until_stuck(&world, MOST_ATTEMPTS + 1).await, MOST_ATTEMPTS);
}

#[tokio::test]
async fn a_message_behind_one_that_cannot_work_is_announced() {
    let world = World::with_message().await;
    world.corrupt(&outbox(1), "number", text("one")).await;
    // As many as fall into one shard besides, and more than one query brings.
    for number in 2..40 {
        world.start(number).await;
    }
    pass(1);
    world.tick().await;
    for number in 2..40 {
        assert_eq!(world.item(&outbox(number)).await, None, "{number}");
    }
    assert_eq!(world.provider.requests().len(), 38);
}

#[tokio::test]
async fn only_the_records_that_may_work_later_come_again() {
    let world = World::with_message().await;
    for number in 2..=4 {
        world.start(number).await;
    }
    world.corrupt(&outbox(4), "number", text("four")).await;
    // Two claims fail, each with its three attempts: those of the records that come third and fourth.
    let fault = Fault::unavailable("UpdateItem").after(2).times(6);
    let unlucky = world::notify(world.db.client_with(fault), &world.provider);
    let records = (1..=4).map(World::record).collect();
    let answer = worker::run(&unlucky, worker::Trigger::Stream(records), world::deadline()).await;
    let mut unclaimed = Vec::new();
    for number in 1..=4_u32 {
        let attempts = world.item(&outbox(number)).await.map(|item| item["attempts"].clone());
        if attempts == Some(AttributeValue::N("0".to_owned())) {
            unclaimed.push(json!({ "itemIdentifier": number.to_string() }));
        }
    }
    assert_eq!(unclaimed.len(), 2);
    assert_eq!(answer, json!({ "batchItemFailures": unclaimed }));

    let again = world.stream(&[1, 2, 3, 4]).await;
    assert_eq!(again, json!({ "batchItemFailures": [] }));
    assert_eq!(world.provider.requests().len(), 3);
}
