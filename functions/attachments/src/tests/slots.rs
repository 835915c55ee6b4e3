use domain::attachment::{FileLimits, State};
use domain::clinic::{ClinicSettings, Plan};
use domain::file::Rejection;
use scenario::people::{
    account, attachment, clean, clinic, guardian_link, portal, staff, staff_of,
};
use scenario::{Event, NOW, World, set_clock};
use serde_json::{Value, json};

use super::{handler, upload, wanted};

#[tokio::test]
async fn a_slot_tells_where_and_how_to_upload_one_file() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let before = world.state().await;
    let answer = world.ask(&handler(&world), &upload(&account("a1"))).await.expect(201);
    let id = answer["attachmentId"].as_str().unwrap();
    assert_eq!(answer["state"], "awaiting_upload");
    assert_eq!((&answer["name"], &answer["type"]), (&"photo.jpg".into(), &"image/jpeg".into()));
    assert_eq!(answer["expiresAt"], "2026-11-26T00:00:01Z", "a slot lives a day");
    let upload = &answer["upload"];
    assert_eq!(
        (&upload["method"], &upload["expiresAt"]),
        (&"PUT".into(), &"2026-11-25T00:10:01Z".into())
    );
    assert_eq!(
        upload["headers"],
        json!({
            "Content-Type": "image/jpeg",
            "If-None-Match": "*",
            "x-amz-checksum-sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
        })
    );
    let url = upload["url"].as_str().unwrap();
    assert!(url.contains(&format!("/files/quarantine/c1/p1/{id}?")), "{url}");
    assert!(url.contains("X-Amz-Expires=600&"), "{url}");

    let difference = world.state().await.since(&before);
    let mut written = difference.written_sort_keys();
    written.sort_unstable();
    assert_eq!(written, ["ATTACHMENT", "DAY#2026-11-25", "IDEMPOTENCY"]);
    let record = difference.record();
    assert_eq!(
        (record.action.as_str(), &record.objects),
        ("attachment.upload", &vec![id.to_owned()])
    );
    assert!(!format!("{record:?}").contains("photo"), "a name can say what a file is about");
}

#[tokio::test]
async fn a_repeat_gets_the_same_slot_with_a_fresh_address() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let service = handler(&world);
    let first = world.ask(&service, &upload(&account("a1"))).await.expect(201);
    let before = world.state().await;
    set_clock("2026-11-25T01:00:00Z".parse().unwrap());
    let again = world.ask(&service, &upload(&account("a1"))).await.expect(201);
    assert_eq!(again["attachmentId"], first["attachmentId"]);
    assert_eq!(again["upload"]["expiresAt"], "2026-11-25T01:10:00Z");
    assert_ne!(again["upload"]["url"], first["upload"]["url"]);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty(), "it is counted once");
    assert_eq!(difference.record().action.as_str(), "attachment.upload", "the address is fresh");
    let other = upload(&account("a1")).body(&wanted(&json!({"length": 5})));
    world.refuses(&service, &other, 422, &["idempotency_key_reused"]).await;
    // Two slots for the same bytes are two files, and neither tells of the other.
    let twin = world.ask(&service, &upload(&account("a1")).key("another")).await.expect(201);
    assert_ne!(twin["attachmentId"], first["attachmentId"]);
}

