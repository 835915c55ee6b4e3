//! Starting a conversation: two waves, one of reads of all facts and one transaction. Who is in the
//! groups that are addressed is asked in the first one too, and what is known of the patient's
//! addresses, which only the answer needs, in the second.

use std::time::Duration;

use domain::access::Side;
use domain::actor::Actor;
use domain::address::Reach;
use domain::audit::{Action, Record, Subject};
use domain::command::{
    self, Addressees, Change, Enclosures, RawTemplate, RawWording, Worded, Wording,
};
use domain::conversation::{MAX_GROUPS, MAX_PARTICIPANTS};
use domain::id::{ClinicId, ConversationId, GroupId, LinkReference, PatientId, StaffId};
use domain::message_template::MessageTemplate;
use domain::outage::{Outage, OutageKind};
use domain::people::StaffMember;
use domain::refusal::{Checks, Code, Refusal};
use domain::rich_text::Removed;
use edge::{Failure, Request, Response, Service};
use jiff::Timestamp;
use platform::{Attempts, Sources};
use serde::{Deserialize, Serialize};
use store::attachments::{self, Enclosed};
use store::idempotency::{Claim, Remembered};
use store::{Committed, Store, change, facts, groups, key};

/// How long decisions are made again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Starts conversations.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// The request's body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewConversation {
    /// Absent: the template's.
    title: Option<String>,
    /// Absent: the template's, or nothing beside a file.
    body: Option<String>,
    template: Option<RawTemplate>,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    documents: Vec<String>,
    replies_allowed: Option<bool>,
    patient_only: Option<bool>,
}

/// What is remembered of the answer under the idempotency key: no text, no names.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    clinic_id: ClinicId,
    patient_id: PatientId,
    conversation_id: ConversationId,
    message_number: u32,
    at: Timestamp,
    replies_allowed: bool,
    patient_only: bool,
}

/// What is answered.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    started: &'a Started,
    /// How the patient will be told, as things are when it is answered, the first time or again.
    /// It is no part of what is stored: absent, where it could not be read or the patient wrote.
    #[serde(flatten)]
    reach: Option<Reach>,
    /// What was removed from the body of the request, which is the same when it is repeated.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [Removed],
}

