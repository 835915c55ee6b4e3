//! Files as JSON: what a request brings, and what an answer shows.

use std::collections::BTreeMap;

use domain::attachment::{Attachment, CopySource, Promise, Purpose, State, UNUSED_LIVES};
use domain::conversation::MessageFile;
use domain::document::{Document, Progress, Registration};
use domain::file::{FileName, FileType, Rejection, Sha256};
use domain::id::{AttachmentId, ClinicId, ConversationId, DocumentId, DocumentKind};
use domain::outage::{Outage, OutageKind};
use domain::problem_codes::of_title;
use domain::refusal::{Checks, Code, Refusal};
use domain::text::Title;
use files::SignedUpload;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A file that is about to be uploaded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlotInput {
    name: String,
    #[serde(rename = "type")]
    media_type: String,
    /// In bytes.
    length: u64,
    sha256: String,
    /// Absent: it is for a conversation that is to be started, or for any.
    #[serde(default)]
    conversation_id: Option<String>,
}

impl SlotInput {
    /// The file, or everything that is wrong with it.
    pub fn parse(self) -> Result<(Promise, Option<ConversationId>), Refusal> {
        let mut checks = Checks::new();
        let conversation = match self.conversation_id {
            Some(id) => checks.take("/conversationId", ConversationId::parse(&id)).map(Some),
            None => Some(None),
        };
        let promise = promise(&self.name, &self.media_type, self.length, &self.sha256, &mut checks);
        checks.finish()?;
        match (promise, conversation) {
            (Some(promise), Some(conversation)) => Ok((promise, conversation)),
            _ => Err(Code::Internal.into()),
        }
    }
}

fn promise(
    name: &str,
    media_type: &str,
    length: u64,
    sha256: &str,
    checks: &mut Checks,
) -> Option<Promise> {
    let file_type = FileType::of_media_type(media_type);
    let sha256 = checks.take("/sha256", Sha256::parse(sha256));
    let Some(file_type) = file_type else {
        checks.note(Code::FileTypeNotAllowed, "/type");
        return None;
    };
    let name = checks.take("/name", FileName::parse(name, file_type))?;
    Some(Promise { name, file_type, length, sha256: sha256? })
}

/// A document as the chart system registers it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentInput {
    kind: String,
    date: String,
    title: String,
    name: String,
    #[serde(rename = "type")]
    media_type: String,
    /// In bytes.
    length: u64,
    sha256: String,
    /// Absent: the file is uploaded to the address that is answered.
    #[serde(default)]
    copy_from: Option<CopyInput>,
}

/// An object of the chart system's bucket.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CopyInput {
    key: String,
    /// Absent: the newest.
    #[serde(default)]
    version_id: Option<String>,
}

impl DocumentInput {
    /// The registration, or everything that is wrong with it. `copies` tells whether there is a
    /// bucket to copy from.
    pub fn parse(self, clinic: &ClinicId, copies: bool) -> Result<Registration, Refusal> {
        let mut checks = Checks::new();
        let kind = checks.take("/kind", DocumentKind::parse(&self.kind));
        let date = checks.take("/date", day(&self.date).ok_or(Code::DocumentDateInvalid));
        let title = checks.take("/title", Title::parse(&self.title).map_err(of_title));
        let promise = promise(&self.name, &self.media_type, self.length, &self.sha256, &mut checks);
        let copy = match self.copy_from {
            None => Some(None),
            Some(_) if !copies => {
                checks.note(Code::CopySourceInvalid, "/copyFrom");
                None
            }
            Some(CopyInput { key, version_id }) => {
                checks.take("/copyFrom", CopySource::parse(clinic, key, version_id)).map(Some)
            }
        };
        checks.finish()?;
        match (kind, date, title, promise, copy) {
            (Some(kind), Some(date), Some(title), Some(promise), Some(copy)) => {
                Ok(Registration { kind, date, title, promise, copy })
            }
            _ => Err(Code::Internal.into()),
        }
    }
}

/// A day as ISO 8601 writes it, from 1800 to 2999 and in no other spelling.
pub fn day(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    ((1800..3000).contains(&date.year()) && date.to_string() == text).then_some(date)
}

/// Where and how a file is uploaded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    method: &'static str,
    url: String,
    /// To be sent as they are.
    headers: BTreeMap<&'static str, String>,
    expires_at: Timestamp,
}

