//! The routes of the directory, and what its use cases share: each reads everything it needs in
//! one wave, decides, and writes in one transaction.

use std::time::Duration;

use domain::access::{Administration, administer};
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::ClinicSettings;
use domain::id::ClinicId;
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Code, Refusal};
use edge::{Failure, Precondition, Request, Response, Service};
use platform::{Attempts, Sources};
use serde::Serialize;
use store::key::{self, Key};
use store::{Found, Guard, Store};

const STAFF: &str = "/clinics/{clinicId}/staff/{staffId}";
const GROUP: &str = "/clinics/{clinicId}/groups/{groupId}";
const PATIENT: &str = "/clinics/{clinicId}/patients/{patientId}";
const SUCCESSOR: &str = "/clinics/{clinicId}/patients/{patientId}/successor";
const LINK: &str = "/clinics/{clinicId}/patients/{patientId}/links/{accountId}";

/// How long a change is decided again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Reads and changes the directory.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// What was found for a caller who may do what was asked.
pub(crate) struct Facts {
    /// The items that were asked for.
    pub found: Found,
    /// The clinic's settings.
    pub settings: ClinicSettings,
}

impl Handler {
    /// Reads the items of these keys for a caller who may do this in this clinic. A clinic that is
    /// not set up has nothing in it, and nothing is put into it.
    pub(crate) async fn facts(
        &self,
        actor: &Actor,
        clinic: &ClinicId,
        what: Administration,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<Facts, Failure> {
        if !actor.may_address(clinic) {
            return Err(Code::NotFound.into());
        }
        let own = match actor {
            Actor::Staff { id, .. } => Some(key::staff(clinic, id)),
            _ => None,
        };
        let settings = key::settings(clinic);
        let keys = keys.into_iter().chain(own.clone()).chain([settings.clone()]);
        let found = self.store.read(keys).await?;
        let own = own.map(|key| found.get(&key)).transpose()?.flatten();
        administer(actor, clinic, own.as_ref(), what)?;
        let settings = found.get(&settings)?.ok_or(Code::NotFound)?;
        Ok(Facts { found, settings })
    }

    /// The record of what the request asked for, done.
    pub(crate) fn done(&self, request: &Request, actor: &Actor, subject: Subject) -> Record {
        let (id, at) = (self.sources.new_id(), self.sources.now());
        Record::done(id, at, actor, self.action(request), subject, request.request_id())
    }
}

impl Service for Handler {
    fn action(&self, request: &Request) -> Action {
        match request.route() {
            ("GET", STAFF) => Action::StaffView,
            ("PUT", STAFF) => Action::StaffChange,
            ("GET", GROUP) => Action::GroupView,
            ("PUT", GROUP) => Action::GroupChange,
            ("PUT", SUCCESSOR) => Action::PatientMerge,
            ("DELETE", SUCCESSOR) => Action::PatientUnmerge,
            ("GET", PATIENT) => Action::PatientView,
            ("PUT", PATIENT) => Action::PatientChange,
            ("GET", LINK) => Action::LinkView,
            ("PUT", LINK) => Action::LinkChange,
            ("DELETE", LINK) => Action::LinkRevoke,
            _ => Action::Unrouted,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        request.query(&[])?;
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let response = match self.action(request) {
                Action::StaffView => Some(self.view_staff(request, actor).await?),
                Action::StaffChange => self.put_staff(request, actor).await?,
                Action::GroupView => Some(self.view_group(request, actor).await?),
                Action::GroupChange => self.put_group(request, actor).await?,
                Action::PatientMerge => self.merge(request, actor).await?,
                Action::PatientUnmerge => self.unmerge(request, actor).await?,
                Action::PatientView => Some(self.view_patient(request, actor).await?),
                Action::PatientChange => self.put_patient(request, actor).await?,
                Action::LinkView => Some(self.view_link(request, actor).await?),
                Action::LinkChange => self.put_link(request, actor).await?,
                Action::LinkRevoke => self.revoke_link(request, actor).await?,
                _ => return Err(Code::NotFound.into()),
            };
            if let Some(response) = response {
                return Ok(response);
            }
            if !attempts.again().await {
                let outage = Outage::new(OutageKind::Contended, "change the directory", "attempts");
                return Err(outage.into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

/// The version that the request says it replaces; `None` for one that creates.
pub(crate) fn expected(request: &Request) -> Result<Option<u64>, Refusal> {
    Ok(match request.if_match()? {
        Precondition::Create => None,
        Precondition::Replace(version) => Some(version),
    })
}

/// The document as it is after a change, which may have made it.
pub(crate) fn answer(expected: Option<u64>, version: u64, body: &impl Serialize) -> Response {
    let response = match expected {
        None => Response::created(None, body),
        Some(_) => Response::ok(body),
    };
    response.etag(version)
}

/// What must still be there when a change is written.
pub(crate) fn guard(expected: Option<u64>) -> Guard {
    expected.map_or(Guard::Absent, Guard::Version)
}
