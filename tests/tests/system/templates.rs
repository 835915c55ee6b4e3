//! Message templates, from the administrator's text to what the patient reads, and what is removed from a
//! body.

use http::Method;
use serde_json::{Value, json};
use system_tests::world::{self, Call};

use crate::ground::{create, replace};
use crate::harness::{PATIENT, STAFF, Site, ask, expect, marked, messages, problem, refused};

fn path(site: &Site, rest: &str) -> String {
    format!("/clinics/{}/message-templates{rest}", site.clinic.id)
}

fn document(title: &str, body: &str) -> Value {
    json!({ "language": "en", "title": title, "body": body })
}

/// A template of the clinic in its first version.
fn created(site: &Site, id: &str, document: Value) -> Value {
    expect(&create(&site.staff(), path(site, &format!("/{id}")), document), 201)
}

/// The call that starts a conversation of a template in a version, with the sender's changes.
fn starting(site: &Site, id: &str, version: u64, changes: &Value) -> Call {
    let mut body = json!({ "template": { "id": id, "version": version } });
    let changes = changes.as_object().into_iter().flatten();
    body.as_object_mut()
        .unwrap()
        .extend(changes.map(|(name, value)| (name.clone(), value.clone())));
    site.starting().with_body(body)
}

fn previewed(site: &Site, id: &str, question: Value) -> Call {
    let path = path(site, &format!("/{id}/preview"));
    let mut body = json!({ "patientId": PATIENT });
    body.as_object_mut().unwrap().extend(question.as_object().unwrap().clone());
    Call::new(&site.staff(), Method::POST, path).with_body(body)
}

#[test]
fn a_message_is_made_of_the_template_that_its_sender_saw() {
    let site = Site::new();
    let first = document(
        &marked("Results for {{patientName|upper}}"),
        "<p>Dear <b>{{patientName}}</b>, your results are at {{clinicName}}.</p><p>{{senderName}}</p>",
    );
    let saved = created(&site, "t1", first.clone());
    assert_eq!(saved["placeholders"], json!(["patientName", "clinicName", "senderName"]));
    let listed = expect(&Call::new(&site.staff(), Method::GET, path(&site, "")), 200);
    assert_eq!(listed["templates"][0]["templateId"], "t1");
    assert_eq!(listed["templates"].as_array().unwrap().len(), 1);

    // What is previewed is what is sent and what both sides read.
    let shown = expect(&previewed(&site, "t1", json!({ "version": 1 })), 200);
    let (marie, clinic) = (marked("Marie"), marked("Clinic"));
    let html = format!("<p>Dear <b>{marie}</b>, your results are at {clinic}.</p>");
    assert_eq!(shown["html"], format!("{html}<p>{}</p>", marked("Anna")));
    let start = starting(&site, "t1", 1, &json!({}));
    let thread = site.started(&start);
    for reader in [site.staff(), site.account.clone()] {
        let opened = expect(&thread.read(&reader), 200);
        let title = marked(&format!("Results for {}", marie.to_uppercase()));
        assert_eq!((&opened["title"], &shown["title"]), (&json!(title), &json!(title)));
        let message = &opened["messages"][0];
        assert_eq!(message["body"], json!({ "html": shown["html"], "text": shown["text"] }));
    }
    let made_of = |number: usize, version: u64| {
        let of_staff = &messages(&thread, &site.staff())[number];
        assert_eq!(of_staff["template"], json!({ "id": "t1", "version": version }));
        let of_patient = &messages(&thread, &site.account)[number];
        assert!(of_patient.get("template").is_none(), "{of_patient}");
    };
    made_of(0, 1);

    // It is edited meanwhile: the sender saw another text than there is now, and sends neither.
    let second = document("Second", "<p>Hello {{patientName}}, see you.</p>");
    let edit = |version: &str, document: &Value| {
        replace(&site.staff(), path(&site, "/t1"), version, document.clone())
    };
    expect(&edit("\"1\"", &second), 200);
    let stale = refused(&starting(&site, "t1", 1, &json!({})), 409, "template_version_stale");
    assert_eq!(stale["errors"][0]["about"], "2");
    assert_eq!(stale["errors"][0]["pointer"], "/template/version");
    refused(&previewed(&site, "t1", json!({ "version": 1 })), 409, "template_version_stale");
    let old = expect(&Call::new(&site.staff(), Method::GET, path(&site, "/t1?version=1")), 200);
    assert_eq!(old["title"], first["title"], "a version stays, whatever was made of it");
    let reply = json!({ "template": { "id": "t1", "version": 2 } });
    expect(&thread.reply(&site.staff(), "").with_body(reply.clone()), 201);
    made_of(1, 2);
    assert_eq!(
        messages(&thread, &site.account)[1]["body"]["text"],
        format!("Hello {}, see you.", marked("Marie"))
    );
    // The first message says what it said.
    assert_eq!(messages(&thread, &site.account)[0]["body"]["html"], shown["html"]);
    // It is the same message, sent again, although the template is another one by now.
    let again = expect(&start, 201);
    assert_eq!(again["conversationId"], thread.id.as_str());

    // A change of the sender's is filled as well, and a patient has no templates.
    let changed = starting(&site, "t1", 2, &json!({ "body": "Bye {{patientName}}", "title": "T" }));
    let other = site.started(&changed);
    assert_eq!(
        messages(&other, &site.account)[0]["body"]["text"],
        format!("Bye {}", marked("Marie"))
    );
    refused(&thread.reply(&site.account, "").with_body(reply), 403, "not_allowed");

    let mut archived = second;
    archived["archived"] = json!(true);
    expect(&edit("\"2\"", &archived), 200);
    refused(&starting(&site, "t1", 3, &json!({})), 409, "template_archived");
    let delete = Call::new(&site.staff(), Method::DELETE, path(&site, "/t1"));
    assert!(ask(&delete).status >= 400, "never deleted");
}

