//! What is done while the object store is out of reach, and what needs it not at all.

use domain::attachment::{Attachment, Purpose, State, UNUSED_LIVES, VERDICT_WITHIN};
use domain::clinic::Plan;
use domain::document::{Document, Progress};
use domain::file::Rejection;
use domain::id::AttachmentId;
use files::Files;
use launch::Listener;
use platform::{Deadline, Sources};
use scenario::people::{account, attachment, clean, document, kept};
use scenario::{NOW, World, set_clock, sources};
use serde_json::json;
use store::attachments::AttachmentKey;
use store::due::MOST_ATTEMPTS;
use store::key::{self, Key, Work};
use worker::{Step, Worker};

use super::events::{BUCKET, sample};
use crate::handler::Inspect;

const ID: &str = "0198c0de-0000-7000-8000-0000000000f1";
const VERSION: &str = "Lq3xG7b0d1fT5v9.example";

fn inspect(world: &World, scans: bool) -> Inspect {
    Inspect {
        store: world.store(),
        files: Files::new(&testkit::nobody(), BUCKET.to_owned()),
        sources: sources(),
        bucket: BUCKET.to_owned(),
        chart_bucket: None,
        scans,
        request_id: "invocation-1".to_owned(),
    }
}

fn name() -> AttachmentKey {
    AttachmentKey::of(&attachment(ID, &account("a1")))
}

async fn stored(world: &World) -> Attachment {
    let key = key::attachment(&name());
    world.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
}

async fn due(world: &World) -> Vec<Key> {
    let far = "2027-01-01T00:00:00Z".parse().unwrap();
    let mut all = Vec::new();
    for shard in 0..store::key::DUE_SHARDS {
        let hints = world.store().due(Work::File, shard, far, 100).await.unwrap();
        all.extend(hints.into_iter().map(|hint| hint.key));
    }
    all
}

async fn tell(world: &World, scans: bool, event: &str) -> bool {
    let deadline = Deadline::at(NOW);
    inspect(world, scans).handle(sample(event), deadline).await.is_ok()
}

/// A file whose content passed, and which waits for the scan.
fn waiting() -> Attachment {
    let state = State::Inspecting {
        object_version: VERSION.to_owned(),
        since: NOW,
        kept: Some(kept()),
        verdict: None,
    };
    Attachment { state, ..attachment(ID, &account("a1")) }
}

#[tokio::test]
async fn the_event_of_an_upload_comes_again_while_the_store_is_away_and_the_file_waits() {
    let world = World::of(Plan::Connect).await;
    world.attachment(&attachment(ID, &account("a1"))).await;
    for event in ["uploaded", "uploaded-by-event-bridge", "uploaded"] {
        assert!(!tell(&world, false, event).await, "Lambda is to repeat it");
        let file = stored(&world).await;
        assert_eq!((file.state.as_str(), file.to_inspect()), ("inspecting", Some(VERSION)));
    }
    assert_eq!(due(&world).await.len(), 1, "and the tick looks as well");
    // However long it lasts, no attempt counts.
    for minutes in 1..=i64::from(MOST_ATTEMPTS) * 2 {
        set_clock(NOW + jiff::SignedDuration::from_mins(minutes * 5));
        let step = inspect(&world, false).step(key::attachment(&name())).await;
        assert!(step.is_err());
        assert_eq!(stored(&world).await.state.as_str(), "inspecting");
    }
}

#[tokio::test]
async fn each_result_of_the_scan_has_its_end_and_comes_to_it_once() {
    for (event, end) in [
        ("no-threats-found", "clean"),
        ("threats-found", "malware"),
        ("unsupported", "not_scannable"),
        ("access-denied", "not_scannable"),
        ("failed", "not_scannable"),
    ] {
        let world = World::of(Plan::Connect).await;
        world.attachment(&waiting()).await;
        let before = world.state().await;
        assert!(tell(&world, true, &format!("scanned-{event}")).await);
        let file = stored(&world).await;
        match &file.state {
            State::Clean { kept: content, .. } => assert_eq!((content, end), (&kept(), "clean")),
            State::Rejected { reason } => assert_eq!(reason.as_str(), end),
            other => panic!("{other:?}"),
        }
        let difference = world.state().await.since(&before);
        let record = difference.record();
        assert_eq!(record.action.as_str(), "attachment.end");
        assert_eq!(record.objects, [ID, end]);
        // The objects could not be removed, since the store is away: that stays to be done.
        assert!(!file.garbage.is_empty());
        assert_eq!(due(&world).await, [key::attachment(&name())]);
        // Again, and otherwise: nothing more comes of it.
        let before = world.state().await;
        for event in ["no-threats-found", "threats-found", "failed"] {
            assert!(tell(&world, true, &format!("scanned-{event}")).await);
        }
        let difference = world.state().await.since(&before);
        assert!(difference.written.is_empty() && difference.records.is_empty());
    }
}

