//! Versions, for each kind of record: a late push never wins.

use serde_json::{Value, json};
use testkit::{AUDIT, Fault, MAIN};

use super::world::*;

const TARGETS: [Target; 4] =
    [Target::Staff("s1"), Target::Group("g1"), Target::Patient("p1"), Target::Link("p1", "a1")];
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

/// A world in which the target can be created.
async fn world_for(target: Target) -> World {
    match target {
        Target::Link(..) => World::with_patient().await,
        Target::Staff(_) | Target::Group(_) | Target::Patient(_) => World::new().await,
    }
}

#[tokio::test]
async fn a_change_must_name_the_version_that_is_there() {
    for target in TARGETS {
        let world = world_for(target).await;
        let document = document(target);
        let with = |version| put(CHART, target, version, &document);
        world.call(get(CHART, target)).await.expect(404, "not_found");
        world.call(with(Some(("If-Match", "\"1\"")))).await.expect(404, "not_found");
        world.call(with(None)).await.expect(428, "version_required");
        let created = world.call(with(CREATE)).await.expect(201, "");
        assert_eq!(created.etag.as_deref(), Some("\"1\""));
        // A repeat of what was done finds it done, and writes nothing but its record.
        let again = world.call(with(CREATE)).await.expect(201, "");
        assert_eq!((again.etag, again.body), (created.etag, created.body));
        world.call(with(Some(("If-Match", "\"7\"")))).await.expect(412, "version_conflict");
        world.call(with(Some(("If-Match", "1")))).await.expect(400, "version_malformed");
        let tag = world.call(get(CHART, target)).await.etag.unwrap();
        let replaced = world.call(with(Some(("If-Match", &tag)))).await.expect(200, "");
        assert_eq!(replaced.etag.as_deref(), Some("\"2\""));
        assert_eq!(replaced.changes(), Vec::<String>::new());
        let again = world.call(with(Some(("If-Match", &tag)))).await.expect(200, "");
        assert_eq!(again.etag.as_deref(), Some("\"2\""));
        world.call(with(CREATE)).await.expect(412, "version_conflict");
    }
}

#[tokio::test]
async fn an_older_push_that_comes_late_does_not_win() {
    let world = World::with_patient().await;
    let patient = Target::Patient("p1");
    let push = |sms: &str| {
        put(CHART, patient, Some(("If-Match", "\"1\"")), &with(patient, "sms", json!(sms)))
    };
    world.call(push("+16135550100")).await.expect(200, "");
    world.call(push("1 (613) 555-0199")).await.expect(412, "version_conflict");
    assert_eq!(world.call(get(CHART, patient)).await.body["sms"], "+16135550100");
}

#[tokio::test]
async fn of_two_equal_changes_at_once_one_is_written_and_both_are_answered() {
    for target in TARGETS {
        let world = world_for(target).await;
        let before = world.db.all_items(AUDIT).await.len();
        let create = || put(CHART, target, CREATE, &document(target));
        let (first, second) =
            tokio::join!(send(&world.handler, create()), send(&world.handler, create()));
        let mut statuses = [first.0, second.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201], "{target:?}");
        assert_eq!(world.db.all_items(AUDIT).await.len(), before + 2);
        assert_eq!(world.call(get(CHART, target)).await.body["version"], 1);
    }
}

#[tokio::test]
async fn contention_is_decided_again_and_a_lost_answer_is_one_change() {
    for target in TARGETS {
        for fault in [
            Fault::conflict("TransactWriteItems"),
            Fault::answer_lost("TransactWriteItems"),
            Fault::throttled("BatchGetItem"),
        ] {
            let world = world_for(target).await;
            let before = world.db.all_items(AUDIT).await.len();
            let unlucky = handler(world.db.client_with(fault));
            let event = put(CHART, target, CREATE, &document(target));
            assert_eq!(send(&unlucky, event).await.0, 201);
            assert_eq!(world.db.all_items(AUDIT).await.len(), before + 1);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let world = World::with_patient().await;
    let patient = Target::Patient("p1");
    let before = (world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await);
    let outages = [
        (Fault::unavailable("PutItem"), get(CHART, patient)),
        (Fault::unavailable("PutItem"), get(CLINICIAN, patient)),
        (Fault::throttled("BatchGetItem"), get(CHART, patient)),
        (Fault::unavailable("Query"), {
            let link = Target::Link("p1", "a1");
            put(CHART, link, CREATE, &document(link))
        }),
    ];
    for (fault, event) in outages {
        let down = handler(world.db.client_with(fault.times(u32::MAX)));
        let (status, _, body) = send(&down, event).await;
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
        assert_eq!(body.get("name"), None::<&Value>);
        for secret in ["CLINIC#", "Patient One", "example.test", "main"] {
            assert!(!body.to_string().contains(secret), "{body}");
        }
    }
    assert_eq!((world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await), before);
}
