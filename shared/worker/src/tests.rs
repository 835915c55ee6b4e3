//! Events of AWS's shape, and how work is shared out, with a worker that only counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use testkit::{AUDIT, Db, MAIN};

use super::*;

thread_local! {
    /// Each test and its tasks run on one thread, so each has a clock of its own.
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

fn now() -> Timestamp {
    NOW.get()
}

/// Does nothing but take time, and end as the key says.
#[derive(Clone)]
struct Counter {
    store: Store,
    sources: Sources,
    takes: SignedDuration,
    begun: Arc<Mutex<Vec<Key>>>,
}

impl Worker for Counter {
    const WORK: Work = Work::Notice;

    fn store(&self) -> &Store {
        &self.store
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    async fn step(&self, key: Key) -> Result<Step, Outage> {
        self.begun.lock().unwrap().push(key.clone());
        NOW.set(NOW.get() + self.takes);
        let outage = |kind| Err(Outage::new(kind, "test", "test"));
        match key.sk.as_str() {
            "STUCK" => Ok(Step::Stuck),
            "BROKEN" => outage(OutageKind::Broken),
            "UNAVAILABLE" => outage(OutageKind::Unavailable),
            "CONTENDED" => outage(OutageKind::Contended),
            "PANIC" => panic!("a step that panics"),
            _ => {
                self.store.claim::<Value>(&key, now(), Timestamp::MAX, 1).await?;
                Ok(Step::Done)
            }
        }
    }
}

fn counter(db: &Db, takes: SignedDuration) -> Counter {
    NOW.set("2026-11-25T15:00:00Z".parse().unwrap());
    Counter {
        store: Store::new(db.client(), MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        takes,
        begun: Arc::default(),
    }
}

fn in_seconds(seconds: i64) -> Deadline {
    Deadline::at(now() + SignedDuration::from_secs(seconds))
}

fn record(sk: &str, sequence_number: &str) -> Record {
    Record {
        key: Key { pk: "P".to_owned(), sk: sk.to_owned() },
        sequence_number: sequence_number.to_owned(),
    }
}

fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn due_in_shard(db: &Db, shard: u32, how_many: usize) {
    for number in 0..how_many {
        let text = |text: String| AttributeValue::S(text);
        db.client()
            .put_item()
            .table_name(MAIN)
            .item("pk", text(format!("SHARD{shard}")))
            .item("sk", text(format!("{number:04}")))
            .item("due_pk", text(store::key::due_partition(Work::Notice, shard)))
            .item("due_sk", text("2026-11-25T14:59:00.000000Z".to_owned()))
            .send()
            .await
            .unwrap();
    }
}

#[test]
fn a_stream_s_batch_is_its_keys_and_sequence_numbers() {
    let Ok(Trigger::Stream(records)) = Trigger::parse(sample("notify/stream.json")) else {
        panic!("it is a batch")
    };
    let partition = "CLINIC#c1#PATIENT#p1#CONVERSATION#0198c0de-0000-7000-8000-00000000000";
    let expected = [("1", "4242700000000012345678901"), ("2", "4242700000000012345678914")];
    let expected = expected.map(|(conversation, number)| Record {
        key: Key { pk: format!("{partition}{conversation}"), sk: "OUTBOX#00000001".to_owned() },
        sequence_number: number.to_owned(),
    });
    assert_eq!(records, expected);
    assert!(Trigger::parse(sample("auto-reply/stream.json")).is_ok());
}

#[test]
fn a_batch_without_records_is_none_to_do() {
    assert_eq!(Trigger::parse(json!({ "Records": [] })), Ok(Trigger::Stream(Vec::new())));
}

#[test]
fn a_schedule_s_input_is_a_tick() {
    for function in ["notify", "auto-reply"] {
        let event = sample(&format!("{function}/tick.json"));
        assert_eq!(event, json!({ "trigger": "tick" }));
        assert_eq!(Trigger::parse(event), Ok(Trigger::Tick));
    }
}

/// Nothing that is not understood counts as done, and nothing of it is repeated.
#[test]
fn any_other_event_is_an_error_without_its_content() {
    let record = |change: &dyn Fn(&mut Value)| {
        let mut event = sample("notify/stream.json");
        change(&mut event["Records"][1]["dynamodb"]);
        event
    };
    let bad = [
        Value::Null,
        json!("planted"),
        json!({}),
        json!([]),
        json!({ "trigger": "planted" }),
        json!({ "trigger": ["tick"] }),
        json!({ "Records": "planted" }),
        json!({ "Records": [{ "body": "planted", "eventSource": "aws:sqs" }] }),
        record(&|change| change["Keys"] = json!({})),
        record(&|change| change["Keys"]["sk"] = json!({ "N": "1" })),
        record(&|change| change["Keys"]["pk"] = Value::Null),
        record(&|change| drop(change.as_object_mut().unwrap().remove("SequenceNumber"))),
    ];
    for event in bad {
        let error = Trigger::parse(event.clone()).expect_err(&event.to_string());
        assert!(!error.to_string().contains("planted"));
    }
}

#[tokio::test]
async fn only_records_that_may_work_later_come_again() {
    let db = Db::start().await;
    let worker = counter(&db, SignedDuration::ZERO);
    let records = [
        ("DONE", "1"),
        ("UNAVAILABLE", "2"),
        ("BROKEN", "3"),
        ("STUCK", "4"),
        ("CONTENDED", "5"),
        ("PANIC", "6"),
    ];
    let records = records.map(|(sk, number)| record(sk, number)).to_vec();
    let answer = run(&worker, Trigger::Stream(records), in_seconds(60)).await;
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": "2" }, { "itemIdentifier": "5" }] })
    );
}

/// What is cut off in the middle may be done twice: it is not begun.
#[tokio::test]
async fn records_for_which_no_time_is_left_come_again_unbegun() {
    let db = Db::start().await;
    let worker = counter(&db, SignedDuration::from_secs(8));
    let records: Vec<_> = (0..10).map(|number| record("DONE", &number.to_string())).collect();
    let answer = run(&worker, Trigger::Stream(records), in_seconds(60)).await;
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": "8" }, { "itemIdentifier": "9" }] })
    );
    assert_eq!(worker.begun.lock().unwrap().len(), 8);

    let answer = run(&worker, Trigger::Stream(vec![record("DONE", "8")]), in_seconds(29)).await;
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "8" }] }));
}

