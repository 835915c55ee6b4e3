use domain::attachment::{Attachment, Purpose, State};
use domain::clinic::Plan;
use domain::document::{Document, Progress};
use domain::file::Rejection;
use domain::id::{DocumentId, DocumentKind};
use scenario::people::{account, chart, document, portal, staff, staff_of};
use scenario::{Event, World};
use serde_json::{Value, json};
use store::key;

use super::handler;

fn register() -> Event {
    Event::sample("attachments/register.chart.json")
}

fn registered(changes: &Value) -> Value {
    let mut body = json!({
        "kind": "lab_result",
        "date": "2026-11-20",
        "title": "Blood count",
        "name": "blood-count.pdf",
        "type": "application/pdf",
        "length": 4,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    });
    for (member, value) in changes.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

fn replacing(version: u64, changes: &Value) -> Event {
    let tag = format!("\"{version}\"");
    register().header("If-None-Match", &[]).header("If-Match", &[&tag]).body(&registered(changes))
}

async fn slot_of(world: &World, id: &str) -> Attachment {
    let key = key::attachment(&store::attachments::AttachmentKey {
        clinic: scenario::people::clinic_id("c1"),
        patient: scenario::people::patient_id("p1"),
        attachment: domain::id::AttachmentId::parse(id).unwrap(),
    });
    world.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
}

async fn stored(world: &World) -> Document {
    let key = key::document(
        &scenario::people::clinic_id("c1"),
        &scenario::people::patient_id("p1"),
        &DocumentId::parse("d1").unwrap(),
    );
    world.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
}

#[tokio::test]
async fn the_chart_system_registers_a_document_and_uploads_it() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    let before = world.state().await;
    let answer = world.ask(&service, &register()).await.expect(201);
    assert_eq!((&answer["state"], &answer["version"]), (&"pending".into(), &1.into()));
    let file = stored(&world).await.file;
    let url = answer["upload"]["url"].as_str().unwrap();
    assert!(url.contains(&format!("/quarantine/c1/p1/{file}?")), "{url}");
    let slot = slot_of(&world, file.as_str()).await;
    assert_eq!(slot.state, State::AwaitingUpload);
    assert!(
        matches!(&slot.purpose, Purpose::Document { document, copy: None } if document.as_str() == "d1")
    );
    let difference = world.state().await.since(&before);
    assert_eq!(difference.written_sort_keys(), ["ATTACHMENT", "DOCUMENT#d1"]);
    let record = difference.record().clone();
    assert_eq!(record.action.as_str(), "document.change");
    assert!(!format!("{record:?}").contains("Blood"), "a title says what it is about");

    // The answer was lost: the same registration again finds itself.
    let before = world.state().await;
    let again = world.ask(&service, &register()).await.expect(201);
    assert_eq!(again["version"], 1);
    assert!(again["upload"]["url"].as_str().unwrap().contains(file.as_str()));
    assert!(world.state().await.since(&before).written.is_empty());
    let other = register().body(&registered(&json!({"title": "Other"})));
    world.refuses(&service, &other, 412, &["version_conflict"]).await;
}

#[tokio::test]
async fn another_title_keeps_the_file_and_another_file_gets_a_slot() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    world.ask(&service, &register()).await.expect(201);
    let first = stored(&world).await.file;
    let renamed = replacing(1, &json!({"title": "Corrected"}));
    let answer = world.ask(&service, &renamed).await.expect(200);
    assert_eq!((&answer["title"], &answer["version"]), (&"Corrected".into(), &2.into()));
    assert_eq!(stored(&world).await.file, first);
    world.ask(&service, &replacing(2, &json!({"length": 5}))).await.expect(200);
    assert_ne!(stored(&world).await.file, first);
    let stale = replacing(2, &json!({"length": 6}));
    world.refuses(&service, &stale, 412, &["version_conflict"]).await;
}

