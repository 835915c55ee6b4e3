//! Who may read and change settings, and what the record of each says.

use serde_json::{Value, json};

use super::world::*;

#[tokio::test]
async fn each_role_may_what_its_row_says() {
    // Who, reading, replacing, creating what is not there.
    let table = [
        (OPERATOR, (200, ""), (200, ""), (201, "")),
        (CHART, (200, ""), (403, "not_allowed"), (403, "not_allowed")),
        (ADMIN, (200, ""), (200, ""), (403, "not_allowed")),
        (CLINICIAN, (200, ""), (403, "not_allowed"), (403, "not_allowed")),
        (FRONT_DESK, (200, ""), (403, "not_allowed"), (403, "not_allowed")),
        (FORMER_ADMIN, (403, "staff_inactive"), (403, "staff_inactive"), (403, "staff_inactive")),
        (STRANGER, (403, "staff_inactive"), (403, "staff_inactive"), (403, "staff_inactive")),
        (OTHER_ADMIN, (404, "not_found"), (404, "not_found"), (404, "not_found")),
        (OTHER_CHART, (404, "not_found"), (404, "not_found"), (404, "not_found")),
        (ACCOUNT, (404, "not_found"), (404, "not_found"), (404, "not_found")),
        (PORTAL, (404, "not_found"), (404, "not_found"), (404, "not_found")),
    ];
    let set_up = World::with_settings().await;
    let mut version = 1;
    for (who, read, replace, create) in table {
        let answer = set_up.call(get(who)).await.expect(read.0, read.1);
        assert_eq!(answer.record["action"], "settings.view");
        assert_eq!(answer.record["actorKind"], who.0);
        assert_eq!(answer.record["actor"], who.1);

        let tag = format!("\"{version}\"");
        let event = put(who, Some(("If-Match", &tag)), &document());
        let answer = set_up.call(event).await.expect(replace.0, replace.1);
        assert_eq!(answer.record["action"], "settings.change");
        version += u32::from(replace.0 == 200);

        let event = put(who, Some(("If-None-Match", "*")), &document());
        World::new().await.call(event).await.expect(create.0, create.1);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_by_who_may_look() {
    let world = World::new().await;
    for who in [OPERATOR, CHART, ADMIN, CLINICIAN] {
        world.call(get(who)).await.expect(404, "not_found");
    }
    let event = put(OPERATOR, Some(("If-Match", "\"1\"")), &document());
    world.call(event).await.expect(404, "not_found");
}

#[tokio::test]
async fn a_refusal_stands_with_the_clinic_that_the_caller_belongs_to() {
    let world = World::with_settings().await;
    let clinic = |answer: Answer| answer.record["clinic"].clone();
    assert_eq!(clinic(world.call(get(STRANGER)).await), "c1");
    assert_eq!(clinic(world.call(get(OTHER_ADMIN)).await), "c2");
    assert_eq!(clinic(world.call(get(ACCOUNT)).await), Value::Null);
}

#[tokio::test]
async fn only_the_operator_changes_the_plan() {
    let world = World::with_settings().await;
    let portal = with("/plan", json!("portal"));
    let current = Some(("If-Match", "\"1\""));
    let answer = world.call(put(ADMIN, current, &portal)).await;
    let answer = answer.expect(403, "plan_change_not_allowed");
    assert_eq!(answer.reasons(), ["plan_change_not_allowed /plan"]);

    let answer = world.call(put(OPERATOR, current, &portal)).await.expect(200, "");
    assert_eq!(answer.changes(), ["plan: connect_pro -> portal"]);
    assert_eq!(answer.record["actorKind"], "operator");
    assert_eq!(answer.record["clinic"], "c1");
    assert_eq!(world.call(get(ADMIN)).await.body["plan"], "portal");
}

#[tokio::test]
async fn an_expired_token_counts_for_nothing_and_is_on_record() {
    let world = World::with_settings().await;
    let mut event = get(ADMIN);
    event["requestContext"]["authorizer"]["expires"] = json!("1");
    world.call(event).await.expect(401, "token_expired");
}

#[tokio::test]
async fn what_is_no_route_or_no_identifier_is_not_found() {
    let world = World::with_settings().await;
    for id in ["a%2Fb", "c1#SETTINGS", "", "a b", "..", "\u{0}"] {
        let mut event = get(ADMIN);
        event["pathParameters"]["clinicId"] = json!(id);
        let answer = world.call(event).await.expect(404, "not_found");
        assert!(id.is_empty() || !answer.record["objects"].to_string().contains(id));
    }
    let mut event = get(ADMIN);
    event["httpMethod"] = json!("PATCH");
    let answer = world.call(event).await.expect(404, "not_found");
    assert_eq!(answer.record["action"], "request.unrouted");

    let mut event = get(ADMIN);
    event["queryStringParameters"] = json!({"clinicId": "c2"});
    world.call(event).await.expect(400, "unknown_parameter");
}
