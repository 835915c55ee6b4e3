//! Who calls, and what the path names.

use domain::actor::{Actor, ActorKind};
use domain::id::{ClinicId, PatientId};
use domain::refusal::Code;
use serde_json::{Value, json};

use crate::support::{NOW, code, event, request};

fn with_context(context: Value) -> edge::Request {
    let mut event = event();
    event["requestContext"]["authorizer"] = context;
    request(event)
}

fn context(kind: &str, id: &str, clinic: &str, patient: &str) -> Value {
    let expires = (NOW + 1).to_string();
    json!({"kind": kind, "id": id, "clinic": clinic, "patient": patient, "expires": expires})
}

#[test]
fn every_kind_of_caller_is_read() {
    for (context, kind, unique_name) in [
        (context("operator", "o1", "", ""), ActorKind::Operator, "operator..o1"),
        (context("chart", "x1", "c1", ""), ActorKind::Chart, "chart.c1.x1"),
        (context("staff", "S1", "c1", ""), ActorKind::Staff, "staff.c1.S1"),
        (context("account", "a1", "", ""), ActorKind::Account, "account..a1"),
        (context("portal", "p1", "c1", "p1"), ActorKind::Portal, "portal.c1.p1"),
    ] {
        let request = with_context(context);
        let actor = request.actor().unwrap();
        assert_eq!(actor.kind(), kind);
        assert_eq!(actor.unique_name(), unique_name);
    }
    // A gateway may leave an empty string out.
    let expires = (NOW + 1).to_string();
    let request = with_context(json!({"kind": "account", "id": "a1", "expires": expires}));
    assert!(matches!(request.actor(), Ok(Actor::Account { .. })));
}

#[test]
fn a_context_that_is_not_the_authorizers_is_a_fault_of_the_system() {
    let mut contexts = vec![Value::Null, json!({}), json!({"principalId": "staff|c1|s1"})];
    for (kind, id, clinic, patient) in [
        ("", "s1", "c1", ""),
        ("system", "s1", "", ""),
        ("Staff", "s1", "c1", ""),
        ("staff", "", "c1", ""),
        ("staff", "s1", "", ""),
        ("staff", "s1", "c1", "p1"),
        ("staff", "s#1", "c1", ""),
        ("staff", "s1", "c/1", ""),
        ("account", "a1", "c1", ""),
        ("account", "a1", "", "p1"),
        ("operator", "o1", "c1", ""),
        ("chart", "x1", "", ""),
        ("portal", "p1", "c1", ""),
        ("portal", "p1", "", "p1"),
    ] {
        contexts.push(context(kind, id, clinic, patient));
    }
    for expires in [json!(""), json!("soon"), json!(NOW + 1), json!("9".repeat(30)), Value::Null] {
        let mut context = context("staff", "s1", "c1", "");
        context["expires"] = expires;
        contexts.push(context);
    }
    for context in contexts {
        assert_eq!(code(with_context(context.clone()).actor()), Code::Internal, "{context}");
    }
}

#[test]
fn a_token_counts_for_nothing_from_its_expiry_on() {
    for (seconds, expired) in [(1, false), (0, true), (-1, true), (-100_000, true)] {
        let mut context = context("staff", "s1", "c1", "");
        context["expires"] = json!((NOW + seconds).to_string());
        let request = with_context(context);
        match request.actor() {
            Ok(_) => assert!(!expired),
            Err(refusal) => {
                assert!(expired);
                assert_eq!(refusal.codes(), [Code::TokenExpired]);
            }
        }
    }
}

#[test]
fn ap_03_what_is_no_identifier_is_not_found_however_it_was_encoded() {
    for text in [
        "a%2Fb",
        "a/b",
        "a%3Fadmin=true",
        "a?admin=true",
        "a%23b",
        "a#b",
        "a%25",
        "a%",
        "a+b",
        "a%2Bb",
        "a b",
        "%00",
        "\u{0}",
        "..%2f..",
        "../..",
        "..",
        "%C3%A9",
        "é",
        "%ff",
        "\u{FFFD}",
        "",
        "%2561",
        "a,b",
        "c1 ",
    ] {
        let mut event = event();
        event["pathParameters"]["clinicId"] = json!(text);
        event["path"] = json!(format!("/clinics/{text}/patients/p1/conversations"));
        let request = request(event);
        assert_eq!(code(request.path_id("clinicId", ClinicId::parse)), Code::NotFound, "{text:?}");
        // The route is the gateway's, whatever stands in the path.
        assert_eq!(
            request.route(),
            ("POST", "/clinics/{clinicId}/patients/{patientId}/conversations")
        );
    }
}

#[test]
fn an_identifier_is_taken_as_it_stands() {
    let request = request(event());
    assert_eq!(request.path_id("clinicId", ClinicId::parse).unwrap().as_str(), "c1");
    assert_eq!(request.path_id("patientId", PatientId::parse).unwrap().as_str(), "p1");
    assert_eq!(code(request.path_id("staffId", ClinicId::parse)), Code::NotFound);
}

#[test]
fn a_debug_print_of_a_request_names_its_route_only() {
    let mut event = event();
    event["body"] = json!("biopsy");
    assert_eq!(
        format!("{:?}", request(event)),
        "Request(POST /clinics/{clinicId}/patients/{patientId}/conversations)"
    );
}
