//! Groups, and that each finds those who are in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::*;

const GROUP: Target = Target::Group("g1");
const STAFF: Target = Target::Staff("s1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

async fn world_with_groups(ids: &[&'static str]) -> World {
    let world = World::new().await;
    for id in ids {
        let event = put(CHART, Target::Group(id), CREATE, &document(GROUP));
        world.call(event).await.expect(201, "");
    }
    world
}

/// The groups that have a copy of the staff record, each of which is the record to the letter.
async fn groups_with_copies(world: &World) -> Vec<String> {
    let without_key = |mut item: testkit::Item| {
        item.remove("pk");
        item.remove("sk");
        item
    };
    let record = without_key(world.items("STAFF#s1").await.remove(0));
    let copies = world.items("MEMBER#").await;
    let group = |copy: &testkit::Item| {
        assert_eq!(copy["sk"].as_s().unwrap(), "MEMBER#s1");
        copy["pk"].as_s().unwrap().strip_prefix("CLINIC#c1#GROUP#").unwrap().to_owned()
    };
    let groups = copies.iter().map(group).collect();
    assert!(copies.into_iter().all(|copy| without_key(copy) == record));
    groups
}

#[tokio::test]
async fn what_was_put_is_what_is_read() {
    let world = World::new().await;
    let answer = world.call(put(CHART, GROUP, CREATE, &document(GROUP))).await.expect(201, "");
    let wanted = json!({
        "clinicId": "c1", "groupId": "g1", "version": 1, "name": "Triage", "active": true,
        "acceptsPatientMessages": true,
    });
    assert_eq!(answer.body, wanted);
    assert_eq!(
        answer.changes(),
        ["name: - -> set", "active: - -> true", "acceptsPatientMessages: - -> true"]
    );
    assert_eq!(answer.record["objects"], json!(["g1"]));
    let read = world.call(get(ADMIN, GROUP)).await.expect(200, "");
    assert_eq!((&read.body, read.etag.as_deref()), (&wanted, Some("\"1\"")));

    let least = json!({"name": "Secret", "active": false});
    let answer = world.call(put(OPERATOR, GROUP, Some(("If-Match", "\"1\"")), &least)).await;
    let answer = answer.expect(200, "");
    assert_eq!(
        answer.changes(),
        ["name: set -> set", "active: true -> false", "acceptsPatientMessages: true -> false"]
    );
    assert!(!answer.record.to_string().contains("Secret"));
}

#[tokio::test]
async fn each_member_is_refused_with_its_code_and_place() {
    let world = World::new().await;
    for (member, value, reason) in [
        ("name", json!("\u{200B}"), "name_empty /name"),
        ("name", json!("a\u{0}b"), "forbidden_character /name"),
        ("name", json!("x".repeat(101)), "name_too_long /name"),
        ("active", json!("true"), "wrong_type /active"),
        ("acceptsPatientMessages", json!(1), "wrong_type /acceptsPatientMessages"),
        ("members", json!(["s1"]), "unknown_member /members"),
        ("version", json!(5), "unknown_member /version"),
    ] {
        let answer = world.call(put(CHART, GROUP, CREATE, &with(GROUP, member, value))).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
        assert_eq!(answer.record["objects"], json!(["g1"]));
    }
    for member in ["name", "active"] {
        let mut document = document(GROUP);
        document.as_object_mut().unwrap().remove(member);
        let answer = world.call(put(CHART, GROUP, CREATE, &document)).await;
        assert_eq!(answer.reasons(), [format!("missing_member /{member}")]);
    }
}

#[tokio::test]
async fn each_group_has_the_record_of_who_is_in_it_and_no_other() {
    let world = world_with_groups(&["g1", "g2", "g3"]).await;
    let mut version = CREATE;
    let steps = [
        (json!(["g1", "g2"]), true, vec!["g1", "g2"], "groups: - -> g1, g2"),
        (json!(["g3", "g2"]), true, vec!["g2", "g3"], "groups: g1, g2 -> g2, g3"),
        (json!(["g2", "g3", "g3"]), false, vec!["g2", "g3"], "active: true -> false"),
        (json!(["g3"]), true, vec!["g3"], "groups: g2, g3 -> g3"),
        (json!([]), true, vec![], "groups: g3 -> -"),
        (json!(["g1"]), true, vec!["g1"], "groups: - -> g1"),
    ];
    let tags: Vec<String> = (1..=steps.len()).map(|number| format!("\"{number}\"")).collect();
    for ((groups, active, copies, change), tag) in steps.into_iter().zip(&tags) {
        let mut document = with(STAFF, "groups", groups);
        document["active"] = json!(active);
        let answer = world.call(put(CHART, STAFF, version, &document)).await;
        assert!(answer.status < 300, "{}", answer.body);
        assert!(answer.changes().contains(&change.to_owned()), "{:?}", answer.changes());
        assert_eq!(answer.body["groups"], json!(copies));
        assert_eq!(groups_with_copies(&world).await, copies);
        assert_eq!(world.call(get(CHART, STAFF)).await.body["groups"], json!(copies));
        version = Some(("If-Match", tag));
    }
    // A change of anything else is in the copies too; a record without the member is in no group.
    let renamed = with(STAFF, "groups", json!(["g1"]));
    let mut renamed = renamed.clone();
    renamed["name"] = json!("Another");
    world.call(put(CHART, STAFF, version, &renamed)).await.expect(200, "");
    assert_eq!(groups_with_copies(&world).await, ["g1"]);
    let version = Some(("If-Match", "\"7\""));
    world.call(put(CHART, STAFF, version, &document(STAFF))).await.expect(200, "");
    assert!(groups_with_copies(&world).await.is_empty());
}

#[tokio::test]
async fn a_refused_or_lost_change_leaves_the_copies() {
    let world = world_with_groups(&["g1", "g2"]).await;
    world.call(put(CHART, STAFF, CREATE, &with(STAFF, "groups", json!(["g1"])))).await;
    let current = Some(("If-Match", "\"1\""));
    let put_in = |groups: Value| put(CHART, STAFF, current, &with(STAFF, "groups", groups));
    let (first, second) = tokio::join!(
        send(&world.handler, put_in(json!(["g1", "g2"]))),
        send(&world.handler, put_in(json!([]))),
    );
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let groups = world.call(get(CHART, STAFF)).await.body["groups"].clone();
    assert_eq!(json!(groups_with_copies(&world).await), groups);
}

#[tokio::test]
async fn staff_are_put_in_groups_of_their_clinic_only() {
    let world = world_with_groups(&["g1"]).await;
    let event =
        event("PUT", OTHER_CHART, "c2", Target::Group("g2"), CREATE, Some(&document(GROUP)));
    world.call(event).await.expect(201, "");
    let resting = json!({"name": "Resting", "active": false});
    world.call(put(CHART, Target::Group("g3"), CREATE, &resting)).await.expect(201, "");
    for (groups, reasons) in [
        (json!(["g1", "g2"]), vec!["unknown_group /groups/1"]),
        (json!(["nobody", "g1", "g2"]), vec!["unknown_group /groups/0", "unknown_group /groups/2"]),
        (json!(["g1", "a#b"]), vec!["invalid_id /groups/1"]),
        (json!("g1"), vec!["wrong_type /groups"]),
        (json!([1]), vec!["wrong_type /groups/0"]),
    ] {
        let event = put(CHART, STAFF, CREATE, &with(STAFF, "groups", groups));
        let answer = world.call(event).await;
        assert_eq!(
            (answer.status, answer.reasons()),
            (422, reasons.iter().map(|reason| (*reason).to_owned()).collect())
        );
    }
    let event = put(CHART, STAFF, CREATE, &with(STAFF, "groups", json!(["g3"])));
    world.call(event).await.expect(201, "");
}

#[tokio::test]
async fn staff_are_in_twenty_groups_at_most() {
    const IDS: [&str; 21] = [
        "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9", "g10", "g11", "g12", "g13", "g14",
        "g15", "g16", "g17", "g18", "g19", "g20", "g21",
    ];
    assert_eq!(IDS.len(), domain::people::MAX_GROUPS_OF_STAFF + 1);
    let world = world_with_groups(&IDS).await;
    let answer = world.call(put(CHART, STAFF, CREATE, &with(STAFF, "groups", json!(IDS)))).await;
    assert_eq!(answer.reasons(), ["too_many_groups /groups"]);
    let most = with(STAFF, "groups", json!(IDS[1..]));
    world.call(put(CHART, STAFF, CREATE, &most)).await.expect(201, "");
    assert_eq!(groups_with_copies(&world).await.len(), 20);
    // All of them can be left for others at once, in one transaction.
    let others = with(STAFF, "groups", json!(["g1"]));
    let current = Some(("If-Match", "\"1\""));
    world.call(put(CHART, STAFF, current, &others)).await.expect(200, "");
    let left: BTreeSet<_> = groups_with_copies(&world).await.into_iter().collect();
    assert_eq!(left, BTreeSet::from(["g1".to_owned()]));
}
