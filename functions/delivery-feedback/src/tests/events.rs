//! Every sample is understood, or left alone without an error.

use domain::people::Channel;
use serde_json::{Value, json};

use super::world::{World, changed, sample, samples};
use crate::event::{Happening, Told};

/// NO-07: what SNS and SES send besides feedback.
#[tokio::test]
async fn what_is_no_feedback_is_no_error_and_changes_nothing() {
    for name in [
        "topic-validated",
        "subscription-confirmation",
        "subscription-succeeded",
        "subscription",
        "delivery-delay",
        "open",
        "click",
        "inbound-start",
        "inbound-sentence",
    ] {
        let world = World::accepted(Channel::Email).await;
        world.hear(name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(world.state().await, "accepted", "{name}");
        assert_eq!(world.records().await, [] as [Value; 0], "{name}");
        assert_eq!(world.blocked(&super::world::email_hash()).await, None, "{name}");
        assert_eq!(world.blocked(&super::world::number_hash()).await, None, "{name}");
    }
}

#[test]
fn every_sample_is_read() {
    for name in samples() {
        Told::parse(sample(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_is_none_of_these_is_an_error_that_repeats_nothing() {
    let planted = "planted.address@example.test";
    for event in [
        json!({ "trigger": "tick" }),
        json!({ "trigger": planted }),
        json!({ "Records": planted }),
        json!({ "Records": [{ "s3": {} }] }),
        json!({ "awslogs": { "data": planted } }),
        json!({ "awslogs": { "data": "H4sIAAAAAAAA" } }),
        json!({ "awslogs": planted }),
        json!([planted]),
        Value::Null,
    ] {
        let error = Told::parse(event.clone()).expect_err("it is no event of this function");
        assert!(!error.to_string().contains("planted"), "{event}");
    }
}

/// What SES sends is its affair; that we cannot read it is for somebody to look at.
#[tokio::test]
async fn feedback_that_cannot_be_read_is_not_taken_for_something_else_and_hides_nothing() {
    let world = World::accepted(Channel::Email).await;
    let mut event = changed("bounce-permanent", |message| message["mail"]["timestamp"] = json!(7));
    let readable = sample("delivery")["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(readable);
    let error = world.hear_event(event).await.expect_err("it is to be told again");
    assert!(!error.to_string().contains("planted"));
    assert_eq!(world.state().await, "delivered");
    assert_eq!(world.blocked(&super::world::email_hash()).await, None);
}

/// An event names addresses and words, so its debug print shows none.
#[test]
fn a_debug_print_names_nobody() {
    for name in samples() {
        let printed = format!("{:?}", Told::parse(sample(&name)).unwrap());
        for private in ["planted", "PLANTED", "6135550100", "STOP"] {
            assert!(!printed.contains(private), "{name}: {printed}");
        }
    }
}

#[test]
fn a_line_that_is_not_sns_s_does_not_hide_the_others() {
    let Told::Happened(found) = Told::parse(sample("text-success-among-others")).unwrap() else {
        panic!("it is a portion of logs")
    };
    assert!(matches!(found.as_slice(), [Happening::Text(_)]), "{found:?}");
}
