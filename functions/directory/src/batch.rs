//! Many entries of the directory at once, each as if it had come by itself: with its own rights,
//! its own transaction, its own record and its own outcome.
//!
//! Versions make a batch repeatable: an entry that was written finds itself written.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::id::{AccountId, ClinicId, GroupId, InvalidId, PatientId, StaffId};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Checks, Code, Refusal};
use edge::{Failure, Part, Request, Response, Service, read_part, serve_part};
use http::header::ETAG;
use platform::Attempts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::handler::{BATCH, GROUP, Handler, LINK, PATIENT, STAFF, Single, action_of};

/// The most entries of a batch (product rule).
const MOST_ENTRIES: usize = 100;

/// So many entries are written at the same time: enough for a hundred to take less than a second,
/// and few enough that a chart system's batches leave room for others.
const AT_ONCE: usize = 8;

/// A batch as a request brings it. An entry that cannot be read is refused by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchInput {
    entries: Vec<Value>,
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

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Name {
    Group { id: GroupId },
    Patient { id: PatientId },
    Staff { id: StaffId },
    Link { patient_id: PatientId, account_id: AccountId },
}

/// An entry on its way.
struct Entry {
    index: usize,
    /// Absent if that cannot be read.
    name: Option<Name>,
    /// The request that it would have been by itself.
    request: Request,
    /// Why it is refused before anything is looked at.
    refusal: Option<Refusal>,
}

/// Entries that are written one after another.
type Lane = Vec<Entry>;

/// What became of the entries, in the order of the request.
#[derive(Serialize)]
struct BatchOutput {
    outcomes: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    index: usize,
    #[serde(flatten)]
    name: Option<Name>,
    /// What the entry would have been answered alone.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

impl Handler {
    /// Does what each entry asks for, as far as it is allowed. Entries that are not begun within the
    /// time given are left undone, and say so.
    pub(crate) async fn batch(
        &self,
        request: &Request,
        actor: &Actor,
        budget: Duration,
    ) -> Result<Response, Failure> {
        request.query(&[])?;
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        self.facts(actor, &clinic, Administration::Patients, []).await?;
        let BatchInput { entries } = request.json()?;
        if !(1..=MOST_ENTRIES).contains(&entries.len()) {
            return Err(Refusal::at(Code::BatchSizeInvalid, "/entries").into());
        }
        let attempts = Arc::new(Attempts::within(budget));
        let mut outcomes = Vec::new();
        for (_, lanes) in phases(request, &clinic, &entries) {
            outcomes.extend(self.phase(lanes, &attempts).await?);
        }
        outcomes.sort_by_key(|outcome| outcome.index);
        let done = outcomes.iter().filter(|outcome| outcome.status < 300).count();
        let objects = vec![format!("{done} of {}", entries.len())];
        let subject = Subject { clinic: Some(clinic), objects, ..Subject::default() };
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&BatchOutput { outcomes }))
    }

    /// Goes along some lanes at the same time, until all are done.
    async fn phase(
        &self,
        mut lanes: VecDeque<Lane>,
        attempts: &Arc<Attempts>,
    ) -> Result<Vec<Outcome>, Outage> {
        let mut outcomes = Vec::new();
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(lane) = lanes.pop_front()
            {
                let (handler, attempts) = (self.clone(), Arc::clone(attempts));
                under_way.spawn(async move { handler.lane(lane, &attempts).await });
            }
            match under_way.join_next().await {
                Some(Ok(found)) => outcomes.extend(found),
                Some(Err(_)) => {
                    return Err(Outage::new(OutageKind::Broken, "write a batch", "task"));
                }
                None => return Ok(outcomes),
            }
        }
    }

    async fn lane(&self, lane: Lane, attempts: &Attempts) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for entry in lane {
            let Entry { index, name, request, refusal } = entry;
            if attempts.are_over() {
                outcomes.push(Outcome::not_begun(index, name));
                continue;
            }
            let fresh_id = self.sources.new_id();
            let (response, place) = match refusal {
                Some(refusal) => {
                    let refusing = Refusing { handler: self, refusal };
                    (serve_part(&refusing, &request, fresh_id).await, "")
                }
                None => {
                    (Box::pin(serve_part(&Single(self), &request, fresh_id)).await, "/document")
                }
            };
            outcomes.push(Outcome::of(index, name, &response, place));
        }
        outcomes
    }
}

/// The handler for an entry that is refused as it stands.
struct Refusing<'a> {
    handler: &'a Handler,
    refusal: Refusal,
}

impl Service for Refusing<'_> {
    fn action(&self, request: &Request) -> Action {
        action_of(request)
    }

    async fn call(&self, _: &Request, _: &Actor) -> Result<Response, Failure> {
        Err(self.refusal.clone().into())
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.handler.store.record(record).await
    }
}

impl EntryInput {
    /// Reads an entry, whose document is read later by whoever takes it.
    fn read(entry: &Value) -> Result<Self, Refusal> {
        let input: Self = read_part(entry)?;
        let mut checks = Checks::new();
        let of_link = input.kind == Kind::Link;
        for (member, stands, belongs) in [
            ("/id", input.id.is_some(), !of_link),
            ("/patientId", input.patient_id.is_some(), of_link),
            ("/accountId", input.account_id.is_some(), of_link),
        ] {
            if stands && !belongs {
                checks.note(Code::UnknownMember, member);
            }
        }
        checks.finish()?;
        Ok(input)
    }
}

