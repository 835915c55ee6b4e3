//! The commands of people: start a conversation, reply, close, reopen, change who takes part, hide from
//! guardians, mark read.
//!
//! Each is a function of the caller, the command, the facts and the time; its answer is a refusal
//! with every reason, or a [`Change`] to be written in one transaction.

mod alert;
mod alter;
mod enclose;
mod reply;
mod start;
mod wording;

pub use alert::{end_alert, unread_alert};
pub use alter::{Alteration, Switch, alter, switch};
pub use enclose::{Enclosed, Enclosures};
pub use reply::{Reply, ReplyFacts, reply};
pub use start::{
    Addressees, GroupFacts, Start, may_address_group, may_address_staff, may_start, start,
};
pub use wording::{RawTemplate, RawWording, Worded, Wording};

use crate::access::Side;
use crate::attachment::Attachment;
use crate::automatic::{Timer, TimerKind};
use crate::clinic::ClinicSettings;
use crate::conversation::{Conversation, Message, Participation, Person, ReadMarker};
use crate::document::Document;
use crate::people::Patient;
use crate::refusal::{Checks, Code, Refusal};

/// What a command does to one conversation, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that the decision rests on; `None`: the conversation is new.
    pub replaces: Option<u64>,
    /// The conversation as it will be.
    pub conversation: Conversation,
    /// The message that is added.
    pub message: Option<Message>,
    /// Whether the message is to be announced to the other side.
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
    /// Who takes part no longer.
    pub left: Vec<Participation>,
    /// The uploaded files that are sent with the message, each in the place of the version before.
    pub bound: Vec<Attachment>,
    /// The chart documents of which a copy is sent, each as it must still be.
    pub copied: Vec<Document>,
}

impl Change {
    /// What its record names: what is given, and each file that is sent.
    pub fn objects(&self, first: impl IntoIterator<Item = String>) -> Vec<String> {
        let files = self.message.iter().flat_map(|message| &message.files);
        first.into_iter().chain(files.map(|file| file.id.to_string())).collect()
    }

    /// A change of a conversation that is there, and of nothing beside it.
    pub(crate) fn of(before: &Conversation, after: Conversation) -> Self {
        Self {
            replaces: Some(before.version),
            conversation: after,
            message: None,
            announce: false,
            set: Vec::new(),
            keep: Vec::new(),
            drop: Vec::new(),
            marker: None,
            left: Vec::new(),
            bound: Vec::new(),
            copied: Vec::new(),
        }
    }
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

/// What must hold for a staff message to reach the patient at all, a reply as well as the first
/// one (product page, "Sending", 1): a message that cannot arrive is not stored as sent.
fn can_be_told(clinic: &ClinicSettings, patient: &Patient, checks: &mut Checks) {
    checks.require(clinic.portal_enabled, Code::PortalDisabled);
    checks.require(patient.portal_access, Code::PatientAccessOff);
    if let Some(successor) = &patient.successor {
        checks.note_about(Code::PatientMerged, successor.as_str());
    }
    checks.require(patient.contact.is_reachable(), Code::NoContact);
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
