//! Patient records. Each stands alone: an address that two of them share joins nothing.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{ClinicId, PatientId};
use domain::people::Patient;
use domain::refusal::{Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use store::{Committed, Guard, key};

use crate::dto::{PatientInput, PatientOutput, SuccessorInput};
use crate::handler::{Handler, answer, expected, guard};

impl Handler {
    pub(crate) async fn view_patient(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::patient(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Patients, [key.clone()]).await?;
        let patient: Patient = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        let subject = subject(clinic, id);
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&PatientOutput::from(&patient)).etag(patient.version))
    }

    /// Creates or replaces a patient record; `None` if another writer came between.
    pub(crate) async fn put_patient(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::patient(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Patients, [key.clone()]).await?;
        let before: Option<Patient> = facts.found.get(&key)?;
        let expected = expected(request)?;
        let input: PatientInput = request.json()?;
        let today = facts.settings.today(self.sources.now());
        let change = version::change(before.as_ref(), expected, |version| {
            let (clinic, id) = (clinic.clone(), id.clone());
            input.parse(&self.address_key, clinic, id, version, before.as_ref(), today)
        })?;
        let record = self.done(request, actor, subject(clinic, id));
        let patient = match change {
            Change::Write(patient) => {
                let changes = patient.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                transaction.put(&key, &patient, [], Some(guard(expected)));
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                patient
            }
            Change::Repeat(patient) => {
                self.store.record(&record).await?;
                patient
            }
        };
        Ok(Some(answer(expected, patient.version, &PatientOutput::from(&patient))))
    }

    /// Merges a record into another one; `None` if another writer came between. Nothing moves:
    /// conversations and links stay with the record that they were made for.
    pub(crate) async fn merge(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let expected = expected(request)?.ok_or(Code::VersionRequired)?;
        let into = request.json::<SuccessorInput>()?.parse()?;
        let (key, target_key) = (key::patient(&clinic, &id), key::patient(&clinic, &into));
        let keys = [key.clone(), target_key.clone()];
        let facts = self.facts(actor, &clinic, Administration::Patients, keys).await?;
        let before: Patient = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        let record = |of: &PatientId, other: &PatientId| {
            let objects = vec![other.to_string()];
            self.done(request, actor, Subject { objects, ..subject(clinic.clone(), of.clone()) })
        };
        if before.successor.as_ref() == Some(&into) {
            self.store.record(&record(&id, &into)).await?;
            let response = Response::ok(&PatientOutput::from(&before));
            return Ok(Some(response.etag(before.version)));
        }
        let target: Option<Patient> = facts.found.get(&target_key)?;
        let target = target.ok_or_else(|| Refusal::at(Code::MergeTargetUnknown, "/patientId"))?;
        version::next(Some(before.version), Some(expected))?;
        let merged = before.clone().merged_into(&target)?;
        let mut transaction = self.store.transaction();
        transaction.put(&key, &merged, [], Some(Guard::Version(expected)));
        transaction.check(&target_key, &Guard::PresentWithout("successor"));
        let changes = merged.changes_since(Some(&before));
        transaction.record(&record(&id, &into).with_changes(changes));
        transaction.record(&record(&into, &id));
        if self.store.commit(transaction).await? == Committed::Lost {
            return Ok(None);
        }
        Ok(Some(Response::ok(&PatientOutput::from(&merged)).etag(merged.version)))
    }

    /// Undoes a merge; `None` if another writer came between. No version is asked for: whatever the
    /// record has become, it is to be in use again.
    pub(crate) async fn unmerge(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::patient(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Patients, [key.clone()]).await?;
        let before: Patient = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        let record = |of: PatientId, objects: Vec<String>| {
            self.done(request, actor, Subject { objects, ..subject(clinic.clone(), of) })
        };
        let (Some(unmerged), Some(successor)) = (before.unmerged(), before.successor.clone())
        else {
            self.store.record(&record(id, Vec::new())).await?;
            return Ok(Some(Response::no_content()));
        };
        let changes = unmerged.changes_since(Some(&before));
        let mut transaction = self.store.transaction();
        transaction.put(&key, &unmerged, [], Some(Guard::Version(before.version)));
        let objects = vec![successor.to_string()];
        transaction.record(&record(id.clone(), objects).with_changes(changes));
        transaction.record(&record(successor, vec![id.to_string()]));
        match self.store.commit(transaction).await? {
            Committed::Done => Ok(Some(Response::no_content())),
            Committed::Lost => Ok(None),
        }
    }
}

pub(crate) fn names(request: &Request) -> Result<(ClinicId, PatientId), Refusal> {
    Ok((
        request.path_id("clinicId", ClinicId::parse)?,
        request.path_id("patientId", PatientId::parse)?,
    ))
}

fn subject(clinic: ClinicId, id: PatientId) -> Subject {
    Subject { clinic: Some(clinic), patient: Some(id), ..Subject::default() }
}