#[tokio::test]
async fn everything_wrong_with_a_file_is_told_at_once() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let service = handler(&world);
    let refuses = async |changes: Value, codes: &[&str]| {
        let event = upload(&account("a1")).body(&wanted(&changes));
        world.refuses(&service, &event, 422, codes).await;
    };
    refuses(
        json!({"name": "../x.jpg", "sha256": "ABC", "conversationId": "a/b"}),
        &["invalid_id /conversationId", "fingerprint_invalid /sha256", "file_name_invalid /name"],
    )
    .await;
    refuses(
        json!({"type": "image/heic", "name": "IMG_0001.HEIC"}),
        &["file_type_not_allowed /type"],
    )
    .await;
    refuses(json!({"type": "image/jpeg;q=1"}), &["file_type_not_allowed /type"]).await;
    refuses(json!({"type": "application/x-pdf"}), &["file_type_not_allowed /type"]).await;
    refuses(json!({"name": "photo.heic"}), &["file_ending_differs /name"]).await;
    refuses(json!({"name": "photo.jfif"}), &["file_ending_differs /name"]).await;
    refuses(json!({"name": "photo"}), &["file_name_invalid /name"]).await;
    refuses(json!({"name": "gpj\u{202E}.jpg"}), &["forbidden_character /name"]).await;
    refuses(json!({"name": "a\r\nb.jpg"}), &["forbidden_character /name"]).await;
    refuses(json!({"name": "a".repeat(300)}), &["file_name_invalid /name"]).await;
    refuses(json!({"length": 0}), &["file_length_invalid /length"]).await;
    refuses(json!({"length": 10_485_761}), &["file_length_invalid /length"]).await;
    refuses(json!({"length": -1}), &["wrong_type /length"]).await;
    refuses(json!({"length": null}), &["missing_member /length"]).await;
    refuses(json!({"path": "x"}), &["unknown_member /path"]).await;
    refuses(
        json!({"type": "text/csv", "name": "a.csv", "length": 0}),
        &["file_type_not_allowed /type", "file_length_invalid /length"],
    )
    .await;
    for accepted in [
        json!({"name": "IMG_7872.JPG"}),
        json!({"name": "photo.jpeg", "type": "IMAGE/JPEG"}),
        json!({"name": "photo.jpg", "type": "image/jpg"}),
        json!({"name": "scan.PDF", "type": "application/pdf"}),
        json!({"name": "résumé médical – 2026.pdf", "type": "application/pdf"}),
    ] {
        let name = accepted["name"].as_str().unwrap().to_owned();
        let event =
            upload(&account("a1")).key(&format!("k{}", name.len())).body(&wanted(&accepted));
        let answer = world.ask(&service, &event).await.expect(201);
        assert_eq!(answer["name"], name.as_str());
    }
}

#[tokio::test]
async fn the_plan_and_the_conversation_decide_who_may_attach() {
    let (world, name) = World::with_conversation(Plan::Portal).await;
    let service = handler(&world);
    let by_portal = Event::sample("attachments/upload.portal.json");
    world.refuses(&service, &by_portal, 409, &["files_not_in_plan"]).await;
    world.clinic(&clinic("c1", Plan::Connect)).await;
    world.refuses(&service, &by_portal, 403, &["account_required"]).await;
    // Staff of the clinic who take no part, and everybody who is not of it.
    world.refuses(&service, &upload(&staff("s3")), 404, &["not_found"]).await;
    world.refuses(&service, &upload(&staff_of("c2", "s1")), 404, &["not_found"]).await;
    world.refuses(&service, &upload(&account("a2")), 404, &["not_found"]).await;
    world.link(&guardian_link("c1", "p1", "g1")).await;
    world.ask(&service, &upload(&account("g1"))).await.expect(201);
    world.switch(&name, domain::command::Switch::Close, NOW).await;
    let late = upload(&account("a1")).key("late");
    world.refuses(&service, &late, 409, &["conversation_closed"]).await;
    let first = late.body(&wanted(&json!({"conversationId": null})));
    world.refuses(&service, &first, 409, &["patient_first_off"]).await;
    let staffs = Event::sample("attachments/upload.staff.json");
    world.ask(&service, &staffs).await.expect(201);
}

#[tokio::test]
async fn a_days_quota_is_counted_in_the_slots_transaction() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let files = FileLimits {
        patient_file_megabytes: 1,
        patient_daily_megabytes: 1,
        ..FileLimits::default()
    };
    world.clinic(&ClinicSettings { files, ..clinic("c1", Plan::Connect) }).await;
    let service = handler(&world);
    let half = wanted(&json!({"length": 524_288}));
    let ask = |key: &str| upload(&account("a1")).key(key).body(&half);
    let events: Vec<_> = (0..10).map(|number| ask(&format!("k{number}"))).collect();
    let mut given = 0;
    for event in &events {
        let answer = world.ask(&service, event).await;
        match answer.status {
            201 => given += 1,
            409 => assert_eq!(answer.codes(), ["file_quota_reached"]),
            other => panic!("{other}"),
        }
    }
    assert_eq!(given, 2);
    set_clock("2026-11-26T00:00:00Z".parse().unwrap());
    world.ask(&service, &ask("tomorrow")).await.expect(201);
    // The quota of one account is not another's.
    world.link(&guardian_link("c1", "p1", "g1")).await;
    world.ask(&service, &upload(&account("g1")).body(&half)).await.expect(201);
}

