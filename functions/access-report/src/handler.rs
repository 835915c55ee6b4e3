//! The routes of the report. The report is on record itself before anything of it is shown.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Administration, administer};
use domain::actor::{Actor, ActorKind};
use domain::audit::{Action, Record, Subject};
use domain::id::{ClinicId, PatientId, StaffId};
use domain::outage::{Outage, OutageKind};
use domain::people::StaffMember;
use domain::refusal::{Code, Refusal};
use domain::report::TimeRange;
use edge::{Cursor, Failure, Query, Request, Response, Scope, Service};
use platform::Sources;
use store::audit::Records;
use store::{Store, key};

use crate::view::{self, Names};

const OF_PATIENT: &str = "/clinics/{clinicId}/patients/{patientId}/access-report";
const OF_ACTOR: &str = "/clinics/{clinicId}/actors/{actorKind}/{actorId}/access-report";

/// Reads the records.
#[derive(Clone, Debug)]
pub struct AccessReport {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// What a report is asked for, once its query is read.
struct Asked {
    range: TimeRange,
    csv: bool,
    limit: usize,
    scope: Scope,
    after: Option<String>,
}

impl Service for AccessReport {
    fn action(&self, request: &Request) -> Action {
        match request.route() {
            ("GET", OF_PATIENT | OF_ACTOR) => Action::ReportView,
            _ => Action::Unrouted,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let (of, subject) = match request.route() {
            ("GET", OF_PATIENT) => of_patient(request, clinic.clone())?,
            ("GET", OF_ACTOR) => of_actor(request, clinic.clone())?,
            _ => return Err(Code::NotFound.into()),
        };
        self.check(actor, &clinic).await?;
        let asked = self.asked(request, actor, &of)?;
        let after = asked.after.as_deref();
        let page = self.store.records(&of, asked.range, after, asked.limit).await?;
        let names = self.names(&clinic, &page.records).await?;
        let record = Record::done(
            self.sources.new_id(),
            self.sources.now(),
            actor,
            Action::ReportView,
            subject,
            request.request_id(),
        );
        self.store.record(&record).await?;

        let place = |place: String| Cursor::encode(&asked.scope, &position(asked.range, &place));
        let next = page.next.map(place);
        if !asked.csv {
            return Ok(Response::ok(&view::Page::new(&page.records, &names, next)));
        }
        let text = view::csv(&page.records, &names)
            .map_err(|_| Outage::new(OutageKind::Broken, "report", "csv"))?;
        let response = Response::csv(text, "attachment; filename=\"access-report.csv\"");
        Ok(match next {
            None => response,
            Some(cursor) => response.next(&query_of(&request.query(PARAMETERS)?, &cursor)),
        })
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

const PARAMETERS: &[&str] = &["from", "to", "format", "limit", "cursor"];

impl AccessReport {
    /// Refuses who is no privacy officer of this clinic.
    async fn check(&self, actor: &Actor, clinic: &ClinicId) -> Result<(), Failure> {
        if !actor.may_address(clinic) {
            return Err(Code::NotFound.into());
        }
        let staff = match actor {
            Actor::Staff { id, .. } => {
                let key = key::staff(clinic, id);
                self.store.read([key.clone()]).await?.take::<StaffMember>(&key)?
            }
            _ => None,
        };
        Ok(administer(actor, clinic, staff.as_ref(), Administration::Report)?)
    }

    fn asked(&self, request: &Request, actor: &Actor, of: &Records) -> Result<Asked, Refusal> {
        let query = request.query(PARAMETERS)?;
        let csv = match query.get("format") {
            None | Some("json") => false,
            Some("csv") => true,
            Some(_) => return Err(Refusal::at(Code::InvalidFormat, "format")),
        };
        let (from, to) = (query.get("from"), query.get("to"));
        let range = TimeRange::parse(from, to, self.sources.now())?;
        let limit = query.limit()?;
        let filters = format!("{from:?} {to:?}");
        let scope = Scope::new(actor, &format!("report.{of:?}"), &filters);
        let Some(cursor) = query.get("cursor") else {
            return Ok(Asked { range, csv, limit, scope, after: None });
        };
        // The following pages are of the range of the first one, whatever the time is now.
        let decoded = Cursor::decode(&scope, cursor)?;
        let broken = || Refusal::at(Code::InvalidCursor, "cursor");
        let mut parts = decoded.splitn(3, ' ');
        let mut next = || parts.next().ok_or_else(broken);
        let range = TimeRange {
            from: next()?.parse().map_err(|_| broken())?,
            to: next()?.parse().map_err(|_| broken())?,
        };
        Ok(Asked { range, csv, limit, scope, after: Some(next()?.to_owned()) })
    }

    /// The present names of the staff who acted, as far as they are still in the directory.
    async fn names(&self, clinic: &ClinicId, records: &[Record]) -> Result<Names, Outage> {
        let staff = records.iter().filter(|record| record.actor_kind == ActorKind::Staff);
        let ids: BTreeSet<StaffId> =
            staff.filter_map(|record| StaffId::parse(&record.actor).ok()).collect();
        if ids.is_empty() {
            return Ok(Names::new());
        }
        let keys: Vec<_> = ids.iter().map(|id| key::staff(clinic, id)).collect();
        let found = self.store.read(keys).await?;
        let mut names = BTreeMap::new();
        for id in ids {
            if let Some(member) = found.get::<StaffMember>(&key::staff(clinic, &id))? {
                names.insert(id.into(), member.name);
            }
        }
        Ok(names)
    }
}

fn of_patient(request: &Request, clinic: ClinicId) -> Result<(Records, Subject), Refusal> {
    let patient = request.path_id("patientId", PatientId::parse)?;
    let subject = Subject {
        clinic: Some(clinic.clone()),
        patient: Some(patient.clone()),
        ..Subject::default()
    };
    Ok((Records::OfPatient(clinic, patient), subject))
}

fn of_actor(request: &Request, clinic: ClinicId) -> Result<(Records, Subject), Refusal> {
    let kind = request.path_id("actorKind", |name| ActorKind::parse(name).ok_or(()))?;
    // Whatever kind it is, its id has the alphabet that every id has.
    let id = request.path_id("actorId", StaffId::parse)?;
    let objects = vec![format!("{}.{id}", kind.as_str())];
    let subject = Subject { clinic: Some(clinic.clone()), objects, ..Subject::default() };
    Ok((Records::OfActor(clinic, kind, id.into()), subject))
}

fn position(range: TimeRange, place: &str) -> String {
    format!("{} {} {place}", range.from, range.to)
}

/// The query of the next page: the one of this page, with its cursor. No value of it needs an
/// escape but those that a time zone's sign can bring into an instant.
fn query_of(query: &Query<'_>, cursor: &str) -> String {
    let kept = PARAMETERS.iter().filter(|name| **name != "cursor");
    let mut parts: Vec<String> = kept
        .filter_map(|name| query.get(name).map(|value| (name, value.replace('+', "%2B"))))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.push(format!("cursor={cursor}"));
    parts.join("&")
}
