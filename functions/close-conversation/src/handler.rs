//! Closing and reopening a conversation: two waves, one read of all facts and one transaction.

use std::time::Duration;

use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::command::{self, Switch};
use domain::conversation::{Conversation, State};
use domain::id::{ClinicId, ConversationId, PatientId, StaffId};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Code, Refusal};
use edge::{Failure, Request, Response, Service};
use jiff::Timestamp;
use platform::{Attempts, Sources};
use serde::Serialize;
use store::key::ConversationKey;
use store::{Committed, Store, change, facts, key};

/// How long decisions are made again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Closes and reopens conversations.
#[derive(Clone, Debug)]
pub struct CloseConversation {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// The state as it is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Now<'a> {
    conversation_id: &'a ConversationId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'a StaffId>,
    /// The last message before it.
    last_message_number: u32,
}

impl Service for CloseConversation {
    fn action(&self, request: &Request) -> Action {
        match wanted(request) {
            Switch::Close => Action::ConversationClose,
            Switch::Reopen => Action::ConversationReopen,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let name = ConversationKey {
            clinic: request.path_id("clinicId", ClinicId::parse)?,
            patient: request.path_id("patientId", PatientId::parse)?,
            conversation: request.path_id("conversationId", ConversationId::parse)?,
        };
        if !actor.may_address(&name.clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let conversation_key = key::conversation(&name);
            let keys = facts::keys(actor, &name.clinic, &name.patient)
                .into_iter()
                .chain([conversation_key.clone()])
                .chain(change::timer_keys(&name));
            let mut found = self.store.read(keys).await?;
            let facts = facts::peek(&found, actor, &name.clinic, &name.patient)?;
            let timers = change::timers(&mut found, &name)?;
            let before: Option<Conversation> = found.take(&conversation_key)?;
            let decided =
                command::switch(actor, wanted(request), &facts, before.as_ref(), &timers, now)?;
            let subject = Subject {
                clinic: Some(name.clinic.clone()),
                patient: Some(name.patient.clone()),
                objects: vec![name.conversation.to_string()],
            };
            let action = self.action(request);
            let id = self.sources.new_id();
            let record = Record::done(id, now, actor, action, subject, request.request_id());
            let Some(decided) = decided else {
                // Twice is the same as once: nothing changes, and the call is on record.
                self.store.record(&record).await?;
                return Ok(answer(before.as_ref().ok_or(Refusal::from(Code::NotFound))?));
            };
            let mut transaction = self.store.transaction();
            change::write(&mut transaction, &decided, now, &record);
            facts::guard(&mut transaction, actor, &name.clinic, &name.patient);
            if self.store.commit(transaction).await? == Committed::Done {
                return Ok(answer(&decided.conversation));
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "close", "attempts").into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

fn wanted(request: &Request) -> Switch {
    let (_, resource) = request.route();
    if resource.ends_with("/reopen") { Switch::Reopen } else { Switch::Close }
}

fn answer(conversation: &Conversation) -> Response {
    let (state, closed_at, closed_by) = match &conversation.state {
        State::Open => ("open", None, None),
        State::Closed { at, by, .. } => ("closed", Some(*at), Some(by)),
    };
    Response::ok(&Now {
        conversation_id: &conversation.id,
        state,
        closed_at,
        closed_by,
        last_message_number: conversation.tally.total,
    })
}
