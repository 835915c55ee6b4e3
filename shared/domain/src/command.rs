//! The commands of people: start a conversation, reply, close, reopen, mark read.
//!
//! Each is a function of the caller, the command, the facts and the time; its answer is a refusal
//! with every reason, or a [`Change`] to be written in one transaction.

use jiff::Timestamp;

use crate::access::{Facts, PatientSide, Side, StaffSide};
use crate::actor::Actor;
use crate::automatic::{self, Timer, TimerKind, Timers};
use crate::clinic::ClinicSettings;
use crate::conversation::{
    Author, AutomaticHistory, Conversation, MAX_PARTICIPANTS, Message, Participant, Party, Person,
    ReadMarker, State, Tally,
};
use crate::id::{ConversationId, StaffId};
use crate::people::{Patient, StaffMember};
use crate::refusal::{Checks, Code, Refusal};
use crate::rich_text::Body;
use crate::text::Title;

/// What a command does to one conversation, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that the decision rests on; `None`: the conversation is new.
    pub replaces: Option<u64>,
    /// The conversation as it will be.
    pub conversation: Conversation,
    /// The message that is added.
    pub message: Option<Message>,
    /// Whether the message is to be announced to the patient.
    pub announce: bool,
    /// The timers that are set, each in the place of the one of its kind that may be there.
    pub set: Vec<Timer>,
    /// The timers that must still be there, since the message relies on them: one that ends at
    /// this moment, for what was before, would leave the message without.
    pub keep: Vec<TimerKind>,
    /// The timers that are dropped.
    pub drop: Vec<TimerKind>,
    /// A read marker that moves with it.
    pub marker: Option<(Person, ReadMarker)>,
}

/// Starting a conversation.
#[derive(Clone, Debug)]
pub struct Send {
    /// A fresh id for the conversation.
    pub conversation: ConversationId,
    /// The title.
    pub title: Title,
    /// The first message.
    pub body: Body,
    /// Other staff who take part. The sender and the patient always do.
    pub to: Vec<StaffId>,
    /// Whether the patient may reply; absent: the clinic's default.
    pub replies_allowed: Option<bool>,
}

/// Starts a conversation with a patient. Staff only.
///
/// `recipients` holds the staff record of each of `command.to`, in their order.
pub fn send(
    actor: &Actor,
    command: Send,
    facts: &Facts,
    recipients: &[Option<StaffMember>],
    now: Timestamp,
) -> Result<Change, Refusal> {
    let Side::Staff(StaffSide { clinic, patient, staff }) = facts.side(actor)? else {
        return Err(Code::NotAllowed.into());
    };
    let mut checks = Checks::new();
    can_be_told(clinic, patient, &mut checks);
    let mut participants = vec![Participant { id: staff.id.clone(), name: staff.name.clone() }];
    let mut known = recipients.iter();
    for (position, wanted) in command.to.iter().enumerate() {
        match known.next().and_then(Option::as_ref) {
            Some(member)
                if member.active && member.id == *wanted && member.clinic == clinic.clinic =>
            {
                if participants.iter().all(|participant| participant.id != member.id) {
                    participants
                        .push(Participant { id: member.id.clone(), name: member.name.clone() });
                }
            }
            _ => checks.note(Code::UnknownRecipient, format!("/to/{position}")),
        }
    }
    if participants.len() >= MAX_PARTICIPANTS {
        checks.note(Code::TooManyParticipants, "/to");
    }
    checks.finish()?;

    let empty = Conversation {
        clinic: clinic.clinic.clone(),
        patient: patient.id.clone(),
        id: command.conversation,
        version: 0,
        title: command.title,
        state: State::Open,
        replies_allowed: command.replies_allowed.unwrap_or(clinic.replies_allowed_by_default),
        participants,
        patient_name: patient.name.clone(),
        tally: Tally::default(),
        started_at: now,
        last_activity: now,
        last_party: Party::Clinic,
        last_staff_message_at: None,
        waiting: None,
        automatic: AutomaticHistory::default(),
    };
    let author = Author::Staff { id: staff.id.clone(), name: staff.name.clone() };
    let (conversation, message) = empty.with_message(author, command.body, now)?;
    Ok(Change {
        replaces: None,
        conversation,
        message: Some(message),
        announce: true,
        set: Vec::new(),
        keep: Vec::new(),
        drop: Vec::new(),
        marker: None,
    })
}

/// Adding a message to a conversation.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The message.
    pub body: Body,
    /// The message that the writer says was the last one seen; its read marker moves there.
    /// Without it a reply marks nothing read (product page, "Receiving and answering").
    pub seen: Option<u32>,
}

