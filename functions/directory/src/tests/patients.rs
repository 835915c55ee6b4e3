//! Patient records: contacts, languages, and that no two records ever become one.

use serde_json::{Value, json};
use testkit::MAIN;

use super::world::*;

const PATIENT: Target = Target::Patient("p1");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));

#[tokio::test]
async fn what_was_put_is_what_is_read() {
    let world = World::new().await;
    let event = put(CHART, PATIENT, CREATE, &document(PATIENT));
    let answer = world.call(event).await.expect(201, "");
    let wanted = json!({
        "clinicId": "c1", "patientId": "p1", "version": 1, "name": "Patient One",
        "email": "patient.one@example.test", "sms": "+15145550143",
        "preferredChannel": "email", "otherChannelConsented": true, "language": "fr",
        "portalAccess": true,
    });
    assert_eq!(answer.body, wanted);
    assert_eq!(
        answer.changes(),
        [
            "name: - -> set",
            "email: - -> set",
            "sms: - -> set",
            "preferredChannel: - -> email",
            "otherChannelConsented: - -> true",
            "language: - -> fr",
            "portalAccess: - -> true",
        ]
    );
    for secret in ["Patient One", "example.test", "5145550143"] {
        assert!(!answer.record.to_string().contains(secret));
    }
    assert_eq!(world.call(get(ADMIN, PATIENT)).await.body, wanted);
}

#[tokio::test]
async fn addresses_are_kept_with_their_hashes_and_shown_without() {
    let world = World::with_patient().await;
    let mut stored = world.items("PROFILE").await;
    let stored: Value = serde_dynamo::from_item(stored.remove(0)).unwrap();
    let (email, sms) = (email_hash("Patient.One@Example.test"), sms_hash("514-555-0143"));
    assert_eq!(stored["email"], json!({"address": "patient.one@example.test", "hash": email}));
    assert_eq!(stored["sms"], json!({"address": "+15145550143", "hash": sms}));
    let shown = world.call(get(CHART, PATIENT)).await;
    for hash in [email, sms] {
        assert!(!format!("{} {}", shown.body, shown.record).contains(hash.as_str()));
    }
}

#[tokio::test]
async fn what_is_not_said_is_not_allowed() {
    let world = World::with_patient().await;
    let least = json!({"name": "Patient One", "preferredChannel": "sms"});
    let answer = world.call(put(CHART, PATIENT, Some(("If-Match", "\"1\"")), &least)).await;
    let answer = answer.expect(200, "");
    for (member, value) in [
        ("email", Value::Null),
        ("sms", Value::Null),
        ("language", Value::Null),
        ("otherChannelConsented", json!(false)),
        ("portalAccess", json!(false)),
    ] {
        assert_eq!(answer.body[member], value, "{member}");
    }
    assert_eq!(
        answer.changes(),
        [
            "email: set -> -",
            "sms: set -> -",
            "preferredChannel: email -> sms",
            "otherChannelConsented: true -> false",
            "language: fr -> -",
            "portalAccess: true -> false",
        ]
    );
    let mut nulls = least.clone();
    for member in ["email", "sms", "language", "otherChannelConsented", "portalAccess"] {
        nulls[member] = Value::Null;
    }
    let answer = world.call(put(CHART, PATIENT, Some(("If-Match", "\"2\"")), &nulls)).await;
    assert_eq!(answer.expect(200, "").changes(), Vec::<String>::new());
}

/// Puts the sample's document with one member changed, over whatever version is there.
async fn upsert(world: &World, member: &str, value: Value) -> Answer {
    let version = world.call(get(CHART, PATIENT)).await.etag.unwrap();
    world
        .call(put(CHART, PATIENT, Some(("If-Match", &version)), &with(PATIENT, member, value)))
        .await
}

#[tokio::test]
async fn languages_are_mapped_or_refused() {
    let world = World::with_patient().await;
    for (tag, language) in [
        (json!("fr-CA"), json!("fr")),
        (json!("FR"), json!("fr")),
        (json!("fr_CA"), json!("fr")),
        (json!("fra"), json!("fr")),
        (json!("en-GB"), json!("en")),
        (Value::Null, Value::Null),
    ] {
        let answer = upsert(&world, "language", tag).await.expect(200, "");
        assert_eq!(answer.body["language"], language);
    }
    for tag in ["", "es", "french", " fr"] {
        let answer = upsert(&world, "language", json!(tag)).await;
        answer.expect(422, "language_unknown");
    }
}

