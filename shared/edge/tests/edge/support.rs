//! Requests as API Gateway sends them, from one sample and what a test changes in it.

use domain::refusal::{Code, Refusal};
use edge::Request;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The second at which every test's request comes in.
pub const NOW: i64 = 1_795_564_801;

pub fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// A staff member's POST, in the full shape, without control headers and with an empty body.
pub fn event() -> Value {
    json!({
        "resource": "/clinics/{clinicId}/patients/{patientId}/conversations",
        "path": "/clinics/c1/patients/p1/conversations",
        "httpMethod": "POST",
        "headers": {"Host": "api.example.test", "origin": "https://clinic.example.test"},
        "multiValueHeaders": {
            "Host": ["api.example.test"],
            "origin": ["https://clinic.example.test"],
        },
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": {"clinicId": "c1", "patientId": "p1"},
        "stageVariables": null,
        "requestContext": {
            "resourcePath": "/clinics/{clinicId}/patients/{patientId}/conversations",
            "httpMethod": "POST",
            "path": "/live/clinics/c1/patients/p1/conversations",
            "stage": "live",
            "requestId": "request-1",
            "requestTimeEpoch": 1_795_564_801_000_i64,
            "authorizer": {
                "principalId": "staff|c1|s1",
                "kind": "staff",
                "id": "s1",
                "clinic": "c1",
                "patient": "",
                "expires": (NOW + 60).to_string(),
                "integrationLatency": 12,
            },
            "identity": {"sourceIp": "203.0.113.10", "userAgent": null},
        },
        "body": null,
        "isBase64Encoded": false,
    })
}

pub fn request(event: Value) -> Request {
    Request::new(serde_json::from_value(event).unwrap(), now())
}

/// The sample with these headers, in either of the event's shapes.
pub fn with_headers(headers: &[(&str, &[&str])], shape: Shape) -> Request {
    let mut event = event();
    for (name, values) in headers {
        event["headers"][name] = json!(values.last().unwrap());
        event["multiValueHeaders"][name] = json!(values);
    }
    shape.leave(&mut event);
    request(event)
}

/// The sample with a JSON body.
pub fn with_body(body: &str) -> Request {
    with_typed_body(&["application/json"], body)
}

pub fn with_typed_body(content_types: &[&str], body: &str) -> Request {
    let mut event = event();
    if let Some(last) = content_types.last() {
        event["headers"]["Content-Type"] = json!(last);
        event["multiValueHeaders"]["Content-Type"] = json!(content_types);
    }
    event["body"] = json!(body);
    request(event)
}

/// Which of the two shapes of headers and parameters an event has.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Both,
    SinglesOnly,
    ListsOnly,
    SinglesNull,
    ListsNull,
}

impl Shape {
    pub const ALL: [Self; 5] =
        [Self::Both, Self::SinglesOnly, Self::ListsOnly, Self::SinglesNull, Self::ListsNull];

    /// Takes from the event what this shape has not.
    pub fn leave(self, event: &mut Value) {
        let singles = ["headers", "queryStringParameters"];
        let lists = ["multiValueHeaders", "multiValueQueryStringParameters"];
        let (absent, value) = match self {
            Self::Both => return,
            Self::SinglesOnly => (lists, json!({})),
            Self::ListsOnly => (singles, json!({})),
            Self::SinglesNull => (singles, Value::Null),
            Self::ListsNull => (lists, Value::Null),
        };
        for member in absent {
            event[member] = value.clone();
        }
    }

    pub fn has_lists(self) -> bool {
        matches!(self, Self::Both | Self::ListsOnly | Self::SinglesNull)
    }
}

/// The one code of a refusal.
pub fn code<T>(result: Result<T, Refusal>) -> Code {
    match result {
        Ok(_) => panic!("not refused"),
        Err(refusal) => {
            assert_eq!(refusal.codes().len(), 1);
            refusal.first().code
        }
    }
}

/// The code and the place of a refusal.
pub fn refused<T>(result: Result<T, Refusal>) -> (Code, Option<String>) {
    match result {
        Ok(_) => panic!("not refused"),
        Err(refusal) => (refusal.first().code, refusal.first().place.clone()),
    }
}
