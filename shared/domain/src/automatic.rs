//! Automatic replies: when a timer is set for one, and what becomes of it when it fires.
//!
//! Only a patient's message sets a timer, so that an automatic reply never causes another, and the
//! reason is judged again when the timer fires.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clinic::{AutomaticReplies, ClinicSettings};
use crate::command::Change;
use crate::conversation::{Author, AutomaticReason, Conversation, Message};
use crate::notice::PAUSE_STEP;
use crate::people::Patient;

/// A timer is set this far ahead at most and then set again, so that changed settings take effect
/// within that time.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(60);

/// What a timer is for.
pub type TimerKind = AutomaticReason;

/// A timer of a conversation: at most one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// When it is to be looked at.
    pub due: Timestamp,
    /// The patient's message that set it.
    pub number: u32,
    /// When that message was written.
    pub since: Timestamp,
}

/// The timers that are set in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timers(pub Vec<Timer>);

impl Timers {
    /// What they are for.
    pub fn kinds(&self) -> Vec<TimerKind> {
        self.0.iter().map(|timer| timer.kind).collect()
    }

    fn of(&self, kind: TimerKind) -> Option<&Timer> {
        self.0.iter().find(|timer| timer.kind == kind)
    }
}

/// Why a timer ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotNeeded {
    /// The conversation is closed.
    Closed,
    /// Staff have answered.
    Answered,
    /// The clinic's plan has no automatic replies, or this one is switched off.
    SwitchedOff,
    /// The office is open, or was since the message.
    OfficeOpen,
    /// The patient record was merged into another one, and takes no new messages.
    PatientMerged,
    /// It was said before: in this closed period, or for this unanswered message.
    SaidBefore,
}

impl NotNeeded {
    /// The reason as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Answered => "answered",
            Self::SwitchedOff => "switched_off",
            Self::OfficeOpen => "office_open",
            Self::PatientMerged => "patient_merged",
            Self::SaidBefore => "said_before",
        }
    }
}

/// What becomes of a timer that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fired {
    /// The clinic answers. The timer goes with it.
    Reply(Box<Change>),
    /// It is too early: the timer is to be looked at again then.
    Wait(Timestamp),
    /// There is nothing to say. The timer goes.
    NotNeeded(NotNeeded),
}

/// The timers that a patient's message sets: of the kinds that have none, or one that has become
/// pointless and was not looked at since. Such a one, of an earlier closed period, would otherwise
/// end without a word for this message.
///
/// The others that are set are what the message relies on: the kinds in the second answer.
pub(crate) fn timers_after(
    conversation: &Conversation,
    message: &Message,
    clinic: &ClinicSettings,
    timers: &Timers,
) -> (Vec<Timer>, Vec<TimerKind>) {
    let kinds = [AutomaticReason::OutsideHours, AutomaticReason::NoAnswer];
    let pointless = |timer: &Timer| {
        matches!(judge(timer, conversation, clinic, message.at), Judgement::NotNeeded(_))
    };
    let (open, kept): (Vec<_>, Vec<_>) =
        kinds.into_iter().partition(|kind| timers.of(*kind).is_none_or(pointless));
    let set = open
        .into_iter()
        .filter_map(|kind| {
            let (number, since) = match kind {
                AutomaticReason::OutsideHours => (message.number, message.at),
                AutomaticReason::NoAnswer => {
                    let waiting = conversation.waiting?;
                    (waiting.number, waiting.since)
                }
            };
            let timer = Timer { kind, due: message.at, number, since };
            match judge(&timer, conversation, clinic, message.at) {
                Judgement::Due => Some(timer),
                Judgement::Wait(due) => Some(Timer { due, ..timer }),
                Judgement::NotNeeded(_) => None,
            }
        })
        .collect();
    (set, kept)
}

