//! All log lines of the whole system run, and all that it sent, read after it: Cargo runs this binary after
//! `system`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

// Only a part of it is used here.
#[allow(dead_code, reason = "the helpers are shared with the other binary")]
#[path = "system/aws.rs"]
mod aws;

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What stands in every name, address, title and body that the tests planted, and how the tokens and the
/// phone numbers of the tests begin. Compared in lower case.
const PLANTED: [&str; 5] = ["planted", "eyj", "613555", "@example.test", "bearer "];

/// The most log events in one answer.
const PAGE: usize = 10_000;

#[test]
fn no_log_line_holds_a_name_an_address_a_title_a_body_or_a_token() {
    // What the last calls logged may still be on its way.
    thread::sleep(Duration::from_secs(3));
    let groups = groups();
    let functions = aws::described("/functions").as_object().unwrap().len();
    assert!(groups.len() >= functions, "{groups:?}");
    let mut requests = 0;
    let mut silent = Vec::new();
    for group in &groups {
        let lines = lines(group);
        if lines.is_empty() {
            silent.push(group);
        }
        for line in &lines {
            let folded = line.to_lowercase();
            for planted in PLANTED {
                assert!(!folded.contains(planted), "{group} holds {planted:?}: {line}");
            }
            requests += usize::from(line.contains("\"request\""));
        }
    }
    assert!(
        requests > 100,
        "the run left {requests} lines of requests: run all system tests first"
    );
    // The local stack writes no access log.
    assert!(
        silent.iter().all(|group| group.ends_with("/access")),
        "nothing was logged in {silent:?}"
    );
}

/// The words of the messages that the tests sent, and the names of who sent and got them. A clinic's name
/// is planted too, and may be in a notice.
const PRIVATE: [&str; 6] = ["diagnosis", "prescription", "anna", "marie", "grace", "patients/"];

#[test]
fn nothing_that_was_sent_holds_a_title_a_body_or_a_name() {
    let mut sent = aws::emails("");
    let emails = sent.len();
    sent.extend(aws::texts(""));
    assert!(emails > 20 && sent.len() > emails, "the run sent {emails} emails of {}", sent.len());
    for notice in sent {
        let folded = notice.to_string().to_lowercase();
        for private in PRIVATE {
            assert!(!folded.contains(private), "{private}: {notice}");
        }
    }
}

fn groups() -> Vec<String> {
    let prefix = aws::described("/log_groups");
    let request = json!({ "logGroupNamePrefix": prefix });
    let answer = aws::json_call("logs", "Logs_20140328.DescribeLogGroups", &request);
    let groups = answer["logGroups"].as_array().unwrap();
    groups.iter().map(|group| group["logGroupName"].as_str().unwrap().to_owned()).collect()
}

/// Every line of a group. A page begins at the instant at which the one before it ended.
fn lines(group: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut from = 0;
    loop {
        let request = json!({ "logGroupName": group, "startTime": from, "limit": PAGE });
        let answer = aws::json_call("logs", "Logs_20140328.FilterLogEvents", &request);
        let events = answer["events"].as_array().unwrap();
        let message = |event: &Value| event["message"].as_str().unwrap_or_default().to_owned();
        lines.extend(events.iter().map(message));
        let last = events.last().and_then(|event| event["timestamp"].as_i64());
        match last {
            Some(last) if events.len() == PAGE => {
                assert!(last > from, "{PAGE} lines in one instant");
                from = last;
            }
            _ => return lines,
        }
    }
}
