//! Conversations that are started with a message template, and what is said of what was removed.

use domain::actor::Actor;
use domain::clinic::{ClinicSettings, Language, Plan};
use domain::message_template::{MAX_TEMPLATE_BYTES, MessageTemplate};
use domain::people::{Patient, StaffMember};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::SignedDuration;
use scenario::people::{
    account, clean, clinic, display_name, group, group_id, member, patient, staff, staff_of,
    template,
};
use scenario::{Answer, Event, NOW, World, name, set_clock};
use serde_json::{Value, json};

use super::{event, send};

/// A world with the template of the sample.
async fn world() -> World {
    let world = World::of(Plan::Connect).await;
    world.template(&template("c1", "t1")).await;
    world
}

fn with(body: &Value) -> Event {
    event(&staff("s1")).body(body)
}

fn made_of(id: &str, version: u64) -> Value {
    json!({ "template": { "id": id, "version": version } })
}

/// Title, HTML and the template of the message that an answer names.
async fn sent(world: &World, answer: Answer) -> (String, String, Value) {
    let body = answer.expect(201);
    let name = name("c1", "p1", body["conversationId"].as_str().unwrap());
    let message = world.messages(&name).await.remove(0);
    let title = world.conversation(&name).await.title.as_str().to_owned();
    (title, message.body.html().to_owned(), json!(message.template))
}

#[tokio::test]
async fn the_sample_is_sent_with_the_patient_s_values_and_names_its_version() {
    let world = world().await;
    let sample = Event::sample("send-message/start-from-template.staff.json");
    let (title, html, template) = sent(&world, world.ask(&send(&world), &sample).await).await;
    // It is Tuesday evening in Toronto.
    assert_eq!(title, "Results of 2026-11-24");
    let wanted = "<p>Dear <b>Zebulon p1</b>, we have your results. Staff s1</p>";
    assert_eq!(html, wanted);
    assert_eq!(template, json!({ "id": "t1", "version": 3 }));
    // What the sender is told of the message does not repeat it.
    let again = world.ask(&send(&world), &sample).await.expect(201);
    assert!(!again.to_string().contains("Zebulon") && again.get("template").is_none());
}

#[tokio::test]
async fn what_the_sender_changed_is_sent_in_its_place_and_filled_as_well() {
    let world = world().await;
    let mut body = made_of("t1", 3);
    body["title"] = json!("For {{patientName|upper}}");
    let (title, html, _) = sent(&world, world.ask(&send(&world), &with(&body)).await).await;
    assert_eq!(title, "For ZEBULON P1");
    assert!(html.contains("we have your results"));

    let mut body = made_of("t1", 3);
    body["body"] = json!("<p>Come on <i>{{today|short}}</i>.</p><img src=x>");
    let answer = world.ask(&send(&world), &with(&body).key("2")).await;
    let removed = json!([{ "what": "element", "name": "img", "count": 1 }]);
    assert_eq!(answer.body["removed"], removed);
    let (title, html, template) = sent(&world, answer).await;
    assert_eq!(title, "Results of 2026-11-24");
    assert_eq!(html, "<p>Come on <i>2026-11-24</i>.</p>");
    assert_eq!(template, json!({ "id": "t1", "version": 3 }));

    for (member, text, code) in [
        ("title", "{{patient_first_name}}", "placeholder_unknown /title"),
        ("title", " ", "title_empty /title"),
        ("body", "<td>{{patient_<b>name</b>}}", "placeholder_unknown /body"),
        ("body", "<a href='https://example.test/{{today}}'>x</a>", "placeholder_in_link /body"),
        ("body", "{{patientGivenName}}", "placeholder_without_value /body"),
        ("body", "<img src=x>", "body_empty /body"),
    ] {
        let mut body = made_of("t1", 3);
        body[member] = json!(text);
        world.refuses(&send(&world), &with(&body).key("3"), 422, &[code]).await;
    }
}

