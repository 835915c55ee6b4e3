//! What is done about each event, and what all of it shares: the file is read, judged and written
//! under the version that was read, so that two at once come to one end.

use std::time::Duration;

use domain::actor::Actor;
use domain::attachment::{Attachment, Purpose, State};
use domain::audit::{Action, Record, Subject};
use domain::document::Document;
use domain::outage::{Outage, OutageKind};
use domain::refusal::Code;
use files::{Files, keys};
use jiff::Timestamp;
use lambda_runtime::Error;
use launch::Listener;
use platform::{Attempts, Deadline, Sources};
use serde_json::Value;
use store::attachments::{self, AttachmentKey};
use store::{Committed, Store, key};
use worker::Trigger;

use crate::event::{Object, Told};

/// How long a step is decided again when others write the same file at the same time.
const BUDGET: Duration = Duration::from_secs(5);

/// Inspects files.
#[derive(Clone, Debug)]
pub struct Inspect {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// Time and ids.
    pub sources: Sources,
    /// The bucket's name: of no other is anything done.
    pub bucket: String,
    /// The chart system's bucket, if there is one.
    pub chart_bucket: Option<String>,
    /// Whether a malware scan's answer is waited for.
    pub scans: bool,
    /// The invocation's id, for records.
    pub request_id: String,
}

impl Listener for Inspect {
    async fn handle(&self, event: Value, deadline: Deadline) -> Result<Value, Error> {
        match Told::parse(event)? {
            Told::Tick => return Ok(worker::run(self, Trigger::Tick, deadline).await),
            Told::Uploaded(objects) => {
                for object in &objects {
                    self.uploaded(object).await.map_err(|outage| told(&outage))?;
                }
            }
            Told::Scanned(object, verdict) => {
                if let Some(name) = self.named(&object).await.map_err(|outage| told(&outage))? {
                    self.settle(&name, |file, now| file.scanned(&object.version, verdict, now))
                        .await
                        .map_err(|outage| told(&outage))?;
                }
            }
        }
        Ok(Value::Null)
    }
}

/// An outage as Lambda sees it: the event comes again.
fn told(outage: &Outage) -> Error {
    let (operation, detail) = (outage.operation(), outage.detail());
    tracing::warn!(operation, detail, "an event is to come again");
    outage.to_string().into()
}

impl Inspect {
    /// An object was written: the file's content is inspected, if this is the object that it waits
    /// for. Any other is removed, since nobody would ever ask for it.
    async fn uploaded(&self, object: &Object) -> Result<(), Outage> {
        let Some(name) = self.named(object).await? else { return Ok(()) };
        let version = object.version.as_str();
        let waiting = self.settle(&name, |file, now| file.uploaded(version, now)).await?;
        if let Some(file) = waiting {
            return self.inspect(&name, file).await;
        }
        let removed = self.files.remove(&quarantined(&name), version).await;
        removed.map_err(|error| error.outage("remove a stray object"))
    }

    /// The file that an object's key names. One that names none is given up, on record: no repeat
    /// would change it.
    async fn named(&self, object: &Object) -> Result<Option<AttachmentKey>, Outage> {
        let named = object.key.as_deref().filter(|_| object.bucket == self.bucket);
        if let Some((clinic, patient, attachment)) = named.and_then(keys::uploaded) {
            return Ok(Some(AttachmentKey { clinic, patient, attachment }));
        }
        tracing::error!("an event names no object of ours, and is given up");
        let (id, now) = (self.sources.new_id(), self.sources.now());
        let (subject, refusal) = (Subject::default(), Code::AttachmentNotFound.into());
        let record = Record::refused(
            id,
            now,
            &Actor::System,
            Action::AttachmentEnd,
            subject,
            &refusal,
            &self.request_id,
        );
        self.store.record(&record).await?;
        Ok(None)
    }

