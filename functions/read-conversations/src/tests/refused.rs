//! Who is shown nothing: each refusal with nothing written but its record.

use domain::clinic::{ClinicSettings, Plan};
use domain::people::{Patient, StaffMember};
use scenario::people::{
    account, chart as chart_system, clinic, member, operator, patient, portal, staff, staff_of,
};
use scenario::{NOW, World, name};

use super::{chart, clinic_inbox, inbox, marker, next, reader, thread};

#[tokio::test]
async fn who_may_not_know_of_it_finds_nothing() {
    let (world, _) = World::with_conversation(Plan::Portal).await;
    for actor in [
        staff_of("c2", "s9"),
        account("a2"),
        account("nobody"),
        portal("p2"),
        chart_system(),
        operator(),
    ] {
        for event in [chart(&actor), thread(&actor), marker(&actor), clinic_inbox(&actor)] {
            world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
        }
    }
    for event in [thread(&staff("s3")), marker(&staff("s3"))] {
        world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
    }
    for actor in [staff("s1"), chart_system(), operator()] {
        world.refuses(&reader(&world), &inbox(&actor), 404, &["not_found"]).await;
    }
    for actor in [account("a1"), portal("p1")] {
        world.refuses(&reader(&world), &clinic_inbox(&actor), 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn crossed_ids_name_nothing() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.start(&name("c2", "p1", "other"), NOW).await;
    world.start(&name("c1", "p2", "of-p2"), NOW).await;
    for sample in [thread, marker] {
        for crossed in [
            sample(&staff("s9")).path("patientId", "p2"),
            sample(&staff("s9")).path("clinicId", "c2"),
            sample(&staff_of("c2", "s9")).path("clinicId", "c2"),
            sample(&staff("s9")).path("conversationId", "other"),
            sample(&staff("s9")).path("conversationId", "of-p2"),
            sample(&staff("s9")).path("conversationId", "none"),
            sample(&staff("s9")).path("conversationId", "a%2Fb"),
            sample(&account("a1")).path("conversationId", "of-p2"),
            sample(&account("a1")).path("patientId", "p2"),
            sample(&account("a1")).path("clinicId", "c2"),
        ] {
            world.refuses(&reader(&world), &crossed, 404, &["not_found"]).await;
        }
    }
    for crossed in [
        chart(&staff("s9")).path("clinicId", "c2"),
        chart(&staff("s9")).path("patientId", "none"),
        chart(&account("a1")).path("patientId", "p2"),
        clinic_inbox(&staff("s9")).path("clinicId", "c2"),
        clinic_inbox(&staff("s9")).path("clinicId", "none"),
    ] {
        world.refuses(&reader(&world), &crossed, 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn a_revoked_link_shows_nothing_from_the_next_call_on() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.reply(&staff("s1"), &name, "More.", NOW).await;
    world.start(&scenario::name("c1", "p1", "two"), NOW).await;
    let a1 = account("a1");
    let one = [("limit", "1")];
    let list = world.ask(&reader(&world), &chart(&a1).query(&one)).await;
    let messages = world.ask(&reader(&world), &thread(&a1).query(&one)).await;
    let (list, messages) = (next(&list).unwrap(), next(&messages).unwrap());
    let own = world.ask(&reader(&world), &inbox(&a1).query(&one)).await;
    let own = next(&own).unwrap();

    world.revoke_link().await;
    for event in [
        chart(&a1),
        chart(&a1).query(&[("cursor", &list)]),
        thread(&a1),
        thread(&a1).query(&[("cursor", &messages)]),
        marker(&a1),
    ] {
        world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
    }
    let rest = world.ask(&reader(&world), &inbox(&a1).query(&[("cursor", &own)])).await;
    assert_eq!(rest.expect(200), serde_json::json!({ "conversations": [] }));
}

#[tokio::test]
async fn what_is_switched_off_is_said_to_the_patient() {
    let (world, _) = World::with_conversation(Plan::Portal).await;
    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", Plan::Portal) }).await;
    world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
    let codes = ["portal_disabled", "patient_access_off"];
    for actor in [account("a1"), portal("p1")] {
        for event in [chart(&actor), thread(&actor), marker(&actor)] {
            world.refuses(&reader(&world), &event, 409, &codes).await;
        }
    }
    world.refuses(&reader(&world), &inbox(&portal("p1")), 409, &codes).await;
    // Staff read on.
    world.ask(&reader(&world), &thread(&staff("s1"))).await.expect(200);

    world.clinic(&clinic("c1", Plan::Connect)).await;
    let events = [chart, thread, marker, inbox];
    for event in events.map(|sample| sample(&portal("p1"))) {
        world.refuses(&reader(&world), &event, 403, &["account_required"]).await;
    }
}

#[tokio::test]
async fn staff_who_are_switched_off_are_told_so_and_a_token_that_expired_is_too() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    for id in ["s1", "s4", "nobody"] {
        for sample in [chart, thread, marker, clinic_inbox] {
            let event = sample(&staff(id));
            world.refuses(&reader(&world), &event, 403, &["staff_inactive"]).await;
        }
    }
    for event in [chart(&staff("s9")), inbox(&account("a1"))] {
        let expired = event.expiring(NOW.as_second());
        world.refuses(&reader(&world), &expired, 401, &["token_expired"]).await;
    }
}
