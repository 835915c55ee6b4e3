//! The event's shapes, the query and the fingerprint.

use domain::refusal::Code;
use edge::Request;
use serde_json::{Value, json};

use crate::support::{Shape, code, event, refused, request, with_body};

fn with_query(parameters: &[(&str, &[&str])], shape: Shape) -> Request {
    let mut event = event();
    event["queryStringParameters"] = json!({});
    event["multiValueQueryStringParameters"] = json!({});
    for (name, values) in parameters {
        event["queryStringParameters"][name] = json!(values.last().unwrap());
        event["multiValueQueryStringParameters"][name] = json!(values);
    }
    shape.leave(&mut event);
    request(event)
}

#[test]
fn ap_06_both_shapes_give_the_same_query() {
    for shape in Shape::ALL {
        let request = with_query(&[("limit", &["5"]), ("state", &["open"])], shape);
        let query = request.query(&["cursor", "limit", "state"]).unwrap();
        assert_eq!(query.limit(), Ok(5), "{shape:?}");
        assert_eq!(query.get("state"), Some("open"), "{shape:?}");
        assert_eq!(query.get("cursor"), None, "{shape:?}");
    }
}

#[test]
fn ap_06_doubled_and_unknown_parameters_are_refused_together() {
    for shape in Shape::ALL.into_iter().filter(|shape| shape.has_lists()) {
        let request = with_query(&[("limit", &["5", "500"])], shape);
        assert_eq!(
            refused(request.query(&["limit"])),
            (Code::DuplicateParameter, Some("limit".to_owned())),
        );
    }
    let request = with_query(&[("limit", &["5", "5"]), ("name", &["Jane"])], Shape::Both);
    let refusal = request.query(&["limit"]).err().unwrap();
    assert_eq!(refusal.codes(), [Code::DuplicateParameter, Code::UnknownParameter]);
    for shape in Shape::ALL {
        let request = with_query(&[("Limit", &["5"])], shape);
        assert_eq!(refused(request.query(&["limit"])), (Code::UnknownParameter, None));
    }
}

#[test]
fn pa_05_a_limit_is_a_whole_number_from_1_to_100() {
    let limit = |text: &str| {
        let request = with_query(&[("limit", &[text])], Shape::Both);
        request.query(&["limit"]).unwrap().limit()
    };
    assert_eq!(with_query(&[], Shape::Both).query(&["limit"]).unwrap().limit(), Ok(20));
    for (text, count) in [("1", 1), ("20", 20), ("100", 100)] {
        assert_eq!(limit(text), Ok(count));
    }
    for bad in [
        "0",
        "-1",
        "101",
        "1e9",
        "1000000000",
        "abc",
        "",
        " 5",
        "+5",
        "5.0",
        "٥",
        "99999999999999999999999",
    ] {
        assert_eq!(code(limit(bad)), Code::InvalidLimit, "{bad:?}");
    }
}

#[test]
fn ap_06_null_and_absent_members_are_read() {
    let mut bare = event();
    for member in [
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ] {
        bare[member] = Value::Null;
    }
    let mut absent = bare.clone();
    let members = absent.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    for event in [bare, absent] {
        let request = request(event);
        assert!(request.actor().is_ok());
        assert_eq!(request.origin(), None);
        assert_eq!(request.request_id(), "request-1");
        assert_eq!(code(request.idempotency_key()), Code::IdempotencyKeyMissing);
        assert_eq!(code(request.json::<Value>()), Code::UnsupportedMediaType);
        assert!(request.query(&[]).is_ok());
    }
}

#[test]
fn ap_06_a_stage_in_the_path_changes_nothing() {
    let mut staged = event();
    staged["path"] = json!("/live/clinics/c1/patients/p1/conversations");
    assert_eq!(request(staged.clone()).route(), request(event()).route());
    assert_eq!(request(staged).fingerprint(), request(event()).fingerprint());
    let mut old = event();
    old["requestContext"]["resourcePath"] = Value::Null;
    assert_eq!(request(old).route(), request(event()).route());
}

#[test]
fn an_origin_is_the_one_that_the_request_names() {
    assert_eq!(request(event()).origin(), Some("https://clinic.example.test"));
    let mut doubled = event();
    doubled["multiValueHeaders"]["origin"] = json!(["https://a.test", "https://b.test"]);
    assert_eq!(request(doubled).origin(), None);
}

#[test]
fn a_fingerprint_is_the_same_for_a_repeat_and_another_for_another_request() {
    let of = |change: &dyn Fn(&mut Value)| {
        let mut event = event();
        event["body"] = json!("{\"a\":1}");
        change(&mut event);
        request(event).fingerprint()
    };
    let first = of(&|_| {});
    assert_eq!(first.len(), 64);
    assert!(first.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    // What may differ between two sendings of one request.
    assert_eq!(first, of(&|event| event["requestContext"]["requestId"] = json!("request-2")));
    assert_eq!(first, of(&|event| event["headers"]["User-Agent"] = json!("another")));
    assert_eq!(
        first,
        of(&|event| {
            event["body"] = json!("eyJhIjoxfQ==");
            event["isBase64Encoded"] = json!(true);
        })
    );
    for (what, other) in [
        ("body", of(&|event| event["body"] = json!("{\"a\": 1}"))),
        ("no body", of(&|event| event["body"] = Value::Null)),
        ("clinic", of(&|event| event["pathParameters"]["clinicId"] = json!("c2"))),
        ("patient", of(&|event| event["pathParameters"]["patientId"] = json!("p2"))),
        ("method", of(&|event| event["httpMethod"] = json!("PUT"))),
        ("route", of(&|event| event["requestContext"]["resourcePath"] = json!("/other"))),
    ] {
        assert_ne!(first, other, "{what}");
    }
}

#[test]
fn a_body_that_is_not_base64_as_said_is_malformed() {
    let mut event = event();
    event["headers"]["Content-Type"] = json!("application/json");
    event["multiValueHeaders"]["Content-Type"] = json!(["application/json"]);
    event["body"] = json!("{}");
    event["isBase64Encoded"] = json!(true);
    assert_eq!(code(request(event.clone()).json::<Value>()), Code::MalformedJson);
    event["body"] = json!("e30=");
    assert_eq!(request(event.clone()).json::<Value>(), Ok(json!({})));
    // Bytes that are no UTF-8: {"a":"\xff"}
    event["body"] = json!("eyJhIjoi/yJ9");
    assert_eq!(code(request(event).json::<Value>()), Code::MalformedJson);
    assert_eq!(with_body("{}").json::<Value>(), Ok(json!({})));
}
