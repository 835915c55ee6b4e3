//! Metrics in CloudWatch's embedded format: a line of JSON on standard output, no call.

use std::io::Write as _;

use jiff::Timestamp;
use serde_json::json;
use store::key::Work;

/// Writes how long the oldest item has been due, and how many were set aside as stuck.
pub(crate) fn write(work: Work, oldest_due_seconds: Option<i64>, stuck: u32, now: Timestamp) {
    let function = match work {
        Work::Notice => "notify",
        Work::Timer => "auto-reply",
    };
    let mut names = vec![json!({ "Name": "StuckItems", "Unit": "Count" })];
    let mut line = json!({ "Function": function, "StuckItems": stuck });
    if let (Some(seconds), Some(members)) = (oldest_due_seconds, line.as_object_mut()) {
        names.push(json!({ "Name": "OldestDueAgeSeconds", "Unit": "Seconds" }));
        members.insert("OldestDueAgeSeconds".to_owned(), json!(seconds));
    }
    if let Some(members) = line.as_object_mut() {
        let about = json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "PatientMessaging",
                "Dimensions": [["Function"]],
                "Metrics": names,
            }],
        });
        members.insert("_aws".to_owned(), about);
    }
    // A metric that cannot be written is no reason to fail the work.
    let _ = writeln!(std::io::stdout(), "{line}");
}
