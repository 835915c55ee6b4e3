//! Files: real uploads to the bucket, the inspection that its events trigger, and downloads.

use std::thread;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::files::{self, File, download, sha256, upload_as};
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Clinic, Conversation, fresh};

use crate::aws::{described, invoke, partition, put_item, s3, string};
use crate::ground::{create, document, replace};
use crate::harness::{
    PATIENT, STAFF, Site, address, at_once, eventually, expect, marked, messages, refused,
};

const LIMIT: Duration = Duration::from_secs(60);

/// A clinic whose patients write first, too: they upload before there is a conversation.
fn site() -> Site {
    let mut settings = world::settings(&marked("Clinic"), "connect_pro", world::always_open());
    settings["patientFirst"] = json!(true);
    Site::with(settings)
}

fn bucket() -> String {
    described("/files_bucket").as_str().unwrap().to_owned()
}

/// The end that an upload comes to, once it was uploaded.
fn ended(clinic: &Clinic, caller: &Caller, patient: &str, id: &str) -> Value {
    eventually("the end of the inspection", LIMIT, || {
        let state = expect(&files::state(clinic, caller, patient, id), 200);
        let over = !["awaiting_upload", "inspecting"].contains(&state["state"].as_str().unwrap());
        over.then_some(state)
    })
}

/// Uploads a file, and says how it ended.
fn uploaded(clinic: &Clinic, caller: &Caller, patient: &str, file: &File) -> Value {
    let slot = expect(&file.slot(clinic, caller, patient), 201);
    let answer = file.upload(&slot["upload"]).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    ended(clinic, caller, patient, slot["attachmentId"].as_str().unwrap())
}

/// Uploads a file that passes, and hands back its id.
pub fn sent(clinic: &Clinic, caller: &Caller, patient: &str, file: &File) -> String {
    let state = uploaded(clinic, caller, patient, file);
    assert_eq!(state["state"], "clean", "{state}");
    state["attachmentId"].as_str().unwrap().to_owned()
}

fn bytes_of(conversation: &Conversation, reader: &Caller, number: u32, id: &str) -> Vec<u8> {
    let link = expect(&conversation.file(reader, number, id), 200);
    let answer = download(link["url"].as_str().unwrap()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body
}

#[test]
fn each_side_sends_files_and_the_other_one_saves_them() {
    let site = site();
    let conversation = site.start();
    let photograph = File::photograph("Où ça – 2026.JPG");
    let id = sent(&site.clinic, &site.account, PATIENT, &photograph);
    // An empty body beside a file is a message.
    let answer = expect(&conversation.reply_with(&site.account, "", &[&id]), 201);
    assert_eq!(answer["messageNumber"], 2);
    let shown = messages(&conversation, &site.staff());
    let shown = &shown[1];
    assert_eq!(shown["body"]["text"], "");
    assert_eq!(shown["attachments"][0]["name"], photograph.name.as_str());
    assert_eq!(shown["attachments"][0]["type"], "image/jpeg");

    let link = expect(&conversation.file(&site.staff(), 2, &id), 200);
    let answer = download(link["url"].as_str().unwrap()).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), Some("image/jpeg"));
    assert_eq!(
        answer.header("Content-Disposition"),
        Some(
            "attachment; filename=\"O_ _a _ 2026.JPG\"; filename*=UTF-8''O%C3%B9%20%C3%A7a%20%E2%80%93%202026.JPG"
        )
    );
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    // Where it was taken is gone, what it shows is not.
    let text = String::from_utf8_lossy(&photograph.bytes).into_owned();
    assert!(text.contains("PLANTED place"), "the photograph says something to begin with");
    assert!(!String::from_utf8_lossy(&answer.body).contains("PLANTED"));
    assert!(answer.body.starts_with(&[0xFF, 0xD8, 0xFF]));
    assert_eq!(u64::try_from(answer.body.len()).unwrap(), link["length"].as_u64().unwrap());

    let pdf = File::pdf("plan.pdf", "Take one a day");
    let id = sent(&site.clinic, &site.staff(), PATIENT, &pdf);
    expect(&conversation.reply_with(&site.staff(), &marked("Here."), &[&id]), 201);
    assert_eq!(bytes_of(&conversation, &site.account, 3, &id), pdf.bytes);
    let state = expect(&files::state(&site.clinic, &site.staff(), PATIENT, &id), 200);
    assert_eq!((&state["state"], &state["messageNumber"]), (&"bound".into(), &3.into()));
}