#[tokio::test]
async fn a_tick_begins_nothing_without_the_time_to_end_it() {
    let db = Db::start().await;
    due_in_shard(&db, 1, 30).await;
    // Eight at once take eight seconds: after the second eight, less than a step's time is left.
    let worker = counter(&db, SignedDuration::from_secs(1));
    assert_eq!(run(&worker, Trigger::Tick, in_seconds(45)).await, Value::Null);
    assert_eq!(worker.begun.lock().unwrap().len(), 16);
    assert_eq!(
        tick(&worker, in_seconds(29)).await,
        Tick { oldest_due_seconds: Some(76), stuck: 0 }
    );
    assert_eq!(worker.begun.lock().unwrap().len(), 16);
}

#[tokio::test]
async fn a_backlog_in_one_shard_does_not_keep_the_others_waiting() {
    let db = Db::start().await;
    due_in_shard(&db, 0, 80).await;
    for shard in 1..DUE_SHARDS {
        due_in_shard(&db, shard, 1).await;
    }
    let worker = counter(&db, SignedDuration::from_millis(500));
    tick(&worker, in_seconds(50)).await;
    let begun = worker.begun.lock().unwrap().clone();
    for shard in 1..DUE_SHARDS {
        assert!(begun.iter().any(|key| key.pk == format!("SHARD{shard}")), "shard {shard}");
    }
    assert!(begun.len() < 80, "the backlog takes more than one tick");
}

#[tokio::test]
async fn everything_that_is_due_is_done_once_in_one_tick() {
    let db = Db::start().await;
    for shard in 0..DUE_SHARDS {
        due_in_shard(&db, shard, 60).await;
    }
    let worker = counter(&db, SignedDuration::ZERO);
    let found = tick(&worker, in_seconds(60)).await;
    assert_eq!(found, Tick { oldest_due_seconds: Some(60), stuck: 0 });
    let mut begun = worker.begun.lock().unwrap().clone();
    assert_eq!(begun.len(), 240);
    begun.sort();
    begun.dedup();
    assert_eq!(begun.len(), 240);
}

/// The index lags behind the items, and an item may fail before its claim: neither makes a tick go
/// round for ever.
#[tokio::test]
async fn the_same_answer_of_the_index_twice_ends_a_shard_s_turn() {
    let db = Db::start().await;
    for sk in ["UNAVAILABLE", "BROKEN"] {
        due_in_shard(&db, 2, 1).await;
        let mut item = db.all_items(MAIN).await.remove(0);
        item.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
        db.client().put_item().table_name(MAIN).set_item(Some(item)).send().await.unwrap();
    }
    let worker = counter(&db, SignedDuration::ZERO);
    tick(&worker, in_seconds(60)).await;
    assert!(worker.begun.lock().unwrap().len() <= 6);
}
