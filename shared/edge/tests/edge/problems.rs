//! Problem documents.

use domain::outage::{Outage, OutageKind};
use domain::refusal::{Class, Code, Reason, Refusal};
use edge::{Failure, MAX_ERRORS, Response, problem, status};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use insta::assert_snapshot;
use serde_json::Value;

/// An answer as a person would write it down: status, then body.
fn shown(response: &Response) -> String {
    let body: Value = serde_json::from_str(response.body().unwrap()).unwrap();
    format!("{}\n{}", response.status(), serde_json::to_string_pretty(&body).unwrap())
}

fn refusal(code: Code) -> Failure {
    Refusal::from(code).into()
}

#[test]
fn a_refusal_for_one_reason() {
    assert_snapshot!(shown(&problem(&refusal(Code::NotFound), "request-1")), @"");
}

#[test]
fn a_refusal_that_points_at_a_member() {
    let failure = Refusal::at(Code::WrongType, "/to/1").into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @"");
}

#[test]
fn a_refusal_that_names_a_header() {
    let failure = Refusal::at(Code::DuplicateHeader, "Idempotency-Key").into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @"");
}

#[test]
fn a_refusal_for_several_reasons() {
    let reasons = [
        Code::PortalDisabled.into(),
        Code::NoContact.into(),
        Reason { code: Code::UnknownRecipient, place: Some("/to/0".to_owned()) },
    ];
    let failure = Refusal::of(reasons).unwrap().into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @"");
}

#[test]
fn a_token_that_expired() {
    let response = problem(&refusal(Code::TokenExpired), "request-1");
    assert_eq!(response.header(&WWW_AUTHENTICATE), Some("Bearer error=\"invalid_token\""));
    assert_snapshot!(shown(&response), @"");
}

fn outage(kind: OutageKind) -> Failure {
    Outage::new(kind, "read patient-messaging-table", "CLINIC#c1#PATIENT#p1 jane@example.test").into()
}

#[test]
fn au_04_contention_can_be_tried_again_and_tells_nothing_else() {
    let response = problem(&outage(OutageKind::Contended), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), Some("1"));
    assert_snapshot!(shown(&response), @"");
}

#[test]
fn au_04_an_unavailable_part_can_be_tried_again_and_tells_nothing_else() {
    let response = problem(&outage(OutageKind::Unavailable), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), Some("2"));
    assert_snapshot!(shown(&response), @"");
}

#[test]
fn au_04_a_fault_tells_its_request_id_and_nothing_else() {
    let response = problem(&outage(OutageKind::Broken), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), None);
    assert_snapshot!(shown(&response), @"");
}

#[test]
fn every_class_has_its_status() {
    for (class, expected) in [
        (Class::Malformed, 400),
        (Class::Unauthenticated, 401),
        (Class::Forbidden, 403),
        (Class::NotFound, 404),
        (Class::Conflict, 409),
        (Class::PreconditionFailed, 412),
        (Class::UnsupportedMediaType, 415),
        (Class::Invalid, 422),
        (Class::PreconditionRequired, 428),
        (Class::Internal, 500),
        (Class::Unavailable, 503),
    ] {
        assert_eq!(status(class), expected);
    }
}

#[test]
fn every_code_has_a_whole_document() {
    for code in Code::ALL {
        let response = problem(&refusal(*code), "request-1");
        let body: Value = serde_json::from_str(response.body().unwrap()).unwrap();
        assert_eq!(response.header(&CONTENT_TYPE), Some("application/problem+json"));
        assert_eq!(body["status"], response.status());
        assert_eq!(body["code"], code.as_str());
        assert_eq!(body["type"], format!("urn:patient-messaging:error:{}", code.as_str()));
        assert_eq!(body["title"], code.meaning());
        assert_eq!(body["detail"], code.remedy());
        assert_eq!(response.header(&RETRY_AFTER).is_some(), response.status() == 503);
    }
}

#[test]
fn the_reasons_that_are_listed_have_an_end() {
    let reasons = (0..100_000)
        .map(|n| Reason { code: Code::UnknownRecipient, place: Some(format!("/to/{n}")) });
    let failure = Refusal::of(reasons).unwrap().into();
    let response = problem(&failure, "request-1");
    let body: Value = serde_json::from_str(response.body().unwrap()).unwrap();
    assert_eq!(body["errors"].as_array().unwrap().len(), MAX_ERRORS);
}