#[test]
fn a_signed_address_takes_this_one_file_and_takes_it_once() {
    let site = site();
    let file = File::pdf("a.pdf", "One");
    let slot = || expect(&file.slot(&site.clinic, &site.account, PATIENT), 201);
    let refused = |upload: &Value, bytes: &[u8], instead: &[(&str, &str)]| {
        let answer = upload_as(upload, bytes, instead).unwrap();
        assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text());
    };
    let given = slot();
    let upload = &given["upload"];
    let url = upload["url"].as_str().unwrap();
    let parameters: Vec<&str> = url
        .split_once('?')
        .unwrap()
        .1
        .split('&')
        .map(|one| one.split('=').next().unwrap())
        .collect();
    for parameter in &parameters {
        let known = parameter.starts_with("X-Amz-") || *parameter == "x-id";
        assert!(known, "{parameter}");
        assert!(!parameter.to_ascii_lowercase().contains("checksum"), "{parameter}");
    }
    assert!(url.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256"), "{url}");

    let mut other = file.bytes.clone();
    other[20] ^= 1;
    refused(upload, &other, &[]);
    refused(upload, &other[1..], &[]);
    refused(upload, &[other.as_slice(), b"x"].concat(), &[]);
    refused(upload, &file.bytes, &[("Content-Type", "text/html")]);
    refused(upload, &file.bytes, &[("Content-Type", "")]);
    refused(upload, &file.bytes, &[("If-None-Match", "")]);
    let its_own = sha256_base64(&other);
    refused(upload, &other, &[("x-amz-checksum-sha256", &its_own)]);
    refused(upload, &other, &[("x-amz-checksum-sha256", "")]);
    let id = given["attachmentId"].as_str().unwrap();
    let elsewhere = json!({ "url": url.replace(id, "another"), "headers": upload["headers"] });
    refused(&elsewhere, &file.bytes, &[]);
    let longer = url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000");
    refused(&json!({ "url": longer, "headers": upload["headers"] }), &file.bytes, &[]);
    let read = download(url).unwrap();
    assert_eq!(read.status, 403, "it is no address to read from");

    assert_eq!(file.upload(upload).unwrap().status, 200, "and the file itself is taken");
    let again = file.upload(upload).unwrap();
    assert!([409, 412].contains(&again.status) || again.status == 200, "{}", again.status);
    assert_eq!(ended(&site.clinic, &site.account, PATIENT, id)["state"], "clean");
}

fn sha256_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let hex = sha256(bytes);
    let digest: Vec<u8> = (0..32)
        .map(|place| u8::from_str_radix(&hex[place * 2..place * 2 + 2], 16).unwrap())
        .collect();
    base64::engine::general_purpose::STANDARD.encode(digest)
}

#[test]
fn what_is_uploaded_after_the_end_changes_nothing_and_is_removed() {
    let site = site();
    let conversation = site.start();
    let file = File::pdf("a.pdf", "One");
    let slot = expect(&file.slot(&site.clinic, &site.account, PATIENT), 201);
    let id = slot["attachmentId"].as_str().unwrap();
    assert_eq!(file.upload(&slot["upload"]).unwrap().status, 200);
    assert_eq!(ended(&site.clinic, &site.account, PATIENT, id)["state"], "clean");
    expect(&conversation.reply_with(&site.account, "", &[id]), 201);
    let key = format!("/quarantine/{}/{PATIENT}/{id}", site.clinic.id);
    let gone = || (s3(Method::HEAD, &bucket(), &key, &[]).status == 404).then_some(());
    eventually("the upload's removal", LIMIT, gone);
    // The address still lives, and the place is free again.
    assert_eq!(file.upload(&slot["upload"]).unwrap().status, 200);
    eventually("the stray object's removal", LIMIT, gone);
    assert_eq!(bytes_of(&conversation, &site.staff(), 2, id), file.bytes);
    let state = expect(&files::state(&site.clinic, &site.account, PATIENT, id), 200);
    assert_eq!(state["state"], "bound");
}

