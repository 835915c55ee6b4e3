//! What goes back.

use std::fmt;

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use domain::outage::{Outage, OutageKind};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, LINK, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::cors::AllowedOrigins;

/// The largest body, in bytes as Lambda counts them: AWS's limit is 6 MB for the whole answer, in
/// which the body is a JSON string, so that each quote and backslash of it counts twice.
pub const MAX_BODY_BYTES: usize = 5_500_000;

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    content: Content,
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Nothing,
    Text(String),
    /// It could not be written, and why; [`Response::checked`] makes it an outage.
    Unwritable(&'static str),
}

impl Response {
    /// 200 with a JSON body.
    ///
    /// A body that is larger than [`MAX_BODY_BYTES`] or does not serialize makes the whole answer
    /// an outage ([`domain::refusal::Code::Internal`]) in [`crate::serve`]. The same goes for every
    /// other answer with a body.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(200, "application/json", body)
    }

    /// 201 with a JSON body, and where the new thing is; `None`: at the request's own address.
    ///
    /// The location is a path from the API's root, such as `/clinics/c1/settings`. The stage or the
    /// base path that the caller's address has goes in front of it when it is answered.
    pub fn created<'a>(location: impl Into<Option<&'a str>>, body: &impl Serialize) -> Self {
        let mut response = Self::json(201, "application/json", body);
        match location.into().map(HeaderValue::from_str) {
            None => {}
            Some(Ok(location)) => {
                response.headers.insert(LOCATION, location);
            }
            Some(Err(_)) => response.content = Content::Unwritable("location"),
        }
        response
    }

    /// 200 with a CSV file (RFC 4180). `disposition` is its Content-Disposition (RFC 6266).
    pub fn csv(text: String, disposition: &'static str) -> Self {
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
            (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        ]);
        let content = if escaped_bytes(&text) <= MAX_BODY_BYTES {
            Content::Text(text)
        } else {
            Content::Unwritable("too large")
        };
        Self { status: 200, headers, content }
    }

    /// The answer, with where it goes on (RFC 8288): a query on the request's own address.
    #[must_use]
    pub fn next(mut self, query: &str) -> Self {
        match HeaderValue::from_str(&format!("<?{query}>; rel=\"next\"")) {
            Ok(link) => {
                self.headers.insert(LINK, link);
            }
            Err(_) => self.content = Content::Unwritable("link"),
        }
        self
    }

    /// 204, without a body.
    pub fn no_content() -> Self {
        Self { status: 204, headers: HeaderMap::new(), content: Content::Nothing }
    }

    /// The answer, with the version of what it shows as its entity tag: the counter in quotes.
    #[must_use]
    pub fn etag(mut self, version: u64) -> Self {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.headers.insert(ETAG, tag);
        }
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, if there is one.
    pub fn body(&self) -> Option<&str> {
        match &self.content {
            Content::Text(body) => Some(body),
            Content::Nothing | Content::Unwritable(_) => None,
        }
    }

    /// A header's value, if the answer has it so far. Those that every answer has come last.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn json(status: u16, media_type: &'static str, body: &impl Serialize) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        let content = match serde_json::to_string(body) {
            Ok(body) if escaped_bytes(&body) <= MAX_BODY_BYTES => Content::Text(body),
            Ok(_) => Content::Unwritable("too large"),
            Err(_) => Content::Unwritable("serialization"),
        };
        Self { status, headers, content }
    }

    /// The answer, if it can be given.
    pub(crate) fn checked(self) -> Result<Self, Outage> {
        match self.content {
            Content::Unwritable(why) => {
                Err(Outage::new(OutageKind::Broken, "write the answer", why))
            }
            Content::Nothing | Content::Text(_) => Ok(self),
        }
    }

    /// The answer, with what the caller's address has before the API's root put before a location.
    pub(crate) fn located_under(mut self, prefix: &str) -> Self {
        let whole = self
            .headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .filter(|location| location.starts_with('/'))
            .and_then(|location| HeaderValue::from_str(&format!("{prefix}{location}")).ok());
        if let Some(whole) = whole {
            self.headers.insert(LOCATION, whole);
        }
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The answer in the gateway's form, with what every answer has: it is never stored, never
    /// guessed at, and read only by the pages that may.
    pub(crate) fn into_event(
        mut self,
        cors: &AllowedOrigins,
        origin: Option<&str>,
    ) -> ApiGatewayProxyResponse {
        self.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        cors.share(&mut self.headers, origin);
        let mut event = ApiGatewayProxyResponse::default();
        event.status_code = self.status.into();
        event.headers = self.headers;
        event.body = match self.content {
            Content::Text(body) => Some(Body::Text(body)),
            Content::Nothing | Content::Unwritable(_) => None,
        };
        event
    }

    /// 204 to a browser's question before a cross-origin request.
    pub(crate) fn preflight(cors: &AllowedOrigins, origin: Option<&str>) -> Self {
        let mut response = Self::no_content();
        if cors.share(&mut response.headers, origin) {
            AllowedOrigins::answer_preflight(&mut response.headers);
        }
        response
    }
}

/// Shows the size only: a body is full of names and text.
impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("Nothing"),
            Self::Text(body) => write!(formatter, "Text({} bytes)", body.len()),
            Self::Unwritable(why) => write!(formatter, "Unwritable({why})"),
        }
    }
}

/// The size of a JSON text once it stands as a string in Lambda's own JSON.
fn escaped_bytes(json: &str) -> usize {
    let escaped = json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    json.len().saturating_add(escaped)
}
