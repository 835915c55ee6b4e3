//! How the API takes what clients really send, and what a browser may do.

use http::Method;
use serde_json::json;
use system_tests::issuer::Caller;
use system_tests::world::{Call, own_inbox};

use crate::aws::string;
use crate::harness::{
    MARK, PATIENT, STAFF, Site, ask, expect, marked, message, problem, refused, refused_as_doubled,
    world,
};

const ORIGIN: &str = "http://localhost:3000";

#[test]
fn json_is_taken_however_its_media_type_is_spelled() {
    let site = Site::new();
    let thread = site.start();
    let api = world().api_as(&site.account);
    let body = json!({ "body": marked("Reply") }).to_string();
    for media_type in [
        "application/json",
        "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"",
        "aPPliCatION/JsOn ; chaRset=UTF-8",
    ] {
        let call = thread.reply(&site.account, "").with_header("Content-Type", media_type);
        let answer = call.send_bytes(&api, body.clone()).unwrap();
        assert_eq!(answer.status, 201, "{media_type}: {}", answer.text());
    }
    for media_type in [
        "text/plain",
        "application/json; charset=iso-8859-1",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        let call = thread.reply(&site.account, "").with_header("Content-Type", media_type);
        let answer = call.send_bytes(&api, body.clone()).unwrap();
        problem(&answer, 415, "unsupported_media_type");
    }
    let answer = thread.reply(&site.account, "").send_bytes(&api, body).unwrap();
    problem(&answer, 415, "unsupported_media_type");
    assert_eq!(expect(&thread.read(&site.account), 200)["lastMessageNumber"], 5);
}