#[tokio::test]
async fn a_scan_that_is_faster_than_the_event_is_not_forgotten() {
    let world = World::of(Plan::Connect).await;
    world.attachment(&attachment(ID, &account("a1"))).await;
    assert!(tell(&world, true, "scanned-no-threats-found").await);
    let file = stored(&world).await;
    assert_eq!(file.to_inspect(), Some(VERSION), "its content is still to be looked at");
    let clean = file.inspected(Ok(kept()), true, NOW).unwrap();
    assert_eq!(clean.state.as_str(), "clean");
}

#[tokio::test]
async fn a_scan_that_does_not_answer_within_an_hour_is_no_clean_file() {
    let world = World::of(Plan::Connect).await;
    world.attachment(&waiting()).await;
    let worker = inspect(&world, true);
    let item = key::attachment(&name());
    assert_eq!(worker.step(item.clone()).await.unwrap(), Step::Done);
    assert_eq!(stored(&world).await.state.as_str(), "inspecting", "it is not due");
    set_clock(NOW + VERDICT_WITHIN);
    assert_eq!(worker.step(item).await.unwrap(), Step::Done);
    assert_eq!(stored(&world).await.state, State::Rejected { reason: Rejection::NoVerdict });
}

#[tokio::test]
async fn a_clean_file_that_nobody_sends_is_given_up_before_its_object_is_removed() {
    let world = World::of(Plan::Connect).await;
    let file = Attachment { id: AttachmentId::parse(ID).unwrap(), ..clean(ID, &account("a1")) };
    world.attachment(&file).await;
    set_clock(NOW + UNUSED_LIVES);
    assert_eq!(inspect(&world, false).step(key::attachment(&name())).await.unwrap(), Step::Done);
    let file = stored(&world).await;
    assert_eq!(file.state, State::Expired, "it cannot be bound any more");
    assert_eq!(file.garbage.len(), 1, "and its object is removed when the store is back");
    assert_eq!(due(&world).await.len(), 1);
}

#[tokio::test]
async fn an_inspection_that_never_ends_turns_the_file_away() {
    let world = World::of(Plan::Connect).await;
    let uploaded = attachment(ID, &account("a1")).uploaded(VERSION, NOW).unwrap();
    world.attachment(&uploaded).await;
    // What kills the function leaves nothing behind but the attempt.
    let item = key::attachment(&name());
    let mut now = NOW;
    for _ in 0..MOST_ATTEMPTS {
        now += jiff::SignedDuration::from_mins(5);
        let lease = now + jiff::SignedDuration::from_mins(2);
        let claimed = world.store().claim::<Attachment>(&item, now, lease, MOST_ATTEMPTS).await;
        assert!(matches!(claimed, Ok(store::due::Claimed::Held(_))));
    }
    set_clock(now + jiff::SignedDuration::from_mins(5));
    assert_eq!(inspect(&world, false).step(item).await.unwrap(), Step::Stuck, "and an alarm tells");
    assert_eq!(stored(&world).await.state, State::Rejected { reason: Rejection::Damaged });
}

#[tokio::test]
async fn what_names_no_object_of_ours_is_given_up_on_record() {
    let world = World::of(Plan::Connect).await;
    let foreign = {
        let mut event = sample("uploaded");
        event["Records"][0]["s3"]["bucket"]["name"] = "another".into();
        event
    };
    for event in [sample("uploaded-undecodable-key"), sample("uploaded-encoded-key"), foreign] {
        let before = world.state().await;
        let handled = inspect(&world, false).handle(event, Deadline::at(NOW)).await;
        assert!(handled.is_ok(), "a repeat would change nothing");
        let difference = world.state().await.since(&before);
        assert_eq!(difference.record().action.as_str(), "attachment.end");
        assert!(difference.written.is_empty());
    }
    let bad = inspect(&world, false).handle(json!({"x": 1}), Deadline::at(NOW)).await;
    assert!(bad.is_err());
}

