//! Every refusal, each with nothing written but its record.

use domain::clinic::{ClinicSettings, Plan};
use domain::people::{Patient, StaffMember};
use scenario::people::{
    account, chart, clinic, member, operator, patient, portal, staff, staff_of,
};
use scenario::{NOW, World, name};

use super::{close, handler, reopen};

#[tokio::test]
async fn patients_neither_close_nor_reopen() {
    for (plan, actor) in [(Plan::Connect, account("a1")), (Plan::Portal, portal("p1"))] {
        let (world, _) = World::with_conversation(plan).await;
        for event in [close(&actor), reopen(&actor)] {
            world.refuses(&handler(&world), &event, 403, &["not_allowed"]).await;
        }
        world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", plan) }).await;
        world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
        let codes = ["portal_disabled", "patient_access_off"];
        world.refuses(&handler(&world), &close(&actor), 409, &codes).await;
    }
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.refuses(&handler(&world), &close(&portal("p1")), 403, &["account_required"]).await;
}

#[tokio::test]
async fn who_may_not_know_of_it_finds_nothing() {
    let (world, _) = World::with_conversation(Plan::Portal).await;
    world.revoke_link().await;
    for actor in [
        staff("s3"),
        staff_of("c2", "s9"),
        account("a1"),
        account("a2"),
        portal("p2"),
        chart(),
        operator(),
    ] {
        for event in [close(&actor), reopen(&actor)] {
            world.refuses(&handler(&world), &event, 404, &["not_found"]).await;
        }
    }
}

#[tokio::test]
async fn crossed_ids_name_nothing() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.start(&name("c2", "p1", "other"), NOW).await;
    world.start(&name("c1", "p2", "of-p2"), NOW).await;
    let sample = |actor| close(&actor);
    for crossed in [
        sample(staff("s9")).path("patientId", "p2"),
        sample(staff("s9")).path("clinicId", "c2"),
        sample(staff_of("c2", "s9")).path("clinicId", "c2"),
        sample(staff("s9")).path("conversationId", "other"),
        sample(staff("s9")).path("conversationId", "of-p2"),
        sample(staff("s9")).path("conversationId", "%00"),
        sample(account("a1")).path("conversationId", "of-p2"),
        sample(account("a1")).path("patientId", "p2"),
    ] {
        world.refuses(&handler(&world), &crossed, 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn staff_who_are_switched_off_are_told_so_and_a_token_that_expired_is_too() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    for id in ["s1", "s4", "nobody"] {
        world.refuses(&handler(&world), &close(&staff(id)), 403, &["staff_inactive"]).await;
    }
    let expired = close(&staff("s2")).expiring(NOW.as_second());
    world.refuses(&handler(&world), &expired, 401, &["token_expired"]).await;
}
