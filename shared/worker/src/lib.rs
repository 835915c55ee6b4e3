//! Work that the stream announces and the schedule picks up.
//!
//! Both do the same conditional step, so that either may fail, repeat or come late: the stream is
//! only the faster one, and the tick finds whatever it missed by the index `due`.

mod brake;
mod metrics;
mod trigger;

pub use brake::Brake;
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

    /// How many items are worked on at once.
    const AT_ONCE: usize = 8;

    /// What one item may take at the worst, when every call of it takes the longest: nothing is begun
    /// with less time left, since what is cut off in the middle may be done twice.
    const LONGEST_STEP: Duration = Duration::from_secs(30);

    /// The tables.
    fn store(&self) -> &Store;

    /// Time and ids.
    fn sources(&self) -> &Sources;

    /// What stops the work while sending is switched off, for work that sends.
    fn brake(&self) -> Option<&Brake> {
        None
    }

    /// Claims the item of this key and does it; nothing, if it is not there or not due.
    fn step(&self, key: Key) -> impl Future<Output = Result<Step, Outage>> + Send;
}

/// What a tick came upon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// How many seconds the item that is due longest had been due when the tick began; `None` if the
    /// index could not be asked.
    pub oldest_due_seconds: Option<i64>,
    /// How many items were set aside as stuck.
    pub stuck: u32,
}

/// Does what triggered the function, and answers as Lambda expects: for a stream's batch the
/// records that are to come again, and nothing for a tick.
pub async fn run<W: Worker>(worker: &W, trigger: Trigger, deadline: Deadline) -> Value {
    match trigger {
        Trigger::Stream(records) => match is_stopped(worker).await {
            Ok(false) => stream(worker, records, deadline).await,
            // Nothing is lost by it: what is new is due, and found by the tick.
            Ok(true) => json!({ "batchItemFailures": [] }),
            Err(outage) => {
                log(&outage);
                json!({ "batchItemFailures": records.iter().map(failure).collect::<Vec<_>>() })
            }
        },
        Trigger::Tick => {
            let found = tick(worker, deadline).await;
            metrics::write(W::WORK, found, worker.sources().now());
            Value::Null
        }
    }
}

async fn is_stopped<W: Worker>(worker: &W) -> Result<bool, Outage> {
    match worker.brake() {
        Some(brake) => brake.is_on(worker.store()).await,
        None => Ok(false),
    }
}

/// Works through everything that is due, as far as the time allows.
///
/// The shards take turns, so that a backlog in one does not keep the others waiting. An item that
/// fails comes due again at its lease's end, so it cannot hold up the others either.
pub async fn tick<W: Worker>(worker: &W, deadline: Deadline) -> Tick {
    let mut found = Tick::default();
    match worker.store().oldest_due_seconds(W::WORK, worker.sources().now()).await {
        Ok(seconds) => found.oldest_due_seconds = Some(seconds),
        Err(outage) => log(&outage),
    }
    match is_stopped(worker).await {
        Ok(false) => {}
        Ok(true) => return found,
        Err(outage) => {
            log(&outage);
            return found;
        }
    }
    let mut shards: Vec<Shard> =
        (0..DUE_SHARDS).map(|number| Shard { number, before: Vec::new() }).collect();
    while !shards.is_empty() {
        let mut unfinished = Vec::new();
        for mut shard in shards {
            if shard.turn(worker, deadline, &mut found).await {
                unfinished.push(shard);
            }
        }
        shards = unfinished;
    }
    found
}

/// The instant up to which items count as due.
pub fn due_by(now: Timestamp) -> Timestamp {
    now.saturating_add(CLOCK_SKEW).unwrap_or(now)
}

/// One shard of the index, and what it last said was due.
struct Shard {
    number: u32,
    before: Vec<Key>,
}

impl Shard {
    /// Works through one batch. Whether there may be more to do, and time for it.
    async fn turn<W: Worker>(&mut self, worker: &W, deadline: Deadline, found: &mut Tick) -> bool {
        if !has_time(worker, deadline) {
            return false;
        }
        let now = worker.sources().now();
        let hints = match worker.store().due(W::WORK, self.number, now, BATCH).await {
            Ok(hints) => hints,
            Err(outage) => {
                log(&outage);
                return false;
            }
        };
        let keys: Vec<Key> = hints.into_iter().map(|hint| hint.key).collect();
        // The index lags behind the items: the same answer twice means that it has not caught up.
        if keys.is_empty() || keys == self.before {
            return false;
        }
        for chunk in keys.chunks(W::AT_ONCE) {
            if !has_time(worker, deadline) {
                return false;
            }
            for step in at_once(worker, chunk).await {
                match step {
                    Ok(Step::Done) => {}
                    Ok(Step::Stuck) => found.stuck = found.stuck.saturating_add(1),
                    Err(outage) => log(&outage),
                }
            }
        }
        self.before = keys;
        true
    }
}

async fn stream<W: Worker>(worker: &W, records: Vec<Record>, deadline: Deadline) -> Value {
    let mut failed = Vec::new();
    for chunk in records.chunks(W::AT_ONCE) {
        if !has_time(worker, deadline) {
            failed.extend(chunk.iter().map(failure));
            continue;
        }
        let keys: Vec<Key> = chunk.iter().map(|record| record.key.clone()).collect();
        for (record, step) in chunk.iter().zip(at_once(worker, &keys).await) {
            let Err(outage) = step else { continue };
            log(&outage);
            // What cannot work is not worth blocking the shard for: the tick counts its attempts,
            // and sets it aside.
            if outage.kind() != OutageKind::Broken {
                failed.push(failure(record));
            }
        }
    }
    json!({ "batchItemFailures": failed })
}

fn failure(record: &Record) -> Value {
    json!({ "itemIdentifier": record.sequence_number })
}

fn has_time<W: Worker>(worker: &W, deadline: Deadline) -> bool {
    deadline.remaining(worker.sources().now()) >= W::LONGEST_STEP
}

/// Does the steps of a few items together, and tells how each ended, in their order.
async fn at_once<W: Worker>(worker: &W, keys: &[Key]) -> Vec<Result<Step, Outage>> {
    let steps: Vec<_> = keys
        .iter()
        .map(|key| {
            let (worker, key) = (worker.clone(), key.clone());
            tokio::spawn(async move { worker.step(key).await })
        })
        .collect();
    let mut ends = Vec::with_capacity(steps.len());
    for step in steps {
        let panicked = |_| Outage::new(OutageKind::Broken, "step", "panic");
        ends.push(step.await.map_err(panicked).flatten());
    }
    ends
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

#[cfg(test)]
mod tests;
