//! What is told moves a notice forward, whatever the order.

use domain::people::Channel;
use proptest::prelude::*;
use serde_json::json;
use testkit::Fault;

use super::world::{SENT, World, at, email_hash, feedback, name, number_hash, pass_to, sample};
use domain::address::MarkReason;
use launch::Listener as _;

#[tokio::test]
async fn each_sample_puts_a_notice_where_it_says() {
    for (channel, sample, state, marked) in [
        (Channel::Email, "send", "accepted", None),
        (Channel::Email, "delivery", "delivered", None),
        (Channel::Email, "delivery-of-identity", "delivered", None),
        (Channel::Email, "bounce-permanent", "bounced", Some(MarkReason::Bounced)),
        (Channel::Email, "bounce-permanent-of-identity", "bounced", Some(MarkReason::Bounced)),
        (Channel::Email, "bounce-transient", "bounced", None),
        (Channel::Email, "bounce-undetermined", "bounced", None),
        (Channel::Email, "bounce-policy", "bounced", None),
        (Channel::Email, "complaint", "complained", Some(MarkReason::Complained)),
        (Channel::Email, "complaint-of-identity", "complained", Some(MarkReason::Complained)),
        (Channel::Email, "reject", "failed", None),
        (Channel::Email, "rendering-failure", "failed", None),
        (Channel::Sms, "text-success", "delivered", None),
        (Channel::Sms, "text-success-among-others", "delivered", None),
        (Channel::Sms, "text-failure-unreachable", "bounced", None),
        (Channel::Sms, "text-failure-number", "bounced", Some(MarkReason::Bounced)),
        (Channel::Sms, "text-opted-out", "opted_out", Some(MarkReason::OptedOut)),
    ] {
        let world = World::accepted(channel).await;
        for _ in 0..2 {
            world.hear(sample).await.unwrap();
            assert_eq!(world.state().await, state, "{sample}");
        }
        let hash = if channel == Channel::Email { email_hash() } else { number_hash() };
        let found = world.blocked(&hash).await.map(|mark| mark.reason);
        assert_eq!(found, marked, "{sample}");
        // The answer's own instant is earlier than what SES says of the same.
        let records = world.records().await;
        let told = json!([name().conversation, "1", channel.as_str(), state]);
        let expected = if sample == "send" { vec![] } else { vec![told] };
        assert_eq!(records, expected, "{sample}: twice is once");
        let untold = !matches!(state, "accepted" | "delivered" | "complained");
        assert_eq!(world.notice().await.due.is_some(), untold, "{sample}");
    }
}

/// A notice whose answer was lost is known by its own id, and is not sent again.
#[tokio::test]
async fn feedback_confirms_a_notice_whose_answer_was_lost() {
    for (sample, state) in [("send", "accepted"), ("delivery", "delivered")] {
        let world = World::unanswered().await;
        world.hear(sample).await.unwrap();
        let notice = world.notice().await;
        assert_eq!(notice.state.as_str(), state);
        assert_eq!((notice.due, notice.unanswered), (None, false), "it is sent no more");
    }
}

/// What comes before the answer is stored is told again; what names nothing for long is dropped, on
/// record.
#[tokio::test]
async fn an_unknown_id_is_waited_for_and_then_dropped_on_record() {
    for (sample, id) in
        [("delivery-of-identity", super::world::SES_ID), ("text-success", super::world::SNS_ID)]
    {
        let world = World::empty().await;
        pass_to(at("2026-11-25T15:01:00Z"));
        world.hear(sample).await.expect_err("it may be known soon");
        assert!(world.feedback.store.notice_named(id).await.unwrap().is_none());
        assert_eq!(world.db.all_items(testkit::MAIN).await.len(), 0);
        pass_to(at("2026-11-25T15:05:00Z"));
        world.hear(sample).await.unwrap();
        let items = world.db.all_items(testkit::MAIN).await;
        assert_eq!(items.len(), 1, "it is on record");
        assert_eq!(items[0]["pk"].as_s().unwrap(), &format!("PROVIDER#{id}"));
        world.hear(sample).await.unwrap();
        assert_eq!(world.records().await, [] as [serde_json::Value; 0]);
    }
}

/// What bounced or who opted out is the address's affair, whatever we know of the notice.
#[tokio::test]
async fn an_address_is_marked_also_where_the_id_is_not_known() {
    for (sample, hash, reason) in [
        ("bounce-permanent-of-identity", email_hash(), MarkReason::Bounced),
        ("complaint-of-identity", email_hash(), MarkReason::Complained),
        ("text-opted-out", number_hash(), MarkReason::OptedOut),
    ] {
        let world = World::empty().await;
        pass_to(at("2026-11-25T15:01:00Z"));
        world.hear(sample).await.expect_err("the notice may be known soon");
        let mark = world.blocked(&hash).await.expect("it is marked");
        assert_eq!(mark.reason, reason, "{sample}");
        pass_to(at("2026-11-25T18:00:00Z"));
        world.hear(sample).await.unwrap();
        assert_eq!(world.blocked(&hash).await, Some(mark), "{sample}");
        let items = world.db.all_items(testkit::MAIN).await;
        let unknown = |item: &&testkit::Item| item["pk"].as_s().unwrap().starts_with("PROVIDER#");
        assert_eq!(items.iter().filter(unknown).count(), 1, "{sample}: it is on record");

        // What is said of a notice that cannot be found just now is no reason to use the address.
        let world = World::empty().await;
        let fault = Fault::unavailable("BatchGetItem").after(1).times(1_000);
        let unlucky = feedback(world.db.client_with(fault), &world.sns);
        let event = super::world::sample(sample);
        unlucky.handle(event, super::world::deadline()).await.expect_err("it is to be told again");
        assert!(world.blocked(&hash).await.is_some(), "{sample}");
    }
}

