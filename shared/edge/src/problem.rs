//! What went wrong, as RFC 9457 problem details.

use domain::outage::{Outage, OutageKind};
use domain::refusal::{Class, Code, Reason, Refusal};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;

use crate::response::Response;

/// The most reasons that one answer lists. A body can be wrong in more places than anyone reads.
pub const MAX_ERRORS: usize = 100;

/// Why a request was not done.
#[derive(Debug)]
pub enum Failure {
    /// A rule refused it.
    Refused(Refusal),
    /// Something underneath failed.
    Outage(Outage),
}

impl Failure {
    /// The code that names this failure in the answer.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.first().code,
            Self::Outage(outage) => match outage.kind() {
                OutageKind::Contended => Code::Busy,
                OutageKind::Unavailable => Code::Unavailable,
                OutageKind::Broken => Code::Internal,
            },
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Outage> for Failure {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

/// The HTTP status of a class of refusals: the only place where the two meet.
pub fn status(class: Class) -> u16 {
    match class {
        Class::Malformed => 400,
        Class::Unauthenticated => 401,
        Class::Forbidden => 403,
        Class::NotFound => 404,
        Class::Conflict => 409,
        Class::PreconditionFailed => 412,
        Class::UnsupportedMediaType => 415,
        Class::Invalid => 422,
        Class::PreconditionRequired => 428,
        Class::Internal => 500,
        Class::Unavailable => 503,
    }
}

/// The problem document of a failure.
///
/// `errors` is there when there are several reasons, or when the one there is has a place
/// or names an id. Nothing
/// of an outage is told but whether trying again helps. 503 comes with `Retry-After`, in seconds.
pub fn problem(failure: &Failure, request_id: &str) -> Response {
    let code = failure.code();
    let status = status(code.class());
    let errors: Vec<Entry> = match failure {
        Failure::Refused(refusal) => {
            let entries: Vec<_> = refusal.reasons().take(MAX_ERRORS).map(Entry::of).collect();
            let first = refusal.first();
            let told = entries.len() > 1 || first.place.is_some() || first.about.is_some();
            if told { entries } else { Vec::new() }
        }
        Failure::Outage(_) => Vec::new(),
    };
    let document = Document {
        kind: format!("urn:patient-messaging:error:{}", code.as_str()),
        title: code.meaning(),
        status,
        detail: code.remedy(),
        code: code.as_str(),
        request_id,
        errors,
    };
    let response = Response::json(status, "application/problem+json", &document);
    match code.class() {
        Class::Unavailable if code == Code::Busy => response.with_header(RETRY_AFTER, "1"),
        Class::Unavailable => response.with_header(RETRY_AFTER, "2"),
        Class::Unauthenticated => {
            response.with_header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        }
        _ => response,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Entry<'a>>,
}

/// One reason: about a member of the body (a JSON pointer; empty: the whole body), or about a header
/// or parameter by its name.
#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    title: &'static str,
    remedy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(reason: &'a Reason) -> Self {
        let place = reason.place.as_deref();
        let is_pointer = |place: &&str| place.is_empty() || place.starts_with('/');
        Self {
            code: reason.code.as_str(),
            title: reason.code.meaning(),
            remedy: reason.code.remedy(),
            pointer: place.filter(is_pointer),
            name: place.filter(|place| !is_pointer(place)),
            about: reason.about.as_deref(),
        }
    }
}
