//! A clinic's own texts for notices.

use serde_json::{Value, json};

use super::world::*;

fn with(sample_name: &str, who: Who, version: Option<(&str, &str)>, body: &Value) -> Value {
    let mut event = sample(sample_name);
    set_caller(&mut event, who);
    for headers in ["headers", "multiValueHeaders"] {
        event[headers].as_object_mut().unwrap().remove("If-None-Match");
    }
    if let Some((name, value)) = version {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["body"] = json!(body.to_string());
    event
}

const NEW: Option<(&str, &str)> = Some(("If-None-Match", "*"));

fn save(who: Who, version: Option<(&str, &str)>, text: &str) -> Value {
    with("put-template.admin.json", who, version, &json!({ "text": text }))
}

fn try_out(who: Who, body: &Value) -> Value {
    with("preview-template.admin.json", who, None, body)
}

fn read(who: Who) -> Value {
    let mut event = sample("get-template.staff.json");
    set_caller(&mut event, who);
    event
}

fn by_email(mut event: Value) -> Value {
    event["pathParameters"]["channel"] = json!("email");
    event
}

#[tokio::test]
async fn the_product_s_text_stands_until_the_clinic_has_its_own() {
    let world = World::with_settings().await;
    let answer = world.call(read(CLINICIAN)).await.expect(200, "");
    assert_eq!(answer.body["text"], "{{clinicName}}: nouveau message sécurisé: {{link}}");
    assert_eq!((&answer.body["version"], answer.etag), (&json!(0), None));

    let answer = world.call(save(ADMIN, NEW, "Un message: {{link}}")).await.expect(201, "");
    assert_eq!(answer.etag.as_deref(), Some("\"1\""));
    assert_eq!(answer.changes(), ["text: - -> Un message: {{link}}"]);
    // Sent again, it finds itself; another one is too late.
    world.call(save(ADMIN, NEW, "Un message: {{link}}")).await.expect(201, "");
    world.call(save(ADMIN, NEW, "Autre: {{link}}")).await.expect(412, "version_conflict");
    let next = Some(("If-Match", "\"1\""));
    let answer = world.call(save(ADMIN, next, "Autre: {{link}}")).await.expect(200, "");
    assert_eq!(answer.changes(), ["text: Un message: {{link}} -> Autre: {{link}}"]);
    let answer = world.call(read(CHART)).await.expect(200, "");
    assert_eq!(
        (&answer.body["text"], &answer.body["version"]),
        (&json!("Autre: {{link}}"), &json!(2))
    );
    // The email's is another text.
    let answer = world.call(by_email(read(ADMIN))).await.expect(200, "");
    assert_eq!(answer.body["version"], 0);
    assert!(answer.body["subject"].as_str().unwrap().contains("{{clinicName}}"));
    // Each version is kept.
    let all = world.db.all_items(testkit::MAIN).await;
    let kept = all.iter().filter(|item| item["sk"].as_s().unwrap().contains("#V#"));
    assert_eq!(kept.count(), 2);
}

#[tokio::test]
async fn a_text_that_cannot_be_saved_says_what_is_wrong_and_where() {
    let world = World::with_settings().await;
    let refused = async |text: &str, code: &str, about: Option<&str>| {
        let answer = world.call(save(ADMIN, NEW, text)).await.expect(422, code);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], "/text", "{error}");
        assert_eq!(error.get("about").and_then(Value::as_str), about, "{error}");
        // A preview refuses for the same reasons.
        let body = json!({ "text": text });
        world.call(try_out(ADMIN, &body)).await.expect(422, code);
    };
    refused("{{patientName}} {{link}}", "notice_variable_unknown", Some("patientName")).await;
    refused("Un message", "notice_link_missing", None).await;
    refused("<b>{{link}}</b>", "notice_html", None).await;
    refused(&format!("{}{{{{link}}}}", "a".repeat(78)), "sms_too_long", Some("161")).await;
    refused("Façade {{link}}", "sms_character_unavailable", Some("ç")).await;
    let subject = json!({ "subject": "x", "text": "{{link}}" });
    let event = with("put-template.admin.json", ADMIN, NEW, &subject);
    world.call(event).await.expect(422, "notice_subject_in_sms");
    let event = by_email(save(ADMIN, NEW, "{{link}}"));
    world.call(event).await.expect(422, "notice_subject_required");
    world.call(save(ADMIN, None, "{{link}}")).await.expect(428, "version_required");
}

#[tokio::test]
async fn a_preview_shows_what_would_be_sent_and_changes_nothing() {
    let world = World::with_settings().await;
    let before = world.db.all_items(testkit::MAIN).await;
    let answer = world.call(try_out(ADMIN, &json!({ "text": "Message: {{link}}" }))).await;
    let answer = answer.expect(200, "");
    let text = "Message: https://example.test/c/00000000000000000000000000000000";
    assert_eq!(answer.body, json!({ "text": text, "septets": text.len() }));
    let body = json!({ "subject": "{{clinicName}}", "text": "A & B\n\n{{link}}" });
    let answer = world.call(by_email(try_out(ADMIN, &body))).await.expect(200, "");
    assert!(answer.body["html"].as_str().unwrap().contains("<p>A &amp; B</p>"));
    assert_eq!(world.db.all_items(testkit::MAIN).await, before);
}

#[tokio::test]
async fn renaming_the_clinic_measures_its_text_messages_again() {
    let world = World::with_settings().await;
    let fits = format!("{} {{{{clinicName}}}}: {{{{link}}}}", "a".repeat(60));
    world.call(save(ADMIN, NEW, &fits)).await.expect(201, "");
    let mut longer = document();
    longer["smsName"] = json!("W".repeat(30));
    let answer = world.call(put(ADMIN, Some(("If-Match", "\"1\"")), &longer)).await;
    let answer = answer.expect(422, "sms_too_long");
    assert_eq!(answer.reasons(), ["sms_too_long /smsName"]);
    let mut shorter = document();
    shorter["smsName"] = json!("W");
    world.call(put(ADMIN, Some(("If-Match", "\"1\"")), &shorter)).await.expect(200, "");
}

#[tokio::test]
async fn administrators_write_texts_and_the_clinic_s_people_read_them() {
    for (who, reading, writing) in [
        (OPERATOR, (200, ""), (201, "")),
        (ADMIN, (200, ""), (201, "")),
        (CHART, (200, ""), (403, "not_allowed")),
        (CLINICIAN, (200, ""), (403, "not_allowed")),
        (FORMER_ADMIN, (403, "staff_inactive"), (403, "staff_inactive")),
        (OTHER_ADMIN, (404, "not_found"), (404, "not_found")),
        (ACCOUNT, (404, "not_found"), (404, "not_found")),
        (PORTAL, (404, "not_found"), (404, "not_found")),
    ] {
        let world = World::with_settings().await;
        world.call(read(who)).await.expect(reading.0, reading.1);
        world.call(save(who, NEW, "{{link}}")).await.expect(writing.0, writing.1);
        let tried = if writing.0 == 201 { (200, "") } else { writing };
        let body = json!({ "text": "{{link}}" });
        world.call(try_out(who, &body)).await.expect(tried.0, tried.1);
    }
    let world = World::with_settings().await;
    for (parameter, value) in [("language", "de"), ("language", "FR"), ("channel", "fax")] {
        let mut event = read(ADMIN);
        event["pathParameters"][parameter] = json!(value);
        world.call(event).await.expect(404, "not_found");
    }
}
