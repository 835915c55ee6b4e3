//! What triggers the function: SES and inbound texts by way of SNS, SNS's own logs by way of
//! `CloudWatch`, and the daily schedule.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{email, text};

/// A portion of logs is at most 1 MB when packed (AWS limit); unpacked, this is more than it can be
/// and less than the function's memory.
const MOST_UNPACKED: u64 = 64 * 1_048_576;

/// What is told.
#[derive(Debug)]
pub enum Told {
    /// Time to read the account's list of those who opted out.
    Reconcile,
    /// Things that happened, each by itself; what says nothing to us is left out already.
    Happened(Vec<Happening>),
}

/// One thing that happened.
#[derive(Debug)]
pub enum Happening {
    /// Something about an email.
    Email(email::Event),
    /// Something about a text message.
    Text(text::Outcome),
    /// Somebody wrote back, at this instant.
    Inbound(text::Inbound, Option<Timestamp>),
    /// Feedback, by the names of its members, that does not read as such. It is not lost: AWS repeats
    /// it, and then puts it where somebody looks.
    Unreadable,
}

/// An event that is none of these. Its content is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is neither SNS's, nor a portion of logs, nor {{\"trigger\":\"reconcile\"}}")]
pub struct BadEvent;

#[derive(Deserialize)]
struct Notifications {
    #[serde(rename = "Records")]
    records: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Sns")]
    sns: Sns,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sns {
    #[serde(default)]
    message: String,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Logs {
    awslogs: Packed,
}

#[derive(Deserialize)]
struct Packed {
    data: String,
}

#[derive(Deserialize)]
struct Portion {
    #[serde(rename = "logEvents", default)]
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

impl Told {
    /// Reads an event.
    pub fn parse(event: Value) -> Result<Self, BadEvent> {
        if event.get("trigger").and_then(Value::as_str) == Some("reconcile") {
            return Ok(Self::Reconcile);
        }
        if event.get("awslogs").is_some() {
            let Logs { awslogs } = serde_json::from_value(event).map_err(|_| BadEvent)?;
            return unpacked(&awslogs.data).map(Self::Happened);
        }
        let Notifications { records } = serde_json::from_value(event).map_err(|_| BadEvent)?;
        Ok(Self::Happened(records.iter().filter_map(|record| notified(&record.sns)).collect()))
    }
}

/// What a notification says. SNS and SES send some that are no JSON, or about nothing that was sent:
/// when a topic is set up, or an address subscribes. They are no errors.
fn notified(sns: &Sns) -> Option<Happening> {
    let message: Value = serde_json::from_str(&sns.message).ok()?;
    match email::Kind::of(&message) {
        Some(email::Kind::Other) => None,
        Some(_) => {
            Some(serde_json::from_value(message).map_or(Happening::Unreadable, Happening::Email))
        }
        None => {
            let at = sns.timestamp.as_ref().and_then(|written| written.parse().ok());
            let inbound = serde_json::from_value(message).ok()?;
            Some(Happening::Inbound(inbound, at))
        }
    }
}

/// The outcomes in a portion of SNS's logs (base64, gzip, JSON, with JSON in each line).
fn unpacked(data: &str) -> Result<Vec<Happening>, BadEvent> {
    let packed = STANDARD.decode(data).map_err(|_| BadEvent)?;
    let mut json = Vec::new();
    let mut reader = GzDecoder::new(packed.as_slice()).take(MOST_UNPACKED);
    reader.read_to_end(&mut json).map_err(|_| BadEvent)?;
    let Portion { log_events } = serde_json::from_slice(&json).map_err(|_| BadEvent)?;
    Ok(log_events.iter().filter_map(|line| logged(&line.message)).collect())
}

/// The outcome in a line, unless the line is of something else.
fn logged(line: &str) -> Option<Happening> {
    let line: Value = serde_json::from_str(line).ok()?;
    line.get("notification")?;
    Some(serde_json::from_value(line).map_or(Happening::Unreadable, Happening::Text))
}
