//! Guardians, groups, colleagues who come and go, and patients who write first.

use http::Method;
use serde_json::{Value, json};
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Clinic, Conversation, fresh, own_inbox};

use crate::ground::{born, create, group_document, replace};
use crate::harness::{PATIENT, STAFF, Site, ask, expect, marked, messages, refused};

/// The id of the patient with a guardian.
const CHILD: &str = "child";

/// A clinic with a child, whose guardian has an account.
struct Family {
    site: Site,
    guardian: Caller,
    guardian_id: String,
}

impl Family {
    fn new() -> Self {
        let site = Site::new();
        expect(&site.clinic.create_patient(CHILD, child(5)), 201);
        let guardian_id = fresh("a");
        expect(&linking(&site.clinic, CHILD, &guardian_id), 201);
        Self { site, guardian: Caller::account(&guardian_id), guardian_id }
    }

    fn start(&self) -> Conversation {
        self.started(crate::harness::message())
    }

    fn started(&self, message: Value) -> Conversation {
        self.site.started(&self.site.clinic.start(STAFF, CHILD, message))
    }

    fn revoke(&self) {
        let path = format!("{}/links/{}", self.site.clinic.patient(CHILD), self.guardian_id);
        expect(&Call::new(&self.site.clinic.chart(), Method::DELETE, path), 204);
    }
}

/// A patient of this age.
fn child(age: u64) -> Value {
    let mut document = world::patient_by_sms(&marked("Zoe"), "+16135550123");
    document["birthDate"] = json!(born(age));
    document
}

/// The call that links a guardian's account.
fn linking(clinic: &Clinic, patient: &str, account: &str) -> Call {
    let body = json!({ "relationship": "guardian", "name": marked("Grace") });
    clinic.link(patient, account).with_body(body)
}

fn listed(call: &Call) -> Vec<String> {
    let page = expect(call, 200);
    let entries = page["conversations"].as_array().unwrap();
    entries.iter().map(|entry| entry["conversationId"].as_str().unwrap().to_owned()).collect()
}

fn with_owner(call: Call, owner: &str) -> Call {
    let path = format!("{}?owner={owner}", call.path);
    call.at(path)
}

fn in_groups(name: &str, groups: &[&str]) -> Value {
    let mut document = world::staff(&marked(name), "clinician");
    document["groups"] = json!(groups);
    document
}

fn create_group(clinic: &Clinic, id: &str) {
    let path = format!("/clinics/{}/groups/{id}", clinic.id);
    expect(&create(&clinic.chart(), path, group_document()), 201);
}

/// The staff record of this id as it shall be, in the place of this version of it.
fn restaff(clinic: &Clinic, id: &str, version: &str, document: Value) {
    let path = format!("/clinics/{}/staff/{id}", clinic.id);
    expect(&replace(&Caller::operator(), path, version, document), 200);
}

/// The call about somebody or something that takes part in a conversation.
fn taking_part(thread: &Conversation, by: &Caller, method: Method, what: &str) -> Call {
    Call::new(by, method, format!("{}/{what}", thread.path()))
}

#[test]
fn invariant_7_a_guardians_words_show_who_wrote_them_and_for_whom_for_ever() {
    let family = Family::new();
    let Family { site, guardian, .. } = &family;
    let thread = family.start();
    assert_eq!(listed(&own_inbox(guardian)), [thread.id.as_str()]);
    assert_eq!(expect(&thread.read(guardian), 200)["unread"], 1);
    expect(&thread.reply(guardian, &marked("She is better")), 201);
    let author = json!({
        "kind": "guardian",
        "id": family.guardian_id,
        "name": marked("Grace"),
        "relationship": "guardian",
        "onBehalfOf": { "id": CHILD, "name": marked("Zoe") },
    });
    assert_eq!(messages(&thread, &site.staff())[1]["author"], author);
    assert_eq!(messages(&thread, guardian)[1]["author"], author);

    // Revoked, the next call finds nothing, and what was written stays as it was.
    family.revoke();
    refused(&thread.read(guardian), 404, "not_found");
    refused(&thread.reply(guardian, "x"), 404, "not_found");
    refused(&thread.mark(guardian, 1), 404, "not_found");
    refused(&site.clinic.list(guardian, CHILD), 404, "not_found");
    assert!(listed(&own_inbox(guardian)).is_empty());
    let mut renamed = child(5);
    renamed["name"] = json!(marked("Another"));
    let path = site.clinic.patient(CHILD);
    expect(&replace(&site.clinic.chart(), path, "\"1\"", renamed), 200);
    assert_eq!(messages(&thread, &site.staff())[1]["author"], author);
}

