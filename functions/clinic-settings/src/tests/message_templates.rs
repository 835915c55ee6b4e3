//! A clinic's message templates.

use std::sync::Arc;

use domain::actor::Actor;
use domain::audit::{Action, Outcome};
use domain::clinic::Plan;
use domain::message_template::{MAX_TEMPLATE_BYTES, MAX_TEMPLATES, MessageTemplate};
use domain::people::{Group, Patient, Role, StaffMember};
use scenario::people::{
    account, chart, display_name, group, group_id, member, operator, patient, portal, staff,
    staff_of, template,
};
use scenario::{Answer, Event, World, sources};
use serde_json::{Value, json};
use testkit::Fault;

use crate::handler::Handler;

fn handler(world: &World) -> Handler {
    Handler { store: world.store(), sources: sources() }
}

/// Both clinics, with the group of the samples.
async fn world() -> World {
    let world = World::of(Plan::Connect).await;
    for clinic in ["c1", "c2"] {
        world.group(&group(clinic, "g1")).await;
    }
    world
}

fn sample(name: &str) -> Event {
    Event::sample(&format!("clinic-settings/{name}.json"))
}

fn list(actor: &Actor) -> Event {
    sample("list-message-templates.staff").by(actor)
}

fn read(actor: &Actor) -> Event {
    sample("get-message-template.staff").by(actor)
}

/// A change of the template `t1` as an administrator, in the place of a version; of none: a new one.
fn save(version: Option<u64>, body: &Value) -> Event {
    let event = sample("create-message-template.admin").body(body);
    match version {
        None => event,
        Some(version) => {
            let tag = format!("\"{version}\"");
            event.header("If-None-Match", &[]).header("If-Match", &[&tag])
        }
    }
}

fn try_out(actor: &Actor, body: &Value) -> Event {
    sample("preview-message-template.staff").by(actor).body(body)
}

/// A template that all staff may use.
fn simple() -> Value {
    json!({ "language": "en", "title": "Results", "body": "<p>{{patientName}}</p>" })
}

fn with(member: &str, value: Value) -> Value {
    let mut body = simple();
    body[member] = value;
    body
}

async fn ask(world: &World, event: &Event) -> Answer {
    world.ask(&handler(world), event).await
}

async fn refuses(world: &World, event: &Event, status: i64, codes: &[&str]) {
    let record = world.refuses(&handler(world), event, status, codes).await;
    assert!(record.patient.is_none());
}

