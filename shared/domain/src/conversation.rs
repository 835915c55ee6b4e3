//! A conversation: its state, its counts, and what becomes of it with each message.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attachment::Kept;
use crate::file::{FileName, FileType};
use crate::id::{
    AccountId, AttachmentId, ClinicId, ConversationId, DocumentId, GroupId, LinkReference,
    PatientId, StaffId,
};
use crate::message_template::TemplateVersion;
use crate::people::{Relationship, StaffMember};
use crate::refusal::Code;
use crate::rich_text::Body;
use crate::stored_body;
use crate::text::{DisplayName, Title};

/// The most participants of a conversation, the patient and the sender among them.
pub const MAX_PARTICIPANTS: usize = 40;

/// The most groups of a conversation, which bounds what one change writes.
pub const MAX_GROUPS: usize = 10;

/// The most characters (Unicode scalar values) of a message that a reply to it carries.
pub const MAX_QUOTE_CHARACTERS: usize = 300;

/// The highest message number: numbers are written with eight digits in keys.
pub const MAX_MESSAGES: u32 = 99_999_999;

/// Someone who reads a conversation and has a read marker of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    /// A member of the clinic's staff.
    Staff(StaffId),
    /// The patient of the conversation, through the portal or an account of their own: it is one
    /// person, whichever way is taken.
    Patient,
    /// A guardian of the patient, by the guardian's account.
    Guardian(AccountId),
}

impl Person {
    /// A name for this person that no other reader of the conversation shares.
    pub fn unique_name(&self) -> String {
        match self {
            Self::Staff(id) => format!("STAFF#{id}"),
            Self::Patient => "PATIENT".to_owned(),
            Self::Guardian(id) => format!("GUARDIAN#{id}"),
        }
    }
}

/// The two sides of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The clinic's staff.
    Clinic,
    /// The patient.
    Patient,
}

/// Why the clinic answered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomaticReason {
    /// The patient wrote on a date with an exception, such as a holiday.
    Exception,
    /// The patient wrote in a vacation: the clinic's, or that of all the conversation's staff.
    Vacation,
    /// The patient wrote outside the weekly office hours.
    OutsideHours,
    /// Nobody answered within the clinic's number of office minutes.
    NoAnswer,
}

impl AutomaticReason {
    /// All of them, the highest first: where several hold, the first is the one that counts.
    pub const ALL: [Self; 4] =
        [Self::Exception, Self::Vacation, Self::OutsideHours, Self::NoAnswer];
}

/// The patient for whom a guardian wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependant {
    /// The patient record.
    pub id: PatientId,
    /// The patient's name at the time.
    pub name: DisplayName,
}

/// Who wrote a message, as it is shown to everyone, for ever: names are kept as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    /// A member of the clinic's staff.
    Staff {
        /// The staff member.
        id: StaffId,
        /// The name at the time.
        name: DisplayName,
    },
    /// The patient, through the portal.
    Patient {
        /// The name at the time.
        name: DisplayName,
    },
    /// The patient, through the patient's own account.
    Account {
        /// The account.
        id: AccountId,
        /// The patient's name at the time.
        name: DisplayName,
    },
    /// Somebody who acts for the patient, through an account of their own.
    #[serde(rename_all = "camelCase")]
    Guardian {
        /// The account.
        id: AccountId,
        /// The guardian's name at the time.
        name: DisplayName,
        /// What the guardian was to the patient.
        relationship: Relationship,
        /// Whom the guardian wrote for.
        on_behalf_of: Dependant,
    },
    /// The clinic, by itself.
    Automatic {
        /// Why.
        reason: AutomaticReason,
    },
}

impl Author {
    /// The person who wrote; nobody did for an automatic reply.
    pub fn person(&self) -> Option<Person> {
        match self {
            Self::Staff { id, .. } => Some(Person::Staff(id.clone())),
            Self::Patient { .. } | Self::Account { .. } => Some(Person::Patient),
            Self::Guardian { id, .. } => Some(Person::Guardian(id.clone())),
            Self::Automatic { .. } => None,
        }
    }

    /// The side that wrote; an automatic reply counts for neither.
    pub fn party(&self) -> Option<Party> {
        match self {
            Self::Staff { .. } => Some(Party::Clinic),
            Self::Patient { .. } | Self::Account { .. } | Self::Guardian { .. } => {
                Some(Party::Patient)
            }
            Self::Automatic { .. } => None,
        }
    }
}

/// How many messages there are up to some number, and whose. It is kept with the conversation and
/// with each message, so that any unread count is a subtraction, whatever the history's length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// All messages.
    pub total: u32,
    /// The automatic ones.
    pub automatic: u32,
    /// Those of each person, by [`Person::unique_name`].
    pub by_person: BTreeMap<String, u32>,
}

impl Tally {
    /// The messages that others wrote, automatic ones aside: what can be unread for this person.
    pub fn of_others(&self, person: &Person) -> u32 {
        let own = self.by_person.get(&person.unique_name()).copied().unwrap_or(0);
        self.total.saturating_sub(self.automatic).saturating_sub(own)
    }