impl Name {
    /// What an entry is about, whatever else is wrong with it.
    fn of(entry: &Value) -> Option<Self> {
        let kind = Kind::deserialize(entry.get("kind")?).ok()?;
        Some(match kind {
            Kind::Group => Self::Group { id: id(entry, "id", GroupId::parse)? },
            Kind::Patient => Self::Patient { id: id(entry, "id", PatientId::parse)? },
            Kind::Staff => Self::Staff { id: id(entry, "id", StaffId::parse)? },
            Kind::Link => Self::Link {
                patient_id: id(entry, "patientId", PatientId::parse)?,
                account_id: id(entry, "accountId", AccountId::parse)?,
            },
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Group { .. } => Kind::Group,
            Self::Patient { .. } => Kind::Patient,
            Self::Staff { .. } => Kind::Staff,
            Self::Link { .. } => Kind::Link,
        }
    }

    /// The route of a request about it alone, and the identifiers in its path.
    fn route(&self) -> (&'static str, Vec<(&'static str, &str)>) {
        match self {
            Self::Group { id } => (GROUP, vec![("groupId", id.as_str())]),
            Self::Patient { id } => (PATIENT, vec![("patientId", id.as_str())]),
            Self::Staff { id } => (STAFF, vec![("staffId", id.as_str())]),
            Self::Link { patient_id, account_id } => {
                (LINK, vec![("patientId", patient_id.as_str()), ("accountId", account_id.as_str())])
            }
        }
    }
}

impl Outcome {
    /// The outcome that an answer is. `place` is where in the entry its pointers begin.
    fn of(index: usize, name: Option<Name>, response: &Response, place: &str) -> Self {
        let status = response.status();
        let tag = response.header(&ETAG).map(|tag| tag.trim_matches('"'));
        let version = tag.and_then(|tag| tag.parse().ok());
        if status < 300 {
            return Self { index, name, status, version, code: None, errors: Vec::new() };
        }
        let problem = response.body().and_then(|body| serde_json::from_str::<Value>(body).ok());
        let mut problem = problem.unwrap_or_default();
        let mut errors = match problem.get_mut("errors").map(Value::take) {
            Some(Value::Array(errors)) => errors,
            _ => Vec::new(),
        };
        for error in &mut errors {
            if let Some(Value::String(pointer)) = error.get_mut("pointer") {
                *pointer = format!("/entries/{index}{place}{pointer}");
            }
            // The one header that an entry has stands in it as a member.
            if let Some(error) = error.as_object_mut()
                && error.remove("name").is_some()
            {
                let pointer = format!("/entries/{index}/ifMatch");
                error.insert("pointer".to_owned(), Value::String(pointer));
            }
        }
        let code = problem.get_mut("code").map(Value::take);
        Self { index, name, status, version: None, code, errors }
    }

    fn not_begun(index: usize, name: Option<Name>) -> Self {
        let code = Some(Value::from(Code::Busy.as_str()));
        Self { index, name, status: 503, version: None, code, errors: Vec::new() }
    }
}

/// The entries as they are written: kind after kind, and within a kind in lanes beside each other.
/// All links of one account are in one lane, so that they are counted one after another.
fn phases(
    request: &Request,
    clinic: &ClinicId,
    entries: &[Value],
) -> BTreeMap<Option<Kind>, VecDeque<Lane>> {
    let mut seen = BTreeSet::new();
    let mut lanes: BTreeMap<(Option<Kind>, Option<AccountId>, usize), Lane> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let name = Name::of(entry);
        let read = EntryInput::read(entry);
        let replaces = read.as_ref().ok().and_then(|input| input.if_match);
        let document = read.as_ref().map_or(Value::Null, |input| input.document.clone());
        let refusal = match (read, &name) {
            (Err(refusal), _) => Some(refusal),
            (Ok(_), None) => Some(Refusal::at(Code::BatchEntryUnnamed, "")),
            (Ok(_), Some(name)) => {
                let is_first = seen.insert(name.clone());
                (!is_first).then(|| Refusal::at(Code::DuplicateEntry, ""))
            }
        };
        let (method, (resource, ids)) = match &name {
            Some(name) => ("PUT", name.route()),
            None => ("POST", (BATCH, Vec::new())),
        };
        let parameters = [vec![("clinicId", clinic.as_str())], ids].concat();
        let part = Part { method, resource, parameters: &parameters, replaces, body: &document };
        let request = request.part(&part);
        let kind = name.as_ref().map(Name::kind);
        let lane = match &name {
            Some(Name::Link { account_id, .. }) => (kind, Some(account_id.clone()), 0),
            _ => (kind, None, index),
        };
        lanes.entry(lane).or_default().push(Entry { index, name, request, refusal });
    }
    let mut phases: BTreeMap<Option<Kind>, VecDeque<Lane>> = BTreeMap::new();
    for ((kind, ..), lane) in lanes {
        phases.entry(kind).or_default().push_back(lane);
    }
    phases
}

/// An identifier that is a member of an entry.
fn id<T>(
    entry: &Value,
    member: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidId>,
) -> Option<T> {
    entry.get(member)?.as_str().and_then(|text| parse(text).ok())
}