#[tokio::test]
async fn without_a_template_braces_are_what_the_sender_typed() {
    let world = world().await;
    let typed = with(&json!({ "title": "{{day}}", "body": "{{patient_name}} }}" }));
    let (title, html, template) = sent(&world, world.ask(&send(&world), &typed).await).await;
    assert_eq!((title.as_str(), html.as_str()), ("{{day}}", "{{patient_name}} }}"));
    assert_eq!(template, Value::Null);
}

/// An app that sends a template's text and forgets to name it would show the patient the braces.
#[tokio::test]
async fn a_template_s_text_without_its_template_is_not_sent_raw() {
    let world = world().await;
    let template = template("c1", "t1");
    let (title, body) = (template.title.as_str(), template.body.html());
    let raw = with(&json!({ "title": title, "body": body }));
    let codes = [
        "placeholder_without_template /title",
        "placeholder_without_template /body",
        "placeholder_without_template /body",
    ];
    world.refuses(&send(&world), &raw, 422, &codes).await;
    let refused = world.ask(&send(&world), &raw).await.body;
    let about: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["about"].clone()).collect();
    assert_eq!(about, ["today|short", "patientName", "senderName"]);
    let mut whole = made_of("t1", template.version);
    (whole["title"], whole["body"]) = (json!(title), json!(body));
    world.ask(&send(&world), &with(&whole)).await.expect(201);
}

#[tokio::test]
async fn tp_01_a_value_that_is_missing_refuses_the_send_by_name_wherever_it_stands() {
    let world = world().await;
    let of = |title: &str, body: &str, language| MessageTemplate {
        title: Title::parse(title).unwrap(),
        body: Body::parse(body).unwrap(),
        language,
        ..template("c1", "t1")
    };
    let wanted = "{{patientFamilyName|upper}}";
    let cell = format!("<table><tr><td>{wanted}</td></tr></table>");
    for (template, place) in [
        (of(wanted, "x", Language::En), "/title"),
        (of("x", &cell, Language::En), "/body"),
        (of("x", &format!("Bonjour {wanted}"), Language::Fr), "/body"),
    ] {
        world.template(&template).await;
        let code = format!("placeholder_without_value {place}");
        let event = with(&made_of("t1", 3));
        world.refuses(&send(&world), &event, 422, &[&code]).await;
        let error = world.ask(&send(&world), &event).await.body["errors"][0].clone();
        assert_eq!(error["about"], "patientFamilyName|upper");
    }
    // It may be sent as soon as the chart has it.
    let known = Patient { family_name: Some(display_name("Quagmire")), ..patient("c1", "p1") };
    world.patient(&known).await;
    let answer = world.ask(&send(&world), &with(&made_of("t1", 3))).await;
    assert_eq!(sent(&world, answer).await.1, "Bonjour QUAGMIRE");
}

#[tokio::test]
async fn tp_05_a_template_that_was_changed_since_it_was_seen_sends_nothing() {
    let world = world().await;
    let current = MessageTemplate {
        version: 4,
        body: Body::parse("{{patientGivenName}}").unwrap(),
        ..template("c1", "t1")
    };
    world.template(&current).await;
    let stale = with(&made_of("t1", 3));
    // The new placeholder, which has no value, is not even spoken of.
    let code = ["template_version_stale /template/version"];
    world.refuses(&send(&world), &stale, 409, &code).await;
    let answer = world.ask(&send(&world), &stale).await;
    assert_eq!(answer.body["errors"][0]["about"], "4");
    let mut edited = made_of("t1", 3);
    (edited["title"], edited["body"]) = (json!("Mine"), json!("Mine"));
    world.refuses(&send(&world), &with(&edited), 409, &code).await;
    for (named, code) in [
        (json!({ "id": "t1" }), "missing_member /template/version"),
        (json!({ "version": 4 }), "missing_member /template/id"),
        (json!({ "id": "t1", "version": "4" }), "wrong_type /template/version"),
        (json!({ "id": "t1", "version": -4 }), "wrong_type /template/version"),
        (json!({ "id": "t#1", "version": 4 }), "invalid_id /template/id"),
        (json!({ "id": "t1", "version": 4, "as": 3 }), "unknown_member /template/as"),
        (json!("t1"), "wrong_type /template"),
    ] {
        let event = with(&json!({ "template": named }));
        world.refuses(&send(&world), &event, 422, &[code]).await;
    }
}

