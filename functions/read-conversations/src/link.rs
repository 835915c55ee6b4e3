//! Where the link of a notice leads.
//!
//! Opening it changes nothing and uses nothing up, however often it is done: mail scanners open links
//! (product page, "Notifications"). The reference in it is no key to anything: whoever may not read the
//! conversation is told what is told of one that there is not.

use domain::actor::Actor;
use domain::audit::{Action, Record};
use domain::conversation::Conversation;
use domain::id::{ClinicId, ConversationId, LinkReference, PatientId};
use domain::refusal::{Code, Refusal};
use edge::{Failure, Request, Response};
use serde::Serialize;
use store::change::LinkTarget;
use store::key::ConversationKey;
use store::{facts, key};

use crate::handler::{ReadConversations, subject_of};

/// The conversation that a link leads to.
#[derive(Debug, Serialize)]
struct Opened<'a> {
    #[serde(rename = "clinicId")]
    clinic: &'a ClinicId,
    #[serde(rename = "patientId")]
    patient: &'a PatientId,
    #[serde(rename = "conversationId")]
    conversation: &'a ConversationId,
}

impl ReadConversations {
    /// The conversation that a link leads to, for who may read it.
    pub(crate) async fn open_link(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let reference = request.path_id("reference", LinkReference::parse)?;
        request.query(&[])?;
        let key = key::link_reference(&reference);
        let mut found = self.store.read([key.clone()]).await?;
        let LinkTarget { clinic, patient, conversation } =
            found.take(&key)?.ok_or_else(|| Refusal::from(Code::NotFound))?;
        // Of another clinic nothing more is read.
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let name = ConversationKey { clinic, patient, conversation };
        let ConversationKey { clinic, patient, conversation } = &name;
        let conversation_key = key::conversation(&name);
        let keys = facts::keys(actor, clinic, patient).into_iter();
        let mut found = self.store.read(keys.chain([conversation_key.clone()])).await?;
        let facts = facts::peek(&found, actor, clinic, patient)?;
        let there: Option<Conversation> = found.take(&conversation_key)?;
        facts.side(actor)?.visible(there.as_ref())?;

        let (id, now) = (self.sources.new_id(), self.sources.now());
        let subject = subject_of(&name);
        let record = Record::done(id, now, actor, Action::LinkOpen, subject, request.request_id());
        self.store.record(&record).await?;
        Ok(Response::ok(&Opened { clinic, patient, conversation }))
    }
}
