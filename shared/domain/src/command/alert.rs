//! The alert that nobody on the patient's side has read a message.

use jiff::Timestamp;

use super::Change;
use crate::conversation::{Conversation, UnreadAlert};

/// Shows staff that nobody on the patient's side has read a message: `seen` is how far the one has
/// read who has read the furthest. `None`: it was read, or an alert is shown already.
pub fn unread_alert(
    conversation: &Conversation,
    number: u32,
    seen: u32,
    now: Timestamp,
) -> Option<Change> {
    if seen >= number || conversation.unread_alert.is_some() {
        return None;
    }
    let alert = UnreadAlert { number, since: now };
    Some(Change::of(conversation, conversation.clone().alerted(alert)))
}

/// Ends the alert once somebody on the patient's side has read this far; `None`: nothing to end.
pub fn end_alert(conversation: &Conversation, seen: u32) -> Option<Change> {
    conversation.unread_alert.filter(|alert| alert.number <= seen)?;
    Some(Change::of(conversation, conversation.clone().alert_ended()))
}