#[test]
fn a_guardians_reading_is_not_the_childs() {
    let family = Family::new();
    let Family { site, guardian, .. } = &family;
    expect(&site.clinic.link(CHILD, &site.account_id), 201);
    let thread = family.start();
    assert_eq!(expect(&thread.mark(guardian, 1), 200), json!({ "seen": 1, "unread": 0 }));
    assert_eq!(expect(&thread.read(&site.account), 200)["unread"], 1);
    expect(&thread.reply(guardian, &marked("Yes")), 201);
    assert_eq!(expect(&thread.read(guardian), 200)["unread"], 0);
    assert_eq!(expect(&thread.read(&site.account), 200)["unread"], 2);
    assert_eq!(messages(&thread, &site.account)[1]["author"]["kind"], "guardian");
}

#[test]
fn a_guardian_is_linked_while_the_patient_is_under_the_clinics_age() {
    let site = Site::new();
    let Site { clinic, .. } = &site;
    for (id, age) in [("grown", 13), ("under", 11)] {
        expect(&clinic.create_patient(id, child(age)), 201);
    }
    let account = fresh("a");
    let guardian = Caller::account(&account);
    refused(&linking(clinic, "grown", &account), 409, "guardian_age_reached");
    refused(&linking(clinic, PATIENT, &account), 409, "birth_date_unknown");
    let nameless = json!({ "relationship": "guardian" });
    refused(&clinic.link("under", &account).with_body(nameless), 422, "guardian_name_required");
    expect(&linking(clinic, "under", &account), 201);
    // A link that was made goes on.
    let thread = site.started(&clinic.start(STAFF, "under", crate::harness::message()));
    expect(&replace(&clinic.chart(), clinic.patient("under"), "\"1\"", child(13)), 200);
    expect(&thread.read(&guardian), 200);
    expect(&thread.reply(&guardian, &marked("Still here")), 201);
}

#[test]
fn what_is_patient_only_is_not_there_for_a_guardian_from_the_next_call_on() {
    let family = Family::new();
    let Family { site, guardian, .. } = &family;
    expect(&site.clinic.link(CHILD, &site.account_id), 201);
    let thread = family.start();
    expect(&thread.read(guardian), 200);
    expect(&taking_part(&thread, &site.staff(), Method::PUT, "patient-only"), 200);
    refused(&thread.read(guardian), 404, "not_found");
    refused(&thread.reply(guardian, "x"), 404, "not_found");
    refused(&thread.mark(guardian, 1), 404, "not_found");
    for list in [own_inbox(guardian), site.clinic.list(guardian, CHILD)] {
        assert!(listed(&list).is_empty(), "{}", list.path);
    }
    assert_eq!(expect(&thread.read(&site.account), 200)["patientOnly"], true);
    assert_eq!(listed(&own_inbox(&site.account)), [thread.id.as_str()]);
    refused(
        &taking_part(&thread, &site.account, Method::DELETE, "patient-only"),
        403,
        "not_allowed",
    );
    expect(&taking_part(&thread, &site.staff(), Method::DELETE, "patient-only"), 200);
    expect(&thread.read(guardian), 200);
    assert_eq!(listed(&own_inbox(guardian)), [thread.id.as_str()]);

    // It can be so from the start.
    let mut message = crate::harness::message();
    message["patientOnly"] = json!(true);
    let hidden = family.started(message);
    refused(&hidden.read(guardian), 404, "not_found");
    expect(&hidden.reply(&site.account, &marked("Mine")), 201);
    assert_eq!(listed(&site.clinic.list(guardian, CHILD)), [thread.id.as_str()]);
}

#[test]
fn a_clinic_hides_new_conversations_from_guardians_by_age() {
    let mut settings = world::settings(&marked("Clinic"), "connect", world::always_open());
    settings["patientOnlyFromAge"] = json!(10);
    let site = Site::with(settings);
    for (id, age, hidden) in [("younger", 8, false), ("older", 11, true)] {
        expect(&site.clinic.create_patient(id, child(age)), 201);
        let account = fresh("a");
        expect(&linking(&site.clinic, id, &account), 201);
        let started = expect(&site.clinic.start(STAFF, id, crate::harness::message()), 201);
        assert_eq!(started["patientOnly"], hidden, "{id}");
        let seen = listed(&site.clinic.list(&Caller::account(&account), id));
        assert_eq!(seen.is_empty(), hidden, "{id}");
    }
}

