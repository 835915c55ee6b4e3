//! The shell: from event to answer, with records and log lines.

use std::io;
use std::sync::{Arc, Mutex};

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use domain::actor::Actor;
use domain::audit::{Action, Outcome, Record};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Code, Refusal};
use edge::{AllowedOrigins, Failure, InvalidOrigin, Request, Response, Service, serve};
use serde_json::{Value, json};

use crate::support::{NOW, event, now};

/// A function whose answer a test sets.
struct Stub {
    answer: Box<dyn Fn() -> Result<Response, Failure> + Send + Sync>,
    audit_fails: bool,
    calls: Mutex<usize>,
    records: Mutex<Vec<Record>>,
}

impl Stub {
    fn new(answer: impl Fn() -> Result<Response, Failure> + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            audit_fails: false,
            calls: Mutex::default(),
            records: Mutex::default(),
        }
    }

    fn refusing(code: Code) -> Self {
        Self::new(move || Err(Refusal::from(code).into()))
    }

    async fn serve(&self, event: Value) -> ApiGatewayProxyResponse {
        let cors = AllowedOrigins::parse("https://clinic.example.test, http://127.0.0.1:5173");
        let event = serde_json::from_value(event).unwrap();
        serve(self, &cors.unwrap(), event, now(), "record-1".to_owned()).await
    }

    fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap().clone()
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

impl Service for Stub {
    fn action(&self, _: &Request) -> Action {
        Action::ConversationStart
    }

    async fn call(&self, _: &Request, _: &Actor) -> Result<Response, Failure> {
        *self.calls.lock().unwrap() += 1;
        (self.answer)()
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        if self.audit_fails {
            return Err(Outage::new(OutageKind::Unavailable, "write audit record", "timeout"));
        }
        self.records.lock().unwrap().push(record.clone());
        Ok(())
    }
}

fn body(response: &ApiGatewayProxyResponse) -> Value {
    match &response.body {
        Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    }
}

