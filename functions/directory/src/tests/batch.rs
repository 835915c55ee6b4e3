//! Batches: each entry as if it had come alone, and all in one answer.

use std::time::Duration;

use domain::actor::Actor;
use domain::audit::{Action, Record};
use domain::outage::Outage;
use edge::{Failure, Request, Response, Service};
use serde_json::{Value, json};
use testkit::{AUDIT, Fault, MAIN};

use super::world::*;
use crate::handler::Handler;

fn batch(who: Who, entries: &Value) -> Value {
    with_body(who, &json!({"entries": entries}))
}

fn with_body((kind, id, own, own_patient): Who, body: &Value) -> Value {
    let mut event = sample("batch.chart.json");
    event["body"] = json!(body.to_string());
    let context = &mut event["requestContext"]["authorizer"];
    for (name, value) in [("kind", kind), ("id", id), ("clinic", own), ("patient", own_patient)] {
        context[name] = json!(value);
    }
    event
}

fn patient(id: &str) -> Value {
    json!({"kind": "patient", "id": id, "document": document(Target::Patient("p1"))})
}

fn staff(id: &str, groups: &[&str]) -> Value {
    let document = with(Target::Staff("s1"), "groups", json!(groups));
    json!({"kind": "staff", "id": id, "document": document})
}

fn group(id: &str) -> Value {
    json!({"kind": "group", "id": id, "document": document(Target::Group("g1"))})
}

fn link(patient: &str, account: &str) -> Value {
    let document = json!({"relationship": "own"});
    json!({"kind": "link", "patientId": patient, "accountId": account, "document": document})
}

/// An entry with one member as this.
fn but(mut entry: Value, member: &str, value: Value) -> Value {
    entry[member] = value;
    entry
}

fn outcomes(answer: &Answer) -> Vec<Value> {
    answer.body["outcomes"].as_array().unwrap().clone()
}

/// The status of each outcome, with its code.
fn statuses(answer: &Answer) -> Vec<(u64, String)> {
    let code = |outcome: &Value| outcome["code"].as_str().unwrap_or_default().to_owned();
    outcomes(answer)
        .iter()
        .map(|outcome| (outcome["status"].as_u64().unwrap(), code(outcome)))
        .collect()
}

#[tokio::test]
async fn entries_are_written_in_an_order_that_works_and_answered_in_their_own() {
    let world = World::new().await;
    let answer = world.call_many(sample("batch.chart.json")).await.expect(200, "");
    assert_eq!(
        answer.body,
        json!({"outcomes": [
            {"index": 0, "kind": "staff", "id": "s1", "status": 201, "version": 1},
            {"index": 1, "kind": "group", "id": "g1", "status": 201, "version": 1},
            {"index": 2, "kind": "link", "patientId": "p1", "accountId": "a1", "status": 201, "version": 1},
            {"index": 3, "kind": "patient", "id": "p1", "status": 201, "version": 1},
        ]})
    );
    let record = |action: &str| {
        let found = answer.records.iter().find(|record| record["action"] == action);
        found.unwrap_or_else(|| panic!("no {action}")).clone()
    };
    assert_eq!(answer.records.len(), 5);
    assert_eq!(record("group.change")["objects"], json!(["g1"]));
    assert_eq!(record("staff.change")["objects"], json!(["s1"]));
    assert_eq!(record("patient.change")["patient"], "p1");
    assert_eq!(
        (&record("link.change")["patient"], &record("link.change")["objects"]),
        (&json!("p1"), &json!(["a1"]))
    );
    assert!(!record("patient.change")["changes"].as_array().unwrap().is_empty());
    let whole = record("directory.batch");
    assert_eq!((&whole["objects"], whole.get("patient")), (&json!(["4 of 4"]), None));
    for record in &answer.records {
        assert_eq!(record["requestId"], whole["requestId"]);
        assert_eq!((&record["actorKind"], &record["clinic"]), (&json!("chart"), &json!("c1")));
        assert!(!record.to_string().contains("Zebulon"));
    }
    assert_eq!(world.items("MEMBER#").await.len(), 1);
    assert_eq!(world.items("LINK#").await.len(), 2);
}

