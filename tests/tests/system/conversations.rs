//! A conversation's whole life, and what each person has not read.

use http::Method;
use serde_json::{Value, json};
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Conversation, own_inbox};

use crate::aws::string;
use crate::harness::{PATIENT, STAFF, Site, ask, expect, marked, messages, refused};

fn unread(conversation: &Conversation, reader: &Caller) -> Value {
    expect(&conversation.read(reader), 200)["unread"].clone()
}

/// The ids of the conversations in a list.
fn listed(call: &Call) -> Vec<String> {
    let page = expect(call, 200);
    let entries = page["conversations"].as_array().unwrap();
    entries.iter().map(|entry| entry["conversationId"].as_str().unwrap().to_owned()).collect()
}

fn in_state(call: Call, state: &str) -> Call {
    let path = format!("{}?state={state}", call.path);
    call.at(path)
}

#[test]
fn a_conversation_lives_through_both_sides() {
    let site = Site::new();
    let (staff, account) = (site.staff(), &site.account);
    let thread = site.start();
    let opened = expect(&thread.read(account), 200);
    assert_eq!(opened["state"], "open");
    assert_eq!(opened["awaits"], "patient");
    assert_eq!(opened["title"], marked("Diagnosis"));
    assert_eq!(opened["messages"][0]["author"]["kind"], "staff");
    assert_eq!(opened["messages"][0]["body"]["text"], marked("Prescription"));

    let added = expect(&thread.reply(account, &marked("<b>Yes</b><script>x</script>")), 201);
    assert_eq!(added["messageNumber"], 2);
    let opened = expect(&thread.read(&staff), 200);
    assert_eq!(opened["awaits"], "clinic");
    expect(&thread.reply(&staff, &marked("Good")), 201);

    let closed = expect(&thread.close(STAFF), 200);
    assert_eq!(
        (closed["state"].as_str(), closed["closedBy"].as_str()),
        (Some("closed"), Some(STAFF))
    );
    refused(&thread.reply(account, "x"), 409, "conversation_closed");
    refused(&thread.reply(&staff, "x"), 409, "conversation_closed");
    expect(&thread.reopen(STAFF), 200);
    expect(&thread.reply(account, &marked("Again")), 201);

    for reader in [&staff, account] {
        let all = messages(&thread, reader);
        let numbers: Vec<_> =
            all.iter().map(|message| message["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert!(!all[1].to_string().contains("script"), "{}", all[1]);
        assert_eq!(all[1]["body"]["html"].as_str().unwrap().matches("<b>").count(), 1);
    }
}

#[test]
fn every_step_is_on_record() {
    let site = Site::new();
    let thread = site.start();
    expect(&thread.read(&site.account), 200);
    expect(&thread.mark(&site.account, 1), 200);
    expect(&thread.reply(&site.account, "x"), 201);
    expect(&own_inbox(&site.account), 200);
    expect(&site.clinic.list(&site.staff(), PATIENT), 200);
    expect(&site.clinic.inbox(STAFF), 200);
    expect(&thread.close(STAFF), 200);
    expect(&thread.close(STAFF), 200);
    expect(&thread.reopen(STAFF), 200);
    site.settled(&thread);
    let records = site.records();
    let mut done: Vec<String> = records.iter().map(|record| string(record, "action")).collect();
    done.sort();
    assert_eq!(
        done,
        [
            "chart.list",
            "conversation.close",
            "conversation.close",
            "conversation.mark_read",
            "conversation.reopen",
            "conversation.reply",
            "conversation.start",
            "conversation.view",
            "inbox.list",
            "inbox.list",
            "link.change",
            "notice.end",
            "patient.change",
            "settings.change",
            "staff.change",
        ]
    );
    for record in &records {
        let whose = string(record, "actorKind");
        if whose == "account" && string(record, "action").starts_with("conversation.") {
            assert_eq!(string(record, "onBehalfOf"), PATIENT, "{record}");
        }
    }
}

/// A thank-you to a closed conversation lands nowhere.
#[test]
fn nothing_that_a_patient_does_reopens_a_conversation() {
    let site = Site::new();
    let thread = site.start();
    let closed = expect(&thread.close(STAFF), 200);
    refused(&thread.reply(&site.account, "Merci!"), 409, "conversation_closed");
    refused(&thread.reopen(STAFF).by(&site.account), 403, "not_allowed");
    let list = site.clinic.list(&site.account, PATIENT);
    assert_eq!(listed(&list), [thread.id.as_str()]);
    let opened = expect(&thread.read(&site.account), 200);
    assert_eq!(opened["lastMessageNumber"], 1);
    assert_eq!(opened["closedAt"], closed["closedAt"]);
}

#[test]
fn a_conversation_is_in_the_one_list_of_its_state() {
    let site = Site::new();
    let thread = site.start();
    let closing = |thread: &Conversation| expect(&thread.close(STAFF), 200);
    let lists = |state: &str| {
        [
            listed(&in_state(site.clinic.inbox(STAFF), state)),
            listed(&in_state(site.clinic.list(&site.staff(), PATIENT), state)),
            listed(&in_state(own_inbox(&site.account), state)),
        ]
    };
    let there = [vec![thread.id.clone()], vec![thread.id.clone()], vec![thread.id.clone()]];
    let nowhere: [Vec<String>; 3] = Default::default();
    assert_eq!((lists("open"), lists("closed")), (there.clone(), nowhere.clone()));
    let first = closing(&thread);
    let second = closing(&thread);
    assert_eq!(first["closedAt"], second["closedAt"], "the second close changes nothing");
    assert_eq!((lists("open"), lists("closed")), (nowhere.clone(), there.clone()));
    expect(&thread.reopen(STAFF), 200);
    expect(&thread.reopen(STAFF), 200);
    assert_eq!((lists("open"), lists("closed")), (there.clone(), nowhere.clone()));
    assert_eq!(
        (lists("awaiting_patient"), lists("awaiting_clinic")),
        (there.clone(), nowhere.clone())
    );
    expect(&thread.reply(&site.account, "x"), 201);
    assert_eq!(
        (lists("awaiting_patient"), lists("awaiting_clinic")),
        (nowhere.clone(), there.clone())
    );
    let third = closing(&thread);
    assert_ne!(first["closedAt"], third["closedAt"]);
    assert_eq!((lists("all"), lists("closed")), (there.clone(), there));
}

/// People leave and lose their addresses; what was written stays readable under the name of then.
#[test]
fn a_thread_outlives_the_people_in_it() {
    let site = Site::new();
    expect(&site.clinic.create_staff("s2", world::staff(&marked("Gone"), "clinician")), 201);
    let mut message = crate::harness::message();
    message["to"] = json!([STAFF, STAFF, "s2"]);
    let thread = site.started(&site.starting().with_body(message));
    expect(&thread.reply(&site.clinic.staff("s2"), &marked("Mine")), 201);
    let path = format!("/clinics/{}/staff/s2", site.clinic.id);
    let mut gone = world::staff(&marked("Renamed"), "clinician");
    gone["active"] = json!(false);
    let change = Call::new(&Caller::operator(), Method::PUT, path);
    expect(&change.with_body(gone).with_header("If-Match", "\"1\""), 200);
    let bare =
        json!({ "name": marked("Other"), "preferredChannel": "email", "portalAccess": true });
    let change = Call::new(&site.clinic.chart(), Method::PUT, site.clinic.patient(PATIENT));
    expect(&change.with_body(bare).with_header("If-Match", "\"1\""), 200);

    refused(&thread.read(&site.clinic.staff("s2")), 403, "staff_inactive");
    for reader in [site.staff(), site.account.clone()] {
        let opened = expect(&thread.read(&reader), 200);
        let names: Vec<_> =
            opened["participants"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert_eq!(names.len(), 2, "one entry for each person: {opened}");
        assert!(opened.to_string().contains(&marked("Gone")));
        assert_eq!(messages(&thread, &reader).len(), 2);
    }
    assert_eq!(listed(&own_inbox(&site.account)), [thread.id.as_str()]);
    assert_eq!(listed(&site.clinic.inbox(STAFF)), [thread.id.as_str()]);
}

#[test]
fn a_marker_moves_forward_only_and_within_the_messages_there_are() {
    let site = Site::new();
    let thread = site.start();
    for _ in 0..4 {
        expect(&thread.reply(&site.staff(), &marked("More")), 201);
    }
    let mark = |seen: Value| thread.mark(&site.account, 1).with_body(json!({ "seen": seen }));
    for (seen, code) in [
        (json!(99), "marker_beyond_last"),
        (json!(0), "marker_beyond_last"),
        (json!(-1), "wrong_type"),
        (json!("5"), "wrong_type"),
        (json!(5.5), "wrong_type"),
        (json!(9_223_372_036_854_775_808_u64), "wrong_type"),
    ] {
        refused(&mark(seen), 422, code);
    }
    assert_eq!(unread(&thread, &site.account), 5);
    assert_eq!(expect(&mark(json!(5)), 200), json!({ "seen": 5, "unread": 0 }));
    assert_eq!(expect(&mark(json!(3)), 200), json!({ "seen": 5, "unread": 0 }));
    assert_eq!(unread(&thread, &site.account), 0);
}

#[test]
fn each_persons_unread_messages_are_what_others_wrote() {
    let site = Site::new();
    expect(&site.clinic.create_staff("s2", world::staff(&marked("Ben"), "clinician")), 201);
    let mut child = world::patient_by_sms(&marked("Zoe"), "+16135550123");
    child["birthDate"] = json!(crate::ground::born(5));
    expect(&site.clinic.create_patient("child", child), 201);
    expect(&site.clinic.link("child", &site.account_id), 201);
    let guardian = format!("{}-b", site.account_id);
    let body = json!({ "relationship": "guardian", "name": marked("Grace") });
    expect(&site.clinic.link("child", &guardian).with_body(body), 201);
    let second = Caller::account(&guardian);
    let ben = site.clinic.staff("s2");
    let mut message = crate::harness::message();
    message["to"] = json!(["s2"]);
    let thread = site.started(&site.clinic.start(STAFF, "child", message));
    expect(&thread.reply(&site.staff(), "two"), 201);
    // A reply marks read only what it says was seen.
    let reply = thread.reply(&site.account, "three");
    expect(&reply.with_body(json!({ "body": "three", "seen": 1 })), 201);
    let counts = |expected: [u64; 4]| {
        let readers = [&site.staff(), &ben, &site.account, &second];
        for (reader, count) in readers.into_iter().zip(expected) {
            assert_eq!(unread(&thread, reader), count, "{reader:?}");
        }
    };
    counts([1, 3, 1, 3]);
    expect(&thread.mark(&second, 3), 200);
    counts([1, 3, 1, 0]);
    expect(&thread.mark(&site.account, 2), 200);
    counts([1, 3, 0, 0]);
    expect(&thread.mark(&ben, 2), 200);
    counts([1, 1, 0, 0]);
}

/// The reader is who the token says.
#[test]
fn nobody_moves_anothers_marker() {
    let site = Site::new();
    let thread = site.start();
    for body in
        [json!({ "seen": 1, "readerId": "other" }), json!({ "seen": 1, "onBehalfOf": PATIENT })]
    {
        refused(&thread.mark(&site.staff(), 1).with_body(body), 422, "unknown_member");
    }
    expect(&thread.mark(&site.staff(), 1), 200);
    assert_eq!(unread(&thread, &site.account), 1);
}

#[test]
fn the_portal_plan_is_for_patients_without_an_account() {
    let site = Site::on_the_portal_plan();
    let thread = site.start();
    let patient = site.clinic.portal(PATIENT);
    assert_eq!(listed(&own_inbox(&patient)), [thread.id.as_str()]);
    expect(&thread.reply(&patient, &marked("By portal")), 201);
    assert_eq!(messages(&thread, &site.staff())[1]["author"]["kind"], "patient");
    let other = Site::new();
    let there = other.start();
    refused(&there.read(&other.clinic.portal(PATIENT)), 403, "account_required");
    let answer = ask(&there.read(&patient));
    assert_eq!(answer.status, 404, "{}", answer.text());
}

/// What is switched off works on the next call, and comes back with everything.
#[test]
fn access_that_is_taken_away_is_gone_at_once() {
    let site = Site::new();
    let thread = site.start();
    let path = format!("{}/links/{}", site.clinic.patient(PATIENT), site.account_id);
    let revoke = Call::new(&site.clinic.chart(), Method::DELETE, path.clone());
    expect(&revoke, 204);
    refused(&thread.read(&site.account), 404, "not_found");
    refused(&thread.reply(&site.account, "x"), 404, "not_found");
    assert!(listed(&own_inbox(&site.account)).is_empty());
    let again = Call::new(&site.clinic.chart(), Method::PUT, path);
    let again = again.with_body(json!({ "relationship": "own" })).with_header("If-Match", "\"2\"");
    expect(&again, 200);
    assert_eq!(unread(&thread, &site.account), 1);
}
