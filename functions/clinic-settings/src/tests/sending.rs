//! The operator's switch for everything that is sent.

use domain::outage::Outage;
use serde_json::{Value, json};
use store::sending::Switch;
use testkit::{AUDIT, Fault, MAIN};

use super::world::*;

const NEW: Option<(&str, &str)> = Some(("If-None-Match", "*"));

fn read(who: Who) -> Value {
    let mut event = sample("get-sending.operator.json");
    set_caller(&mut event, who);
    event
}

/// Sets the switch, with a header that names the version.
fn set(who: Who, version: Option<(&str, &str)>, body: &Value) -> Value {
    let mut event = put(who, version, body);
    let route = sample("put-sending.operator.json");
    for member in ["resource", "path", "pathParameters"] {
        event[member] = route[member].clone();
    }
    event["requestContext"]["resourcePath"] = route["requestContext"]["resourcePath"].clone();
    event
}

fn paused(paused: bool) -> Value {
    json!({ "paused": paused })
}

/// What a worker on the table of that id is told, which binds a switch that names no table.
async fn told(world: &World, table: &str) -> Result<Switch, Outage> {
    world.handler.store.sending(table).await
}

#[tokio::test]
async fn the_samples_switch_sending_off_and_on_again() {
    let world = World::new().await;
    let answer = world.call(sample("get-sending.operator.json")).await.expect(200, "");
    assert_eq!((answer.body, answer.etag), (paused(false), None));

    let answer = world.call(sample("create-sending.operator.json")).await.expect(201, "");
    let off = json!({ "paused": true, "pausedAt": "2026-11-25T00:00:01Z" });
    assert_eq!((&answer.body, answer.etag.as_deref()), (&off, Some("\"1\"")));
    assert_eq!(answer.changes(), ["paused: - -> true"]);
    assert_eq!(answer.record["action"], "sending.change");
    assert_eq!(
        (&answer.record["actorKind"], &answer.record["actor"]),
        (&json!("operator"), &json!("ops1"))
    );
    assert_eq!(answer.record.get("clinic"), None);
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::Paused);
    let answer = world.call(read(OPERATOR)).await.expect(200, "");
    assert_eq!((&answer.body, answer.etag.as_deref()), (&off, Some("\"1\"")));
    assert_eq!(answer.record["action"], "sending.view");

    let answer = world.call(sample("put-sending.operator.json")).await.expect(200, "");
    assert_eq!((&answer.body, answer.etag.as_deref()), (&paused(false), Some("\"2\"")));
    assert_eq!(answer.changes(), ["paused: true -> false"]);
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::On);

    let records = world.db.all_items(AUDIT).await;
    assert_eq!(send(&world.handler, sample("options-sending.json")).await.0, 204);
    assert_eq!(world.db.all_items(AUDIT).await, records);
}

#[tokio::test]
async fn switching_it_on_puts_a_restored_table_to_work() {
    let world = World::new().await;
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::On);
    assert_eq!(told(&world, "copy-2").await.unwrap(), Switch::Restored);
    let tag = world.call(read(OPERATOR)).await.etag.unwrap();
    let event = set(OPERATOR, Some(("If-Match", &tag)), &paused(false));
    let answer = world.call(event).await.expect(200, "");
    assert_eq!(answer.changes(), ["table: main-1 -> -"]);
    assert_eq!(told(&world, "copy-2").await.unwrap(), Switch::On);
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::Restored);
}

#[tokio::test]
async fn it_is_the_operators_alone_and_nobody_else_finds_it() {
    let world = World::with_settings().await;
    for who in [
        CHART,
        ADMIN,
        CLINICIAN,
        FRONT_DESK,
        FORMER_ADMIN,
        STRANGER,
        OTHER_ADMIN,
        OTHER_CHART,
        ACCOUNT,
        PORTAL,
    ] {
        let answer = world.call(read(who)).await.expect(404, "not_found");
        assert_eq!(answer.record["action"], "sending.view");
        let answer = world.call(set(who, NEW, &paused(true))).await.expect(404, "not_found");
        assert_eq!(answer.record["action"], "sending.change");
        // What is wrong with the request is nobody else's to know either.
        world.call(set(who, None, &json!({}))).await.expect(404, "not_found");
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_is_there() {
    let world = World::new().await;
    let event = set(OPERATOR, Some(("If-Match", "\"1\"")), &paused(true));
    world.call(event).await.expect(404, "not_found");
    world.call(set(OPERATOR, NEW, &paused(false))).await.expect(201, "");
    for (version, status, code) in [
        (None, 428, "version_required"),
        (NEW, 412, "version_conflict"),
        (Some(("If-Match", "\"2\"")), 412, "version_conflict"),
        (Some(("If-Match", "*")), 400, "version_malformed"),
    ] {
        let event = set(OPERATOR, version, &paused(true));
        world.call(event).await.expect(status, code);
    }
    // A worker binds the switch to its table: whoever looks at the switch sees no change in it.
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::On);
    let event = set(OPERATOR, Some(("If-Match", "\"1\"")), &paused(true));
    let answer = world.call(event).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    assert_eq!(told(&world, "main-1").await.unwrap(), Switch::Paused);
}

#[tokio::test]
async fn a_change_that_comes_again_finds_itself_made_and_the_first_time_stays() {
    let world = World::new().await;
    world.call(set(OPERATOR, NEW, &paused(false))).await.expect(201, "");
    let off = set(OPERATOR, Some(("If-Match", "\"1\"")), &paused(true));
    let lost = Fault::answer_lost("TransactWriteItems").times(u32::MAX);
    assert_eq!(send(&handler(world.db.client_with(lost)), off.clone()).await.0, 503);
    let written = world.db.all_items(MAIN).await;
    let answer = world.call(off).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    assert_eq!(world.db.all_items(MAIN).await, written);

    let again = set(OPERATOR, Some(("If-Match", "\"2\"")), &paused(true));
    let answer = world.call(again).await.expect(200, "");
    assert_eq!(answer.body["pausedAt"], "2026-11-25T00:00:01Z");
    assert!(answer.changes().is_empty());
}

#[tokio::test]
async fn what_is_no_switch_is_refused_with_its_place() {
    let world = World::new().await;
    for (body, reason) in [
        (json!({}), "missing_member /paused"),
        (json!({ "paused": "true" }), "wrong_type /paused"),
        (json!({ "paused": null }), "wrong_type /paused"),
        (json!({ "paused": true, "table": "x" }), "unknown_member /table"),
    ] {
        let answer = world.call(set(OPERATOR, NEW, &body)).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
    let mut event = read(OPERATOR);
    event["queryStringParameters"] = json!({ "clinicId": "c1" });
    world.call(event).await.expect(400, "unknown_parameter");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_told() {
    let world = World::new().await;
    let unwritable = Fault::unavailable("PutItem").times(u32::MAX);
    let unlucky = handler(world.db.client_with(unwritable));
    assert_eq!(send(&unlucky, read(OPERATOR)).await.0, 503);
}