#[tokio::test]
async fn a_template_is_the_clinic_s_own_in_use_and_for_the_sender() {
    let world = world().await;
    world.template(&template("c2", "of-c2")).await;
    let code = ["template_unknown /template/id"];
    for id in ["of-c2", "T1", "none"] {
        let record = world.refuses(&send(&world), &with(&made_of(id, 3)), 422, &code).await;
        assert_eq!(record.patient.unwrap().as_str(), "p1");
    }
    let theirs = event(&staff_of("c2", "s1")).body(&made_of("of-c2", 3));
    world.refuses(&send(&world), &theirs, 404, &["not_found"]).await;

    world.group(&group("c1", "g1")).await;
    let kept = MessageTemplate { groups: [group_id("g1")].into(), ..template("c1", "t1") };
    world.template(&kept).await;
    let event = with(&made_of("t1", 3));
    let code = ["template_not_for_sender /template/id"];
    world.refuses(&send(&world), &event, 403, &code).await;
    let in_group = StaffMember { groups: [group_id("g1")].into(), ..member("c1", "s1") };
    world.staff(&in_group).await;
    world.ask(&send(&world), &event).await.expect(201);

    world.template(&MessageTemplate { archived: true, ..kept }).await;
    let event = event.key("2");
    world.refuses(&send(&world), &event, 409, &["template_archived /template/id"]).await;
    // With everything else that is in the way.
    let unreachable = Patient { portal_access: false, ..patient("c1", "p1") };
    world.patient(&unreachable).await;
    let codes = ["patient_access_off", "template_archived /template/id"];
    world.refuses(&send(&world), &event, 409, &codes).await;
}

#[tokio::test]
async fn a_patient_s_message_is_made_of_no_template() {
    let world = World::of(Plan::ConnectPro).await;
    world.template(&template("c1", "t1")).await;
    world.group(&group("c1", "g1")).await;
    let mut body = made_of("t1", 3);
    body["groups"] = json!(["g1"]);
    let by_account = |body: &Value| event(&account("a1")).body(body);
    world.refuses(&send(&world), &by_account(&body), 403, &["not_allowed /template"]).await;
    (body["title"], body["body"]) = (json!("Mine"), json!("Mine"));
    world.refuses(&send(&world), &by_account(&body), 403, &["not_allowed /template"]).await;
}

