//! Account links: both places as one, revoking, and the limit.

use domain::people::MAX_LINKS;
use serde_json::{Value, json};
use testkit::{Item, MAIN};

use super::world::*;

const LINK: Target = Target::Link("p1", "a1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

/// The link's two items, without their keys.
async fn places(world: &World) -> Vec<Item> {
    let mut items = world.db.all_items(MAIN).await;
    items.retain(|item| item["sk"].as_s().unwrap().starts_with("LINK#"));
    for item in &mut items {
        item.remove("pk");
        item.remove("sk");
    }
    items
}

#[tokio::test]
async fn a_link_is_the_same_in_both_places_through_its_whole_life() {
    let world = World::with_patient().await;
    let own = document(LINK);
    let steps = [
        (put(CHART, LINK, CREATE, &own), 201, vec!["relationship: - -> own", "active: - -> true"]),
        (delete(ADMIN, LINK), 204, vec!["active: true -> false"]),
        (put(CHART, LINK, Some(("If-Match", "\"2\"")), &own), 200, vec!["active: false -> true"]),
        (delete(CHART, LINK), 204, vec!["active: true -> false"]),
    ];
    for (version, (event, status, changes)) in (1..).zip(steps) {
        let answer = world.call(event).await.expect(status, "");
        assert_eq!(answer.changes(), changes);
        assert_eq!(answer.record["patient"], "p1");
        assert_eq!(answer.record["objects"], json!(["a1"]));
        let places = places(&world).await;
        assert_eq!(places.len(), 2);
        assert_eq!(places[0], places[1]);
        let read = world.call(get(CHART, LINK)).await;
        assert_eq!(read.etag, Some(format!("\"{version}\"")));
        assert_eq!(
            read.body,
            json!({
                "clinicId": "c1", "patientId": "p1", "accountId": "a1", "version": version,
                "relationship": "own", "active": status != 204,
                "changedAt": "2026-11-25T00:00:01Z",
            })
        );
    }
}

#[tokio::test]
async fn revoking_twice_is_once_and_each_is_on_record() {
    let world = World::with_patient().await;
    world.call(delete(CHART, LINK)).await.expect(404, "not_found");
    world.call(put(CHART, LINK, CREATE, &document(LINK))).await;
    world.call(delete(CHART, LINK)).await.expect(204, "");
    let once = world.db.all_items(MAIN).await;
    let again = world.call(delete(CHART, LINK)).await.expect(204, "");
    assert_eq!(again.changes(), Vec::<String>::new());
    assert_eq!(world.db.all_items(MAIN).await, once);

    // A link that was revoked is not there to be created, and an old tag does not bring it back.
    for version in [CREATE, Some(("If-Match", "\"1\""))] {
        let event = put(CHART, LINK, version, &document(LINK));
        world.call(event).await.expect(412, "version_conflict");
    }
}

#[tokio::test]
async fn revoking_and_making_at_once_end_in_one_order() {
    let world = World::with_patient().await;
    world.call(put(CHART, LINK, CREATE, &document(LINK))).await;
    let replace = put(CHART, LINK, Some(("If-Match", "\"1\"")), &document(LINK));
    let (revoked, replaced) =
        tokio::join!(send(&world.handler, delete(ADMIN, LINK)), send(&world.handler, replace),);
    assert_eq!(revoked.0, 204, "revoking is decided again");
    assert!([200, 412].contains(&replaced.0), "{}", replaced.0);
    assert_eq!(world.call(get(CHART, LINK)).await.body["active"], false);
    let places = places(&world).await;
    assert_eq!(places[0], places[1]);
}

#[tokio::test]
async fn a_link_needs_its_patient() {
    let world = World::new().await;
    let event = put(CHART, LINK, CREATE, &document(LINK));
    world.call(event).await.expect(404, "not_found");
}

#[tokio::test]
async fn each_member_is_refused_with_its_code_and_place() {
    let world = World::with_patient().await;
    for (document, reason) in [
        (json!({"relationship": "parent"}), "wrong_type /relationship"),
        (json!({"relationship": "Own"}), "wrong_type /relationship"),
        (json!({}), "missing_member /relationship"),
        (json!({"relationship": "own", "active": false}), "unknown_member /active"),
    ] {
        let answer = world.call(put(CHART, LINK, CREATE, &document)).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
}

#[tokio::test]
async fn an_account_has_twenty_active_links_at_most() {
    const PATIENTS: [&str; 21] = [
        "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14",
        "q15", "q16", "q17", "q18", "q19", "q20", "q21",
    ];
    assert_eq!(PATIENTS.len(), MAX_LINKS + 1);
    let world = World::new().await;
    let own = document(LINK);
    let link = |patient| put(CHART, Target::Link(patient, "a1"), CREATE, &own);
    for (index, patient) in PATIENTS.into_iter().enumerate() {
        // Half of them are in another clinic: the limit is the account's.
        let (who, clinic) = if index % 2 == 0 { (CHART, "c1") } else { (OTHER_CHART, "c2") };
        let target = Target::Patient(patient);
        let person = document(target);
        let pushed = event("PUT", who, clinic, target, CREATE, Some(&person));
        assert_eq!(send(&world.handler, pushed).await.0, 201);
        if index < MAX_LINKS {
            let target = Target::Link(patient, "a1");
            let made = event("PUT", who, clinic, target, CREATE, Some(&own));
            assert_eq!(send(&world.handler, made).await.0, 201);
        }
    }
    world.call(link("q21")).await.expect(409, "too_many_links");
    // One that holds already may be put again, and a revoked one makes room for one.
    let again = put(CHART, Target::Link("q1", "a1"), Some(("If-Match", "\"1\"")), &own);
    world.call(again).await.expect(200, "");
    world.call(delete(CHART, Target::Link("q1", "a1"))).await.expect(204, "");
    world.call(link("q21")).await.expect(201, "");
    let back = put(CHART, Target::Link("q1", "a1"), Some(("If-Match", "\"3\"")), &own);
    world.call(back).await.expect(409, "too_many_links");
    // Another account has its own twenty.
    let other = put(CHART, Target::Link("q1", "a2"), CREATE, &own);
    world.call(other).await.expect(201, "");
}

#[tokio::test]
async fn both_places_are_where_each_reader_looks() {
    let world = World::with_patient().await;
    world.call(put(CHART, LINK, CREATE, &document(LINK))).await;
    let mut items = world.db.all_items(MAIN).await;
    items.retain(|item| item["sk"].as_s().unwrap().starts_with("LINK#"));
    let text = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
    let keys: Vec<Value> =
        items.iter().map(|item| json!([text(item, "pk"), text(item, "sk")])).collect();
    assert_eq!(
        keys,
        [json!(["ACCOUNT#a1", "LINK#c1#p1"]), json!(["CLINIC#c1#PATIENT#p1", "LINK#a1"])]
    );
}