/// One that cannot be stored loses none of the others, and is told again.
#[tokio::test]
async fn what_cannot_be_stored_is_told_again_and_loses_no_other() {
    let world = World::accepted(Channel::Email).await;
    let mut both = sample("delivery-of-identity");
    let unknown = {
        let mut unknown = sample("delivery");
        let message = unknown["Records"][0]["Sns"]["Message"].as_str().unwrap();
        let message = message
            .replace(super::world::SES_ID, "unknown")
            .replace(super::world::OWN_ID, "unknown");
        unknown["Records"][0]["Sns"]["Message"] = json!(message);
        unknown["Records"][0].clone()
    };
    both["Records"].as_array_mut().unwrap().insert(0, unknown);
    pass_to(at("2026-11-25T15:00:30Z"));
    world.feedback.handle(both, super::world::deadline()).await.expect_err("one is not known yet");
    assert_eq!(world.state().await, "delivered");
}

#[tokio::test]
async fn through_a_database_that_stumbles_it_is_stored_once_or_told_again() {
    for fault in [
        Fault::unavailable("BatchGetItem").times(3),
        Fault::throttled("TransactWriteItems").times(4),
        Fault::conflict("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems").after(1),
        Fault::unavailable("TransactWriteItems").after(1).times(3),
    ] {
        let world = World::accepted(Channel::Email).await;
        let unlucky = feedback(world.db.client_with(fault.clone()), &world.sns);
        let event = || sample("bounce-permanent");
        let _ = unlucky.handle(event(), super::world::deadline()).await;
        world.feedback.handle(event(), super::world::deadline()).await.unwrap();
        assert_eq!(world.state().await, "bounced", "{fault:?}");
        assert!(world.blocked(&email_hash()).await.is_some(), "{fault:?}");
        assert_eq!(world.records().await.len(), 1, "{fault:?}");
    }
}

/// Who looks at a notice next is to know what speaks against its address.
#[tokio::test]
async fn the_address_is_marked_before_the_notice_moves() {
    let world = World::accepted(Channel::Email).await;
    let fault = Fault::unavailable("TransactWriteItems").after(1).times(1_000);
    let unlucky = feedback(world.db.client_with(fault), &world.sns);
    let event = sample("bounce-permanent");
    unlucky.handle(event, super::world::deadline()).await.expect_err("it is to be told again");
    assert!(world.blocked(&email_hash()).await.is_some());
    assert_eq!(world.state().await, "accepted");
}

#[tokio::test]
async fn what_is_told_at_one_moment_is_all_taken_in() {
    let world = World::unanswered().await;
    let (sent, delivered, bounced, complained, again) = tokio::join!(
        world.hear("send"),
        world.hear("delivery"),
        world.hear("bounce-permanent"),
        world.hear("complaint"),
        world.hear("complaint"),
    );
    for told in [sent, delivered, bounced, complained, again] {
        told.unwrap();
    }
    assert_eq!(world.state().await, "complained");
    let mark = world.blocked(&email_hash()).await.expect("it is marked");
    assert_eq!(mark.reason, MarkReason::Complained);
    assert!(world.records().await.len() <= 4);
}

/// The one that is further on, of all that is told.
fn furthest(told: &[&str]) -> &'static str {
    let order = [
        ("complaint", "complained"),
        ("bounce-permanent", "bounced"),
        ("reject", "failed"),
        ("delivery", "delivered"),
        ("bounce-transient", "bounced"),
    ];
    order.iter().find(|(name, _)| told.contains(name)).map_or("accepted", |(_, state)| state)
}

/// NO-02: SES may tell things in any order, and more than once.
#[tokio::test]
async fn a_bounce_is_the_end_of_a_delivered_email_in_every_order() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let told = ["send", "delivery", "bounce-permanent"];
    for order in orders {
        let world = World::unanswered().await;
        for name in order.into_iter().map(|place| told[place]) {
            world.hear(name).await.unwrap();
            world.hear(name).await.unwrap();
        }
        assert_eq!(world.state().await, "bounced", "{order:?}");
        assert!(world.blocked(&email_hash()).await.is_some(), "{order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// NO-02 and its kind: events in any order, any of them twice.
    #[test]
    fn the_order_and_number_of_events_does_not_matter(
        told in prop::collection::vec(
            prop::sample::select(vec![
                "send", "delivery", "delivery-of-identity", "bounce-permanent",
                "bounce-transient", "complaint", "reject", "delivery-delay", "open",
            ]),
            1..7,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let told: Vec<&str> = told
                .iter()
                .map(|name| if *name == "delivery-of-identity" { "delivery" } else { *name })
                .collect();
            let world = World::accepted(Channel::Email).await;
            for name in &told {
                world.hear(name).await.unwrap();
            }
            let forwards = world.notice().await.state;
            assert_eq!(forwards.as_str(), furthest(&told), "{told:?}");
            let world = World::accepted(Channel::Email).await;
            for name in told.iter().rev().chain(&told) {
                world.hear(name).await.unwrap();
            }
            assert_eq!(world.notice().await.state, forwards, "{told:?}");
        });
    }
}

#[test]
fn the_samples_are_of_the_instant_that_the_tests_suppose() {
    assert!(sample("send").to_string().contains(&SENT.replace('Z', ".000Z")));
}
