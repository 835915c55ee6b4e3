//! Staff records.

use serde_json::{Value, json};

use super::world::*;

const STAFF: Target = Target::Staff("s1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

#[tokio::test]
async fn what_was_put_is_what_is_read() {
    let world = World::new().await;
    let answer = world.call(put(CHART, STAFF, CREATE, &document(STAFF))).await.expect(201, "");
    let wanted = json!({
        "clinicId": "c1", "staffId": "s1", "version": 1, "name": "Staff One",
        "roles": ["clinician"], "active": true, "seesAllConversations": false,
        "acceptsPatientMessages": false, "groups": [],
    });
    assert_eq!(answer.body, wanted);
    assert_eq!(
        answer.changes(),
        [
            "name: - -> set",
            "roles: - -> clinician",
            "active: - -> true",
            "seesAllConversations: - -> false",
            "acceptsPatientMessages: - -> false"
        ]
    );
    assert_eq!(answer.record["objects"], json!(["s1"]));
    assert_eq!(world.call(get(ADMIN, STAFF)).await.body, wanted);
    world.call(get(ADMIN, Target::Staff("S1"))).await.expect(404, "not_found");
}

#[tokio::test]
async fn an_email_address_is_kept_with_its_hash_and_on_record_as_set() {
    let world = World::new().await;
    let document = with(STAFF, "email", json!("Staff.Hidden@clinic.test "));
    let answer = world.call(put(CHART, STAFF, CREATE, &document)).await.expect(201, "");
    assert_eq!(answer.body["email"], "Staff.Hidden@clinic.test");
    assert!(answer.changes().contains(&"email: - -> set".to_owned()));
    assert!(!answer.record.to_string().contains("Hidden"));
    assert_eq!(world.call(get(ADMIN, STAFF)).await.body, answer.body);
    let mut stored = world.items("STAFF#s1").await;
    let stored: Value = serde_dynamo::from_item(stored.remove(0)).unwrap();
    let hash = email_hash("staff.hidden@CLINIC.test");
    assert_eq!(stored["email"], json!({"address": "Staff.Hidden@clinic.test", "hash": hash}));
    let none = with(STAFF, "email", Value::Null);
    let answer = world.call(put(CHART, STAFF, Some(("If-Match", "\"1\"")), &none)).await;
    let answer = answer.expect(200, "");
    assert_eq!(
        (answer.body.get("email"), answer.changes()),
        (None, vec!["email: set -> -".to_owned()])
    );
}

#[tokio::test]
async fn a_deactivated_member_who_is_restored_is_on_record_twice() {
    let world = World::new().await;
    world.call(put(CHART, STAFF, CREATE, &document(STAFF))).await;
    for (version, member, value, change) in [
        ("\"1\"", "active", json!(false), "active: true -> false"),
        ("\"2\"", "active", json!(true), "active: false -> true"),
        (
            "\"3\"",
            "roles",
            json!(["privacy_officer", "admin"]),
            "roles: clinician -> admin, privacy_officer",
        ),
        ("\"4\"", "name", json!("Secret"), "name: set -> set"),
    ] {
        let event = put(ADMIN, STAFF, Some(("If-Match", version)), &with(STAFF, member, value));
        let answer = world.call(event).await.expect(200, "");
        assert!(answer.changes().contains(&change.to_owned()), "{:?}", answer.changes());
        assert!(!answer.record.to_string().contains("Secret"));
    }
}

#[tokio::test]
async fn each_member_is_refused_with_its_code_and_place() {
    let world = World::new().await;
    for (member, value, reason) in [
        ("name", json!(" "), "name_empty /name"),
        ("name", json!("a\u{0}b"), "forbidden_character /name"),
        ("name", json!("x".repeat(101)), "name_too_long /name"),
        ("name", Value::Null, "wrong_type /name"),
        ("roles", json!(["clinician", "Admin"]), "wrong_type /roles/1"),
        ("roles", json!([]), "roles_required /roles"),
        ("roles", json!("admin"), "wrong_type /roles"),
        ("roles", json!(["owner"]), "wrong_type /roles/0"),
        ("active", json!("true"), "wrong_type /active"),
        ("seesAllConversations", json!(1), "wrong_type /seesAllConversations"),
        ("email", json!("x"), "email_invalid /email"),
        ("email", json!(1), "wrong_type /email"),
        ("clinicId", json!("c2"), "unknown_member /clinicId"),
        ("version", json!(5), "unknown_member /version"),
    ] {
        let answer = world.call(put(CHART, STAFF, CREATE, &with(STAFF, member, value))).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
    for member in ["name", "roles", "active"] {
        let mut document = document(STAFF);
        document.as_object_mut().unwrap().remove(member);
        let answer = world.call(put(CHART, STAFF, CREATE, &document)).await;
        assert_eq!(answer.reasons(), [format!("missing_member /{member}")]);
    }
    let wrong = json!({"name": "\u{200B}", "roles": ["boss"], "active": true});
    let answer = world.call(put(CHART, STAFF, CREATE, &wrong)).await;
    assert_eq!(answer.reasons(), ["name_empty /name", "wrong_type /roles/0"]);
}
