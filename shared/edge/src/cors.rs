//! Which web pages may read the answers.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use http::{HeaderMap, HeaderValue};
use thiserror::Error;

/// For how long a browser may keep a preflight's answer, in seconds: the most that Chromium honours.
const PREFLIGHT_SECONDS: &str = "7200";

/// The methods of all routes together: a path has one OPTIONS, whichever functions share it.
const METHODS: &str = "GET, POST, PUT, DELETE";

/// The request headers that any route reads.
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match";

/// The response headers that a page may read.
const RESPONSE_HEADERS: &str = "ETag, Location, Retry-After";

/// The origins of the clinic app and the patient app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<HeaderValue>);

/// An entry of the list is not an origin: `https://host` or `http://host`, with a port or without,
/// in lower case and without a path. A wildcard is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an allowed origin is http:// or https:// and a host in lower case, without a path")]
pub struct InvalidOrigin;

impl AllowedOrigins {
    /// Reads a list with commas between its origins. An empty list allows no web page.
    pub fn parse(list: &str) -> Result<Self, InvalidOrigin> {
        list.split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(|origin| {
                let host =
                    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
                let allowed = |byte: u8| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
                };
                match host {
                    Some(host) if !host.is_empty() && host.bytes().all(allowed) => {
                        HeaderValue::from_str(origin).map_err(|_| InvalidOrigin)
                    }
                    _ => Err(InvalidOrigin),
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Tells the browser whether the page may read this answer. The answer differs by origin, which
    /// caches must know even when the origin is refused.
    pub(crate) fn share(&self, headers: &mut HeaderMap, origin: Option<&str>) -> bool {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) =
            self.0.iter().find(|allowed| Some(allowed.as_bytes()) == origin.map(str::as_bytes))
        else {
            return false;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
        true
    }

    /// Answers a browser's question before a cross-origin request.
    pub(crate) fn answer_preflight(headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
    }
}
