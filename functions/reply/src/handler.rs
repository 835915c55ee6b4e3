//! Adding a message to a conversation: two waves, one read of all facts and one transaction. What is
//! known of the patient's addresses, which only the answer needs, is read in the second one too.

use std::time::Duration;

use domain::access::{Facts, Side};
use domain::actor::Actor;
use domain::address::Reach;
use domain::audit::{Action, Record, Subject};
use domain::command::{self, Change, Enclosures, RawTemplate, RawWording, ReplyFacts, Worded};
use domain::conversation::{Conversation, MAX_MESSAGES, Message, Person, ReadMarker};
use domain::id::{ClinicId, ConversationId, PatientId};
use domain::message_template::MessageTemplate;
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Checks, Code, Refusal};
use domain::rich_text::Removed;
use edge::{Failure, Request, Response, Service};
use jiff::Timestamp;
use platform::{Attempts, Sources};
use serde::{Deserialize, Serialize};
use store::attachments::{self, Enclosed};
use store::idempotency::{Claim, Remembered};
use store::key::ConversationKey;
use store::{Committed, Store, change, facts, key};

/// How long decisions are made again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Adds messages.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// The request's body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewMessage {
    /// Absent: the template's, or nothing beside a file.
    body: Option<String>,
    template: Option<RawTemplate>,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    documents: Vec<String>,
    in_reply_to: Option<u32>,
    seen: Option<u32>,
}

/// What is remembered of the answer under the idempotency key: no text, no names.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    conversation_id: ConversationId,
    message_number: u32,
    at: Timestamp,
}

/// What is answered.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    added: &'a Added,
    /// How the patient will be told, as things are when it is answered, the first time or again.
    /// It is no part of what is stored: absent, where it could not be read or the patient wrote.
    #[serde(flatten)]
    reach: Option<Reach>,
    /// What was removed from the body of the request, which is the same when it is repeated.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [Removed],
}

