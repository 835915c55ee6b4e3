//! Slots: one for each file, before it is uploaded.

use domain::actor::Actor;
use domain::attachment::{self, Attachment, Quota, Slot, State};
use domain::conversation::Conversation;
use domain::id::{AttachmentId, ClinicId, PatientId};
use domain::outage::{Outage, OutageKind};
use domain::refusal::Code;
use edge::{Failure, Request, Response};
use jiff::Timestamp;
use platform::Attempts;
use store::attachments::{self, AttachmentKey};
use store::idempotency::{Claim, Remembered};
use store::key::{self, ConversationKey};
use store::{Committed, facts};

use crate::dto::{AttachmentOutput, Remember, SlotInput};
use crate::handler::{Attachments, BUDGET, location, names, subject};

impl Attachments {
    /// Gives out a slot. A repeat of the request gets the same slot, with a fresh address while the
    /// file is awaited.
    pub(crate) async fn give_slot(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        let idempotency = request.idempotency_key()?;
        let (promise, conversation) = request.json::<SlotInput>()?.parse()?;
        let claim = Claim::new(actor, idempotency.as_str(), request.fingerprint());
        let conversation_key = conversation.clone().map(|conversation| {
            let (clinic, patient) = (clinic.clone(), patient.clone());
            key::conversation(&ConversationKey { clinic, patient, conversation })
        });

        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let day = Quota::day_of(now);
            let quota_key = key::quota(&clinic, actor, day);
            let keys = facts::keys(actor, &clinic, &patient)
                .into_iter()
                .chain([claim.key().clone(), quota_key.clone()])
                .chain(conversation_key.clone());
            let mut found = self.store.read(keys).await?;
            let remembered: Option<Remembered> = found.take(claim.key())?;
            let facts = facts::peek(&found, actor, &clinic, &patient)?;
            let side = facts.side(actor)?;
            if let Some(answer) = claim.replay(remembered, now)? {
                return self.slot_again(request, actor, (&clinic, &patient), &answer).await;
            }
            let aimed: Option<Conversation> = match &conversation_key {
                Some(key) => found.take(key)?,
                None => None,
            };
            let quota = attachments::quota(&mut found, &quota_key, day)?;
            let slot = Slot {
                id: self.fresh_id()?,
                promise: promise.clone(),
                conversation: conversation.clone(),
            };
            let (given, quota) =
                attachment::give_slot(actor, slot, &side, aimed.as_ref(), quota, now)?;

            let record =
                self.done(request, actor, subject(&clinic, &patient, vec![given.id.to_string()]));
            let mut transaction = self.store.transaction();
            attachments::put(&mut transaction, &given, None, now);
            attachments::count(&mut transaction, actor, &clinic, &quota, now);
            facts::guard(&mut transaction, actor, &clinic, &patient);
            claim.remember(&mut transaction, Remember::encode(&given.id)?, now);
            transaction.record(&record);
            if self.store.commit(transaction).await? == Committed::Done {
                return self.slot(&given, now).await;
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "slot", "attempts").into());
            }
        }
    }

    /// The slot that this very request was given before. Its fresh address is as good as the first one,
    /// so that it is on record too.
    async fn slot_again(
        &self,
        request: &Request,
        actor: &Actor,
        (clinic, patient): (&ClinicId, &PatientId),
        answer: &str,
    ) -> Result<Response, Failure> {
        let name = AttachmentKey {
            clinic: clinic.clone(),
            patient: patient.clone(),
            attachment: Remember::decode(answer)?,
        };
        let key = key::attachment(&name);
        let mut found = self.store.read([key.clone()]).await?;
        let given: Option<Attachment> = found.take(&key)?;
        let given = given.ok_or_else(|| Outage::new(OutageKind::Broken, "slot", "missing"))?;
        let subject = subject(clinic, patient, vec![given.id.to_string()]);
        self.store.record(&self.done(request, actor, subject)).await?;
        self.slot(&given, self.sources.now()).await
    }

    async fn slot(&self, given: &Attachment, now: Timestamp) -> Result<Response, Failure> {
        let Attachment { clinic, patient, id, promise, state, .. } = given;
        let upload = match state {
            State::AwaitingUpload => Some(self.upload_to(clinic, patient, id, promise, now).await?),
            _ => None,
        };
        let location = location(given);
        Ok(Response::created(location.as_str(), &AttachmentOutput::new(given, upload)))
    }

    /// What became of the caller's own upload.
    pub(crate) async fn view_slot(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        request.query(&[])?;
        let id = request.path_id("attachmentId", AttachmentId::parse)?;
        let name = AttachmentKey { clinic, patient, attachment: id };
        let key = key::attachment(&name);
        let keys = facts::keys(actor, &name.clinic, &name.patient);
        let mut found = self.store.read(keys.into_iter().chain([key.clone()])).await?;
        facts::peek(&found, actor, &name.clinic, &name.patient)?.side(actor)?;
        let given: Option<Attachment> = found.take(&key)?;
        let given = given.filter(|given| given.is_of(actor)).ok_or(Code::NotFound)?;
        let subject = subject(&name.clinic, &name.patient, vec![given.id.to_string()]);
        self.store.record(&self.done(request, actor, subject)).await?;
        Ok(Response::ok(&AttachmentOutput::new(&given, None)))
    }
}
