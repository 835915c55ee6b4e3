//! Staff records.

use std::collections::BTreeSet;

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{ClinicId, StaffId};
use domain::people::{Group, StaffMember};
use domain::refusal::{Checks, Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use store::{Committed, key};

use crate::dto::{StaffInput, StaffOutput};
use crate::handler::{Handler, answer, expected, guard};

impl Handler {
    pub(crate) async fn view_staff(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::staff(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Staff, [key.clone()]).await?;
        let staff: StaffMember = facts.found.get(&key)?.ok_or(Code::NotFound)?;
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
        // The body is judged only once the caller may do this; the groups that it names are looked
        // up in the same wave all the same.
        let input: Result<StaffInput, Refusal> = request.json();
        let named = input.as_ref().map(|input| input.groups(&mut Checks::new()));
        let named = named.unwrap_or_default();
        let groups = named.iter().map(|group| key::group(&clinic, group));
        let keys: Vec<_> = groups.chain([key.clone()]).collect();
        let facts = self.facts(actor, &clinic, Administration::Staff, keys).await?;
        let before: Option<StaffMember> = facts.found.get(&key)?;
        let expected = expected(request)?;
        let input = input?;
        let mut known = BTreeSet::new();
        for group in &named {
            known.extend(
                facts.found.get::<Group>(&key::group(&clinic, group))?.map(|found| found.id),
            );
        }
        let change = version::change(before.as_ref(), expected, |version| {
            let staff = input.parse(&self.address_key, clinic.clone(), id.clone(), version)?;
            input.check_groups(&known)?;
            Ok(staff)
        })?;
        let record = self.done(request, actor, subject(clinic.clone(), id.clone()));
        let staff = match change {
            Change::Write(staff) => {
                let changes = staff.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                transaction.put(&key, &staff, [], Some(guard(expected)));
                // Each group finds its members by itself, as they are.
                for group in &staff.groups {
                    let copy = key::group_member(&clinic, group, &id);
                    transaction.put(&copy, &staff, [], None);
                }
                let had = before.iter().flat_map(|before| &before.groups);
                for group in had.filter(|group| !staff.groups.contains(*group)) {
                    transaction.delete(&key::group_member(&clinic, group, &id));
                }
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                staff
            }
            Change::Repeat(staff) => {
                self.store.record(&record).await?;
                staff
            }
        };
        Ok(Some(answer(expected, staff.version, &StaffOutput::from(&staff))))
    }
}

pub(crate) fn names(request: &Request) -> Result<(ClinicId, StaffId), Refusal> {
    Ok((request.path_id("clinicId", ClinicId::parse)?, request.path_id("staffId", StaffId::parse)?))
}

pub(crate) fn subject(clinic: ClinicId, id: StaffId) -> Subject {
    Subject { clinic: Some(clinic), objects: vec![id.into()], ..Subject::default() }
}
