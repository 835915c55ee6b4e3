//! What does not work at once: it is tried again, once, or ends with its reason.

use domain::notice::{FailureReason, GIVE_UP_AFTER, LEASE, Notice, NoticeState};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::change::Outbox;
use store::due::Claimed;
use store::{Committed, key as keys, notices};
use testkit::Fault;

use super::provider::Behaviour;
use super::world::{self, World, ended, name, notice, now, outbox, pass, pass_to};

const THROTTLED: Behaviour = Behaviour::Refuse(400, "Throttling", "Maximum sending rate exceeded.");
const UNAVAILABLE: Behaviour = Behaviour::Refuse(503, "ServiceUnavailable", "try later");

async fn queued(world: &World) -> Notice {
    let notice = world.notice().await.expect("there is a notice");
    assert!(notice.is_queued(), "{notice:?}");
    notice
}

async fn due_in_index(world: &World) -> String {
    world.item(&notice(1)).await.unwrap()["due_sk"].as_s().unwrap().clone()
}

fn within(instant: Timestamp, from: i64, to: i64) -> bool {
    let wait = instant.duration_since(now());
    SignedDuration::from_secs(from) <= wait && wait <= SignedDuration::from_secs(to)
}

/// A message is announced when its turn comes again, and once.
#[tokio::test]
async fn what_fails_for_a_passing_reason_is_sent_later_once() {
    for failure in [THROTTLED, UNAVAILABLE, Behaviour::HangUp] {
        let world = World::with_message().await;
        world.provider.answers(&failure, 2);
        assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }), "it is settled");
        let first = queued(&world).await;
        assert!(within(first.due, 30, 45), "{failure:?}: {first:?}");
        assert_eq!((first.attempts, first.queued_at), (1, now()));
        assert_eq!(due_in_index(&world).await, keys::instant(first.due));
        assert_eq!(world.ends().await, [] as [serde_json::Value; 0]);

        pass(29);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 1, "it is not due yet");
        pass_to(first.due);
        world.tick().await;
        let second = queued(&world).await;
        assert!(within(second.due, 60, 90), "{failure:?}: {second:?}");
        assert_eq!((second.attempts, second.queued_at), (2, first.queued_at));

        pass_to(second.due);
        world.tick().await;
        world.tick().await;
        assert_eq!(world.state().await, "accepted");
        assert_eq!(world.provider.requests().len(), 3);
        assert_eq!(world.ends().await, [ended("email", "accepted")]);
        world.expect_nothing_due().await;
    }
}

/// Nobody knows whether the patient was told. It takes as long as the provider may take.
#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_asked_for_again() {
    let world = World::with_message().await;
    world.provider.answers(&Behaviour::Silence, 1);
    world.step(outbox(1)).await;
    let waiting = queued(&world).await;
    assert!(within(waiting.due, 30, 45), "{waiting:?}");
    pass_to(waiting.due);
    world.tick().await;
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.provider.requests().len(), 2);
}

#[tokio::test]
async fn what_the_provider_refuses_for_good_ends_with_the_reason() {
    let unverified = "Email address is not verified. The following identities failed the check";
    let cases = [
        ("email", "MessageRejected", unverified, FailureReason::SenderRejected),
        ("email", "InvalidParameterValue", "Local address", FailureReason::AddressRejected),
        ("email", "SomethingElse", "", FailureReason::RequestRejected),
        ("sms", "OptedOut", "", FailureReason::OptedOut),
        (
            "sms",
            "InvalidParameter",
            "Invalid parameter: PhoneNumber",
            FailureReason::AddressRejected,
        ),
    ];
    for (channel, code, message, reason) in cases {
        let world = World::with_message().await;
        world.patient(&json!({ "preferredChannel": channel })).await;
        world.provider.answers(&Behaviour::Refuse(400, code, message), 1);
        world.step(outbox(1)).await;
        let state = world.notice().await.unwrap().state;
        assert_eq!(state, NoticeState::Failed { at: now(), reason }, "{code}");
        assert_eq!(world.ends().await, [ended(channel, "failed")]);
        world.expect_nothing_due().await;
        pass(100_000);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 1);
    }
}

/// NO-13, between two attempts.
#[tokio::test]
async fn access_that_ended_since_the_last_attempt_ends_the_notice() {
    let world = World::with_message().await;
    world.provider.answers(&THROTTLED, 1);
    world.step(outbox(1)).await;
    world.patient(&json!({ "portalAccess": false })).await;
    pass_to(queued(&world).await.due);
    world.tick().await;
    let reason = FailureReason::AccessEnded;
    let state = world.notice().await.unwrap().state;
    assert_eq!(state, NoticeState::Failed { at: now(), reason });
    assert_eq!(world.ends().await, [ended("email", "failed")]);
    assert_eq!(world.provider.requests().len(), 1);
}

/// An address that was corrected since the last attempt is the one that is used.
#[tokio::test]
async fn each_attempt_goes_to_where_the_patient_is_told_now() {
    let world = World::with_message().await;
    world.provider.answers(&THROTTLED, 1);
    world.step(outbox(1)).await;
    world.patient(&json!({ "email": "new@example.test", "preferredChannel": "email" })).await;
    pass_to(queued(&world).await.due);
    world.tick().await;
    let requests = world.provider.requests();
    assert_eq!(super::provider::field(&requests[1], "Destinations.member.1"), "new@example.test");
}

