//! What becomes of open conversations when a clinic's plan changes.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::files::{File, download};
use system_tests::issuer::Caller;
use system_tests::now;
use system_tests::world::{self, Conversation};

use crate::attachments::sent;
use crate::automatic::{answering, text};
use crate::aws::{self, invoke, string};
use crate::ground::group_document;
use crate::harness::{
    PATIENT, STAFF, Site, eventually, expect, marked, messages, partition, refused,
};

const SOON: Duration = Duration::from_secs(30);

/// The clinic is closed now and says so an hour after staff wrote; patients may write first.
fn settings(plan: &str) -> Value {
    let replies = json!({ "outsideHours": text("We are closed."), "quietMinutes": 60 });
    let mut settings = answering(plan, world::closed_at(now()), replies);
    settings["patientFirst"] = json!(true);
    settings
}

/// The operator puts the clinic on another plan.
fn to(site: &Site, plan: &str) {
    let read = site.clinic.settings(&Caller::operator(), Method::GET);
    let version = crate::harness::ask(&read).header("ETag").unwrap().to_owned();
    let call = site.clinic.settings(&Caller::operator(), Method::PUT);
    expect(&call.with_body(settings(plan)).with_header("If-Match", version), 200);
}

fn timers(thread: &Conversation) -> Vec<Value> {
    let items = aws::partition(&partition(thread));
    items.into_iter().filter(|item| string(item, "sk").starts_with("TIMER#")).collect()
}

/// Makes the timers of a conversation due, and has the schedule's work done.
fn hurry(thread: &Conversation) {
    let timers = timers(thread);
    assert!(!timers.is_empty(), "a timer is set");
    for mut timer in timers {
        timer["due_sk"] = json!({ "S": "2026-01-01T00:00:00.000000Z" });
        aws::put_item(&timer);
    }
    assert_eq!(invoke("auto-reply", &json!({ "trigger": "tick" })), Value::Null);
}

#[test]
fn what_a_lower_plan_does_not_have_ends_and_what_was_sent_stays() {
    let site = Site::with(settings("connect_pro"));
    let Site { clinic, account, .. } = &site;
    expect(&clinic.create_group("g1", group_document()), 201);
    let mut in_group = world::staff(&marked("Nora"), "clinician");
    in_group["groups"] = json!(["g1"]);
    expect(&clinic.create_staff("nurse", in_group), 201);
    let nurse = clinic.staff("nurse");
    let mut first = crate::harness::message();
    first["groups"] = json!(["g1"]);
    let writing_first = || clinic.start(STAFF, PATIENT, first.clone()).by(account);

    // On the top plan the patient writes first, sends a file, and a timer is set.
    let own = site.started(&writing_first());
    let thread = site.start();
    let file = File::pdf("a.pdf", "One");
    let [one, two, three] = [(); 3].map(|()| sent(clinic, account, PATIENT, &file));
    expect(&thread.reply_with(account, &marked("A file"), &[&one]), 201);
    assert_eq!(timers(&thread).len(), 1, "it waits for the end of the quiet time");
    let everything_is_there = |files: &[(u32, &String)]| {
        for reader in [account, &site.staff()] {
            assert_eq!(messages(&thread, reader)[1]["body"]["text"], marked("A file"));
            for (number, id) in files {
                let link = expect(&thread.file(reader, *number, id), 200);
                assert_eq!(download(link["url"].as_str().unwrap()).unwrap().body, file.bytes);
            }
        }
        for reader in [account, &nurse] {
            assert_eq!(messages(&own, reader)[0]["author"]["kind"], "account");
        }
        let listed = expect(&clinic.list(account, PATIENT), 200);
        assert_eq!(listed["conversations"].as_array().unwrap().len(), 2);
    };
    everything_is_there(&[(2, &one)]);

    to(&site, "connect");
    refused(&writing_first(), 409, "patient_first_off");
    let told = expect(&clinic.of_patient(account, PATIENT, "eligibility"), 200);
    assert_eq!(told["eligible"], false);
    assert_eq!(told["reasons"][0]["code"], "patient_first_off");
    hurry(&thread);
    eventually("the end of the timer", SOON, || timers(&thread).is_empty().then_some(()));
    let all = messages(&thread, account);
    assert!(all.iter().all(|message| message["author"]["kind"] != "automatic"), "{all:?}");
    let ended: Vec<String> = site
        .records()
        .into_iter()
        .filter(|record| string(record, "action") == "automatic.not_needed")
        .map(|record| record["objects"].to_string())
        .filter(|objects| objects.contains(&thread.id))
        .collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(ended[0].contains("switched_off"), "{ended:?}");
    // What was begun goes on, with files, and sets no timer any more.
    expect(&own.reply(&nurse, &marked("Yes")), 201);
    expect(&own.reply(account, &marked("Thank you")), 201);
    expect(&thread.reply_with(account, &marked("Another"), &[&two]), 201);
    assert!(timers(&thread).is_empty() && timers(&own).is_empty());
    everything_is_there(&[(2, &one), (3, &two)]);

    to(&site, "portal");
    refused(&thread.reply_with(account, &marked("No"), &[&three]), 409, "files_not_in_plan");
    expect(&thread.reply(account, &marked("Without a file")), 201);
    everything_is_there(&[(2, &one), (3, &two)]);

    // Back on the top plan, what was held back works again.
    to(&site, "connect_pro");
    expect(&thread.reply_with(account, &marked("Yes"), &[&three]), 201);
    assert_eq!(timers(&thread).len(), 1);
    expect(&writing_first(), 201);
}