#[tokio::test]
async fn numbers_have_one_form_or_are_refused() {
    let world = World::with_patient().await;
    for typed in [
        "+16135550100",
        "1 (613) 555-0100",
        "613-555-0100",
        "613.555.0100",
        "6135550100",
        "613\u{A0}555\u{A0}0100",
        "\u{202A}+16135550100\u{202C}",
        "613\u{2011}555\u{2011}0100",
        "\u{FF0B}\u{FF11}\u{FF16}\u{FF11}\u{FF13}\u{FF15}\u{FF15}\u{FF15}\u{FF10}\u{FF11}\u{FF10}\u{FF10}",
        "\u{200B}6135550100",
    ] {
        let answer = upsert(&world, "sms", json!(typed)).await.expect(200, "");
        assert_eq!(answer.body["sms"], "+16135550100", "{typed:?}");
    }
    for newer_area in ["+1 672 555 0123", "257-555-0123", "(942) 555-0123", "514.555.0123"] {
        upsert(&world, "sms", json!(newer_area)).await.expect(200, "");
    }
    for (typed, code) in [
        ("1 855 555 0123", "phone_cannot_receive_sms"),
        ("", "phone_invalid"),
        ("613", "phone_invalid"),
        ("613-555-0100 x4", "phone_invalid"),
        ("6135550100\u{0}1", "phone_invalid"),
        ("call me", "phone_invalid"),
    ] {
        let answer = upsert(&world, "sms", json!(typed)).await.expect(422, code);
        assert_eq!(answer.reasons(), [format!("{code} /sms")]);
    }
}

#[tokio::test]
async fn addresses_are_told_apart_as_governments_found() {
    let world = World::with_patient().await;
    for (typed, kept) in [
        ("firstname.o'lastname@domain.test", "firstname.o'lastname@domain.test"),
        ("firstname+lastname@domain.test", "firstname+lastname@domain.test"),
        ("_______@domain.test", "_______@domain.test"),
        ("info@domain.verm\u{f6}gensberatung", "info@domain.verm\u{f6}gensberatung"),
        ("email@double--hyphen.test", "email@double--hyphen.test"),
        ("\tpat@domain.test\n", "pat@domain.test"),
        ("\u{200B}pat@domain.test\u{200B}", "pat@domain.test"),
        ("Pat.Example@Domain.test", "Pat.Example@Domain.test"),
    ] {
        let answer = upsert(&world, "email", json!(typed)).await.expect(200, "");
        assert_eq!(answer.body["email"], kept);
    }
    let too_long = format!("{}@domain.test", "a".repeat(320));
    for typed in [
        "",
        "email@[123.123.123.123]",
        "no-tld@domain",
        "Outlook Contact <x@domain.test>",
        "trailing-semicolon@domain.test;",
        "\"quoted-local-part\"@domain.test",
        "two-dots..in-local@domain.test",
        "multiple@domains@domain.test",
        "local-with-\u{2019}-apostrophe@domain.test",
        "comma,in-local@domain.test",
        "x@.domain.test",
        "x@xn---something.test",
        "a\r\nBcc: b@domain.test",
        &too_long,
    ] {
        let answer = upsert(&world, "email", json!(typed)).await.expect(422, "email_invalid");
        assert_eq!(answer.reasons(), ["email_invalid /email"]);
        assert!(typed.is_empty() || !answer.body.to_string().contains(typed));
    }
}

#[tokio::test]
async fn names_hold_no_control_and_no_direction_character() {
    let world = World::with_patient().await;
    for character in ['\u{0}', '\u{8}', '\u{1b}', '\u{7f}', '\u{85}', '\r', '\u{2028}', '\u{202E}']
    {
        let name = json!(format!("a{character}b"));
        let answer = upsert(&world, "name", name).await.expect(422, "forbidden_character");
        assert_eq!(answer.reasons(), ["forbidden_character /name"]);
    }
    upsert(&world, "name", json!("\u{0}\u{0}\u{0}")).await.expect(422, "forbidden_character");
    upsert(&world, "name", json!("\u{3164}")).await.expect(422, "name_empty");
    upsert(&world, "name", json!("x".repeat(101))).await.expect(422, "name_too_long");
    let name = "No\u{eb}l \u{645}\u{631}\u{64a}\u{645} & \"O'Neil\"";
    assert_eq!(upsert(&world, "name", json!(name)).await.expect(200, "").body["name"], name);
}

