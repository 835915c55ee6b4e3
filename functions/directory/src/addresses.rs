//! What is known of the addresses at which a patient and the patient's guardians are told, and what
//! their owners say of being told there.
//!
//! All of it belongs to the address, whoever else has it: it is shown, and changes, for every patient
//! and clinic at once.

use delivery::{Cause, DeliveryError, OptIn, PassingReason};
use domain::access::Administration;
use domain::actor::Actor;
use domain::address::{AddressHash, AddressState, Contact, Mark, MarkReason};
use domain::audit::Subject;
use domain::contact::SmsNumber;
use domain::id::{AccountId, ClinicId, PatientId};
use domain::outage::{Outage, OutageKind};
use domain::people::{AccountLink, Channel, Patient};
use domain::refusal::{Code, Refusal};
use edge::{Failure, Request, Response};
use jiff::Timestamp;
use serde::Serialize;
use store::key;

use crate::handler::Handler;
use crate::patients::names;

/// Every address of a patient and of the guardians, as an answer shows them.
#[derive(Serialize)]
struct Output<'a> {
    addresses: Vec<AddressOutput<'a>>,
}

/// What is known of one address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressOutput<'a> {
    #[serde(flatten)]
    whose: Whose<'a>,
    channel: Channel,
    /// Whether notices go there.
    usable: bool,
    /// Why they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<MarkReason>,
    /// Since when they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// When it was last recorded that the owner agreed to be told there.
    #[serde(skip_serializing_if = "Option::is_none")]
    consented_at: Option<Timestamp>,
}

/// Whose address it is.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "whose", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Whose<'a> {
    Patient,
    Guardian { account_id: &'a AccountId },
}

impl<'a> AddressOutput<'a> {
    fn of(whose: Whose<'a>, channel: Channel, state: Option<&AddressState>) -> Self {
        let mark = state.and_then(AddressState::blocked);
        Self {
            whose,
            channel,
            usable: mark.is_none(),
            reason: mark.map(|mark| mark.reason),
            since: mark.map(|mark| mark.at),
            consented_at: state.and_then(|state| state.consented_at),
        }
    }
}

/// The address that a path names.
struct Named {
    clinic: ClinicId,
    patient: PatientId,
    /// The guardian whose address it is; `None`: the patient's own.
    guardian: Option<AccountId>,
    channel: Channel,
}

impl Named {
    /// Reads a path of the patient's, or of a guardian's link.
    fn of(request: &Request) -> Result<Self, Refusal> {
        let (clinic, patient) = names(request)?;
        let of_link = request.route().1.contains("{accountId}");
        let guardian = of_link.then(|| request.path_id("accountId", AccountId::parse));
        let channel = request.path_id("channel", |name| Channel::parse(name).ok_or(()))?;
        Ok(Self { clinic, patient, guardian: guardian.transpose()?, channel })
    }

    fn whose(&self) -> Whose<'_> {
        match &self.guardian {
            None => Whose::Patient,
            Some(account_id) => Whose::Guardian { account_id },
        }
    }

    fn subject(&self) -> Subject {
        let guardian = self.guardian.iter().map(ToString::to_string);
        Subject {
            clinic: Some(self.clinic.clone()),
            patient: Some(self.patient.clone()),
            objects: guardian.chain([self.channel.as_str().to_owned()]).collect(),
        }
    }
}

