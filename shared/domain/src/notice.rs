//! Notices: what tells a patient that there is a message, and how one ends.
//!
//! A notice holds no health information: the clinic's name, a link and a fixed text.

mod template;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clinic::ClinicSettings;
use crate::id::ConversationId;
use crate::people::{Channel, Patient};

pub use template::{
    MAX_SUBJECT_CHARACTERS, MAX_TEXT_CHARACTERS, NoticeTemplate, Variable, Wording,
};

/// A claim on a notice lasts this long: longer than the function's timeout, so that a second send
/// happens only if the provider's yes was lost.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// For how long a notice that fails for passing reasons is tried again.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// The longest domain of the link, in characters, with which a text message fits 160 characters.
pub const MAX_LINK_DOMAIN: usize = 40;

/// Why a notice ended without having been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The patient has no address that a notice may go to.
    NoUsableAddress,
    /// The clinic's portal or the patient's access was switched off before it was sent.
    AccessEnded,
    /// The provider refuses this address.
    AddressRejected,
    /// The provider refuses our sender, so nobody can be told.
    SenderRejected,
    /// The person has opted out.
    OptedOut,
    /// The provider refuses the request itself.
    RequestRejected,
    /// It was tried for 72 hours.
    GaveUp,
}

impl FailureReason {
    /// The reason as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoUsableAddress => "no_usable_address",
            Self::AccessEnded => "access_ended",
            Self::AddressRejected => "address_rejected",
            Self::SenderRejected => "sender_rejected",
            Self::OptedOut => "opted_out",
            Self::RequestRejected => "request_rejected",
            Self::GaveUp => "gave_up",
        }
    }
}

/// Where a notice stands. It only moves forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NoticeState {
    /// To be sent, or to be tried again.
    Queued,
    /// The provider took it.
    #[serde(rename_all = "camelCase")]
    Accepted {
        /// When.
        at: Timestamp,
        /// The provider's id of it.
        provider_id: String,
    },
    /// It was not sent and will not be.
    Failed {
        /// When that was settled.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
}

impl NoticeState {
    /// The state as text.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted { .. } => "accepted",
            Self::Failed { .. } => "failed",
        }
    }
}

/// The notice of one message to its patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The message's number.
    pub number: u32,
    /// How; absent: there was no usable address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: NoticeState,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// How often sending it was begun.
    pub attempts: u32,
    /// When it is to be looked at again, while queued. While it is claimed, the claim's end.
    pub due: Timestamp,
}

/// What a provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took the notice.
    Accepted {
        /// The provider's id of it.
        provider_id: String,
    },
    /// It refused for good.
    Permanent(FailureReason),
    /// It could not just now, or its answer was lost.
    Passing,
}

impl Notice {
    /// The notice of a message, already claimed for its first attempt; or ended, if the patient
    /// cannot be told.
    pub fn of_message(
        number: u32,
        clinic: &ClinicSettings,
        patient: &Patient,
        now: Timestamp,
    ) -> Self {
        let channel = patient.notice_channel();
        let ended = match (channel, may_be_told(clinic, patient)) {
            (_, false) => Some(FailureReason::AccessEnded),
            (None, true) => Some(FailureReason::NoUsableAddress),
            (Some(_), true) => None,
        };
        let state = match ended {
            Some(reason) => NoticeState::Failed { at: now, reason },
            None => NoticeState::Queued,
        };
        Self { number, channel, state, queued_at: now, attempts: 0, due: now }.claimed(now)
    }

    /// Whether it is still to be sent.
    pub fn is_queued(&self) -> bool {
        self.state == NoticeState::Queued
    }

    /// Whether it may be claimed now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_queued() && self.due <= now
    }

    /// The notice, claimed for one attempt; unchanged if it has ended.
    #[must_use]
    pub fn claimed(self, now: Timestamp) -> Self {
        if self.is_queued() {
            Self { attempts: self.attempts.saturating_add(1), due: later(now, LEASE), ..self }
        } else {
            self
        }
    }

    /// The notice after the facts were read again, just before it is sent: the channel as it is
    /// now, or the end, if the patient may not be told any more.
    #[must_use]
    pub fn rechecked(self, clinic: &ClinicSettings, patient: &Patient, now: Timestamp) -> Self {
        if !self.is_queued() {
            return self;
        }
        let fail = |reason| NoticeState::Failed { at: now, reason };
        match patient.notice_channel() {
            _ if !may_be_told(clinic, patient) => {
                Self { state: fail(FailureReason::AccessEnded), ..self }
            }
            None => Self { state: fail(FailureReason::NoUsableAddress), ..self },
            channel => Self { channel, ..self },
        }
    }

    /// The notice after the provider's answer. `jitter` is between 0 and 1, and spreads the next
    /// attempts of notices that failed together.
    #[must_use]
    pub fn answered(self, answer: Answer, now: Timestamp, jitter: f64) -> Self {
        if !self.is_queued() {
            return self;
        }
        match answer {
            Answer::Accepted { provider_id } => {
                Self { state: NoticeState::Accepted { at: now, provider_id }, ..self }
            }
            Answer::Permanent(reason) => {
                Self { state: NoticeState::Failed { at: now, reason }, ..self }
            }
            Answer::Passing => {
                let due = later(now, backoff(self.attempts, jitter));
                if due > later(self.queued_at, GIVE_UP_AFTER) {
                    let state = NoticeState::Failed { at: now, reason: FailureReason::GaveUp };
                    Self { state, ..self }
                } else {
                    Self { due, ..self }
                }
            }
        }
    }
}

/// The wait before the next attempt: 30 seconds, doubling to an hour, with up to a half on top.
pub fn backoff(attempts: u32, jitter: f64) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(7);
    let seconds = 30_i64.saturating_mul(1 << doublings).min(3_600);
    let spread = SignedDuration::from_secs(seconds).mul_f64(jitter.clamp(0.0, 1.0) / 2.0);
    SignedDuration::from_secs(seconds).saturating_add(spread)
}

/// The address of a conversation in the app: nothing in it identifies a person, and opening it
/// changes nothing.
pub fn link(domain: &str, conversation: &ConversationId) -> String {
    format!("https://{domain}/c/{conversation}")
}

/// The words of a notice (product page, "Notifications"): the clinic's own text for the patient's
/// language if it has one, else the product's in that language.
pub fn wording(
    channel: Channel,
    clinic: &ClinicSettings,
    patient: &Patient,
    templates: &[NoticeTemplate],
    link: &str,
) -> Wording {
    let language = patient.language.unwrap_or(clinic.default_language);
    let is_it = |template: &&NoticeTemplate| {
        template.clinic == clinic.clinic
            && template.channel == channel
            && template.language == language
    };
    match templates.iter().find(is_it) {
        Some(template) => template.render(clinic, link),
        None => NoticeTemplate::default_of(&clinic.clinic, language, channel).render(clinic, link),
    }
}

fn may_be_told(clinic: &ClinicSettings, patient: &Patient) -> bool {
    clinic.portal_enabled && patient.portal_access
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
