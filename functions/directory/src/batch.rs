//! Many entries of the directory at once, each as if it had come by itself: with its own rights,
//! its own transaction, its own record and its own outcome.
//!
//! Versions make a batch repeatable: an entry that was written finds itself written.

use std::time::Duration;

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{AccountId, ClinicId, GroupId, PatientId, StaffId};
use domain::refusal::{Checks, Code, Refusal};
use edge::{Failure, Part, Request, Response, serve_part};
use http::header::ETAG;
use platform::Attempts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::handler::{GROUP, Handler, LINK, PATIENT, STAFF, Single};

/// The most entries of a batch (product rule).
const MOST_ENTRIES: usize = 100;

/// Entries that are not begun within this time are left undone, and say so: the last one that is
/// begun ends within the function's 10 s all the same.
const BUDGET: Duration = Duration::from_secs(5);

/// A batch as a request brings it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchInput {
    entries: Vec<EntryInput>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EntryInput {
    kind: Kind,
    /// A patient's, a staff member's or a group's.
    #[serde(default)]
    id: Option<String>,
    /// A link's.
    #[serde(default)]
    patient_id: Option<String>,
    /// A link's.
    #[serde(default)]
    account_id: Option<String>,
    /// The version that is replaced; absent: the entry creates.
    #[serde(default)]
    if_match: Option<u64>,
    /// What the body of a request about it alone would be.
    document: Value,
}

/// What an entry is. The order is that in which they are written: groups before the staff who are
/// in them, patients before the accounts that are linked to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Group,
    Patient,
    Staff,
    Link,
}

/// What became of the entries, in the order of the request.
#[derive(Serialize)]
struct BatchOutput {
    outcomes: Vec<Outcome>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    index: usize,
    kind: Kind,
    /// What the entry would have been answered alone.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Value>,
}

impl Handler {
    /// Does what each entry asks for, as far as it is allowed.
    pub(crate) async fn batch(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        self.facts(actor, &clinic, Administration::Staff, []).await?;
        let BatchInput { entries } = request.json()?;
        check(&entries)?;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|index| entries.get(*index).map(|entry| entry.kind));
        let attempts = Attempts::within(BUDGET);
        let mut outcomes = Vec::new();
        for index in order {
            let Some(entry) = entries.get(index) else { continue };
            outcomes.push(if attempts.are_over() {
                Outcome::not_begun(index, entry.kind)
            } else {
                self.entry(request, &clinic, index, entry).await
            });
        }
        outcomes.sort_by_key(|outcome| outcome.index);
        let done = outcomes.iter().filter(|outcome| outcome.status < 300).count();
        let objects = vec![format!("{done} of {}", entries.len())];
        let subject = Subject { clinic: Some(clinic), objects, ..Subject::default() };
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&BatchOutput { outcomes }))
    }

    async fn entry(
        &self,
        request: &Request,
        clinic: &ClinicId,
        index: usize,
        entry: &EntryInput,
    ) -> Outcome {
        let text = |id: &'_ Option<String>| id.clone().unwrap_or_default();
        let (id, patient, account) =
            (text(&entry.id), text(&entry.patient_id), text(&entry.account_id));
        let own: &[(&str, &str)] = match entry.kind {
            Kind::Group => &[("groupId", &id)],
            Kind::Patient => &[("patientId", &id)],
            Kind::Staff => &[("staffId", &id)],
            Kind::Link => &[("patientId", &patient), ("accountId", &account)],
        };
        let parameters = [&[("clinicId", clinic.as_str())], own].concat();
        let part = Part {
            method: "PUT",
            resource: match entry.kind {
                Kind::Group => GROUP,
                Kind::Patient => PATIENT,
                Kind::Staff => STAFF,
                Kind::Link => LINK,
            },
            parameters: &parameters,
            replaces: entry.if_match,
            body: &entry.document,
        };
        let fresh_id = self.sources.new_id();
        let response = Box::pin(serve_part(&Single(self), request, part, fresh_id)).await;
        Outcome::of(index, entry.kind, &response)
    }
}

impl Outcome {
    fn of(index: usize, kind: Kind, response: &Response) -> Self {
        let tag = response.header(&ETAG).map(|tag| tag.trim_matches('"'));
        let status = response.status();
        let version = tag.and_then(|tag| tag.parse().ok());
        if status < 300 {
            return Self { index, kind, status, version, code: None, errors: None };
        }
        let problem = response.body().and_then(|body| serde_json::from_str::<Value>(body).ok());
        let mut problem = problem.unwrap_or_default();
        let mut errors = problem.get_mut("errors").map(Value::take);
        for error in errors.iter_mut().filter_map(Value::as_array_mut).flatten() {
            if let Some(Value::String(pointer)) = error.get_mut("pointer") {
                *pointer = format!("/entries/{index}/document{pointer}");
            }
        }
        let code = problem.get_mut("code").map(Value::take);
        Self { index, kind, status, version: None, code, errors }
    }

    fn not_begun(index: usize, kind: Kind) -> Self {
        let code = Some(Value::from(Code::Busy.as_str()));
        Self { index, kind, status: 503, version: None, code, errors: None }
    }
}

/// Refuses a batch that cannot be gone through entry by entry.
fn check(entries: &[EntryInput]) -> Result<(), Refusal> {
    let mut checks = Checks::new();
    if !(1..=MOST_ENTRIES).contains(&entries.len()) {
        checks.note(Code::BatchSizeInvalid, "/entries");
        return checks.finish();
    }
    for (index, entry) in entries.iter().enumerate() {
        let EntryInput { id, patient_id, account_id, .. } = entry;
        let is =
            |text: &Option<String>, parses: fn(&str) -> bool| text.as_deref().is_some_and(parses);
        let named = match entry.kind {
            Kind::Group => is(id, |id| GroupId::parse(id).is_ok()),
            Kind::Patient => is(id, |id| PatientId::parse(id).is_ok()),
            Kind::Staff => is(id, |id| StaffId::parse(id).is_ok()),
            Kind::Link => {
                is(patient_id, |id| PatientId::parse(id).is_ok())
                    && is(account_id, |id| AccountId::parse(id).is_ok())
            }
        };
        if !named {
            checks.note(Code::BatchEntryUnnamed, format!("/entries/{index}"));
        }
    }
    checks.finish()
}
