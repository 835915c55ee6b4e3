//! An uploaded file: from the slot that is given out for it to the message that it is sent with.
//!
//! A file's life goes one way: awaited, inspected, clean, then bound to one message; or turned away,
//! or given up when nobody used it. What is told of it may come twice, late, and in any order.

mod limits;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::Side;
use crate::actor::Actor;
use crate::command::may_start;
use crate::conversation::Conversation;
use crate::file::{FileName, FileType, Rejection, Sha256};
use crate::id::{AttachmentId, ClinicId, ConversationId, DocumentId, PatientId};
use crate::refusal::{Checks, Code, Refusal};

pub use limits::{FileLimits, MAX_PATIENT_UPLOADS, MAX_STAFF_UPLOADS, MEGABYTE, Quota};

/// How long the address for an upload may be used (10 minutes).
pub const UPLOAD_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// How long a slot waits for its file, and a clean file for its message (a day).
pub const UNUSED_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// How long the malware scan may take (product rule: an hour).
pub const VERDICT_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How long the address of a download may be used (a minute).
pub const DOWNLOAD_LIVES: SignedDuration = SignedDuration::from_secs(60);

/// A file as it is promised before its upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promise {
    /// The name.
    pub name: FileName,
    /// The type.
    pub file_type: FileType,
    /// How many bytes it has.
    pub length: u64,
    /// Their SHA-256.
    pub sha256: Sha256,
}

/// What a file is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// One message to or from the patient, by whoever uploaded it.
    Message {
        /// The conversation that it is meant for; absent: any of the patient's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
    },
    /// A document of the patient's chart.
    Document {
        /// The document.
        document: DocumentId,
        /// Where the chart system keeps it, if it is to be copied from there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy: Option<CopySource>,
    },
}

/// An object of the chart system's bucket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopySource {
    /// Its key, which begins with the clinic's id and a slash.
    pub key: String,
    /// Its version; absent: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Shows nothing of the key, which the chart system chose.
impl std::fmt::Debug for CopySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CopySource")
    }
}

/// The longest key of an object, in bytes (S3's own limit).
const MAX_KEY_BYTES: usize = 1024;

impl CopySource {
    /// An object in the clinic's own folder of the chart system's bucket.
    pub fn parse(clinic: &ClinicId, key: String, version: Option<String>) -> Result<Self, Code> {
        let own = key.strip_prefix(clinic.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        let within = |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if own.is_some_and(|path| plain(path) && within(path))
            && key.len() <= MAX_KEY_BYTES
            && version.as_deref().is_none_or(|version| plain(version) && version.len() <= 1024)
        {
            Ok(Self { key, version })
        } else {
            Err(Code::CopySourceInvalid)
        }
    }
}

/// A file that passed the inspection, as it is kept: this version of it and no other is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The object's version.
    pub object_version: String,
    /// How many bytes it has; where metadata was removed, fewer than were uploaded.
    pub length: u64,
    /// Their SHA-256.
    pub sha256: Sha256,
}

/// What the malware scan said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Found,
    /// It could not tell.
    Unable,
}

impl Verdict {
    /// Reads the scan's result: one says that nothing was found, and whatever else it says, now or
    /// in a later version, is no such thing.
    pub fn of(result: &str) -> Self {
        match result {
            "NO_THREATS_FOUND" => Self::Clean,
            "THREATS_FOUND" => Self::Found,
            _ => Self::Unable,
        }
    }
}

/// Where a file stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum State {
    /// Its slot was given out.
    AwaitingUpload,
    /// It was uploaded, and what is in it is not known yet.
    Inspecting {
        /// The version of the object that was uploaded.
        object_version: String,
        /// Since when.
        since: Timestamp,
        /// The content, once it passed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Kept>,
        /// The scan's answer, once it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
    },
    /// It can be sent.
    Clean {
        /// The content.
        kept: Kept,
        /// Since when.
        since: Timestamp,
    },
    /// It was turned away, for ever.
    Rejected {
        /// Why.
        reason: Rejection,
    },
    /// It was sent.
    Bound {
        /// The content.
        kept: Kept,
        /// The conversation that it was sent in. Stored under a name of its own: the one that the slot
        /// was meant for stands beside it.
        #[serde(rename = "sentIn")]
        conversation: ConversationId,
        /// The message that it was sent with.
        message: u32,
    },
    /// Nobody used it.
    Expired,
}

