//! Documents of a patient's chart, which the chart system registers so that they can be sent.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::access::{Administration, Facts, administer};
use crate::actor::Actor;
use crate::attachment::{Attachment, CopySource, Kept, Promise, Purpose, State};
use crate::conversation::MessageFile;
use crate::file::Rejection;
use crate::id::{AttachmentId, ClinicId, DocumentId, DocumentKind, PatientId};
use crate::refusal::{Checks, Code, Refusal};
use crate::text::Title;

/// Where the file of a document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// It is uploaded, copied or inspected.
    Pending,
    /// It can be sent.
    Clean {
        /// The content.
        kept: Kept,
    },
    /// It was turned away.
    Rejected {
        /// Why.
        reason: Rejection,
    },
    /// It was not uploaded within a day.
    Expired,
}

impl Progress {
    /// The state's name, as answers show it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Clean { .. } => "clean",
            Self::Rejected { .. } => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// A document of a patient's chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// The document.
    pub id: DocumentId,
    /// 1 when registered, and one more each time it is registered anew. What becomes of the file
    /// changes nothing of it: a registration is not in conflict with its own inspection.
    pub version: u64,
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// Its day.
    pub date: Date,
    /// Its title.
    pub title: Title,
    /// The file as it was promised.
    #[serde(flatten)]
    pub promise: Promise,
    /// Where the file is copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopySource>,
    /// The file. Another one has another id.
    pub file: AttachmentId,
    /// Where it stands.
    pub progress: Progress,
}

/// A document as the chart system registers it.
#[derive(Clone, Debug)]
pub struct Registration {
    /// See [`Document::kind`].
    pub kind: DocumentKind,
    /// See [`Document::date`].
    pub date: Date,
    /// See [`Document::title`].
    pub title: Title,
    /// The file.
    pub promise: Promise,
    /// Where it is copied from; absent: it is uploaded.
    pub copy: Option<CopySource>,
}

/// Whether the actor may know of a patient's documents: staff who write to patients, and who keeps
/// the patient's record.
pub fn may_read(actor: &Actor, facts: &Facts, clinic: &ClinicId) -> Result<(), Refusal> {
    match actor {
        Actor::Staff { .. } => facts.staff_side(actor).map(|_| ()),
        _ => may_register(actor, facts, clinic),
    }
}

/// Whether the actor may register documents of the patient.
pub fn may_register(actor: &Actor, facts: &Facts, clinic: &ClinicId) -> Result<(), Refusal> {
    administer(actor, clinic, facts.staff.as_ref(), Administration::Patients)?;
    match (&facts.clinic, &facts.patient) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err(Code::NotFound.into()),
    }
}

/// Whether a file of this length may be registered.
pub fn check_length(facts: &Facts, promise: &Promise) -> Result<(), Refusal> {
    let limits = facts.clinic.as_ref().map(|clinic| clinic.files).unwrap_or_default();
    let mut checks = Checks::new();
    if !(1..=limits.file_bytes(false)).contains(&promise.length) {
        checks.note(Code::FileLengthInvalid, "/length");
    }
    checks.finish()
}

impl Document {
    /// The document as a registration makes it, of this version. A file that is the one that is
    /// there already needs no other upload; another one is `fresh`.
    ///
    /// `slot` is the file that is there, as it is now: the inspection moves it on without a new
    /// version of the document.
    pub fn registered(
        before: Option<&Self>,
        slot: Option<&Attachment>,
        names: (ClinicId, PatientId, DocumentId),
        wanted: &Registration,
        version: u64,
        fresh: AttachmentId,
    ) -> Self {
        let Registration { kind, date, title, promise, copy } = wanted.clone();
        let moved = before.and_then(|before| match slot {
            Some(slot) => before.with_progress(slot),
            None => Some(before.clone()),
        });
        let same = moved.filter(|before| {
            before.promise == promise
                && before.copy == copy
                && matches!(before.progress, Progress::Pending | Progress::Clean { .. })
        });
        let (file, progress) = match same {
            Some(before) => (before.file, before.progress),
            None => (fresh, Progress::Pending),
        };
        let (clinic, patient, id) = names;
        Self { clinic, patient, id, version, kind, date, title, promise, copy, file, progress }
    }

    /// The slot of the document's file.
    pub fn slot(&self, actor: &Actor, now: Timestamp) -> Attachment {
        Attachment {
            clinic: self.clinic.clone(),
            patient: self.patient.clone(),
            id: self.file.clone(),
            version: 1,
            owner: actor.unique_name(),
            purpose: Purpose::Document { document: self.id.clone(), copy: self.copy.clone() },
            promise: self.promise.clone(),
            created_at: now,
            state: State::AwaitingUpload,
            garbage: Vec::new(),
        }
    }

    /// The document once something became of its file; `None`: the document has another file by now, and
    /// nobody needs this one.
    pub fn with_progress(&self, file: &Attachment) -> Option<Self> {
        if self.file != file.id {
            return None;
        }
        let progress = match &file.state {
            State::AwaitingUpload | State::Inspecting { .. } => Progress::Pending,
            State::Clean { kept, .. } | State::Bound { kept, .. } => {
                Progress::Clean { kept: kept.clone() }
            }
            State::Rejected { reason } => Progress::Rejected { reason: *reason },
            State::Expired => Progress::Expired,
        };
        Some(Self { progress, ..self.clone() })
    }

    /// The file that a message gets of this document, or why there is none.
    pub(crate) fn sendable(&self) -> Result<MessageFile, (Code, &'static str)> {
        match &self.progress {
            Progress::Clean { kept } => Ok(MessageFile {
                id: self.file.clone(),
                document: Some(self.id.clone()),
                name: self.promise.name.clone(),
                file_type: self.promise.file_type,
                kept: kept.clone(),
            }),
            Progress::Pending => Err((Code::AttachmentNotReady, "pending")),
            Progress::Rejected { reason } => Err((Code::AttachmentRejected, reason.as_str())),
            Progress::Expired => Err((Code::AttachmentExpired, "expired")),
        }
    }
}

#[cfg(test)]
mod tests;