fn listed(answer: &Answer) -> Vec<String> {
    let templates = answer.body["templates"].as_array().unwrap().iter();
    templates.map(|template| template["templateId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_samples_create_read_list_try_out_and_archive() {
    let world = world().await;
    let before = world.state().await;
    let created = ask(&world, &sample("create-message-template.admin")).await;
    assert_eq!(created.etag.as_deref(), Some("\"1\""));
    let html = "<p>Dear <b>{{patientName}}</b>, we have your results. {{senderName}}</p>";
    let text = "Dear {{patientName}}, we have your results. {{senderName}}";
    let wanted = json!({
        "clinicId": "c1",
        "templateId": "t1",
        "version": 1,
        "language": "en",
        "title": "Results of {{today|short}}",
        "repliesAllowed": false,
        "groups": ["g1"],
        "archived": false,
        "body": { "html": html, "text": text },
        "placeholders": ["today", "patientName", "senderName"],
    });
    assert_eq!(created.expect(201), wanted);
    let difference = world.state().await.since(&before);
    assert_eq!(difference.written_sort_keys(), ["TEMPLATE#t1", "TEMPLATE_VERSION#t1#0000000001"]);
    let record = difference.record();
    assert_eq!((record.action, &record.outcome), (Action::TemplateChange, &Outcome::Done));
    assert_eq!(record.objects, ["t1"]);
    let changed: Vec<_> = record.changes.iter().map(|change| change.member.as_str()).collect();
    assert_eq!(changed, ["language", "title", "body", "repliesAllowed", "groups", "archived"]);

    let answer = ask(&world, &sample("get-message-template.staff")).await;
    assert_eq!(answer.etag.as_deref(), Some("\"1\""));
    assert_eq!(answer.expect(200), wanted);
    let answer = ask(&world, &sample("list-message-templates.staff")).await.expect(200);
    let mut summary = wanted.clone();
    for more in ["clinicId", "body", "placeholders"] {
        summary.as_object_mut().unwrap().remove(more);
    }
    assert_eq!(answer, json!({ "templates": [summary] }));

    let in_group = StaffMember { groups: [group_id("g1")].into(), ..member("c1", "s1") };
    world.staff(&in_group).await;
    let answer = ask(&world, &sample("preview-message-template.staff")).await.expect(200);
    let html = "<p>Dear <b>Zebulon p1</b>, we have your results. Staff s1</p>";
    let text = "Dear Zebulon p1, we have your results. Staff s1";
    let title = "Results of 2026-11-24";
    assert_eq!(answer, json!({ "title": title, "html": html, "text": text }));

    let before = world.state().await;
    let archived = ask(&world, &sample("put-message-template.admin")).await;
    assert_eq!(archived.etag.as_deref(), Some("\"2\""));
    assert_eq!(archived.expect(200)["archived"], true);
    let difference = world.state().await.since(&before);
    assert_eq!(difference.written_sort_keys(), ["TEMPLATE#t1", "TEMPLATE_VERSION#t1#0000000002"]);
    let written = serde_json::to_value(&difference.record().changes).unwrap();
    assert_eq!(written, json!([{ "member": "archived", "from": "false", "to": "true" }]));
    for name in ["", "s", "-preview"] {
        let name = if name == "s" {
            "options-message-templates".to_owned()
        } else {
            format!("options-message-template{name}")
        };
        assert_eq!(ask(&world, &sample(&name)).await.status, 204);
    }
}

#[tokio::test]
async fn each_version_can_be_read_for_ever_and_only_the_last_one_replaced() {
    let world = world().await;
    ask(&world, &save(None, &with("title", json!("First")))).await.expect(201);
    ask(&world, &save(Some(1), &with("title", json!("Second")))).await.expect(200);
    // Sent again, each finds itself; another one is too late.
    ask(&world, &save(Some(1), &with("title", json!("Second")))).await.expect(200);
    let late = ["version_conflict"];
    refuses(&world, &save(Some(1), &with("title", json!("Other"))), 412, &late).await;
    refuses(&world, &save(None, &with("title", json!("First"))), 412, &late).await;
    refuses(&world, &save(Some(3), &simple()), 412, &late).await;
    let elsewhere = save(Some(1), &simple()).path("templateId", "t2");
    refuses(&world, &elsewhere, 404, &["not_found"]).await;
    let no_version = save(None, &simple()).header("If-None-Match", &[]);
    refuses(&world, &no_version, 428, &["version_required"]).await;

    for (version, title, tag) in
        [(None, "Second", Some("\"2\"")), (Some("1"), "First", None), (Some("2"), "Second", None)]
    {
        let query: Vec<_> = version.map(|version| ("version", version)).into_iter().collect();
        let answer = ask(&world, &read(&staff("s1")).query(&query)).await;
        assert_eq!(answer.etag.as_deref(), tag, "{version:?}");
        assert_eq!(answer.expect(200)["title"], title, "{version:?}");
    }
    for version in ["0", "3", "", "x", "+1", "1.0", "99999999999999999999"] {
        let event = read(&staff("s1")).query(&[("version", version)]);
        refuses(&world, &event, 404, &["not_found"]).await;
    }
    let twice = read(&staff("s1")).query(&[("version", "1"), ("version", "2")]);
    refuses(&world, &twice, 400, &["duplicate_parameter version"]).await;
    let other = read(&staff("s1")).query(&[("archived", "true")]);
    refuses(&world, &other, 400, &["unknown_parameter"]).await;
    refuses(&world, &read(&staff("s1")).path("templateId", "t2"), 404, &["not_found"]).await;
    refuses(&world, &read(&staff("s1")).path("templateId", "t1#1"), 404, &["not_found"]).await;
}

#[tokio::test]
async fn the_list_has_all_of_the_clinic_s_own_or_those_of_the_archive_or_the_others() {
    let world = world().await;
    for (clinic, id, archived) in
        [("c1", "b", false), ("c1", "a", true), ("c1", "c", false), ("c2", "d", false)]
    {
        world.template(&MessageTemplate { archived, ..template(clinic, id) }).await;
    }
    ask(&world, &save(None, &simple())).await.expect(201);
    for (query, wanted) in [
        (vec![], vec!["a", "b", "c", "t1"]),
        (vec![("archived", "false")], vec!["b", "c", "t1"]),
        (vec![("archived", "true")], vec!["a"]),
    ] {
        let before = world.state().await;
        let answer = ask(&world, &list(&staff("s1")).query(&query)).await;
        assert_eq!(listed(&answer), wanted, "{query:?}");
        let difference = world.state().await.since(&before);
        assert_eq!(difference.record().action, Action::TemplateList);
    }
    for value in ["yes", "", "TRUE", "1"] {
        let event = list(&staff("s1")).query(&[("archived", value)]);
        refuses(&world, &event, 422, &["invalid_flag archived"]).await;
    }
    let event = list(&staff("s1")).query(&[("limit", "5")]);
    refuses(&world, &event, 400, &["unknown_parameter"]).await;
}

#[tokio::test]
async fn a_template_that_cannot_be_saved_says_everything_that_is_wrong() {
    let world = world().await;
    world.group(&Group { active: false, ..group("c1", "g2") }).await;
    world.group(&group("c2", "of-c2")).await;
    let wrong = json!({
        "language": "es",
        "title": " ",
        "body": "<iframe src=\"https://example.test\"></iframe>",
        "groups": ["g1", "g2", "of-c2", "none", "a#b"],
    });
    let codes = [
        "invalid_id /groups/4",
        "unknown_group /groups/1",
        "unknown_group /groups/2",
        "unknown_group /groups/3",
        "language_unknown /language",
        "title_empty /title",
        "body_empty /body",
    ];
    refuses(&world, &save(None, &wrong), 422, &codes).await;
    let many: Vec<_> = (0..21).map(|_| "g1").collect();
    let wrong = json!({
        "language": "fr", "title": "{{Today}}", "body": "{{patient_<b>name</b>}}", "groups": many,
    });
    let codes =
        ["too_many_groups /groups", "placeholder_unknown /title", "placeholder_unknown /body"];
    refuses(&world, &save(None, &wrong), 422, &codes).await;
    for (body, code) in [
        (with("body", json!("<div></div>")), "body_empty /body"),
        (with("body", json!("\0\0\0")), "body_empty /body"),
        (
            with("body", json!("<a href='https://e.test/{{today}}'>x</a>")),
            "placeholder_in_link /body",
        ),
        (with("body", json!("<a href='{{today}}'>x</a>")), "placeholder_in_link /body"),
        (with("body", json!("<a href='/{{today}}'>x</a>")), "placeholder_in_link /body"),
        (with("body", json!("x".repeat(MAX_TEMPLATE_BYTES + 1))), "template_too_long /body"),
        (with("body", json!("&".repeat(MAX_TEMPLATE_BYTES / 4))), "template_too_long /body"),
        (with("body", json!("<ul><li>".repeat(60) + "x")), "body_too_deep /body"),
        (with("title", json!("a\0b")), "forbidden_character /title"),
        (with("title", json!("t".repeat(201))), "title_too_long /title"),
        (with("archived", json!("yes")), "wrong_type /archived"),
        (with("groups", json!("g1")), "wrong_type /groups"),
        (with("version", json!(1)), "unknown_member /version"),
        (json!({ "title": "t", "body": "x" }), "missing_member /language"),
    ] {
        refuses(&world, &save(None, &body), 422, &[code]).await;
    }
    let odd = save(None, &simple()).path("templateId", "a%2Fb");
    refuses(&world, &odd, 404, &["not_found"]).await;
    let answer = ask(&world, &save(None, &with("title", json!("{{patient_first_name}}")))).await;
    assert_eq!(answer.body["errors"][0]["about"], "patient_first_name");
}

#[tokio::test]
async fn what_was_removed_is_told_when_it_is_saved_and_when_that_is_repeated() {
    let world = world().await;
    let body = with("body", json!("<h1>Hi</h1><p>{{patientName}}</p><script>x</script>"));
    for _ in ["first", "repeat"] {
        let answer = ask(&world, &save(None, &body)).await.expect(201);
        let names: Vec<_> = answer["removed"].as_array().unwrap().iter().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(names[1], &json!({ "what": "element", "name": "script", "count": 1 }));
    }
    let answer = ask(&world, &read(&staff("s1"))).await.expect(200);
    assert!(answer.get("removed").is_none());
    assert!(!format!("{:?}", world.state().await).contains("removed"));
}

#[tokio::test]
async fn a_clinic_has_two_hundred_templates_at_most_and_may_change_each() {
    let world = world().await;
    for number in 2..MAX_TEMPLATES {
        world.template(&template("c1", &format!("of-{number}"))).await;
    }
    world.template(&template("c2", "of-c2")).await;
    ask(&world, &save(None, &simple()).path("templateId", "one")).await.expect(201);
    ask(&world, &save(None, &simple())).await.expect(201);
    ask(&world, &save(None, &simple())).await.expect(201);
    let more = save(None, &simple()).path("templateId", "more");
    refuses(&world, &more, 409, &["too_many_templates"]).await;
    ask(&world, &save(Some(1), &with("archived", json!(true)))).await.expect(200);
    refuses(&world, &more, 409, &["too_many_templates"]).await;
    assert_eq!(listed(&ask(&world, &list(&staff("s1")).query(&[])).await).len(), MAX_TEMPLATES);
}

#[tokio::test]
async fn a_group_that_goes_out_of_use_meanwhile_keeps_no_template() {
    let world = Arc::new(world().await);
    let theirs = Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move { world.group(&Group { active: false, ..group("c1", "g1") }).await }
    });
    let unlucky = Handler { store: world.store_with(fault), sources: sources() };
    let answer = world.ask(&unlucky, &save(None, &with("groups", json!(["g1"])))).await;
    assert_eq!((answer.status, answer.codes()), (422, vec!["unknown_group /groups/0".to_owned()]));
    refuses(&world, &read(&staff("s1")), 404, &["not_found"]).await;
}

