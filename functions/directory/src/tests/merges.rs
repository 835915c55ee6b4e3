//! Merges: two records stay two, and one of them says where to write.

use serde_json::{Value, json};
use testkit::{Fault, Item, MAIN};

use super::world::*;

const PATIENT: Target = Target::Patient("p1");
const OTHER: Target = Target::Patient("p2");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));
const FIRST: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// A world with three patients, each with an account.
async fn world() -> World {
    let world = World::new().await;
    for (patient, link) in [
        (PATIENT, Target::Link("p1", "a1")),
        (OTHER, Target::Link("p2", "a2")),
        (Target::Patient("p3"), Target::Link("p3", "a3")),
    ] {
        world.call(put(CHART, patient, CREATE, &document(patient))).await.expect(201, "");
        world.call(put(CHART, link, CREATE, &document(link))).await.expect(201, "");
    }
    world
}

fn successor(event: Value) -> Value {
    to(event, "successor", &[])
}

fn merge(who: Who, of: Target, version: Option<(&str, &str)>, into: &str) -> Value {
    successor(put(who, of, version, &json!({"patientId": into})))
}

fn unmerge(who: Who, of: Target) -> Value {
    successor(delete(who, of))
}

/// Everything but one patient's own record.
async fn everything_but(world: &World, patient: &str) -> Vec<Item> {
    let mut items = world.db.all_items(MAIN).await;
    items.retain(|item| {
        item["pk"].as_s().unwrap() != &format!("CLINIC#c1#PATIENT#{patient}")
            || item["sk"].as_s().unwrap() != "PROFILE"
    });
    items
}

#[tokio::test]
async fn a_merge_changes_one_record_and_is_on_the_record_of_both() {
    let world = world().await;
    let before = everything_but(&world, "p1").await;
    let answer = world.call_many(merge(CHART, PATIENT, FIRST, "p2")).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    assert_eq!((&answer.body["successor"], &answer.body["version"]), (&json!("p2"), &json!(2)));
    assert_eq!(everything_but(&world, "p1").await, before, "nothing moves");
    let mut records: Vec<_> = answer
        .records
        .iter()
        .map(|record| {
            assert_eq!(record["action"], "patient.merge");
            (record["patient"].clone(), record["objects"].clone(), record["changes"].clone())
        })
        .collect();
    records.sort_by_key(|(patient, ..)| patient.to_string());
    let change = json!([{"member": "successor", "to": "p2"}]);
    assert_eq!(
        records,
        [(json!("p1"), json!(["p2"]), change), (json!("p2"), json!(["p1"]), Value::Null),]
    );
    assert_eq!(world.call(get(ADMIN, PATIENT)).await.body["successor"], "p2");
    assert_eq!(world.call(get(ADMIN, OTHER)).await.body.get("successor"), None);
}

