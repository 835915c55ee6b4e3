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
    assert_snapshot!(shown(&problem(&refusal(Code::NotFound), "request-1")), @r#"
    404
    {
      "code": "not_found",
      "detail": "Check the address, and that you are still linked to it.",
      "requestId": "request-1",
      "status": 404,
      "title": "There is nothing here that you may know of.",
      "type": "urn:patient-messaging:error:not_found"
    }
    "#);
}

#[test]
fn a_refusal_that_points_at_a_member() {
    let failure = Refusal::at(Code::WrongType, "/to/1").into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @r#"
    422
    {
      "code": "wrong_type",
      "detail": "Send the type and range that the API describes; numbers are not written as text.",
      "errors": [
        {
          "code": "wrong_type",
          "pointer": "/to/1",
          "remedy": "Send the type and range that the API describes; numbers are not written as text.",
          "title": "A member of the body has another type or range than this route reads."
        }
      ],
      "requestId": "request-1",
      "status": 422,
      "title": "A member of the body has another type or range than this route reads.",
      "type": "urn:patient-messaging:error:wrong_type"
    }
    "#);
}

#[test]
fn a_refusal_that_names_a_header() {
    let failure = Refusal::at(Code::DuplicateHeader, "Idempotency-Key").into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @r#"
    400
    {
      "code": "duplicate_header",
      "detail": "Send the header once.",
      "errors": [
        {
          "code": "duplicate_header",
          "name": "Idempotency-Key",
          "remedy": "Send the header once.",
          "title": "A header that may stand once stands more than once."
        }
      ],
      "requestId": "request-1",
      "status": 400,
      "title": "A header that may stand once stands more than once.",
      "type": "urn:patient-messaging:error:duplicate_header"
    }
    "#);
}

#[test]
fn a_refusal_for_several_reasons() {
    let reasons = [
        Code::PortalDisabled.into(),
        Code::NoContact.into(),
        Reason::at(Code::UnknownRecipient, "/to/0"),
    ];
    let failure = Refusal::of(reasons).unwrap().into();
    assert_snapshot!(shown(&problem(&failure, "request-1")), @r#"
    409
    {
      "code": "portal_disabled",
      "detail": "An administrator enables the portal in the clinic's settings.",
      "errors": [
        {
          "code": "portal_disabled",
          "remedy": "An administrator enables the portal in the clinic's settings.",
          "title": "The portal is not enabled for this clinic."
        },
        {
          "code": "no_contact",
          "remedy": "Add an email address or an SMS number in the chart.",
          "title": "The patient has neither an email address nor an SMS number."
        },
        {
          "code": "unknown_recipient",
          "pointer": "/to/0",
          "remedy": "Choose recipients from the clinic's active staff.",
          "title": "A recipient is not an active member of this clinic's staff."
        }
      ],
      "requestId": "request-1",
      "status": 409,
      "title": "The portal is not enabled for this clinic.",
      "type": "urn:patient-messaging:error:portal_disabled"
    }
    "#);
}

#[test]
fn a_token_that_expired() {
    let response = problem(&refusal(Code::TokenExpired), "request-1");
    assert_eq!(response.header(&WWW_AUTHENTICATE), Some("Bearer error=\"invalid_token\""));
    assert_snapshot!(shown(&response), @r#"
    401
    {
      "code": "token_expired",
      "detail": "Sign in again and repeat the request; the same Idempotency-Key still counts.",
      "requestId": "request-1",
      "status": 401,
      "title": "The token has expired.",
      "type": "urn:patient-messaging:error:token_expired"
    }
    "#);
}

fn outage(kind: OutageKind) -> Failure {
    Outage::new(kind, "read patient-messaging-table", "CLINIC#c1#PATIENT#p1 jane@example.test")
        .into()
}

#[test]
fn au_04_contention_can_be_tried_again_and_tells_nothing_else() {
    let response = problem(&outage(OutageKind::Contended), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), Some("1"));
    assert_snapshot!(shown(&response), @r#"
    503
    {
      "code": "busy",
      "detail": "Repeat the request with the same Idempotency-Key after the seconds in Retry-After.",
      "requestId": "request-1",
      "status": 503,
      "title": "Others were writing to the same conversation all the time that this request had. Nothing was written.",
      "type": "urn:patient-messaging:error:busy"
    }
    "#);
}

#[test]
fn au_04_an_unavailable_part_can_be_tried_again_and_tells_nothing_else() {
    let response = problem(&outage(OutageKind::Unavailable), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), Some("2"));
    assert_snapshot!(shown(&response), @r#"
    503
    {
      "code": "unavailable",
      "detail": "Repeat the request with the same Idempotency-Key after the seconds in Retry-After.",
      "requestId": "request-1",
      "status": 503,
      "title": "A part of the system is not answering. Whether the request took effect is not known.",
      "type": "urn:patient-messaging:error:unavailable"
    }
    "#);
}

#[test]
fn au_04_a_fault_tells_its_request_id_and_nothing_else() {
    let response = problem(&outage(OutageKind::Broken), "request-1");
    assert_eq!(response.header(&RETRY_AFTER), None);
    assert_snapshot!(shown(&response), @r#"
    500
    {
      "code": "internal",
      "detail": "Report the request id.",
      "requestId": "request-1",
      "status": 500,
      "title": "This is a fault of the system. Operators see it under the request id.",
      "type": "urn:patient-messaging:error:internal"
    }
    "#);
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
    let reasons = (0..100_000).map(|n| Reason::at(Code::UnknownRecipient, format!("/to/{n}")));
    let failure = Refusal::of(reasons).unwrap().into();
    let response = problem(&failure, "request-1");
    let body: Value = serde_json::from_str(response.body().unwrap()).unwrap();
    assert_eq!(body["errors"].as_array().unwrap().len(), MAX_ERRORS);
}
