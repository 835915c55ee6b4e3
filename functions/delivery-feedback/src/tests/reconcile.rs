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

#[tokio::test]
async fn a_list_that_is_too_long_for_one_call_is_begun_again_and_not_taken_for_read() {
    let world = World::empty().await;
    world.sns.holds(&[&[NUMBER]]);
    let soon = Deadline::at(now() + SignedDuration::from_secs(5));
    world.feedback.handle(sample("reconcile"), soon).await.expect_err("no time is left");
}
