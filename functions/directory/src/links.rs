//! Links between accounts and patient records, each kept with both in one transaction.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::id::{AccountId, ClinicId, PatientId};
use domain::people::{AccountLink, Patient};
use domain::refusal::{Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use store::key::{self, Key};
use store::{Committed, Guard, Transaction};

use crate::dto::{LinkInput, LinkOutput};
use crate::handler::{Handler, answer, expected, guard};

/// What names one link.
struct Name {
    clinic: ClinicId,
    patient: PatientId,
    account: AccountId,
}

impl Handler {
    pub(crate) async fn view_link(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let name = Name::of(request)?;
        let key = name.key();
        let what = Administration::Patients;
        let facts = self.facts(actor, &name.clinic, what, [key.clone()]).await?;
        let link: AccountLink = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        self.store.record(&self.done(request, actor, name.subject())).await?;
        Ok(Response::ok(&LinkOutput::from(&link)).etag(link.version))
    }

    /// Makes a link, or makes a revoked one hold again; `None` if another writer came between.
    ///
    /// The account's links are counted, not locked: links that are made at the same instant in
    /// several clinics may pass the limit by as many, which costs the inbox a few reads.
    pub(crate) async fn put_link(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let name = Name::of(request)?;
        let (key, patient) = (name.key(), key::patient(&name.clinic, &name.patient));
        let keys = [key.clone(), patient.clone()];
        let (facts, active_links) = tokio::join!(
            self.facts(actor, &name.clinic, Administration::Patients, keys),
            self.active_links(actor, &name),
        );
        let facts = facts?;
        let record: Patient = facts.found.get(&patient)?.ok_or(Code::NotFound)?;
        let before: Option<AccountLink> = facts.found.get(&key)?;
        let expected = expected(request)?;
        let document = request.json::<LinkInput>()?.parse(&self.address_key)?;
        let active_links = active_links?;
        let itself = usize::from(before.as_ref().is_some_and(|before| before.active));
        let change = version::change(before.as_ref(), expected, |version| {
            AccountLink {
                account: name.account.clone(),
                clinic: name.clinic.clone(),
                patient: name.patient.clone(),
                version,
                relationship: document.relationship,
                name: document.name.clone(),
                contact: document.contact.clone(),
                active: true,
                changed_at: self.sources.now(),
            }
            .made(
                before.as_ref(),
                &facts.settings,
                &record,
                active_links.saturating_sub(itself),
            )
        })?;
        let done = self.done(request, actor, name.subject());
        let link = match change {
            Change::Write(link) => {
                let changes = link.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                put(&mut transaction, &link, &guard(expected));
                // The age was judged on this version of the record.
                transaction.check(&patient, &Guard::Version(record.version));
                transaction.record(&done.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                link
            }
            Change::Repeat(link) => {
                self.store.record(&done).await?;
                link
            }
        };
        Ok(Some(answer(expected, link.version, &LinkOutput::from(&link))))
    }

    /// Revokes a link; `None` if another writer came between. No version is asked for: whatever
    /// the link has become, it is to end.
    pub(crate) async fn revoke_link(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let name = Name::of(request)?;
        let key = name.key();
        let what = Administration::Patients;
        let facts = self.facts(actor, &name.clinic, what, [key.clone()]).await?;
        let before: AccountLink = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        let record = self.done(request, actor, name.subject());
        let Some(link) = before.revoked(self.sources.now()) else {
            self.store.record(&record).await?;
            return Ok(Some(Response::no_content()));
        };
        let mut transaction = self.store.transaction();
        put(&mut transaction, &link, &Guard::Version(before.version));
        transaction.record(&record.with_changes(link.changes_since(Some(&before))));
        match self.store.commit(transaction).await? {
            Committed::Done => Ok(Some(Response::no_content())),
            Committed::Lost => Ok(None),
        }
    }

    /// The account's active links, counted only for those who may come to make one.
    async fn active_links(&self, actor: &Actor, name: &Name) -> Result<usize, Failure> {
        match actor {
            Actor::Chart { clinic, .. } | Actor::Staff { clinic, .. } if *clinic == name.clinic => {
                Ok(self.store.active_links(&name.account).await?)
            }
            _ => Ok(0),
        }
    }
}

impl Name {
    fn of(request: &Request) -> Result<Self, Refusal> {
        Ok(Self {
            clinic: request.path_id("clinicId", ClinicId::parse)?,
            patient: request.path_id("patientId", PatientId::parse)?,
            account: request.path_id("accountId", AccountId::parse)?,
        })
    }

    fn subject(&self) -> Subject {
        Subject {
            clinic: Some(self.clinic.clone()),
            patient: Some(self.patient.clone()),
            objects: vec![self.account.to_string()],
        }
    }

    /// Where the link is read: the place with the patient.
    fn key(&self) -> Key {
        key::link_of_patient(&self.clinic, &self.patient, &self.account)
    }
}

/// Writes a link with its patient and with its account.
fn put(transaction: &mut Transaction, link: &AccountLink, guard: &Guard) {
    let (clinic, patient, account) = (&link.clinic, &link.patient, &link.account);
    for key in [
        key::link_of_patient(clinic, patient, account),
        key::link_of_account(clinic, patient, account),
    ] {
        transaction.put(&key, link, [], Some(guard.clone()));
    }
}
