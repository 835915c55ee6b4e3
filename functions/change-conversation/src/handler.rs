//! Changing a conversation: two waves, one read of all facts and one transaction. Who is in a group
//! that is added is asked in the first one too.

use std::time::Duration;

use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::conversation::{Conversation, GroupParticipant, Participant, State};
use domain::id::{ClinicId, ConversationId, PatientId, StaffId};
use domain::outage::{Outage, OutageKind};
use domain::refusal::Code;
use edge::{Failure, Request, Response, Service};
use jiff::Timestamp;
use platform::{Attempts, Sources};
use serde::Serialize;
use store::key::ConversationKey;
use store::{Committed, Store, change, facts, groups, key};

use crate::wanted::{Known, Route, Wanted};

/// How long decisions are made again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Changes conversations without writing in them.
#[derive(Clone, Debug)]
pub struct ChangeConversation {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// Whether it takes messages now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Switched<'a> {
    conversation_id: &'a ConversationId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'a StaffId>,
    /// The last message before it.
    last_message_number: u32,
}

/// Whose it is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Altered<'a> {
    conversation_id: &'a ConversationId,
    participants: &'a [Participant],
    groups: &'a [GroupParticipant],
    patient_only: bool,
}

impl Service for ChangeConversation {
    fn action(&self, request: &Request) -> Action {
        Route::of(request).map_or(Action::Unrouted, Route::action)
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let route = Route::of(request).ok_or(Code::NotFound)?;
        let name = ConversationKey {
            clinic: request.path_id("clinicId", ClinicId::parse)?,
            patient: request.path_id("patientId", PatientId::parse)?,
            conversation: request.path_id("conversationId", ConversationId::parse)?,
        };
        let wanted = route.wanted(request)?;
        if !actor.may_address(&name.clinic) {
            return Err(Code::NotFound.into());
        }
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let known = self.read(actor, &name, &wanted).await?;
            let decided = wanted.decide(actor, &known, now)?;
            let conversation = std::iter::once(name.conversation.to_string());
            let subject = Subject {
                clinic: Some(name.clinic.clone()),
                patient: Some(name.patient.clone()),
                objects: conversation.chain(wanted.whom().map(str::to_owned)).collect(),
            };
            let id = self.sources.new_id();
            let record =
                Record::done(id, now, actor, route.action(), subject, request.request_id());
            let Some(decided) = decided else {
                // Twice is the same as once: nothing changes, and the call is on record.
                self.store.record(&record).await?;
                let unchanged = known.conversation.ok_or(Code::NotFound)?;
                return Ok(answer(&wanted, &unchanged));
            };
            let mut transaction = self.store.transaction();
            change::write(&mut transaction, &decided, now, &record);
            facts::guard(&mut transaction, actor, &name.clinic, &name.patient);
            if self.store.commit(transaction).await? == Committed::Done {
                return Ok(answer(&wanted, &decided.conversation));
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "change", "attempts").into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

impl ChangeConversation {
    /// Reads all that the decision rests on.
    async fn read(
        &self,
        actor: &Actor,
        name: &ConversationKey,
        wanted: &Wanted,
    ) -> Result<Known, Outage> {
        let ConversationKey { clinic, patient, .. } = name;
        let conversation_key = key::conversation(name);
        let keys = facts::keys(actor, clinic, patient)
            .into_iter()
            .chain([conversation_key.clone()])
            .chain(change::timer_keys(name))
            .chain(wanted.added(name));
        let expanded = wanted.expanded();
        let (found, members) =
            tokio::join!(self.store.read(keys), self.store.members(clinic, expanded));
        let mut found = found?;
        let group = groups::groups(&found, clinic, expanded, members?)?.pop();
        Ok(Known {
            facts: facts::peek(&found, actor, clinic, patient)?,
            conversation: found.take(&conversation_key)?,
            timers: change::timers(&mut found, name)?,
            // The caller may add themselves.
            member: match wanted {
                Wanted::AddStaff(id) => found.get(&key::staff(clinic, id))?,
                _ => None,
            },
            group: group.unwrap_or_default(),
        })
    }
}

fn answer(wanted: &Wanted, conversation: &Conversation) -> Response {
    match wanted {
        Wanted::Switch(_) => switched(conversation),
        _ => Response::ok(&Altered {
            conversation_id: &conversation.id,
            participants: &conversation.participants,
            groups: &conversation.groups,
            patient_only: conversation.patient_only,
        }),
    }
}

fn switched(conversation: &Conversation) -> Response {
    let (state, closed_at, closed_by) = match &conversation.state {
        State::Open => ("open", None, None),
        State::Closed { at, by, .. } => ("closed", Some(*at), Some(by)),
    };
    Response::ok(&Switched {
        conversation_id: &conversation.id,
        state,
        closed_at,
        closed_by,
        last_message_number: conversation.tally.total,
    })
}