impl Upload {
    /// The signed address, which expires then.
    pub fn new(signed: SignedUpload, expires_at: Timestamp) -> Self {
        let headers = signed.headers.into_iter().collect();
        Self { method: "PUT", url: signed.url, headers, expires_at }
    }
}

/// An upload of the caller's, as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentOutput<'a> {
    attachment_id: &'a AttachmentId,
    name: &'a FileName,
    #[serde(rename = "type")]
    media_type: &'static str,
    length: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<RejectionOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_number: Option<u32>,
    /// Until when it can be uploaded, or sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<Upload>,
}

/// Why a file was turned away, and what to do about it.
#[derive(Serialize)]
struct RejectionOutput {
    reason: &'static str,
    remedy: &'static str,
}

impl From<Rejection> for RejectionOutput {
    fn from(reason: Rejection) -> Self {
        Self { reason: reason.as_str(), remedy: reason.remedy() }
    }
}

impl<'a> AttachmentOutput<'a> {
    /// The upload, with the address for it while it is awaited.
    pub fn new(attachment: &'a Attachment, upload: Option<Upload>) -> Self {
        let meant = match &attachment.purpose {
            Purpose::Message { conversation } => conversation.as_ref(),
            Purpose::Document { .. } => None,
        };
        let (conversation_id, message_number) = match &attachment.state {
            State::Bound { conversation, message, .. } => (Some(conversation), Some(*message)),
            _ => (meant, None),
        };
        let expires_at = match &attachment.state {
            State::AwaitingUpload => attachment.created_at.saturating_add(UNUSED_LIVES).ok(),
            State::Clean { since, .. } => since.saturating_add(UNUSED_LIVES).ok(),
            _ => None,
        };
        let rejection = match &attachment.state {
            State::Rejected { reason } => Some((*reason).into()),
            _ => None,
        };
        Self {
            attachment_id: &attachment.id,
            name: &attachment.promise.name,
            media_type: attachment.promise.file_type.media_type(),
            length: attachment.promise.length,
            state: attachment.state.as_str(),
            rejection,
            conversation_id,
            message_number,
            expires_at,
            upload,
        }
    }
}

/// A document, as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentOutput<'a> {
    document_id: &'a DocumentId,
    version: u64,
    kind: &'a DocumentKind,
    date: Date,
    title: &'a Title,
    name: &'a FileName,
    #[serde(rename = "type")]
    media_type: &'static str,
    length: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<RejectionOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<Upload>,
}

impl<'a> DocumentOutput<'a> {
    /// The document, with the address for its upload while that is awaited.
    pub fn new(document: &'a Document, upload: Option<Upload>) -> Self {
        let rejection = match &document.progress {
            Progress::Rejected { reason } => Some((*reason).into()),
            _ => None,
        };
        Self {
            document_id: &document.id,
            version: document.version,
            kind: &document.kind,
            date: document.date,
            title: &document.title,
            name: &document.promise.name,
            media_type: document.promise.file_type.media_type(),
            length: document.promise.length,
            state: document.progress.as_str(),
            rejection,
            upload,
        }
    }
}

/// A page of documents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentPage<'a> {
    /// The documents, newest first.
    pub documents: Vec<DocumentOutput<'a>>,
    /// Where the list goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The address of a file, which a browser saves and does not open.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Download<'a> {
    attachment_id: &'a AttachmentId,
    name: &'a FileName,
    #[serde(rename = "type")]
    media_type: &'static str,
    length: u64,
    url: String,
    expires_at: Timestamp,
}

impl<'a> Download<'a> {
    /// The address of this file, which expires then.
    pub fn new(file: &'a MessageFile, url: String, expires_at: Timestamp) -> Self {
        Self {
            attachment_id: &file.id,
            name: &file.name,
            media_type: file.file_type.media_type(),
            length: file.kept.length,
            url,
            expires_at,
        }
    }
}

/// What is remembered under an idempotency key: which slot was given.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remember {
    attachment_id: AttachmentId,
}

impl Remember {
    /// As it is stored.
    pub fn encode(id: &AttachmentId) -> Result<String, Outage> {
        serde_json::to_string(&Self { attachment_id: id.clone() })
            .map_err(|_| Outage::new(OutageKind::Broken, "slot", "answer"))
    }

    /// The slot.
    pub fn decode(answer: &str) -> Result<AttachmentId, Outage> {
        serde_json::from_str::<Self>(answer)
            .map(|remembered| remembered.attachment_id)
            .map_err(|_| Outage::new(OutageKind::Broken, "slot", "remembered answer"))
    }
}