#[tokio::test]
async fn replies_are_allowed_as_the_sender_says_or_the_template_or_the_clinic() {
    let world = world().await;
    let mut number = 0;
    for (by_clinic, by_template, said, allowed) in [
        (true, None, None, true),
        (false, None, None, false),
        (true, Some(false), None, false),
        (false, Some(true), None, true),
        (true, Some(true), Some(false), false),
        (false, Some(false), Some(true), true),
    ] {
        let settings = clinic("c1", Plan::Connect);
        world.clinic(&ClinicSettings { replies_allowed_by_default: by_clinic, ..settings }).await;
        let kept = MessageTemplate { replies_allowed: by_template, ..template("c1", "t1") };
        world.template(&kept).await;
        let mut body = made_of("t1", 3);
        if let Some(said) = said {
            body["repliesAllowed"] = json!(said);
        }
        number += 1;
        let event = with(&body).key(&number.to_string());
        let answer = world.ask(&send(&world), &event).await.expect(201);
        assert_eq!(answer["repliesAllowed"], allowed, "{number}");
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_whatever_became_of_the_template() {
    let world = world().await;
    let mut body = made_of("t1", 3);
    body["body"] = json!("<p>{{today}}</p><img src=x><script>x</script>");
    let event = with(&body);
    let first = world.ask(&send(&world), &event).await;
    first.clone().expect(201);
    set_clock(NOW + SignedDuration::from_mins(5));
    let gone = MessageTemplate { version: 4, archived: true, ..template("c1", "t1") };
    world.template(&gone).await;
    let before = world.state().await;
    assert_eq!(world.ask(&send(&world), &event).await, first);
    assert!(first.body["removed"].as_array().unwrap().len() == 2);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());
    let codes = ["template_archived /template/id", "template_version_stale /template/version"];
    world.refuses(&send(&world), &event.key("2"), 409, &codes).await;
}

#[tokio::test]
async fn what_was_removed_is_told_to_the_sender_and_kept_nowhere() {
    let world = World::of(Plan::ConnectPro).await;
    world.group(&group("c1", "g1")).await;
    let text = "<h1>Bonjour</h1><p style=\"color:red\">a\0b</p><video src=x></video>";
    let body = json!({ "title": "t", "body": text, "groups": ["g1"] });
    let told = json!([
        { "what": "formatting", "name": "h1", "count": 1 },
        { "what": "style", "name": "color", "count": 1 },
        { "what": "character", "name": "U+0000", "count": 1 },
        { "what": "element", "name": "video", "count": 1 },
    ]);
    for actor in [staff("s1"), account("a1")] {
        let event = event(&actor).body(&body);
        for _ in ["first", "repeat"] {
            let answer = world.ask(&send(&world), &event).await.expect(201);
            assert_eq!(answer["removed"], told);
        }
    }
    let stored = format!("{:?}", world.state().await);
    for gone in ["removed", "video", "U+0000", "color"] {
        assert!(!stored.contains(gone), "{gone}");
    }
    let clean = event(&staff("s1")).key("2");
    assert!(world.ask(&send(&world), &clean).await.expect(201).get("removed").is_none());
}

#[tokio::test]
async fn the_longest_template_is_sent_or_refused_and_never_too_much_for_the_store() {
    let world = world().await;
    let longest = Patient { name: display_name(&"&".repeat(100)), ..patient("c1", "p1") };
    world.patient(&longest).await;
    let of = |body: String| MessageTemplate {
        body: Body::parse(&body).unwrap(),
        ..template("c1", "t1")
    };
    // 500 bytes of HTML for each name, in 100 KiB.
    for (names, status) in [(200, 201), (205, 422)] {
        world.template(&of("{{patientName}}".repeat(names))).await;
        let event = with(&made_of("t1", 3)).key(&names.to_string());
        let answer = world.ask(&send(&world), &event).await;
        assert_eq!(answer.status, status, "{names}");
    }
    for (number, body) in ["&".repeat(MAX_TEMPLATE_BYTES / 5), "😬".repeat(MAX_TEMPLATE_BYTES / 4)]
        .into_iter()
        .enumerate()
    {
        world.template(&of(body)).await;
        let event = with(&made_of("t1", 3)).key(&number.to_string());
        world.ask(&send(&world), &event).await.expect(201);
    }
}

#[tokio::test]
async fn beside_a_file_nothing_needs_to_be_said() {
    let world = world().await;
    let by_staff: Actor = staff("s1");
    for (number, body) in [
        json!({ "title": "t", "attachments": ["f1"] }),
        json!({ "template": { "id": "t1", "version": 3 }, "body": "", "attachments": ["f2"] }),
    ]
    .into_iter()
    .enumerate()
    {
        world.attachment(&clean(&format!("f{}", number + 1), &by_staff)).await;
        let event = with(&body).key(&number.to_string());
        let (_, html, _) = sent(&world, world.ask(&send(&world), &event).await).await;
        assert_eq!(html, "");
    }
    // What is left out is the template's, beside a file too.
    world.attachment(&clean("f3", &by_staff)).await;
    let mut body = made_of("t1", 3);
    body["attachments"] = json!(["f3"]);
    let (_, html, _) = sent(&world, world.ask(&send(&world), &with(&body).key("3")).await).await;
    assert!(html.contains("Zebulon p1"));
}
