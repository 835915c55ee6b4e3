//! One request, read from API Gateway's proxy event.

use std::collections::BTreeSet;
use std::fmt;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{
    AccountId, AttachmentId, ClinicId, ConversationId, DocumentId, GroupId, PatientId, StaffId,
    TemplateId,
};
use domain::refusal::{Code, Refusal};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, Method};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::body;
use crate::caller::{Caller, UnreadableContext};
use crate::headers::Field;
use crate::serve::Part;

/// One request to one route, at one instant.
///
/// Headers and query parameters are read from whichever of the event's two shapes (single values,
/// lists of values) holds them, the lists first: the single values hide a doubled one.
pub struct Request {
    event: ApiGatewayProxyRequest,
    caller: Result<Caller, UnreadableContext>,
    body: Result<Vec<u8>, body::NotBase64>,
    now: Timestamp,
}

impl Request {
    /// The request of an event that came in at `now`.
    pub fn new(event: ApiGatewayProxyRequest, now: Timestamp) -> Self {
        let caller = Caller::read(&event.request_context.authorizer.fields);
        let body = body::decoded(event.body.as_deref(), event.is_base64_encoded);
        Self { event, caller, body, now }
    }

    /// The request that a part of this one would have been by itself, from the same caller.
    #[must_use]
    pub fn part(&self, part: &Part<'_>) -> Self {
        // Not this one's body: each part would carry all of them.
        let mut event = ApiGatewayProxyRequest::default();
        event.request_context = self.event.request_context.clone();
        event.headers = self.event.headers.clone();
        event.multi_value_headers = self.event.multi_value_headers.clone();
        event.http_method = part.method.parse().unwrap_or(Method::PUT);
        event.resource = Some(part.resource.to_owned());
        event.request_context.resource_path = Some(part.resource.to_owned());
        let named = part.parameters.iter();
        event.path_parameters =
            named.map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        let (absent, present) = match part.replaces {
            None => (IF_MATCH, (IF_NONE_MATCH, HeaderValue::from_static("*"))),
            Some(version) => {
                let tag = HeaderValue::from_str(&format!("\"{version}\""));
                let tag = tag.unwrap_or(HeaderValue::from_static("\"0\""));
                (IF_NONE_MATCH, (IF_MATCH, tag))
            }
        };
        for headers in [&mut event.headers, &mut event.multi_value_headers] {
            headers.remove(&absent);
            headers.insert(present.0.clone(), present.1.clone());
        }
        event.body = Some(part.body.to_string());
        Self::new(event, self.now)
    }

    /// The instant of the request.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The method and the resource template, such as `("GET", "/clinics/{clinicId}/inbox")`.
    ///
    /// The template is the gateway's own name of the route. The path is never looked at: it may
    /// carry a stage or a base path, and encoded characters.
    pub fn route(&self) -> (&str, &str) {
        let template = self
            .event
            .request_context
            .resource_path
            .as_deref()
            .or(self.event.resource.as_deref())
            .unwrap_or_default();
        (self.event.http_method.as_str(), template)
    }

    /// The caller, if their token has not expired since the authorizer's answer was cached.
    pub fn actor(&self) -> Result<&Actor, Refusal> {
        match &self.caller {
            Ok(caller) if self.now < caller.expires => Ok(&caller.actor),
            Ok(_) => Err(Code::TokenExpired.into()),
            Err(UnreadableContext) => Err(Code::Internal.into()),
        }
    }

    /// Whom the token named, even if it has expired: for records of refusals only.
    pub(crate) fn named_actor(&self) -> Option<&Actor> {
        self.caller.as_ref().ok().map(|caller| &caller.actor)
    }

    /// An identifier from the path, read by a parser such as `ClinicId::parse`.
    ///
    /// What is no identifier, however often it was percent-encoded, names nothing that could be
    /// there: 404. It is never decoded here.
    pub fn path_id<T, E>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Refusal> {
        self.event
            .path_parameters
            .get(name)
            .and_then(|text| parse(text).ok())
            .ok_or_else(|| Code::NotFound.into())
    }