#[tokio::test]
async fn a_document_moves_with_its_file_and_an_outdated_file_is_given_up() {
    let world = World::of(Plan::Connect).await;
    let pending = Document {
        file: AttachmentId::parse(ID).unwrap(),
        progress: Progress::Pending,
        ..document("d1")
    };
    world.document(&pending).await;
    let purpose = Purpose::Document { document: pending.id.clone(), copy: None };
    world.attachment(&Attachment { purpose: purpose.clone(), ..waiting() }).await;
    assert!(tell(&world, true, "scanned-no-threats-found").await);
    let key = key::document(&pending.clinic, &pending.patient, &pending.id);
    let read = || async { world.store().read([key.clone()]).await.unwrap() };
    let moved: Document = read().await.take(&key).unwrap().unwrap();
    assert_eq!(moved.progress, Progress::Clean { kept: kept() });
    assert_eq!(moved.version, pending.version);

    let world = World::of(Plan::Connect).await;
    world.document(&document("d1")).await;
    world.attachment(&Attachment { purpose, ..waiting() }).await;
    assert!(tell(&world, true, "scanned-no-threats-found").await);
    assert_eq!(stored(&world).await.state, State::Expired, "the document has another file");
}

#[tokio::test]
async fn a_copy_without_a_bucket_is_turned_away() {
    let world = World::of(Plan::Connect).await;
    let source = domain::attachment::CopySource { key: "c1/a.pdf".to_owned(), version: None };
    let purpose = Purpose::Document { document: document("d1").id, copy: Some(source) };
    world
        .document(&Document {
            file: AttachmentId::parse(ID).unwrap(),
            progress: Progress::Pending,
            ..document("d1")
        })
        .await;
    world.attachment(&Attachment { purpose, ..attachment(ID, &account("a1")) }).await;
    assert_eq!(inspect(&world, false).step(key::attachment(&name())).await.unwrap(), Step::Done);
    assert_eq!(stored(&world).await.state, State::Rejected { reason: Rejection::CopyFailed });
    let _: Sources = sources();
}

#[tokio::test]
async fn what_is_to_be_removed_stays_to_be_removed_however_long_the_store_is_away() {
    let world = World::of(Plan::Connect).await;
    let uploaded = attachment(ID, &account("a1")).uploaded(VERSION, NOW).unwrap();
    world.attachment(&uploaded.rejected(Rejection::Damaged)).await;
    let item = key::attachment(&name());
    for minutes in 1..=i64::from(MOST_ATTEMPTS) * 2 {
        set_clock(NOW + jiff::SignedDuration::from_mins(minutes * 5));
        assert!(inspect(&world, false).step(item.clone()).await.is_err());
    }
    assert_eq!(due(&world).await, [item], "it is tried again for ever, and never set aside");
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_for_a_day_is_given_up() {
    let world = World::of(Plan::Connect).await;
    let source = domain::attachment::CopySource { key: "c1/a.pdf".to_owned(), version: None };
    let purpose = Purpose::Document { document: document("d1").id, copy: Some(source) };
    let waiting = Attachment { purpose, ..attachment(ID, &account("a1")) };
    assert_eq!(waiting.overdue(NOW + UNUSED_LIVES).unwrap().state, State::Expired);
    let file = AttachmentId::parse(ID).unwrap();
    world.document(&Document { file, progress: Progress::Pending, ..document("d1") }).await;
    world.attachment(&waiting).await;
    let worker = Inspect { chart_bucket: Some("chart".to_owned()), ..inspect(&world, false) };
    let item = key::attachment(&name());
    assert!(worker.step(item.clone()).await.is_err(), "the store is away");
    assert_eq!(stored(&world).await.state, State::AwaitingUpload);
    assert_eq!(due(&world).await, [item]);
}