#[tokio::test]
async fn a_copy_is_made_from_the_clinics_folder_when_there_is_a_bucket() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    let copy = |key: &str| {
        register().body(&registered(&json!({"copyFrom": {"key": key, "versionId": "v7"}})))
    };
    for other in ["c2/a.pdf", "a.pdf", "c1/../c2/a.pdf"] {
        world.refuses(&service, &copy(other), 422, &["copy_source_invalid /copyFrom"]).await;
    }
    let answer = world.ask(&service, &copy("c1/a.pdf")).await.expect(201);
    assert!(answer.get("upload").is_none(), "nobody uploads it");
    let slot = slot_of(&world, stored(&world).await.file.as_str()).await;
    let Purpose::Document { copy: Some(source), .. } = &slot.purpose else { panic!("no copy") };
    assert_eq!((source.key.as_str(), source.version.as_deref()), ("c1/a.pdf", Some("v7")));
    let without = crate::handler::Attachments { copies: false, ..handler(&world) };
    let second = copy("c1/a.pdf").path("documentId", "d2");
    world.refuses(&without, &second, 422, &["copy_source_invalid /copyFrom"]).await;
}

#[tokio::test]
async fn everything_wrong_with_a_registration_is_told_at_once() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    let event = register().body(&registered(&json!({
        "kind": "lab result", "date": "2026-02-30", "title": " ", "name": "x.exe", "sha256": "x",
    })));
    world
        .refuses(
            &service,
            &event,
            422,
            &[
                "invalid_id /kind",
                "document_date_invalid /date",
                "title_empty /title",
                "fingerprint_invalid /sha256",
                "file_ending_differs /name",
            ],
        )
        .await;
    for date in [
        "20261120",
        "2026-11-20T00:00:00Z",
        "2026-W47-5",
        "-000001-01-01",
        "1799-12-31",
        "3000-01-01",
    ] {
        let event = register().body(&registered(&json!({"date": date})));
        world.refuses(&service, &event, 422, &["document_date_invalid /date"]).await;
    }
    let empty = register().body(&registered(&json!({"length": 0})));
    world.refuses(&service, &empty, 422, &["file_length_invalid /length"]).await;
    world
        .refuses(&service, &register().header("If-None-Match", &[]), 428, &["version_required"])
        .await;
}

#[tokio::test]
async fn registering_is_for_who_keeps_records_and_reading_for_staff_who_write() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    world.refuses(&service, &register().by(&staff("s1")), 403, &["not_allowed"]).await;
    for other in [account("a1"), portal("p1"), staff_of("c2", "s9")] {
        world.refuses(&service, &register().by(&other), 404, &["not_found"]).await;
    }
    world.ask(&service, &register().by(&staff("s9"))).await.expect(201);
    let one = Event::sample("attachments/document.staff.json");
    let list = Event::sample("attachments/documents.staff.json");
    for event in [&one, &list] {
        world.ask(&service, &event.clone().by(&staff("s1"))).await.expect(200);
        world.ask(&service, &event.clone().by(&chart())).await.expect(200);
        for other in [account("a1"), portal("p1"), staff_of("c2", "s1")] {
            world.refuses(&service, &event.clone().by(&other), 404, &["not_found"]).await;
        }
        world.refuses(&service, &event.clone().by(&staff("s4")), 403, &["staff_inactive"]).await;
    }
    let unknown = register().path("patientId", "p9");
    world.refuses(&service, &unknown, 404, &["not_found"]).await;
    let elsewhere = one.path("patientId", "p2");
    world.refuses(&service, &elsewhere, 404, &["not_found"]).await;
}