#[test]
fn what_is_not_what_it_says_is_turned_away_with_its_reason() {
    let site = site();
    let pdf = File::pdf("a.pdf", "One").bytes;
    let text = |file: &[u8]| String::from_utf8(file.to_vec()).unwrap();
    let scripted = text(&pdf).replace(
        "/Type /Catalog",
        "/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
    );
    let escaped = scripted.replace("/JavaScript", "/J#61vaScript");
    let png_flood = {
        // The header of a picture of 50,000 by 50,000 pixels.
        let mut png = vec![0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13];
        png.extend(b"IHDR\0\0\xC3\x50\0\0\xC3\x50\x08\x02\0\0\0\xc4\xcd\xaa\x9d");
        png
    };
    let jpeg = File::photograph("a.jpg").bytes;
    let half = jpeg.len() / 2;
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("program.pdf", "application/pdf", b"MZ\x90\0 this program".to_vec(), "wrong_type"),
        ("page.pdf", "application/pdf", b"<html><script>1</script>".to_vec(), "wrong_type"),
        ("script.pdf", "application/pdf", scripted.into_bytes(), "has_script"),
        ("escaped.pdf", "application/pdf", escaped.into_bytes(), "has_script"),
        ("cut.jpg", "image/jpeg", jpeg[..half].to_vec(), "damaged"),
        ("photo.jpg", "image/jpeg", heic, "wrong_type"),
        ("photo.png", "image/png", jpeg.clone(), "wrong_type"),
        ("both.pdf", "application/pdf", [jpeg.as_slice(), &pdf].concat(), "wrong_type"),
        ("flood.png", "image/png", png_flood, "too_many_pixels"),
    ];
    thread::scope(|scope| {
        for (name, media_type, bytes, reason) in &cases {
            let site = &site;
            scope.spawn(move || {
                let file = File::new(name, media_type, bytes.clone());
                let state = uploaded(&site.clinic, &site.account, PATIENT, &file);
                assert_eq!(state["state"], "rejected", "{name}: {state}");
                assert_eq!(state["rejection"]["reason"], *reason, "{name}");
                assert!(state["rejection"]["remedy"].as_str().unwrap().ends_with('.'));
            });
        }
    });
    // Staff send text, and no page that calls itself one.
    let page = File::new("a.txt", "text/plain", "<svg onload=alert(1)>");
    let state = uploaded(&site.clinic, &site.staff(), PATIENT, &page);
    assert_eq!(state["rejection"]["reason"], "wrong_type");
    let note = File::new("a.txt", "text/plain", "Café, take one a day.\r\n");
    assert_eq!(uploaded(&site.clinic, &site.staff(), PATIENT, &note)["state"], "clean");
    // Nothing of any of it is left but what passed.
    let of_clinic = format!("?list-type=2&prefix=clean/{}/", site.clinic.id);
    let kept = s3(Method::GET, &bucket(), &of_clinic, &[]).text();
    assert_eq!(kept.matches("<Key>").count(), 1, "{kept}");
}

#[test]
fn a_file_that_cannot_be_sent_refuses_the_message_and_the_slot_still_works() {
    let site = site();
    let conversation = site.start();
    let file = File::pdf("a.pdf", "One");
    let slot = expect(&file.slot(&site.clinic, &site.account, PATIENT), 201);
    let id = slot["attachmentId"].as_str().unwrap();
    let reply = conversation.reply_with(&site.account, "", &[id]);
    let problem = refused(&reply, 409, "attachment_not_ready");
    assert_eq!(
        problem["errors"][0]["about"].as_str().or(problem["about"].as_str()),
        Some("awaiting_upload"),
        "{problem}"
    );
    assert_eq!(messages(&conversation, &site.account).len(), 1, "nothing was sent");
    assert_eq!(file.upload(&slot["upload"]).unwrap().status, 200);
    ended(&site.clinic, &site.account, PATIENT, id);
    // The very same request, key and all.
    expect(&reply, 201);
    expect(&reply, 201);
    assert_eq!(messages(&conversation, &site.account).len(), 2);
    let again = conversation.reply_with(&site.account, "Again", &[id]);
    refused(&again, 409, "attachment_used");
    let empty = conversation.reply_with(&site.account, "", &[]);
    refused(&empty, 422, "body_empty");
}

