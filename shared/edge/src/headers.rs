//! The headers that steer a request: which one it is, and which version it replaces.

use domain::refusal::{Code, Refusal};
use http::HeaderValue;

use crate::request::Request;

/// The longest idempotency key, in characters (product rule).
pub const MAX_IDEMPOTENCY_KEY_CHARACTERS: usize = 128;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";

/// What compressing proxies append inside the quotes of an entity tag.
const COMPRESSION_SUFFIXES: [&str; 5] = ["--gzip", "-gzip", "-br", "-zstd", "-deflate"];

/// A caller's name for one request: 1 to 128 characters of `A-Z a-z 0-9 . _ : -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as text, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which version a change rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// None may be there (`If-None-Match: *`).
    Create,
    /// This one must be the current one (`If-Match: "<version>"`).
    Replace(u64),
}

/// What stands in a header that may stand once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    /// The header is not there.
    Absent,
    /// Visible ASCII, or nothing.
    Text(&'a str),
    /// Other bytes.
    Unreadable,
}

impl Request {
    /// The request's `Idempotency-Key`, blanks around it trimmed.
    ///
    /// Double quotes around the key are taken off: the IETF draft makes the header a structured
    /// string, most clients send it bare, and both mean the same key. Refused when the header is
    /// missing or empty, doubled (even with one value), or not a key.
    pub fn idempotency_key(&self) -> Result<IdempotencyKey, Refusal> {
        let invalid = || Refusal::at(Code::IdempotencyKeyInvalid, IDEMPOTENCY_KEY);
        let value = match self.header(IDEMPOTENCY_KEY)? {
            Field::Absent => return Err(missing_key()),
            Field::Unreadable => return Err(invalid()),
            Field::Text(value) => value,
        };
        let key = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if key.is_empty() {
            Err(missing_key())
        } else if key.len() <= MAX_IDEMPOTENCY_KEY_CHARACTERS && key.bytes().all(allowed) {
            Ok(IdempotencyKey(key.to_owned()))
        } else {
            Err(invalid())
        }
    }

    /// The version that the request names.
    ///
    /// A tag that a proxy weakened (`W/` in front) or marked as compressed (`-gzip` and the like
    /// before the closing quote) still names the counter that was sent: versions here are of the
    /// document, not of its bytes, so RFC 9110's strong comparison would only refuse honest
    /// clients behind such proxies.
    pub fn if_match(&self) -> Result<Precondition, Refusal> {
        match (self.header(IF_MATCH)?, self.header(IF_NONE_MATCH)?) {
            (Field::Absent, Field::Absent) => Err(Code::VersionRequired.into()),
            (Field::Absent, Field::Text("*")) => Ok(Precondition::Create),
            (Field::Text(tag), Field::Absent) => version(tag)
                .map(Precondition::Replace)
                .ok_or_else(|| Refusal::at(Code::VersionMalformed, IF_MATCH)),
            (Field::Unreadable, Field::Absent) => {
                Err(Refusal::at(Code::VersionMalformed, IF_MATCH))
            }
            (_, Field::Text(_) | Field::Unreadable) => {
                Err(Refusal::at(Code::VersionMalformed, IF_NONE_MATCH))
            }
        }
    }

    /// The one value of a header, the blanks around it trimmed.
    pub(crate) fn header(&self, name: &'static str) -> Result<Field<'_>, Refusal> {
        let mut values = self.header_values(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::at(Code::DuplicateHeader, name));
        }
        Ok(match first.map(HeaderValue::to_str) {
            None => Field::Absent,
            Some(Ok(text)) => Field::Text(text.trim_matches([' ', '\t'])),
            Some(Err(_)) => Field::Unreadable,
        })
    }
}

fn missing_key() -> Refusal {
    Refusal::at(Code::IdempotencyKeyMissing, IDEMPOTENCY_KEY)
}

/// The counter of an entity tag, written as [`crate::Response::etag`] writes it.
fn version(tag: &str) -> Option<u64> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let counter =
        COMPRESSION_SUFFIXES.iter().find_map(|suffix| inner.strip_suffix(suffix)).unwrap_or(inner);
    let canonical = counter.bytes().all(|byte| byte.is_ascii_digit()) && !counter.starts_with('0');
    if canonical { counter.parse().ok() } else { None }
}