    fn with(&self, author: &Author) -> Self {
        let mut next = self.clone();
        next.total = next.total.saturating_add(1);
        match author.person() {
            Some(person) => {
                let own = next.by_person.entry(person.unique_name()).or_default();
                *own = own.saturating_add(1);
            }
            None => next.automatic = next.automatic.saturating_add(1),
        }
        next
    }
}

/// Whether a conversation takes messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It does.
    Open,
    /// It does not, until staff reopen it.
    Closed {
        /// When it was closed.
        at: Timestamp,
        /// Who closed it.
        by: StaffId,
        /// The name of who closed it, at the time.
        name: DisplayName,
    },
}

/// A staff participant. The patient is always one besides, and cannot be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The staff member.
    pub id: StaffId,
    /// The name when the person was added.
    pub name: DisplayName,
}

/// A group that takes part. It was expanded into participants when it was addressed; who is in it
/// now takes part by that, and its own inbox has the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupParticipant {
    /// The group.
    pub id: GroupId,
    /// The name when it was addressed.
    pub name: DisplayName,
}

/// One who takes part for the clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Participation {
    /// A member of staff.
    Staff(StaffId),
    /// A group.
    Group(GroupId),
}

/// The patient's first message that staff have not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The message's number.
    pub number: u32,
    /// When it was written.
    pub since: Timestamp,
}

/// What was answered automatically before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutomaticHistory {
    /// When any automatic reply was last sent.
    pub last_at: Option<Timestamp>,
    /// When one for nobody being there was last sent: for an exception, a vacation or the hours.
    #[serde(alias = "outsideHoursAt")]
    pub closed_at: Option<Timestamp>,
    /// The waiting message (its number) for which the one for no answer was last sent.
    pub no_answer_for: Option<u32>,
}

/// A conversation between a clinic and one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient record that it is about.
    pub patient: PatientId,
    /// The conversation.
    pub id: ConversationId,
    /// 1 when started, and one more with each change: what a change is conditioned on.
    pub version: u64,
    /// What the links of its notices carry.
    pub reference: LinkReference,
    /// The title.
    pub title: Title,
    /// Open or closed.
    #[serde(flatten)]
    pub state: State,
    /// Whether the patient may reply.
    pub replies_allowed: bool,
    /// Whether it is hidden from guardians.
    #[serde(default)]
    pub patient_only: bool,
    /// The staff who take part.
    pub participants: Vec<Participant>,
    /// The groups that take part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupParticipant>,
    /// The patient's name when the conversation was started.
    pub patient_name: DisplayName,
    /// The counts of messages.
    pub tally: Tally,
    /// When it was started.
    pub started_at: Timestamp,
    /// When the newest message was written.
    pub last_activity: Timestamp,
    /// The side that wrote the last message, automatic ones aside.
    pub last_party: Party,
    /// When staff last wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_staff_message_at: Option<Timestamp>,
    /// The patient's first unanswered message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// What was answered automatically before.
    pub automatic: AutomaticHistory,
    /// That nobody on the patient's side has read a message for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_alert: Option<UnreadAlert>,
}

/// That nobody on the patient's side has read a message for as long as the clinic waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadAlert {
    /// The message's number.
    pub number: u32,
    /// When the clinic was told.
    pub since: Timestamp,
}

/// A message that another one answers, as it was: messages never change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its number.
    pub number: u32,
    /// Who wrote it.
    pub author: Author,
    /// When it was stored.
    pub at: Timestamp,
    /// The beginning of its plain text: at most [`MAX_QUOTE_CHARACTERS`].
    pub text: String,
    /// Whether the text goes on.
    pub cut: bool,
}

impl Quote {
    /// The quote of a message.
    pub fn of(message: &Message) -> Self {
        let whole = message.body.text();
        let text: String = whole.chars().take(MAX_QUOTE_CHARACTERS).collect();
        let cut = text.len() < whole.len();
        let Message { number, author, at, .. } = message;
        Self { number: *number, author: author.clone(), at: *at, text, cut }
    }
}

/// Shows the number only: the text is a patient's, and a debug print can end in a log.
impl fmt::Debug for Quote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Quote({})", self.number)
    }
}

/// A file of a message, as it was sent: what the chart holds later changes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageFile {
    /// The file.
    pub id: AttachmentId,
    /// The chart document that it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentId>,
    /// The name.
    pub name: FileName,
    /// The type.
    pub file_type: FileType,
    /// The content.
    #[serde(flatten)]
    pub kept: Kept,
}

/// What is said with a message.
#[derive(Clone, Debug)]
pub struct Content {
    /// The text; it may be empty beside a file.
    pub body: Body,
    /// The message that this one answers.
    pub quote: Option<Quote>,
    /// The files.
    pub files: Vec<MessageFile>,
    /// The template that it was made of.
    pub template: Option<TemplateVersion>,
}

