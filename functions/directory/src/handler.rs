//! The routes of the directory, and what its use cases share: each reads everything it needs in
//! one wave, decides, and writes in one transaction.

use std::time::Duration;

use delivery::OptOuts;
use domain::access::{Administration, administer};
use domain::actor::Actor;
use domain::address::AddressKey;
use domain::audit::{Action, Record, Subject};
use domain::clinic::ClinicSettings;
use domain::id::ClinicId;
use domain::outage::{Outage, OutageKind};
use domain::people::StaffMember;
use domain::refusal::{Code, Refusal};
use edge::{Failure, Precondition, Request, Response, Service};
use platform::{Attempts, Sources};
use serde::Serialize;
use store::key::{self, Key};
use store::{Found, Guard, Store};

pub(crate) const STAFF: &str = "/clinics/{clinicId}/staff/{staffId}";
pub(crate) const GROUP: &str = "/clinics/{clinicId}/groups/{groupId}";
pub(crate) const PATIENT: &str = "/clinics/{clinicId}/patients/{patientId}";
pub(crate) const BATCH: &str = "/clinics/{clinicId}/directory-batches";
const SUCCESSOR: &str = "/clinics/{clinicId}/patients/{patientId}/successor";
pub(crate) const LINK: &str = "/clinics/{clinicId}/patients/{patientId}/links/{accountId}";
const PREFERENCES: &str = "/clinics/{clinicId}/staff/{staffId}/preferences";
const ADDRESSES: &str = "/clinics/{clinicId}/patients/{patientId}/addresses";
const CONSENT: &str = "/clinics/{clinicId}/patients/{patientId}/addresses/{channel}/consent";
const OPT_OUT: &str = "/clinics/{clinicId}/patients/{patientId}/addresses/{channel}/opt-out";
const GUARDIAN_CONSENT: &str =
    "/clinics/{clinicId}/patients/{patientId}/links/{accountId}/addresses/{channel}/consent";
const GUARDIAN_OPT_OUT: &str =
    "/clinics/{clinicId}/patients/{patientId}/links/{accountId}/addresses/{channel}/opt-out";

/// How long a change is decided again when other writers are first, and how long entries of a batch
/// are begun. The last one's AWS calls end within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Reads and changes the directory.
#[derive(Clone)]
pub struct Handler {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
    /// The key of the hashes under which is kept what is known of addresses.
    pub address_key: AddressKey,
    /// The numbers that opted out with their carriers.
    pub opt_outs: OptOuts,
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
        self.facts_for(actor, clinic, keys, |staff| administer(actor, clinic, staff, what)).await
    }

    /// The same by another rule, which is given the caller's own staff record.
    pub(crate) async fn facts_for(
        &self,
        actor: &Actor,
        clinic: &ClinicId,
        keys: impl IntoIterator<Item = Key>,
        rule: impl FnOnce(Option<&StaffMember>) -> Result<(), Refusal>,
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
        rule(own.as_ref())?;
        let settings = found.get(&settings)?.ok_or(Code::NotFound)?;
        Ok(Facts { found, settings })
    }

    /// The record of what the request asked for, done.
    pub(crate) fn done(&self, request: &Request, actor: &Actor, subject: Subject) -> Record {
        let (id, at) = (self.sources.new_id(), self.sources.now());
        Record::done(id, at, actor, action_of(request), subject, request.request_id())
    }
}

impl Handler {
    /// What a request about one entry asks for.
    async fn single(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        request.query(&[])?;
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let response = match action_of(request) {
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
                Action::PreferencesView => Some(self.view_preferences(request, actor).await?),
                Action::PreferencesChange => self.put_preferences(request, actor).await?,
                Action::AddressView => Some(self.view_addresses(request, actor).await?),
                Action::AddressConsent => Some(self.record_consent(request, actor).await?),
                Action::AddressOptOut => Some(self.record_opt_out(request, actor).await?),
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
}

impl Service for Handler {
    fn action(&self, request: &Request) -> Action {
        action_of(request)
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        match action_of(request) {
            Action::DirectoryBatch => Box::pin(self.batch(request, actor, BUDGET)).await,
            _ => self.single(request, actor).await,
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

/// The handler for one entry of a batch, which is no batch itself.
pub(crate) struct Single<'a>(pub &'a Handler);

impl Service for Single<'_> {
    fn action(&self, request: &Request) -> Action {
        action_of(request)
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        self.0.single(request, actor).await
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.0.store.record(record).await
    }
}

pub(crate) fn action_of(request: &Request) -> Action {
    match request.route() {
        ("GET", STAFF) => Action::StaffView,
        ("PUT", STAFF) => Action::StaffChange,
        ("GET", GROUP) => Action::GroupView,
        ("PUT", GROUP) => Action::GroupChange,
        ("POST", BATCH) => Action::DirectoryBatch,
        ("PUT", SUCCESSOR) => Action::PatientMerge,
        ("DELETE", SUCCESSOR) => Action::PatientUnmerge,
        ("GET", PATIENT) => Action::PatientView,
        ("PUT", PATIENT) => Action::PatientChange,
        ("GET", LINK) => Action::LinkView,
        ("PUT", LINK) => Action::LinkChange,
        ("DELETE", LINK) => Action::LinkRevoke,
        ("GET", PREFERENCES) => Action::PreferencesView,
        ("PUT", PREFERENCES) => Action::PreferencesChange,
        ("GET", ADDRESSES) => Action::AddressView,
        ("POST", CONSENT | GUARDIAN_CONSENT) => Action::AddressConsent,
        ("POST", OPT_OUT | GUARDIAN_OPT_OUT) => Action::AddressOptOut,
        _ => Action::Unrouted,
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