/// Otherwise it could not be archived without opening it to all staff first.
#[tokio::test]
async fn a_template_stays_kept_for_a_group_that_went_out_of_use() {
    let world = world().await;
    let kept = with("groups", json!(["g1"]));
    ask(&world, &save(None, &kept)).await.expect(201);
    world.group(&Group { active: false, ..group("c1", "g1") }).await;
    let mut archived = kept;
    archived["archived"] = json!(true);
    let saved = ask(&world, &save(Some(1), &archived)).await.expect(200);
    assert_eq!((&saved["archived"], &saved["groups"]), (&json!(true), &json!(["g1"])));
    // Another template is not kept for it any more, and nor is this one, once it was not.
    let other = save(None, &with("groups", json!(["g1"]))).path("templateId", "other");
    refuses(&world, &other, 422, &["unknown_group /groups/0"]).await;
    ask(&world, &save(Some(2), &simple())).await.expect(200);
    let again = save(Some(3), &with("groups", json!(["g1"])));
    refuses(&world, &again, 422, &["unknown_group /groups/0"]).await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made_and_the_other_hears_of_it() {
    let world = Arc::new(world().await);
    let theirs = Arc::clone(&world);
    let fault = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move { world.template(&template("c1", "t1")).await }
    });
    let unlucky = Handler { store: world.store_with(fault), sources: sources() };
    let answer = world.ask(&unlucky, &save(None, &simple())).await;
    assert_eq!((answer.status, answer.codes()), (412, vec!["version_conflict".to_owned()]));
    assert_eq!(ask(&world, &read(&staff("s1"))).await.expect(200)["version"], 3);
}