#[test]
fn a_file_is_its_senders_for_one_patient_and_one_message() {
    let site = site();
    let conversation = site.start();
    let mine = sent(&site.clinic, &site.account, PATIENT, &File::pdf("a.pdf", "One"));
    // Staff who can read the conversation, another account of the patient, and another patient's conversation.
    let other_account = fresh("a");
    expect(&site.clinic.link(PATIENT, &other_account), 201);
    let other = Caller::account(&other_account);
    refused(&conversation.reply_with(&site.staff(), "", &[&mine]), 404, "attachment_not_found");
    refused(&conversation.reply_with(&other, "", &[&mine]), 404, "attachment_not_found");
    let second = fresh("p");
    let patient = world::patient_by_email(&marked("Paul"), &address(), "fr");
    expect(&site.clinic.create_patient(&second, patient), 201);
    expect(&site.clinic.link(&second, &site.account_id), 201);
    let theirs = site.started(&site.clinic.start(STAFF, &second, crate::harness::message()));
    refused(&theirs.reply_with(&site.account, "", &[&mine]), 404, "attachment_not_found");
    refused(&files::state(&site.clinic, &site.staff(), PATIENT, &mine), 404, "not_found");

    // Ten at once: one has it.
    let calls: Vec<Call> = (0..10)
        .map(|n| conversation.reply_with(&site.account, &format!("{n}"), &[&mine]))
        .collect();
    let answers = at_once(&calls);
    let done = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(done, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| [201, 409, 503].contains(&answer.status)));
    let with_it = messages(&conversation, &site.staff());
    let with_it = with_it.iter().filter(|message| message.get("attachments").is_some());
    assert_eq!(with_it.count(), 1);

    // Revoked: the download goes with it.
    let number = u32::try_from(messages(&conversation, &site.staff()).len()).unwrap();
    expect(&conversation.file(&other, number, &mine), 200);
    let path = format!("{}/links/{other_account}", site.clinic.patient(PATIENT));
    expect(&Call::new(&site.clinic.chart(), Method::DELETE, path), 204);
    refused(&conversation.file(&other, number, &mine), 404, "not_found");
}

#[test]
fn a_link_dies_after_a_minute() {
    let site = site();
    let conversation = site.start();
    let id = sent(&site.clinic, &site.account, PATIENT, &File::pdf("a.pdf", "One"));
    expect(&conversation.reply_with(&site.account, "", &[&id]), 201);
    let link = expect(&conversation.file(&site.staff(), 2, &id), 200);
    let url = link["url"].as_str().unwrap();
    assert_eq!(download(url).unwrap().status, 200);
    for changed in ["response-content-type=text%2Fhtml", "response-content-disposition=inline"] {
        let other = format!("{url}&{changed}");
        assert_eq!(download(&other).unwrap().status, 403, "nobody changes what it is served as");
    }
    thread::sleep(Duration::from_secs(63));
    assert_eq!(download(url).unwrap().status, 403);
}