impl Service for SendMessage {
    fn action(&self, _: &Request) -> Action {
        Action::ConversationStart
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let patient = request.path_id("patientId", PatientId::parse)?;
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let idempotency = request.idempotency_key()?;
        let wanted = parse(&request.json()?)?;
        let claim = Claim::new(actor, idempotency.as_str(), request.fingerprint());

        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let recipients = wanted.to.iter().map(|id| key::staff(&clinic, id));
            let addressed = wanted.groups.iter().map(|id| key::group(&clinic, id));
            let keys = facts::keys(actor, &clinic, &patient);
            let files = attachments::keys(&clinic, &patient, &wanted.enclosures);
            let template = wanted.wording.template.as_ref();
            let template = template.map(|wanted| key::message_template(&clinic, &wanted.id));
            let keys = keys.into_iter().chain(recipients).chain(addressed).chain(files);
            let keys = keys.chain(template.clone());
            let (found, members) = tokio::join!(
                self.store.read(keys.chain([claim.key().clone()])),
                self.store.members(&clinic, &wanted.groups),
            );
            let mut found = found?;
            let remembered: Option<Remembered> = found.take(claim.key())?;
            // The caller may be among the recipients, so those are read out first.
            let staff: Vec<Option<StaffMember>> = wanted
                .to
                .iter()
                .map(|id| found.get(&key::staff(&clinic, id)))
                .collect::<Result<_, _>>()?;
            let facts = facts::peek(&found, actor, &clinic, &patient)?;
            let side = facts.side(actor)?;
            if let Some(answer) = claim.replay(remembered, now)? {
                return created(&answer, self.reach(&side).await, &wanted.removed);
            }

            let groups = groups::groups(&found, &clinic, &wanted.groups, members?)?;
            let enclosed = Enclosed::take(&mut found, &clinic, &patient, &wanted.enclosures)?;
            let template: Option<MessageTemplate> =
                template.map(|key| found.take(&key)).transpose()?.flatten();
            let addressees = Addressees {
                enclosed: enclosed.facts(),
                template: template.as_ref(),
                staff: &staff,
                groups: &groups,
            };
            let command = command::Start {
                conversation: fresh_id(&self.sources)?,
                reference: fresh_reference()?,
                wording: wanted.wording.clone(),
                to: wanted.to.clone(),
                groups: wanted.groups.clone(),
                enclosures: wanted.enclosures.clone(),
                replies_allowed: wanted.replies_allowed,
                patient_only: wanted.patient_only,
            };
            let decided = command::start(actor, command, &facts, addressees, now)?;
            let answer = encode(&answer_of(&decided))?;
            let subject = Subject {
                clinic: Some(clinic.clone()),
                patient: Some(patient.clone()),
                objects: decided.objects([decided.conversation.id.to_string()]),
            };
            let action = Action::ConversationStart;
            let id = self.sources.new_id();
            let record = Record::done(id, now, actor, action, subject, request.request_id());

            let mut transaction = self.store.transaction();
            change::write(&mut transaction, &decided, now, &record);
            facts::guard(&mut transaction, actor, &clinic, &patient);
            claim.remember(&mut transaction, answer.clone(), now);
            let (committed, reach) =
                tokio::join!(self.store.commit(transaction), self.reach(&side));
            if committed? == Committed::Done {
                return created(&answer, reach, &wanted.removed);
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "send", "attempts").into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

impl SendMessage {
    /// How the patient will be told of what staff write.
    async fn reach(&self, writer: &Side<'_>) -> Option<Reach> {
        match writer {
            Side::Staff(side) => self.store.reach(&side.patient.contact).await,
            Side::Patient(_) => None,
        }
    }
}

struct Wanted {
    wording: Wording,
    removed: Vec<Removed>,
    to: Vec<StaffId>,
    groups: Vec<GroupId>,
    enclosures: Enclosures,
    replies_allowed: Option<bool>,
    patient_only: Option<bool>,
}

fn parse(dto: &NewConversation) -> Result<Wanted, Refusal> {
    let mut checks = Checks::new();
    let enclosures = Enclosures::parse(&dto.attachments, &dto.documents, &mut checks);
    let raw = RawWording {
        title: dto.title.as_deref(),
        body: dto.body.as_deref(),
        template: dto.template.as_ref(),
    };
    let Worded { wording, removed } = raw.parse_first(&enclosures, &mut checks);
    // More names than a conversation can have are not even looked up.
    if dto.to.len() > MAX_PARTICIPANTS {
        checks.note(Code::TooManyParticipants, "/to");
    }
    if dto.groups.len() > MAX_GROUPS {
        checks.note(Code::TooManyGroups, "/groups");
    }
    let named = dto.to.iter().take(MAX_PARTICIPANTS).enumerate();
    let to: Vec<StaffId> = named
        .filter_map(|(position, id)| checks.take(&format!("/to/{position}"), StaffId::parse(id)))
        .collect();
    let named = dto.groups.iter().take(MAX_GROUPS).enumerate();
    let groups: Vec<GroupId> = named
        .filter_map(|(position, id)| {
            checks.take(&format!("/groups/{position}"), GroupId::parse(id))
        })
        .collect();
    checks.finish()?;
    let NewConversation { replies_allowed, patient_only, .. } = *dto;
    Ok(Wanted { wording, removed, to, groups, enclosures, replies_allowed, patient_only })
}

fn fresh_id(sources: &Sources) -> Result<ConversationId, Outage> {
    ConversationId::parse(&sources.new_id())
        .map_err(|_| Outage::new(OutageKind::Broken, "send", "fresh id"))
}

fn fresh_reference() -> Result<LinkReference, Outage> {
    LinkReference::parse(&platform::new_reference())
        .map_err(|_| Outage::new(OutageKind::Broken, "send", "fresh reference"))
}

fn answer_of(change: &Change) -> Started {
    let conversation = &change.conversation;
    Started {
        clinic_id: conversation.clinic.clone(),
        patient_id: conversation.patient.clone(),
        conversation_id: conversation.id.clone(),
        message_number: conversation.tally.total,
        at: conversation.last_activity,
        replies_allowed: conversation.replies_allowed,
        patient_only: conversation.patient_only,
    }
}

fn encode(answer: &Started) -> Result<String, Outage> {
    serde_json::to_string(answer).map_err(|_| Outage::new(OutageKind::Broken, "send", "answer"))
}

fn created(answer: &str, reach: Option<Reach>, removed: &[Removed]) -> Result<Response, Failure> {
    let started: Started = serde_json::from_str(answer)
        .map_err(|_| Outage::new(OutageKind::Broken, "send", "remembered answer"))?;
    let Started { clinic_id, patient_id, conversation_id, .. } = &started;
    let location =
        format!("/clinics/{clinic_id}/patients/{patient_id}/conversations/{conversation_id}");
    Ok(Response::created(location.as_str(), &Answer { started: &started, reach, removed }))
}