#[tokio::test]
async fn links_and_staff_bring_their_addresses() {
    let world = World::new().await;
    let child = with(Target::Patient("p1"), "birthDate", json!("2018-06-01"));
    let contact = json!({"sms": "514 555 0143", "preferredChannel": "sms"});
    let guardian =
        |contact: &Value| json!({"relationship": "guardian", "name": "Grace", "contact": contact});
    let entries = json!([
        but(patient("p1"), "document", child),
        but(link("p1", "a1"), "document", guardian(&contact)),
        but(link("p1", "a2"), "document", guardian(&json!({"preferredChannel": "fax"}))),
        but(link("p1", "a3"), "document", json!({"relationship": "own", "contact": contact})),
        but(staff("s1", &[]), "document", with(Target::Staff("s1"), "email", json!("s@c.test"))),
    ]);
    let answer = world.call_many(batch(CHART, &entries)).await;
    let wanted =
        [(201, ""), (201, ""), (422, "wrong_type"), (422, "contact_of_own_link"), (201, "")];
    assert_eq!(statuses(&answer), wanted.map(|(status, code)| (status, code.to_owned())));
    let outcomes = outcomes(&answer);
    let pointer = |index: usize| outcomes[index]["errors"][0]["pointer"].clone();
    assert_eq!(pointer(2), "/entries/2/document/contact/preferredChannel");
    assert_eq!(pointer(3), "/entries/3/document/contact");
    let linked = world.call(get(CHART, Target::Link("p1", "a1"))).await;
    assert_eq!(linked.body["contact"]["sms"], "+15145550143");
    let member = world.call(get(CHART, Target::Staff("s1"))).await;
    assert_eq!(member.body["email"], "s@c.test");
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let world = World::new().await;
    let first = world.call_many(sample("batch.chart.json")).await.expect(200, "");
    let written = world.db.all_items(MAIN).await;
    let again = world.call_many(sample("batch.chart.json")).await.expect(200, "");
    assert_eq!(again.body, first.body);
    assert_eq!(again.records.len(), 5);
    assert_eq!(world.db.all_items(MAIN).await, written);

    // Half of it was written when the function was cut off.
    let world = World::new().await;
    world.call_many(batch(CHART, &json!([group("g1"), patient("p1")]))).await.expect(200, "");
    let all = json!([group("g1"), patient("p1"), staff("s1", &["g1"]), link("p1", "a1")]);
    let answer = world.call_many(batch(CHART, &all)).await.expect(200, "");
    assert!(statuses(&answer).iter().all(|(status, _)| *status == 201), "{}", answer.body);
}

#[tokio::test]
async fn each_entry_has_the_outcome_that_it_would_have_had_alone() {
    let world = World::with_patient().await;
    let documents = |member: &str, value: Value| with(Target::Patient("p1"), member, value);
    let entries = json!([
        but(patient("p1"), "ifMatch", json!(1)),
        but(patient("p2"), "ifMatch", json!(1)),
        but(patient("p3"), "document", documents("email", json!("nobody"))),
        but(patient("p4"), "document", documents("portalAcces", json!(true))),
        staff("s1", &["g9"]),
        link("p8", "a1"),
        link("p1", "a1"),
        but(patient("p5"), "document", json!([])),
    ]);
    let answer = world.call_many(batch(CHART, &entries)).await;
    assert_eq!(answer.status, 200);
    let wanted = [
        (200, ""),
        (404, "not_found"),
        (422, "email_invalid"),
        (422, "unknown_member"),
        (422, "unknown_group"),
        (404, "not_found"),
        (201, ""),
        (422, "wrong_type"),
    ];
    assert_eq!(statuses(&answer), wanted.map(|(status, code)| (status, code.to_owned())));
    let outcomes = outcomes(&answer);
    assert_eq!((&outcomes[0]["version"], outcomes[1].get("version")), (&json!(2), None));
    for (index, pointer) in [
        (2, "/entries/2/document/email"),
        (3, "/entries/3/document/portalAcces"),
        (4, "/entries/4/document/groups/0"),
        (7, "/entries/7/document"),
    ] {
        let error = &outcomes[index]["errors"][0];
        assert_eq!(error["pointer"], pointer);
        assert_eq!(error["code"], outcomes[index]["code"]);
        assert!(error["title"].is_string() && error["remedy"].is_string(), "{error}");
    }
    // Each refusal is on record with the patient that it is about.
    let refused: Vec<_> =
        answer.records.iter().filter(|record| record["outcome"] == "refused").collect();
    assert_eq!(refused.len(), 6);
    for (patient, code) in [
        ("p2", "not_found"),
        ("p3", "email_invalid"),
        ("p4", "unknown_member"),
        ("p8", "not_found"),
        ("p5", "wrong_type"),
    ] {
        assert!(
            refused
                .iter()
                .any(|record| { record["patient"] == patient && record["codes"] == json!([code]) }),
            "{patient}"
        );
    }
    let whole = answer.records.iter().find(|record| record["action"] == "directory.batch");
    assert_eq!(whole.unwrap()["objects"], json!(["2 of 8"]));
}

