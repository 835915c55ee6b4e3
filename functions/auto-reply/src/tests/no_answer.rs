//! The reply when nobody has answered within N office minutes.

use domain::automatic::LONGEST_WAIT;
use domain::clinic::Plan;
use domain::command::Switch;

use super::world::{UNANSWERED, World, name, not_needed, now, pass_to, texts};

/// The patient writes at 10:00, and N is 60.
async fn waiting() -> World {
    let world = World::new().await;
    world.patient_writes(&name("c1", 1), "2026-11-25T15:00:00Z").await;
    world
}

#[tokio::test]
async fn the_tick_answers_when_the_office_minutes_have_passed() {
    let (world, name) = (waiting().await, name("c1", 1));
    world.stream().await;
    world.tick_at("2026-11-25T15:59:00Z").await;
    assert_eq!(world.said(&name).await, []);
    world.tick_at("2026-11-25T16:00:00Z").await;
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("Please wait.", "2026-11-25T16:00:00Z".to_owned())]);
    assert_eq!(world.timers(&name).await, []);

    // Once for what waits, however long it does and whatever is added.
    world.patient_writes(&name, "2026-11-25T17:00:00Z").await;
    world.tick_at("2026-11-25T21:00:00Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}

/// From Friday evening to Monday morning: no timer is ever armed further than 60 minutes ahead.
#[tokio::test]
async fn a_timer_is_armed_anew_until_its_office_minutes_have_passed() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-27T21:30:00Z").await;
    let mut looks = 0;
    while let Some(timer) = world.timer(&name, UNANSWERED).await {
        assert!(timer.due.duration_since(now()) <= LONGEST_WAIT, "{timer:?}");
        assert!(timer.due > now(), "{timer:?}");
        pass_to(timer.due);
        world.tick().await;
        looks += 1;
    }
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("Please wait.", "2026-11-30T14:30:00Z".to_owned())]);
    assert!((60..80).contains(&looks), "{looks}");
}

/// AR-04: the timer goes with the staff's answer.
#[tokio::test]
async fn an_answer_just_before_ends_it() {
    let (world, name) = (waiting().await, name("c1", 1));
    world.staff_writes(&name, "2026-11-25T15:59:59Z").await;
    world.tick_at("2026-11-25T16:00:10Z").await;
    world.stream().await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.timers(&name).await, []);
}

/// AR-04: it is closed, or closed and reopened.
#[tokio::test]
async fn closing_ends_it_for_good() {
    let (world, name) = (waiting().await, name("c1", 1));
    world.switch(&name, Switch::Close, "2026-11-25T15:59:59Z").await;
    world.tick_at("2026-11-25T16:00:10Z").await;
    assert_eq!(world.said(&name).await, []);
    assert_eq!(world.timers(&name).await, []);

    let world = waiting().await;
    world.switch(&name, Switch::Close, "2026-11-25T15:59:00Z").await;
    world.switch(&name, Switch::Reopen, "2026-11-25T15:59:30Z").await;
    for tick in ["2026-11-25T16:00:10Z", "2026-11-25T23:00:00Z"] {
        world.tick_at(tick).await;
        world.stream().await;
    }
    assert_eq!(world.said(&name).await, []);
}

/// AR-04: it is switched off, or the plan falls.
#[tokio::test]
async fn what_the_clinic_does_not_have_any_more_ends_it_with_a_record() {
    for plan_falls in [true, false] {
        let (world, name) = (waiting().await, name("c1", 1));
        world
            .clinic("c1", |settings| {
                if plan_falls {
                    settings.plan = Plan::Connect;
                } else {
                    settings.automatic_replies.no_answer = None;
                }
            })
            .await;
        world.tick_at("2026-11-25T16:00:10Z").await;
        assert_eq!(world.said(&name).await, []);
        assert_eq!(world.timers(&name).await, []);
        assert_eq!(world.records(&name).await, [not_needed("switched_off")]);
    }
}

/// A timer that is left behind by other code, or by a restored table: the facts decide.
#[tokio::test]
async fn a_timer_that_outlived_its_answer_ends_with_a_record() {
    let (world, name) = (waiting().await, name("c1", 1));
    let left_behind = world.timer(&name, UNANSWERED).await.unwrap();
    for close in [false, true] {
        if close {
            world.switch(&name, Switch::Close, "2026-11-25T15:59:59Z").await;
        } else {
            world.staff_writes(&name, "2026-11-25T15:30:00Z").await;
        }
        let mut transaction = world.worker.store.transaction();
        store::change::set_timer(&mut transaction, &name, &left_behind);
        let _ = world.worker.store.commit(transaction).await.unwrap();
        world.tick_at("2026-11-25T16:00:10Z").await;
        assert_eq!(world.said(&name).await, []);
        assert_eq!(world.timers(&name).await, []);
    }
    assert_eq!(world.records(&name).await, [not_needed("answered"), not_needed("closed")]);
}

#[tokio::test]
async fn minutes_that_changed_meanwhile_count_within_an_hour() {
    // Longer: it is armed anew.
    let (world, name) = (waiting().await, name("c1", 1));
    let minutes = |minutes| {
        move |settings: &mut domain::clinic::ClinicSettings| {
            let no_answer = settings.automatic_replies.no_answer.as_mut().unwrap();
            no_answer.after_office_minutes = minutes;
        }
    };
    world.clinic("c1", minutes(150)).await;
    world.tick_at("2026-11-25T16:00:00Z").await;
    let armed = world.timer(&name, UNANSWERED).await.unwrap();
    assert_eq!(armed.due.to_string(), "2026-11-25T17:00:00Z");
    world.tick_at("2026-11-25T17:00:00Z").await;
    let armed = world.timer(&name, UNANSWERED).await.unwrap();
    assert_eq!(armed.due.to_string(), "2026-11-25T17:30:00Z");
    world.tick_at("2026-11-25T17:30:00Z").await;
    let said = world.said(&name).await;
    assert_eq!(texts(&said), [("Please wait.", "2026-11-25T17:30:00Z".to_owned())]);

    // Shorter: at the look that was planned.
    let world = waiting().await;
    world.clinic("c1", minutes(10)).await;
    world.tick_at("2026-11-25T16:00:00Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}
