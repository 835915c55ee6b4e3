//! What SNS writes in its logs about a text message (Amazon SNS Developer Guide, "Viewing Amazon
//! `CloudWatch` metrics and logs for SMS deliveries"), and what people text back.

use std::fmt;

use domain::contact::SmsNumber;
use domain::notice::{Happened, Keyword, keyword, text_message_outcome};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// A line of the log.
#[derive(Deserialize)]
pub struct Outcome {
    notification: Notification,
    delivery: Delivery,
    status: String,
}

/// Shows nothing: a line names a number.
impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outcome")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    message_id: String,
    /// Such as `2026-11-25 15:00:00.512`, in UTC.
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    #[serde(default)]
    destination: String,
    #[serde(default)]
    provider_response: String,
}

impl Outcome {
    /// SNS's id of the text message.
    pub fn id(&self) -> &str {
        &self.notification.message_id
    }

    /// What happened, and when, as far as the line can be read; else `now`.
    pub fn happened(&self, now: Timestamp) -> (Happened, Timestamp) {
        let happened = text_message_outcome(&self.status, &self.delivery.provider_response);
        let written: Option<DateTime> = self.notification.timestamp.trim().parse().ok();
        let at = written.and_then(|written| TimeZone::UTC.to_timestamp(written).ok());
        (happened, at.unwrap_or(now))
    }

    /// The number that it is about.
    pub fn address(&self) -> Option<SmsNumber> {
        SmsNumber::from_e164(self.delivery.destination.trim()).ok()
    }
}

/// A text message that somebody sent back to a two-way number (AWS End User Messaging SMS User Guide,
/// "Two-way SMS messaging").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inbound {
    origination_number: String,
    message_body: String,
}

/// Shows nothing: it is a person's number and words.
impl fmt::Debug for Inbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Inbound")
    }
}

impl Inbound {
    /// What is asked for.
    pub fn keyword(&self) -> Option<Keyword> {
        keyword(&self.message_body)
    }

    /// Who asks.
    pub fn address(&self) -> Option<SmsNumber> {
        SmsNumber::from_e164(self.origination_number.trim()).ok()
    }
}
