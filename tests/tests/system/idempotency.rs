//! One key, one effect.

use serde_json::json;
use system_tests::world::{self, Call, fresh};

use crate::harness::{
    PATIENT, STAFF, Site, address, ask, at_once, expect, marked, messages, problem, refused, world,
};

/// The call with this key instead of its own.
fn keyed(call: Call, key: &str) -> Call {
    call.without_header("Idempotency-Key").with_header("Idempotency-Key", key)
}

#[test]
fn a_repeat_is_answered_the_same_and_does_nothing() {
    let site = Site::new();
    let start = site.starting();
    let first = expect(&start, 201);
    assert_eq!(expect(&start, 201), first);
    let thread = site.started(&start);
    let reply = thread.reply(&site.account, &marked("Once"));
    let first = ask(&reply);
    let again = ask(&reply);
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    assert_eq!(first.header("Location"), again.header("Location"));
    assert_eq!(messages(&thread, &site.account).len(), 2);
    // A repeat is answered even after the close, for it was done before.
    expect(&thread.close(STAFF), 200);
    assert_eq!(expect(&reply, 201), again.json());
    // But not to who may no longer come near.
    let path = format!("{}/links/{}", site.clinic.patient(PATIENT), site.account_id);
    expect(&Call::new(&site.clinic.chart(), http::Method::DELETE, path), 204);
    refused(&reply, 404, "not_found");
}

/// The key is each caller's own.
#[test]
fn the_same_key_of_different_callers_is_different_keys() {
    let site = Site::new();
    let other = Site::new();
    let second = fresh("a");
    expect(
        &site.clinic.create_patient("p2", world::patient_by_email(&marked("B"), &address(), "en")),
        201,
    );
    expect(&site.clinic.link("p2", &second), 201);
    let first_thread = site.start();
    let second_thread = site.started(&site.clinic.start(STAFF, "p2", crate::harness::message()));
    let other_thread = other.start();
    let calls = [
        (first_thread.reply(&site.account, "by A"), &first_thread),
        (
            second_thread.reply(&system_tests::issuer::Caller::account(&second), "by B"),
            &second_thread,
        ),
        (first_thread.reply(&site.staff(), "by C"), &first_thread),
        (other_thread.reply(&other.staff(), "elsewhere"), &other_thread),
    ];
    for (call, thread) in calls {
        let answer = expect(&keyed(call, "1"), 201);
        assert_eq!(answer["conversationId"], thread.id);
    }
    assert_eq!(messages(&first_thread, &site.account).len(), 3);
    assert_eq!(messages(&second_thread, &system_tests::issuer::Caller::account(&second)).len(), 2);
    assert_eq!(messages(&other_thread, &other.staff()).len(), 2);
}

#[test]
fn a_key_is_read_as_clients_write_it() {
    let site = Site::new();
    let thread = site.start();
    let bare = thread.reply(&site.account, "x").without_header("Idempotency-Key");
    let api = world().api_as(&site.account);
    for (name, value, status, code) in [
        ("Idempotency-Key", "", 400, "idempotency_key_missing"),
        ("Idempotency-Key", "   ", 400, "idempotency_key_missing"),
        ("Idempotency-Key", "a b", 400, "idempotency_key_invalid"),
        ("Idempotency-Key", "k\u{e9}", 400, "idempotency_key_invalid"),
        ("Idempotency-Key", &"k".repeat(129), 400, "idempotency_key_invalid"),
        ("Idempotency-Key", &"k".repeat(4_000), 400, "idempotency_key_invalid"),
    ] {
        problem(&bare.clone().with_header(name, value).send_to(&api).unwrap(), status, code);
    }
    let too_long = bare.clone().with_header("Idempotency-Key", "k".repeat(1_000_000)).send_to(&api);
    // The gateway may break the connection off: what counts is that nothing was written.
    assert!(too_long.is_err() || (400..500).contains(&too_long.unwrap().status));
    assert_eq!(messages(&thread, &site.account).len(), 1);
    // Blanks around it and the quotes of a structured header do not count, nor does the name's case.
    for (name, value) in
        [("idempotency-key", "  K  "), ("IDEMPOTENCY-KEY", "\"K\""), ("Idempotency-Key", "K")]
    {
        let answer = bare.clone().with_header(name, value).send_to(&api).unwrap();
        assert_eq!(answer.status, 201, "{value}: {}", answer.text());
    }
    assert_eq!(messages(&thread, &site.account).len(), 2);
}

#[test]
fn ten_at_once_with_one_key_have_one_effect_and_one_answer() {
    let site = Site::new();
    let thread = site.start();
    for call in [site.starting(), thread.reply(&site.account, &marked("Once"))] {
        let answers = at_once(&vec![call.clone(); 10]);
        let settled = expect(&call, 201);
        for answer in answers {
            match answer.status {
                201 => assert_eq!(answer.json(), settled),
                503 => assert!(answer.header("Retry-After").is_some(), "{}", answer.text()),
                _ => panic!("{} {}", answer.status, answer.text()),
            }
        }
    }
    assert_eq!(messages(&thread, &site.account).len(), 2);
    let list = expect(&site.clinic.list(&site.staff(), PATIENT), 200);
    assert_eq!(list["conversations"].as_array().unwrap().len(), 2);
}

#[test]
fn a_refusal_is_not_remembered() {
    let site = Site::new();
    let thread = site.start();
    expect(&thread.close(STAFF), 200);
    let reply = thread.reply(&site.account, &marked("Later"));
    refused(&reply, 409, "conversation_closed");
    expect(&thread.reopen(STAFF), 200);
    expect(&reply, 201);
    refused(&reply.with_body(json!({ "body": "Other" })), 422, "idempotency_key_reused");
}
