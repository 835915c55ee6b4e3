//! Who may read and change what, and what the record of each says.

use serde_json::{Value, json};
use testkit::AUDIT;

use super::world::*;

const STAFF: Target = Target::Staff("s1");
const GROUP: Target = Target::Group("g1");
const PATIENT: Target = Target::Patient("p1");
const LINK: Target = Target::Link("p1", "a1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

/// Every route, in an order in which each finds what it needs.
fn routes(who: Who) -> [(&'static str, Value, i64); 9] {
    [
        ("group.change", put(who, GROUP, CREATE, &document(GROUP)), 201),
        ("group.view", get(who, GROUP), 200),
        ("staff.change", put(who, STAFF, CREATE, &document(STAFF)), 201),
        ("staff.view", get(who, STAFF), 200),
        ("patient.change", put(who, PATIENT, CREATE, &document(PATIENT)), 201),
        ("patient.view", get(who, PATIENT), 200),
        ("link.change", put(who, LINK, CREATE, &document(LINK)), 201),
        ("link.view", get(who, LINK), 200),
        ("link.revoke", delete(who, LINK), 204),
    ]
}

#[tokio::test]
async fn each_role_may_what_its_row_says() {
    // Who, on staff, on patients and links; empty: allowed.
    let table = [
        (CHART, "", ""),
        (ADMIN, "", ""),
        (OPERATOR, "", "not_allowed"),
        (CLINICIAN, "not_allowed", "not_allowed"),
        (FRONT_DESK, "not_allowed", "not_allowed"),
        (FORMER_ADMIN, "staff_inactive", "staff_inactive"),
        (STRANGER, "staff_inactive", "staff_inactive"),
        (OTHER_ADMIN, "not_found", "not_found"),
        (OTHER_CHART, "not_found", "not_found"),
        (ACCOUNT, "not_found", "not_found"),
        (PORTAL, "not_found", "not_found"),
    ];
    for (who, staff, patients) in table {
        let world = World::new().await;
        for (action, event, success) in routes(who) {
            let of_staff = action.starts_with("staff") || action.starts_with("group");
            let code = if of_staff { staff } else { patients };
            let status = match code {
                "" => success,
                "not_found" => 404,
                _ => 403,
            };
            let answer = world.call(event).await.expect(status, code);
            assert_eq!(answer.record["action"], action);
            assert_eq!(answer.record["actorKind"], who.0);
            assert_eq!(answer.record["actor"], who.1);
            if status < 400 {
                assert_eq!(answer.record["clinic"], "c1");
                let patient = answer.record["patient"].as_str();
                assert_eq!(patient, (!of_staff).then_some("p1"));
            }
        }
    }
}

#[tokio::test]
async fn the_samples_are_answered() {
    let world = World::new().await;
    for (name, status, etag) in [
        ("create-group.chart.json", 201, "\"1\""),
        ("get-group.admin.json", 200, "\"1\""),
        ("create-staff.chart.json", 201, "\"1\""),
        ("get-staff.admin.json", 200, "\"1\""),
        ("put-staff.operator.json", 200, "\"2\""),
        ("create-patient.chart.json", 201, "\"1\""),
        ("get-patient.chart.json", 200, "\"1\""),
        ("put-patient.admin.json", 200, "\"2\""),
        ("create-link.chart.json", 201, "\"1\""),
        ("get-link.chart.json", 200, "\"1\""),
        ("delete-link.admin.json", 204, ""),
        ("put-link.admin.json", 200, "\"3\""),
        ("get-preferences.staff.json", 200, ""),
        ("put-preferences.staff.json", 201, "\"1\""),
        ("opt-out.chart.json", 200, ""),
        ("consent.admin.json", 200, ""),
        ("get-addresses.admin.json", 200, ""),
    ] {
        let answer = world.call(sample(name)).await.expect(status, "");
        assert_eq!(answer.etag.unwrap_or_default(), etag, "{name}");
    }
    let child = Target::Patient("p2");
    let born = with(child, "birthDate", json!("2018-06-01"));
    world.call(put(CHART, child, CREATE, &born)).await.expect(201, "");
    for (name, status) in [
        ("create-guardian-link.chart.json", 201),
        ("guardian-opt-out.admin.json", 200),
        ("guardian-consent.chart.json", 200),
    ] {
        world.call(sample(name)).await.expect(status, "");
    }
    let before = world.db.all_items(AUDIT).await;
    for name in [
        "staff",
        "group",
        "patient",
        "successor",
        "link",
        "batch",
        "preferences",
        "addresses",
        "consent",
        "opt-out",
        "guardian-consent",
        "guardian-opt-out",
    ] {
        let name = &format!("options-{name}.json");
        assert_eq!(send(&world.handler, sample(name)).await.0, 204);
    }
    assert_eq!(world.db.all_items(AUDIT).await, before);
}

#[tokio::test]
async fn a_clinic_that_is_not_set_up_has_nothing_and_gets_nothing() {
    let world = World::new().await;
    let chart = ("chart", "chart-client", "c3", "");
    for who in [OPERATOR, chart] {
        for target in [STAFF, GROUP, PATIENT, LINK] {
            if matches!((who.0, target), ("operator", Target::Patient(_) | Target::Link(..))) {
                continue;
            }
            let document = document(target);
            let event = event("PUT", who, "c3", target, CREATE, Some(&document));
            world.call(event).await.expect(404, "not_found");
        }
    }
}

#[tokio::test]
async fn what_is_of_another_clinic_is_not_found_there() {
    let world = World::new().await;
    for (_, event, _) in routes(CHART) {
        world.call(event).await;
    }
    let mut there = routes(OTHER_CHART).map(|(_, event, _)| event);
    for event in &mut there {
        event["pathParameters"]["clinicId"] = json!("c2");
    }
    let [
        put_group,
        get_group,
        put_staff,
        get_staff,
        put_patient,
        get_patient,
        put_link,
        get_link,
        revoke,
    ] = there;
    for event in [get_group, get_staff, get_patient, get_link, put_link, revoke] {
        world.call(event).await.expect(404, "not_found");
    }
    for event in [put_group, put_staff, put_patient] {
        world.call(event).await.expect(201, "");
    }
}

#[tokio::test]
async fn a_refusal_keeps_only_identifiers_of_what_the_path_names() {
    let world = World::new().await;
    for id in ["a%2Fb", "a#b", "a%3Fadmin=true", "%00", "..%2f..", "\u{0}", "\u{e9}", "a+b"] {
        let mut event = get(CHART, LINK);
        event["pathParameters"]["accountId"] = json!(id);
        let answer = world.call(event).await.expect(404, "not_found");
        assert_eq!(answer.record["patient"], "p1");
        assert_eq!(answer.record.get("objects"), None);
    }
    let mut event = get(CHART, STAFF);
    event["requestContext"]["resourcePath"] = json!("/clinics/{clinicId}/staff");
    let answer = world.call(event).await.expect(404, "not_found");
    assert_eq!(answer.record["action"], "request.unrouted");
    let mut event = get(CHART, STAFF);
    event["multiValueQueryStringParameters"] = json!({"staffId": ["s9"]});
    world.call(event).await.expect(400, "unknown_parameter");
    let mut event = get(CHART, STAFF);
    event["requestContext"]["authorizer"]["expires"] = json!("1");
    world.call(event).await.expect(401, "token_expired");
}

#[tokio::test]
async fn rights_are_read_on_every_call() {
    let world = World::new().await;
    let admin = json!({"name": "Staff Nine", "roles": ["admin"], "active": false});
    world.call(get(ADMIN, Target::Staff("s9"))).await.expect(200, "");
    let event = put(CHART, Target::Staff("s9"), Some(("If-Match", "\"1\"")), &admin);
    world.call(event).await.expect(200, "");
    world.call(get(ADMIN, Target::Staff("s9"))).await.expect(403, "staff_inactive");
}