    /// Moves a file on, as `step` says, whoever else does at the same time. The file as it is then;
    /// `None`: there is no such file, or the step is not for it.
    pub(crate) async fn settle(
        &self,
        name: &AttachmentKey,
        step: impl Fn(&Attachment, Timestamp) -> Option<Attachment>,
    ) -> Result<Option<Attachment>, Outage> {
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let now = self.sources.now();
            let key = key::attachment(name);
            let mut found = self.store.read([key.clone()]).await?;
            let Some(before) = found.take::<Attachment>(&key)? else { return Ok(None) };
            let Some(next) = step(&before, now) else { return Ok(None) };
            if next.version == before.version {
                return Ok(Some(before));
            }
            if let Some(next) = self.write(&before, next, now).await? {
                // The step is done, whatever becomes of this: what is left over is due again soon.
                if next.garbage.len() > before.garbage.len()
                    && let Err(outage) = self.clean_up(&next).await
                {
                    let (operation, detail) = (outage.operation(), outage.detail());
                    tracing::warn!(operation, detail, "objects are to be removed later");
                }
                return Ok(Some(next));
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "inspect", "attempts"));
            }
        }
    }

    /// Writes a file that moved on, with its document and its record; `None`: another was first.
    async fn write(
        &self,
        before: &Attachment,
        next: Attachment,
        now: Timestamp,
    ) -> Result<Option<Attachment>, Outage> {
        let mut next = next;
        let mut transaction = self.store.transaction();
        if let Purpose::Document { document, .. } = &next.purpose {
            let key = key::document(&next.clinic, &next.patient, document);
            let mut found = self.store.read([key.clone()]).await?;
            let document: Option<Document> = found.take(&key)?;
            match document.as_ref().and_then(|document| document.with_progress(&next)) {
                Some(moved) => {
                    let version = moved.version;
                    attachments::put_document(&mut transaction, &moved, Some(version));
                }
                // The document has another file by now.
                None if next.state.is_final() => {}
                None => next = next.given_up(),
            }
        }
        attachments::put(&mut transaction, &next, Some(before.version), now);
        if next.state.as_str() != before.state.as_str() && next.state.is_judged() {
            transaction.record(&self.ended(&next, now));
        }
        match self.store.commit(transaction).await? {
            Committed::Done => Ok(Some(next)),
            Committed::Lost => Ok(None),
        }
    }

    /// Removes what is left of a file.
    pub(crate) async fn clean_up(&self, file: &Attachment) -> Result<(), Outage> {
        if file.garbage.is_empty() {
            return Ok(());
        }
        for object in &file.garbage {
            let key = keys::key(object.area, &file.clinic, &file.patient, &file.id);
            let removed = self.files.remove(&key, &object.version).await;
            removed.map_err(|error| error.outage("remove an object"))?;
        }
        let now = self.sources.now();
        let mut transaction = self.store.transaction();
        attachments::put(&mut transaction, &file.cleaned_up(), Some(file.version), now);
        // If another was first, the tick finds what is left to do.
        let (Committed::Done | Committed::Lost) = self.store.commit(transaction).await?;
        Ok(())
    }

    /// The record of how the inspection of a file ended.
    fn ended(&self, file: &Attachment, now: Timestamp) -> Record {
        let end = match &file.state {
            State::Rejected { reason } => reason.as_str(),
            other => other.as_str(),
        };
        let subject = Subject {
            clinic: Some(file.clinic.clone()),
            patient: Some(file.patient.clone()),
            objects: vec![file.id.to_string(), end.to_owned()],
        };
        let (id, action) = (self.sources.new_id(), Action::AttachmentEnd);
        Record::done(id, now, &Actor::System, action, subject, &self.request_id)
    }
}

/// Where the upload of a file lands.
pub(crate) fn quarantined(name: &AttachmentKey) -> String {
    let AttachmentKey { clinic, patient, attachment } = name;
    keys::key(domain::attachment::Area::Quarantine, clinic, patient, attachment)
}
