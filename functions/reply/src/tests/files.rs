//! Files that go with a reply: all of them with the message, or nothing at all.

use std::sync::Arc;

use domain::attachment::{Attachment, State};
use domain::clinic::Plan;
use domain::document::{Document, Progress};
use domain::id::AttachmentId;
use scenario::people::{account, attachment, clean, document, kept, staff};
use scenario::{CONVERSATION, Event, World};
use serde_json::json;
use store::attachments::AttachmentKey;
use store::key;
use testkit::Fault;

use super::{faulty, reply};

fn with_files(by: &domain::actor::Actor, files: &[&str]) -> Event {
    let body = json!({ "body": "", "attachments": files });
    Event::sample("reply/reply-with-file.account.json").by(by).body(&body)
}

async fn stored(world: &World, id: &str) -> Attachment {
    let of = attachment(id, &account("a1"));
    let key = key::attachment(&AttachmentKey::of(&of));
    world.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
}

/// A clinic whose patient has two files that can be sent, f1 and f2, and one that is inspected, f3.
async fn world() -> (World, store::key::ConversationKey) {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for id in ["f1", "f2"] {
        world.attachment(&clean(id, &account("a1"))).await;
    }
    let inspecting = attachment("f3", &account("a1")).uploaded("u1", scenario::NOW).unwrap();
    world.attachment(&inspecting).await;
    (world, name)
}

#[tokio::test]
async fn a_reply_of_files_alone_is_a_message_and_binds_them() {
    let (world, name) = world().await;
    let before = world.state().await;
    let event = with_files(&account("a1"), &["f1", "f2", "f1"]);
    world.ask(&reply(&world), &event).await.expect(201);
    let message = world.messages(&name).await.into_iter().find(|message| message.number == 2);
    let message = message.unwrap();
    assert_eq!(message.body.text(), "");
    let sent: Vec<_> = message.files.iter().map(|file| file.id.as_str()).collect();
    assert_eq!(sent, ["f1", "f2"], "one that is named twice is meant once");
    for id in sent {
        let bound = stored(&world, id).await;
        let conversation = name.conversation.clone();
        assert_eq!(bound.state, State::Bound { kept: kept(), conversation, message: 2 });
    }
    let difference = world.state().await.since(&before);
    assert_eq!(difference.record().objects, [CONVERSATION, "2", "f1", "f2"]);
    let (store, later) = (world.store(), "2030-01-01T00:00:00Z".parse().unwrap());
    for shard in 0..store::key::DUE_SHARDS {
        let due = store.due(store::key::Work::File, shard, later, 9).await.unwrap();
        let sent = due.iter().filter(|hint| !hint.key.pk.ends_with("#f3"));
        assert_eq!(sent.count(), 0, "nobody gives up what was sent");
    }
}

#[tokio::test]
async fn one_file_that_cannot_be_sent_sends_nothing_and_binds_nothing() {
    let (world, _) = world().await;
    let service = reply(&world);
    for (files, status, code) in [
        (["f1", "f3"], 409, "attachment_not_ready /attachments/1"),
        (["f1", "f9"], 404, "attachment_not_found /attachments/1"),
        (["f1", "a/b"], 422, "invalid_id /attachments/1"),
    ] {
        world.refuses(&service, &with_files(&account("a1"), &files), status, &[code]).await;
    }
    world
        .refuses(
            &service,
            &with_files(&staff("s1"), &["f1"]),
            404,
            &["attachment_not_found /attachments/0"],
        )
        .await;
    assert_eq!(stored(&world, "f1").await.state.as_str(), "clean");
    // The one that was not ready is, and the same request is done.
    let event = with_files(&account("a1"), &["f1"]);
    world.ask(&service, &event).await.expect(201);
    let again = with_files(&account("a1"), &["f1"]).key("another");
    world.refuses(&service, &again, 409, &["attachment_used /attachments/0"]).await;
}

#[tokio::test]
async fn through_any_failure_the_message_is_there_with_all_its_files_or_not_at_all() {
    for fault in [
        Fault::unavailable("BatchGetItem").times(3),
        Fault::throttled("TransactWriteItems").times(3),
        Fault::unavailable("TransactWriteItems").times(3),
        Fault::answer_lost("TransactWriteItems").times(3),
        Fault::conflict("TransactWriteItems"),
    ] {
        let (world, name) = world().await;
        let event = with_files(&account("a1"), &["f1", "f2"]);
        let first = world.ask(&faulty(&world, fault), &event).await;
        assert!([201, 503].contains(&first.status), "{}", first.status);
        let there = world.messages(&name).await.len() == 2;
        for id in ["f1", "f2"] {
            let bound = stored(&world, id).await.state.as_str() == "bound";
            assert_eq!(bound, there, "all of it or nothing");
        }
        // Whatever it was, the same request comes to the same end.
        world.ask(&reply(&world), &event).await.expect(201);
        let messages = world.messages(&name).await;
        assert_eq!(messages.len(), 2);
        assert_eq!(messages.iter().map(|message| message.files.len()).sum::<usize>(), 2);
    }
}

#[tokio::test]
async fn what_changes_between_the_read_and_the_write_counts() {
    let (world, name) = world().await;
    let world = Arc::new(world);
    let theirs = Arc::clone(&world);
    let given_up = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move {
            let before = stored(&world, "f1").await;
            let store = world.store();
            let mut transaction = store.transaction();
            let next = before.given_up();
            store::attachments::put(&mut transaction, &next, Some(before.version), scenario::NOW);
            assert_eq!(store.commit(transaction).await.unwrap(), store::Committed::Done);
        }
    });
    let event = with_files(&account("a1"), &["f1"]);
    let answer = world.ask(&faulty(&world, given_up), &event).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (409, vec!["attachment_expired /attachments/0".to_owned()])
    );
    assert_eq!(world.messages(&name).await.len(), 1);
}

#[tokio::test]
async fn staff_send_a_document_as_long_as_it_is_the_one_that_was_read() {
    let (world, name) = world().await;
    world.document(&document("d1")).await;
    let event = || {
        let body = json!({ "body": "See this.", "documents": ["d1"] });
        Event::sample("reply/reply.staff.json").body(&body)
    };
    let world = Arc::new(world);
    let theirs = Arc::clone(&world);
    let replaced = Fault::meanwhile("TransactWriteItems", move || {
        let world = Arc::clone(&theirs);
        async move {
            let next = Document {
                version: 2,
                file: AttachmentId::parse("newer").unwrap(),
                progress: Progress::Pending,
                ..document("d1")
            };
            let store = world.store();
            let mut transaction = store.transaction();
            store::attachments::put_document(&mut transaction, &next, Some(1));
            assert_eq!(store.commit(transaction).await.unwrap(), store::Committed::Done);
        }
    });
    let answer = world.ask(&faulty(&world, replaced), &event()).await;
    let not_ready = vec!["attachment_not_ready /documents/0".to_owned()];
    assert_eq!((answer.status, answer.codes()), (409, not_ready));
    assert_eq!(world.messages(&name).await.len(), 1);
    let patients = Event::sample("reply/reply.account.json")
        .body(&json!({ "body": "See this.", "documents": ["d1"] }));
    world.refuses(&reply(&world), &patients, 403, &["not_allowed /documents"]).await;
}