impl Handler {
    /// What is known of each address at which notices about the patient go to somebody.
    pub(crate) async fn view_addresses(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let key = key::patient(&clinic, &id);
        let facts = self.facts(actor, &clinic, Administration::Patients, [key.clone()]).await?;
        let patient: Patient = facts.found.get(&key)?.ok_or(Code::NotFound)?;
        let links = self.store.links_of_patient(&clinic, &id).await?;
        let guardians = links.iter().filter_map(|link| {
            Some((Whose::Guardian { account_id: &link.account }, told_at(link)?))
        });
        let contacts = std::iter::once((Whose::Patient, &patient.contact)).chain(guardians);
        let wanted: Vec<(Whose<'_>, Channel, &AddressHash)> = contacts
            .flat_map(|(whose, contact)| {
                let channels = Channel::ALL.into_iter();
                channels.filter_map(move |channel| Some((whose, channel, contact.hash(channel)?)))
            })
            .collect();
        let known = self.store.addresses(wanted.iter().map(|(.., hash)| *hash)).await?;
        let addresses = wanted
            .iter()
            .map(|(whose, channel, hash)| AddressOutput::of(*whose, *channel, known.of(hash)))
            .collect();
        let subject = Subject { clinic: Some(clinic), patient: Some(id), ..Subject::default() };
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&Output { addresses }))
    }

    /// Records that the owner of an address agreed to be told there. What spoke against it until now
    /// does not count any more.
    ///
    /// SNS drops texts to a number that opted out with the carrier, whatever is recorded here, so such a
    /// number is opted in there first.
    pub(crate) async fn record_consent(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        let contact = self.contact(actor, &named).await?;
        let hash = contact.hash(named.channel).ok_or(Code::NoAddressOfChannel)?;
        if let (Channel::Sms, Some(known)) = (named.channel, &contact.sms) {
            self.opt_in(&known.address).await?;
        }
        let record = self.done(request, actor, named.subject());
        let now = self.sources.now();
        self.store.consent(hash, now, |transaction| transaction.record(&record)).await?;
        self.address(&named, hash).await
    }

    /// Records that the owner of an address opted out.
    pub(crate) async fn record_opt_out(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        let contact = self.contact(actor, &named).await?;
        let hash = contact.hash(named.channel).ok_or(Code::NoAddressOfChannel)?;
        let record = self.done(request, actor, named.subject());
        let mark = Mark { reason: MarkReason::OptedOut, at: self.sources.now() };
        let change = |state: AddressState| state.marked(mark);
        self.store.change_address(hash, change, |transaction| transaction.record(&record)).await?;
        self.address(&named, hash).await
    }

    /// The contact that the address is one of, for a caller who may administer it. A guardian's whose
    /// link does not hold is not there, since nothing is sent by it.
    async fn contact(&self, actor: &Actor, named: &Named) -> Result<Contact, Failure> {
        let Named { clinic, patient, guardian, .. } = named;
        let key = match guardian {
            None => key::patient(clinic, patient),
            Some(account) => key::link_of_patient(clinic, patient, account),
        };
        let facts = self.facts(actor, clinic, Administration::Patients, [key.clone()]).await?;
        if guardian.is_none() {
            let patient: Patient = facts.found.get(&key)?.ok_or(Code::NotFound)?;
            return Ok(patient.contact);
        }
        let link: Option<AccountLink> = facts.found.get(&key)?;
        let link = link.filter(|link| link.active).ok_or(Code::NotFound)?;
        Ok(told_at(&link).ok_or(Code::NoAddressOfChannel)?.clone())
    }

    /// Opts a number in again that opted out with the carrier. That works once in 30 days, so it is
    /// asked first whether there is any need. Where the service does not know these calls, never
    /// answers them about this number or does not let us ask, nothing that we could lift stands against
    /// the consent.
    async fn opt_in(&self, number: &SmsNumber) -> Result<(), Failure> {
        let opted_out = self.opt_outs.is_opted_out(number).await;
        let opted_out = answered("CheckIfPhoneNumberIsOptedOut", opted_out)?.flatten();
        if opted_out != Some(true) {
            return Ok(());
        }
        match answered("OptInPhoneNumber", self.opt_outs.opt_in(number).await)? {
            Some(OptIn::TooSoon) => Err(Code::OptInTooSoon.into()),
            Some(OptIn::Done | OptIn::Unknown) | None => Ok(()),
        }
    }

    /// What is known of the address now.
    async fn address(&self, named: &Named, hash: &AddressHash) -> Result<Response, Failure> {
        let known = self.store.addresses([hash]).await?;
        Ok(Response::ok(&AddressOutput::of(named.whose(), named.channel, known.of(hash))))
    }
}

/// Where a guardian is told, as long as the link holds.
fn told_at(link: &AccountLink) -> Option<&Contact> {
    link.contact.as_ref().filter(|_| link.active)
}

/// The answer of SNS; `None`: there will never be one. What passes is an outage.
fn answered<T>(
    operation: &'static str,
    answer: Result<T, DeliveryError>,
) -> Result<Option<T>, Outage> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // A permission that is missing may be missing for ever.
        Err(error) if error.cause == Cause::Passing(PassingReason::NotAuthorized) => {
            tracing::warn!(operation, code = error.code(), "the service does not let us ask");
            Ok(None)
        }
        Err(error) if error.is_passing() => {
            Err(Outage::new(OutageKind::Unavailable, operation, error.code()))
        }
        Err(_) => Ok(None),
    }
}