#[test]
fn a_group_takes_part_and_its_people_with_it() {
    let site = Site::new();
    let Site { clinic, .. } = &site;
    create_group(clinic, "g1");
    expect(&clinic.create_staff("early", in_groups("Early", &["g1"])), 201);
    let mut message = crate::harness::message();
    message["groups"] = json!(["g1"]);
    let thread = site.started(&site.starting().with_body(message));
    expect(&clinic.create_staff("late", in_groups("Late", &["g1"])), 201);
    expect(&clinic.create_staff("other", in_groups("Other", &[])), 201);
    let [early, late, other] = ["early", "late", "other"].map(|id| clinic.staff(id));

    let opened = expect(&thread.read(&late), 200);
    assert_eq!(opened["groups"], json!([{ "id": "g1", "name": marked("Nurses") }]));
    let ids: Vec<_> =
        opened["participants"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [STAFF, "early"], "the group was expanded when it was addressed");
    let group = |who: &str| with_owner(clinic.inbox(who), "group:g1");
    assert_eq!(listed(&group("late")), [thread.id.as_str()]);
    assert_eq!(listed(&clinic.inbox("early")), [thread.id.as_str()]);
    assert!(listed(&clinic.inbox("late")).is_empty());
    assert_eq!(listed(&clinic.list(&late, PATIENT)), [thread.id.as_str()]);
    refused(&group("other"), 403, "not_allowed");
    refused(&thread.read(&other), 404, "not_found");
    expect(&thread.reply(&late, &marked("For the group")), 201);

    // Who leaves in person is still in the group; who is in it no longer has lost it.
    expect(&taking_part(&thread, &early, Method::DELETE, "participants/early"), 200);
    assert!(listed(&clinic.inbox("early")).is_empty());
    expect(&thread.read(&early), 200);
    restaff(clinic, "late", "\"1\"", in_groups("Late", &[]));
    refused(&thread.read(&late), 404, "not_found");
    refused(&group("late"), 403, "not_allowed");
    expect(&taking_part(&thread, &early, Method::DELETE, "groups/g1"), 200);
    refused(&thread.read(&early), 404, "not_found");
    assert!(listed(&group("early")).is_empty());
}

#[test]
fn colleagues_join_and_leave() {
    let site = Site::new();
    let Site { clinic, .. } = &site;
    for id in ["joins", "stays", "outside"] {
        expect(&clinic.create_staff(id, in_groups("Ben", &[])), 201);
    }
    let [joins, stays, outside] = ["joins", "stays", "outside"].map(|id| clinic.staff(id));
    let mut message = crate::harness::message();
    message["to"] = json!(["stays"]);
    let thread = site.started(&site.starting().with_body(message));
    let part = |by: &Caller, method: Method, who: &str| {
        taking_part(&thread, by, method, &format!("participants/{who}"))
    };
    refused(&part(&outside, Method::PUT, "outside"), 404, "not_found");
    refused(&part(&site.account, Method::PUT, "joins"), 403, "not_allowed");
    refused(&part(&stays, Method::PUT, "nobody"), 422, "unknown_recipient");
    for _ in 0..2 {
        expect(&part(&stays, Method::PUT, "joins"), 200);
    }
    assert_eq!(listed(&clinic.inbox("joins")), [thread.id.as_str()]);
    expect(&thread.reply(&joins, &marked("Hello")), 201);
    refused(&part(&joins, Method::DELETE, "stays"), 403, "not_allowed");
    expect(&part(&joins, Method::DELETE, "joins"), 200);
    refused(&thread.read(&joins), 404, "not_found");
    assert!(listed(&clinic.inbox("joins")).is_empty());
    // An administrator removes others; the last one stays.
    expect(&part(&site.staff(), Method::DELETE, "stays"), 200);
    refused(&thread.read(&stays), 404, "not_found");
    refused(&part(&site.staff(), Method::DELETE, STAFF), 409, "last_participant");
    assert_eq!(messages(&thread, &site.account).len(), 2, "what was written stays");
}