#[tokio::test]
async fn documents_are_listed_by_kind_and_days_newest_first() {
    let world = World::of(Plan::Connect).await;
    let service = handler(&world);
    for (id, kind, day) in [
        ("d1", "lab_result", 1),
        ("d2", "letter", 2),
        ("d3", "lab_result", 2),
        ("d4", "letter", 3),
        ("d5", "lab_result", 4),
    ] {
        world
            .document(&Document {
                kind: DocumentKind::parse(kind).unwrap(),
                date: jiff::civil::date(2026, 11, day),
                progress: if id == "d5" {
                    Progress::Rejected { reason: Rejection::Encrypted }
                } else {
                    document(id).progress
                },
                ..document(id)
            })
            .await;
    }
    // Another patient's is in no list of this one's.
    world
        .document(&Document { patient: scenario::people::patient_id("p2"), ..document("d9") })
        .await;
    let list = async |query: &[(&str, &str)]| -> Vec<String> {
        let event = Event::sample("attachments/documents.staff.json").query(query);
        let answer = world.ask(&service, &event).await.expect(200);
        let documents = answer["documents"].as_array().unwrap().iter();
        documents.map(|one| one["documentId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list(&[]).await, ["d5", "d4", "d3", "d2", "d1"]);
    assert_eq!(list(&[("kind", "letter")]).await, ["d4", "d2"]);
    assert_eq!(list(&[("from", "2026-11-02"), ("to", "2026-11-03")]).await, ["d4", "d3", "d2"]);
    assert_eq!(list(&[("kind", "lab_result"), ("to", "2026-11-02")]).await, ["d3", "d1"]);
    assert_eq!(list(&[("from", "2026-11-05")]).await, Vec::<String>::new());
    assert_eq!(list(&[("kind", "none")]).await, Vec::<String>::new());

    // Page by page, each document once; and the cursor is of this list of this caller.
    for filter in
        [vec![], vec![("kind", "lab_result")], vec![("from", "2026-11-02"), ("to", "2026-11-03")]]
    {
        let whole = list(&filter).await;
        let mut paged = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = filter.clone();
            query.push(("limit", "1"));
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let event = Event::sample("attachments/documents.staff.json").query(&query);
            let answer = world.ask(&service, &event).await.expect(200);
            paged.push(answer["documents"][0]["documentId"].as_str().unwrap().to_owned());
            let Some(next) = answer["nextCursor"].as_str() else { break };
            let query = [("kind", "letter"), ("cursor", next)];
            let other = Event::sample("attachments/documents.staff.json").query(&query);
            world.refuses(&service, &other, 400, &["invalid_cursor cursor"]).await;
            let query: Vec<_> = filter.iter().copied().chain([("cursor", next)]).collect();
            let other =
                Event::sample("attachments/documents.staff.json").by(&staff("s2")).query(&query);
            world.refuses(&service, &other, 400, &["invalid_cursor cursor"]).await;
            cursor = Some(next.to_owned());
        }
        assert_eq!(paged, whole);
    }
    for (query, code) in [
        ([("from", "2026-11-05"), ("to", "2026-11-04")], "date_range_invalid from"),
        ([("from", "yesterday"), ("to", "2026-11-04")], "date_range_invalid from"),
        ([("to", "2026-13-01"), ("kind", "letter")], "date_range_invalid to"),
        ([("kind", "a b"), ("to", "2026-11-04")], "invalid_id kind"),
    ] {
        let event = Event::sample("attachments/documents.staff.json").query(&query);
        world.refuses(&service, &event, 422, &[code]).await;
    }
    let before = world.state().await;
    list(&[("kind", "letter")]).await;
    let difference = world.state().await.since(&before);
    assert_eq!(difference.record().objects, ["d4", "d2"], "what was shown is on record");
}

#[tokio::test]
async fn a_verdict_that_comes_while_the_title_is_corrected_is_not_lost() {
    let world = std::sync::Arc::new(World::of(Plan::Connect).await);
    world.ask(&handler(&world), &register()).await.expect(201);
    let theirs = std::sync::Arc::clone(&world);
    let verdict = testkit::Fault::meanwhile("TransactWriteItems", move || {
        let world = std::sync::Arc::clone(&theirs);
        async move {
            let document = stored(&world).await;
            let before = slot_of(&world, document.file.as_str()).await;
            let uploaded = before.uploaded("u1", scenario::NOW).unwrap();
            let kept = Ok(scenario::people::kept());
            let clean = uploaded.inspected(kept, false, scenario::NOW).unwrap();
            let store = world.store();
            let mut transaction = store.transaction();
            let moved = document.with_progress(&clean).unwrap();
            store::attachments::put_document(&mut transaction, &moved, Some(1));
            let version = Some(before.version);
            store::attachments::put(&mut transaction, &clean, version, scenario::NOW);
            assert_eq!(store.commit(transaction).await.unwrap(), store::Committed::Done);
        }
    });
    let renamed = replacing(1, &json!({"title": "Corrected"}));
    let answer = world.ask(&super::faulty(&world, verdict), &renamed).await.expect(200);
    assert_eq!((&answer["title"], &answer["state"]), (&"Corrected".into(), &"clean".into()));
    let document = stored(&world).await;
    assert_eq!(document.progress, Progress::Clean { kept: scenario::people::kept() });
}
