//! Guardians' links: made while the patient is young enough, kept until they are revoked.

use domain::people::Relationship;
use serde_json::{Value, json};
use testkit::Fault;

use super::world::*;

const PATIENT: Target = Target::Patient("p1");
const LINK: Target = Target::Link("p1", "a1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

/// A world with a patient of this birth date, in its first version.
async fn world_with(birth_date: Value) -> World {
    let world = World::new().await;
    let event = put(CHART, PATIENT, CREATE, &with(PATIENT, "birthDate", birth_date));
    world.call(event).await.expect(201, "");
    world
}

fn guardian() -> Value {
    json!({"relationship": "guardian", "name": "Grace Secret"})
}

/// A guardian's link with this contact.
fn told(contact: &Value) -> Value {
    let mut document = guardian();
    document["contact"] = contact.clone();
    document
}

fn contact() -> Value {
    json!({
        "email": " Grace.Hidden@example.test", "sms": "(514) 555-0143",
        "preferredChannel": "sms", "otherChannelConsented": true, "language": "fr-CA",
    })
}

/// The chart corrects the birth date.
async fn corrected(world: &World, birth_date: &str) {
    let tag = world.call(get(CHART, PATIENT)).await.etag.unwrap();
    let document = with(PATIENT, "birthDate", json!(birth_date));
    world.call(put(CHART, PATIENT, Some(("If-Match", &tag)), &document)).await.expect(200, "");
}

#[tokio::test]
async fn a_guardians_link_is_on_record_from_the_making_to_the_revoking() {
    let world = world_with(json!("2018-06-01")).await;
    let answer = world.call(put(CHART, LINK, CREATE, &guardian())).await.expect(201, "");
    assert_eq!(
        answer.body,
        json!({
            "clinicId": "c1", "patientId": "p1", "accountId": "a1", "version": 1,
            "relationship": Relationship::Guardian.as_str(), "name": "Grace Secret", "active": true,
            "changedAt": "2026-11-25T00:00:01Z",
        })
    );
    assert_eq!(world.call(get(ADMIN, LINK)).await.body, answer.body);
    let steps = [
        (answer, vec!["relationship: - -> guardian", "name: - -> set", "active: - -> true"]),
        (world.call(delete(ADMIN, LINK)).await.expect(204, ""), vec!["active: true -> false"]),
        (
            world.call(put(CHART, LINK, Some(("If-Match", "\"2\"")), &guardian())).await,
            vec!["active: false -> true"],
        ),
        (
            {
                let own = json!({"relationship": "own"});
                world.call(put(ADMIN, LINK, Some(("If-Match", "\"3\"")), &own)).await
            },
            vec!["relationship: guardian -> own", "name: set -> -"],
        ),
    ];
    for (answer, changes) in steps {
        assert_eq!(answer.changes(), changes);
        assert_eq!(answer.record["patient"], "p1");
        assert_eq!(answer.record["objects"], json!(["a1"]));
        assert!(!answer.record.to_string().contains("Secret"));
    }
    let mut places = world.items("LINK#").await;
    for place in &mut places {
        place.remove("pk");
        place.remove("sk");
    }
    assert_eq!((places.len(), &places[0]), (2, &places[1]));
}

#[tokio::test]
async fn a_guardian_is_linked_while_the_patient_is_under_the_clinics_age() {
    // At the instant of the request it is 24 November in Toronto.
    for (birth_date, status, code) in [
        (json!("2014-11-25"), 201, ""),
        (json!("2014-11-24"), 409, "guardian_age_reached"),
        (json!("1980-01-01"), 409, "guardian_age_reached"),
        (Value::Null, 409, "birth_date_unknown"),
    ] {
        let world = world_with(birth_date).await;
        let answer = world.call(put(CHART, LINK, CREATE, &guardian())).await;
        let answer = answer.expect(status, code);
        assert_eq!(answer.record["patient"], "p1");
        if status != 201 {
            let own = json!({"relationship": "own"});
            world.call(put(CHART, LINK, CREATE, &own)).await.expect(201, "");
        }
    }
}

#[tokio::test]
async fn a_guardians_link_goes_on_past_the_age_and_does_not_come_back_after_it() {
    let world = world_with(json!("2018-06-01")).await;
    world.call(put(CHART, LINK, CREATE, &guardian())).await.expect(201, "");
    corrected(&world, "2010-06-01").await;
    let renamed = json!({"relationship": "guardian", "name": "Grace Newname"});
    let answer = world.call(put(CHART, LINK, Some(("If-Match", "\"1\"")), &renamed)).await;
    let answer = answer.expect(200, "");
    assert_eq!(
        (&answer.body["name"], answer.changes()),
        (&json!("Grace Newname"), vec!["name: set -> set".to_owned()])
    );
    world.call(delete(CHART, LINK)).await.expect(204, "");
    let again = put(CHART, LINK, Some(("If-Match", "\"3\"")), &renamed);
    world.call(again).await.expect(409, "guardian_age_reached");
    assert_eq!(world.call(get(CHART, LINK)).await.body["active"], false);
    world.call(delete(CHART, LINK)).await.expect(204, "");
}

#[tokio::test]
async fn an_age_that_is_corrected_meanwhile_counts() {
    let world = world_with(json!("2018-06-01")).await;
    let other = handler(world.db.client());
    let meanwhile = Fault::meanwhile("TransactWriteItems", move || {
        let other = other.clone();
        async move {
            let document = with(PATIENT, "birthDate", json!("2010-06-01"));
            let event = put(CHART, PATIENT, Some(("If-Match", "\"1\"")), &document);
            assert_eq!(send(&other, event).await.0, 200);
        }
    });
    let unlucky = handler(world.db.client_with(meanwhile));
    let (status, _, body) = send(&unlucky, put(CHART, LINK, CREATE, &guardian())).await;
    assert_eq!((status, body["code"].as_str()), (409, Some("guardian_age_reached")));
    assert!(world.items("LINK#").await.is_empty());
}

#[tokio::test]
async fn a_guardian_is_told_where_the_link_says() {
    let world = world_with(json!("2018-06-01")).await;
    let answer = world.call(put(CHART, LINK, CREATE, &told(&contact()))).await.expect(201, "");
    assert_eq!(
        answer.body["contact"],
        json!({
            "email": "Grace.Hidden@example.test", "sms": "+15145550143",
            "preferredChannel": "sms", "otherChannelConsented": true, "language": "fr",
        })
    );
    assert_eq!(
        answer.changes(),
        [
            "relationship: - -> guardian",
            "name: - -> set",
            "contact.email: - -> set",
            "contact.sms: - -> set",
            "contact.preferredChannel: - -> sms",
            "contact.otherChannelConsented: - -> true",
            "contact.language: - -> fr",
            "active: - -> true",
        ]
    );
    for secret in ["Grace", "Hidden", "5145550143"] {
        assert!(!answer.record.to_string().contains(secret));
    }
    assert_eq!(world.call(get(ADMIN, LINK)).await.body, answer.body);
    let places = world.items("LINK#").await;
    assert_eq!((places.len(), &places[0]["contact"]), (2, &places[1]["contact"]));
    let stored: Value = serde_dynamo::from_item(places[0].clone()).unwrap();
    let hash = email_hash("grace.hidden@example.test");
    assert_eq!(
        stored["contact"]["email"],
        json!({"address": "Grace.Hidden@example.test", "hash": hash})
    );

    // What is not said is not allowed.
    let least = told(&json!({"preferredChannel": "email"}));
    let answer = world.call(put(CHART, LINK, Some(("If-Match", "\"1\"")), &least)).await;
    let answer = answer.expect(200, "");
    assert_eq!(
        answer.body["contact"],
        json!({
            "email": null, "sms": null, "preferredChannel": "email",
            "otherChannelConsented": false, "language": null,
        })
    );
    // Revoking leaves it, and a link that says none has none.
    world.call(delete(CHART, LINK)).await.expect(204, "");
    assert_eq!(world.call(get(CHART, LINK)).await.body["contact"], answer.body["contact"]);
    let none = put(CHART, LINK, Some(("If-Match", "\"3\"")), &told(&Value::Null));
    assert_eq!(world.call(none).await.expect(200, "").body.get("contact"), None);
}

#[tokio::test]
async fn a_contact_is_refused_with_its_place_and_never_on_an_own_link() {
    let world = world_with(json!("2018-06-01")).await;
    let wrong = json!({
        "email": "x", "sms": "1 855 555 0123", "preferredChannel": "fax", "language": "es",
    });
    let answer = world.call(put(CHART, LINK, CREATE, &told(&wrong))).await;
    assert_eq!(
        answer.expect(422, "email_invalid").reasons(),
        [
            "email_invalid /contact/email",
            "phone_cannot_receive_sms /contact/sms",
            "wrong_type /contact/preferredChannel",
            "language_unknown /contact/language",
        ]
    );
    for (contact, reason) in [
        (json!({}), "missing_member /contact/preferredChannel"),
        (json!([]), "wrong_type /contact"),
        (json!({"preferredChannel": "sms", "fax": "1"}), "unknown_member /contact/fax"),
        (json!({"preferredChannel": "sms", "sms": 1}), "wrong_type /contact/sms"),
    ] {
        let answer = world.call(put(CHART, LINK, CREATE, &told(&contact))).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
    let own = json!({"relationship": "own", "contact": contact()});
    let answer = world.call(put(CHART, LINK, CREATE, &own)).await;
    let answer = answer.expect(422, "contact_of_own_link");
    assert_eq!(answer.reasons(), ["contact_of_own_link /contact"]);
}

#[tokio::test]
async fn a_guardian_has_a_name_that_can_be_shown() {
    let world = world_with(json!("2018-06-01")).await;
    for (name, reason) in [
        (Value::Null, "guardian_name_required /name"),
        (json!(" "), "name_empty /name"),
        (json!("a\u{0}b"), "forbidden_character /name"),
        (json!("\u{0}\u{0}\u{0}"), "forbidden_character /name"),
        (json!("a\u{85}b"), "forbidden_character /name"),
        (json!("x".repeat(101)), "name_too_long /name"),
        (json!(7), "wrong_type /name"),
    ] {
        let document = json!({"relationship": "guardian", "name": name});
        let answer = world.call(put(CHART, LINK, CREATE, &document)).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
}
