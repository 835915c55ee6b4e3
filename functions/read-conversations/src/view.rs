//! What readers are shown.

use std::collections::BTreeMap;

use domain::access::{Side, StaffSide};
use domain::address::{AddressState, Addresses, MarkReason, Reach};
use domain::conversation::{
    Author, Conversation, Message, MessageFile, Party, Person, Quote, ReadMarker, State,
    UnreadAlert,
};
use domain::id::{ClinicId, ConversationId, PatientId};
use domain::message_template::TemplateVersion;
use domain::notice::{Earlier, Hold, Notice, NoticeState, Recipient};
use domain::people::{Channel, Patient};
use domain::refusal::Reason;
use jiff::Timestamp;
use serde::Serialize;
use store::groups::Addressable;
use store::inbox::Entry;

/// A conversation in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed<'a> {
    clinic_id: &'a ClinicId,
    patient_id: &'a PatientId,
    patient_name: &'a str,
    conversation_id: &'a ConversationId,
    title: &'a str,
    #[serde(flatten)]
    state: StateView<'a>,
    awaits: Party,
    replies_allowed: bool,
    patient_only: bool,
    last_activity: Timestamp,
    last_message_number: u32,
    unread: u32,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_alert: Option<AlertView>,
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPage<'a> {
    /// The conversations, newest activity first.
    pub conversations: Vec<Listed<'a>>,
    /// Where to go on, if there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A conversation with a page of its messages.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread<'a> {
    clinic_id: &'a ClinicId,
    patient_id: &'a PatientId,
    patient_name: &'a str,
    conversation_id: &'a ConversationId,
    title: &'a str,
    #[serde(flatten)]
    state: StateView<'a>,
    awaits: Party,
    replies_allowed: bool,
    patient_only: bool,
    participants: Vec<Named<'a>>,
    groups: Vec<Named<'a>>,
    started_at: Timestamp,
    last_activity: Timestamp,
    last_message_number: u32,
    seen: u32,
    unread: u32,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_alert: Option<AlertView>,
    messages: Vec<MessageView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateView<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<Named<'a>>,
}

#[derive(Debug, Serialize)]
struct Named<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageView<'a> {
    number: u32,
    author: &'a Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<&'a Quote>,
    body: BodyView<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<FileView<'a>>,
    at: Timestamp,
    /// The template that it was made of; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a TemplateVersion>,
    /// How each person on the patient's side was told; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    notices: Option<Vec<NoticeView<'a>>>,
}

/// A notice as staff see it: nothing in it names the address or leads to it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticeView<'a> {
    recipient: &'a Recipient,
    /// Absent: there was no address that could be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    #[serde(flatten)]
    state: &'a NoticeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<&'a Earlier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    queued_at: Timestamp,
    attempts: u32,
    /// When it is tried again, while it is to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Timestamp>,
}

impl<'a> NoticeView<'a> {
    fn new(notice: &'a Notice) -> Self {
        Self {
            recipient: &notice.recipient,
            channel: notice.channel,
            state: &notice.state,
            earlier: notice.earlier.as_ref(),
            hold: notice.hold,
            queued_at: notice.queued_at,
            attempts: notice.sends,
            due: notice.due.filter(|_| notice.is_queued()),
        }
    }
}

/// That nobody on the patient's side has read a message for long.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertView {
    message_number: u32,
    since: Timestamp,
}

impl AlertView {
    /// The alert, if this person is one whom it tells.
    fn new(alert: Option<UnreadAlert>, person: &Person) -> Option<Self> {
        let UnreadAlert { number, since } = alert?;
        match person {
            Person::Staff(_) => Some(Self { message_number: number, since }),
            Person::Patient | Person::Guardian(_) => None,
        }
    }
}

/// A file of a message. Where it is downloaded, another call tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileView<'a> {
    attachment_id: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    media_type: &'static str,
    length: u64,
}

impl<'a> FileView<'a> {
    fn new(file: &'a MessageFile) -> Self {
        Self {
            attachment_id: file.id.as_str(),
            name: file.name.as_str(),
            media_type: file.file_type.media_type(),
            length: file.kept.length,
        }
    }
}

#[derive(Debug, Serialize)]
struct BodyView<'a> {
    html: &'a str,
    text: &'a str,
}

/// To whom a conversation can be addressed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipients<'a> {
    groups: Vec<Named<'a>>,
    staff: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<'a> Recipients<'a> {
    /// A page of them.
    pub fn new(page: &'a [Addressable], next_cursor: Option<String>) -> Self {
        let (mut groups, mut staff) = (Vec::new(), Vec::new());
        for one in page {
            match one {
                Addressable::Group(group) => {
                    groups.push(Named { id: group.id.as_str(), name: group.name.as_str() });
                }
                Addressable::Staff(member) => {
                    staff.push(Named { id: member.id.as_str(), name: member.name.as_str() });
                }
            }
        }
        Self { groups, staff, next_cursor }
    }
}

/// Whether a conversation can be started, and everything that is in the way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Eligibility<'a> {
    eligible: bool,
    reasons: Vec<ReasonView<'a>>,
    /// What the clinic app shows before it is said otherwise; nobody else needs it.
    #[serde(flatten)]
    defaults: Option<Defaults>,
}