#[test]
fn chart_documents_are_sent_as_they_were() {
    let site = site();
    let path = |id: &str| format!("{}/documents/{id}", site.clinic.patient(PATIENT));
    let chart = site.clinic.chart();
    let ready = |id: &str, state: &str| {
        eventually("the document", LIMIT, || {
            let document = expect(&Call::new(&site.staff(), Method::GET, path(id)), 200);
            (document["state"] == state).then_some(document)
        })
    };
    // One is uploaded, the other copied from the chart system's bucket.
    let first = File::pdf("result.pdf", "Result");
    let registered = expect(&create(&chart, path("d1"), document()), 201);
    assert_eq!(first.upload(&registered["upload"]).unwrap().status, 200);
    ready("d1", "clean");
    let copied = File::pdf("letter.pdf", "Dear colleague");
    let source = format!("{}/letters/1 é+.pdf", site.clinic.id);
    let encoded = format!("/{}/letters/1%20%C3%A9%2B.pdf", site.clinic.id);
    let chart_bucket = described("/chart_bucket").as_str().unwrap().to_owned();
    assert_eq!(s3(Method::PUT, &chart_bucket, &encoded, &copied.bytes).status, 200);
    let mut letter = copied.promise();
    letter["kind"] = json!("letter");
    letter["date"] = json!("2026-11-21");
    letter["title"] = json!(marked("Letter"));
    letter["copyFrom"] = json!({ "key": source });
    expect(&create(&chart, path("d2"), letter.clone()), 201);
    invoke("inspect-attachment", &json!({ "trigger": "tick" }));
    ready("d2", "clean");
    letter["copyFrom"] = json!({ "key": format!("{}/none.pdf", site.clinic.id) });
    expect(&create(&chart, path("d3"), letter), 201);
    invoke("inspect-attachment", &json!({ "trigger": "tick" }));
    let failed = ready("d3", "rejected");
    assert_eq!(failed["rejection"]["reason"], "copy_failed");

    let list = format!("{}/documents?from=2026-11-01", site.clinic.patient(PATIENT));
    let listed = eventually("the list", LIMIT, || {
        let listed = expect(&Call::new(&site.staff(), Method::GET, list.clone()), 200);
        (listed["documents"].as_array().unwrap().len() == 3).then_some(listed)
    });
    assert_eq!(listed["documents"][2]["documentId"], "d1", "newest first");

    let mut message = crate::harness::message();
    message["documents"] = json!(["d1", "d2"]);
    let conversation = site.started(&site.clinic.start(STAFF, PATIENT, message.clone()));
    let shown = messages(&conversation, &site.account);
    let files = shown[0]["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    let id = files[0]["attachmentId"].as_str().unwrap();
    assert_eq!(bytes_of(&conversation, &site.account, 1, id), first.bytes);
    let second = files[1]["attachmentId"].as_str().unwrap();
    assert_eq!(bytes_of(&conversation, &site.account, 1, second), copied.bytes);

    // The chart changes; what was sent does not. Until the new file passed, it is not sent.
    let corrected = File::pdf("result.pdf", "Corrected");
    let mut changed = document();
    for (member, value) in corrected.promise().as_object().unwrap() {
        changed[member] = value.clone();
    }
    let registered = expect(&replace(&chart, path("d1"), "\"1\"", changed), 200);
    message["documents"] = json!(["d1"]);
    let starting = site.clinic.start(STAFF, PATIENT, message.clone());
    refused(&starting, 409, "attachment_not_ready");
    assert_eq!(corrected.upload(&registered["upload"]).unwrap().status, 200);
    ready("d1", "clean");
    assert_eq!(bytes_of(&conversation, &site.account, 1, id), first.bytes);
    let newer = site.started(&starting);
    let shown = messages(&newer, &site.account);
    let id = shown[0]["attachments"][0]["attachmentId"].as_str().unwrap();
    assert_eq!(bytes_of(&newer, &site.account, 1, id), corrected.bytes);

    // Another patient's document is not there, on record.
    let second = fresh("p");
    let patient = world::patient_by_email(&marked("Paul"), &address(), "fr");
    expect(&site.clinic.create_patient(&second, patient), 201);
    let foreign = site.clinic.start(STAFF, &second, message);
    refused(&foreign, 404, "attachment_not_found");
    let records = site.records();
    let refusal = records.iter().find(|record| record.to_string().contains("attachment_not_found"));
    assert_eq!(string(refusal.unwrap(), "patient"), second);
}

#[test]
fn what_nobody_uses_is_given_up_and_its_object_is_gone() {
    let site = site();
    let conversation = site.start();
    let clean = sent(&site.clinic, &site.account, PATIENT, &File::pdf("a.pdf", "One"));
    let slot = expect(&File::pdf("b.pdf", "Two").slot(&site.clinic, &site.account, PATIENT), 201);
    let waiting = slot["attachmentId"].as_str().unwrap();
    let key = format!("/clean/{}/{PATIENT}/{clean}", site.clinic.id);
    assert_eq!(s3(Method::HEAD, &bucket(), &key, &[]).status, 200);
    for id in [clean.as_str(), waiting] {
        // As if it were two days ago.
        let pk = format!("CLINIC#{}#PATIENT#{PATIENT}#ATTACHMENT#{id}", site.clinic.id);
        let item = eventually("a quiet item", LIMIT, || {
            let item = partition(&pk).pop().unwrap();
            item.get("garbage").is_none().then_some(item)
        });
        let mut item = item;
        for member in ["createdAt", "since"] {
            if item.get(member).is_some() {
                item[member] = json!({ "S": "2026-01-01T00:00:00Z" });
            }
        }
        item["due_sk"] = json!({ "S": "2026-01-02T00:00:00.000000Z" });
        put_item(&item);
    }
    invoke("inspect-attachment", &json!({ "trigger": "tick" }));
    for id in [clean.as_str(), waiting] {
        let state = expect(&files::state(&site.clinic, &site.account, PATIENT, id), 200);
        assert_eq!(state["state"], "expired");
        let reply = conversation.reply_with(&site.account, "", &[id]);
        refused(&reply, 409, "attachment_expired");
    }
    let gone = || (s3(Method::HEAD, &bucket(), &key, &[]).status == 404).then_some(());
    eventually("the object's removal", LIMIT, gone);
}

#[test]
fn a_file_that_the_scan_finds_something_in_never_becomes_clean() {
    let site = site();
    let scanned = |id: &str, result: &str| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../events/inspect-attachment/scanned-threats-found.json"
        );
        let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let object = &mut event["detail"]["s3ObjectDetails"];
        object["bucketName"] = bucket().into();
        object["objectKey"] = format!("quarantine/{}/{PATIENT}/{id}", site.clinic.id).into();
        event["detail"]["scanResultDetails"]["scanResultStatus"] = result.into();
        assert_eq!(invoke("inspect-attachment", &event), Value::Null);
    };
    for (result, reason) in [
        ("THREATS_FOUND", "malware"),
        ("UNSUPPORTED", "not_scannable"),
        ("ACCESS_DENIED", "not_scannable"),
        ("FAILED", "not_scannable"),
    ] {
        let file = File::pdf("a.pdf", "One");
        let slot = expect(&file.slot(&site.clinic, &site.account, PATIENT), 201);
        let id = slot["attachmentId"].as_str().unwrap();
        scanned(id, result);
        scanned(id, "NO_THREATS_FOUND");
        let state = expect(&files::state(&site.clinic, &site.account, PATIENT, id), 200);
        assert_eq!(state["rejection"]["reason"], reason, "{result}: {state}");
        // A file that is uploaded there now is nobody's.
        assert_eq!(file.upload(&slot["upload"]).unwrap().status, 200);
        let key = format!("/quarantine/{}/{PATIENT}/{id}", site.clinic.id);
        eventually("the stray object's removal", LIMIT, || {
            (s3(Method::HEAD, &bucket(), &key, &[]).status == 404).then_some(())
        });
        let state = expect(&files::state(&site.clinic, &site.account, PATIENT, id), 200);
        assert_eq!(state["state"], "rejected");
    }
}

