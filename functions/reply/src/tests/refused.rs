//! Every refusal, each with nothing written but its record.

use domain::clinic::{ClinicSettings, Plan};
use domain::command::Switch;
use domain::people::{Patient, StaffMember};
use scenario::people::{
    account, chart, clinic, member, no_contact, operator, patient, portal, staff, staff_of,
};
use scenario::{CONVERSATION, NOW, World, name};
use serde_json::json;

use super::{event, reply};

#[tokio::test]
async fn nobody_replies_to_a_closed_conversation() {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    world.switch(&name, Switch::Close, NOW).await;
    let thanks = |actor| event(&actor).body(&json!({ "body": "Merci!" }));
    for actor in [account("a1"), staff("s1"), staff("s9")] {
        let record =
            world.refuses(&reply(&world), &thanks(actor), 409, &["conversation_closed"]).await;
        assert_eq!(record.objects, [CONVERSATION]);
        assert_eq!(record.patient.unwrap().as_str(), "p1");
    }
    let beyond = event(&account("a1")).body(&json!({ "body": "Merci!", "seen": 2 }));
    let codes = ["conversation_closed", "marker_beyond_last /seen"];
    world.refuses(&reply(&world), &beyond, 409, &codes).await;
}

#[tokio::test]
async fn a_patient_replies_only_where_the_clinic_takes_replies() {
    let world = World::of(Plan::Connect).await;
    let name = name("c1", "p1", CONVERSATION);
    world.start_with(&name, &["s2"], false, NOW).await;
    let patients = event(&account("a1"));
    world.refuses(&reply(&world), &patients, 409, &["replies_not_allowed"]).await;
    world.ask(&reply(&world), &event(&staff("s2"))).await.expect(201);
    world.switch(&name, Switch::Close, NOW).await;
    let codes = ["conversation_closed", "replies_not_allowed"];
    world.refuses(&reply(&world), &patients, 409, &codes).await;
}

#[tokio::test]
async fn what_is_switched_off_is_said_to_the_patient_all_at_once() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let patients = event(&account("a1"));
    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", Plan::Connect) }).await;
    world.refuses(&reply(&world), &patients, 409, &["portal_disabled"]).await;
    world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
    let codes = ["portal_disabled", "patient_access_off"];
    let record = world.refuses(&reply(&world), &patients, 409, &codes).await;
    assert_eq!(record.clinic.unwrap().as_str(), "c1");
    world.clinic(&clinic("c1", Plan::Connect)).await;
    world.refuses(&reply(&world), &patients, 409, &["patient_access_off"]).await;
}

#[tokio::test]
async fn a_staff_message_that_cannot_reach_the_patient_is_not_stored_as_sent() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let ordinary = patient("c1", "p1");
    let unreachable = Patient { contact: no_contact(), ..ordinary.clone() };
    world.patient(&unreachable).await;
    world.refuses(&reply(&world), &event(&staff("s1")), 409, &["no_contact"]).await;
    // Of what the patient writes the patient is not told.
    world.ask(&reply(&world), &event(&account("a1"))).await.expect(201);
    world.patient(&Patient { portal_access: false, ..unreachable }).await;
    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", Plan::Connect) }).await;
    world.switch(&name, Switch::Close, NOW).await;
    let codes = ["conversation_closed", "portal_disabled", "patient_access_off", "no_contact"];
    world.refuses(&reply(&world), &event(&staff("s1")), 409, &codes).await;
}

#[tokio::test]
async fn a_portal_token_is_not_enough_on_the_plans_with_accounts() {
    for plan in [Plan::Connect, Plan::ConnectPro] {
        let (world, _) = World::with_conversation(plan).await;
        world.refuses(&reply(&world), &event(&portal("p1")), 403, &["account_required"]).await;
    }
}

#[tokio::test]
async fn who_may_not_know_of_it_finds_nothing() {
    let (world, _) = World::with_conversation(Plan::Portal).await;
    for actor in [
        staff("s3"),
        staff_of("c2", "s1"),
        account("a2"),
        account("nobody"),
        portal("p2"),
        chart(),
        operator(),
    ] {
        world.refuses(&reply(&world), &event(&actor), 404, &["not_found"]).await;
    }
    world.revoke_link().await;
    let record = world.refuses(&reply(&world), &event(&account("a1")), 404, &["not_found"]).await;
    assert_eq!((record.clinic, record.patient), (None, None));
}

