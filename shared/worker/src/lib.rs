//! Work that the stream announces and the schedule picks up.
//!
//! Both do the same conditional step, so that either may fail, repeat or come late: the stream is
//! only the faster one, and the tick finds whatever it missed by the index `due`.

mod metrics;
mod trigger;

pub use trigger::{BadEvent, Record, Trigger};

use std::time::Duration;

use domain::outage::{Outage, OutageKind};
use jiff::{SignedDuration, Timestamp};
use platform::{Deadline, Sources};
use serde_json::{Value, json};
use store::Store;
use store::key::{DUE_SHARDS, Key, Work};

/// How far ahead of now an item still counts as due: the clocks of two machines differ.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// How many items one query of the index brings.
const BATCH: i32 = 25;

/// How many items are worked on at once.
const AT_ONCE: usize = 8;

/// What one item may take: nothing is begun with less time left.
const LONGEST_STEP: Duration = Duration::from_secs(20);

/// How an item ended that was not given up for a passing reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was done, or was not to be done.
    Done,
    /// It was begun too often, and is out of the index until people look at it.
    Stuck,
}

/// One kind of work.
pub trait Worker: Clone + Send + Sync + 'static {
    /// The kind.
    const WORK: Work;

    /// The tables.
    fn store(&self) -> &Store;

    /// Time and ids.
    fn sources(&self) -> &Sources;

    /// Claims the item of this key and does it; nothing, if it is not there or not due.
    fn step(&self, key: Key) -> impl Future<Output = Result<Step, Outage>> + Send;
}

/// Does what triggered the function, and answers as Lambda expects: for a stream's batch the
/// records that are to come again, and nothing for a tick.
pub async fn run<W: Worker>(worker: &W, trigger: Trigger, deadline: Deadline) -> Value {
    match trigger {
        Trigger::Stream(records) => stream(worker, records).await,
        Trigger::Tick => {
            tick(worker, deadline).await;
            Value::Null
        }
    }
}

/// The instant up to which items count as due.
pub fn due_by(now: Timestamp) -> Timestamp {
    now.saturating_add(CLOCK_SKEW).unwrap_or(now)
}

async fn stream<W: Worker>(worker: &W, records: Vec<Record>) -> Value {
    let mut failed = Vec::new();
    for record in records {
        match worker.step(record.key).await {
            Ok(_) => {}
            // What cannot work is not worth blocking the shard for: the tick counts its attempts,
            // and sets it aside.
            Err(outage) if outage.kind() == OutageKind::Broken => log(&outage),
            Err(outage) => {
                log(&outage);
                failed.push(json!({ "itemIdentifier": record.sequence_number }));
            }
        }
    }
    json!({ "batchItemFailures": failed })
}

async fn tick<W: Worker>(worker: &W, deadline: Deadline) {
    let oldest = match worker.store().oldest_due_seconds(W::WORK, worker.sources().now()).await {
        Ok(oldest) => Some(oldest),
        Err(outage) => {
            log(&outage);
            None
        }
    };
    let mut stuck = 0_u32;
    for shard in 0..DUE_SHARDS {
        stuck = stuck.saturating_add(drain(worker, shard, deadline).await);
    }
    metrics::write(W::WORK, oldest, stuck, worker.sources().now());
}

/// Works through one shard until nothing is due in it, or time is short. An item that fails comes
/// due again at its lease's end, so it cannot hold up the others.
async fn drain<W: Worker>(worker: &W, shard: u32, deadline: Deadline) -> u32 {
    let mut stuck = 0_u32;
    let mut before: Vec<Key> = Vec::new();
    loop {
        let now = worker.sources().now();
        if deadline.remaining(now) < LONGEST_STEP {
            return stuck;
        }
        let hints = match worker.store().due(W::WORK, shard, now, BATCH).await {
            Ok(hints) => hints,
            Err(outage) => {
                log(&outage);
                return stuck;
            }
        };
        let keys: Vec<Key> = hints.into_iter().map(|hint| hint.key).collect();
        // The index lags behind the items: the same answer twice means that it has not caught up.
        if keys.is_empty() || keys == before {
            return stuck;
        }
        for chunk in keys.chunks(AT_ONCE) {
            let mut steps = tokio::task::JoinSet::new();
            for key in chunk {
                let (worker, key) = (worker.clone(), key.clone());
                steps.spawn(async move { worker.step(key).await });
            }
            while let Some(step) = steps.join_next().await {
                match step {
                    Ok(Ok(Step::Done)) => {}
                    Ok(Ok(Step::Stuck)) => stuck = stuck.saturating_add(1),
                    Ok(Err(outage)) => log(&outage),
                    Err(_) => tracing::error!("a step ended in a panic"),
                }
            }
        }
        before = keys;
    }
}

fn log(outage: &Outage) {
    let (operation, detail) = (outage.operation(), outage.detail());
    match outage.kind() {
        OutageKind::Broken => tracing::error!(operation, detail, "a step cannot work"),
        OutageKind::Unavailable | OutageKind::Contended => {
            tracing::warn!(operation, detail, "a step is to be tried again");
        }
    }
}
