//! What calls a worker: a batch of the table's stream, or the minute's tick.

use aws_lambda_events::event::dynamodb::Event;
use serde_json::Value;
use store::key::Key;
use thiserror::Error;

/// One stream record: the key of a new item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The item.
    pub key: Key,
    /// The record's number, by which a failure is reported.
    pub sequence_number: String,
}

/// What called a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// New items.
    Stream(Vec<Record>),
    /// Time to look what is due.
    Tick,
}

/// An event that is neither. Its content is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the event is neither a batch of the table's stream nor {{\"trigger\":\"tick\"}}")]
pub struct BadEvent;

impl Trigger {
    /// Reads an event.
    pub fn parse(event: Value) -> Result<Self, BadEvent> {
        if event.get("trigger").and_then(Value::as_str) == Some("tick") {
            return Ok(Self::Tick);
        }
        if event.get("Records").is_none() {
            return Err(BadEvent);
        }
        let event: Event = serde_json::from_value(event).map_err(|_| BadEvent)?;
        let records = event.records.into_iter().map(|record| {
            let text = |name: &str| match record.change.keys.get(name) {
                Some(value) => {
                    serde_json::to_value(value).ok()?.get("S")?.as_str().map(str::to_owned)
                }
                None => None,
            };
            Some(Record {
                key: Key { pk: text("pk")?, sk: text("sk")? },
                sequence_number: record.change.sequence_number?,
            })
        });
        records.collect::<Option<Vec<_>>>().map(Self::Stream).ok_or(BadEvent)
    }
}
