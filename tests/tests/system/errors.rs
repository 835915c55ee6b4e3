//! Every error that a caller can make, and that it leaves its audit record and nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::api::Answer;
use system_tests::issuer::{Caller, TokenOptions};
use system_tests::now;
use system_tests::world::{self, Call, Conversation, fresh};

use crate::aws::string;
use crate::harness::{
    MARK, PATIENT, STAFF, Site, ask, eventually, expect, marked, problem, refused_as_doubled, world,
};

/// A clinic in which everything that happens by itself has happened.
struct Calm {
    site: Site,
    thread: Conversation,
    items: Vec<Value>,
    records: usize,
}

impl Calm {
    fn new() -> Self {
        let site = Site::new();
        let thread = site.start();
        site.settled(&thread);
        let mut calm = Self { site, thread, items: Vec::new(), records: 0 };
        calm.look();
        calm
    }

    /// Takes what is there now for what is to stay.
    fn look(&mut self) {
        // A message is announced to the other side beside the answer, to staff as well.
        self.items = eventually("all messages to be announced", Duration::from_secs(60), || {
            let items = self.site.items();
            let is_left = |item: &Value| string(item, "sk").starts_with("OUTBOX#");
            (!items.iter().any(is_left)).then_some(items)
        });
        self.records = self.site.records().len();
    }

    /// Makes sure that an answer is this refusal, and that one record of it is all that was written.
    fn refuses(&mut self, answer: &Answer, status: u16, code: &str) -> Value {
        let document = problem(answer, status, code);
        let request = document["requestId"].as_str().unwrap();
        let records = self.site.records();
        let of_it: Vec<_> =
            records.iter().filter(|record| string(record, "requestId") == request).collect();
        assert_eq!(of_it.len(), 1, "{code}: one record of the refusal among {}", records.len());
        assert_eq!(string(of_it[0], "outcome"), "refused", "{code}");
        assert!(of_it[0]["codes"].to_string().contains(code), "{code}: {}", of_it[0]);
        assert_eq!(records.len(), self.records + 1, "{code}: another record was written");
        self.records = records.len();
        self.unchanged(code);
        document
    }

    fn unchanged(&self, code: &str) {
        assert_eq!(self.site.items(), self.items, "{code}: something was written");
    }

    fn replying(&self) -> Call {
        self.thread.reply(&self.site.account, &marked("Reply"))
    }
}

/// The bodies of a reply that are no bodies, with what is answered to each.
fn bad_bodies() -> Vec<(String, u16, &'static str)> {
    let long = "a".repeat(100 * 1024 + 1);
    let longer = "a".repeat(512 * 1024 + 1);
    [
        (String::new(), 400, "malformed_json"),
        ("{\"body\":".into(), 400, "malformed_json"),
        ("{\"body\":\"a\",}".into(), 400, "malformed_json"),
        (format!("{{\"body\":\"{MARK}\",\"body\":\"b\"}}"), 400, "malformed_json"),
        ("null".into(), 422, "wrong_type"),
        ("[]".into(), 422, "wrong_type"),
        ("{}".into(), 422, "body_empty"),
        ("{\"template\":{\"id\":\"t1\"}}".into(), 422, "missing_member"),
        ("{\"body\":7}".into(), 422, "wrong_type"),
        ("{\"body\":\"a\",\"seen\":\"1\"}".into(), 422, "wrong_type"),
        ("{\"body\":\"a\",\"seen\":1.5}".into(), 422, "wrong_type"),
        ("{\"body\":\"a\",\"seen\":99}".into(), 422, "marker_beyond_last"),
        (format!("{{\"body\":\"a\",\"sender\":\"{MARK}\"}}"), 422, "unknown_member"),
        ("{\"body\":\"<p> </p>\"}".into(), 422, "body_empty"),
        (format!("{{\"body\":\"{long}\"}}"), 422, "body_too_long"),
        (format!("{{\"body\":\"{longer}\"}}"), 422, "body_too_long"),
    ]
    .into_iter()
    .collect()
}

#[test]
fn a_body_that_is_none_writes_its_refusal_only() {
    let mut calm = Calm::new();
    let api = world().api_as(&calm.site.account);
    for (body, status, code) in bad_bodies() {
        let call = calm.replying().with_header("Content-Type", "application/json");
        let answer = call.send_bytes(&api, body).unwrap();
        calm.refuses(&answer, status, code);
    }
}

