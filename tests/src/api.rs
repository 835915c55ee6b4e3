//! A small blocking HTTP client for the API.
//!
//! It sends what it is told, malformed or not, and takes every status as an answer: only a request that
//! got none is an error.

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

/// How long a call may take from connecting to the last byte, unless [`Api::with_timeout`] says otherwise.
/// A cold function behind a cold authorizer answers well within it; the gateway gives up after 29 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(35);

/// The longest answer that is read: 16 MiB, above the gateway's own limit of 10 MB.
const LARGEST_BODY: u64 = 16 * 1024 * 1024;

/// The API at one base URL, as seen by one caller.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

impl Api {
    /// The API at `base`, which includes the stage, called without a token.
    pub fn new(base: &str) -> Self {
        Self {
            agent: agent(DEFAULT_TIMEOUT),
            base: base.trim_end_matches('/').to_owned(),
            token: None,
        }
    }

    /// The same API, called with this bearer token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same API, each call bounded by this time.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { agent: agent(timeout), ..self.clone() }
    }

    /// The base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A GET request of `path`, which begins with a slash and is sent as it is.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str) -> Request<'_> {
        self.request(Method::PUT, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    /// A request with any method.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let request = Request {
            api: self,
            method,
            url: format!("{}{path}", self.base),
            headers: HeaderMap::new(),
            body: None,
            invalid: None,
        };
        match &self.token {
            Some(token) => request.header(AUTHORIZATION.as_str(), &format!("Bearer {token}")),
            None => request,
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}

/// A request in the making; [`Request::send`] sends it.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'api> {
    api: &'api Api,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    invalid: Option<String>,
}

impl Request<'_> {
    /// Adds a header. One that is there already stays: the name is sent twice.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => self.invalid = Some(format!("HTTP cannot carry this as a header: {name:?}")),
        }
        self
    }

    /// Sends this JSON, with its content type unless one was set.
    pub fn json(mut self, body: &Value) -> Self {
        if !self.headers.contains_key(CONTENT_TYPE) {
            self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.bytes(body.to_string())
    }

    /// Sends these bytes as they are, and no content type but one that was set. Empty bytes are sent as a
    /// body of length 0.
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the request and reads the whole answer, whatever its status. Redirects are not followed.
    pub fn send(self) -> Result<Answer, ApiError> {
        let error = |reason: String| ApiError {
            method: self.method.clone(),
            url: self.url.clone(),
            reason,
        };
        if let Some(reason) = self.invalid {
            return Err(error(reason));
        }
        if !cfg!(feature = "https") && self.url.starts_with("https:") {
            return Err(error(
                "this build speaks plain HTTP only: build it with `--features https`".into(),
            ));
        }
        let mut request = http::Request::builder().method(self.method.clone()).uri(&self.url);
        if let Some(headers) = request.headers_mut() {
            *headers = self.headers;
        }
        let agent = &self.api.agent;
        let answer = match self.body {
            Some(body) => {
                request.body(body).map_err(ureq::Error::from).and_then(|request| agent.run(request))
            }
            None => {
                request.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request))
            }
        };
        let (parts, mut body) = answer.map_err(|cause| error(cause.to_string()))?.into_parts();
        let body = body
            .with_config()
            .limit(LARGEST_BODY)
            .read_to_vec()
            .map_err(|cause| error(format!("the answer broke off: {cause}")))?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, in any case, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` when it is empty or something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A request that got no answer: not connected, timed out, broken off, or impossible to send.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: {reason}")]
pub struct ApiError {
    method: Method,
    url: String,
    reason: String,
}

fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        // Never through a proxy of the environment: the stack listens on the loopback interface.
        .proxy(None)
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    use serde_json::json;

    use super::*;

    /// Answers one request with `answer` and hands back what was received.
    fn serve_once(answer: &'static str, body_length: usize) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/stage/", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = Vec::new();
            let mut buffer = [0; 4096];
            let ends_at = |received: &[u8]| {
                received
                    .windows(4)
                    .position(|window| window == b"\r\n\r\n")
                    .map(|head| head + 4 + body_length)
            };
            while ends_at(&received).is_none_or(|end| received.len() < end) {
                let length = stream.read(&mut buffer).unwrap();
                received.extend_from_slice(&buffer[..length]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(received).unwrap()
        });
        (base, server)
    }

    #[test]
    fn any_status_is_an_answer_and_headers_may_repeat() {
        let (base, server) = serve_once(
            "HTTP/1.1 409 Conflict\r\ncontent-type: application/problem+json\r\ncontent-length: 17\r\n\r\n{\"code\":\"closed\"}",
            7,
        );
        let answer = Api::new(&base)
            .with_token("t.o.k")
            .post("/a%2Fb?x=%2B")
            .header("Idempotency-Key", "one")
            .header("Idempotency-Key", "two")
            .json(&json!({ "a": 1 }))
            .send()
            .unwrap();
        let received = server.join().unwrap();
        assert_eq!(answer.status, 409);
        assert_eq!(answer.json()["code"], "closed");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
        assert!(received.starts_with("POST /stage/a%2Fb?x=%2B HTTP/1.1\r\n"), "{received}");
        for line in [
            "authorization: Bearer t.o.k",
            "idempotency-key: one",
            "idempotency-key: two",
            "content-type: application/json",
        ] {
            assert!(received.contains(line), "{line} in {received}");
        }
        assert!(received.ends_with("\r\n\r\n{\"a\":1}"), "{received}");
    }

    #[test]
    fn raw_bytes_get_no_content_type_and_redirects_are_not_followed() {
        let (base, server) = serve_once(
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
            5,
        );
        let answer = Api::new(&base).put("/x").bytes("{\"a\":").send().unwrap();
        let received = server.join().unwrap();
        assert_eq!(answer.status, 302);
        assert!(!received.to_lowercase().contains("content-type"), "{received}");
        assert!(!received.to_lowercase().contains("authorization"), "{received}");
        assert!(received.ends_with("\r\n\r\n{\"a\":"), "{received}");
    }

    #[test]
    fn no_answer_is_an_error_that_names_the_request_and_no_token() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = Api::new(&format!("http://{closed}")).with_token("secret-token");
        let error = api.get("/inbox").send().unwrap_err().to_string();
        assert!(error.starts_with(&format!("GET http://{closed}/inbox: ")), "{error}");
        assert!(!format!("{error}{api:?}").contains("secret-token"));
    }

    #[test]
    fn a_server_that_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Api::new(&format!("http://{}", listener.local_addr().unwrap()));
        let error = api.with_timeout(Duration::from_millis(100)).get("/").send().unwrap_err();
        assert!(error.to_string().contains("timeout"), "{error}");
    }

    #[test]
    fn what_http_cannot_carry_is_said_when_sending() {
        let error = Api::new("http://127.0.0.1:9")
            .get("/")
            .header("Idempotency-Key", "a\u{0}b")
            .send()
            .unwrap_err();
        assert!(error.to_string().contains("Idempotency-Key"), "{error}");
    }

    #[cfg(not(feature = "https"))]
    #[test]
    fn https_needs_its_feature_and_says_so() {
        let error = Api::new("https://127.0.0.1:9").get("/").send().unwrap_err();
        assert!(error.to_string().contains("--features https"), "{error}");
    }
}
