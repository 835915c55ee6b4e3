//! Every refusal, each with nothing written but its record.

use domain::actor::Actor;
use domain::clinic::{ClinicSettings, Plan};
use domain::people::{Patient, StaffMember};
use scenario::people::{
    account, chart, clinic, group, member, no_contact, operator, patient, portal, staff, staff_of,
};
use scenario::{NOW, World};
use serde_json::json;

use super::{event, send, to};

#[tokio::test]
async fn every_unmet_precondition_is_said_at_once() {
    let world = World::of(Plan::Connect).await;
    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", Plan::Connect) }).await;
    let unreachable =
        Patient { portal_access: false, contact: no_contact(), ..patient("c1", "p1") };
    world.patient(&unreachable).await;
    let event = event(&staff("s1")).body(&to(&["s2", "nobody"]));
    let codes = ["portal_disabled", "patient_access_off", "no_contact", "unknown_recipient /to/1"];
    world.refuses(&send(&world), &event, 409, &codes).await;
}

#[tokio::test]
async fn each_unmet_precondition_is_said_alone() {
    let world = World::of(Plan::Portal).await;
    let settings = clinic("c1", Plan::Portal);
    world.clinic(&ClinicSettings { portal_enabled: false, ..settings.clone() }).await;
    let event = event(&staff("s1"));
    world.refuses(&send(&world), &event, 409, &["portal_disabled"]).await;
    world.clinic(&settings).await;
    world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
    world.refuses(&send(&world), &event, 409, &["patient_access_off"]).await;
    world.patient(&Patient { contact: no_contact(), ..patient("c1", "p1") }).await;
    world.refuses(&send(&world), &event, 409, &["no_contact"]).await;
}

#[tokio::test]
async fn recipients_are_active_staff_of_the_clinic() {
    let world = World::of(Plan::Connect).await;
    world.staff(&member("c2", "only-c2")).await;
    // s4 is deactivated, S2 is another spelling, p1 is no staff.
    let event = event(&staff("s1")).body(&to(&["s2", "s4", "S2", "p1", "only-c2"]));
    let codes = [
        "unknown_recipient /to/1",
        "unknown_recipient /to/2",
        "unknown_recipient /to/3",
        "unknown_recipient /to/4",
    ];
    world.refuses(&send(&world), &event, 422, &codes).await;
}

#[tokio::test]
async fn patients_write_first_on_the_top_plan_only_and_by_an_account() {
    let first = |actor: &Actor| {
        let body = json!({ "title": "Hi", "body": "Hello", "groups": ["g1"] });
        event(actor).body(&body)
    };
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        let world = World::of(plan).await;
        world.group(&group("c1", "g1")).await;
        let (status, code) = match plan {
            Plan::Portal => (409, "patient_first_off"),
            Plan::Connect | Plan::ConnectPro => (403, "account_required"),
        };
        let by_portal = first(&portal("p1"));
        world.refuses(&send(&world), &by_portal, status, &[code]).await;
        let by_account = first(&account("a1"));
        if plan == Plan::ConnectPro {
            world.ask(&send(&world), &by_account).await.expect(201);
        } else {
            world.refuses(&send(&world), &by_account, 409, &["patient_first_off"]).await;
        }
        for actor in [account("a2"), portal("p2")] {
            world.refuses(&send(&world), &event(&actor), 404, &["not_found"]).await;
        }
    }
}

#[tokio::test]
async fn who_may_not_know_of_the_patient_finds_nothing() {
    let world = World::of(Plan::Connect).await;
    world.revoke_link().await;
    for actor in [staff_of("c2", "s1"), account("a1"), account("a2"), chart(), operator()] {
        world.refuses(&send(&world), &event(&actor), 404, &["not_found"]).await;
    }
    let s1 = || event(&staff("s1"));
    for crossed in [
        s1().path("clinicId", "c2"),
        s1().path("clinicId", "none"),
        s1().path("patientId", "none"),
        s1().path("patientId", "p1%2F"),
        s1().path("patientId", ".."),
    ] {
        world.refuses(&send(&world), &crossed, 404, &["not_found"]).await;
    }
    world.patient(&patient("c2", "only-c2")).await;
    world.refuses(&send(&world), &s1().path("patientId", "only-c2"), 404, &["not_found"]).await;
}

