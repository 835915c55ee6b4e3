//! The body: one JSON object in UTF-8, read strictly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::refusal::{Code, Refusal};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::headers::Field;
use crate::request::Request;
use crate::strict::{self, Tree};

/// The longest member name that a pointer repeats, in characters: no route knows a longer one, so a
/// longer one is only the caller's text, and the pointer ends before it.
pub const MAX_POINTER_SEGMENT_CHARACTERS: usize = 64;

const CONTENT_TYPE: &str = "Content-Type";

/// The event says that its body is base64, and it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64;

/// The bytes of an event's body.
pub(crate) fn decoded(body: Option<&str>, is_base64: bool) -> Result<Vec<u8>, NotBase64> {
    let body = body.unwrap_or_default();
    if is_base64 {
        STANDARD.decode(body).map_err(|_| NotBase64)
    } else {
        Ok(body.as_bytes().to_vec())
    }
}

impl Request {
    /// The body as `T`.
    ///
    /// The media type must be `application/json`, in UTF-8 if it names a charset; a missing one is
    /// refused too, since a browser form can send that without a preflight. A byte order mark is
    /// passed over. The document must be an object; a member that stands twice, at any depth, makes
    /// it malformed. A member that `T` does not know is refused, at every depth where `T` has named
    /// fields, whether or not `T` says `deny_unknown_fields`. A refusal points at the member and
    /// never repeats a value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        match self.header(CONTENT_TYPE)? {
            Field::Text(value) if is_json(value) => {}
            _ => return Err(Refusal::at(Code::UnsupportedMediaType, CONTENT_TYPE)),
        }
        let bytes = self.body_bytes()?;
        let text = std::str::from_utf8(bytes).map_err(|_| Code::MalformedJson)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let Tree(document) = serde_json::from_str(text).map_err(|_| Code::MalformedJson)?;
        if !matches!(document, Value::Object(_)) {
            return Err(Refusal::at(Code::WrongType, ""));
        }
        strict::read(&document)
    }
}

/// A part of a body as `T`, as strictly as [`Request::json`] reads a whole one. Places are pointers
/// from the part on.
pub fn read_part<T: DeserializeOwned>(part: &Value) -> Result<T, Refusal> {
    strict::read(part)
}

/// Whether a media type is JSON in UTF-8. Names are compared without letter case (RFC 9110, 8.3).
fn is_json(media_type: &str) -> bool {
    let blank = [' ', '\t'];
    let mut parts = media_type.split(';').map(|part| part.trim_matches(blank));
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.filter(|part| !part.is_empty()).all(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let value =
                value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            !name.eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
        })
}