#[test]
fn staff_who_are_removed_are_refused_on_the_next_call() {
    let site = Site::new();
    let Site { clinic, .. } = &site;
    expect(&clinic.create_staff("s2", in_groups("Ben", &[])), 201);
    let mut message = crate::harness::message();
    message["to"] = json!(["s2"]);
    let thread = site.started(&site.starting().with_body(message));
    let ben = clinic.staff("s2");
    expect(&thread.read(&ben), 200);
    let mut gone = in_groups("Ben", &[]);
    gone["active"] = json!(false);
    restaff(clinic, "s2", "\"1\"", gone);
    for call in [
        thread.read(&ben),
        thread.reply(&ben, "x"),
        thread.mark(&ben, 1),
        clinic.inbox("s2"),
        clinic.list(&ben, PATIENT),
        clinic.start("s2", PATIENT, crate::harness::message()),
        taking_part(&thread, &ben, Method::DELETE, "participants/s2"),
    ] {
        refused(&call, 403, "staff_inactive");
    }
    let joining = taking_part(&thread, &site.staff(), Method::PUT, "participants/s2");
    refused(&joining, 422, "unknown_recipient");
}

#[test]
fn a_record_that_was_merged_is_read_and_not_written_until_the_merge_is_undone() {
    let site = Site::new();
    let Site { clinic, account, .. } = &site;
    expect(&clinic.create_patient("kept", child(5)), 201);
    let thread = site.start();
    let path = format!("{}/successor", clinic.patient(PATIENT));
    let merge =
        Call::new(&clinic.chart(), Method::PUT, path.clone()).with_header("If-Match", "\"1\"");
    let into = |id: &str| merge.clone().with_body(json!({ "patientId": id }));
    refused(&into(PATIENT), 422, "merge_into_itself");
    expect(&into("kept"), 200);

    let told = refused(&site.starting(), 409, "patient_merged");
    assert_eq!(told["errors"][0]["about"], "kept", "staff are told where to write");
    refused(&thread.reply(&site.staff(), "x"), 409, "patient_merged");
    let told = refused(&thread.reply(account, "x"), 409, "patient_merged");
    assert!(!told.to_string().contains("kept"), "another record's id is nothing for a patient");
    expect(&thread.read(account), 200);
    assert_eq!(listed(&own_inbox(account)), [thread.id.as_str()]);
    expect(&thread.mark(account, 1), 200);
    let read = expect(&Call::new(&clinic.chart(), Method::GET, clinic.patient(PATIENT)), 200);
    assert_eq!(read["successor"], "kept");

    expect(&Call::new(&clinic.chart(), Method::DELETE, path), 204);
    expect(&thread.reply(account, &marked("Again")), 201);
    expect(&site.starting(), 201);
}

#[test]
fn patients_write_first_as_long_as_the_clinic_wants_it() {
    let settings = |wanted: bool| {
        let mut settings = world::settings(&marked("Clinic"), "connect_pro", world::always_open());
        settings["patientFirst"] = json!(wanted);
        settings
    };
    let site = Site::with(settings(true));
    let Site { clinic, account, .. } = &site;
    create_group(clinic, "g1");
    expect(&clinic.create_staff("nurse", in_groups("Nora", &["g1"])), 201);
    let get = |by: &Caller, what: &str| {
        let path = format!("{}/{what}", clinic.patient(PATIENT));
        expect(&Call::new(by, Method::GET, path), 200)
    };
    assert_eq!(get(account, "eligibility"), json!({ "eligible": true, "reasons": [] }));
    let groups = json!([{ "id": "g1", "name": marked("Nurses") }]);
    assert_eq!(get(account, "recipients"), json!({ "staff": [], "groups": groups }));
    let of_staff = get(&site.staff(), "recipients");
    assert_eq!(of_staff["groups"], groups);
    assert!(of_staff["staff"].to_string().contains(&marked("Nora")), "{of_staff}");

    let mut message = crate::harness::message();
    message["groups"] = json!(["g1"]);
    let write = |message: &Value| clinic.start(STAFF, PATIENT, message.clone()).by(account);
    refused(&write(&crate::harness::message()), 422, "recipient_required");
    let mut to_nurse = crate::harness::message();
    to_nurse["to"] = json!(["nurse"]);
    refused(&write(&to_nurse), 422, "unknown_recipient");
    let thread = site.started(&write(&message));
    let waiting = with_owner(clinic.inbox("nurse"), "group:g1");
    let path = format!("{}&state=awaiting_clinic", waiting.path);
    assert_eq!(listed(&waiting.at(path)), [thread.id.as_str()]);
    expect(&thread.reply(&clinic.staff("nurse"), &marked("Come in")), 201);
    assert_eq!(messages(&thread, account)[0]["author"]["kind"], "account");

    expect(
        &clinic
            .settings(&site.staff(), Method::PUT)
            .with_body(settings(false))
            .with_header("If-Match", "\"1\""),
        200,
    );
    refused(&write(&message), 409, "patient_first_off");
    let told = get(account, "eligibility");
    assert_eq!(told["eligible"], false);
    assert_eq!(told["reasons"][0]["code"], "patient_first_off");
    expect(&thread.reply(account, &marked("Thank you")), 201);
    assert_eq!(get(&site.staff(), "eligibility")["eligible"], true, "staff write first anyway");
}