#[tokio::test]
async fn an_entry_of_the_wrong_shape_is_refused_alone() {
    let world = World::new().await;
    let entries = [
        (json!("p1"), "wrong_type", "/entries/0"),
        (json!({}), "missing_member", "/entries/1/kind"),
        (but(patient("p1"), "kind", json!("doctor")), "wrong_type", "/entries/2/kind"),
        (but(patient("p1"), "id", json!("a#b")), "batch_entry_unnamed", "/entries/3"),
        (json!({"kind": "patient", "document": {}}), "batch_entry_unnamed", "/entries/4"),
        (but(patient("p5"), "id", json!(5)), "wrong_type", "/entries/5/id"),
        (but(patient("p6"), "patientId", json!("p6")), "unknown_member", "/entries/6/patientId"),
        (but(link("p7", "a1"), "id", json!("p7")), "unknown_member", "/entries/7/id"),
        (but(patient("p8"), "ifMatch", json!("1")), "wrong_type", "/entries/8/ifMatch"),
        (but(patient("p9"), "ifMatch", json!(0)), "version_malformed", "/entries/9/ifMatch"),
        (
            but(patient("p10"), "ifNoneMatch", json!("*")),
            "unknown_member",
            "/entries/10/ifNoneMatch",
        ),
        (json!({"kind": "patient", "id": "p11"}), "missing_member", "/entries/11/document"),
    ];
    let mut all: Vec<Value> = entries.iter().map(|(entry, ..)| entry.clone()).collect();
    all.push(patient("p1"));
    let answer = world.call_many(batch(CHART, &json!(all))).await;
    assert_eq!(answer.status, 200);
    let outcomes = outcomes(&answer);
    for (index, (_, code, pointer)) in entries.iter().enumerate() {
        let outcome = &outcomes[index];
        assert_eq!(outcome["code"], *code, "{outcome}");
        assert_eq!(outcome["errors"][0]["pointer"], *pointer, "{outcome}");
        assert_eq!(outcome["errors"].as_array().unwrap().len(), 1);
        assert!(outcome["errors"][0].get("name").is_none());
    }
    assert_eq!(outcomes[12]["status"], 201);
    assert_eq!(world.items("PROFILE").await.len(), 1);
    // One record for each entry, and the batch's.
    assert_eq!(answer.records.len(), 14);
    let nameless: Vec<_> = answer
        .records
        .iter()
        .filter(|record| record["action"] == "directory.batch" && record["outcome"] == "refused")
        .collect();
    assert_eq!(nameless.len(), 6, "of what no entry names, nothing is on record");
    assert!(nameless.iter().all(|record| record.get("objects").is_none()));
    assert!(!answer.body.to_string().contains("a#b"));
}

#[tokio::test]
async fn of_two_entries_about_one_record_the_first_counts() {
    let world = World::new().await;
    let newer = with(Target::Patient("p1"), "name", json!("Newer"));
    let entries = json!([
        patient("p1"),
        but(patient("p1"), "document", newer.clone()),
        but(but(patient("p1"), "document", newer), "ifMatch", json!(1)),
        staff("p1", &[]),
        link("p1", "a1"),
        link("p1", "a2"),
        link("p1", "a1"),
    ]);
    let answer = world.call_many(batch(CHART, &entries)).await.expect(200, "");
    let duplicate = || (422, "duplicate_entry".to_owned());
    let done = || (201, String::new());
    assert_eq!(
        statuses(&answer),
        [done(), duplicate(), duplicate(), done(), done(), done(), duplicate()]
    );
    assert_eq!(outcomes(&answer)[1]["errors"][0]["pointer"], "/entries/1");
    assert_eq!(world.call(get(CHART, Target::Patient("p1"))).await.body["name"], "Patient One");
    assert_eq!(answer.records.len(), 8);
}

