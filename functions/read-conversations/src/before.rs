//! Before a conversation is started: whether it can be, and with whom.

use domain::access::Side;
use domain::actor::Actor;
use domain::address::Addresses;
use domain::audit::{Action, Record, Subject};
use domain::command;
use domain::id::{ClinicId, PatientId};
use domain::refusal::{Code, Refusal};
use edge::{Cursor, Failure, Request, Response, Scope};
use store::facts;
use store::groups::Addressable;

use crate::handler::ReadConversations;
use crate::view::{Eligibility, Recipients};

impl ReadConversations {
    /// Whether a conversation with this patient can be started by the caller, and what is in the way.
    pub(crate) async fn eligibility(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let patient = request.path_id("patientId", PatientId::parse)?;
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        request.query(&[])?;
        let found = self.store.read(facts::keys(actor, &clinic, &patient)).await?;
        let facts = facts::peek(&found, actor, &clinic, &patient)?;
        let side = facts.side(actor)?;
        let now = self.sources.now();
        let reasons = command::may_start(&side).into_reasons();
        let subject =
            Subject { clinic: Some(clinic), patient: Some(patient), ..Subject::default() };
        let id = self.sources.new_id();
        let action = Action::EligibilityView;
        let record = Record::done(id, now, actor, action, subject, request.request_id());
        // What is known of the addresses is the clinic's business.
        let addresses = async {
            match &side {
                Side::Staff(side) => self.store.addresses(side.patient.contact.hashes()).await,
                Side::Patient(_) => Ok(Addresses::default()),
            }
        };
        let (addresses, recorded) = tokio::join!(addresses, self.store.record(&record));
        recorded?;
        Ok(Response::ok(&Eligibility::new(&side, &reasons, &addresses?, now)))
    }

    /// To whom the caller can address a conversation about this patient: groups, then staff.
    pub(crate) async fn recipients(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let patient = request.path_id("patientId", PatientId::parse)?;
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let query = request.query(&["limit", "cursor"])?;
        let limit = query.limit()?;
        let scope = Scope::new(actor, &format!("recipients.{clinic}.{patient}"), "");
        let after = query.get("cursor").map(|cursor| Cursor::decode(&scope, cursor)).transpose()?;
        let found = self.store.read(facts::keys(actor, &clinic, &patient)).await?;
        let facts = facts::peek(&found, actor, &clinic, &patient)?;
        let by_patient = match facts.side(actor)? {
            Side::Staff(_) => false,
            // Whom a patient may write to is nobody's business where none may.
            side @ Side::Patient(_) => {
                command::may_start(&side).finish()?;
                true
            }
        };
        let wanted = |one: &Addressable| match one {
            Addressable::Group(group) => command::may_address_group(group, by_patient),
            Addressable::Staff(member) => command::may_address_staff(member, by_patient),
        };
        let (page, next) =
            self.store.addressables(&clinic, after.as_deref(), limit, wanted).await?;
        let subject =
            Subject { clinic: Some(clinic), patient: Some(patient), ..Subject::default() };
        let (id, now) = (self.sources.new_id(), self.sources.now());
        let action = Action::RecipientList;
        let record = Record::done(id, now, actor, action, subject, request.request_id());
        self.store.record(&record).await?;
        let next = next.map(|place| Cursor::encode(&scope, &place));
        Ok(Response::ok(&Recipients::new(&page, next)))
    }
}
