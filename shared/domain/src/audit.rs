//! The record of who did, saw or was refused what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actor::{Actor, ActorKind};
use crate::id::{ClinicId, PatientId};
use crate::refusal::{Class, Code, Refusal};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)+) => {
        /// What was done, seen or refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant,
        )+}

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The action as it stands in records.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

actions! {
    /// A conversation was started.
    ConversationStart "conversation.start";
    /// A message was added.
    ConversationReply "conversation.reply";
    /// A conversation was closed.
    ConversationClose "conversation.close";
    /// A conversation was reopened.
    ConversationReopen "conversation.reopen";
    /// A member of staff or a group was added to a conversation.
    ParticipantAdd "participant.add";
    /// A member of staff or a group left a conversation, or was taken out of it.
    ParticipantRemove "participant.remove";
    /// A conversation was hidden from guardians.
    ConversationHide "conversation.hide_from_guardians";
    /// A conversation was shown to guardians again.
    ConversationShow "conversation.show_to_guardians";
    /// It was asked whether a conversation with a patient can be started.
    EligibilityView "eligibility.view";
    /// Those to whom a conversation can be addressed were listed.
    RecipientList "recipient.list";
    /// Who saw or did what was read.
    ReportView "report.view";
    /// A conversation was opened for reading.
    ConversationView "conversation.view";
    /// A read marker was moved.
    ConversationMarkRead "conversation.mark_read";
    /// A patient's conversations were listed.
    ChartList "chart.list";
    /// A page of an inbox was listed.
    InboxList "inbox.list";
    /// A clinic's settings were read.
    SettingsView "settings.view";
    /// A clinic's settings were created or changed.
    SettingsChange "settings.change";
    /// A clinic's text for notices was read.
    NoticeTemplateView "notice_template.view";
    /// A clinic's text for notices was created, changed or removed.
    NoticeTemplateChange "notice_template.change";
    /// A clinic's text for notices was tried out.
    NoticeTemplatePreview "notice_template.preview";
    /// What a clinic answers by itself at some instant was asked.
    AutomaticPreview "automatic_reply.preview";
    /// A list of holidays was added to a clinic's office hours.
    HolidaysImport "settings.holidays_import";
    /// A clinic's message templates were listed.
    TemplateList "message_template.list";
    /// A message template was read.
    TemplateView "message_template.view";
    /// A message template was created, changed or archived.
    TemplateChange "message_template.change";
    /// What a message template says to one patient was looked at.
    TemplatePreview "message_template.preview";
    /// A staff record was read.
    StaffView "staff.view";
    /// A staff record was created or changed.
    StaffChange "staff.change";
    /// A group of staff was read.
    GroupView "group.view";
    /// A group of staff was created or changed.
    GroupChange "group.change";
    /// A patient record was merged into another one.
    PatientMerge "patient.merge";
    /// A merge of two patient records was undone.
    PatientUnmerge "patient.unmerge";
    /// Many directory entries were sent at once.
    DirectoryBatch "directory.batch";
    /// A patient record was read.
    PatientView "patient.view";
    /// A patient record was created or changed.
    PatientChange "patient.change";
    /// An account link was read.
    LinkView "link.view";
    /// An account link was made or changed.
    LinkChange "link.change";
    /// An account link was revoked.
    LinkRevoke "link.revoke";
    /// An upload of a file was begun.
    AttachmentUpload "attachment.upload";
    /// It was asked what became of an uploaded file.
    AttachmentView "attachment.view";
    /// A file of a message was opened.
    AttachmentDownload "attachment.download";
    /// An uploaded file was found clean, turned away, or given up.
    AttachmentEnd "attachment.end";
    /// A patient's chart documents were listed.
    DocumentList "document.list";
    /// What is known of a chart document was read.
    DocumentView "document.view";
    /// A chart document was registered or replaced.
    DocumentChange "document.change";
    /// The clinic answered by itself.
    AutomaticReply "automatic.reply";
    /// A timer for an automatic reply ended without one.
    AutomaticNotNeeded "automatic.not_needed";
    /// A notice was handed to its provider, or ended without that.
    NoticeEnd "notice.end";
    /// The provider told what became of a notice.
    NoticeFeedback "notice.feedback";
    /// Staff are shown that a message is unread for long.
    UnreadAlert "conversation.unread_alert";
    /// The link of a notice was opened by somebody who is signed in.
    LinkOpen "notice_link.open";
    /// What is known of a patient's or a guardian's addresses was read.
    AddressView "address.view";
    /// It was recorded that the owner of an address agreed to be told there.
    AddressConsent "address.consent";
    /// It was recorded that the owner of an address opted out.
    AddressOptOut "address.opt_out";
    /// What a member of staff chose for themselves was read.
    PreferencesView "preferences.view";
    /// A member of staff chose something for themselves.
    PreferencesChange "preferences.change";
    /// It was asked whether notices are being sent.
    SendingView "sending.view";
    /// Sending was switched off or on, for all clinics.
    SendingChange "sending.change";
    /// A request that no route of the function takes.
    Unrouted "request.unrouted";
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused {
        /// Every reason.
        codes: Vec<Code>,
    },
}