#[tokio::test]
async fn slots_at_once_never_pass_the_quota() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let files = FileLimits {
        patient_file_megabytes: 1,
        patient_daily_megabytes: 1,
        ..FileLimits::default()
    };
    world.clinic(&ClinicSettings { files, ..clinic("c1", Plan::Connect) }).await;
    let service = handler(&world);
    let half = wanted(&json!({"length": 524_288}));
    let events: Vec<_> =
        (0..6).map(|n| upload(&account("a1")).key(&format!("k{n}")).body(&half)).collect();
    let answers = tokio::join!(
        world.ask(&service, &events[0]),
        world.ask(&service, &events[1]),
        world.ask(&service, &events[2]),
        world.ask(&service, &events[3]),
        world.ask(&service, &events[4]),
        world.ask(&service, &events[5]),
    );
    let given = <[_; 6]>::from(answers).iter().filter(|answer| answer.status == 201).count();
    assert_eq!(given, 2);
}

#[tokio::test]
async fn a_files_state_is_its_owners_alone() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let service = handler(&world);
    let mine = account("a1");
    let waiting = attachment("f1", &mine);
    let inspecting = waiting.uploaded("u1", NOW).unwrap();
    let rejected = domain::attachment::Attachment {
        id: domain::id::AttachmentId::parse("f3").unwrap(),
        state: State::Rejected { reason: Rejection::HasScript },
        ..inspecting.clone()
    };
    let bound = State::Bound {
        kept: scenario::people::kept(),
        conversation: name.conversation.clone(),
        message: 2,
    };
    let bound = domain::attachment::Attachment { state: bound, ..clean("f4", &mine) };
    for file in [&waiting, &clean("f2", &mine), &rejected, &bound] {
        world.attachment(file).await;
    }
    let look = |id: &str| {
        Event::sample("attachments/state.account.json").by(&mine).path("attachmentId", id)
    };
    let state = async |id: &str| world.ask(&service, &look(id)).await.expect(200);
    assert_eq!(state("f1").await["state"], "awaiting_upload");
    let clean = state("f2").await;
    assert_eq!(
        (&clean["state"], &clean["expiresAt"]),
        (&"clean".into(), &"2026-11-26T00:00:01Z".into())
    );
    let rejected = state("f3").await;
    assert_eq!(rejected["rejection"]["reason"], "has_script");
    assert!(rejected["rejection"]["remedy"].as_str().unwrap().ends_with('.'));
    let bound = state("f4").await;
    assert_eq!((&bound["state"], &bound["messageNumber"]), (&"bound".into(), &2.into()));
    for id in ["f1", "f2", "f3", "f4"] {
        for text in ["kept-1", "u1", "sha256", "owner", "garbage"] {
            assert!(!state(id).await.to_string().contains(text), "{id} tells {text}");
        }
    }
    world.refuses(&service, &look("f9"), 404, &["not_found"]).await;
    for other in [account("a2"), staff("s1"), staff("s9"), staff_of("c2", "s1"), portal("p1")] {
        let answer = world.ask(&service, &look("f1").by(&other)).await;
        assert!([403, 404].contains(&answer.status), "{other:?} {}", answer.status);
    }
    let elsewhere = look("f1").path("patientId", "p2");
    world.refuses(&service, &elsewhere, 404, &["not_found"]).await;
    // A revoked link ends it.
    world.revoke_link().await;
    world.refuses(&service, &look("f1"), 404, &["not_found"]).await;
}
