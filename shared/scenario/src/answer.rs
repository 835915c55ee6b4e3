//! What came back.

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use serde_json::Value;

/// An answer as the gateway would pass it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: i64,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Link`.
    pub link: Option<String>,
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The body; a file as one text; null if there is none.
    pub body: Value,
}

impl Answer {
    pub(crate) fn of(response: &ApiGatewayProxyResponse) -> Self {
        let header = |name: &str| {
            response.headers.get(name).map(|value| value.to_str().expect("ASCII").to_owned())
        };
        let body = match &response.body {
            Some(Body::Text(text)) if header("content-disposition").is_some() => {
                Value::String(text.clone())
            }
            Some(Body::Text(text)) => serde_json::from_str(text).expect("a body is JSON"),
            None => Value::Null,
            other => panic!("neither JSON nor nothing: {other:?}"),
        };
        Self {
            status: response.status_code,
            location: header("location"),
            retry_after: header("retry-after"),
            content_type: header("content-type"),
            link: header("link"),
            etag: header("etag"),
            body,
        }
    }

    /// Requires this status, and gives the body.
    #[track_caller]
    pub fn expect(self, status: i64) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The codes of a problem, each with its place behind a blank if it has one.
    pub fn codes(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().expect("a code").to_owned();
        match self.body.get("errors").and_then(Value::as_array) {
            None => vec![text(&self.body["code"])],
            Some(errors) => errors
                .iter()
                .map(|error| match error.get("pointer").or_else(|| error.get("name")) {
                    None => text(&error["code"]),
                    Some(place) => format!("{} {}", text(&error["code"]), text(place)),
                })
                .collect(),
        }
    }
}