#[tokio::test]
async fn crossed_ids_name_nothing() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let others = name("c2", "p1", "other");
    world.start(&others, NOW).await;
    let patients = name("c1", "p2", "of-p2");
    world.start(&patients, NOW).await;
    let sample = |actor| event(&actor);
    for crossed in [
        sample(staff("s9")).path("patientId", "p2"),
        sample(staff("s9")).path("clinicId", "c2"),
        sample(staff_of("c2", "s9")).path("clinicId", "c2"),
        sample(staff_of("c2", "s9")),
        sample(staff("s9")).path("conversationId", "other"),
        sample(staff("s9")).path("conversationId", "of-p2"),
        sample(staff("s9")).path("conversationId", "none"),
        sample(staff("s9")).path("patientId", "none"),
        sample(account("a1")).path("conversationId", "of-p2"),
        sample(account("a1")).path("patientId", "p2"),
        sample(account("a2")).path("patientId", "p2"),
        sample(account("a1")).path("clinicId", "none"),
        sample(staff("s9")).path("conversationId", "a%2Fb"),
        sample(staff("s9")).path("patientId", "p1#PROFILE"),
        sample(staff("s9")).path("clinicId", ""),
    ] {
        world.refuses(&reply(&world), &crossed, 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn staff_who_are_switched_off_are_told_so() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    for actor in [staff("s4"), staff("nobody")] {
        world.refuses(&reply(&world), &event(&actor), 403, &["staff_inactive"]).await;
    }
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    world.refuses(&reply(&world), &event(&staff("s1")), 403, &["staff_inactive"]).await;
}

#[tokio::test]
async fn a_request_that_can_never_work_says_why() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let patients = || event(&account("a1"));
    let deep = "<ul><li>".repeat(60) + "deep";
    for (body, codes) in [
        (json!({ "body": "" }), vec!["body_empty /body"]),
        (
            json!({ "body": "<iframe src=\"https://example.test\"></iframe>" }),
            vec!["body_empty /body"],
        ),
        (
            json!({ "body": "<!-- note -->", "seen": 0 }),
            vec!["body_empty /body", "marker_beyond_last /seen"],
        ),
        (json!({ "body": deep }), vec!["body_too_deep /body"]),
        (json!({ "body": "x", "seen": 2 }), vec!["marker_beyond_last /seen"]),
        (json!({ "body": "x", "seen": 4_000_000_000_u32 }), vec!["marker_beyond_last /seen"]),
        (json!({ "body": "x", "seen": -1 }), vec!["wrong_type /seen"]),
        (json!({ "body": "x", "seen": "1" }), vec!["wrong_type /seen"]),
        (json!({ "body": 1 }), vec!["wrong_type /body"]),
        (json!({ "seen": 1 }), vec!["body_empty /body"]),
        (json!({ "body": "x", "sender": "other" }), vec!["unknown_member /sender"]),
        (json!({ "body": "x", "onBehalfOf": "p2" }), vec!["unknown_member /onBehalfOf"]),
        (json!([]), vec!["wrong_type "]),
        (json!(null), vec!["wrong_type "]),
    ] {
        world.refuses(&reply(&world), &patients().body(&body), 422, &codes).await;
    }
    for malformed in ["", "{", "{\"body\":\"a\",\"body\":\"b\"}", "{\"body\":\"a\",}"] {
        let event = patients().raw_body(malformed);
        world.refuses(&reply(&world), &event, 400, &["malformed_json"]).await;
    }
    let plain = patients().header("Content-Type", &["text/plain"]);
    let code = ["unsupported_media_type Content-Type"];
    world.refuses(&reply(&world), &plain, 415, &code).await;
}

#[tokio::test]
async fn a_request_without_a_usable_key_is_not_begun() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let patients = || event(&account("a1"));
    let long = "k".repeat(129);
    for (values, code) in [
        (vec![], "idempotency_key_missing Idempotency-Key"),
        (vec![""], "idempotency_key_missing Idempotency-Key"),
        (vec![long.as_str()], "idempotency_key_invalid Idempotency-Key"),
        (vec!["a#b"], "idempotency_key_invalid Idempotency-Key"),
        (vec!["one", "two"], "duplicate_header Idempotency-Key"),
    ] {
        let event = patients().header("Idempotency-Key", &values);
        world.refuses(&reply(&world), &event, 400, &[code]).await;
    }
    let expired = patients().expiring(NOW.as_second());
    world.refuses(&reply(&world), &expired, 401, &["token_expired"]).await;
}
