//! Patient records. Each stands alone: an address that two of them share joins nothing.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{ClinicId, PatientId};
use domain::people::Patient;
use domain::refusal::{Code, Refusal};
use domain::version::{self, Document as _};
use edge::{Failure, Request, Response};
use store::{Committed, key};

use crate::dto::{PatientInput, PatientOutput};
use crate::handler::{Handler, expected, guard};

impl Handler {
    pub(crate) async fn view_patient(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::patient(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Patients, [key.clone()]).await?;
        let patient: Patient = facts.get(&key)?.ok_or(Code::NotFound)?;
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
        let before: Option<Patient> = facts.get(&key)?;
        let expected = expected(request)?;
        let input: PatientInput = request.json()?;
        let version = version::next(before.as_ref().map(|before| before.version), expected)?;
        let patient = input.parse(clinic, id, version)?;

        let subject = subject(patient.clinic.clone(), patient.id.clone());
        let changes = patient.changes_since(before.as_ref());
        let mut transaction = self.store.transaction();
        transaction.put(&key, &patient, [], Some(guard(expected)));
        transaction.record(&self.done(request, actor, subject).with_changes(changes));
        if self.store.commit(transaction).await? == Committed::Lost {
            return Ok(None);
        }
        let body = PatientOutput::from(&patient);
        let response = match before {
            None => Response::created(None, &body),
            Some(_) => Response::ok(&body),
        };
        Ok(Some(response.etag(version)))
    }
}

fn names(request: &Request) -> Result<(ClinicId, PatientId), Refusal> {
    Ok((
        request.path_id("clinicId", ClinicId::parse)?,
        request.path_id("patientId", PatientId::parse)?,
    ))
}

fn subject(clinic: ClinicId, id: PatientId) -> Subject {
    Subject { clinic: Some(clinic), patient: Some(id), ..Subject::default() }
}