/// A file, from its slot on. It belongs to who asked for the slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient whom it is about.
    pub patient: PatientId,
    /// The file.
    pub id: AttachmentId,
    /// 1 with the slot, and one more with each change: what a change is conditioned on.
    pub version: u64,
    /// Who asked for the slot, by [`Actor::unique_name`].
    pub owner: String,
    /// What it is for.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// What was promised.
    #[serde(flatten)]
    pub promise: Promise,
    /// When the slot was given out.
    pub created_at: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// The objects of it that are to be deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub garbage: Vec<Garbage>,
}

/// An object that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Garbage {
    /// Where it is.
    pub area: Area,
    /// Its version.
    pub version: String,
}

/// The two parts of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Where uploads land.
    Quarantine,
    /// What passed.
    Clean,
}

/// Asking for a slot for one file.
#[derive(Clone, Debug)]
pub struct Slot {
    /// A fresh id for the file.
    pub id: AttachmentId,
    /// The file.
    pub promise: Promise,
    /// The conversation that it is meant for; absent: one that is to be started, or any.
    pub conversation: Option<ConversationId>,
}

/// Gives out a slot, and counts it against the caller's quota of the day.
pub fn give_slot(
    actor: &Actor,
    slot: Slot,
    side: &Side<'_>,
    conversation: Option<&Conversation>,
    quota: Quota,
    now: Timestamp,
) -> Result<(Attachment, Quota), Refusal> {
    let (clinic, patient, by_patient) = match side {
        Side::Staff(side) => (side.clinic, side.patient, false),
        Side::Patient(side) => (side.clinic, side.patient, true),
    };
    let mut checks = match &slot.conversation {
        Some(_) => {
            let conversation = side.visible(conversation)?;
            let mut checks = Checks::new();
            checks.require(conversation.is_open(), Code::ConversationClosed);
            checks.require(!by_patient || conversation.replies_allowed, Code::RepliesNotAllowed);
            checks.require(patient.successor.is_none(), Code::PatientMerged);
            checks
        }
        None => may_start(side),
    };
    let Promise { file_type, length, .. } = slot.promise;
    if by_patient {
        checks.require(clinic.plan.has_patient_files(), Code::FilesNotInPlan);
        if !file_type.is_for_patients() {
            checks.note(Code::FileTypeNotAllowed, "/type");
        }
    }
    if !(1..=clinic.files.file_bytes(by_patient)).contains(&length) {
        checks.note(Code::FileLengthInvalid, "/length");
    }
    let counted = quota.with(length, &clinic.files, by_patient);
    checks.require(counted.is_ok(), Code::FileQuotaReached);
    checks.finish()?;
    let attachment = Attachment {
        clinic: clinic.clinic.clone(),
        patient: patient.id.clone(),
        id: slot.id,
        version: 1,
        owner: actor.unique_name(),
        purpose: Purpose::Message { conversation: slot.conversation },
        promise: slot.promise,
        created_at: now,
        state: State::AwaitingUpload,
        garbage: Vec::new(),
    };
    Ok((attachment, counted?))
}

impl State {
    /// The state's name, as answers show it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Inspecting { .. } => "inspecting",
            Self::Clean { .. } => "clean",
            Self::Rejected { .. } => "rejected",
            Self::Bound { .. } => "bound",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing more becomes of the file.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Rejected { .. } | Self::Bound { .. } | Self::Expired)
    }

    /// Whether it is known what the file is worth.
    pub fn is_judged(&self) -> bool {
        matches!(self, Self::Clean { .. } | Self::Rejected { .. } | Self::Expired)
    }
}