impl From<Body> for Content {
    fn from(body: Body) -> Self {
        Self { body, quote: None, files: Vec::new(), template: None }
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The number within the conversation: 1, 2, 3, without gap or repeat.
    pub number: u32,
    /// Who wrote it.
    pub author: Author,
    /// The message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// What was written.
    #[serde(with = "stored_body")]
    pub body: Body,
    /// The files that were sent with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// The template that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateVersion>,
    /// When it was stored.
    pub at: Timestamp,
    /// The counts of messages up to and with this one.
    pub tally: Tally,
}

impl Conversation {
    /// Whether it takes messages.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// The side that the conversation awaits: the one that did not write its last message,
    /// automatic ones aside.
    pub fn awaits(&self) -> Party {
        match self.last_party {
            Party::Clinic => Party::Patient,
            Party::Patient => Party::Clinic,
        }
    }

    /// Whether this staff member takes part.
    pub fn has_participant(&self, staff: &StaffId) -> bool {
        self.participants.iter().any(|participant| participant.id == *staff)
    }

    /// Whether this group takes part.
    pub fn has_group(&self, group: &GroupId) -> bool {
        self.groups.iter().any(|participant| participant.id == *group)
    }

    /// Whether this staff member takes part, in person or by being in a group that does.
    pub fn is_with(&self, staff: &StaffMember) -> bool {
        self.has_participant(&staff.id) || staff.groups.iter().any(|group| self.has_group(group))
    }

    /// The conversation with one more message, and that message.
    pub(crate) fn with_message(
        self,
        author: Author,
        content: Content,
        now: Timestamp,
    ) -> Result<(Self, Message), Code> {
        if self.tally.total >= MAX_MESSAGES {
            return Err(Code::ConversationFull);
        }
        let tally = self.tally.with(&author);
        let number = tally.total;
        // Clocks of two machines differ; what is shown in one conversation still goes forward.
        let at = now.max(self.last_activity);
        let mut next = Self { tally: tally.clone(), last_activity: at, ..self.changed() };
        match &author {
            Author::Staff { .. } => {
                next.last_party = Party::Clinic;
                next.last_staff_message_at = Some(at);
                next.waiting = None;
            }
            Author::Patient { .. } | Author::Account { .. } | Author::Guardian { .. } => {
                next.last_party = Party::Patient;
                // Whoever answers is there.
                next.unread_alert = None;
                next.waiting = next.waiting.or(Some(Waiting { number, since: at }));
            }
            Author::Automatic { reason } => {
                next.automatic.last_at = Some(at);
                match reason {
                    AutomaticReason::Exception
                    | AutomaticReason::Vacation
                    | AutomaticReason::OutsideHours => next.automatic.closed_at = Some(at),
                    AutomaticReason::NoAnswer => {
                        next.automatic.no_answer_for = next.waiting.map(|waiting| waiting.number);
                    }
                }
            }
        }
        let Content { body, quote, files, template } = content;
        Ok((next, Message { number, author, quote, body, files, template, at, tally }))
    }

    /// The conversation, closed. The matter is done: nobody waits any more.
    pub(crate) fn closed(self, now: Timestamp, by: StaffId, name: DisplayName) -> Self {
        // As with messages: a close that came after a message is never shown as before it.
        let at = now.max(self.last_activity);
        Self { state: State::Closed { at, by, name }, waiting: None, ..self.changed() }
    }

    /// The conversation, open again.
    pub(crate) fn reopened(self) -> Self {
        Self { state: State::Open, ..self.changed() }
    }

    /// The conversation with one more member of staff, if it had them not.
    pub(crate) fn joined(self, member: &StaffMember) -> Self {
        if self.has_participant(&member.id) {
            return self;
        }
        let mut next = self;
        next.participants.push(Participant { id: member.id.clone(), name: member.name.clone() });
        next
    }

    /// The conversation, showing staff that nobody on the patient's side has read that message.
    pub(crate) fn alerted(self, alert: UnreadAlert) -> Self {
        Self { unread_alert: Some(alert), ..self.changed() }
    }

    /// The conversation without the alert that a reader of that message has ended.
    pub(crate) fn alert_ended(self) -> Self {
        Self { unread_alert: None, ..self.changed() }
    }

    pub(crate) fn changed(self) -> Self {
        Self { version: self.version.saturating_add(1), ..self }
    }
}

/// How far one person has read, which only moves forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadMarker {
    /// The highest message number that this person has seen; 0: none.
    pub seen: u32,
    /// How many of the messages up to it others wrote, automatic ones aside.
    pub seen_of_others: u32,
}

impl ReadMarker {
    /// How many messages this person has not read, of a conversation with these counts.
    pub fn unread(self, tally: &Tally, person: &Person) -> u32 {
        self.unread_of(tally.of_others(person))
    }

    /// How many are unread, of this many that others wrote. A list may be older than the marker;
    /// the count is never below zero.
    pub fn unread_of(self, of_others: u32) -> u32 {
        of_others.saturating_sub(self.seen_of_others)
    }

    /// The marker at the message given, or unchanged if it is already there or beyond.
    #[must_use]
    pub fn moved_to(self, message: &Message, person: &Person) -> Self {
        if message.number <= self.seen {
            self
        } else {
            Self { seen: message.number, seen_of_others: message.tally.of_others(person) }
        }
    }
}

#[cfg(test)]
mod tests;