/// One member of a document that changed. Never holds message text, names or addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The member.
    pub member: String,
    /// What it was; absent when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is now; absent when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One record. It is written once and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Unique among all records.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The kind of who did it.
    pub actor_kind: ActorKind,
    /// Who did it.
    pub actor: String,
    /// The clinic in whose records it stands; absent: of no clinic that the actor belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinic: Option<ClinicId>,
    /// The patient that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// For whom, if not for oneself: the patient whose account the actor is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PatientId>,
    /// What.
    pub action: Action,
    /// What it was done to: ids and numbers only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Changed>,
    /// The request's id at the gateway, or the invocation's.
    pub request_id: String,
}

/// What a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The clinic, if the actor belongs to it.
    pub clinic: Option<ClinicId>,
    /// The patient of that clinic.
    pub patient: Option<PatientId>,
    /// Ids and numbers of what it was done to.
    pub objects: Vec<String>,
}

impl Record {
    /// The record of something that was done.
    pub fn done(
        id: String,
        at: Timestamp,
        actor: &Actor,
        action: Action,
        subject: Subject,
        request_id: &str,
    ) -> Self {
        let on_behalf_of = match actor {
            Actor::Account { .. } => subject.patient.clone(),
            _ => None,
        };
        Self {
            id,
            at,
            actor_kind: actor.kind(),
            actor: actor.id().to_owned(),
            clinic: subject.clinic,
            patient: subject.patient,
            on_behalf_of,
            action,
            objects: subject.objects,
            outcome: Outcome::Done,
            changes: Vec::new(),
            request_id: request_id.to_owned(),
        }
    }

    /// The record of a refusal.
    ///
    /// It stands in the records of the actor's own clinic: what the path names may be another
    /// clinic's, and nothing of that is read or written. An account belongs to the clinic that the
    /// path names only if its link was found to hold, which the refusals of the classes `Conflict`
    /// and `Forbidden` tell; otherwise the record stands with the account alone.
    pub fn refused(
        id: String,
        at: Timestamp,
        actor: &Actor,
        action: Action,
        subject: Subject,
        refusal: &Refusal,
        request_id: &str,
    ) -> Self {
        let linked = matches!(refusal.first().code.class(), Class::Conflict | Class::Forbidden);
        let own = match actor {
            Actor::Operator { .. } | Actor::System => subject.clinic.clone(),
            Actor::Account { .. } => subject.clinic.clone().filter(|_| linked),
            _ => actor.clinic().cloned(),
        };
        let subject = if own.is_some() && own == subject.clinic {
            subject
        } else {
            Subject { clinic: own, ..Subject::default() }
        };
        let record = Self::done(id, at, actor, action, subject, request_id);
        Self { outcome: Outcome::Refused { codes: refusal.codes() }, ..record }
    }

    /// The record, with what changed.
    #[must_use]
    pub fn with_changes(self, changes: Vec<Changed>) -> Self {
        Self { changes, ..self }
    }
}

#[cfg(test)]
mod tests;
