//! Versions: the tag that is read is the tag that is written, and a late change never wins.

use serde_json::json;
use testkit::{AUDIT, Fault, MAIN};

use super::world::*;

#[tokio::test]
async fn the_samples_create_read_and_replace() {
    let world = World::new().await;
    let answer = world.call(sample("create-settings.operator.json")).await.expect(201, "");
    assert_eq!(answer.etag.as_deref(), Some("\"1\""));
    let answer = world.call(sample("get-settings.staff.json")).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"1\""));
    let answer = world.call(sample("put-settings.admin.json")).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    assert_eq!(answer.body["version"], 2);

    let records = world.db.all_items(AUDIT).await;
    assert_eq!(send(&world.handler, sample("options.json")).await.0, 204);
    assert_eq!(world.db.all_items(AUDIT).await, records);
}

#[tokio::test]
async fn the_tag_that_was_received_is_accepted_even_weakened() {
    let world = World::with_settings().await;
    let weakened: [fn(&str) -> String; 4] = [
        |tag| tag.to_owned(),
        |tag| format!("W/{tag}"),
        |tag| format!("{}-gzip\"", tag.trim_end_matches('"')),
        |tag| format!("W/{}-br\"", tag.trim_end_matches('"')),
    ];
    for weaken in weakened {
        let tag = world.call(get(ADMIN)).await.etag.unwrap();
        let event = put(ADMIN, Some(("If-Match", &weaken(&tag))), &document());
        world.call(event).await.expect(200, "");
    }
}

#[tokio::test]
async fn a_change_must_name_the_version_that_is_there() {
    let world = World::with_settings().await;
    for (version, status, code) in [
        (None, 428, "version_required"),
        (Some(("If-None-Match", "*")), 412, "version_conflict"),
        (Some(("If-Match", "\"2\"")), 412, "version_conflict"),
        (Some(("If-Match", "\"0\"")), 400, "version_malformed"),
        (Some(("If-Match", "*")), 400, "version_malformed"),
        (Some(("If-Match", "1")), 400, "version_malformed"),
        (Some(("If-None-Match", "\"1\"")), 400, "version_malformed"),
    ] {
        let other = with("/name", json!("Other"));
        world.call(put(OPERATOR, version, &other)).await.expect(status, code);
    }
    let mut event = put(ADMIN, Some(("If-Match", "\"1\"")), &document());
    event["multiValueHeaders"]["If-Match"] = json!(["\"1\"", "\"1\""]);
    world.call(event).await.expect(400, "duplicate_header");

    // A late change does not win, whatever came before it.
    let current = Some(("If-Match", "\"1\""));
    world.call(put(ADMIN, current, &with("/name", json!("Newer")))).await.expect(200, "");
    let answer = world.call(put(ADMIN, current, &with("/name", json!("Older")))).await;
    answer.expect(412, "version_conflict");
    assert_eq!(world.call(get(ADMIN)).await.body["name"], "Newer");
}

#[tokio::test]
async fn a_change_that_comes_again_finds_itself_made() {
    let world = World::new().await;
    let create = || put(OPERATOR, Some(("If-None-Match", "*")), &document());
    let replace = || put(ADMIN, Some(("If-Match", "\"1\"")), &with("/smsName", json!("Short")));
    for (event, status, tag) in [(create(), 201, "\"1\""), (replace(), 200, "\"2\"")] {
        // The change is written and its answer never arrives, however often the function asks.
        let lost = Fault::answer_lost("TransactWriteItems").times(u32::MAX);
        let unlucky = handler(world.db.client_with(lost));
        assert_eq!(send(&unlucky, event.clone()).await.0, 503);
        let written = world.db.all_items(MAIN).await;
        for _ in 0..2 {
            let answer = world.call(event.clone()).await.expect(status, "");
            assert_eq!(answer.etag.as_deref(), Some(tag));
            assert_eq!(
                answer.body["version"],
                json!(tag.trim_matches('"').parse::<u64>().unwrap())
            );
            assert_eq!(answer.changes(), Vec::<String>::new());
            assert_eq!(world.db.all_items(MAIN).await, written);
        }
    }
    // What came before the last change is no repeat of it.
    world.call(create()).await.expect(412, "version_conflict");
    // Who may not set a clinic up may not have done it before.
    let world = World::with_settings().await;
    let event = put(ADMIN, Some(("If-None-Match", "*")), &document());
    world.call(event).await.expect(412, "version_conflict");
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let world = World::with_settings().await;
    let current = Some(("If-Match", "\"1\""));
    let (first, second) = tokio::join!(
        send(&world.handler, put(ADMIN, current, &with("/name", json!("First")))),
        send(&world.handler, put(ADMIN, current, &with("/name", json!("Second")))),
    );
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let winner = if first.0 == 200 { "First" } else { "Second" };
    let now = world.call(get(ADMIN)).await;
    assert_eq!((now.body["name"].as_str(), now.body["version"].as_u64()), (Some(winner), Some(2)));
    // The creation, the winner, the loser's refusal, and this view.
    assert_eq!(world.db.all_items(AUDIT).await.len(), 4);
}

#[tokio::test]
async fn contention_is_decided_again() {
    let world = World::with_settings().await;
    let unlucky = handler(world.db.client_with(Fault::conflict("TransactWriteItems").times(2)));
    let event = put(ADMIN, Some(("If-Match", "\"1\"")), &document());
    assert_eq!(send(&unlucky, event).await.0, 200);
    assert_eq!(world.db.all_items(AUDIT).await.len(), 2);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made_once() {
    let world = World::with_settings().await;
    let unlucky = handler(world.db.client_with(Fault::answer_lost("TransactWriteItems")));
    let event = put(ADMIN, Some(("If-Match", "\"1\"")), &document());
    let (status, etag, _) = send(&unlucky, event).await;
    assert_eq!((status, etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(world.db.all_items(AUDIT).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let world = World::with_settings().await;
    let before = (world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await);
    let down = handler(world.db.client_with(Fault::unavailable("PutItem").times(u32::MAX)));
    for event in [get(ADMIN), get(ACCOUNT), put(CLINICIAN, None, &document())] {
        let (status, _, body) = send(&down, event).await;
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
        assert_eq!(body.get("name"), None);
    }
    let down = Fault::throttled("TransactWriteItems").times(u32::MAX);
    let event = put(ADMIN, Some(("If-Match", "\"1\"")), &document());
    let (status, _, body) = send(&handler(world.db.client_with(down)), event).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
    assert_eq!((world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await), before);
}