/// Judges a timer that fired, with the facts of now. It may fire early, late or twice.
pub fn fire(
    timer: &Timer,
    conversation: &Conversation,
    clinic: &ClinicSettings,
    patient: &Patient,
    now: Timestamp,
) -> Fired {
    if patient.successor.is_some() {
        return Fired::NotNeeded(NotNeeded::PatientMerged);
    }
    match judge(timer, conversation, clinic, now) {
        Judgement::Wait(until) => Fired::Wait(until),
        Judgement::NotNeeded(why) => Fired::NotNeeded(why),
        // What is due stays due while the clinic has switched sending off.
        Judgement::Due if clinic.notices.paused => Fired::Wait(later(now, PAUSE_STEP)),
        Judgement::Due => {
            let replies = &clinic.automatic_replies;
            let text = match timer.kind {
                AutomaticReason::OutsideHours => replies.outside_hours.as_ref(),
                AutomaticReason::NoAnswer => replies.no_answer.as_ref().map(|found| &found.text),
            };
            let wanted = patient.contact.language.unwrap_or(clinic.default_language);
            let Some(body) =
                text.and_then(|text| text.in_language(wanted, clinic.default_language))
            else {
                return Fired::NotNeeded(NotNeeded::SwitchedOff);
            };
            let author = Author::Automatic { reason: timer.kind };
            match conversation.clone().with_message(author, body.clone().into(), now) {
                Ok((next, message)) => Fired::Reply(Box::new(Change {
                    message: Some(message),
                    drop: vec![timer.kind],
                    ..Change::of(conversation, next)
                })),
                // A full conversation takes nobody's message, so nobody waits for one.
                Err(_) => Fired::NotNeeded(NotNeeded::Closed),
            }
        }
    }
}

enum Judgement {
    Due,
    Wait(Timestamp),
    NotNeeded(NotNeeded),
}

fn judge(
    timer: &Timer,
    conversation: &Conversation,
    clinic: &ClinicSettings,
    now: Timestamp,
) -> Judgement {
    use Judgement::{Due, NotNeeded as Over, Wait};

    if !conversation.is_open() {
        return Over(NotNeeded::Closed);
    }
    let Some(waiting) = conversation.waiting else { return Over(NotNeeded::Answered) };
    if waiting.number > timer.number {
        return Over(NotNeeded::Answered);
    }
    if !clinic.plan.has_automatic_replies() {
        return Over(NotNeeded::SwitchedOff);
    }
    let replies = &clinic.automatic_replies;
    let history = &conversation.automatic;
    let earliest = match timer.kind {
        AutomaticReason::OutsideHours => {
            if replies.outside_hours.is_none() {
                return Over(NotNeeded::SwitchedOff);
            }
            // The message was written outside hours and the office has not been open since.
            if !clinic.office_hours.closed_throughout(timer.since, now) {
                return Over(NotNeeded::OfficeOpen);
            }
            let said = history.outside_hours_at;
            if said.is_some_and(|said| clinic.office_hours.closed_throughout(said, now)) {
                return Over(NotNeeded::SaidBefore);
            }
            now
        }
        AutomaticReason::NoAnswer => {
            let Some(no_answer) = &replies.no_answer else { return Over(NotNeeded::SwitchedOff) };
            if history.no_answer_for == Some(waiting.number) {
                return Over(NotNeeded::SaidBefore);
            }
            let minutes = no_answer.after_office_minutes;
            match clinic.office_hours.after_office_minutes(waiting.since, minutes) {
                Some(instant) => instant,
                // No office time in sight: it is looked at again, should the hours change.
                None => later(now, LONGEST_WAIT),
            }
        }
    };
    let due = earliest.max(not_before(conversation, replies));
    if due <= now { Due } else { Wait(due.min(later(now, LONGEST_WAIT))) }
}

/// The end of the quiet time after a staff message, or of the gap after an automatic reply.
fn not_before(conversation: &Conversation, replies: &AutomaticReplies) -> Timestamp {
    let after = |instant: Option<Timestamp>, minutes: u32| {
        instant.map(|instant| later(instant, SignedDuration::from_mins(i64::from(minutes))))
    };
    let quiet = after(conversation.last_staff_message_at, replies.quiet_minutes);
    let gap = after(conversation.automatic.last_at, replies.minimum_gap_minutes);
    quiet.max(gap).unwrap_or(Timestamp::MIN)
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