#[tokio::test]
async fn a_crash_after_the_claim_delays_the_notice_and_does_not_lose_it() {
    let world = World::with_message().await;
    let (key, lease_end) = (outbox(1), now() + LEASE);
    let claimed = world.notify.store.claim::<Outbox>(&key, now(), lease_end, 10).await.unwrap();
    assert_eq!(claimed, Claimed::Held(Outbox { number: 1, attempts: 1 }));

    assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }));
    pass(117);
    world.tick().await;
    world.step(key).await;
    assert_eq!(world.notice().await, None, "it is claimed");
    pass(3);
    world.tick().await;
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_crash_after_the_notice_was_opened_delays_it_and_does_not_lose_it() {
    let world = World::with_message().await;
    let store = &world.notify.store;
    let facts = world.facts().await;
    let opened = Notice::of_message(1, &facts.0, &facts.1, now());
    let mut transaction = store.transaction();
    notices::open(&mut transaction, &name(1), &opened);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);

    pass(117);
    world.tick().await;
    world.step(notice(1)).await;
    assert_eq!(world.provider.requests().len(), 0, "it is claimed");
    pass(3);
    world.tick().await;
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.notice().await.unwrap().attempts, 2);
    assert_eq!(world.provider.requests().len(), 1);
}

/// The holder of a claim that ran out settles nothing over the next one.
#[tokio::test]
async fn a_late_answer_changes_nothing_that_another_settled() {
    let world = World::with_message().await;
    world.provider.answers(&THROTTLED, 1);
    world.step(outbox(1)).await;
    let stale = queued(&world).await;
    pass_to(stale.due);
    world.tick().await;
    let settled = world.notice().await;
    let late = stale.answered(
        domain::notice::Answer::Permanent(FailureReason::AddressRejected),
        now(),
        0.0,
    );
    let mut transaction = world.notify.store.transaction();
    notices::settle(&mut transaction, &name(1), &late);
    assert_eq!(world.notify.store.commit(transaction).await.unwrap(), Committed::Lost);
    assert_eq!(world.notice().await, settled);
}

/// The claim of the outbox entry runs out before the notice is opened, and another announces the
/// message: it is sent once.
#[tokio::test]
async fn a_claim_that_ran_out_sends_nothing_again() {
    let world = std::sync::Arc::new(World::with_message().await);
    let other = std::sync::Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = std::sync::Arc::clone(&other);
        async move {
            pass(121);
            world.step(outbox(1)).await;
        }
    });
    let slow = world::notify(world.db.client_with(fault), &world.provider);
    worker::Worker::step(&slow, outbox(1)).await.unwrap();
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.provider.requests().len(), 1);
    assert_eq!(world.ends().await, [ended("email", "accepted")]);
}

/// The provider's yes must not be lost to a database that stumbles, or the patient is told twice.
#[tokio::test]
async fn a_yes_is_stored_although_the_database_stumbles() {
    let operation = "TransactWriteItems";
    let faults = [
        Fault::conflict(operation).after(1),
        Fault::unavailable(operation).after(1).times(3),
        Fault::throttled(operation).after(1).times(4),
        Fault::answer_lost(operation).after(1).times(3),
    ];
    for fault in faults {
        let world = World::with_message().await;
        let unlucky = world::notify(world.db.client_with(fault.clone()), &world.provider);
        worker::Worker::step(&unlucky, outbox(1)).await.unwrap();
        assert_eq!(world.state().await, "accepted", "{fault:?}");
        assert_eq!(world.ends().await, [ended("email", "accepted")], "{fault:?}");
        pass(1_000);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 1, "{fault:?}");
    }
}

/// A claim whose answer is lost is a claim all the same: it waits for its end.
#[tokio::test]
async fn whatever_call_is_lost_the_message_is_announced_once() {
    let faults = [
        Fault::answer_lost("UpdateItem"),
        Fault::answer_lost("UpdateItem").times(3),
        Fault::unavailable("UpdateItem").times(3),
        Fault::conflict("UpdateItem"),
        Fault::unavailable("BatchGetItem").times(3),
        Fault::conflict("TransactWriteItems"),
        Fault::unavailable("TransactWriteItems").times(3),
        Fault::answer_lost("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems").times(3),
    ];
    for fault in faults {
        let world = World::with_message().await;
        let unlucky = world::notify(world.db.client_with(fault.clone()), &world.provider);
        let _ = worker::Worker::step(&unlucky, outbox(1)).await;
        for _ in 0..3 {
            world.stream(&[1]).await;
            pass(60);
            world.tick().await;
        }
        assert_eq!(world.state().await, "accepted", "{fault:?}");
        assert_eq!(world.provider.requests().len(), 1, "{fault:?}");
        assert_eq!(world.item(&outbox(1)).await, None, "{fault:?}");
    }
}

#[tokio::test]
async fn it_is_given_up_after_72_hours() {
    let world = World::with_message().await;
    world.provider.answers(&UNAVAILABLE, 1_000);
    world.step(outbox(1)).await;
    let start = now();
    let ended_at = loop {
        let found = world.notice().await.unwrap();
        match found.state {
            NoticeState::Queued => pass_to(found.due),
            NoticeState::Failed { at, reason } => {
                assert_eq!(reason, FailureReason::GaveUp);
                break at;
            }
            NoticeState::Accepted { .. } => panic!("it was refused each time"),
        }
        world.tick().await;
    };
    let tried_for = ended_at.duration_since(start);
    assert!(tried_for <= GIVE_UP_AFTER, "{tried_for}");
    assert!(tried_for > GIVE_UP_AFTER - SignedDuration::from_mins(90), "{tried_for}");
    let attempts = world.provider.requests().len();
    assert!((50..90).contains(&attempts), "{attempts} attempts");
    assert_eq!(world.ends().await, [ended("email", "failed")]);
    world.expect_nothing_due().await;
}