    /// The gateway's id of this request; `unknown` if the event has none.
    pub fn request_id(&self) -> &str {
        self.event.request_context.request_id.as_deref().unwrap_or("unknown")
    }

    /// The web page's origin, if the request names exactly one.
    pub fn origin(&self) -> Option<&str> {
        match self.header("Origin") {
            Ok(Field::Text(origin)) => Some(origin),
            Ok(Field::Absent | Field::Unreadable) | Err(_) => None,
        }
    }

    /// What the request asks for, as hexadecimal SHA-256 over its method, route, path parameters
    /// and body bytes: a repeat of a request has the same one, another request has another.
    pub fn fingerprint(&self) -> String {
        let (method, template) = self.route();
        let mut parameters: Vec<_> = self.event.path_parameters.iter().collect();
        parameters.sort();
        let mut parts: Vec<&[u8]> = vec![method.as_bytes(), template.as_bytes()];
        for (name, value) in parameters {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        match &self.body {
            Ok(bytes) => parts.push(bytes),
            Err(body::NotBase64) => parts.push(self.event.body.as_deref().unwrap_or("").as_bytes()),
        }
        let mut hash = Sha256::new();
        for part in parts {
            // Each part's length goes before it, so that no two lists of parts run together.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// What stands before the API's root in the address that the caller used: the stage, or a custom
    /// domain's base path. Empty if the event does not tell.
    pub(crate) fn path_prefix(&self) -> &str {
        let (whole, path) = (&self.event.request_context.path, &self.event.path);
        match (whole, path) {
            (Some(whole), Some(path)) => whole.strip_suffix(path.as_str()).unwrap_or_default(),
            _ => "",
        }
    }

    /// What a record of a refusal is about: the path's identifiers, as far as they are any.
    pub(crate) fn subject(&self) -> Subject {
        let objects = [
            self.path_id("conversationId", ConversationId::parse).map(String::from),
            self.path_id("staffId", StaffId::parse).map(String::from),
            self.path_id("groupId", GroupId::parse).map(String::from),
            self.path_id("accountId", AccountId::parse).map(String::from),
            self.path_id("documentId", DocumentId::parse).map(String::from),
            self.path_id("attachmentId", AttachmentId::parse).map(String::from),
            self.path_id("templateId", TemplateId::parse).map(String::from),
        ];
        Subject {
            clinic: self.path_id("clinicId", ClinicId::parse).ok(),
            patient: self.path_id("patientId", PatientId::parse).ok(),
            objects: objects.into_iter().flatten().collect(),
        }
    }

    /// Whether this is a browser's question before a cross-origin request.
    pub(crate) fn is_preflight(&self) -> bool {
        self.event.http_method == Method::OPTIONS
    }

    /// The body's bytes.
    pub(crate) fn body_bytes(&self) -> Result<&[u8], Refusal> {
        match &self.body {
            Ok(bytes) => Ok(bytes),
            Err(body::NotBase64) => Err(Code::MalformedJson.into()),
        }
    }

    /// Every value of a header, whose name is matched in any letter case.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &HeaderValue> {
        let several = &self.event.multi_value_headers;
        let headers = if several.contains_key(name) { several } else { &self.event.headers };
        headers.get_all(name).iter()
    }

    /// Every value of a query parameter.
    pub(crate) fn query_values(&self, name: &str) -> Vec<&str> {
        self.event
            .multi_value_query_string_parameters
            .all(name)
            .or_else(|| self.event.query_string_parameters.all(name))
            .unwrap_or_default()
    }

    /// The name of every query parameter.
    pub(crate) fn query_names(&self) -> BTreeSet<&str> {
        self.event
            .multi_value_query_string_parameters
            .iter()
            .chain(self.event.query_string_parameters.iter())
            .map(|(name, _)| name)
            .collect()
    }
}

/// Shows the route only: anything else may name a person.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, template) = self.route();
        write!(formatter, "Request({method} {template})")
    }
}