#[tokio::test]
async fn a_birth_date_is_a_past_day_at_the_clinic_and_on_record_as_set() {
    let world = World::with_patient().await;
    // At the instant of the request it is 24 November in Toronto.
    for date in ["2026-11-24", "1990-05-05", "1896-11-24"] {
        let answer = upsert(&world, "birthDate", json!(date)).await.expect(200, "");
        assert_eq!(answer.body["birthDate"], date);
        assert!(!answer.record.to_string().contains(date));
    }
    for date in ["2026-11-25", "1895-11-24", "05/05/1990", "1990-5-5", "19900505", ""] {
        let answer = upsert(&world, "birthDate", json!(date)).await;
        assert_eq!(
            answer.expect(422, "birth_date_invalid").reasons(),
            ["birth_date_invalid /birthDate"]
        );
    }
    let answer = upsert(&world, "birthDate", Value::Null).await.expect(200, "");
    assert_eq!(answer.changes(), ["birthDate: set -> -"]);
    assert_eq!(answer.body.get("birthDate"), None);
}

#[tokio::test]
async fn the_parts_of_a_name_are_names() {
    let world = World::with_patient().await;
    for member in ["givenName", "familyName"] {
        let answer = upsert(&world, member, json!(" No\u{eb}l O'Neil ")).await.expect(200, "");
        assert_eq!(answer.body[member], "No\u{eb}l O'Neil");
        assert!(answer.changes().contains(&format!("{member}: - -> set")));
        assert!(!answer.record.to_string().contains("Neil"));
        for (value, code) in [
            (json!("a\u{0}b"), "forbidden_character"),
            (json!("a\r\nBcc: x"), "forbidden_character"),
            (json!("\u{0}\u{0}\u{0}"), "forbidden_character"),
            (json!("\u{200B}"), "name_empty"),
            (json!("x".repeat(101)), "name_too_long"),
            (json!(1), "wrong_type"),
        ] {
            let answer = upsert(&world, member, value).await.expect(422, code);
            assert_eq!(answer.reasons(), [format!("{code} /{member}")]);
        }
    }
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let world = World::new().await;
    let wrong = json!({
        "name": "", "email": "x", "sms": "y", "preferredChannel": "fax", "language": "es",
    });
    let answer = world.call(put(CHART, PATIENT, CREATE, &wrong)).await.expect(422, "name_empty");
    assert_eq!(
        answer.reasons(),
        [
            "name_empty /name",
            "email_invalid /email",
            "phone_invalid /sms",
            "wrong_type /preferredChannel",
            "language_unknown /language",
        ]
    );
    for (member, value, reason) in [
        ("portalAccess", json!("yes"), "wrong_type /portalAccess"),
        ("otherChannelConsented", json!(0), "wrong_type /otherChannelConsented"),
        ("sms", json!(6_135_550_100_u64), "wrong_type /sms"),
        ("birthDate", json!("2015-02-29"), "birth_date_invalid /birthDate"),
        ("birthDate", json!("2999-01-01"), "birth_date_invalid /birthDate"),
        ("birthDate", json!(20_150_101), "wrong_type /birthDate"),
        ("givenName", json!(" "), "name_empty /givenName"),
        ("familyName", json!("a\u{0}b"), "forbidden_character /familyName"),
        ("successor", json!("p2"), "unknown_member /successor"),
        ("clinic", json!("c2"), "unknown_member /clinic"),
    ] {
        let answer = world.call(put(CHART, PATIENT, CREATE, &with(PATIENT, member, value))).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
    for member in ["name", "preferredChannel"] {
        let mut document = document(PATIENT);
        document.as_object_mut().unwrap().remove(member);
        let answer = world.call(put(CHART, PATIENT, CREATE, &document)).await;
        assert_eq!(answer.reasons(), [format!("missing_member /{member}")]);
    }
}

#[tokio::test]
async fn two_records_with_one_address_stay_two() {
    let world = World::with_patient().await;
    let other = Target::Patient("p2");
    let mut sibling = with(other, "name", json!("Patient Two"));
    sibling["email"] = json!("someone.else@example.test");
    world.call(put(CHART, other, CREATE, &sibling)).await.expect(201, "");
    let before = world.call(get(CHART, PATIENT)).await.body;

    // The second one takes over the address of the first; a third is in another clinic.
    sibling["email"] = json!("patient.one@example.test");
    let here = put(CHART, other, Some(("If-Match", "\"1\"")), &sibling);
    world.call(here).await.expect(200, "");
    let there = event("PUT", OTHER_CHART, "c2", PATIENT, CREATE, Some(&sibling));
    world.call(there).await.expect(201, "");

    assert_eq!(world.call(get(CHART, PATIENT)).await.body, before);
    assert_eq!(world.call(get(CHART, other)).await.body["name"], "Patient Two");
    let mut items = world.db.all_items(MAIN).await;
    items.retain(|item| item["sk"].as_s().unwrap() == "PROFILE");
    assert_eq!(items.len(), 3);
}