impl Attachment {
    /// Whether this caller asked for the slot; to anybody else there is no such file.
    pub fn is_of(&self, actor: &Actor) -> bool {
        matches!(self.purpose, Purpose::Message { .. }) && self.owner == actor.unique_name()
    }

    /// When the file has to be looked at again; `None`: never.
    ///
    /// A slot is looked at when its address is of no use any more, so that an upload whose event was
    /// lost is found, and for the last time after a day.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.garbage.is_empty() {
            return now.saturating_add(REMOVED_AGAIN).ok();
        }
        match &self.state {
            State::AwaitingUpload => match &self.purpose {
                Purpose::Document { copy: Some(_), .. } if self.created_at == now => Some(now),
                Purpose::Document { copy: Some(_), .. } => now.saturating_add(COPY_AGAIN).ok(),
                _ => {
                    let soon = self.created_at.saturating_add(UPLOAD_LIVES).ok()?;
                    let last = self.created_at.saturating_add(UNUSED_LIVES).ok()?;
                    Some(if now < soon { soon } else { last })
                }
            },
            State::Inspecting { kept: None, .. } => now.saturating_add(INSPECTION_LEASE).ok(),
            State::Inspecting { kept: Some(_), since, .. } => {
                since.saturating_add(VERDICT_WITHIN).ok()
            }
            State::Clean { since, .. } => match self.purpose {
                Purpose::Message { .. } => since.saturating_add(UNUSED_LIVES).ok(),
                Purpose::Document { .. } => None,
            },
            State::Rejected { .. } | State::Bound { .. } | State::Expired => None,
        }
    }

    /// The file once this version of its object is there; `None`: it is not awaited, and the object
    /// is nobody's.
    ///
    /// It is the same file if it was known already, so that an event may come twice.
    pub fn uploaded(&self, version: &str, now: Timestamp) -> Option<Self> {
        match &self.state {
            State::AwaitingUpload => Some(self.with(State::Inspecting {
                object_version: version.to_owned(),
                since: now,
                kept: None,
                verdict: None,
            })),
            State::Inspecting { object_version, .. } if object_version == version => {
                Some(self.clone())
            }
            _ => None,
        }
    }

    /// The version of the uploaded object whose content is still to be inspected.
    pub fn to_inspect(&self) -> Option<&str> {
        match &self.state {
            State::Inspecting { object_version, kept: None, .. } => Some(object_version),
            _ => None,
        }
    }

    /// The file once its content was inspected. `scans` tells whether a malware scan is waited for.
    pub fn inspected(
        &self,
        found: Result<Kept, Rejection>,
        scans: bool,
        now: Timestamp,
    ) -> Option<Self> {
        let State::Inspecting { object_version, since, kept: None, verdict } = &self.state else {
            return None;
        };
        let uploaded = Garbage { area: Area::Quarantine, version: object_version.clone() };
        Some(match found {
            Err(reason) => self.ended(State::Rejected { reason }, vec![uploaded]),
            Ok(kept) if !scans || *verdict == Some(Verdict::Clean) => {
                self.ended(State::Clean { kept, since: now }, vec![uploaded])
            }
            Ok(kept) => self.with(State::Inspecting {
                object_version: object_version.clone(),
                since: *since,
                kept: Some(kept),
                verdict: *verdict,
            }),
        })
    }

    /// The file once the malware scan has said something of this version of its object; `None`: it
    /// changes nothing. The scan may be faster than the event of the upload.
    pub fn scanned(&self, version: &str, verdict: Verdict, now: Timestamp) -> Option<Self> {
        let here = self.uploaded(version, now)?;
        let State::Inspecting { object_version, since, kept, .. } = &here.state else {
            return None;
        };
        let reason = match verdict {
            Verdict::Clean => None,
            Verdict::Found => Some(Rejection::Malware),
            Verdict::Unable => Some(Rejection::NotScannable),
        };
        Some(match (reason, kept) {
            (Some(reason), _) => here.rejected(reason),
            (None, Some(kept)) => {
                let uploaded = Garbage { area: Area::Quarantine, version: object_version.clone() };
                here.ended(State::Clean { kept: kept.clone(), since: now }, vec![uploaded])
            }
            (None, None) => here.with(State::Inspecting {
                object_version: object_version.clone(),
                since: *since,
                kept: None,
                verdict: Some(Verdict::Clean),
            }),
        })
    }

    /// The file when its time is up: a slot or a clean file that nobody used, a scan that did not
    /// answer. `None`: there is still time.
    pub fn overdue(&self, now: Timestamp) -> Option<Self> {
        let over = |since: Timestamp, lives: SignedDuration| {
            since.saturating_add(lives).is_ok_and(|end| end <= now)
        };
        match &self.state {
            State::AwaitingUpload if over(self.created_at, UNUSED_LIVES) => {
                Some(self.with(State::Expired))
            }
            State::Inspecting { since, kept: Some(_), .. } if over(*since, VERDICT_WITHIN) => {
                Some(self.rejected(Rejection::NoVerdict))
            }
            // The object store was out of reach for a day.
            State::Inspecting { since, kept: None, .. } if over(*since, UNUSED_LIVES) => {
                Some(self.given_up())
            }
            State::Clean { since, .. }
                if matches!(self.purpose, Purpose::Message { .. })
                    && over(*since, UNUSED_LIVES) =>
            {
                Some(self.given_up())
            }
            _ => None,
        }
    }

    /// The file, turned away.
    #[must_use]
    pub fn rejected(&self, reason: Rejection) -> Self {
        self.ended(State::Rejected { reason }, self.objects())
    }

    /// The file, of no use any more.
    #[must_use]
    pub fn given_up(&self) -> Self {
        self.ended(State::Expired, self.objects())
    }

    /// The file, sent with a message.
    pub(crate) fn bound(&self, kept: &Kept, conversation: &ConversationId, message: u32) -> Self {
        self.with(State::Bound { kept: kept.clone(), conversation: conversation.clone(), message })
    }

    /// The file, unchanged, to be looked at again when it is due from now on.
    #[must_use]
    pub fn looked_at(&self) -> Self {
        self.with(self.state.clone())
    }

    /// The file once what was to be deleted of it is.
    #[must_use]
    pub fn cleaned_up(&self) -> Self {
        Self { garbage: Vec::new(), ..self.with(self.state.clone()) }
    }

    /// Whether this is the content that the file has, or that is still to be removed of it.
    pub fn has(&self, content: &Kept) -> bool {
        let kept = match &self.state {
            State::Inspecting { kept, .. } => kept.as_ref(),
            State::Clean { kept, .. } | State::Bound { kept, .. } => Some(kept),
            State::AwaitingUpload | State::Rejected { .. } | State::Expired => None,
        };
        let version = &content.object_version;
        kept.is_some_and(|kept| kept.object_version == *version)
            || self
                .garbage
                .iter()
                .any(|garbage| garbage.area == Area::Clean && garbage.version == *version)
    }

    /// The objects that are there of a file that is not sent.
    fn objects(&self) -> Vec<Garbage> {
        let clean =
            |kept: &Kept| Garbage { area: Area::Clean, version: kept.object_version.clone() };
        match &self.state {
            State::Inspecting { object_version, kept, .. } => {
                let uploaded = Garbage { area: Area::Quarantine, version: object_version.clone() };
                std::iter::once(uploaded).chain(kept.iter().map(clean)).collect()
            }
            State::Clean { kept, .. } => vec![clean(kept)],
            _ => Vec::new(),
        }
    }

    fn ended(&self, state: State, garbage: Vec<Garbage>) -> Self {
        let mut next = self.with(state);
        next.garbage.extend(garbage);
        next
    }

    fn with(&self, state: State) -> Self {
        Self { version: self.version.saturating_add(1), state, ..self.clone() }
    }
}

/// How long until it is tried again to remove what is left of a file. Whoever leaves it tries at once.
const REMOVED_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// How long until copying a document from the chart system is tried again.
const COPY_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How long an inspection may take before another one is begun. Longer than the function runs.
pub const INSPECTION_LEASE: SignedDuration = SignedDuration::from_mins(3);

#[cfg(test)]
mod tests;