impl Service for Reply {
    fn action(&self, _: &Request) -> Action {
        Action::ConversationReply
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
        let idempotency = request.idempotency_key()?;
        let (wanted, removed) = parse(&request.json()?)?;
        let claim = Claim::new(actor, idempotency.as_str(), request.fingerprint());

        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let known = Known::read(&self.store, actor, &name, &wanted, &claim).await?;
            let side = known.facts.side(actor)?;
            side.visible(known.conversation.as_ref())?;
            if let Some(answer) = claim.replay(known.remembered.clone(), now)? {
                return created(&name, &answer, self.reach(&side).await, &removed);
            }

            let person = side.person();
            let marker = known.markers.iter().find(|(reader, _)| *reader == person);
            let about = ReplyFacts {
                conversation: known.conversation.as_ref(),
                quoted: known.quoted.as_ref(),
                seen: known.seen.as_ref(),
                marker: marker.map(|(_, marker)| *marker).unwrap_or_default(),
                timers: &known.timers,
                enclosed: known.enclosed.facts(),
                template: known.template.as_ref(),
            };
            let decided = command::reply(actor, wanted.clone(), &known.facts, about, now)?;
            let answer = encode(&answer_of(&decided))?;
            let subject = Subject {
                clinic: Some(name.clinic.clone()),
                patient: Some(name.patient.clone()),
                objects: decided.objects([
                    name.conversation.to_string(),
                    decided.conversation.tally.total.to_string(),
                ]),
            };
            let action = Action::ConversationReply;
            let id = self.sources.new_id();
            let record = Record::done(id, now, actor, action, subject, request.request_id());

            let mut transaction = self.store.transaction();
            change::write(&mut transaction, &decided, now, &record);
            facts::guard(&mut transaction, actor, &name.clinic, &name.patient);
            claim.remember(&mut transaction, answer.clone(), now);
            let (committed, reach) =
                tokio::join!(self.store.commit(transaction), self.reach(&side));
            if committed? == Committed::Done {
                return created(&name, &answer, reach, &removed);
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "reply", "attempts").into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

impl Reply {
    /// How the patient will be told of what staff write.
    async fn reach(&self, writer: &Side<'_>) -> Option<Reach> {
        match writer {
            Side::Staff(side) => self.store.reach(&side.patient.contact).await,
            Side::Patient(_) => None,
        }
    }
}

/// All that is known before deciding, from one wave of reads.
struct Known {
    facts: Facts,
    conversation: Option<Conversation>,
    quoted: Option<Message>,
    seen: Option<Message>,
    /// The markers of everybody who the caller may be.
    markers: Vec<(Person, ReadMarker)>,
    timers: domain::automatic::Timers,
    enclosed: Enclosed,
    template: Option<MessageTemplate>,
    remembered: Option<Remembered>,
}

impl Known {
    async fn read(
        store: &Store,
        actor: &Actor,
        name: &ConversationKey,
        wanted: &command::Reply,
        claim: &Claim,
    ) -> Result<Self, Outage> {
        let conversation_key = key::conversation(name);
        let message_keys = [wanted.in_reply_to, wanted.seen]
            .map(|number| number.map(|number| key::message(name, number)));
        let template_key = wanted.wording.template.as_ref();
        let template_key =
            template_key.map(|wanted| key::message_template(&name.clinic, &wanted.id));
        let readers = actor.readers();
        let keys = facts::keys(actor, &name.clinic, &name.patient)
            .into_iter()
            .chain([conversation_key.clone(), claim.key().clone()])
            .chain(change::timer_keys(name))
            .chain(message_keys.iter().flatten().cloned())
            .chain(template_key.clone())
            .chain(attachments::keys(&name.clinic, &name.patient, &wanted.enclosures))
            .chain(readers.iter().map(|reader| key::marker(name, reader)));
        let mut found = store.read(keys).await?;
        let mut markers = Vec::new();
        for reader in readers {
            let marker = found.take(&key::marker(name, &reader))?.unwrap_or_default();
            markers.push((reader, marker));
        }
        // Both may be the same message.
        let [quoted, seen] =
            message_keys.map(|key| key.map(|key| found.get(&key)).transpose().map(Option::flatten));
        Ok(Self {
            facts: facts::peek(&found, actor, &name.clinic, &name.patient)?,
            conversation: found.take(&conversation_key)?,
            quoted: quoted?,
            seen: seen?,
            markers,
            timers: change::timers(&mut found, name)?,
            enclosed: Enclosed::take(&mut found, &name.clinic, &name.patient, &wanted.enclosures)?,
            template: template_key.map(|key| found.take(&key)).transpose()?.flatten(),
            remembered: found.take(claim.key())?,
        })
    }
}

/// The command, and what was removed from the body.
fn parse(dto: &NewMessage) -> Result<(command::Reply, Vec<Removed>), Refusal> {
    let mut checks = Checks::new();
    let enclosures = Enclosures::parse(&dto.attachments, &dto.documents, &mut checks);
    let raw =
        RawWording { title: None, body: dto.body.as_deref(), template: dto.template.as_ref() };
    let Worded { wording, removed } = raw.parse(&enclosures, &mut checks);
    let is_number = |number: u32| (1..=MAX_MESSAGES).contains(&number);
    if !dto.seen.is_none_or(is_number) {
        checks.note(Code::MarkerBeyondLast, "/seen");
    }
    if !dto.in_reply_to.is_none_or(is_number) {
        checks.note(Code::QuotedMessageUnknown, "/inReplyTo");
    }
    checks.finish()?;
    let NewMessage { in_reply_to, seen, .. } = *dto;
    Ok((command::Reply { wording, enclosures, in_reply_to, seen }, removed))
}

fn answer_of(change: &Change) -> Added {
    let conversation = &change.conversation;
    Added {
        conversation_id: conversation.id.clone(),
        message_number: conversation.tally.total,
        at: conversation.last_activity,
    }
}

fn encode(answer: &Added) -> Result<String, Outage> {
    serde_json::to_string(answer).map_err(|_| Outage::new(OutageKind::Broken, "reply", "answer"))
}

fn created(
    name: &ConversationKey,
    answer: &str,
    reach: Option<Reach>,
    removed: &[Removed],
) -> Result<Response, Failure> {
    let added: Added = serde_json::from_str(answer)
        .map_err(|_| Outage::new(OutageKind::Broken, "reply", "remembered answer"))?;
    let ConversationKey { clinic, patient, conversation } = name;
    let location = format!("/clinics/{clinic}/patients/{patient}/conversations/{conversation}");
    Ok(Response::created(location.as_str(), &Answer { added: &added, reach, removed }))
}
