//! What a document may say, and what becomes of it.

use serde_json::{Value, json};

use super::world::*;

const CURRENT: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

#[tokio::test]
async fn what_was_put_is_what_is_read() {
    let world = World::with_settings().await;
    let mut read = world.call(get(CLINICIAN)).await.body;
    let read = read.as_object_mut().unwrap();
    assert_eq!(read.remove("officeHours"), Some(document()["officeHours"].clone()));
    read.remove("automaticReplies").unwrap();
    insta::assert_json_snapshot!(read, @r#"
    {
      "clinicId": "c1",
      "defaultLanguage": "fr",
      "emergencyLine": "911",
      "files": {
        "clinicDailyMegabytes": 1000,
        "clinicFileMegabytes": 25,
        "filesPerMessage": 5,
        "patientDailyMegabytes": 100,
        "patientFileMegabytes": 10
      },
      "guardianAgeLimit": 12,
      "name": "Clinique Laurier",
      "notices": {
        "paused": false,
        "textsPerDay": 1000,
        "textsPerPatientAndDay": 20,
        "unreadAfterHours": 48
      },
      "patientFirst": false,
      "phone": "613-555-0100",
      "plan": "connect_pro",
      "portalEnabled": true,
      "repliesAllowedByDefault": true,
      "smsName": "Laurier",
      "version": 1
    }
    "#);
}

#[tokio::test]
async fn texts_are_read_as_html_and_as_plain_text() {
    let world = World::with_settings().await;
    let read = world.call(get(CLINICIAN)).await.body;
    insta::assert_json_snapshot!(read["automaticReplies"], @r#"
    {
      "exception": {
        "en": {
          "html": "<p>The clinic is closed today. It opens {{nextOpening}}. In an emergency, call {{emergencyLine}}.</p>",
          "text": "The clinic is closed today. It opens {{nextOpening}}. In an emergency, call {{emergencyLine}}."
        },
        "fr": {
          "html": "<p>La clinique est fermée aujourd’hui. Elle rouvre {{nextOpening}}. En cas d’urgence, composez le {{emergencyLine}}.</p>",
          "text": "La clinique est fermée aujourd’hui. Elle rouvre {{nextOpening}}. En cas d’urgence, composez le {{emergencyLine}}."
        }
      },
      "minimumGapMinutes": 15,
      "noAnswer": {
        "afterOfficeMinutes": 120,
        "text": {
          "fr": {
            "html": "<p>Nous répondrons bientôt. Téléphone : {{clinicPhone}}. En cas d’urgence, composez le {{emergencyLine}}.</p>",
            "text": "Nous répondrons bientôt. Téléphone : {{clinicPhone}}. En cas d’urgence, composez le {{emergencyLine}}."
          }
        }
      },
      "outsideHours": {
        "en": {
          "html": "<p>The clinic is closed. In an emergency, call {{emergencyLine}}.</p>",
          "text": "The clinic is closed. In an emergency, call {{emergencyLine}}."
        },
        "fr": {
          "html": "<p>La clinique est fermée. En cas d’urgence, composez le {{emergencyLine}}.</p>",
          "text": "La clinique est fermée. En cas d’urgence, composez le {{emergencyLine}}."
        }
      },
      "quietMinutes": 5,
      "vacation": {
        "en": {
          "html": "<p>We are on vacation. In an emergency, call {{emergencyLine}}.</p>",
          "text": "We are on vacation. In an emergency, call {{emergencyLine}}."
        },
        "fr": {
          "html": "<p>Nous sommes en vacances. En cas d’urgence, composez le {{emergencyLine}}.</p>",
          "text": "Nous sommes en vacances. En cas d’urgence, composez le {{emergencyLine}}."
        }
      }
    }
    "#);
}

#[tokio::test]
async fn what_is_not_said_is_off() {
    let world = World::new().await;
    let least = json!({
        "name": "Clinic",
        "plan": "portal",
        "officeHours": {"timeZone": "America/Vancouver", "windows": []},
    });
    let answer = world.call(put(OPERATOR, Some(("If-None-Match", "*")), &least)).await;
    let created = answer.expect(201, "").body;
    assert_eq!(created["portalEnabled"], false);
    assert_eq!(created["repliesAllowedByDefault"], false);
    assert_eq!(created["patientFirst"], false);
    assert_eq!(created["guardianAgeLimit"], 12);
    assert_eq!(created.get("patientOnlyFromAge"), None);
    assert_eq!(created["defaultLanguage"], "en");
    assert_eq!(created["automaticReplies"], json!({"quietMinutes": 5, "minimumGapMinutes": 15}));
    for name in ["smsName", "phone", "emergencyLine"] {
        assert_eq!(created.get(name), None, "{name}");
    }
    assert_eq!(created["officeHours"]["exceptions"], json!([]));
    assert_eq!(created["officeHours"]["vacations"], json!([]));
    let notices = json!({
        "paused": false, "unreadAfterHours": 48, "textsPerDay": 1000, "textsPerPatientAndDay": 20,
    });
    assert_eq!(created["notices"], notices);

    // Null is absent, and a PUT replaces the whole document.
    let mut nulls = least.clone();
    for name in [
        "smsName",
        "phone",
        "emergencyLine",
        "portalEnabled",
        "repliesAllowedByDefault",
        "patientFirst",
        "guardianAgeLimit",
        "patientOnlyFromAge",
        "defaultLanguage",
        "automaticReplies",
        "files",
        "notices",
    ] {
        nulls[name] = Value::Null;
    }
    let answer = world.call(put(OPERATOR, CURRENT, &nulls)).await.expect(200, "");
    assert_eq!(answer.changes(), Vec::<String>::new());
}

/// Puts the sample's document with one member as this, which is refused for this reason alone.
async fn refuses(world: &World, pointer: &str, value: Value, reason: &str) {
    let answer = world.call(put(ADMIN, CURRENT, &with(pointer, value))).await;
    assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
}

#[tokio::test]
async fn the_ends_of_the_ranges_of_ages_are_in_them() {
    let world = World::with_settings().await;
    let steps = [
        ("/guardianAgeLimit", json!(0), "guardianAgeLimit: 12 -> 0"),
        ("/guardianAgeLimit", json!(25), "guardianAgeLimit: 0 -> 25"),
        ("/patientOnlyFromAge", json!(0), "patientOnlyFromAge: - -> 0"),
        ("/patientOnlyFromAge", json!(130), "patientOnlyFromAge: 0 -> 130"),
        ("/patientOnlyFromAge", Value::Null, "patientOnlyFromAge: 130 -> -"),
    ];
    for (version, (pointer, value, change)) in (1..).zip(steps) {
        let tag = format!("\"{version}\"");
        let event = put(ADMIN, Some(("If-Match", &tag)), &with(pointer, value.clone()));
        let answer = world.call(event).await.expect(200, "");
        let shown = answer.body.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(shown, value);
        assert!(answer.changes().contains(&change.to_owned()), "{:?}", answer.changes());
    }
}

#[tokio::test]
async fn how_people_are_told_is_set_and_what_changes_is_on_record() {
    let world = World::with_settings().await;
    let least = json!({"unreadAfterHours": 1, "textsPerDay": 0, "textsPerPatientAndDay": 0, "paused": true});
    let most = json!({
        "unreadAfterHours": 720, "textsPerDay": 1_000_000, "textsPerPatientAndDay": 1_000,
    });
    // Null says that staff are not told, and an absent one says nothing.
    let never = json!({"unreadAfterHours": null});
    let steps = [
        (
            least,
            (true, json!(1), 0, 0),
            vec![
                "notices.paused: false -> true",
                "notices.unreadAfterHours: 48 -> 1",
                "notices.textsPerDay: 1000 -> 0",
                "notices.textsPerPatientAndDay: 20 -> 0",
            ],
        ),
        (
            most,
            (false, json!(720), 1_000_000, 1_000),
            vec![
                "notices.paused: true -> false",
                "notices.unreadAfterHours: 1 -> 720",
                "notices.textsPerDay: 0 -> 1000000",
                "notices.textsPerPatientAndDay: 0 -> 1000",
            ],
        ),
        (
            never,
            (false, Value::Null, 1_000, 20),
            vec![
                "notices.unreadAfterHours: 720 -> -",
                "notices.textsPerDay: 1000000 -> 1000",
                "notices.textsPerPatientAndDay: 1000 -> 20",
            ],
        ),
        (json!({}), (false, json!(48), 1_000, 20), vec!["notices.unreadAfterHours: - -> 48"]),
    ];
    for (version, (notices, (paused, unread, of_all, of_one), changes)) in (1..).zip(steps) {
        let tag = format!("\"{version}\"");
        let event = put(ADMIN, Some(("If-Match", &tag)), &with("/notices", notices));
        let answer = world.call(event).await.expect(200, "");
        assert_eq!(answer.changes(), changes);
        let wanted = json!({
            "paused": paused,
            "unreadAfterHours": unread,
            "textsPerDay": of_all,
            "textsPerPatientAndDay": of_one,
        });
        assert_eq!(answer.body["notices"], wanted);
        // What is read can be put as it is.
        let read = world.call(get(CLINICIAN)).await.body;
        assert_eq!(read["notices"], wanted);
        let tag = format!("\"{version}\"");
        let again = put(ADMIN, Some(("If-Match", &tag)), &with("/notices", wanted));
        assert!(world.call(again).await.expect(200, "").changes().is_empty());
    }
}

#[tokio::test]
async fn how_people_are_told_is_refused_member_by_member() {
    let world = World::with_settings().await;
    for (member, value, code) in [
        ("unreadAfterHours", json!(0), "notice_setting_out_of_range"),
        ("unreadAfterHours", json!(721), "notice_setting_out_of_range"),
        ("unreadAfterHours", json!(-1), "notice_setting_out_of_range"),
        ("textsPerDay", json!(1_000_001), "notice_setting_out_of_range"),
        ("textsPerDay", json!(i64::MIN), "notice_setting_out_of_range"),
        ("textsPerPatientAndDay", json!(1_001), "notice_setting_out_of_range"),
        ("unreadAfterHours", json!(1.5), "wrong_type"),
        ("unreadAfterHours", json!("48"), "wrong_type"),
        ("unreadAfterHours", json!({}), "wrong_type"),
        ("paused", json!(1), "wrong_type"),
        ("pausedAt", Value::Null, "unknown_member"),
    ] {
        let mut notices = json!({});
        notices[member] = value;
        refuses(&world, "/notices", notices, &format!("{code} /notices/{member}")).await;
    }
}

#[tokio::test]
async fn each_member_is_refused_with_its_code_and_place() {
    let hours = |windows: Value| json!({"timeZone": "America/Toronto", "windows": windows});
    let window = |day: &str, from: &str, to: &str| json!({"day": day, "from": from, "to": to});
    let world = World::with_settings().await;
    for (pointer, value, reason) in [
        ("/clinicId", json!("c2"), "unknown_member /clinicId"),
        ("/version", json!(9), "unknown_member /version"),
        ("/automaticReplies/holiday", json!({}), "unknown_member /automaticReplies/holiday"),
        ("/officeHours/holidays", json!([]), "unknown_member /officeHours/holidays"),
        ("/name", json!(""), "name_empty /name"),
        ("/name", json!("a\u{0}b"), "forbidden_character /name"),
        ("/name", json!("a\r\nBcc: x"), "forbidden_character /name"),
        ("/name", json!("x\u{202E}y"), "forbidden_character /name"),
        ("/name", json!("x".repeat(101)), "name_too_long /name"),
        ("/name", json!(7), "wrong_type /name"),
        ("/smsName", json!(""), "name_empty /smsName"),
        ("/smsName", json!("Clinique de l'h\u{f4}pital"), "sms_name_invalid /smsName"),
        ("/smsName", json!("x".repeat(31)), "sms_name_invalid /smsName"),
        ("/plan", json!("platinum"), "wrong_type /plan"),
        ("/plan", json!("Portal"), "wrong_type /plan"),
        ("/portalEnabled", json!("true"), "wrong_type /portalEnabled"),
        ("/patientFirst", json!("true"), "wrong_type /patientFirst"),
        (
            "/files/patientFileMegabytes",
            json!(26),
            "file_limit_out_of_range /files/patientFileMegabytes",
        ),
        (
            "/files/clinicFileMegabytes",
            json!(0),
            "file_limit_out_of_range /files/clinicFileMegabytes",
        ),
        ("/files/filesPerMessage", json!(-1), "file_limit_out_of_range /files/filesPerMessage"),
        ("/files/filesPerMessage", json!(11), "file_limit_out_of_range /files/filesPerMessage"),
        (
            "/files/patientDailyMegabytes",
            json!(9),
            "file_limit_out_of_range /files/patientDailyMegabytes",
        ),
        (
            "/files/clinicDailyMegabytes",
            json!(10_001),
            "file_limit_out_of_range /files/clinicDailyMegabytes",
        ),
        ("/files/patientFileMegabytes", json!("10"), "wrong_type /files/patientFileMegabytes"),
        ("/files/other", json!(1), "unknown_member /files/other"),
        ("/guardianAgeLimit", json!(26), "age_out_of_range /guardianAgeLimit"),
        ("/guardianAgeLimit", json!(-1), "age_out_of_range /guardianAgeLimit"),
        ("/guardianAgeLimit", json!(4_294_967_308_u64), "age_out_of_range /guardianAgeLimit"),
        ("/guardianAgeLimit", json!(12.5), "wrong_type /guardianAgeLimit"),
        ("/guardianAgeLimit", json!("12"), "wrong_type /guardianAgeLimit"),
        ("/patientOnlyFromAge", json!(131), "age_out_of_range /patientOnlyFromAge"),
        ("/patientOnlyFromAge", json!(-5), "age_out_of_range /patientOnlyFromAge"),
        ("/patientOnlyFromAge", json!(i64::MIN), "age_out_of_range /patientOnlyFromAge"),
        ("/patientOnlyFromAge", json!([14]), "wrong_type /patientOnlyFromAge"),
        ("/defaultLanguage", json!("es"), "language_unknown /defaultLanguage"),
        (
            "/officeHours",
            hours(json!([window("monday", "09:00", "12:00")])),
            "office_hours_invalid /officeHours/windows/0/day",
        ),
        (
            "/officeHours",
            hours(json!([window("mon", "9:00", "12:00")])),
            "office_hours_invalid /officeHours/windows/0/from",
        ),
        (
            "/officeHours",
            hours(json!([window("mon", "09:00", "12:00"), window("mon", "11:00", "24:01")])),
            "office_hours_invalid /officeHours/windows/1/to",
        ),
        (
            "/officeHours",
            hours(json!([window("mon", "09:00", "12:00"), window("mon", "11:00", "13:00")])),
            "office_hours_invalid /officeHours/windows/1",
        ),
        ("/officeHours", hours(json!([])), "office_hours_required /officeHours/windows"),
    ] {
        refuses(&world, pointer, value, reason).await;
    }
}

#[tokio::test]
async fn a_phone_number_and_an_emergency_line_are_short_and_show_something() {
    let world = World::with_settings().await;
    for (pointer, value, reason) in [
        ("/phone", json!(""), "line_invalid /phone"),
        ("/phone", json!("\u{2060} \u{200B}"), "line_invalid /phone"),
        ("/phone", json!("1".repeat(51)), "line_invalid /phone"),
        ("/phone", json!(6_135_550_100_u64), "wrong_type /phone"),
        ("/emergencyLine", json!(" "), "line_invalid /emergencyLine"),
        ("/emergencyLine", json!("1".repeat(101)), "line_invalid /emergencyLine"),
    ] {
        refuses(&world, pointer, value, reason).await;
    }
}

#[tokio::test]
async fn oh_12_a_time_zone_is_a_name_as_the_database_spells_it() {
    let world = World::with_settings().await;
    for name in [
        "",
        "EST",
        "GMT+5",
        "Toronto",
        "Canada/East-Saskatchewan",
        " America/Toronto ",
        "america/toronto",
        "America/Toronto\u{0}",
    ] {
        let reason = "time_zone_unknown /officeHours/timeZone";
        refuses(&world, "/officeHours/timeZone", json!(name), reason).await;
    }
}

#[tokio::test]
async fn each_part_of_automatic_replies_is_refused_with_its_code_and_place() {
    let no_text = json!({"en": "<p>Only English: {{emergencyLine}}</p>"});
    let long = "x".repeat(600 * 1024);
    let world = World::with_settings().await;
    for (pointer, value, reason) in [
        (
            "/automaticReplies/exception",
            no_text.clone(),
            "automatic_text_empty /automaticReplies/exception",
        ),
        (
            "/automaticReplies/vacation",
            json!({}),
            "automatic_text_empty /automaticReplies/vacation",
        ),
        (
            "/automaticReplies/outsideHours",
            no_text.clone(),
            "automatic_text_empty /automaticReplies/outsideHours",
        ),
        (
            "/automaticReplies/noAnswer/text",
            no_text,
            "automatic_text_empty /automaticReplies/noAnswer/text",
        ),
        (
            "/automaticReplies/noAnswer/text/fr",
            json!(long),
            "body_too_long /automaticReplies/noAnswer/text/fr",
        ),
        (
            "/automaticReplies/noAnswer/text/fr",
            json!("<ul><li>".repeat(200) + "x"),
            "body_too_deep /automaticReplies/noAnswer/text/fr",
        ),
        (
            "/automaticReplies/outsideHours/en",
            json!("Hello {{patient_name}}, call {{emergencyLine}}"),
            "placeholder_unknown /automaticReplies/outsideHours/en",
        ),
        (
            "/automaticReplies/vacation/fr",
            json!("Bonjour {{patientName}}, composez le {{emergencyLine}}"),
            "placeholder_unknown /automaticReplies/vacation/fr",
        ),
        (
            "/automaticReplies/exception/en",
            json!("<p>Call {{emergencyLine}}, or {{clinicPhone}</p>"),
            "placeholder_unknown /automaticReplies/exception/en",
        ),
        (
            "/automaticReplies/exception/en",
            json!("<a href=\"https://example.test/{{clinicName}}\">here</a> {{emergencyLine}}"),
            "placeholder_in_link /automaticReplies/exception/en",
        ),
        (
            "/automaticReplies/noAnswer/afterOfficeMinutes",
            json!(0),
            "minutes_out_of_range /automaticReplies/noAnswer/afterOfficeMinutes",
        ),
        (
            "/automaticReplies/noAnswer/afterOfficeMinutes",
            json!(10_081),
            "minutes_out_of_range /automaticReplies/noAnswer/afterOfficeMinutes",
        ),
        (
            "/automaticReplies/quietMinutes",
            json!(-1),
            "minutes_out_of_range /automaticReplies/quietMinutes",
        ),
        (
            "/automaticReplies/minimumGapMinutes",
            json!(4_294_967_301_u64),
            "minutes_out_of_range /automaticReplies/minimumGapMinutes",
        ),
        (
            "/automaticReplies/minimumGapMinutes",
            json!(5.5),
            "wrong_type /automaticReplies/minimumGapMinutes",
        ),
    ] {
        refuses(&world, pointer, value, reason).await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_such_document_is_refused() {
    let world = World::with_settings().await;
    for name in ["name", "plan", "officeHours"] {
        let mut document = document();
        document.as_object_mut().unwrap().remove(name);
        let answer = world.call(put(ADMIN, CURRENT, &document)).await;
        assert_eq!(answer.reasons(), [format!("missing_member /{name}")]);
    }
    let mut event = put(ADMIN, CURRENT, &document());
    event["body"] = json!("{\"name\":\"a\",\"name\":\"b\"}");
    world.call(event).await.expect(400, "malformed_json");
    let mut event = put(ADMIN, CURRENT, &document());
    event["multiValueHeaders"]["Content-Type"] = json!(["text/plain"]);
    world.call(event).await.expect(415, "unsupported_media_type");
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let world = World::with_settings().await;
    let wrong = json!({
        "name": " ",
        "smsName": "Fa\u{e7}ade",
        "phone": "a\u{0}b",
        "emergencyLine": "",
        "plan": "gold",
        "defaultLanguage": "es",
        "officeHours": {
            "timeZone": "Toronto",
            "windows": [{"day": "mon", "from": "25:00", "to": "x"}],
            "exceptions": [
                {"date": "2026-12-25", "name": "a\rb"},
                {"date": "2026-02-29", "windows": [{"from": "24:00", "to": "09:60"}]},
            ],
            "vacations": [{"from": "2027-07-02", "to": "2027-07-01"}],
        },
        "automaticReplies": {
            "exception": {"en": "<!-- note -->"},
            "vacation": {"fr": "\u{0}\u{0}\u{0}"},
            "outsideHours": {"en": "<div></div>"},
            "noAnswer": {"afterOfficeMinutes": 0, "text": {"fr": ""}},
            "quietMinutes": 1_441,
        },
        "guardianAgeLimit": 99,
        "patientOnlyFromAge": 999,
    });
    let answer = world.call(put(ADMIN, CURRENT, &wrong)).await.expect(422, "name_empty");
    assert_eq!(
        answer.reasons(),
        [
            "name_empty /name",
            "forbidden_character /phone",
            "line_invalid /emergencyLine",
            "wrong_type /plan",
            "language_unknown /defaultLanguage",
            "time_zone_unknown /officeHours/timeZone",
            "office_hours_invalid /officeHours/windows/0/from",
            "office_hours_invalid /officeHours/windows/0/to",
            "forbidden_character /officeHours/exceptions/0/name",
            "office_hours_invalid /officeHours/exceptions/1/date",
            "office_hours_invalid /officeHours/exceptions/1/windows/0/from",
            "office_hours_invalid /officeHours/exceptions/1/windows/0/to",
            "vacation_ends_before_start /officeHours/vacations/0/to",
            "automatic_text_empty /automaticReplies/exception/en",
            "automatic_text_empty /automaticReplies/vacation/fr",
            "automatic_text_empty /automaticReplies/outsideHours/en",
            "automatic_text_empty /automaticReplies/noAnswer/text/fr",
            "minutes_out_of_range /automaticReplies/noAnswer/afterOfficeMinutes",
            "minutes_out_of_range /automaticReplies/quietMinutes",
            "age_out_of_range /guardianAgeLimit",
            "age_out_of_range /patientOnlyFromAge",
        ]
    );
}

#[tokio::test]
async fn every_change_is_on_record_with_what_patients_were_told_and_no_name_is() {
    let world = World::with_settings().await;
    let steps = [
        ("/portalEnabled", json!(false), vec!["portalEnabled: true -> false"]),
        ("/portalEnabled", json!(true), vec!["portalEnabled: false -> true"]),
        ("/patientFirst", json!(true), vec!["patientFirst: false -> true"]),
        ("/patientFirst", json!(false), vec!["patientFirst: true -> false"]),
        ("/repliesAllowedByDefault", json!(false), vec!["repliesAllowedByDefault: true -> false"]),
        (
            "/officeHours/windows",
            json!([{"day": "sun", "from": "22:00", "to": "02:00"}]),
            vec![
                "repliesAllowedByDefault: false -> true",
                "officeHours: America/Toronto, mon 09:00-12:00, mon 13:00-17:00 \
                 -> America/Toronto, sun 22:00-02:00",
            ],
        ),
        (
            "/automaticReplies",
            json!({
                "outsideHours": {"fr": "<p><b>New</b> {{emergencyLine}}</p>"},
                "quietMinutes": 0,
            }),
            vec![
                "officeHours: America/Toronto, sun 22:00-02:00 \
                 -> America/Toronto, mon 09:00-12:00, mon 13:00-17:00",
                "automaticReplies.exception.en: The clinic is closed today. It opens {{nextOpening}}. In an emergency, call {{emergencyLine}}. -> -",
                "automaticReplies.exception.fr: La clinique est fermée aujourd’hui. Elle rouvre {{nextOpening}}. En cas d’urgence, composez le {{emergencyLine}}. -> -",
                "automaticReplies.vacation.en: We are on vacation. In an emergency, call {{emergencyLine}}. -> -",
                "automaticReplies.vacation.fr: Nous sommes en vacances. En cas d’urgence, composez le {{emergencyLine}}. -> -",
                "automaticReplies.outsideHours.en: The clinic is closed. In an emergency, call {{emergencyLine}}. -> -",
                "automaticReplies.outsideHours.fr: La clinique est fermée. En cas d’urgence, composez le {{emergencyLine}}. -> New {{emergencyLine}}",
                "automaticReplies.noAnswer.text.fr: Nous répondrons bientôt. Téléphone : {{clinicPhone}}. En cas d’urgence, composez le {{emergencyLine}}. -> -",
                "automaticReplies.noAnswer.afterOfficeMinutes: 120 -> -",
                "automaticReplies.quietMinutes: 5 -> 0",
            ],
        ),
        (
            "/name",
            json!("Secret Clinic"),
            vec![
                "name: set -> set",
                "automaticReplies.exception.en: - -> The clinic is closed today. It opens {{nextOpening}}. In an emergency, call {{emergencyLine}}.",
                "automaticReplies.exception.fr: - -> La clinique est fermée aujourd’hui. Elle rouvre {{nextOpening}}. En cas d’urgence, composez le {{emergencyLine}}.",
                "automaticReplies.vacation.en: - -> We are on vacation. In an emergency, call {{emergencyLine}}.",
                "automaticReplies.vacation.fr: - -> Nous sommes en vacances. En cas d’urgence, composez le {{emergencyLine}}.",
                "automaticReplies.outsideHours.en: - -> The clinic is closed. In an emergency, call {{emergencyLine}}.",
                "automaticReplies.outsideHours.fr: New {{emergencyLine}} -> La clinique est fermée. En cas d’urgence, composez le {{emergencyLine}}.",
                "automaticReplies.noAnswer.text.fr: - -> Nous répondrons bientôt. Téléphone : {{clinicPhone}}. En cas d’urgence, composez le {{emergencyLine}}.",
                "automaticReplies.noAnswer.afterOfficeMinutes: - -> 120",
                "automaticReplies.quietMinutes: 0 -> 5",
            ],
        ),
        ("/emergencyLine", json!("112"), vec!["name: set -> set", "emergencyLine: 911 -> 112"]),
        (
            "/phone",
            json!("613-555-0199"),
            vec!["phone: 613-555-0100 -> 613-555-0199", "emergencyLine: 112 -> 911"],
        ),
    ];
    for (version, (pointer, value, changes)) in (1..).zip(steps) {
        let tag = format!("\"{version}\"");
        let event = put(ADMIN, Some(("If-Match", &tag)), &with(pointer, value));
        let answer = world.call(event).await.expect(200, "");
        assert_eq!(answer.changes(), changes);
        assert_eq!(answer.record["actor"], "s9");
        assert!(!answer.record.to_string().contains("Secret"));
    }
}

#[tokio::test]
async fn texts_are_made_safe() {
    let world = World::with_settings().await;
    let unsafe_text = "<svg><iframe><a title=\"</iframe><img src onerror=alert(1)>\">Ferm\u{e9} {{emergencyLine}}";
    let event = put(ADMIN, CURRENT, &with("/automaticReplies/outsideHours/fr", json!(unsafe_text)));
    let answer = world.call(event).await.expect(200, "");
    let html = answer.body["automaticReplies"]["outsideHours"]["fr"]["html"].as_str().unwrap();
    assert!(html.contains("Ferm\u{e9}"), "{html}");
    for tag in ["<img", "<svg", "<iframe"] {
        assert!(!html.contains(tag), "{html}");
    }
    // A text that was read may be put again as it is.
    let event = put(
        ADMIN,
        Some(("If-Match", "\"2\"")),
        &with("/automaticReplies/outsideHours/fr", json!(html)),
    );
    assert_eq!(world.call(event).await.expect(200, "").changes(), Vec::<String>::new());
}
