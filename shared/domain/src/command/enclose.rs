//! The files that go with a message: uploads of the sender, and documents of the patient's chart.

use crate::access::Side;
use crate::actor::Actor;
use crate::attachment::{Attachment, FileLimits, Kept, Purpose, State};
use crate::conversation::{Conversation, MessageFile};
use crate::document::Document;
use crate::id::{AttachmentId, DocumentId, InvalidId};
use crate::refusal::{Checks, Code, Reason};
use crate::rich_text::{Body, BodyProblem, Cleaned};

/// The files that a message names, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enclosures {
    /// Uploads of the sender.
    pub attachments: Vec<AttachmentId>,
    /// Documents of the patient's chart. Staff only.
    pub documents: Vec<DocumentId>,
}

impl Enclosures {
    /// The files that a request names, in order; one that is named twice is meant once. More than any
    /// clinic takes are not even looked up.
    pub fn parse(attachments: &[String], documents: &[String], checks: &mut Checks) -> Self {
        Self {
            attachments: ids(attachments, "/attachments", AttachmentId::parse, checks),
            documents: ids(documents, "/documents", DocumentId::parse, checks),
        }
    }

    /// The body of the message, which may say nothing beside a file.
    pub fn body(&self, raw: &str) -> Result<Cleaned, BodyProblem> {
        if self.is_empty() { Body::clean(raw) } else { Body::clean_beside_files(raw) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.attachments.is_empty() && self.documents.is_empty()
    }
}

fn ids<T: PartialEq>(
    named: &[String],
    place: &str,
    parse: fn(&str) -> Result<T, InvalidId>,
    checks: &mut Checks,
) -> Vec<T> {
    if named.len() > FileLimits::MAX_FILES_PER_MESSAGE {
        checks.note(Code::TooManyFiles, place);
    }
    let mut once = Vec::new();
    for (position, id) in named.iter().take(FileLimits::MAX_FILES_PER_MESSAGE).enumerate() {
        let id = checks.take(&format!("{place}/{position}"), parse(id));
        once.extend(id.filter(|id| !once.contains(id)));
    }
    once
}

/// What is known of the files that a message names, in its order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enclosed<'a> {
    /// Each of `attachments`.
    pub attachments: &'a [Option<Attachment>],
    /// Each of `documents`.
    pub documents: &'a [Option<Document>],
}

/// A message that is about to have files.
pub(super) struct Enclosing<'a> {
    pub(super) actor: &'a Actor,
    pub(super) side: &'a Side<'a>,
    /// The conversation before the message.
    pub(super) conversation: &'a Conversation,
}

/// The files of a message, and what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) files: Vec<MessageFile>,
    pub(super) bound: Vec<Attachment>,
    pub(super) copied: Vec<Document>,
}

impl Enclosing<'_> {
    /// Takes the files that may go with the message, and notes what stands in the way of the others.
    pub(super) fn judge(
        &self,
        wanted: &Enclosures,
        known: Enclosed<'_>,
        checks: &mut Checks,
    ) -> Judged {
        let mut judged = Judged::default();
        let clinic = match self.side {
            Side::Staff(side) => side.clinic,
            Side::Patient(side) => {
                let none = wanted.is_empty();
                checks.require(none || side.clinic.plan.has_patient_files(), Code::FilesNotInPlan);
                if !wanted.documents.is_empty() {
                    checks.note(Code::NotAllowed, "/documents");
                    return judged;
                }
                side.clinic
            }
        };
        if wanted.attachments.len() + wanted.documents.len() > clinic.files.files() {
            checks.note(Code::TooManyFiles, "/attachments");
        }
        self.uploads(wanted, known, &mut judged, checks);
        self.documents(wanted, known, &mut judged, checks);
        judged
    }

    fn uploads(
        &self,
        wanted: &Enclosures,
        known: Enclosed<'_>,
        judged: &mut Judged,
        checks: &mut Checks,
    ) {
        let number = self.conversation.tally.total.saturating_add(1);
        let mut known = known.attachments.iter();
        for (position, id) in wanted.attachments.iter().enumerate() {
            let place = format!("/attachments/{position}");
            let found = known.next().and_then(Option::as_ref).filter(|file| self.may_use(file, id));
            let Some(file) = found else {
                checks.note(Code::AttachmentNotFound, place);
                continue;
            };
            match sendable(file) {
                Ok(kept) => {
                    judged.files.push(MessageFile {
                        id: file.id.clone(),
                        document: None,
                        name: file.promise.name.clone(),
                        file_type: file.promise.file_type,
                        kept: kept.clone(),
                    });
                    judged.bound.push(file.bound(kept, &self.conversation.id, number));
                }
                Err((code, about)) => {
                    checks.add(Reason {
                        code,
                        place: Some(place),
                        about: about.map(str::to_owned),
                    });
                }
            }
        }
    }

    /// Whether the file is this sender's, for this patient, and meant for this conversation or for
    /// any: to whom it is not, there is none.
    fn may_use(&self, file: &Attachment, id: &AttachmentId) -> bool {
        let meant = match &file.purpose {
            Purpose::Message { conversation: None } => true,
            Purpose::Message { conversation: Some(meant) } => *meant == self.conversation.id,
            Purpose::Document { .. } => false,
        };
        meant
            && file.id == *id
            && file.clinic == self.conversation.clinic
            && file.patient == self.conversation.patient
            && file.is_of(self.actor)
    }

    fn documents(
        &self,
        wanted: &Enclosures,
        known: Enclosed<'_>,
        judged: &mut Judged,
        checks: &mut Checks,
    ) {
        let mut known = known.documents.iter();
        for (position, id) in wanted.documents.iter().enumerate() {
            let place = format!("/documents/{position}");
            let is_here = |document: &&Document| {
                document.id == *id
                    && document.clinic == self.conversation.clinic
                    && document.patient == self.conversation.patient
            };
            let Some(document) = known.next().and_then(Option::as_ref).filter(is_here) else {
                checks.note(Code::AttachmentNotFound, place);
                continue;
            };
            match document.sendable() {
                Ok(file) => {
                    judged.files.push(file);
                    judged.copied.push(document.clone());
                }
                Err((code, about)) => {
                    checks.add(Reason { code, place: Some(place), about: Some(about.to_owned()) });
                }
            }
        }
    }
}

/// The content of a file that can be sent, or why it cannot.
fn sendable(file: &Attachment) -> Result<&Kept, (Code, Option<&'static str>)> {
    match &file.state {
        State::Clean { kept, .. } => Ok(kept),
        State::AwaitingUpload | State::Inspecting { .. } => {
            Err((Code::AttachmentNotReady, Some(file.state.as_str())))
        }
        State::Rejected { reason } => Err((Code::AttachmentRejected, Some(reason.as_str()))),
        State::Bound { .. } => Err((Code::AttachmentUsed, None)),
        State::Expired => Err((Code::AttachmentExpired, None)),
    }
}

#[cfg(test)]
mod tests;