#[test]
fn encoded_characters_in_an_id_name_nothing() {
    let site = Site::new();
    let thread = site.start();
    let staff = site.staff();
    let clinic = &site.clinic.id;
    for id in [
        "a%2Fb",
        "a%3Fadmin=true",
        "a%23b",
        "a%25",
        "a+b",
        "a%2Bb",
        "%00",
        "..%2f..",
        "%C3%A9",
        "%ff",
        "%2e%2e",
        "a%20b",
        "%7B%7D",
    ] {
        for path in [
            format!("/clinics/{clinic}/patients/{id}/conversations"),
            format!("/clinics/{clinic}/patients/{PATIENT}/conversations/{id}"),
            format!("/clinics/{id}/inbox"),
            format!("/clinics/{clinic}/staff/{id}"),
        ] {
            let answer = ask(&Call::new(&staff, Method::GET, path.clone()));
            assert!(
                matches!(answer.status, 400 | 404),
                "{path}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(!answer.text().contains(MARK), "{path}");
        }
    }
    // An id that looks like the separator of a key leads to nobody's.
    let injected = format!("{PATIENT}%23CONVERSATION%23{}", thread.id);
    refused(&site.clinic.list(&staff, &injected), 404, "not_found");
    for record in site.records() {
        let all = record.to_string();
        assert!(!all.contains('%') && !all.contains("admin=true"), "raw bytes in a record: {all}");
    }
}

#[test]
fn a_body_is_read_strictly_and_says_where_it_is_wrong() {
    let site = Site::new();
    let api = world().api_as(&site.staff());
    let starting = || site.starting().with_header("Content-Type", "application/json");
    let body = message().to_string();
    let answer = starting().send_bytes(&api, format!("\u{FEFF}{body}")).unwrap();
    assert_eq!(answer.status, 201, "a byte order mark is passed over: {}", answer.text());
    for (body, status, code, pointer) in [
        (
            r#"{"title":"t","body":"b","repliesAllowed":false,"repliesAllowed":true}"#,
            400,
            "malformed_json",
            None,
        ),
        (r#"{"title":"t","body":"b",}"#, 400, "malformed_json", None),
        ("null", 422, "wrong_type", Some("")),
        ("[]", 422, "wrong_type", Some("")),
        ("", 400, "malformed_json", None),
        (r#"{"title":7,"body":"b"}"#, 422, "wrong_type", Some("/title")),
        (
            r#"{"title":"t","body":"b","repliesAllowed":"true"}"#,
            422,
            "wrong_type",
            Some("/repliesAllowed"),
        ),
        (r#"{"title":"t","body":"b","sender":"other"}"#, 422, "unknown_member", Some("/sender")),
        (r#"{"title":"t","body":"b","state":"open"}"#, 422, "unknown_member", Some("/state")),
        (r#"{"title":"t","body":"b","clinicId":"2"}"#, 422, "unknown_member", Some("/clinicId")),
    ] {
        let answer = starting().send_bytes(&api, body).unwrap();
        let document = problem(&answer, status, code);
        let pointers: Vec<_> = document["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        assert_eq!(pointers.first().copied(), pointer, "{body}: {document}");
    }
    let list = expect(&site.clinic.list(&site.staff(), PATIENT), 200);
    assert_eq!(list["conversations"].as_array().unwrap().len(), 1);
}

#[test]
fn what_may_stand_once_is_refused_twice() {
    let site = Site::new();
    let thread = site.start();
    let doubled = thread.reply(&site.account, "x").with_header("Idempotency-Key", "another");
    refused_as_doubled(&doubled, "idempotency_key_invalid");
    let settings = site.clinic.settings(&site.staff(), Method::GET);
    let tag = ask(&settings).header("ETag").unwrap().to_owned();
    let change =
        site.clinic.settings(&site.staff(), Method::PUT).with_body(system_tests::world::settings(
            &marked("C"),
            "connect_pro",
            system_tests::world::always_open(),
        ));
    let twice = change.clone().with_header("If-Match", &tag).with_header("If-Match", &tag);
    refused_as_doubled(&twice, "version_malformed");
    refused(&change, 428, "version_required");
    let list = site.clinic.list(&site.staff(), PATIENT);
    refused(
        &list.clone().at(format!("{}?limit=5&limit=500", list.path)),
        400,
        "duplicate_parameter",
    );
    refused(&list.clone().at(format!("{}?admin=true", list.path)), 400, "unknown_parameter");
    assert_eq!(expect(&thread.read(&site.account), 200)["lastMessageNumber"], 1);
}

#[test]
fn a_version_is_taken_as_it_was_given_and_as_a_proxy_weakens_it() {
    let site = Site::new();
    let mut document = system_tests::world::settings(
        &marked("C"),
        "connect_pro",
        system_tests::world::always_open(),
    );
    let read = site.clinic.settings(&site.staff(), Method::GET);
    for (number, weaken) in [
        |tag: &str| tag.to_owned(),
        |tag: &str| format!("W/{tag}"),
        |tag: &str| format!("{}-gzip\"", tag.trim_end_matches('"')),
    ]
    .into_iter()
    .enumerate()
    {
        let tag = ask(&read).header("ETag").unwrap().to_owned();
        document["name"] = json!(marked(&format!("Clinic {number}")));
        let change = site.clinic.settings(&site.staff(), Method::PUT).with_body(document.clone());
        let change = change.with_header("If-Match", weaken(&tag));
        expect(&change, 200);
        // The same again finds itself done; for anything else, that version is nobody's any more.
        expect(&change, 200);
        let mut other = document.clone();
        other["name"] = json!(marked("Another"));
        refused(&change.with_body(other), 412, "version_conflict");
    }
}

/// The paths of the API, each with the methods that it has.
const PATHS: [&str; 12] = [
    "/inbox",
    "/clinics/c/inbox",
    "/clinics/c/settings",
    "/clinics/c/staff/s",
    "/clinics/c/patients/p",
    "/clinics/c/patients/p/links/a",
    "/clinics/c/patients/p/conversations",
    "/clinics/c/patients/p/conversations/v",
    "/clinics/c/patients/p/conversations/v/messages",
    "/clinics/c/patients/p/conversations/v/close",
    "/clinics/c/patients/p/conversations/v/reopen",
    "/clinics/c/patients/p/conversations/v/read-marker",
];

#[test]
fn a_browser_asks_before_it_calls_and_needs_no_token_for_that() {
    for path in PATHS {
        let preflight = |origin: &str| {
            world()
                .api()
                .request(Method::OPTIONS, path)
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "GET")
                .header("Access-Control-Request-Headers", "authorization")
                .send()
                .unwrap()
        };
        let answer = preflight(ORIGIN);
        assert!(matches!(answer.status, 200 | 204), "{path}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(ORIGIN), "{path}");
        let allowed = answer.header("Access-Control-Allow-Headers").unwrap().to_lowercase();
        for header in ["authorization", "content-type", "idempotency-key", "if-match"] {
            assert!(allowed.contains(header), "{path}: {allowed}");
        }
        let answer = preflight("https://elsewhere.test");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{path}");
    }
}

#[test]
fn a_page_of_the_app_reads_answers_and_errors() {
    let site = Site::new();
    let inbox = own_inbox(&site.account).with_header("Origin", ORIGIN);
    let answer = ask(&inbox);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(ORIGIN));
    let answer = ask(&site.clinic.list(&site.staff(), "nobody").with_header("Origin", ORIGIN));
    problem(&answer, 404, "not_found");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(ORIGIN));
    let answer = ask(&own_inbox(&site.account).with_header("Origin", "https://elsewhere.test"));
    assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
}

#[test]
fn what_the_gateway_refuses_is_a_problem_document_too() {
    let site = Site::new();
    let nobody = |method: Method, path: &str| {
        let call =
            Call { caller: None, method, path: path.into(), headers: Vec::new(), body: None };
        ask(&call.with_header("Origin", ORIGIN))
    };
    // Without the identity header, API Gateway answers 401 and the local stack 403.
    let answer = nobody(Method::GET, "/inbox");
    assert!(matches!(answer.status, 401 | 403), "{}", answer.text());
    let mut refusals = vec![answer];
    let wrong = world().api().with_token("not-a-token");
    let call = own_inbox(&site.account).with_header("Origin", ORIGIN);
    let answer = call.send_to(&wrong).unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("unauthenticated")));
    refusals.push(answer);
    for (method, path) in [(Method::GET, "/nothing"), (Method::DELETE, "/inbox")] {
        let call = Call::new(&site.account, method, path).with_header("Origin", ORIGIN);
        let answer = ask(&call);
        assert!(matches!(answer.status, 403 | 404), "{path}: {} {}", answer.status, answer.text());
        refusals.push(answer);
    }
    for answer in refusals {
        let what = answer.text();
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{what}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(ORIGIN), "{what}");
        let document = answer.json();
        for member in ["type", "title", "code", "detail", "requestId"] {
            assert!(document[member].is_string(), "{member} in {what}");
        }
    }
}

#[test]
fn every_kind_of_caller_has_routes_that_are_not_theirs() {
    let site = Site::new();
    let thread = site.start();
    let chart = site.clinic.chart();
    let settings = site.clinic.settings(&chart, Method::PUT).with_header("If-Match", "\"1\"");
    let document = system_tests::world::settings(
        &marked("C"),
        "connect_pro",
        system_tests::world::always_open(),
    );
    refused(&settings.with_body(document), 403, "not_allowed");
    refused(
        &site.clinic.create_patient("p2", json!({})).by(&Caller::operator()),
        403,
        "not_allowed",
    );
    refused(&thread.read(&chart), 404, "not_found");
    refused(&thread.close(STAFF).by(&site.account), 403, "not_allowed");
    refused(&site.starting().by(&site.account), 409, "patient_first_off");
    let refusals =
        site.records().iter().filter(|record| string(record, "outcome") == "refused").count();
    assert_eq!(refusals, 5);
}
