//! The routes of files, and what their use cases share.

use std::time::Duration;

use domain::actor::Actor;
use domain::attachment::{Attachment, Promise, UPLOAD_LIVES};
use domain::audit::{Action, Record, Subject};
use domain::id::{AttachmentId, ClinicId, PatientId};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Code, Refusal};
use edge::{Failure, Request, Response, Service};
use files::Files;
use jiff::{SignedDuration, Timestamp};
use platform::Sources;
use store::Store;

use crate::dto::Upload;

const SLOTS: &str = "/clinics/{clinicId}/patients/{patientId}/attachments";
const SLOT: &str = "/clinics/{clinicId}/patients/{patientId}/attachments/{attachmentId}";
const DOCUMENTS: &str = "/clinics/{clinicId}/patients/{patientId}/documents";
const DOCUMENT: &str = "/clinics/{clinicId}/patients/{patientId}/documents/{documentId}";
const FILE: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/messages/{number}/attachments/{attachmentId}";

/// How long decisions are made again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
pub(crate) const BUDGET: Duration = Duration::from_secs(3);

/// Gives out addresses for uploads and downloads, and keeps the list of chart documents.
#[derive(Clone, Debug)]
pub struct Attachments {
    /// The tables.
    pub store: Store,
    /// The bucket. No call is made to it: addresses are signed here.
    pub files: Files,
    /// Time and ids.
    pub sources: Sources,
    /// Whether there is a bucket of the chart system's to copy documents from.
    pub copies: bool,
}

impl Service for Attachments {
    fn action(&self, request: &Request) -> Action {
        match request.route() {
            ("POST", SLOTS) => Action::AttachmentUpload,
            ("GET", SLOT) => Action::AttachmentView,
            ("GET", FILE) => Action::AttachmentDownload,
            ("GET", DOCUMENTS) => Action::DocumentList,
            ("GET", DOCUMENT) => Action::DocumentView,
            ("PUT", DOCUMENT) => Action::DocumentChange,
            _ => Action::Unrouted,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        match self.action(request) {
            Action::AttachmentUpload => Box::pin(self.give_slot(request, actor)).await,
            Action::AttachmentView => Box::pin(self.view_slot(request, actor)).await,
            Action::AttachmentDownload => Box::pin(self.download(request, actor)).await,
            Action::DocumentList => Box::pin(self.list_documents(request, actor)).await,
            Action::DocumentView => Box::pin(self.view_document(request, actor)).await,
            Action::DocumentChange => Box::pin(self.register(request, actor)).await,
            _ => Err(Code::NotFound.into()),
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

impl Attachments {
    /// Where the file of a slot is uploaded, from now on.
    pub(crate) async fn upload_to(
        &self,
        clinic: &ClinicId,
        patient: &PatientId,
        file: &AttachmentId,
        promise: &Promise,
        now: Timestamp,
    ) -> Result<Upload, Outage> {
        let key = files::keys::key(domain::attachment::Area::Quarantine, clinic, patient, file);
        let Promise { file_type, length, sha256, .. } = promise;
        let lives = lifetime(UPLOAD_LIVES);
        let signed = self.files.sign_upload(&key, *file_type, *length, sha256, now, lives).await;
        let signed = signed.map_err(|error| error.outage("sign an upload"))?;
        Ok(Upload::new(signed, now.saturating_add(UPLOAD_LIVES).unwrap_or(now)))
    }

    /// The record of what the request asked for, done.
    pub(crate) fn done(&self, request: &Request, actor: &Actor, subject: Subject) -> Record {
        let (id, at) = (self.sources.new_id(), self.sources.now());
        Record::done(id, at, actor, self.action(request), subject, request.request_id())
    }

    pub(crate) fn fresh_id(&self) -> Result<AttachmentId, Outage> {
        AttachmentId::parse(&self.sources.new_id())
            .map_err(|_| Outage::new(OutageKind::Broken, "attachments", "fresh id"))
    }
}

/// The clinic and the patient of the path, if the caller may ask about that clinic at all.
pub(crate) fn names(request: &Request, actor: &Actor) -> Result<(ClinicId, PatientId), Refusal> {
    let clinic = request.path_id("clinicId", ClinicId::parse)?;
    let patient = request.path_id("patientId", PatientId::parse)?;
    if actor.may_address(&clinic) { Ok((clinic, patient)) } else { Err(Code::NotFound.into()) }
}

/// What a record of these is about.
pub(crate) fn subject(clinic: &ClinicId, patient: &PatientId, objects: Vec<String>) -> Subject {
    Subject { clinic: Some(clinic.clone()), patient: Some(patient.clone()), objects }
}

pub(crate) fn lifetime(lives: SignedDuration) -> Duration {
    lives.unsigned_abs()
}

/// The address of a slot.
pub(crate) fn location(attachment: &Attachment) -> String {
    let Attachment { clinic, patient, id, .. } = attachment;
    format!("/clinics/{clinic}/patients/{patient}/attachments/{id}")
}
