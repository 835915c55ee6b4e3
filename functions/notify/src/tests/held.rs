//! What holds notices back without losing any: switches, rates, caps; and addresses that are not used.

use domain::address::{AddressState, Mark, MarkReason};
use domain::notice::{FailureReason, Happened, Hold, NoticeState, Recipient};
use domain::people::Channel;
use jiff::SignedDuration;
use serde_json::json;
use store::sending::{self, Sending};
use store::{Committed, key};
use worker::Worker as _;

use super::provider::{Behaviour, field};
use super::world::{
    EMAIL, NUMBER, World, hash_of, hash_of_number, name, notice, now, outbox, pass, pass_to,
};
use crate::rate::Rates;

async fn switch(world: &World, paused: bool) {
    let key = key::sending();
    let before: Option<Sending> =
        world.notify.store.read([key.clone()]).await.unwrap().take(&key).unwrap();
    let next = before.clone().unwrap_or_default().set(paused, now()).expect("it is news");
    let mut transaction = world.notify.store.transaction();
    sending::put(&mut transaction, &next, before.map(|before| before.version));
    assert_eq!(world.notify.store.commit(transaction).await.unwrap(), Committed::Done);
}

#[tokio::test]
async fn while_everything_is_paused_nothing_is_sent_and_nothing_is_lost() {
    let world = World::with_message().await;
    switch(&world, true).await;
    assert_eq!(world.stream(&[1]).await, json!({ "batchItemFailures": [] }));
    pass(10 * 24 * 3_600);
    world.tick().await;
    assert_eq!(world.provider.requests().len(), 0);
    assert!(world.item(&outbox(1)).await.is_some());
    switch(&world, false).await;
    world.tick().await;
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.provider.requests().len(), 1);
}

/// Whatever held the announcement of several messages up: nobody is told of what was read meanwhile,
/// and of the rest once.
#[tokio::test]
async fn what_was_read_before_it_was_announced_tells_nobody() {
    for (read, told) in [(0, 1), (2, 1), (3, 1), (4, 0)] {
        let world = World::with_message().await;
        switch(&world, true).await;
        world.stream(&[1]).await;
        for _ in 2..=4 {
            pass(1_000);
            world.add().await;
        }
        world.has_read(&Recipient::Patient, read).await;
        switch(&world, false).await;
        world.run_dry().await;
        assert_eq!(world.told().len(), told, "after {read} were read");
        for number in 1..=read {
            assert_eq!(world.state_of(number).await, "covered");
        }
        // What follows is news again.
        pass(400);
        world.run_dry().await;
        world.has_read(&Recipient::Patient, 4).await;
        world.add().await;
        world.step(key::outbox(&name(1), 5)).await;
        assert_eq!(world.told().len(), told + 1);
        world.expect_nothing_due().await;
    }
}