#[tokio::test]
async fn a_batch_has_one_to_a_hundred_entries() {
    let world = World::new().await;
    let many =
        |count: usize| (0..count).map(|index| patient(&format!("p{index}"))).collect::<Vec<_>>();
    for entries in [json!([]), json!(many(101))] {
        let answer = world.call(batch(CHART, &entries)).await.expect(422, "batch_size_invalid");
        assert_eq!(answer.reasons(), ["batch_size_invalid /entries"]);
        assert_eq!(answer.record["action"], "directory.batch");
    }
    for (body, reason) in [
        (json!({}), "missing_member /entries"),
        (json!({"entries": {}}), "wrong_type /entries"),
        (json!({"entries": [patient("p1")], "atomic": true}), "unknown_member /atomic"),
    ] {
        let answer = world.call(with_body(CHART, &body)).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
    let mut event = batch(CHART, &json!([]));
    event["body"] = json!("{\"entries\": [{\"kind\": \"patient\", \"kind\": \"staff\"}]}");
    world.call(event).await.expect(400, "malformed_json");

    let answer = world.call_many(batch(CHART, &json!(many(100)))).await.expect(200, "");
    let indexes: Vec<_> =
        outcomes(&answer).iter().map(|one| one["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, (0..100).collect::<Vec<_>>());
    assert!(statuses(&answer).iter().all(|(status, _)| *status == 201));
    assert_eq!((answer.records.len(), world.items("PROFILE").await.len()), (101, 100));
}

#[tokio::test]
async fn links_of_one_account_are_counted_one_after_another() {
    let world = World::new().await;
    let ids: Vec<String> = (0..22).map(|index| format!("p{index}")).collect();
    let entries: Vec<Value> =
        ids.iter().map(|id| patient(id)).chain(ids.iter().map(|id| link(id, "a1"))).collect();
    let answer = world.call_many(batch(CHART, &json!(entries))).await.expect(200, "");
    let links = statuses(&answer).split_off(22);
    assert!(links[..20].iter().all(|(status, _)| *status == 201));
    assert_eq!(
        links[20..],
        [(409, "too_many_links".to_owned()), (409, "too_many_links".to_owned())]
    );
}

#[tokio::test]
async fn each_role_may_what_its_row_says() {
    for (who, status, code) in [
        (CHART, 200, ""),
        (ADMIN, 200, ""),
        (OPERATOR, 403, "not_allowed"),
        (CLINICIAN, 403, "not_allowed"),
        (FRONT_DESK, 403, "not_allowed"),
        (FORMER_ADMIN, 403, "staff_inactive"),
        (STRANGER, 403, "staff_inactive"),
        (OTHER_ADMIN, 404, "not_found"),
        (OTHER_CHART, 404, "not_found"),
        (ACCOUNT, 404, "not_found"),
        (PORTAL, 404, "not_found"),
    ] {
        let world = World::new().await;
        let answer = world.call_many(batch(who, &json!([patient("p1")]))).await;
        let answer = answer.expect(status, code);
        assert_eq!(answer.records.len(), if status == 200 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn rights_that_an_entry_takes_away_are_gone_for_the_next() {
    let world = World::new().await;
    let myself = json!({"name": "Staff Nine", "roles": ["clinician"], "active": true});
    let entries = json!([
        patient("p1"),
        {"kind": "staff", "id": "s9", "ifMatch": 1, "document": myself},
        link("p1", "a1"),
    ]);
    let answer = world.call_many(batch(ADMIN, &entries)).await.expect(200, "");
    let wanted = [(201, ""), (200, ""), (403, "not_allowed")];
    assert_eq!(statuses(&answer), wanted.map(|(status, code)| (status, code.to_owned())));
}

#[tokio::test]
async fn an_outage_of_one_entry_is_its_own() {
    let world = World::new().await;
    let three = json!([group("g1"), patient("p1"), staff("s1", &[])]);
    let fault = Fault::unavailable("TransactWriteItems").times(3);
    let unlucky = handler(world.db.client_with(fault));
    let (status, _, body) = send(&unlucky, batch(CHART, &three)).await;
    assert_eq!(status, 200);
    let outcomes = body["outcomes"].as_array().unwrap();
    assert_eq!(
        (&outcomes[0]["status"], &outcomes[0]["code"]),
        (&json!(503), &json!("unavailable"))
    );
    assert_eq!((&outcomes[1]["status"], &outcomes[2]["status"]), (&json!(201), &json!(201)));
    for secret in ["CLINIC#", "TransactWriteItems", "Triage"] {
        assert!(!body.to_string().contains(secret), "{body}");
    }
    // The batch comes again, as it was.
    let answer = world.call_many(batch(CHART, &three)).await.expect(200, "");
    assert!(statuses(&answer).iter().all(|(status, _)| *status == 201), "{}", answer.body);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let world = World::new().await;
    let before = (world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await);
    let down = handler(world.db.client_with(Fault::unavailable("PutItem").times(u32::MAX)));
    let wrong = json!([but(patient("p1"), "document", json!({}))]);
    let (status, _, body) = send(&down, batch(CHART, &wrong)).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
    assert_eq!((world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await), before);
}

/// The handler, with no time for any entry.
struct Hurried(Handler);

impl Service for Hurried {
    fn action(&self, request: &Request) -> Action {
        self.0.action(request)
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        Box::pin(self.0.batch(request, actor, Duration::ZERO)).await
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.0.record(record).await
    }
}

#[tokio::test]
async fn entries_that_were_not_begun_in_time_say_so() {
    let world = World::new().await;
    let before = world.db.all_items(MAIN).await;
    let hurried = Hurried(handler(world.db.client()));
    let entries = json!([patient("p1"), json!("no entry")]);
    let (status, _, body) = send(&hurried, batch(CHART, &entries)).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"outcomes": [
            {"index": 0, "kind": "patient", "id": "p1", "status": 503, "code": "busy"},
            {"index": 1, "status": 503, "code": "busy"},
        ]})
    );
    assert_eq!(world.db.all_items(MAIN).await, before);
    let records = world.db.all_items(AUDIT).await;
    assert_eq!(records.len(), 1);
}
