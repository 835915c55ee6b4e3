//! Once a day, everybody on the account's list counts as opted out.

use domain::address::MarkReason;
use jiff::SignedDuration;
use launch::Listener as _;
use platform::Deadline;

use super::world::{NUMBER, World, hash_of, now, number_hash, pass_to, sample};

const OTHER: &str = "+15145550143";

#[tokio::test]
async fn all_pages_of_the_list_are_noted_once() {
    let world = World::empty().await;
    world.sns.holds(&[&[NUMBER, "not a number"], &[], &[OTHER]]);
    world.hear("reconcile").await.unwrap();
    let marks = [world.blocked(&number_hash()).await, world.blocked(&hash_of(OTHER)).await];
    for mark in marks {
        let mark = mark.expect("it is noted");
        assert_eq!((mark.reason, mark.at), (MarkReason::OptedOut, now()));
    }
    pass_to(now() + SignedDuration::from_hours(24));
    world.hear("reconcile").await.unwrap();
    assert_eq!(world.blocked(&number_hash()).await, marks[0], "it is no news");
}

#[tokio::test]
async fn nobody_is_noted_who_is_not_on_the_list() {
    let world = World::empty().await;
    world.hear("reconcile").await.unwrap();
    assert_eq!(world.blocked(&number_hash()).await, None);
    assert_eq!(world.db.all_items(testkit::MAIN).await.len(), 0);
}

/// Consent on our record does not take a number off the list, and SNS drops texts to it.
#[tokio::test]
async fn a_number_that_is_still_on_the_list_after_consent_counts_as_opted_out() {
    let world = World::empty().await;
    world.sns.holds(&[&[NUMBER]]);
    world.hear("reconcile").await.unwrap();
    pass_to(now() + SignedDuration::from_hours(1));
    assert!(world.feedback.store.consent(&number_hash(), now(), |_| {}).await.unwrap());
    assert_eq!(world.blocked(&number_hash()).await, None);
    pass_to(now() + SignedDuration::from_hours(1));
    world.hear("reconcile").await.unwrap();
    assert_eq!(world.blocked(&number_hash()).await.map(|mark| mark.at), Some(now()));
}

/// Who agrees again while a page is on its way was taken off the list after it was written.
#[tokio::test]
async fn consent_that_comes_while_the_list_is_read_is_of_after_it() {
    let world = World::empty().await;
    world.sns.holds(&[&[NUMBER]]);
    world.sns.takes(SignedDuration::from_secs(2));
    let meanwhile = now() + SignedDuration::from_secs(1);
    assert!(world.feedback.store.consent(&number_hash(), meanwhile, |_| {}).await.unwrap());
    world.hear("reconcile").await.unwrap();
    assert_eq!(world.blocked(&number_hash()).await, None);
}

/// Reads the list with time for so many pages, of 25 seconds each.
async fn read_pages(world: &World, pages: i64) -> Result<(), lambda_runtime::Error> {
    world.sns.takes(SignedDuration::from_secs(25));
    let end = Deadline::at(now() + SignedDuration::from_secs(25 * pages + 15));
    world.feedback.handle(sample("reconcile"), end).await.map(drop)
}

#[tokio::test]
async fn a_list_that_is_too_long_for_one_call_is_read_on_by_the_next_and_not_taken_for_read() {
    let world = World::empty().await;
    world.sns.holds(&[&[NUMBER], &[], &[], &[OTHER]]);
    read_pages(&world, 0).await.expect_err("no time is left");
    assert_eq!(world.db.all_items(testkit::MAIN).await.len(), 0);
    for _ in 0..3 {
        read_pages(&world, 1).await.expect_err("there is more");
        assert_eq!(world.blocked(&hash_of(OTHER)).await, None);
    }
    read_pages(&world, 0).await.expect_err("no time is left, and the place is kept");
    read_pages(&world, 1).await.unwrap();
    for hash in [number_hash(), hash_of(OTHER)] {
        assert!(world.blocked(&hash).await.is_some());
    }
    // The next one begins anew.
    world.sns.holds(&[&["+16135550199"]]);
    read_pages(&world, 1).await.unwrap();
    assert!(world.blocked(&hash_of("+16135550199")).await.is_some());
}

#[tokio::test]
async fn a_place_that_is_old_or_that_sns_does_not_know_is_no_place() {
    for passes in [SignedDuration::ZERO, SignedDuration::from_hours(25)] {
        let world = World::empty().await;
        world.sns.holds(&[&[], &[], &[]]);
        read_pages(&world, 2).await.expect_err("there is more");
        pass_to(now() + passes);
        // Without a third page it does not know the place; with one, the place would be one.
        let other: &[&[&str]] = if passes.is_zero() { &[&[OTHER]] } else { &[&[OTHER], &[], &[]] };
        world.sns.holds(other);
        read_pages(&world, 4).await.unwrap();
        assert!(world.blocked(&hash_of(OTHER)).await.is_some(), "{passes}");
    }
}