/// What a reply needs to know of the conversation, besides who is calling.
#[derive(Clone, Copy, Debug)]
pub struct ReplyFacts<'a> {
    /// The conversation.
    pub conversation: Option<&'a Conversation>,
    /// The message that `seen` names, if it was given.
    pub seen: Option<&'a Message>,
    /// The writer's read marker.
    pub marker: ReadMarker,
    /// The timers that are set.
    pub timers: &'a Timers,
}

/// Adds a message: the patient's, if the conversation is open and replies are allowed, or staff's,
/// if it is open.
pub fn reply(
    actor: &Actor,
    command: Reply,
    facts: &Facts,
    about: ReplyFacts<'_>,
    now: Timestamp,
) -> Result<Change, Refusal> {
    let side = facts.side(actor)?;
    let before = side.visible(about.conversation)?;
    let mut checks = Checks::new();
    checks.require(before.is_open(), Code::ConversationClosed);
    let author = match &side {
        Side::Staff(StaffSide { clinic, patient, staff }) => {
            can_be_told(clinic, patient, &mut checks);
            Author::Staff { id: staff.id.clone(), name: staff.name.clone() }
        }
        Side::Patient(PatientSide { author, .. }) => {
            checks.require(before.replies_allowed, Code::RepliesNotAllowed);
            author.clone()
        }
    };
    let marker = match command.seen {
        None => None,
        Some(number) => {
            if let Some(message) = about.seen.filter(|message| message.number == number) {
                let moved = about.marker.moved_to(message, &side.person());
                (moved != about.marker).then(|| (side.person(), moved))
            } else {
                checks.note(Code::MarkerBeyondLast, "/seen");
                None
            }
        }
    };
    checks.finish()?;

    let announce = matches!(side, Side::Staff(_));
    let (conversation, message) = before.clone().with_message(author, command.body, now)?;
    let (set, keep, drop) = match &side {
        Side::Staff(_) => (Vec::new(), Vec::new(), about.timers.kinds()),
        Side::Patient(PatientSide { clinic, .. }) => {
            let (set, keep) =
                automatic::timers_after(&conversation, &message, clinic, about.timers);
            (set, keep, Vec::new())
        }
    };
    Ok(Change {
        replaces: Some(before.version),
        conversation,
        message: Some(message),
        announce,
        set,
        keep,
        drop,
        marker,
    })
}

/// Closing or reopening a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Nobody can reply any more.
    Close,
    /// Replies are taken again.
    Reopen,
}

/// Closes or reopens a conversation. Staff only. `None`: it is so already, and stays as it was.
pub fn switch(
    actor: &Actor,
    command: Switch,
    facts: &Facts,
    conversation: Option<&Conversation>,
    timers: &Timers,
    now: Timestamp,
) -> Result<Option<Change>, Refusal> {
    let side = match facts.side(actor)? {
        Side::Staff(side) => side,
        side @ Side::Patient(_) => {
            side.visible(conversation)?;
            return Err(Code::NotAllowed.into());
        }
    };
    let staff = side.staff;
    let before = Side::Staff(side).visible(conversation)?;
    let after = match (command, &before.state) {
        (Switch::Close, State::Open) => {
            before.clone().closed(now, staff.id.clone(), staff.name.clone())
        }
        (Switch::Reopen, State::Closed { .. }) => before.clone().reopened(),
        (Switch::Close, State::Closed { .. }) | (Switch::Reopen, State::Open) => return Ok(None),
    };
    Ok(Some(Change {
        replaces: Some(before.version),
        conversation: after,
        message: None,
        announce: false,
        set: Vec::new(),
        keep: Vec::new(),
        drop: timers.kinds(),
        marker: None,
    }))
}

/// Moves the caller's own read marker to a message that the caller has seen.
///
/// `message` is the one of that number. The marker is unchanged if it is there or beyond already.
pub fn mark_read(
    side: &Side<'_>,
    conversation: Option<&Conversation>,
    message: Option<&Message>,
    marker: ReadMarker,
) -> Result<ReadMarker, Refusal> {
    side.visible(conversation)?;
    let message = message.ok_or_else(|| Refusal::at(Code::MarkerBeyondLast, "/seen"))?;
    Ok(marker.moved_to(message, &side.person()))
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;

/// What must hold for a staff message to reach the patient at all, a reply as well as the first
/// one (product page, "Sending", 1): a message that cannot arrive is not stored as sent.
fn can_be_told(clinic: &ClinicSettings, patient: &Patient, checks: &mut Checks) {
    checks.require(clinic.portal_enabled, Code::PortalDisabled);
    checks.require(patient.portal_access, Code::PatientAccessOff);
    checks.require(patient.is_reachable(), Code::NoContact);
}
