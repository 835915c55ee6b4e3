//! What does not work at once: it is tried again, once, or ends with its reason.

use domain::address::AddressState;
use domain::conversation::Party;
use domain::notice::{FailureReason, GIVE_UP_AFTER, Happened, LEASE, Notice, NoticeState};
use domain::people::Channel;
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

/// A message is announced when its turn comes again, and once. Of a text message whose answer is lost
/// nobody will tell whether it was sent; of an email feedback does, within a quarter of an hour.
#[tokio::test]
async fn what_fails_for_a_passing_reason_is_sent_later_once() {
    let soon = (30, 45, 60, 90);
    let confirmed = (900, 900, 900, 900);
    for (channel, failure, (from, to, then_from, then_to), state) in [
        ("email", THROTTLED, soon, "queued"),
        ("email", UNAVAILABLE, confirmed, "unconfirmed"),
        ("email", Behaviour::HangUp, confirmed, "unconfirmed"),
        ("sms", THROTTLED, soon, "queued"),
        ("sms", UNAVAILABLE, soon, "queued"),
        ("sms", Behaviour::HangUp, soon, "queued"),
    ] {
        let world = World::with_message().await;
        world.patient(&json!({ "preferredChannel": channel })).await;
        world.provider.answers(&failure, 2);
        assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }), "it is settled");
        let first = queued(&world).await;
        assert_eq!(first.state.as_str(), state, "{channel} {failure:?}");
        let due = first.due.unwrap();
        assert!(within(due, from, to), "{channel} {failure:?}: {first:?}");
        assert_eq!((first.sends, first.queued_at, first.unanswered), (1, now(), false));
        assert_eq!(due_in_index(&world).await, keys::instant(due));
        assert_eq!(world.ends().await, [] as [serde_json::Value; 0]);

        pass(from - 3);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 1, "it is not due yet");
        pass_to(due);
        world.tick().await;
        let second = queued(&world).await;
        let due = second.due.unwrap();
        assert!(within(due, then_from, then_to), "{channel} {failure:?}: {second:?}");
        assert_eq!((second.sends, second.queued_at), (2, first.queued_at));

        pass_to(due);
        world.tick().await;
        world.tick().await;
        assert_eq!(world.state().await, "accepted");
        assert_eq!(world.provider.requests().len(), 3);
        assert_eq!(world.ends().await, [ended(channel, "accepted")]);
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
    assert_eq!(waiting.state.as_str(), "unconfirmed");
    assert!(within(waiting.due.unwrap(), 900, 900), "{waiting:?}");
    pass_to(waiting.due.unwrap());
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
        world.tick().await;
        world.expect_nothing_due().await;
        pass(100_000);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 1);
        let marked = world.notify.store.addresses([&super::world::hash_of_number()]).await.unwrap();
        let marked = marked.of(&super::world::hash_of_number()).and_then(AddressState::blocked);
        assert_eq!(marked.is_some(), reason == FailureReason::OptedOut, "{code}");
    }
}

/// NO-13, between two attempts.
#[tokio::test]
async fn access_that_ended_since_the_last_attempt_ends_the_notice() {
    let world = World::with_message().await;
    world.provider.answers(&THROTTLED, 1);
    world.step(outbox(1)).await;
    world.patient(&json!({ "portalAccess": false })).await;
    pass_to(queued(&world).await.due.unwrap());
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
    pass_to(queued(&world).await.due.unwrap());
    world.tick().await;
    let requests = world.provider.requests();
    assert_eq!(super::provider::field(&requests[1], "Destinations.member.1"), "new@example.test");
}