#[test]
fn the_bucket_is_private_and_versioned() {
    let bucket = bucket();
    let asked = |what: &str| s3(Method::GET, &bucket, &format!("?{what}"), &[]).text();
    assert!(asked("versioning").contains("<Status>Enabled</Status>"));
    let access = asked("publicAccessBlock");
    assert_eq!(access.matches(">true<").count(), 4, "{access}");
    assert!(asked("ownershipControls").contains("BucketOwnerEnforced"));
    let site = site();
    let id = sent(&site.clinic, &site.account, PATIENT, &File::pdf("a.pdf", "One"));
    for key in [format!("/clean/{}/{PATIENT}/{id}", site.clinic.id), "?list-type=2".to_owned()] {
        let anonymous =
            download(&format!("{}/{bucket}{key}", crate::aws::stack().endpoint)).unwrap();
        assert_eq!(anonymous.status, 403, "{key}: {}", anonymous.text());
    }
}

#[test]
fn any_name_is_taken_and_given_back_as_it_was() {
    let site = site();
    let conversation = site.start();
    let names = [
        "Café.pdf",
        "résumé médical – 2026.pdf",
        "a b+c&d=e%20.pdf",
        "😬.pdf",
        "Cafe\u{301} Lahjة \"x\".pdf",
    ];
    let ids: Vec<String> = thread::scope(|scope| {
        let site = &site;
        let sending = names.map(|name| {
            scope.spawn(move || sent(&site.clinic, &site.account, PATIENT, &File::pdf(name, "One")))
        });
        sending.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    expect(&conversation.reply_with(&site.account, "", &all), 201);
    let shown = messages(&conversation, &site.staff());
    for ((name, id), file) in
        names.iter().zip(&ids).zip(shown[1]["attachments"].as_array().unwrap())
    {
        assert_eq!(file["name"], *name);
        let link = expect(&conversation.file(&site.staff(), 2, id), 200);
        let answer = download(link["url"].as_str().unwrap()).unwrap();
        assert_eq!(answer.status, 200, "{name}");
        let disposition = answer.header("Content-Disposition").unwrap();
        assert!(disposition.is_ascii() && disposition.starts_with("attachment; filename=\""));
        let encoded = disposition.split_once("UTF-8''").unwrap().1;
        assert_eq!(decoded(encoded), *name);
    }
}

fn decoded(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = encoded;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}
