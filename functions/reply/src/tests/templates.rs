//! Messages that are made of a message template, and what is said of what was removed.

use domain::actor::Actor;
use domain::clinic::Plan;
use domain::command::Switch;
use domain::message_template::{MessageTemplate, TemplateVersion};
use domain::rich_text::Body;
use jiff::SignedDuration;
use scenario::people::{account, clean, group_id, staff, template};
use scenario::{Event, NOW, World, set_clock};
use serde_json::{Value, json};
use store::key::ConversationKey;

use super::{event, reply};

/// A conversation, and the template of the sample.
async fn world() -> (World, ConversationKey) {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.template(&template("c1", "t1")).await;
    (world, name)
}

fn made_of(version: u64) -> Value {
    json!({ "template": { "id": "t1", "version": version } })
}

fn with(actor: &Actor, body: &Value) -> Event {
    event(actor).body(body)
}

#[tokio::test]
async fn the_sample_says_what_the_template_does_and_names_its_version() {
    let (world, name) = world().await;
    let sample = Event::sample("reply/reply-from-template.staff.json");
    let answer = world.ask(&reply(&world), &sample).await.expect(201);
    assert!(answer.get("removed").is_none() && answer.get("template").is_none());
    let message = world.messages(&name).await.remove(1);
    let wanted = "<p>Dear <b>Zebulon p1</b>, we have your results. Staff s1</p>";
    assert_eq!(message.body.html(), wanted);
    let this = TemplateVersion { version: 3, ..template("c1", "t1").this_version() };
    assert_eq!(message.template, Some(this));
    // A reply leaves the conversation's title alone.
    assert_eq!(world.conversation(&name).await.title.as_str(), "Biopsy");
}

#[tokio::test]
async fn what_the_sender_changed_is_sent_in_its_place_or_refused_by_name() {
    let (world, name) = world().await;
    let mut body = made_of(3);
    body["body"] = json!("<p>On {{ today|short }}.</p><h2>{{patientName}}</h2>");
    let answer = world.ask(&reply(&world), &with(&staff("s1"), &body)).await.expect(201);
    assert_eq!(answer["removed"], json!([{ "what": "formatting", "name": "h2", "count": 1 }]));
    let message = world.messages(&name).await.remove(1);
    assert_eq!(message.body.text(), "On 2026-11-24.\nZebulon p1");
    for (text, code) in [
        ("{{patient_name}}", "placeholder_unknown /body"),
        ("{{patientGivenName}}", "placeholder_without_value /body"),
        ("", "body_empty /body"),
    ] {
        body["body"] = json!(text);
        let event = with(&staff("s1"), &body).key("2");
        world.refuses(&reply(&world), &event, 422, &[code]).await;
    }
    body["title"] = json!("A title");
    body["body"] = json!("x");
    let event = with(&staff("s1"), &body);
    world.refuses(&reply(&world), &event, 422, &["unknown_member /title"]).await;
}

#[tokio::test]
async fn a_template_that_cannot_be_used_sends_nothing() {
    let (world, name) = world().await;
    let by_staff = with(&staff("s1"), &made_of(2));
    let stale = "template_version_stale /template/version";
    world.refuses(&reply(&world), &by_staff, 409, &[stale]).await;
    let answer = world.ask(&reply(&world), &by_staff).await;
    assert_eq!(answer.body["errors"][0]["about"], "3");

    let kept = MessageTemplate { groups: [group_id("g1")].into(), ..template("c1", "t1") };
    world.template(&MessageTemplate { archived: true, ..kept }).await;
    let codes = ["template_not_for_sender /template/id", "template_archived /template/id", stale];
    world.refuses(&reply(&world), &by_staff, 403, &codes).await;

    world.template(&template("c2", "of-c2")).await;
    let unknown = json!({ "template": { "id": "of-c2", "version": 3 } });
    let event = with(&staff("s1"), &unknown);
    world.refuses(&reply(&world), &event, 422, &["template_unknown /template/id"]).await;

    // With everything else that is in the way.
    world.switch(&name, Switch::Close, NOW).await;
    let codes = ["conversation_closed", "template_unknown /template/id"];
    world.refuses(&reply(&world), &event, 409, &codes).await;
    assert_eq!(world.messages(&name).await.len(), 1);
}

#[tokio::test]
async fn a_patient_s_reply_is_made_of_no_template() {
    let (world, _) = world().await;
    for mine in [None, Some("Mine")] {
        let mut body = made_of(3);
        if let Some(mine) = mine {
            body["body"] = json!(mine);
        }
        let event = with(&account("a1"), &body);
        world.refuses(&reply(&world), &event, 403, &["not_allowed /template"]).await;
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_whatever_became_of_the_template() {
    let (world, _) = world().await;
    let mut body = made_of(3);
    body["body"] = json!("<p>{{today}}</p><img src=x>");
    let event = with(&staff("s1"), &body);
    let first = world.ask(&reply(&world), &event).await;
    assert_eq!(first.clone().expect(201)["removed"][0]["name"], "img");
    set_clock(NOW + SignedDuration::from_mins(5));
    world.template(&MessageTemplate { archived: true, ..template("c1", "t1") }).await;
    let before = world.state().await;
    assert_eq!(world.ask(&reply(&world), &event).await, first);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty() && difference.records.is_empty());
}

#[tokio::test]
async fn what_was_removed_is_told_to_whoever_wrote_it_and_kept_nowhere() {
    let (world, name) = world().await;
    let body = json!({ "body": "<p>Bonjour</p><iframe src=x></iframe><iframe></iframe>" });
    for actor in [staff("s1"), account("a1")] {
        let answer = world.ask(&reply(&world), &with(&actor, &body)).await.expect(201);
        let told = json!([{ "what": "element", "name": "iframe", "count": 2 }]);
        assert_eq!(answer["removed"], told);
    }
    assert_eq!(world.messages(&name).await.len(), 3);
    assert!(!format!("{:?}", world.state().await).contains("iframe"));
}

#[tokio::test]
async fn beside_a_file_a_reply_may_say_nothing_or_what_the_template_does() {
    let (world, name) = world().await;
    let files = |id: &str| json!({ "attachments": [id] });
    let mut of_template = files("f3");
    of_template["template"] = json!({ "id": "t1", "version": 3 });
    let bodies =
        [files("f1"), json!({ "body": "<img src=x>", "attachments": ["f2"] }), of_template];
    for (number, body) in bodies.into_iter().enumerate() {
        world.attachment(&clean(&format!("f{}", number + 1), &staff("s1"))).await;
        let event = with(&staff("s1"), &body).key(&number.to_string());
        world.ask(&reply(&world), &event).await.expect(201);
    }
    let messages = world.messages(&name).await;
    let texts: Vec<_> = messages.iter().map(|message| message.body.text()).collect();
    let from_template = Body::parse("Dear Zebulon p1, we have your results. Staff s1").unwrap();
    assert_eq!(texts, ["Gallstones.", "", "", from_template.text()]);
}
