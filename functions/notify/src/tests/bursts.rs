//! Bursts: several messages within minutes are one notice, and none is lost in one.

use domain::notice::{Happened, Notice, NoticeState, Recipient, WINDOW};
use serde_json::json;
use store::key::{self, Key};

use super::provider::Behaviour;
use super::world::{World, name, pass};

const PATIENT: Recipient = Recipient::Patient;

fn outbox(number: u32) -> Key {
    key::outbox(&name(1), number)
}

/// One conversation with this many announced messages of staff, written within a minute.
async fn burst(messages: u32) -> World {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    for number in 2..=messages {
        pass(10);
        world.add().await;
        world.step(outbox(number)).await;
    }
    world
}

async fn notice(world: &World, number: u32) -> Notice {
    world.notice_to(number, &PATIENT).await.expect("there is a notice")
}

#[tokio::test]
async fn a_burst_is_one_notice_and_each_message_says_by_which_it_is_covered() {
    let world = burst(4).await;
    assert_eq!(world.provider.requests().len(), 1);
    for number in 2..=4 {
        let covered = notice(&world, number).await;
        assert!(matches!(covered.state, NoticeState::Covered { by: 1, .. }), "{covered:?}");
        assert!(covered.due.is_some(), "it is looked at again");
    }
    pass(301);
    world.run_dry().await;
    assert_eq!(world.provider.requests().len(), 1, "who has not read the first finds them all");
    for number in 2..=4 {
        assert_eq!(world.state_of(number).await, "covered");
    }
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn a_message_after_the_window_has_a_notice_of_its_own() {
    let world = burst(1).await;
    pass(WINDOW.as_secs() - 1);
    world.add().await;
    world.step(outbox(2)).await;
    pass(1);
    world.add().await;
    world.step(outbox(3)).await;
    assert_eq!(world.state_of(2).await, "covered");
    assert_eq!(world.state_of(3).await, "accepted");
    assert_eq!(world.provider.requests().len(), 2);
}

#[tokio::test]
async fn who_has_read_the_announced_message_is_told_of_the_next_one() {
    let world = burst(1).await;
    world.has_read(&PATIENT, 1).await;
    pass(10);
    world.add().await;
    world.step(outbox(2)).await;
    assert_eq!(world.state_of(2).await, "accepted");
    assert_eq!(world.provider.requests().len(), 2);
}

/// At the window's end the reader has read the announced message, and not those that came after.
#[tokio::test]
async fn a_covered_message_that_was_not_read_with_the_other_has_its_own_notice_one_for_all() {
    let world = burst(4).await;
    world.has_read(&PATIENT, 2).await;
    pass(301);
    world.run_dry().await;
    assert_eq!(world.state_of(2).await, "covered", "it was read");
    let own: Vec<_> = [world.state_of(3).await, world.state_of(4).await]
        .into_iter()
        .filter(|state| state == "accepted")
        .collect();
    assert_eq!(own.len(), 1, "of the two, one covers the other");
    assert_eq!(world.provider.requests().len(), 2);
    pass(301);
    world.run_dry().await;
    assert_eq!(world.provider.requests().len(), 2);
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn what_was_read_meanwhile_needs_no_notice() {
    let world = burst(3).await;
    world.has_read(&PATIENT, 3).await;
    pass(301);
    world.run_dry().await;
    assert_eq!(world.provider.requests().len(), 1);
    world.expect_nothing_due().await;
}

/// The announced one is refused for good: within the window or long after, what it covers has a
/// notice of its own.
#[tokio::test]
async fn a_covered_message_has_its_own_notice_if_the_other_fails() {
    for (refused, bounces_after) in [(true, 0), (false, 100), (false, 4_000)] {
        let world = World::with_message().await;
        if refused {
            world.provider.answers(&Behaviour::Refuse(400, "SomethingElse", ""), 1);
        }
        world.step(outbox(1)).await;
        for number in 2..=3 {
            pass(1);
            world.add().await;
            world.step(outbox(number)).await;
        }
        pass(bounces_after);
        world.run_dry().await;
        if !refused {
            world.told_of_email(1, Happened::Bounced { permanent: false, marks: false }).await;
        }
        world.run_dry().await;
        let states = [world.state_of(2).await, world.state_of(3).await];
        assert!(states.contains(&"accepted".to_owned()), "{refused} {bounces_after}: {states:?}");
        assert_eq!(world.provider.requests().len(), 2, "{refused} {bounces_after}: {states:?}");
        pass(301);
        world.run_dry().await;
        assert_eq!(world.provider.requests().len(), 2);
        world.expect_nothing_due().await;
    }
}

/// While the announced one is tried again, what it covers waits with it.
#[tokio::test]
async fn a_covered_message_waits_for_the_other_as_long_as_it_is_tried() {
    let world = World::with_message().await;
    world.provider.answers(&Behaviour::Refuse(400, "Throttling", ""), 7);
    world.step(outbox(1)).await;
    world.add().await;
    world.step(outbox(2)).await;
    for _ in 0..200 {
        pass(60);
        world.tick().await;
    }
    assert_eq!(world.state_of(1).await, "accepted");
    assert_eq!(world.state_of(2).await, "covered");
    assert_eq!(world.provider.requests().len(), 8);
    world.expect_nothing_due().await;
}

/// The stream hands several messages of one conversation over at once.
#[tokio::test]
async fn messages_that_are_announced_at_the_same_moment_are_one_notice() {
    let world = World::with_message().await;
    for _ in 2..=6 {
        world.add().await;
    }
    let records = (1..=6)
        .map(|number| worker::Record { key: outbox(number), sequence_number: number.to_string() })
        .collect();
    let trigger = worker::Trigger::Stream(records);
    let answer = worker::run(&world.notify, trigger, super::world::deadline()).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let mut own = 0;
    for number in 1..=6 {
        own += usize::from(world.state_of(number).await == "accepted");
    }
    assert_eq!((own, world.provider.requests().len()), (1, 1));
    pass(301);
    world.run_dry().await;
    assert_eq!(world.provider.requests().len(), 1);
    world.expect_nothing_due().await;
}

/// A message of the patient's between two of staff's is no part of a burst.
#[tokio::test]
async fn a_burst_is_of_one_side() {
    let world = burst(1).await;
    world.answer().await;
    world.step(outbox(2)).await;
    assert_eq!(world.item(&outbox(2)).await, None);
    assert!(world.notice_to(2, &PATIENT).await.is_none());
    world.add().await;
    world.step(outbox(3)).await;
    assert_eq!(world.state_of(3).await, "covered");
}
