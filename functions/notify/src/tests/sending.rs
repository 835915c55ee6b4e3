//! A stored message is announced once, on the channel that the patient can be told on.

use domain::notice::{FailureReason, NoticeState};
use domain::people::Channel;
use serde_json::json;
use worker::{Tick, Trigger, Worker as _};

use super::provider::{email, field};
use super::world::{EMAIL, NUMBER, World, deadline, ended, notice, now, outbox, pass, sample};

#[tokio::test]
async fn the_stream_announces_a_stored_message() {
    let world = World::with_message().await;
    world.start(2).await;
    let trigger = Trigger::parse(sample("stream.json")).unwrap();
    let answer = worker::run(&world.notify, trigger, deadline()).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(world.provider.requests().len(), 2);

    let notice = world.notice().await.unwrap();
    assert_eq!((notice.channel, notice.sends), (Some(Channel::Email), 1));
    let NoticeState::Accepted { at, provider_id } = notice.state else { panic!("{notice:?}") };
    assert_eq!(at, now());
    assert!(provider_id.as_ref().unwrap().starts_with("ses-"), "{provider_id:?}");
    assert_eq!(world.item(&outbox(1)).await, None);
    assert_eq!(world.item(&outbox(2)).await, None);
    let ends = world.ends().await;
    assert_eq!(ends.len(), 2);
    assert!(ends.contains(&ended("email", "accepted")), "{ends:?}");
    world.expect_nothing_due().await;
}

/// What the stream missed.
#[tokio::test]
async fn the_tick_announces_a_stored_message() {
    let world = World::with_message().await;
    pass(59);
    let trigger = Trigger::parse(sample("tick.json")).unwrap();
    assert!(worker::run(&world.notify, trigger, deadline()).await.is_null());
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.ends().await, [ended("email", "accepted")]);
    world.expect_nothing_due().await;
    assert_eq!(world.tick().await, Tick { oldest_due_seconds: Some(0), stuck: 0 });
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn the_tick_tells_how_long_the_oldest_has_been_due() {
    let world = World::with_message().await;
    pass(300);
    assert_eq!(world.tick().await, Tick { oldest_due_seconds: Some(300), stuck: 0 });
}

#[tokio::test]
async fn both_triggers_at_once_send_once() {
    let world = World::with_message().await;
    let mut steps = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let notify = world.notify.clone();
        steps.spawn(async move { notify.step(outbox(1)).await });
    }
    let ticks = async { tokio::join!(world.tick(), world.tick()) };
    let (steps, _) = tokio::join!(steps.join_all(), ticks);
    assert!(steps.iter().all(Result::is_ok), "{steps:?}");
    assert_eq!(world.provider.requests().len(), 1);
    assert_eq!(world.ends().await, [ended("email", "accepted")]);
}

/// Streams deliver at least once.
#[tokio::test]
async fn a_record_that_comes_again_sends_nothing_again() {
    let world = World::with_message().await;
    for _ in 0..3 {
        assert_eq!(world.stream(&[1, 1]).await, json!({ "batchItemFailures": [] }));
        pass(200);
    }
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_patient_who_prefers_it_gets_a_text_message() {
    let world = World::with_message().await;
    world.patient(&json!({ "preferredChannel": "sms" })).await;
    world.step(outbox(1)).await;
    let requests = world.provider.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(field(&requests[0], "Action"), "Publish");
    assert_eq!(field(&requests[0], "PhoneNumber"), NUMBER);
    let sent = world.notice().await.unwrap();
    assert_eq!(sent.channel, Some(Channel::Sms));
    assert!(
        matches!(sent.state, NoticeState::Accepted { provider_id, .. } if provider_id.as_deref() == Some("sns-1"))
    );
    assert_eq!(world.ends().await, [ended("sms", "accepted")]);
}

#[tokio::test]
async fn the_other_channel_is_used_only_with_consent() {
    let world = World::with_message().await;
    let preferred = json!({ "preferredChannel": "sms", "sms": null });
    world.patient(&preferred).await;
    world.step(outbox(1)).await;
    assert_eq!(world.provider.requests().len(), 0);
    assert_eq!(world.state().await, "failed");

    let world = World::with_message().await;
    let mut consented = preferred;
    consented["otherChannelConsented"] = json!(true);
    world.patient(&consented).await;
    world.step(outbox(1)).await;
    let requests = world.provider.requests();
    assert_eq!(field(&requests[0], "Destinations.member.1"), EMAIL);
    assert!(email(&requests[0]).contains(&format!("To: <{EMAIL}>")));
}

#[tokio::test]
async fn a_patient_without_a_usable_address_ends_the_notice_with_that_reason() {
    let world = World::with_message().await;
    world.patient(&json!({ "email": null, "sms": null })).await;
    world.step(outbox(1)).await;
    let ended_notice = world.notice().await.unwrap();
    let reason = FailureReason::NoUsableAddress;
    assert_eq!(ended_notice.state, NoticeState::Failed { at: now(), reason });
    assert_eq!(ended_notice.channel, None);
    assert_eq!(
        world.item(&notice(1)).await.unwrap()["reason"].as_s().unwrap(),
        "no_usable_address"
    );
    assert_eq!(world.ends().await, [ended("none", "failed")]);
    assert_eq!(world.item(&outbox(1)).await, None);
    assert_eq!(world.provider.requests().len(), 0);
    world.expect_nothing_due().await;
}

/// NO-13: access that ended between storing and sending.
#[tokio::test]
async fn nobody_is_told_whose_access_ended() {
    let access_off = json!({ "portalAccess": false });
    let portal_off = json!({ "portalEnabled": false });
    for (clinic, patient) in [(json!({}), access_off), (portal_off, json!({}))] {
        let world = World::with_message().await;
        world.clinic(&clinic).await;
        world.patient(&patient).await;
        assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }));
        let reason = FailureReason::AccessEnded;
        let state = world.notice().await.unwrap().state;
        assert_eq!(state, NoticeState::Failed { at: now(), reason });
        assert_eq!(world.ends().await, [ended("none", "failed")]);
        assert_eq!(world.provider.requests().len(), 0);
        world.expect_nothing_due().await;
    }
}
