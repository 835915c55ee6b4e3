//! What speaks against an address is noted with the address.

use domain::address::MarkReason;
use domain::people::Channel;

use serde_json::json;

use super::world::{World, at, changed, email_hash, now, number_hash, pass_to};

/// AD-09: the address in other letters, and with a name.
#[tokio::test]
async fn an_address_is_known_in_any_spelling() {
    for sample in ["bounce-permanent-of-identity", "complaint-of-identity"] {
        for written in [
            json!(["PLANTED.ADDRESS@EXAMPLE.TEST"]),
            json!(["\"Pat\" <planted.address@example.test>"]),
            json!(["<Planted.Address@Example.Test> "]),
            // Not told, or not as an address: then it is where the notice went.
            json!([]),
            json!(["nobody"]),
        ] {
            let world = World::accepted(Channel::Email).await;
            let event = changed(sample, |message| message["mail"]["destination"] = written);
            for _ in 0..2 {
                world.hear_event(event.clone()).await.unwrap();
            }
            let mark = world.blocked(&email_hash()).await.expect("it is marked");
            assert_eq!(mark.at, at("2026-11-25T15:00:02Z"), "{event}");
            assert_eq!(world.records().await.len(), 1, "{event}");
        }
    }
}

/// Mail that is handed on bounces where it was handed on to. We do not write there.
#[tokio::test]
async fn the_address_that_was_written_to_is_the_one_that_is_marked() {
    let world = World::accepted(Channel::Email).await;
    let event = changed("bounce-permanent", |message| {
        message["bounce"]["bouncedRecipients"][0]["emailAddress"] = json!("other@example.test");
    });
    world.hear_event(event).await.unwrap();
    assert!(world.blocked(&email_hash()).await.is_some());
}

/// A provider's report that takes back what somebody, or a filter, said before.
#[tokio::test]
async fn who_says_that_it_is_no_spam_does_not_complain() {
    let world = World::accepted(Channel::Email).await;
    let event = changed("complaint", |message| {
        message["complaint"]["complaintFeedbackType"] = json!("not-spam");
    });
    world.hear_event(event).await.unwrap();
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.blocked(&email_hash()).await, None);
}

/// What is told of the channel that a notice left does not touch the one that it went through then.
#[tokio::test]
async fn each_channel_of_a_notice_has_its_own_feedback() {
    let world = World::went_the_other_way().await;
    world.hear("complaint").await.unwrap();
    let notice = world.notice().await;
    assert_eq!(notice.state.as_str(), "accepted");
    assert_eq!(notice.earlier.unwrap().state.as_str(), "complained");
    let mark = world.blocked(&email_hash()).await.expect("it is marked");
    assert_eq!(mark.reason, MarkReason::Complained);
    assert_eq!(world.blocked(&number_hash()).await, None);
    world.hear("text-success").await.unwrap();
    let notice = world.notice().await;
    assert_eq!(notice.state.as_str(), "delivered");
    assert_eq!(notice.earlier.unwrap().state.as_str(), "complained");
    let mut told: Vec<_> = world.records().await.iter().map(|it| it[2].clone()).collect();
    told.sort_by_key(ToString::to_string);
    assert_eq!(told, [json!("email"), json!("sms")]);
}

/// NO-08, where carriers hand texts on.
#[tokio::test]
async fn whoever_texts_stop_or_arret_is_noted_and_start_undoes_nothing() {
    for sample in ["inbound-stop", "inbound-arret"] {
        let world = World::empty().await;
        world.hear(sample).await.unwrap();
        let mark = world.blocked(&number_hash()).await.expect("it is marked");
        assert_eq!((mark.reason, mark.at), (MarkReason::OptedOut, at("2026-11-25T15:00:03Z")));
        world.hear("inbound-start").await.unwrap();
        assert_eq!(world.blocked(&number_hash()).await, Some(mark));
    }
}

/// AWS may tell a thing twice.
#[tokio::test]
async fn a_stop_that_is_told_again_after_consent_does_not_undo_it() {
    let world = World::empty().await;
    world.hear("inbound-stop").await.unwrap();
    assert!(world.feedback.store.consent(&number_hash(), now(), |_| {}).await.unwrap());
    pass_to(at("2026-11-26T15:00:00Z"));
    world.hear("inbound-stop").await.unwrap();
    assert_eq!(world.blocked(&number_hash()).await, None);
}

/// A late event is of before the consent.
#[tokio::test]
async fn what_happened_before_its_owner_agreed_again_does_not_count() {
    let world = World::accepted(Channel::Email).await;
    let store = &world.feedback.store;
    assert!(store.consent(&email_hash(), at("2026-11-25T15:30:00Z"), |_| {}).await.unwrap());
    world.hear("bounce-permanent").await.unwrap();
    assert_eq!(world.state().await, "bounced");
    assert_eq!(world.blocked(&email_hash()).await, None);
}