fn header<'a>(response: &'a ApiGatewayProxyResponse, name: &str) -> Option<&'a str> {
    response.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_answer_has_what_every_answer_has() {
    let stub = Stub::new(|| Ok(Response::ok(&json!({"a": 1})).etag(3)));
    let response = stub.serve(event()).await;
    assert_eq!(response.status_code, 200);
    assert_eq!(body(&response), json!({"a": 1}));
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "https://clinic.example.test"),
        ("access-control-expose-headers", "ETag, Location, Retry-After"),
        ("vary", "Origin"),
        ("etag", "\"3\""),
    ] {
        assert_eq!(header(&response, name), Some(value));
    }
    assert_eq!(stub.records(), []);
    let plain = Stub::new(|| Ok(Response::no_content())).serve(event()).await;
    assert_eq!((plain.status_code, plain.body.is_none()), (204, true));
    // It goes out in the gateway's shape.
    let sent = serde_json::to_value(&response).unwrap();
    assert_eq!(sent["statusCode"], 200);
    assert_eq!(sent["body"], "{\"a\":1}");
    assert_eq!(sent["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_location_lies_under_the_address_that_was_used() {
    let stub = Stub::new(|| Ok(Response::created("/clinics/c1/new", &json!({}))));
    let response = stub.serve(event()).await;
    assert_eq!(response.status_code, 201);
    assert_eq!(header(&response, "location"), Some("/live/clinics/c1/new"));
    for path in ["/clinics/c1/patients/p1/conversations", "/something/else"] {
        let mut event = event();
        event["requestContext"]["path"] = json!(path);
        assert_eq!(header(&stub.serve(event).await, "location"), Some("/clinics/c1/new"));
    }
    let mut bare = event();
    bare["requestContext"]["path"] = Value::Null;
    assert_eq!(header(&stub.serve(bare).await, "location"), Some("/clinics/c1/new"));
    let nowhere = Stub::new(|| Ok(Response::created(None, &json!({})))).serve(event()).await;
    assert_eq!((nowhere.status_code, header(&nowhere, "location")), (201, None));
}

#[tokio::test]
async fn only_the_listed_origins_may_read() {
    let stub = Stub::refusing(Code::NotFound);
    for origin in [
        "https://evil.example.test",
        "https://clinic.example.test.evil.test",
        "null",
        "*",
        "http://clinic.example.test",
        "https://clinic.example.test/",
        "https://CLINIC.example.test",
    ] {
        let mut event = event();
        event["multiValueHeaders"]["origin"] = json!([origin]);
        let response = stub.serve(event).await;
        assert_eq!(header(&response, "access-control-allow-origin"), None, "{origin}");
        assert_eq!(header(&response, "vary"), Some("Origin"));
    }
    let mut event = event();
    event["multiValueHeaders"]["origin"] = json!(["http://127.0.0.1:5173"]);
    let response = stub.serve(event).await;
    assert_eq!(header(&response, "access-control-allow-origin"), Some("http://127.0.0.1:5173"));
}

#[test]
fn a_list_of_origins_is_checked_at_the_start() {
    for good in
        ["", " , ", "https://a.test", "https://a.test,http://localhost:3000 ", "http://[::1]:80"]
    {
        assert!(AllowedOrigins::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "*",
        "null",
        "a.test",
        "https://",
        "https://a.test/",
        "https://A.test",
        "https://*.a.test",
        "ftp://a",
    ] {
        assert_eq!(AllowedOrigins::parse(bad), Err(InvalidOrigin), "{bad}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_caller() {
    let stub = Stub::refusing(Code::Internal);
    let mut preflight = event();
    preflight["httpMethod"] = json!("OPTIONS");
    preflight["requestContext"]["httpMethod"] = json!("OPTIONS");
    preflight["requestContext"].as_object_mut().unwrap().remove("authorizer");
    let response = stub.serve(preflight.clone()).await;
    assert_eq!(response.status_code, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://clinic.example.test"),
        ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
        (
            "access-control-allow-headers",
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match",
        ),
        ("access-control-max-age", "7200"),
        ("vary", "Origin"),
    ] {
        assert_eq!(header(&response, name), Some(value));
    }
    preflight["multiValueHeaders"]["origin"] = json!(["https://evil.example.test"]);
    let foreign = stub.serve(preflight).await;
    assert_eq!(foreign.status_code, 204);
    assert!(foreign.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    assert_eq!((stub.calls(), stub.records()), (0, Vec::new()));
}

#[tokio::test]
async fn a_refusal_is_on_record_before_it_is_answered() {
    let stub = Stub::refusing(Code::NoContact);
    let response = stub.serve(event()).await;
    assert_eq!(response.status_code, 409);
    assert_eq!(body(&response)["code"], "no_contact");
    assert_eq!(header(&response, "content-type"), Some("application/problem+json"));
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        Some("https://clinic.example.test")
    );
    let [record] = &stub.records()[..] else { panic!("one record") };
    assert_eq!(record.id, "record-1");
    assert_eq!(record.at, now());
    assert_eq!(record.actor, "s1");
    assert_eq!(record.action, Action::ConversationStart);
    assert_eq!(record.outcome, Outcome::Refused { codes: vec![Code::NoContact] });
    assert_eq!(record.patient.as_ref().unwrap().as_str(), "p1");
    assert_eq!(record.request_id, "request-1");
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_fails() {
    let stub = Stub { audit_fails: true, ..Stub::refusing(Code::NoContact) };
    let response = stub.serve(event()).await;
    assert_eq!(response.status_code, 503);
    assert_eq!(body(&response)["code"], "unavailable");
    assert_eq!(header(&response, "retry-after"), Some("2"));
    assert!(!body(&response).to_string().contains("no_contact"));
}

#[tokio::test]
async fn an_expired_token_is_refused_and_recorded_without_a_call() {
    let stub = Stub::new(|| Ok(Response::no_content()));
    let mut event = event();
    event["requestContext"]["authorizer"]["expires"] = json!(NOW.to_string());
    let response = stub.serve(event).await;
    assert_eq!(response.status_code, 401);
    assert_eq!(body(&response)["code"], "token_expired");
    assert_eq!(stub.calls(), 0);
    assert_eq!(stub.records()[0].outcome, Outcome::Refused { codes: vec![Code::TokenExpired] });
}

#[tokio::test]
async fn ap_03_the_record_of_a_refused_path_holds_none_of_its_bytes() {
    let stub = Stub::refusing(Code::NotFound);
    let mut event = event();
    event["pathParameters"] =
        json!({"clinicId": "c1", "patientId": "p%2F1\u{0}", "conversationId": "..%2f"});
    let response = stub.serve(event).await;
    assert_eq!(response.status_code, 404);
    let record = serde_json::to_string(&stub.records()[0]).unwrap();
    assert!(!record.contains('%') && !record.contains("p/1") && !record.contains(".."));
    assert_eq!(stub.records()[0].patient, None);
}

#[tokio::test]
async fn a_caller_who_cannot_be_read_is_a_fault_and_reaches_nothing() {
    let stub = Stub::new(|| Ok(Response::no_content()));
    let mut event = event();
    event["requestContext"]["authorizer"] = Value::Null;
    let response = stub.serve(event).await;
    assert_eq!(response.status_code, 500);
    assert_eq!(body(&response)["code"], "internal");
    assert_eq!(body(&response)["requestId"], "request-1");
    assert_eq!((stub.calls(), stub.records()), (0, Vec::new()));
}

/// A body that does not serialize.
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("biopsy"))
    }
}

#[tokio::test]
async fn an_answer_that_lambda_could_not_carry_is_a_fault() {
    // Quotes and backslashes count twice, since Lambda's own JSON escapes them.
    for (text, status) in [
        ("a".repeat(5_400_000), 200),
        ("a".repeat(5_500_001), 500),
        ("\"".repeat(1_300_000), 200),
        ("\"".repeat(1_400_000), 500),
    ] {
        let stub = Stub::new(move || Ok(Response::ok(&text)));
        let response = stub.serve(event()).await;
        assert_eq!(response.status_code, status);
        assert!(serde_json::to_vec(&response).unwrap().len() < 6_000_000);
    }
    let response = Stub::new(|| Ok(Response::ok(&Unwritable).etag(1))).serve(event()).await;
    assert_eq!(response.status_code, 500);
    assert!(!body(&response).to_string().contains("biopsy"));
    let response = Stub::new(|| Ok(Response::created("/a\nb", &json!({})))).serve(event()).await;
    assert_eq!(response.status_code, 500);
}

#[test]
fn a_debug_print_of_an_answer_has_no_body() {
    assert!(!format!("{:?}", Response::ok(&json!({"title": "biopsy"}))).contains("biopsy"));
}

/// What is logged while `stub` answers `event`, one JSON object a line.
async fn logged(stub: &Stub, event: Value) -> Vec<Value> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .without_time()
        .with_target(false)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    stub.serve(event).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn au_04_a_request_leaves_one_line_that_names_nobody() {
    let mut secret = event();
    secret["body"] = json!("{\"title\":\"biopsy\"}");
    secret["headers"]["Authorization"] = json!("Bearer secret");
    secret["multiValueQueryStringParameters"] = json!({"name": ["jane"]});
    let lines = logged(&Stub::refusing(Code::NoContact), secret.clone()).await;
    assert_eq!(
        lines,
        [json!({
            "level": "INFO",
            "message": "request",
            "method": "POST",
            "route": "/clinics/{clinicId}/patients/{patientId}/conversations",
            "status": 409,
            "code": "no_contact",
            "request_id": "request-1",
            "actor": "staff",
        })]
    );
    let lines = logged(&Stub::new(|| Ok(Response::no_content())), secret).await;
    assert_eq!((lines.len(), &lines[0]["code"], &lines[0]["status"]), (1, &json!(""), &json!(204)));
}

#[tokio::test]
async fn au_04_an_outage_leaves_one_line_more() {
    for (kind, level, named, code) in [
        (OutageKind::Contended, "WARN", "contended", "busy"),
        (OutageKind::Unavailable, "WARN", "unavailable", "unavailable"),
        (OutageKind::Broken, "ERROR", "broken", "internal"),
    ] {
        let stub = Stub::new(move || Err(Outage::new(kind, "get item", "Throttling").into()));
        let lines = logged(&stub, event()).await;
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[0],
            json!({
                "level": level,
                "message": "outage",
                "operation": "get item",
                "detail": "Throttling",
                "kind": named,
                "request_id": "request-1",
            })
        );
        assert_eq!(lines[1]["code"], code);
        assert_eq!(stub.records(), []);
    }
    let mut unreadable = event();
    unreadable["requestContext"]["authorizer"] = Value::Null;
    let lines = logged(&Stub::new(|| Ok(Response::no_content())), unreadable).await;
    assert_eq!((lines.len(), &lines[0]["level"]), (2, &json!("ERROR")));
    assert_eq!(lines[0]["detail"], "authorizer context");
}