#[test]
fn a_first_message_is_refused_for_all_that_is_wrong_with_it_at_once() {
    let mut calm = Calm::new();
    let too_long = "t".repeat(201);
    let many: Vec<String> = (0..41).map(|number| format!("s{number}")).collect();
    for (body, codes) in [
        (
            json!({ "title": "", "body": "" }),
            vec![("/title", "title_empty"), ("/body", "body_empty")],
        ),
        (json!({ "title": too_long, "body": "b" }), vec![("/title", "title_too_long")]),
        (json!({ "title": "a\nb", "body": "b" }), vec![("/title", "forbidden_character")]),
        (
            json!({ "title": "t", "body": "b", "to": ["a b", "#"] }),
            vec![("/to/0", "invalid_id"), ("/to/1", "invalid_id")],
        ),
        (json!({ "title": "t", "body": "b", "to": many }), vec![("/to", "too_many_participants")]),
        (
            json!({ "title": "t", "body": "b", "to": ["nobody"] }),
            vec![("/to/0", "unknown_recipient")],
        ),
    ] {
        let answer = ask(&calm.site.starting().with_body(body));
        let document = calm.refuses(&answer, 422, codes[0].1);
        let told: Vec<_> = document["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        assert_eq!(told, codes);
    }
    // At the limit, it is taken.
    let full = json!({ "title": "t".repeat(200), "body": "b".repeat(100 * 1024 - 7) });
    expect(&calm.site.starting().with_body(full), 201);
}

#[test]
fn an_idempotency_key_is_one_and_for_one_request() {
    let mut calm = Calm::new();
    let bare = calm.replying().without_header("Idempotency-Key");
    for (key, code) in [
        ("", "idempotency_key_missing"),
        ("a b", "idempotency_key_invalid"),
        (&"k".repeat(129), "idempotency_key_invalid"),
    ] {
        let answer = ask(&bare.clone().with_header("Idempotency-Key", key));
        calm.refuses(&answer, 400, code);
    }
    let answer = ask(&bare);
    calm.refuses(&answer, 400, "idempotency_key_missing");
    let doubled = bare.with_header("Idempotency-Key", "k1").with_header("Idempotency-Key", "k2");
    let answer = refused_as_doubled(&doubled, "idempotency_key_invalid");
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    calm.refuses(&answer, 400, &code);

    let reply = calm.replying();
    expect(&reply, 201);
    calm.site.settled(&calm.thread);
    calm.look();
    let answer = ask(&reply.with_body(json!({ "body": marked("Another") })));
    calm.refuses(&answer, 422, "idempotency_key_reused");
}

#[test]
fn a_token_that_is_none_opens_nothing_and_leaves_nothing() {
    let calm = Calm::new();
    let caller = &calm.site.account;
    let issuer = world().issuer();
    let good = issuer.token(caller, now());
    let with = |options| issuer.token_with(caller, &options, now());
    let (head, signature) = good.rsplit_once('.').unwrap();
    let payload = head.split_once('.').unwrap().1;
    let none = issuer.sign(&json!({ "alg": "none", "typ": "JWT" }), &json!({}));
    let other = system_tests::issuer::Issuer::generate();
    let usual = TokenOptions::default;
    let forged: String = signature.chars().rev().collect();
    for (what, token) in [
        ("expired", with(TokenOptions { expires_in: -120, ..usual() })),
        ("not valid yet", with(TokenOptions { valid_in: 600, ..usual() })),
        (
            "another issuer",
            with(TokenOptions { issuer: Some("https://other.test".into()), ..usual() }),
        ),
        ("another audience", with(TokenOptions { audience: Some("other".into()), ..usual() })),
        (
            "a patient of the clinic's issuer",
            with(TokenOptions {
                issuer: Some(system_tests::issuer::CLINIC_ISSUER.into()),
                audience: Some(system_tests::issuer::CLINIC_AUDIENCE.into()),
                ..usual()
            }),
        ),
        ("another signature", format!("{head}.{forged}")),
        ("another's key", other.token(caller, now())),
        ("no signature", format!("{head}.")),
        ("alg none", format!("{}.{payload}.", none.split_once('.').unwrap().0)),
        ("no token", "x".into()),
    ] {
        let answer = calm.replying().send_to(&world().api().with_token(token)).unwrap();
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        assert_eq!(answer.json()["code"], "unauthenticated", "{what}");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{what}");
        assert!(answer.header("WWW-Authenticate").is_some(), "{what}");
        calm.unchanged(what);
        assert_eq!(calm.site.records().len(), calm.records, "{what}");
    }
}

/// The authorizer's answer is cached for a minute, and a token may expire in it.
#[test]
fn a_token_that_expired_since_it_was_checked_is_refused_by_the_function() {
    let mut calm = Calm::new();
    let options = TokenOptions { expires_in: 6, ..TokenOptions::default() };
    let token = world().issuer().token_with(&calm.site.account, &options, now());
    let api = world().api().with_token(token);
    assert_eq!(calm.thread.read(&calm.site.account).send_to(&api).unwrap().status, 200);
    std::thread::sleep(std::time::Duration::from_secs(7));
    calm.look();
    let answer = calm.replying().send_to(&api).unwrap();
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(answer.header("WWW-Authenticate").is_some());
    if answer.json()["code"] == "token_expired" {
        calm.refuses(&answer, 401, "token_expired");
    } else {
        // The stack asked the authorizer again, which refused: nothing reached the function.
        calm.unchanged("unauthenticated");
    }
}

#[test]
fn what_is_not_the_callers_is_not_there() {
    let mut calm = Calm::new();
    let other = Site::new();
    let id = &calm.thread.id;
    let Site { clinic, account, .. } = &calm.site;
    let cases = [
        // Another clinic's staff; the record stands with their own clinic.
        (calm.replying().by(&other.staff()), false),
        (calm.replying().by(&other.account), false),
        (calm.replying().at(format!("{}x/messages", calm.thread.path())), true),
        (clinic.conversation("nobody", id).reply(account, "x"), true),
        (clinic.conversation(PATIENT, &fresh("v")).reply(&calm.site.staff(), "x"), true),
        (calm.replying().by(&Caller::operator()), true),
    ];
    for (call, own) in cases {
        let answer = ask(&call);
        if own {
            calm.refuses(&answer, 404, "not_found");
        } else {
            let before = other.records();
            problem(&answer, 404, "not_found");
            calm.unchanged("not_found");
            assert_eq!(calm.site.records().len(), calm.records, "another clinic's record");
            assert!(before.iter().any(|record| string(record, "outcome") == "refused"));
        }
    }
}

#[test]
fn a_closed_conversation_takes_no_reply() {
    let mut calm = Calm::new();
    expect(&calm.thread.close(STAFF), 200);
    calm.look();
    for caller in [calm.site.account.clone(), calm.site.staff()] {
        let answer = ask(&calm.replying().by(&caller));
        calm.refuses(&answer, 409, "conversation_closed");
    }
}

#[test]
fn where_replies_are_not_allowed_the_patient_writes_none() {
    let mut calm = Calm::new();
    let mut message = crate::harness::message();
    message["repliesAllowed"] = json!(false);
    calm.thread = calm.site.started(&calm.site.starting().with_body(message));
    calm.site.settled(&calm.thread);
    calm.look();
    let answer = ask(&calm.replying());
    calm.refuses(&answer, 409, "replies_not_allowed");
    // Closed as well, both are said.
    expect(&calm.thread.close(STAFF), 200);
    calm.look();
    let answer = ask(&calm.replying());
    let document = calm.refuses(&answer, 409, "conversation_closed");
    let codes: Vec<_> = document["errors"].as_array().unwrap().iter().map(|e| &e["code"]).collect();
    assert_eq!(codes, ["conversation_closed", "replies_not_allowed"]);
}

#[test]
fn all_unmet_preconditions_of_a_message_are_told_at_once() {
    let mut settings = world::settings(&marked("Clinic"), "connect_pro", world::always_open());
    settings["portalEnabled"] = json!(false);
    let site = Site::with(settings);
    let patient = json!({ "name": marked("Nobody"), "preferredChannel": "email" });
    expect(&site.clinic.create_patient("unreachable", patient), 201);
    let thread = site.clinic.conversation("unreachable", "none");
    let (items, records) = (site.items(), site.records().len());
    let mut calm = Calm { site, thread, items, records };
    let call = calm.site.clinic.start(STAFF, "unreachable", crate::harness::message());
    let answer = ask(&call);
    let document = calm.refuses(&answer, 409, "portal_disabled");
    let errors = document["errors"].as_array().unwrap();
    let codes: Vec<_> = errors.iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["portal_disabled", "patient_access_off", "no_contact"]);
    assert!(errors.iter().all(|error| !error["remedy"].as_str().unwrap().is_empty()));
}