#[tokio::test]
async fn a_crash_after_the_claim_delays_the_notice_and_does_not_lose_it() {
    let world = World::with_message().await;
    let (key, lease_end) = (outbox(1), now() + LEASE);
    let claimed = world.notify.store.claim::<Outbox>(&key, now(), lease_end, 10).await.unwrap();
    assert_eq!(claimed, Claimed::Held(Outbox { number: 1, party: Party::Clinic, attempts: 1 }));

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

/// A crash between opening a notice and its answer: nobody knows whether it was handed over. An email
/// waits for feedback, a text message is sent again.
#[tokio::test]
async fn a_crash_after_the_notice_was_opened_delays_it_and_does_not_lose_it() {
    for (channel, waits) in [("email", true), ("sms", false)] {
        let world = World::with_message().await;
        world.patient(&json!({ "preferredChannel": channel })).await;
        world.provider.answers(&Behaviour::HangUp, 1);
        let fault = Fault::unavailable("TransactWriteItems").after(1).times(1_000);
        let unlucky = world::notify(world.db.client_with(fault), &world.provider);
        worker::Worker::step(&unlucky, outbox(1)).await.unwrap_err();
        assert!(world.notice().await.unwrap().unanswered);
        assert_eq!(world.provider.requests().len(), 1);

        pass(117);
        world.tick().await;
        world.step(notice(1)).await;
        assert_eq!(world.provider.requests().len(), 1, "it is claimed");
        pass(3);
        world.tick().await;
        if waits {
            assert_eq!(world.state().await, "unconfirmed");
            assert_eq!(world.provider.requests().len(), 1);
            pass(900);
            world.tick().await;
        }
        assert_eq!(world.state().await, "accepted");
        let settled = world.notice().await.unwrap();
        assert_eq!((settled.sends, settled.attempts), (2, 0));
        assert_eq!(world.provider.requests().len(), 2);
        world.expect_nothing_due().await;
    }
}

/// Feedback may come before the answer is stored, and says more than it.
#[tokio::test]
async fn feedback_that_is_faster_than_the_answer_stays() {
    let world = std::sync::Arc::new(World::with_message().await);
    let other = std::sync::Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = std::sync::Arc::clone(&other);
        async move {
            let Some(before) = world.notice().await else { return };
            let told = before.clone().told(Channel::Email, Happened::Delivered, now()).unwrap();
            let mut transaction = world.notify.store.transaction();
            notices::settle(&mut transaction, &name(1), &before, &told);
            assert_eq!(world.notify.store.commit(transaction).await.unwrap(), Committed::Done);
        }
    })
    .after(1);
    let slow = world::notify(world.db.client_with(fault), &world.provider);
    worker::Worker::step(&slow, outbox(1)).await.unwrap();
    assert_eq!(world.state().await, "delivered");
    pass(2_000);
    world.tick().await;
    assert_eq!(world.provider.requests().len(), 1);
    world.expect_nothing_due().await;
}

/// The holder of a claim that ran out settles nothing over the next one.
#[tokio::test]
async fn a_late_answer_changes_nothing_that_another_settled() {
    let world = World::with_message().await;
    world.provider.answers(&THROTTLED, 1);
    world.step(outbox(1)).await;
    let stale = queued(&world).await;
    pass_to(stale.due.unwrap());
    world.tick().await;
    let settled = world.notice().await;
    let refused = domain::notice::Answer::Permanent(FailureReason::AddressRejected);
    let late = stale.clone().answered(refused, now(), 0.0);
    let mut transaction = world.notify.store.transaction();
    notices::settle(&mut transaction, &name(1), &stale, &late);
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

/// What the database did not let through was not handed over, however often: it is no failure of the
/// provider's, and is not given up.
#[tokio::test]
async fn an_outage_of_our_own_before_the_provider_is_asked_gives_nothing_up() {
    for channel in ["email", "sms"] {
        let world = World::with_message().await;
        world.patient(&json!({ "preferredChannel": channel })).await;
        world.step(outbox(1)).await;
        assert_eq!(world.provider.requests().len(), 1);
        pass(1_000);
        world.start(2).await;
        let mut key = outbox(2);
        for _ in 0..6 {
            // The first update claims; that of the rate fails.
            let fault = Fault::unavailable("UpdateItem").after(1).times(20);
            let unlucky = world::notify(world.db.client_with(fault), &world.provider);
            worker::Worker::step(&unlucky, key).await.unwrap_err();
            let second = world::notice(2);
            let mut found = world.notify.store.read([second.clone()]).await.unwrap();
            let notice: Notice = found.take(&second).unwrap().unwrap();
            assert_eq!((notice.state.as_str(), notice.sends), ("queued", 0), "{notice:?}");
            assert!(!notice.unanswered && notice.lost == 0, "{notice:?}");
            key = second;
            pass(130);
        }
        world.run_dry().await;
        assert_eq!(world.provider.requests().len(), 2, "{channel}");
        world.expect_nothing_due().await;
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
        for _ in 0..20 {
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
            NoticeState::Queued | NoticeState::Unconfirmed { .. } => pass_to(found.due.unwrap()),
            NoticeState::Failed { at, reason } => {
                assert_eq!(reason, FailureReason::GaveUp);
                break at;
            }
            other => panic!("it was refused each time: {other:?}"),
        }
        world.tick().await;
    };
    let tried_for = ended_at.duration_since(start);
    assert!(tried_for <= GIVE_UP_AFTER, "{tried_for}");
    assert!(tried_for > GIVE_UP_AFTER - SignedDuration::from_mins(90), "{tried_for}");
    let attempts = world.provider.requests().len();
    assert!((50..90).contains(&attempts), "{attempts} attempts");
    assert_eq!(world.ends().await, [ended("email", "failed")]);
    world.run_dry().await;
    world.expect_nothing_due().await;
}
