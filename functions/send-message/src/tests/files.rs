//! Files that go with the first message.

use domain::clinic::Plan;
use scenario::people::{account, clean, document, staff};
use scenario::{Event, World};
use serde_json::{Value, json};

use super::send;

fn start(body: &Value) -> Event {
    Event::sample("send-message/start.staff.json").body(body)
}

#[tokio::test]
async fn a_first_message_has_the_senders_files_and_the_patients_documents() {
    let world = World::of(Plan::Connect).await;
    world.attachment(&clean("f1", &staff("s1"))).await;
    world.attachment(&clean("f2", &account("a1"))).await;
    world.document(&document("d1")).await;
    let service = send(&world);
    let of = |attachments: &[&str], documents: &[&str]| {
        start(&json!({
            "title": "Your results",
            "body": "",
            "attachments": attachments,
            "documents": documents,
        }))
    };
    world.refuses(&service, &of(&["f2"], &[]), 404, &["attachment_not_found /attachments/0"]).await;
    world.refuses(&service, &of(&[], &["d2"]), 404, &["attachment_not_found /documents/0"]).await;
    let elsewhere = of(&[], &["d1"]).path("patientId", "p2");
    world.refuses(&service, &elsewhere, 404, &["attachment_not_found /documents/0"]).await;
    world.refuses(&service, &of(&[], &[]), 422, &["body_empty /body"]).await;
    let many: Vec<String> = (0..11).map(|number| format!("f{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    world.refuses(&service, &of(&many, &[]), 422, &["too_many_files /attachments"]).await;

    let before = world.state().await;
    let answer = world.ask(&service, &of(&["f1"], &["d1"])).await.expect(201);
    let conversation = answer["conversationId"].as_str().unwrap().to_owned();
    let difference = world.state().await.since(&before);
    assert_eq!(difference.record().objects, [conversation.as_str(), "f1", "of-d1"]);
    let name = scenario::name("c1", "p1", &conversation);
    let messages = world.messages(&name).await;
    let files: Vec<_> = messages[0].files.iter().map(|file| file.id.as_str()).collect();
    assert_eq!(files, ["f1", "of-d1"]);
    // A document may be sent again, an upload not.
    world.ask(&service, &of(&[], &["d1"]).key("again")).await.expect(201);
    let again = of(&["f1"], &[]).key("once-more");
    world.refuses(&service, &again, 409, &["attachment_used /attachments/0"]).await;
}