#[test]
fn a_reply_to_one_message_shows_what_it_answers() {
    let site = Site::new();
    let thread = site.start();
    expect(&thread.reply(&site.staff(), &marked("Second")), 201);
    let reply = thread.reply(&site.account, "x");
    let answer = |number: u32| {
        reply.clone().with_body(json!({ "body": marked("To the first"), "inReplyTo": number }))
    };
    refused(&answer(99), 422, "quoted_message_unknown");
    expect(&thread.reply(&site.account, "x").with_body(answer(1).body.unwrap()), 201);
    for reader in [site.staff(), site.account.clone()] {
        let all = messages(&thread, &reader);
        let quoted = &all[2]["inReplyTo"];
        assert_eq!((&quoted["number"], &quoted["cut"]), (&json!(1), &json!(false)));
        assert_eq!(quoted["author"], all[0]["author"]);
        assert_eq!(quoted["at"], all[0]["at"]);
        assert_eq!(quoted["text"], all[0]["body"]["text"]);
        assert!(all[1].get("inReplyTo").is_none());
    }
}

/// A batch is as many changes, each with its own answer to it.
#[test]
fn a_batch_brings_patients_in() {
    let site = Site::new();
    let entry = |id: &str| json!({ "kind": "patient", "id": id, "document": child(5) });
    let path = format!("/clinics/{}/directory-batches", site.clinic.id);
    let batch = Call::new(&site.clinic.chart(), Method::POST, path)
        .with_body(json!({ "entries": [entry("b1"), entry("b2")] }));
    expect(&batch, 200);
    for id in ["b1", "b2"] {
        let read = Call::new(&site.clinic.chart(), Method::GET, site.clinic.patient(id));
        assert_eq!(expect(&read, 200)["name"], marked("Zoe"));
    }
}

#[test]
fn the_access_report_names_who_read() {
    let family = Family::new();
    let Family { site, guardian, guardian_id } = &family;
    let thread = family.start();
    expect(&thread.read(guardian), 200);
    expect(&thread.read(&site.staff()), 200);
    let watching = world::staff(&marked("Paula"), "privacy_officer");
    expect(&site.clinic.create_staff("watch", watching), 201);
    let report = |by: &Caller, path: String| {
        ask(&Call::new(by, Method::GET, format!("{path}/access-report")))
    };
    let officer = site.clinic.staff("watch");
    let of_child = report(&officer, site.clinic.patient(CHILD));
    assert_eq!(of_child.status, 200, "{}", of_child.text());
    for part in ["conversation.view", guardian_id, STAFF, &thread.id] {
        assert!(of_child.text().contains(part), "{part} in {}", of_child.text());
    }
    let actor = format!("/clinics/{}/actors/staff/{STAFF}", site.clinic.id);
    let of_staff = report(&officer, actor);
    assert_eq!(of_staff.status, 200, "{}", of_staff.text());
    assert!(of_staff.text().contains("conversation.view"));
    assert!(!of_staff.text().contains(guardian_id), "{}", of_staff.text());
    for (by, status) in [(site.staff(), 403), (guardian.clone(), 404), (site.account.clone(), 404)]
    {
        assert_eq!(report(&by, site.clinic.patient(CHILD)).status, status, "{by:?}");
    }
    // Reading the report is on record itself.
    let again = report(&officer, site.clinic.patient(CHILD));
    assert!(again.text().contains("watch"), "{}", again.text());
}
