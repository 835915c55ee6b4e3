//! Staff records.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{ClinicId, StaffId};
use domain::people::StaffMember;
use domain::refusal::{Code, Refusal};
use domain::version::{self, Document as _};
use edge::{Failure, Request, Response};
use store::{Committed, key};

use crate::dto::{StaffInput, StaffOutput};
use crate::handler::{Handler, expected, guard};

impl Handler {
    pub(crate) async fn view_staff(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::staff(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Staff, [key.clone()]).await?;
        let staff: StaffMember = facts.get(&key)?.ok_or(Code::NotFound)?;
        let subject = subject(clinic, id);
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&StaffOutput::from(&staff)).etag(staff.version))
    }

    /// Creates or replaces a staff record; `None` if another writer came between.
    pub(crate) async fn put_staff(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::staff(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Staff, [key.clone()]).await?;
        let before: Option<StaffMember> = facts.get(&key)?;
        let expected = expected(request)?;
        let input: StaffInput = request.json()?;
        let version = version::next(before.as_ref().map(|before| before.version), expected)?;
        let staff = input.parse(clinic, id, version)?;

        let subject = subject(staff.clinic.clone(), staff.id.clone());
        let changes = staff.changes_since(before.as_ref());
        let mut transaction = self.store.transaction();
        transaction.put(&key, &staff, [], Some(guard(expected)));
        transaction.record(&self.done(request, actor, subject).with_changes(changes));
        if self.store.commit(transaction).await? == Committed::Lost {
            return Ok(None);
        }
        let body = StaffOutput::from(&staff);
        let response = match before {
            None => Response::created(None, &body),
            Some(_) => Response::ok(&body),
        };
        Ok(Some(response.etag(version)))
    }
}

fn names(request: &Request) -> Result<(ClinicId, StaffId), Refusal> {
    Ok((request.path_id("clinicId", ClinicId::parse)?, request.path_id("staffId", StaffId::parse)?))
}

fn subject(clinic: ClinicId, id: StaffId) -> Subject {
    Subject { clinic: Some(clinic), objects: vec![id.into()], ..Subject::default() }
}