#[derive(Debug, Serialize)]
struct ReasonView<'a> {
    code: &'static str,
    title: &'static str,
    remedy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Defaults {
    /// How the patient would be told, or what is in the way.
    #[serde(flatten)]
    reach: Reach,
    /// The patient's addresses, by their channels.
    addresses: Vec<AddressView>,
    replies_allowed: bool,
    patient_only: bool,
}

/// Whether an address is used, and if it is not, why and since when.
#[derive(Debug, Serialize)]
struct AddressView {
    channel: Channel,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<MarkReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl AddressView {
    fn all_of(patient: &Patient, known: &Addresses) -> Vec<Self> {
        let view = |channel| {
            let hash = patient.contact.hash(channel)?;
            let mark = known.of(hash).and_then(AddressState::blocked);
            Some(Self {
                channel,
                usable: mark.is_none(),
                reason: mark.map(|mark| mark.reason),
                since: mark.map(|mark| mark.at),
            })
        };
        Channel::ALL.into_iter().filter_map(view).collect()
    }
}

impl<'a> Eligibility<'a> {
    /// The answer to a caller on this side; to staff with what is known of the patient's addresses.
    pub fn new(side: &Side<'_>, reasons: &'a [Reason], known: &Addresses, now: Timestamp) -> Self {
        let defaults = match side {
            Side::Staff(StaffSide { clinic, patient, .. }) => Some(Defaults {
                reach: patient.contact.reach(known),
                addresses: AddressView::all_of(patient, known),
                replies_allowed: clinic.replies_allowed_by_default,
                patient_only: clinic.patient_only_by_default(patient, now),
            }),
            Side::Patient(_) => None,
        };
        let view = |reason: &'a Reason| ReasonView {
            code: reason.code.as_str(),
            title: reason.code.meaning(),
            remedy: reason.code.remedy(),
            about: reason.about.as_deref(),
        };
        let reasons: Vec<_> = reasons.iter().map(view).collect();
        Self { eligible: reasons.is_empty(), reasons, defaults }
    }
}

impl<'a> Listed<'a> {
    /// An entry as this person sees it.
    pub fn new(entry: &'a Entry, marker: ReadMarker, person: &Person) -> Self {
        Self {
            clinic_id: &entry.clinic,
            patient_id: &entry.patient,
            patient_name: entry.patient_name.as_str(),
            conversation_id: &entry.conversation,
            title: entry.title.as_str(),
            state: StateView::new(&entry.state),
            awaits: entry.awaits,
            replies_allowed: entry.replies_allowed,
            patient_only: entry.patient_only,
            last_activity: entry.last_activity,
            last_message_number: entry.tally.total,
            unread: marker.unread(&entry.tally, person),
            unread_alert: AlertView::new(entry.unread_alert, person),
        }
    }
}

impl<'a> Thread<'a> {
    /// A conversation as this person sees it, who has read this far; with the notices given, which are
    /// staff's to see.
    pub fn new(
        conversation: &'a Conversation,
        (person, marker): (&Person, ReadMarker),
        messages: &'a [Message],
        notices: Option<&'a BTreeMap<u32, Vec<Notice>>>,
        next_cursor: Option<String>,
    ) -> Self {
        let notices_of = |message: &Message| {
            let notices = notices?.get(&message.number).into_iter().flatten();
            Some(notices.map(NoticeView::new).collect())
        };
        let is_staff = matches!(person, Person::Staff(_));
        let participants = conversation.participants.iter();
        let groups = conversation.groups.iter();
        let messages = messages.iter();
        Self {
            clinic_id: &conversation.clinic,
            patient_id: &conversation.patient,
            patient_name: conversation.patient_name.as_str(),
            conversation_id: &conversation.id,
            title: conversation.title.as_str(),
            state: StateView::new(&conversation.state),
            awaits: conversation.awaits(),
            replies_allowed: conversation.replies_allowed,
            patient_only: conversation.patient_only,
            participants: participants
                .map(|staff| Named { id: staff.id.as_str(), name: staff.name.as_str() })
                .collect(),
            groups: groups
                .map(|group| Named { id: group.id.as_str(), name: group.name.as_str() })
                .collect(),
            started_at: conversation.started_at,
            last_activity: conversation.last_activity,
            last_message_number: conversation.tally.total,
            seen: marker.seen,
            unread: marker.unread(&conversation.tally, person),
            unread_alert: AlertView::new(conversation.unread_alert, person),
            messages: messages
                .map(|message| MessageView {
                    number: message.number,
                    author: &message.author,
                    in_reply_to: message.quote.as_ref(),
                    body: BodyView { html: message.body.html(), text: message.body.text() },
                    attachments: message.files.iter().map(FileView::new).collect(),
                    at: message.at,
                    template: message.template.as_ref().filter(|_| is_staff),
                    notices: notices_of(message),
                })
                .collect(),
            next_cursor,
        }
    }
}

impl<'a> StateView<'a> {
    fn new(state: &'a State) -> Self {
        match state {
            State::Open => Self { state: "open", closed_at: None, closed_by: None },
            State::Closed { at, by, name } => Self {
                state: "closed",
                closed_at: Some(*at),
                closed_by: Some(Named { id: by.as_str(), name: name.as_str() }),
            },
        }
    }
}