#[tokio::test]
async fn staff_who_are_switched_off_are_told_so() {
    let world = World::of(Plan::Connect).await;
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    for id in ["s1", "s4", "nobody"] {
        world.refuses(&send(&world), &event(&staff(id)), 403, &["staff_inactive"]).await;
    }
}

#[tokio::test]
async fn a_request_that_can_never_work_says_why() {
    let world = World::of(Plan::Connect).await;
    let long = "t".repeat(201);
    let many: Vec<&str> = vec!["s2"; 41];
    for (body, codes) in [
        (json!({ "title": " ", "body": "" }), vec!["title_empty /title", "body_empty /body"]),
        (json!({ "title": long, "body": "x" }), vec!["title_too_long /title"]),
        (json!({ "title": "a\u{202E}b", "body": "x" }), vec!["forbidden_character /title"]),
        (json!({ "title": "t", "body": "<img src=x>" }), vec!["body_empty /body"]),
        (json!({ "title": "t", "body": "x".repeat(102_401) }), vec!["body_too_long /body"]),
        (json!({ "title": "t", "body": "<ul><li>".repeat(60) + "x" }), vec!["body_too_deep /body"]),
        (to(&["s2", "a#b", ""]), vec!["invalid_id /to/1", "invalid_id /to/2"]),
        (to(&many), vec!["too_many_participants /to"]),
        (json!({ "title": "t" }), vec!["body_empty /body"]),
        (json!({ "body": "x" }), vec!["title_empty /title"]),
        (json!({}), vec!["title_empty /title", "body_empty /body"]),
        (json!({ "title": null, "body": "x", "template": null }), vec!["title_empty /title"]),
        (json!({ "title": "t", "body": "x", "to": "s2" }), vec!["wrong_type /to"]),
        (json!({ "title": "t", "body": "x", "to": [2] }), vec!["wrong_type /to/0"]),
        (
            json!({ "title": "t", "body": "x", "repliesAllowed": "yes" }),
            vec!["wrong_type /repliesAllowed"],
        ),
        (json!({ "title": "t", "body": "x", "sender": "s2" }), vec!["unknown_member /sender"]),
        (json!({ "title": "t", "body": "x", "state": "open" }), vec!["unknown_member /state"]),
        (json!({ "title": "t", "body": "x", "clinicId": "c2" }), vec!["unknown_member /clinicId"]),
        (json!([]), vec!["wrong_type "]),
    ] {
        let event = event(&staff("s1")).body(&body);
        world.refuses(&send(&world), &event, 422, &codes).await;
    }
    let doubled = event(&staff("s1")).raw_body("{\"title\":\"a\",\"title\":\"b\",\"body\":\"c\"}");
    world.refuses(&send(&world), &doubled, 400, &["malformed_json"]).await;
    let form = event(&staff("s1")).header("Content-Type", &["application/x-www-form-urlencoded"]);
    let code = ["unsupported_media_type Content-Type"];
    world.refuses(&send(&world), &form, 415, &code).await;
}

#[tokio::test]
async fn a_request_without_a_usable_key_is_not_begun() {
    let world = World::of(Plan::Connect).await;
    for (values, code) in [
        (vec![], "idempotency_key_missing Idempotency-Key"),
        (vec!["  "], "idempotency_key_missing Idempotency-Key"),
        (vec!["a b"], "idempotency_key_invalid Idempotency-Key"),
        (vec!["same", "same"], "duplicate_header Idempotency-Key"),
    ] {
        let event = event(&staff("s1")).header("Idempotency-Key", &values);
        world.refuses(&send(&world), &event, 400, &[code]).await;
    }
    let expired = event(&staff("s1")).expiring(NOW.as_second());
    world.refuses(&send(&world), &expired, 401, &["token_expired"]).await;
}
