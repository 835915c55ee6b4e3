//! Every refusal, each with nothing written but its record.

use domain::audit::Action;
use domain::clinic::{ClinicSettings, Plan};
use domain::command::Alteration;
use domain::people::{Group, Patient, Role, StaffMember};
use scenario::people::{
    account, chart, clinic, group, guardian_link, member, operator, patient, portal, staff,
    staff_id, staff_of,
};
use scenario::{CONVERSATION, Event, NOW, World, name};

use super::{
    add, add_g1, add_group, close, every, handler, hide, in_groups, remove, remove_group, show,
};

#[tokio::test]
async fn only_staff_change_a_conversation() {
    for (plan, actor) in [
        (Plan::Connect, account("a1")),
        (Plan::Connect, account("a3")),
        (Plan::Portal, portal("p1")),
    ] {
        let (world, _) = World::with_conversation(plan).await;
        world.link(&guardian_link("c1", "p1", "a3")).await;
        for event in every(&actor) {
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
async fn a_guardian_finds_nothing_of_what_is_hidden_and_does_not_show_it() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.link(&guardian_link("c1", "p1", "a3")).await;
    world.alter(&staff("s1"), &name, Alteration::PatientOnly(true)).await;
    for event in every(&account("a3")) {
        world.refuses(&handler(&world), &event, 404, &["not_found"]).await;
    }
    world.refuses(&handler(&world), &show(&account("a1")), 403, &["not_allowed"]).await;
}

#[tokio::test]
async fn who_may_not_know_of_it_finds_nothing() {
    let (world, name) = World::with_conversation(Plan::Portal).await;
    add_g1(&world, &name).await;
    world.revoke_link().await;
    world.staff(&in_groups("s3", &["g2"])).await;
    for actor in [
        staff("s3"),
        staff_of("c2", "s9"),
        account("a1"),
        account("a2"),
        portal("p2"),
        chart(),
        operator(),
    ] {
        for event in every(&actor) {
            world.refuses(&handler(&world), &event, 404, &["not_found"]).await;
        }
    }
}

/// PX-01.
#[tokio::test]
async fn crossed_ids_name_nothing() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.start(&name("c2", "p1", "other"), NOW).await;
    world.start(&name("c1", "p2", "of-p2"), NOW).await;
    for (actor, parameter, id) in [
        (staff("s9"), "patientId", "p2"),
        (staff("s9"), "clinicId", "c2"),
        (staff_of("c2", "s9"), "clinicId", "c2"),
        (staff("s9"), "conversationId", "other"),
        (staff("s9"), "conversationId", "of-p2"),
        (staff("s9"), "conversationId", "%00"),
        (account("a1"), "conversationId", "of-p2"),
        (account("a1"), "patientId", "p2"),
    ] {
        for event in every(&actor) {
            let crossed = event.path(parameter, id);
            world.refuses(&handler(&world), &crossed, 404, &["not_found"]).await;
        }
    }
    for event in [add, remove] {
        let crossed = event(&staff("s9")).path("staffId", "s1%23");
        world.refuses(&handler(&world), &crossed, 404, &["not_found"]).await;
    }
    for event in [add_group, remove_group] {
        let crossed = event(&staff("s9")).path("groupId", "..");
        world.refuses(&handler(&world), &crossed, 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn who_is_added_is_active_messaging_staff_of_the_clinic() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.staff(&member("c2", "only-c2")).await;
    let officer = StaffMember { roles: [Role::PrivacyOfficer].into(), ..member("c1", "s6") };
    world.staff(&officer).await;
    // s4 is deactivated, S3 is another spelling, p1 is no staff.
    for id in ["s4", "s6", "S3", "p1", "only-c2", "nobody"] {
        let event = add(&staff("s1")).path("staffId", id);
        let record = world.refuses(&handler(&world), &event, 422, &["unknown_recipient"]).await;
        assert_eq!(record.action, Action::ParticipantAdd);
        assert_eq!(record.objects, [CONVERSATION, id]);
    }
    world.group(&group("c2", "only-c2")).await;
    world.group(&Group { active: false, ..group("c1", "g4") }).await;
    for id in ["g4", "G1", "s3", "only-c2", "none"] {
        let event = add_group(&staff("s1")).path("groupId", id);
        let record = world.refuses(&handler(&world), &event, 422, &["unknown_group"]).await;
        assert_eq!(record.action, Action::ParticipantAdd);
        assert_eq!(record.objects, [CONVERSATION, id]);
    }
}

#[tokio::test]
async fn nobody_but_an_administrator_takes_others_out() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    add_g1(&world, &name).await;
    let sees_all = StaffMember { sees_all_conversations: true, ..member("c1", "s3") };
    world.staff(&sees_all).await;
    for id in ["s1", "s3", "s5"] {
        let record =
            world.refuses(&handler(&world), &remove(&staff(id)), 403, &["not_allowed"]).await;
        assert_eq!(record.action, Action::ParticipantRemove);
        assert_eq!(record.objects, [CONVERSATION, "s2"]);
    }
    // s5 is in the group, s1 and s2 are not.
    for id in ["s1", "s2", "s3"] {
        let event = remove_group(&staff(id));
        let record = world.refuses(&handler(&world), &event, 403, &["not_allowed"]).await;
        assert_eq!(record.objects, [CONVERSATION, "g1"]);
    }
    world.ask(&handler(&world), &remove_group(&staff("s5"))).await.expect(200);
}

#[tokio::test]
async fn somebody_of_the_clinic_stays() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.ask(&handler(&world), &remove(&staff("s2"))).await.expect(200);
    let last = remove(&staff("s1")).path("staffId", "s1");
    world.refuses(&handler(&world), &last, 409, &["last_participant"]).await;
}

#[tokio::test]
async fn forty_take_part_at_most_and_ten_groups() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for number in 0..36 {
        let other = member("c1", &format!("other-{number}"));
        world.staff(&other).await;
        let command = Alteration::AddStaff { id: &other.id, member: Some(&other) };
        world.alter(&staff("s1"), &name, command).await;
    }
    // s1, s2 and 36 others: with the patient, there is one place.
    world.group(&group("c1", "g1")).await;
    for id in ["s3", "s5"] {
        world.staff(&in_groups(id, &["g1"])).await;
    }
    let two = add_group(&staff("s1"));
    world.refuses(&handler(&world), &two, 422, &["too_many_participants"]).await;
    world.ask(&handler(&world), &add(&staff("s1"))).await.expect(200);
    let more = add(&staff("s1")).path("staffId", "s9");
    world.refuses(&handler(&world), &more, 422, &["too_many_participants"]).await;
    // The others' changes are none of more people.
    world.ask(&handler(&world), &hide(&staff("s1"))).await.expect(200);
    assert_eq!(world.conversation(&name).await.participants.len(), 39);

    for number in 0..11 {
        let id = format!("empty-{number}");
        world.group(&group("c1", &id)).await;
        let event = add_group(&staff("s1")).path("groupId", &id);
        if number < 10 {
            world.ask(&handler(&world), &event).await.expect(200);
        } else {
            world.refuses(&handler(&world), &event, 422, &["too_many_groups"]).await;
        }
    }
}

