//! Changes that come again: what was written is answered as what it was, and nothing is written
//! twice.

use serde_json::{Value, json};
use testkit::{Fault, MAIN};

use super::world::*;

const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));
const FIRST: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// A world in which each target can be created.
async fn world() -> World {
    let world = World::new().await;
    let group = Target::Group("g1");
    world.call(put(CHART, group, CREATE, &document(group))).await.expect(201, "");
    let event = put(CHART, CHILD, CREATE, &with(CHILD, "birthDate", json!("2018-06-01")));
    world.call(event).await.expect(201, "");
    world
}

/// The patient whom links are about.
const CHILD: Target = Target::Patient("p2");

/// Each target with the document that creates it, the one that replaces that, and another one.
fn targets() -> [(Target, [Value; 3]); 6] {
    let (staff, group, patient) = (Target::Staff("s1"), Target::Group("g2"), Target::Patient("p1"));
    let guardian = |name: &str| json!({"relationship": "guardian", "name": name});
    let told_at = |email: &str| {
        let contact = json!({"email": email, "preferredChannel": "email"});
        json!({"relationship": "guardian", "name": "G", "contact": contact})
    };
    [
        (
            staff,
            [
                with(staff, "groups", json!(["g1"])),
                document(staff),
                with(staff, "active", json!(false)),
            ],
        ),
        (
            group,
            [
                document(group),
                with(group, "active", json!(false)),
                with(group, "name", json!("Other")),
            ],
        ),
        (
            patient,
            [
                document(patient),
                with(patient, "sms", json!("+16135550100")),
                with(patient, "portalAccess", json!(false)),
            ],
        ),
        (Target::Link("p2", "a1"), [guardian("Grace"), guardian("Grace Hopper"), guardian("Ada")]),
        (Target::Link("p2", "a2"), [json!({"relationship": "own"}), guardian("G"), guardian("H")]),
        (
            Target::Link("p2", "a3"),
            [guardian("G"), told_at("g@example.test"), told_at("h@example.test")],
        ),
    ]
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_finds_itself_written() {
    for (target, [created, replaced, other]) in targets() {
        let world = world().await;
        for (version, document, status, tag) in
            [(CREATE, &created, 201, "\"1\""), (FIRST, &replaced, 200, "\"2\"")]
        {
            let lost = Fault::answer_lost("TransactWriteItems").times(u32::MAX);
            let unlucky = handler(world.db.client_with(lost));
            let event = put(CHART, target, version, document);
            let (failed, _, body) = send(&unlucky, event.clone()).await;
            assert_eq!((failed, body["code"].as_str()), (503, Some("unavailable")));
            let written = world.db.all_items(MAIN).await;
            let read = world.call(get(CHART, target)).await;
            for _ in 0..2 {
                let answer = world.call(event.clone()).await.expect(status, "");
                assert_eq!((answer.etag.as_deref(), &answer.body), (Some(tag), &read.body));
                assert_eq!(answer.changes(), Vec::<String>::new());
                assert_eq!(world.db.all_items(MAIN).await, written, "{target:?}");
            }
            let other = put(CHART, target, version, &other);
            world.call(other).await.expect(412, "version_conflict");
        }
        let late = put(CHART, target, CREATE, &created);
        world.call(late).await.expect(412, "version_conflict");
    }
}

#[tokio::test]
async fn of_two_at_once_that_say_different_things_one_wins() {
    for (target, [created, _, other]) in targets() {
        let world = world().await;
        let create = |document| put(CHART, target, CREATE, document);
        let (first, second) = tokio::join!(
            send(&world.handler, create(&created)),
            send(&world.handler, create(&other)),
        );
        let mut statuses = [first.0, second.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 412], "{target:?}");
        let winner = if first.0 == 201 { first.2 } else { second.2 };
        assert_eq!(world.call(get(CHART, target)).await.body, winner);
    }
}

#[tokio::test]
async fn one_number_in_two_spellings_is_one_number() {
    let world = World::with_patient().await;
    let patient = Target::Patient("p1");
    let push = |version: &'static str, sms: &str| {
        put(CHART, patient, Some(("If-Match", version)), &with(patient, "sms", json!(sms)))
    };
    let first = world.call(push("\"1\"", "+16135550100")).await.expect(200, "");
    let again = world.call(push("\"1\"", "1 (613) 555-0100")).await.expect(200, "");
    assert_eq!((again.etag.as_deref(), &again.body), (Some("\"2\""), &first.body));
    // A newer push, and then the older one, late.
    world.call(push("\"2\"", "613 555 0199")).await.expect(200, "");
    world.call(push("\"1\"", "+16135550100")).await.expect(412, "version_conflict");
    assert_eq!(world.call(get(CHART, patient)).await.body["sms"], "+16135550199");
    assert_eq!(world.items("PROFILE").await.len(), 1);
}

#[tokio::test]
async fn a_link_that_was_revoked_since_is_not_made_again_by_a_repeat() {
    let world = World::with_patient().await;
    let link = Target::Link("p1", "a1");
    let create = || put(CHART, link, CREATE, &document(link));
    world.call(create()).await.expect(201, "");
    world.call(delete(CHART, link)).await.expect(204, "");
    world.call(create()).await.expect(412, "version_conflict");
    world.call(put(CHART, link, FIRST, &document(link))).await.expect(412, "version_conflict");
    assert_eq!(world.call(get(CHART, link)).await.body["active"], false);
}

#[tokio::test]
async fn who_may_not_change_it_is_not_told_of_a_repeat() {
    let world = world().await;
    for (target, [created, ..]) in targets() {
        world.call(put(CHART, target, CREATE, &created)).await.expect(201, "");
        let event = put(CLINICIAN, target, CREATE, &created);
        world.call(event).await.expect(403, "not_allowed");
    }
}