/// A restored table has another id than the one that sending is on for.
#[tokio::test]
async fn a_restored_table_sends_nothing_until_somebody_resumes_it() {
    let world = World::with_message().await;
    let on_for_the_original =
        Sending { version: 7, paused_at: None, table: Some("another table".to_owned()) };
    world.put(&key::sending(), &on_for_the_original).await;
    world.stream(&[1]).await;
    world.tick().await;
    assert_eq!(world.provider.requests().len(), 0);
    switch(&world, false).await;
    world.tick().await;
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn sending_is_on_for_the_table_that_is_used_first() {
    let world = World::with_message().await;
    world.tick().await;
    let stored: Sending =
        serde_dynamo::from_item(world.item(&key::sending()).await.unwrap()).unwrap();
    assert_eq!(stored.table, Some(world.notify.store.table_id().await.unwrap()));
    assert_eq!(world.provider.requests().len(), 1);
}

#[tokio::test]
async fn while_a_clinic_is_paused_its_notices_wait_however_long() {
    let paused = json!({ "notices": {
        "paused": true, "textsPerDay": 10, "textsPerPatientAndDay": 10,
    } });
    let world = World::with_message().await;
    world.clinic(&paused).await;
    world.step(outbox(1)).await;
    assert_eq!(world.notice().await.unwrap().hold, Some(Hold::Paused));
    for _ in 0..100 {
        pass(3_600);
        world.tick().await;
    }
    assert_eq!(world.provider.requests().len(), 0);
    assert_eq!(world.state().await, "queued");
    world.clinic(&json!({})).await;
    pass(301);
    world.tick().await;
    assert_eq!(world.state().await, "accepted");
    assert_eq!(world.notice().await.unwrap().hold, None);
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn no_more_texts_are_sent_in_a_day_than_the_clinic_allows() {
    for (members, hold) in [
        (json!({ "textsPerDay": 2, "textsPerPatientAndDay": 10 }), Hold::ClinicSmsCap),
        (json!({ "textsPerDay": 10, "textsPerPatientAndDay": 2 }), Hold::PatientSmsCap),
    ] {
        let world = World::new().await;
        let mut notices = members;
        notices["paused"] = json!(false);
        world.clinic(&json!({ "notices": notices })).await;
        world.patient(&json!({ "preferredChannel": "sms" })).await;
        for number in 1..=3 {
            world.start(number).await;
            world.step(outbox(number)).await;
        }
        assert_eq!(world.provider.requests().len(), 2);
        let third = notice(3);
        let held = world.item(&third).await.unwrap();
        let name = serde_json::to_value(hold).unwrap();
        assert_eq!(held["hold"].as_s().unwrap(), name.as_str().unwrap());
        assert_eq!(held["state"].as_s().unwrap(), "queued");
        assert!(held["due_sk"].as_s().unwrap().starts_with("2026-11-26T00:"), "{held:?}");
        pass(600);
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 2);
        pass_to("2026-11-26T00:11:00Z".parse().unwrap());
        world.tick().await;
        assert_eq!(world.provider.requests().len(), 3);
        world.expect_nothing_due().await;
    }
}

#[tokio::test]
async fn a_cap_of_none_sends_no_text_and_email_has_none() {
    let world = World::with_message().await;
    let none = json!({ "paused": false, "textsPerDay": 0, "textsPerPatientAndDay": 0 });
    world.clinic(&json!({ "notices": none })).await;
    world.step(outbox(1)).await;
    assert_eq!(world.state().await, "accepted");
    world.patient(&json!({ "preferredChannel": "sms" })).await;
    world.start(2).await;
    world.step(outbox(2)).await;
    assert_eq!(world.provider.requests().len(), 1);
}

/// The account's rate is shared by all that run at once.
#[tokio::test]
async fn what_is_above_the_rate_makes_room_and_comes_again() {
    let world = World::new().await;
    let slow =
        crate::handler::Notify { rates: Rates { email: 2, sms: 1_000 }, ..world.notify.clone() };
    for number in 1..=3 {
        world.start(number).await;
    }
    let mut steps = tokio::task::JoinSet::new();
    for number in 1..=3 {
        let slow = slow.clone();
        steps.spawn(async move { slow.step(outbox(number)).await });
    }
    assert!(steps.join_all().await.iter().all(Result::is_ok));
    assert_eq!(world.provider.requests().len(), 2, "the clock stands still, and so the second");
    pass(30);
    world.tick().await;
    assert_eq!(world.provider.requests().len(), 3);
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn an_address_that_bounced_for_anybody_is_not_used_and_the_other_is_with_consent() {
    for (consented, sent_to) in [(true, Some(NUMBER)), (false, None)] {
        let world = World::with_message().await;
        world.patient(&json!({ "otherChannelConsented": consented })).await;
        let mark = Mark { reason: MarkReason::Bounced, at: now() };
        assert!(world.notify.store.mark(&hash_of(EMAIL), mark).await.unwrap());
        world.step(outbox(1)).await;
        let requests = world.provider.requests();
        assert_eq!(requests.first().map(|form| field(form, "PhoneNumber")), sent_to);
        if !consented {
            let reason = FailureReason::AddressBounced;
            let state = world.notice().await.unwrap().state;
            assert_eq!(state, NoticeState::Failed { at: now(), reason });
        }
        // Its owner agrees to it again.
        pass(1_000);
        assert!(world.notify.store.consent(&hash_of(EMAIL), now(), |_| {}).await.unwrap());
        world.start(2).await;
        world.step(outbox(2)).await;
        assert_eq!(world.told_by_email(), [EMAIL]);
    }
}

/// A hard bounce comes after the notice was accepted: the person is told through the other channel, once.
#[tokio::test]
async fn a_notice_that_bounced_for_good_goes_through_the_other_channel_with_consent() {
    for consented in [true, false] {
        let world = World::with_message().await;
        world.patient(&json!({ "otherChannelConsented": consented })).await;
        world.step(outbox(1)).await;
        let mark = Mark { reason: MarkReason::Bounced, at: now() };
        world.notify.store.mark(&hash_of(EMAIL), mark).await.unwrap();
        world.told_of_email(1, Happened::Bounced { permanent: true, marks: true }).await;
        world.run_dry().await;

        let requests = world.provider.requests();
        assert_eq!(requests.len(), if consented { 2 } else { 1 });
        let notice = world.notice_to(1, &Recipient::Patient).await.unwrap();
        if consented {
            assert_eq!(field(&requests[1], "PhoneNumber"), NUMBER);
            assert_eq!((notice.state.as_str(), notice.channel), ("accepted", Some(Channel::Sms)));
            let earlier = notice.earlier.unwrap();
            assert_eq!((earlier.channel, earlier.state.as_str()), (Channel::Email, "bounced"));
        } else {
            assert_eq!(notice.state.as_str(), "bounced");
        }
        world.expect_nothing_due().await;
    }
}

/// The provider refuses the address itself: the other one does, and nobody else's notices suffer.
#[tokio::test]
async fn a_notice_whose_address_is_refused_goes_through_the_other_channel_with_consent() {
    let world = World::with_message().await;
    world.patient(&json!({ "otherChannelConsented": true })).await;
    let refused = Behaviour::Refuse(400, "InvalidParameterValue", "Local address");
    world.provider.answers(&refused, 1);
    world.step(outbox(1)).await;
    assert_eq!(world.state().await, "failed");
    world.run_dry().await;
    let notice = world.notice().await.unwrap();
    assert_eq!((notice.state.as_str(), notice.channel), ("accepted", Some(Channel::Sms)));
    let known = world.notify.store.addresses([&hash_of(EMAIL)]).await.unwrap();
    assert_eq!(known.of(&hash_of(EMAIL)).and_then(AddressState::blocked), None);
}

/// The patient and a guardian share an address that bounces: each has another way of their own.
#[tokio::test]
async fn whoever_shares_a_bounced_address_is_told_through_their_own_other_channel() {
    let world = World::with_message().await;
    let contact = json!({
        "email": { "address": EMAIL, "hash": hash_of(EMAIL) },
        "sms": { "address": "+16135550177", "hash": "another number" },
        "preferredChannel": "email", "otherChannelConsented": true,
    });
    world.guardian("g1", EMAIL, &json!({ "contact": contact })).await;
    world.step(outbox(1)).await;
    assert_eq!(world.told(), [EMAIL]);
    let mark = Mark { reason: MarkReason::Bounced, at: now() };
    world.notify.store.mark(&hash_of(EMAIL), mark).await.unwrap();
    world.told_of_email(1, Happened::Bounced { permanent: true, marks: true }).await;
    world.run_dry().await;
    assert_eq!(world.state().await, "bounced", "the patient did not consent to another channel");
    let requests = world.provider.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(field(&requests[1], "PhoneNumber"), "+16135550177");
    world.expect_nothing_due().await;
}

/// A bounce can come days later: nobody is told through the other channel of what was read since.
#[tokio::test]
async fn what_was_read_before_it_bounced_goes_through_no_other_channel() {
    for (read, told) in [(0, 2), (1, 1)] {
        let world = World::with_message().await;
        world.patient(&json!({ "otherChannelConsented": true })).await;
        world.step(outbox(1)).await;
        world.has_read(&Recipient::Patient, read).await;
        let mark = Mark { reason: MarkReason::Bounced, at: now() };
        world.notify.store.mark(&hash_of(EMAIL), mark).await.unwrap();
        world.told_of_email(1, Happened::Bounced { permanent: true, marks: true }).await;
        world.run_dry().await;
        assert_eq!(world.provider.requests().len(), told);
        world.expect_nothing_due().await;
    }
}

/// SNS takes texts to numbers that opted out, and drops them.
#[tokio::test]
async fn who_opted_out_with_the_carrier_is_never_texted_and_the_address_remembers_it() {
    let world = World::with_message().await;
    world.patient(&json!({ "preferredChannel": "sms", "otherChannelConsented": true })).await;
    world.provider.opted_out(Some(true));
    world.step(outbox(1)).await;
    assert_eq!(world.provider.requests().len(), 0);
    world.run_dry().await;
    assert_eq!(world.told(), [EMAIL], "the other channel does");
    let known = world.notify.store.addresses([&hash_of_number()]).await.unwrap();
    let reason = known.of(&hash_of_number()).and_then(AddressState::blocked).unwrap().reason;
    assert_eq!(reason, MarkReason::OptedOut);
    // The next one does not even ask.
    world.provider.opted_out(Some(false));
    pass(SignedDuration::from_hours(1).as_secs());
    world.start(2).await;
    world.step(outbox(2)).await;
    assert_eq!(world.told(), [EMAIL, EMAIL]);
}

#[tokio::test]
async fn what_sns_cannot_tell_is_decided_by_what_we_know() {
    let world = World::with_message().await;
    world.patient(&json!({ "preferredChannel": "sms" })).await;
    world.provider.opted_out(None);
    world.step(outbox(1)).await;
    assert_eq!(world.state().await, "accepted");
}

/// The same, where the other channel cannot be used at once.
#[tokio::test]
async fn a_notice_stays_on_the_channel_that_it_went_over_to() {
    let world = World::with_message().await;
    world.patient(&json!({ "otherChannelConsented": true })).await;
    let refused = Behaviour::Refuse(400, "InvalidParameterValue", "Local address");
    world.provider.answers(&refused, 1);
    world.step(outbox(1)).await;
    world.provider.answers(&Behaviour::Refuse(400, "Throttling", ""), 1);
    world.run_dry().await;
    assert_eq!(world.state().await, "queued");
    pass(100);
    world.run_dry().await;
    let notice = world.notice().await.unwrap();
    assert_eq!((notice.state.as_str(), notice.channel), ("accepted", Some(Channel::Sms)));
}

/// The patient goes over to the other channel; whoever shared the first one has a way of their own.
#[tokio::test]
async fn whoever_shared_an_address_that_is_left_is_looked_at_by_themselves() {
    let world = World::with_message().await;
    world.patient(&json!({ "otherChannelConsented": true })).await;
    let contact = json!({
        "email": { "address": EMAIL, "hash": hash_of(EMAIL) },
        "sms": { "address": "+16135550177", "hash": "another number" },
        "preferredChannel": "email", "otherChannelConsented": true,
    });
    world.guardian("g1", EMAIL, &json!({ "contact": contact })).await;
    world.step(outbox(1)).await;
    let mark = Mark { reason: MarkReason::Bounced, at: now() };
    world.notify.store.mark(&hash_of(EMAIL), mark).await.unwrap();
    world.told_of_email(1, Happened::Bounced { permanent: true, marks: true }).await;
    world.run_dry().await;
    let requests = world.provider.requests();
    let mut texted: Vec<_> = requests[1..].iter().map(|form| field(form, "PhoneNumber")).collect();
    texted.sort_unstable();
    assert_eq!(texted, [NUMBER, "+16135550177"]);
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn those_who_share_an_address_are_told_once_of_a_burst() {
    let world = World::with_message().await;
    for account in ["g1", "g2"] {
        world.guardian(account, EMAIL, &json!({})).await;
    }
    world.step(outbox(1)).await;
    for number in 2..=3 {
        pass(20);
        world.add().await;
        world.step(key::outbox(&name(1), number)).await;
    }
    assert_eq!(world.told(), [EMAIL]);
    pass(400);
    world.run_dry().await;
    assert_eq!(world.told(), [EMAIL]);
    world.expect_nothing_due().await;
}

/// What waits for the rate, or was not taken by the provider, uses nothing of the day up.
#[tokio::test]
async fn only_texts_that_may_have_been_sent_count() {
    let world = World::with_message().await;
    let two = json!({ "paused": false, "textsPerDay": 2, "textsPerPatientAndDay": 2 });
    world.clinic(&json!({ "notices": two })).await;
    world.patient(&json!({ "preferredChannel": "sms" })).await;
    world.provider.answers(&Behaviour::Refuse(400, "Throttling", ""), 4);
    world.step(outbox(1)).await;
    for _ in 0..6 {
        pass(1_000);
        world.tick().await;
    }
    assert_eq!(world.state().await, "accepted");
    world.start(2).await;
    world.step(outbox(2)).await;
    assert_eq!(world.provider.requests().len(), 6, "one of the day was left");
    world.start(3).await;
    world.step(outbox(3)).await;
    assert_eq!(world.provider.requests().len(), 6);
}

/// Of what was held back, the last one tells of all; nobody is told of what was read meanwhile.
#[tokio::test]
async fn what_was_held_back_comes_as_one_notice() {
    let paused = json!({ "notices": {
        "paused": true, "textsPerDay": 10, "textsPerPatientAndDay": 10,
    } });
    for (read, told) in [(0, 1), (2, 1), (4, 0)] {
        let world = World::with_message().await;
        world.clinic(&paused).await;
        world.step(outbox(1)).await;
        for number in 2..=4 {
            pass(1_000);
            world.add().await;
            world.step(key::outbox(&name(1), number)).await;
        }
        world.has_read(&Recipient::Patient, read).await;
        world.clinic(&json!({})).await;
        for _ in 0..4 {
            pass(301);
            world.tick().await;
        }
        assert_eq!(world.told().len(), told, "after {read} were read");
        world.expect_nothing_due().await;
    }
}
