//! The alert that nobody on the patient's side has read a message.

use jiff::Timestamp;

use super::Change;
use crate::conversation::{Conversation, UnreadAlert};

/// Shows staff that nobody on the patient's side has read a message: `seen` is how far the one has
/// read who has read the furthest. `None`: it was read or answered, or an alert about it is shown
/// already.
pub fn unread_alert(
    conversation: &Conversation,
    number: u32,
    seen: u32,
    now: Timestamp,
) -> Option<Change> {
    // Whoever answered was there, whether or not they said what they had read.
    let is_answered = conversation.waiting.is_some_and(|waiting| waiting.number > number);
    if seen >= number || is_answered {
        return None;
    }
    let since = match conversation.unread_alert {
        Some(shown) if shown.number >= number => return None,
        // It goes on for the later message: who reads the earlier one alone does not end it.
        Some(shown) => shown.since,
        None => now,
    };
    let alert = UnreadAlert { number, since };
    Some(Change::of(conversation, conversation.clone().alerted(alert)))
}

/// Ends the alert once somebody on the patient's side has read this far; `None`: nothing to end.
pub fn end_alert(conversation: &Conversation, seen: u32) -> Option<Change> {
    conversation.unread_alert.filter(|alert| alert.number <= seen)?;
    Some(Change::of(conversation, conversation.clone().alert_ended()))
}