/// It is never sent raw or blank.
#[test]
fn a_value_that_is_missing_refuses_the_send_by_its_name() {
    let site = Site::new();
    let wanted = "<p>Born {{patientBirthDate}}, call {{clinicPhone}}</p>";
    created(&site, "t1", document("For {{patientGivenName}}", wanted));
    let start = starting(&site, "t1", 1, &json!({}));
    for call in [&start, &previewed(&site, "t1", json!({}))] {
        let document = refused(call, 422, "placeholder_without_value");
        let errors = document["errors"].as_array().unwrap();
        let named: Vec<(&str, &str)> = errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["about"].as_str().unwrap()))
            .collect();
        assert_eq!(
            named,
            [
                ("/title", "patientGivenName"),
                ("/body", "patientBirthDate"),
                ("/body", "clinicPhone"),
            ]
        );
    }
    let listed = expect(&site.clinic.list(&site.staff(), PATIENT), 200);
    assert_eq!(listed["conversations"], json!([]));
    // With a text that names what there is, it is sent.
    let own = json!({ "title": "For {{patientName}}", "body": "{{today|short}}" });
    let thread = site.started(&starting(&site, "t1", 1, &own));
    let said = messages(&thread, &site.account)[0]["body"]["text"].as_str().unwrap().to_owned();
    assert!(said.len() == 10 && !said.contains('{'), "{said}");
}

#[test]
fn a_template_that_cannot_work_is_refused_and_one_of_a_group_is_its_members() {
    let site = Site::new();
    let put =
        |id: &str, document: Value| create(&site.staff(), path(&site, &format!("/{id}")), document);
    for (title, body, code, pointer) in [
        ("T", "{{patient_name}}", "placeholder_unknown", "/body"),
        ("{{patientNmae}}", "B", "placeholder_unknown", "/title"),
        ("T", "<a href='https://example.test/{{today}}'>x</a>", "placeholder_in_link", "/body"),
        ("", "B", "title_empty", "/title"),
    ] {
        let told = refused(&put("wrong", document(title, &marked(body))), 422, code);
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }
    let clinician = site.clinic.staff("nurse");
    let by_clinician = put("mine", document("T", "B")).by(&clinician);
    let group = json!({ "name": marked("Nurses"), "active": true });
    expect(&site.clinic.create_group("g1", group), 201);
    let mut nurse = world::staff(&marked("Nora"), "clinician");
    nurse["groups"] = json!(["g1"]);
    expect(&site.clinic.create_staff("nurse", nurse), 201);
    refused(&by_clinician, 403, "not_allowed");

    let mut of_group = document("T", "Hello {{patientName}}");
    of_group["groups"] = json!(["g1"]);
    created(&site, "t1", of_group);
    let start = starting(&site, "t1", 1, &json!({}));
    refused(&start, 403, "template_not_for_sender");
    refused(&starting(&site, "none", 1, &json!({})), 422, "template_unknown");
    expect(&start.by(&clinician), 201);
}

/// The sender is told what a message may not have; the reader sees the rest.
#[test]
fn what_is_removed_from_a_body_is_told_to_its_sender() {
    let site = Site::new();
    let body = "<h1>Hi</h1><p onclick='x()'>there <script>alert(1)</script>\
                <a href='javascript:x()'>link</a></p><h1>Again</h1>";
    let removed = json!([
        { "what": "formatting", "name": "h1", "count": 2 },
        { "what": "attribute", "name": "onclick", "count": 1 },
        { "what": "element", "name": "script", "count": 1 },
        { "what": "link", "name": "javascript", "count": 1 },
    ]);
    let start = site.clinic.start(STAFF, PATIENT, json!({ "title": marked("T"), "body": body }));
    let answer = expect(&start, 201);
    assert_eq!(answer["removed"], removed);
    assert_eq!(expect(&start, 201)["removed"], removed, "and when it is repeated");
    let thread = site.clinic.conversation(PATIENT, answer["conversationId"].as_str().unwrap());
    for sender in [site.staff(), site.account.clone()] {
        let reply = expect(&thread.reply(&sender, body), 201);
        assert_eq!(reply["removed"], removed);
        assert!(expect(&thread.reply(&sender, "<b>fine</b>"), 201).get("removed").is_none());
    }
    for message in messages(&thread, &site.account) {
        let html = message["body"]["html"].as_str().unwrap();
        assert!(!html.contains("script") && !html.contains("onclick"), "{html}");
        assert!(message.get("removed").is_none());
    }
    let saved = created(&site, "t1", document("T", body));
    assert_eq!(saved["removed"], removed);
    let nothing_left = ask(&thread.reply(&site.account, "<script>alert(1)</script>"));
    problem(&nothing_left, 422, "body_empty");
}
