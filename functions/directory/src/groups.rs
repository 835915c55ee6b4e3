//! Groups of staff. Who is in one stands with each member's record.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{ClinicId, GroupId};
use domain::people::Group;
use domain::refusal::{Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use store::{Committed, key};

use crate::dto::{GroupInput, GroupOutput};
use crate::handler::{Handler, answer, expected, guard};

impl Handler {
    pub(crate) async fn view_group(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::group(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Staff, [key.clone()]).await?;
        let group: Group = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        self.store.record(&self.done(request, actor, subject(clinic, id))).await?;
        Ok(Response::ok(&GroupOutput::from(&group)).etag(group.version))
    }

    /// Creates or replaces a group; `None` if another writer came between.
    pub(crate) async fn put_group(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::group(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Staff, [key.clone()]).await?;
        let before: Option<Group> = facts.found.get(&key)?;
        let expected = expected(request)?;
        let input: GroupInput = request.json()?;
        let change = version::change(before.as_ref(), expected, |version| {
            input.parse(clinic.clone(), id.clone(), version)
        })?;
        let record = self.done(request, actor, subject(clinic, id));
        let group = match change {
            Change::Write(group) => {
                let changes = group.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                transaction.put(&key, &group, [], Some(guard(expected)));
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                group
            }
            Change::Repeat(group) => {
                self.store.record(&record).await?;
                group
            }
        };
        Ok(Some(answer(expected, group.version, &GroupOutput::from(&group))))
    }
}

fn names(request: &Request) -> Result<(ClinicId, GroupId), Refusal> {
    Ok((request.path_id("clinicId", ClinicId::parse)?, request.path_id("groupId", GroupId::parse)?))
}

fn subject(clinic: ClinicId, id: GroupId) -> Subject {
    Subject { clinic: Some(clinic), objects: vec![id.into()], ..Subject::default() }
}