#[tokio::test]
async fn administrators_write_templates_and_the_clinic_s_people_read_them() {
    let not_allowed = (403, "not_allowed");
    let inactive = (403, "staff_inactive");
    let nothing = (404, "not_found");
    let done = (200, "");
    for (actor, reading, writing, trying) in [
        (operator(), done, done, nothing),
        (chart(), done, not_allowed, nothing),
        (staff("s9"), done, done, done),
        (staff("s1"), done, not_allowed, done),
        (staff("watch"), done, not_allowed, not_allowed),
        (staff("s4"), inactive, inactive, inactive),
        (staff("nobody"), inactive, inactive, inactive),
        (staff_of("c2", "s9"), nothing, nothing, nothing),
        (account("a1"), nothing, nothing, nothing),
        (portal("p1"), nothing, nothing, nothing),
    ] {
        let world = world().await;
        let watch = [Role::PrivacyOfficer].into();
        world.staff(&StaffMember { roles: watch, ..member("c1", "watch") }).await;
        world.template(&template("c1", "t1")).await;
        for (event, (status, code)) in [
            (list(&actor), reading),
            (read(&actor), reading),
            (save(Some(3), &simple()).by(&actor), writing),
            (try_out(&actor, &json!({ "patientId": "p1" })), trying),
        ] {
            if status == 200 {
                ask(&world, &event).await.expect(200);
            } else {
                refuses(&world, &event, status, &[code]).await;
            }
        }
    }
    // What can never be read is not said before who may change anything.
    let world = world().await;
    let odd = save(None, &json!({})).by(&staff("s1"));
    refuses(&world, &odd, 403, &["not_allowed"]).await;
    for event in [list(&staff("s9")), save(None, &simple())] {
        refuses(&world, &event.path("clinicId", "none"), 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn a_preview_is_on_record_with_the_patient_and_changes_nothing() {
    let world = world().await;
    world.template(&template("c1", "t1")).await;
    let before = world.state().await;
    let named = Patient { name: display_name("<b>Z</b> {{today}}"), ..patient("c1", "p2") };
    world.patient(&named).await;
    let after = world.state().await;
    let answer = ask(&world, &try_out(&staff("s2"), &json!({ "patientId": "p2" }))).await;
    let html = "<p>Dear <b>&lt;b&gt;Z&lt;/b&gt; {{today}}</b>, we have your results. Staff s2</p>";
    assert_eq!(answer.expect(200)["html"], html);
    let difference = world.state().await.since(&after);
    assert!(difference.written.is_empty() && difference.gone.is_empty());
    let record = difference.record();
    assert_eq!((record.action, &record.outcome), (Action::TemplatePreview, &Outcome::Done));
    assert_eq!(record.patient.as_ref().unwrap().as_str(), "p2");
    assert_eq!(record.objects, ["t1"]);
    assert_eq!(before.records.len(), after.records.len());
}

#[tokio::test]
async fn a_preview_is_refused_where_a_message_would_be() {
    let world = world().await;
    let of_p1 = |version: Option<u64>| {
        let mut body = json!({ "patientId": "p1" });
        if let Some(version) = version {
            body["version"] = json!(version);
        }
        try_out(&staff("s1"), &body)
    };
    refuses(&world, &of_p1(None), 404, &["not_found"]).await;
    world.template(&template("c2", "t1")).await;
    refuses(&world, &of_p1(None), 404, &["not_found"]).await;

    let kept = MessageTemplate { groups: [group_id("g1")].into(), ..template("c1", "t1") };
    world.template(&MessageTemplate { archived: true, ..kept }).await;
    let codes = ["template_not_for_sender", "template_archived", "template_version_stale /version"];
    refuses(&world, &of_p1(Some(2)), 403, &codes).await;
    refuses(&world, &of_p1(None), 403, &codes[..2]).await;
    world.template(&template("c1", "t1")).await;
    let answer = ask(&world, &of_p1(Some(2))).await;
    assert_eq!(answer.body["errors"][0]["about"], "3");
    ask(&world, &of_p1(Some(3))).await.expect(200);

    let lacking = with("body", json!("{{patientGivenName}}"));
    ask(&world, &save(Some(3), &lacking)).await.expect(200);
    refuses(&world, &of_p1(None), 422, &["placeholder_without_value /body"]).await;
    for (body, status, code) in [
        (json!({ "patientId": "none" }), 404, "not_found"),
        (json!({ "patientId": "a#b" }), 422, "invalid_id /patientId"),
        (json!({}), 422, "missing_member /patientId"),
        (json!({ "patientId": "p1", "version": "3" }), 422, "wrong_type /version"),
    ] {
        refuses(&world, &try_out(&staff("s1"), &body), status, &[code]).await;
    }
}

#[tokio::test]
async fn a_draft_is_tried_out_before_it_is_saved_or_as_a_change_of_what_is() {
    let world = world().await;
    let draft = |language: &str, title: &str, body: &str| {
        json!({
            "patientId": "p1",
            "draft": { "language": language, "title": title, "body": body },
        })
    };
    let unsaved = draft("fr", "{{today}}", "<p>Bonjour {{patientName}}</p><img src=x>");
    let answer = ask(&world, &try_out(&staff("s1"), &unsaved)).await.expect(200);
    let wanted = json!({
        "title": "24 novembre 2026",
        "html": "<p>Bonjour Zebulon p1</p>",
        "text": "Bonjour Zebulon p1",
        "removed": [{ "what": "element", "name": "img", "count": 1 }],
    });
    assert_eq!(answer, wanted);
    for (draft, codes) in [
        (
            draft("es", "", ""),
            vec![
                "language_unknown /draft/language",
                "title_empty /draft/title",
                "body_empty /draft/body",
            ],
        ),
        (
            draft("en", "{{x}}", "{{patientName"),
            vec!["placeholder_unknown /draft/title", "placeholder_unknown /draft/body"],
        ),
        (draft("en", "{{patientFamilyName}}", "x"), vec!["placeholder_without_value /draft/title"]),
    ] {
        refuses(&world, &try_out(&staff("s1"), &draft), 422, &codes).await;
    }
    // Beside a version it is the sender's change of that one.
    let mut change = unsaved.clone();
    change["version"] = json!(3);
    refuses(&world, &try_out(&staff("s1"), &change), 404, &["not_found"]).await;
    world.template(&template("c1", "t1")).await;
    assert_eq!(ask(&world, &try_out(&staff("s1"), &change)).await.expect(200), wanted);
    change["version"] = json!(2);
    let stale = ["template_version_stale /version"];
    refuses(&world, &try_out(&staff("s1"), &change), 409, &stale).await;
}