#[tokio::test]
async fn staff_who_are_switched_off_are_told_so_and_a_token_that_expired_is_too() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    for id in ["s1", "s4", "nobody"] {
        for event in every(&staff(id)) {
            world.refuses(&handler(&world), &event, 403, &["staff_inactive"]).await;
        }
    }
    for event in every(&staff("s2")) {
        let expired = event.expiring(NOW.as_second());
        world.refuses(&handler(&world), &expired, 401, &["token_expired"]).await;
    }
}

/// Whoever only watches over the records has nothing to do with messages, on any list.
#[tokio::test]
async fn a_privacy_officer_changes_nothing() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let s2 = member("c1", "s2");
    world.staff(&StaffMember { roles: [Role::PrivacyOfficer].into(), ..s2 }).await;
    assert!(world.conversation(&name).await.has_participant(&staff_id("s2")));
    for event in every(&staff("s2")) {
        world.refuses(&handler(&world), &event, 403, &["not_allowed"]).await;
    }
}

#[tokio::test]
async fn a_route_that_this_function_has_not_is_on_record_as_none() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let event = Event::sample("reply/reply.staff.json");
    let record = world.refuses(&handler(&world), &event, 404, &["not_found"]).await;
    assert_eq!(record.action, Action::Unrouted);
}