#[tokio::test]
async fn the_same_merge_again_is_the_same_and_another_one_is_refused() {
    let world = world().await;
    world.call_many(merge(CHART, PATIENT, FIRST, "p2")).await.expect(200, "");
    let once = world.db.all_items(MAIN).await;
    for version in [FIRST, Some(("If-Match", "\"2\""))] {
        let answer = world.call(merge(ADMIN, PATIENT, version, "p2")).await.expect(200, "");
        assert_eq!(
            (answer.etag.as_deref(), &answer.body["successor"]),
            (Some("\"2\""), &json!("p2"))
        );
        assert_eq!(world.db.all_items(MAIN).await, once);
    }
    let other = world.call(merge(CHART, PATIENT, Some(("If-Match", "\"2\"")), "p3")).await;
    let other = other.expect(409, "patient_merged");
    assert_eq!(other.body["errors"][0]["about"], "p2");
    // What was merged is nobody's successor, and a successor can be merged on.
    let into_merged = merge(CHART, Target::Patient("p3"), FIRST, "p1");
    world.call(into_merged).await.expect(409, "merge_target_merged");
    world.call_many(merge(CHART, OTHER, FIRST, "p3")).await.expect(200, "");
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused() {
    let world = world().await;
    let there =
        event("PUT", OTHER_CHART, "c2", Target::Patient("p9"), CREATE, Some(&document(PATIENT)));
    world.call(there).await.expect(201, "");
    for (version, into, status, code) in [
        (FIRST, "p1", 422, "merge_into_itself"),
        (FIRST, "p8", 422, "merge_target_unknown"),
        (FIRST, "p9", 422, "merge_target_unknown"),
        (FIRST, "a#b", 422, "invalid_id"),
        (Some(("If-Match", "\"2\"")), "p2", 412, "version_conflict"),
        (None, "p2", 428, "version_required"),
        (CREATE, "p2", 428, "version_required"),
    ] {
        let answer = world.call(merge(CHART, PATIENT, version, into)).await.expect(status, code);
        assert_eq!(answer.record["action"], "patient.merge");
        assert_eq!(answer.record["patient"], "p1");
        if status == 422 {
            assert_eq!(answer.reasons(), [format!("{code} /patientId")]);
        }
    }
    world.call(merge(CHART, Target::Patient("p8"), FIRST, "p2")).await.expect(404, "not_found");
    world.call(unmerge(CHART, Target::Patient("p8"))).await.expect(404, "not_found");
    for (body, reason) in [
        (json!({}), "missing_member /patientId"),
        (json!({"patientId": 2}), "wrong_type /patientId"),
        (json!({"patientId": "p2", "move": true}), "unknown_member /move"),
    ] {
        let answer = world.call(successor(put(CHART, PATIENT, FIRST, &body))).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
}

#[tokio::test]
async fn undoing_a_merge_twice_is_once() {
    let world = world().await;
    let before = everything_but(&world, "p1").await;
    let none = world.call(unmerge(CHART, PATIENT)).await.expect(204, "");
    assert_eq!(none.changes(), Vec::<String>::new());
    world.call_many(merge(CHART, PATIENT, FIRST, "p2")).await.expect(200, "");
    let undone = world.call_many(unmerge(ADMIN, PATIENT)).await.expect(204, "");
    let patients: Vec<_> = undone.records.iter().map(|record| record["patient"].clone()).collect();
    assert!(patients.contains(&json!("p1")) && patients.contains(&json!("p2")), "{patients:?}");
    assert!(undone.records.iter().all(|record| record["action"] == "patient.unmerge"));
    let once = world.db.all_items(MAIN).await;
    world.call(unmerge(CHART, PATIENT)).await.expect(204, "");
    assert_eq!(world.db.all_items(MAIN).await, once);
    assert_eq!(everything_but(&world, "p1").await, before);
    let read = world.call(get(CHART, PATIENT)).await;
    assert_eq!((read.body.get("successor"), read.etag.as_deref()), (None, Some("\"3\"")));
}

#[tokio::test]
async fn a_change_of_the_record_keeps_its_successor() {
    let world = world().await;
    world.call_many(merge(CHART, PATIENT, FIRST, "p2")).await.expect(200, "");
    let second = Some(("If-Match", "\"2\""));
    let renamed = with(PATIENT, "name", json!("Another"));
    let answer = world.call(put(CHART, PATIENT, second, &renamed)).await.expect(200, "");
    assert_eq!(answer.body["successor"], "p2");
    assert_eq!(answer.changes(), ["name: set -> set"]);
    for value in [json!("p3"), Value::Null] {
        let sent = with(PATIENT, "successor", value);
        let answer = world.call(put(CHART, PATIENT, Some(("If-Match", "\"3\"")), &sent)).await;
        assert_eq!(answer.reasons(), ["unknown_member /successor"]);
    }
}

#[tokio::test]
async fn a_target_that_is_merged_meanwhile_is_no_target() {
    let world = world().await;
    let other = handler(world.db.client());
    let meanwhile = Fault::meanwhile("TransactWriteItems", move || {
        let other = other.clone();
        async move {
            assert_eq!(send(&other, merge(CHART, OTHER, FIRST, "p3")).await.0, 200);
        }
    });
    let unlucky = handler(world.db.client_with(meanwhile));
    let (status, _, body) = send(&unlucky, merge(CHART, PATIENT, FIRST, "p2")).await;
    assert_eq!((status, body["code"].as_str()), (409, Some("merge_target_merged")));
    assert_eq!(world.call(get(CHART, PATIENT)).await.body["version"], 1);
}

#[tokio::test]
async fn two_records_are_not_merged_into_each_other() {
    let world = world().await;
    let (first, second) = tokio::join!(
        send(&world.handler, merge(CHART, PATIENT, FIRST, "p2")),
        send(&world.handler, merge(CHART, OTHER, FIRST, "p1")),
    );
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let mut successors = Vec::new();
    for patient in [PATIENT, OTHER] {
        successors.extend(world.call(get(CHART, patient)).await.body.get("successor").cloned());
    }
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_merge_whose_answer_was_lost_is_made_once() {
    let world = world().await;
    let lost = Fault::answer_lost("TransactWriteItems").times(u32::MAX);
    let unlucky = handler(world.db.client_with(lost));
    assert_eq!(send(&unlucky, merge(CHART, PATIENT, FIRST, "p2")).await.0, 503);
    let written = world.db.all_items(MAIN).await;
    let answer = world.call(merge(CHART, PATIENT, FIRST, "p2")).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    assert_eq!(world.db.all_items(MAIN).await, written);
}

#[tokio::test]
async fn who_may_change_patients_may_merge_them() {
    for (who, code) in [
        (CHART, ""),
        (ADMIN, ""),
        (OPERATOR, "not_allowed"),
        (CLINICIAN, "not_allowed"),
        (FRONT_DESK, "not_allowed"),
        (FORMER_ADMIN, "staff_inactive"),
        (STRANGER, "staff_inactive"),
        (OTHER_ADMIN, "not_found"),
        (OTHER_CHART, "not_found"),
        (ACCOUNT, "not_found"),
        (PORTAL, "not_found"),
    ] {
        let world = world().await;
        for (event, success) in
            [(merge(who, PATIENT, FIRST, "p2"), 200), (unmerge(who, PATIENT), 204)]
        {
            let status = match code {
                "" => success,
                "not_found" => 404,
                _ => 403,
            };
            world.call_many(event).await.expect(status, code);
        }
    }
}

#[tokio::test]
async fn the_samples_are_answered() {
    let world = world().await;
    let merged = world.call_many(sample("merge.admin.json")).await.expect(200, "");
    assert_eq!(merged.body["successor"], "p2");
    world.call_many(sample("unmerge.admin.json")).await.expect(204, "");
}
