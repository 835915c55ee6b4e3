//! Clinics, staff and patients, and what they ask of the API.
//!
//! A [`Call`] is a request as data, so that the demo can print it and a test can change it before it is
//! sent. [`Clinic`] writes the calls of the API, each with the caller who usually makes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use http::Method;
use serde_json::{Value, json};

use crate::api::{Answer, Api, ApiError};
use crate::issuer::{Caller, Issuer, IssuerError};
use crate::now;
use crate::stack::Stack;

/// The days of office hours, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The time zone of the clinics here.
pub const TIME_ZONE: &str = "America/Toronto";

/// The API, and the issuer whose tokens it takes.
#[derive(Debug)]
pub struct World {
    api: Api,
    issuer: Issuer,
}

/// A request as data.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who makes it; nobody: without a token.
    pub caller: Option<Caller>,
    /// The method.
    pub method: Method,
    /// The path, with the query.
    pub path: String,
    /// Headers besides the token and the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The body, sent as JSON.
    pub body: Option<Value>,
}

/// A clinic by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinic {
    /// The id.
    pub id: String,
}

/// A conversation of a clinic's patient by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The clinic.
    pub clinic: Clinic,
    /// The patient's id.
    pub patient: String,
    /// The conversation's id.
    pub id: String,
}

impl World {
    /// The world of a stack.
    pub fn of(stack: &Stack) -> Result<Self, IssuerError> {
        Ok(Self { api: stack.api(), issuer: stack.issuer()? })
    }

    /// The API without a token.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The issuer.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The API as this caller sees it, with a fresh token.
    pub fn api_as(&self, caller: &Caller) -> Api {
        self.api.with_token(self.issuer.token(caller, now()))
    }

    /// Makes a call.
    pub fn send(&self, call: &Call) -> Result<Answer, ApiError> {
        match &call.caller {
            Some(caller) => call.send_to(&self.api_as(caller)),
            None => call.send_to(&self.api),
        }
    }
}

impl Call {
    /// A call by somebody, without headers and body.
    pub fn new(caller: &Caller, method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { caller: Some(caller.clone()), method, path, headers: Vec::new(), body: None }
    }

