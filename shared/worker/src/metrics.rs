//! Metrics in `CloudWatch`'s embedded format: a line of JSON on standard output, no call.

use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::key::Work;

use crate::Tick;

/// Writes how long the oldest item has been due, and how many were set aside as stuck.
pub(crate) fn write(work: Work, tick: Tick, now: Timestamp) {
    // A metric that cannot be written is no reason to fail the work.
    let _ = writeln!(std::io::stdout(), "{}", line(work, tick, now));
}

fn line(work: Work, tick: Tick, now: Timestamp) -> Value {
    let function = match work {
        Work::Notice => "notify",
        Work::Timer => "auto-reply",
        Work::File => "inspect-attachment",
    };
    let mut names = vec![json!({ "Name": "StuckItems", "Unit": "Count" })];
    let mut members = Map::new();
    members.insert("Function".to_owned(), json!(function));
    members.insert("StuckItems".to_owned(), json!(tick.stuck));
    if let Some(seconds) = tick.oldest_due_seconds {
        names.push(json!({ "Name": "OldestDueAgeSeconds", "Unit": "Seconds" }));
        members.insert("OldestDueAgeSeconds".to_owned(), json!(seconds));
    }
    let about = json!({
        "Timestamp": now.as_millisecond(),
        "CloudWatchMetrics": [{
            "Namespace": "PatientMessaging",
            "Dimensions": [["Function"]],
            "Metrics": names,
        }],
    });
    members.insert("_aws".to_owned(), about);
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `CloudWatch`'s embedded metric format: every metric that `_aws` names is a member beside it.
    #[test]
    fn a_tick_s_line_has_every_metric_that_it_names() {
        let tick = Tick { oldest_due_seconds: Some(61), stuck: 2 };
        let found = line(Work::Timer, tick, Timestamp::UNIX_EPOCH);
        assert_eq!(
            found,
            json!({
                "Function": "auto-reply",
                "StuckItems": 2,
                "OldestDueAgeSeconds": 61,
                "_aws": {
                    "Timestamp": 0,
                    "CloudWatchMetrics": [{
                        "Namespace": "PatientMessaging",
                        "Dimensions": [["Function"]],
                        "Metrics": [
                            { "Name": "StuckItems", "Unit": "Count" },
                            { "Name": "OldestDueAgeSeconds", "Unit": "Seconds" },
                        ],
                    }],
                },
            })
        );
    }

    #[test]
    fn an_age_that_is_not_known_is_left_out_and_not_zero() {
        let found = line(Work::Notice, Tick::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(found.get("OldestDueAgeSeconds"), None);
        assert_eq!(found.pointer("/_aws/CloudWatchMetrics/0/Metrics/1"), None);
        assert_eq!(found.get("StuckItems"), Some(&json!(0)));
        assert_eq!(found.get("Function"), Some(&json!("notify")));
    }
}