    /// The call with this body.
    #[must_use]
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The call with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The call without a header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| *header != name);
        self
    }

    /// The same call by somebody else.
    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.caller = Some(caller.clone());
        self
    }

    /// The same call at another path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Makes the call with the token that `api` has.
    pub fn send_to(&self, api: &Api) -> Result<Answer, ApiError> {
        let mut request = api.request(self.method.clone(), &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match &self.body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    /// Makes the call with other bytes as its body, and no content type but one among its headers.
    pub fn send_bytes(&self, api: &Api, body: impl Into<Vec<u8>>) -> Result<Answer, ApiError> {
        let mut request = api.request(self.method.clone(), &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.bytes(body).send()
    }
}

impl Clinic {
    /// The clinic of this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }

    /// The token of a member of its staff.
    pub fn staff(&self, id: &str) -> Caller {
        Caller::staff(&self.id, id)
    }

    /// The token of its chart system.
    pub fn chart(&self) -> Caller {
        Caller::chart(&self.id)
    }

    /// The token of a patient of it without an account.
    pub fn portal(&self, patient: &str) -> Caller {
        Caller::portal(&self.id, patient)
    }

    /// The operator creates it.
    pub fn create(&self, settings: Value) -> Call {
        self.settings(&Caller::operator(), Method::PUT).with_body(settings).creating()
    }

    /// Its settings' route.
    pub fn settings(&self, caller: &Caller, method: Method) -> Call {
        Call::new(caller, method, format!("/clinics/{}/settings", self.id))
    }

    /// The operator creates a staff record.
    pub fn create_staff(&self, id: &str, document: Value) -> Call {
        let path = format!("/clinics/{}/staff/{id}", self.id);
        Call::new(&Caller::operator(), Method::PUT, path).with_body(document).creating()
    }

    /// The operator creates a group of staff.
    pub fn create_group(&self, id: &str, document: Value) -> Call {
        let path = format!("/clinics/{}/groups/{id}", self.id);
        Call::new(&Caller::operator(), Method::PUT, path).with_body(document).creating()
    }

    /// Somebody asks for what a patient's route of this name shows.
    pub fn of_patient(&self, caller: &Caller, patient: &str, name: &str) -> Call {
        Call::new(caller, Method::GET, format!("{}/{name}", self.patient(patient)))
    }

    /// The chart system creates a patient record.
    pub fn create_patient(&self, id: &str, document: Value) -> Call {
        let path = self.patient(id);
        Call::new(&self.chart(), Method::PUT, path).with_body(document).creating()
    }

    /// The chart system links an account to a patient.
    pub fn link(&self, patient: &str, account: &str) -> Call {
        let path = format!("{}/links/{account}", self.patient(patient));
        let body = json!({ "relationship": "own" });
        Call::new(&self.chart(), Method::PUT, path).with_body(body).creating()
    }

    /// The path of a patient record.
    pub fn patient(&self, id: &str) -> String {
        format!("/clinics/{}/patients/{id}", self.id)
    }

    /// A member of staff starts a conversation.
    pub fn start(&self, staff: &str, patient: &str, message: Value) -> Call {
        let path = format!("{}/conversations", self.patient(patient));
        Call::new(&self.staff(staff), Method::POST, path).with_body(message).with_key()
    }

    /// Somebody lists a patient's conversations.
    pub fn list(&self, caller: &Caller, patient: &str) -> Call {
        Call::new(caller, Method::GET, format!("{}/conversations", self.patient(patient)))
    }

    /// A member of staff lists their own conversations.
    pub fn inbox(&self, staff: &str) -> Call {
        Call::new(&self.staff(staff), Method::GET, format!("/clinics/{}/inbox", self.id))
    }

    /// A conversation of a patient.
    pub fn conversation(&self, patient: &str, id: &str) -> Conversation {
        Conversation { clinic: self.clone(), patient: patient.to_owned(), id: id.to_owned() }
    }
}

impl Conversation {
    /// Its path.
    pub fn path(&self) -> String {
        format!("{}/conversations/{}", self.clinic.patient(&self.patient), self.id)
    }

    /// Somebody opens it.
    pub fn read(&self, caller: &Caller) -> Call {
        Call::new(caller, Method::GET, self.path())
    }

    /// Somebody writes in it.
    pub fn reply(&self, caller: &Caller, body: &str) -> Call {
        let path = format!("{}/messages", self.path());
        Call::new(caller, Method::POST, path).with_body(json!({ "body": body })).with_key()
    }

    /// Asking for the address of a file of a message.
    pub fn file(&self, caller: &Caller, number: u32, id: &str) -> Call {
        let path = format!("{}/messages/{number}/attachments/{id}", self.path());
        Call::new(caller, Method::GET, path)
    }

    /// Replying with files, whose ids these are.
    pub fn reply_with(&self, caller: &Caller, body: &str, files: &[&str]) -> Call {
        let body = json!({ "body": body, "attachments": files });
        self.reply(caller, "").with_body(body)
    }

    /// Somebody has seen it up to this message.
    pub fn mark(&self, caller: &Caller, seen: u32) -> Call {
        let path = format!("{}/read-marker", self.path());
        Call::new(caller, Method::PUT, path).with_body(json!({ "seen": seen }))
    }

    /// A member of staff closes it.
    pub fn close(&self, staff: &str) -> Call {
        let path = format!("{}/close", self.path());
        Call::new(&self.clinic.staff(staff), Method::POST, path)
    }

    /// A member of staff hides it from guardians.
    pub fn patient_only(&self, staff: &str) -> Call {
        let path = format!("{}/patient-only", self.path());
        Call::new(&self.clinic.staff(staff), Method::PUT, path)
    }

    /// A member of staff reopens it.
    pub fn reopen(&self, staff: &str) -> Call {
        let path = format!("{}/reopen", self.path());
        Call::new(&self.clinic.staff(staff), Method::POST, path)
    }
}

impl Call {
    /// The call of something that is not there yet.
    fn creating(self) -> Self {
        self.with_header("If-None-Match", "*")
    }

    /// The call with an idempotency key of its own.
    fn with_key(self) -> Self {
        self.with_header("Idempotency-Key", fresh("key"))
    }
}

/// The lists of conversations of all patients that an account is linked to, or of a portal's patient.
pub fn own_inbox(caller: &Caller) -> Call {
    Call::new(caller, Method::GET, "/inbox")
}

/// The call that opens the link of a notice.
pub fn open_link(caller: &Caller, reference: &str) -> Call {
    Call::new(caller, Method::GET, format!("/links/{reference}"))
}

/// An id that was never given out before, by this process or another one.
pub fn fresh(prefix: &str) -> String {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    let nanoseconds = now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{nanoseconds:x}-{:x}-{number:x}", std::process::id())
}

/// Office hours from midnight to midnight on every day.
pub fn always_open() -> Value {
    let windows: Vec<Value> =
        DAYS.iter().map(|day| json!({ "day": day, "from": "00:00", "to": "24:00" })).collect();
    json!({ "timeZone": TIME_ZONE, "windows": windows })
}

/// Office hours on one day of the week, which is neither today nor tomorrow nor yesterday at
/// [`TIME_ZONE`], so that the clinic is closed at `now` and for a day after it.
///
/// Three days after today in UTC is three or four after today in any time zone of the Americas.
pub fn closed_at(now: SystemTime) -> Value {
    const DAY: u64 = 24 * 60 * 60;
    let today = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() / DAY;
    // 1 January 1970 was a Thursday, three days after a Monday.
    let position = usize::try_from((today + 3 + 3) % 7).unwrap_or_default();
    let day = DAYS.get(position).copied().unwrap_or("mon");
    json!({ "timeZone": TIME_ZONE, "windows": [{ "day": day, "from": "09:00", "to": "17:00" }] })
}

/// A clinic's settings with the portal on and replies allowed, and no automatic replies.
#[expect(clippy::needless_pass_by_value, reason = "callers make the hours in place")]
pub fn settings(name: &str, plan: &str, office_hours: Value) -> Value {
    json!({
        "name": name,
        "smsName": "Clinic",
        "plan": plan,
        "portalEnabled": true,
        "repliesAllowedByDefault": true,
        "defaultLanguage": "en",
        "officeHours": office_hours,
    })
}

/// An active member of staff.
pub fn staff(name: &str, role: &str) -> Value {
    json!({ "name": name, "roles": [role], "active": true })
}

/// A patient with access to the portal who is told by email.
pub fn patient_by_email(name: &str, email: &str, language: &str) -> Value {
    json!({
        "name": name,
        "email": email,
        "preferredChannel": "email",
        "language": language,
        "portalAccess": true,
    })
}

/// A patient with access to the portal who is told by text message.
pub fn patient_by_sms(name: &str, number: &str) -> Value {
    json!({
        "name": name,
        "sms": number,
        "preferredChannel": "sms",
        "language": "en",
        "portalAccess": true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_id_is_given_out_twice() {
        let ids: BTreeSet<String> = (0..1_000).map(|_| fresh("x")).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() <= 64), "{ids:?}");
    }

    #[test]
    fn the_closed_clinic_opens_three_days_later() {
        // 2026-11-25T12:00Z was a Wednesday.
        for (second, day) in [(1_795_608_000, "sat"), (1_795_608_000 + 86_400, "sun"), (0, "sun")] {
            let hours = closed_at(UNIX_EPOCH + Duration::from_secs(second));
            assert_eq!(hours["windows"][0]["day"], day, "{second}");
        }
    }
}
