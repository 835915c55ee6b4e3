//! Notices: what tells a person that there is a message, and how one ends.
//!
//! A notice holds no health information: the clinic's name, a link and a fixed text.

mod burst;
mod feedback;
mod recipient;
mod state;
mod template;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::{AddressHash, Way};
use crate::people::Channel;

pub use burst::{Announced, Burst, WINDOW};
pub use feedback::{
    BounceType, BouncedRecipient, Happened, Keyword, bounce, complaint, keyword,
    text_message_outcome,
};
pub use recipient::{Recipient, Telling};
pub use state::{FailureReason, NoticeState};
pub use template::{
    MAX_SUBJECT_CHARACTERS, MAX_TEXT_CHARACTERS, NoticeTemplate, Variable, Wording,
};
pub use words::{link, staff_wording, wording};

/// A claim on a notice lasts this long: longer than the function's timeout, so that a second send
/// happens only if the provider's yes was lost.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// For how long a notice that fails for passing reasons is tried again. Time in which it was held
/// back on purpose does not count.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// For how long an email whose answer was lost waits for the provider's feedback before it is sent
/// again.
pub const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// So often in a row a text message's sender may not come back before it is given up: nobody tells
/// whether it was sent, and each time the person may have been texted.
const MOST_LOST_TEXTS: u32 = 3;

/// How soon a notice that is held back by a switch is looked at again.
pub const PAUSE_STEP: SignedDuration = SignedDuration::from_mins(5);

/// The longest domain of the link, in characters, with which a text message fits 160 characters.
pub const MAX_LINK_DOMAIN: usize = 40;

/// Why a notice that is to be sent waits, other than for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The clinic's notices are switched off for now.
    Paused,
    /// The clinic's text messages of the day are used up.
    ClinicSmsCap,
    /// The patient's text messages of the day are used up.
    PatientSmsCap,
    /// The account's sending rate is used up.
    Rate,
}

/// How a notice ended on the channel that it went through first, before it went through the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The channel.
    pub channel: Channel,
    /// How it ended there.
    #[serde(flatten)]
    pub state: NoticeState,
}

/// The notice of one message to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// A fresh id, by which the provider's feedback names it. It says nothing of anybody.
    pub id: String,
    /// 1 when opened, and one more each time that it is written whole.
    pub version: u64,
    /// The message's number.
    pub number: u32,
    /// To whom.
    pub recipient: Recipient,
    /// How; absent: there was no usable address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The hash of the address that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressHash>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: NoticeState,
    /// How it ended on the other channel before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// Why it waits, while it is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// When it was opened.
    pub queued_at: Timestamp,
    /// How often it was claimed since it was last written whole.
    pub attempts: u32,
    /// How often it was handed to a provider, or was about to be.
    #[serde(default)]
    pub sends: u32,
    /// Whether it was about to be handed over, and no answer is stored.
    #[serde(default)]
    pub unanswered: bool,
    /// How often in a row whoever was about to hand it over did not come back.
    #[serde(default)]
    pub lost: u32,
    /// The seconds that it was told to wait after failures.
    #[serde(default)]
    pub waited: i64,
    /// When it is to be looked at again, if it is. While it is claimed, the claim's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
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
    /// It could not just now.
    Passing {
        /// Whether it may have taken the notice all the same, its answer being lost.
        unknown: bool,
    },
}

/// What a notice looks at when it is due, besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// How the person can be told, or why not.
    pub way: &'a Result<Way, FailureReason>,
    /// How far the person has read.
    pub seen: u32,
    /// The last message of the conversation that was announced to the person.
    pub announced: Option<Announced>,
    /// The notice that covers this one, if it is covered.
    pub covering: Option<&'a Notice>,
    /// Whether the clinic's notices are switched off for now.
    pub paused: bool,
}

/// What is to be done about a notice that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is sent now, and stored with the provider's answer.
    Send(Notice),
    /// It is stored as it is.
    Store(Notice),
    /// It is announced by itself from now on: stored so, in one step with the person's
    /// [`Announced`], and then sent.
    Announce(Notice),
    /// It ended, and will not be sent: those that it covers are looked at again, and then it is
    /// stored.
    Release(Notice),
}

impl Next {
    /// The notice as it is to be.
    pub fn notice(&self) -> &Notice {
        match self {
            Self::Send(notice)
            | Self::Store(notice)
            | Self::Announce(notice)
            | Self::Release(notice) => notice,
        }
    }
}

impl Notice {
    /// The notice of a message to one person, as the burst that it is in wants it.
    pub fn opened(
        id: String,
        number: u32,
        recipient: Recipient,
        way: &Result<Way, FailureReason>,
        burst: Burst,
        now: Timestamp,
    ) -> Self {
        let empty = Self {
            id,
            version: 1,
            number,
            recipient,
            channel: None,
            address: None,
            state: NoticeState::Queued,
            earlier: None,
            hold: None,
            queued_at: now,
            attempts: 0,
            sends: 0,
            unanswered: false,
            lost: 0,
            waited: 0,
            due: Some(now),
        };
        match (way, burst) {
            (Err(reason), _) => Self { due: None, ..empty.failed(*reason, now) },
            (Ok(way), Burst::Own) => empty.through(way),
            (Ok(way), Burst::Read) => {
                let covered = NoticeState::Covered { at: now, by: number };
                Self { state: covered, due: None, ..empty.through(way) }
            }
            (Ok(way), Burst::Covered { by, until }) => {
                let covered = NoticeState::Covered { at: now, by };
                Self { state: covered, due: Some(until), ..empty.through(way) }
            }
        }
    }

    /// The notice, opened under the claim of who opens it.
    #[must_use]
    pub fn claimed(self, now: Timestamp) -> Self {
        Self { attempts: self.attempts.saturating_add(1), due: Some(later(now, LEASE)), ..self }
    }

    /// Whether it is still to be sent.
    pub fn is_queued(&self) -> bool {
        matches!(self.state, NoticeState::Queued | NoticeState::Unconfirmed { .. })
    }

    /// Whether it was found, while it waited, that its message was read.
    pub fn was_read(&self, next: &Self) -> bool {
        self.is_queued() && next.is_covered_by(self.number)
    }

    /// The notice, told with another one of the same message that went to the same address, or is
    /// about to; `None`: there is none among the `others`, and it goes out itself.
    pub fn told_with<'a>(
        &self,
        others: impl IntoIterator<Item = &'a Self>,
        now: Timestamp,
    ) -> Option<Self> {
        let tells = |other: &Self| {
            let is_under_way_or_there = matches!(
                other.state,
                NoticeState::Queued
                    | NoticeState::Unconfirmed { .. }
                    | NoticeState::Accepted { .. }
                    | NoticeState::Delivered { .. }
                    | NoticeState::Complained { .. }
            );
            is_under_way_or_there && other.shares_address_of(self)
        };
        others.into_iter().any(tells).then(|| {
            let state = NoticeState::Covered { at: now, by: self.number };
            Self { state, hold: None, due: None, ..self.clone() }
        })
    }

    /// Whether it is to somebody else about the same message, at the same address.
    pub fn shares_address_of(&self, other: &Self) -> bool {
        self.recipient != other.recipient
            && (self.number, &self.address) == (other.number, &other.address)
            && self.address.is_some()
    }

    /// Whether the provider refused its address. That says nothing to others who use it, whom their
    /// own provider's answer tells: it may have been our request.
    pub fn was_refused(&self) -> bool {
        let reason = FailureReason::AddressRejected;
        matches!(self.state, NoticeState::Failed { reason: found, .. } if found == reason)
    }

    /// What is to be done about the notice, which is due and claimed.
    pub fn look(self, look: Look<'_>, now: Timestamp) -> Next {
        match &self.state {
            NoticeState::Queued if self.unanswered => self.look_unanswered(look, now),
            NoticeState::Queued | NoticeState::Unconfirmed { .. } => self.look_to_send(look, now),
            NoticeState::Covered { by, .. } => {
                let by = *by;
                self.look_covered(by, look, now)
            }
            NoticeState::Bounced { .. }
            | NoticeState::OptedOut { .. }
            | NoticeState::Complained { .. }
            | NoticeState::Failed { .. } => self.look_ended(look, now),
            NoticeState::Accepted { .. } | NoticeState::Delivered { .. } => {
                Next::Store(Self { due: None, ..self })
            }
        }
    }

    /// After whoever was about to hand it over did not come back. Only of an email does feedback
    /// tell, by the notice's id, whether it was handed over; a text message is sent again.
    ///
    /// It counts as a failure, whose wait began before the claim that ran out: what brings down
    /// every attempt is given up in the end, and does not text somebody every two minutes.
    fn look_unanswered(self, look: Look<'_>, now: Timestamp) -> Next {
        let claim_end = self.due;
        let has_waited = backoff(self.sends, 0.0) <= LEASE;
        let lost = self.lost.saturating_add(1);
        let is_text = self.channel == Some(Channel::Sms);
        let next = self.answered(Answer::Passing { unknown: true }, now, 0.0);
        if is_text && lost >= MOST_LOST_TEXTS {
            return Next::Store(next.failed(FailureReason::GaveUp, now));
        }
        let next = Self { lost, ..next };
        if has_waited && next.state == NoticeState::Queued {
            Self { due: claim_end, ..next }.look_to_send(look, now)
        } else {
            Next::Store(next)
        }
    }

    fn look_to_send(self, look: Look<'_>, now: Timestamp) -> Next {
        if self.hold.is_some() && self.sends == 0 {
            // What was held back is sent to nobody who has read it, and of several the last one tells.
            let later_one = look.announced.filter(|announced| announced.number > self.number);
            let covering = if look.seen >= self.number {
                Some((self.number, None))
            } else {
                later_one
                    .filter(|announced| look.seen < announced.number)
                    .map(|announced| (announced.number, Some(later(now, WINDOW))))
            };
            if let Some((by, due)) = covering {
                let state = NoticeState::Covered { at: now, by };
                return Next::Store(Self { state, hold: None, due, ..self });
            }
        }
        match look.way {
            Err(reason) => Next::Store(self.failed(*reason, now)),
            Ok(_) if look.paused => Next::Store(self.held(Hold::Paused, later(now, PAUSE_STEP))),
            Ok(way) if self.tried_before(way.channel) => {
                // What kept it off the other channel is gone; it has been there.
                Next::Store(self.failed(FailureReason::NoUsableAddress, now))
            }
            Ok(way) => Next::Send(self.through(way)),
        }
    }

    /// At the end of the window in which another notice covers this one.
    fn look_covered(self, by: u32, look: Look<'_>, now: Timestamp) -> Next {
        if look.seen >= self.number {
            return Next::Store(Self { due: None, ..self });
        }
        let covering = look.covering.map(|notice| &notice.state);
        let stands = match covering {
            // Of two who share an address, the other one's notice ended: it told neither.
            _ if by == self.number => false,
            Some(NoticeState::Queued | NoticeState::Unconfirmed { .. }) => {
                return Next::Store(Self { due: Some(later(now, CONFIRM_WITHIN)), ..self });
            }
            Some(
                NoticeState::Accepted { .. }
                | NoticeState::Delivered { .. }
                | NoticeState::Complained { .. }
                | NoticeState::Covered { .. },
            ) => true,
            Some(
                NoticeState::Bounced { .. }
                | NoticeState::OptedOut { .. }
                | NoticeState::Failed { .. },
            )
            | None => false,
        };
        // Whoever has not read the announced message will find this one with it.
        if stands && look.seen < by {
            return Next::Store(Self { due: None, ..self });
        }
        // A notice that ended covers nothing, whatever still points to it.
        let announced = look.announced.filter(|announced| stands || announced.number != by);
        match Burst::of(announced, look.seen, now) {
            Burst::Covered { by, until } => {
                let state = NoticeState::Covered { at: now, by };
                Next::Store(Self { state, due: Some(until), ..self })
            }
            Burst::Read => Next::Store(Self { due: None, ..self }),
            Burst::Own => match look.way {
                // Looked at once more, since it may cover others itself.
                Err(reason) => Next::Store(self.failed(*reason, now)),
                Ok(_) if look.paused => {
                    Next::Store(Self { due: Some(later(now, PAUSE_STEP)), ..self })
                }
                Ok(way) => Next::Announce(Self { state: NoticeState::Queued, ..self.through(way) }),
            },
        }
    }

    /// After it ended without having told anybody: the other channel may do, once, unless the message
    /// was read without a notice.
    fn look_ended(self, look: Look<'_>, now: Timestamp) -> Next {
        let other = match (&self.state, look.way) {
            (state, Ok(way)) if state.is_for_good_here() && look.seen < self.number => {
                self.channel.filter(|channel| *channel != way.channel && self.earlier.is_none())
            }
            _ => None,
        };
        match (other, look.way) {
            (Some(channel), Ok(way)) => {
                let earlier = Some(Earlier { channel, state: self.state.clone() });
                let queued = Self { state: NoticeState::Queued, earlier, ..self.through(way) };
                if look.paused {
                    Next::Store(queued.held(Hold::Paused, later(now, PAUSE_STEP)))
                } else {
                    Next::Send(queued)
                }
            }
            _ if matches!(self.state, NoticeState::Complained { .. }) => {
                Next::Store(Self { due: None, ..self })
            }
            _ => Next::Release(Self { due: None, ..self }),
        }
    }

    fn tried_before(&self, channel: Channel) -> bool {
        self.earlier.as_ref().is_some_and(|earlier| earlier.channel == channel)
    }

    fn through(self, way: &Way) -> Self {
        Self { channel: Some(way.channel), address: Some(way.hash.clone()), ..self }
    }

    /// The notice, about to be handed to the provider: what is stored before the call, so that a
    /// crash is found.
    #[must_use]
    pub fn sending(self) -> Self {
        Self {
            state: NoticeState::Queued,
            hold: None,
            sends: self.sends.saturating_add(1),
            unanswered: true,
            ..self
        }
    }

    /// The notice, held back until an instant; not for anything that the provider said.
    #[must_use]
    pub fn held(self, hold: Hold, until: Timestamp) -> Self {
        // It was about to be handed over, and was not.
        let sends = self.sends.saturating_sub(u32::from(self.unanswered));
        Self { hold: Some(hold), due: Some(until), unanswered: false, sends, ..self }
    }

    fn failed(self, reason: FailureReason, now: Timestamp) -> Self {
        let state = NoticeState::Failed { at: now, reason };
        Self { state, hold: None, unanswered: false, due: Some(now), ..self }
    }

    /// The notice after the provider's answer. `jitter` is between 0 and 1, and spreads the next
    /// attempts of notices that failed together.
    ///
    /// Feedback may have been faster than the answer: what it said stays.
    #[must_use]
    pub fn answered(self, answer: Answer, now: Timestamp, jitter: f64) -> Self {
        let next = Self { unanswered: false, lost: 0, ..self };
        if !next.is_queued() {
            return next;
        }
        match answer {
            Answer::Accepted { provider_id } => {
                let state = NoticeState::Accepted { at: now, provider_id: Some(provider_id) };
                Self { state, due: None, ..next }
            }
            Answer::Permanent(reason) => next.failed(reason, now),
            Answer::Passing { unknown } => {
                let unconfirmed = unknown && next.channel == Some(Channel::Email);
                let wait = backoff(next.sends, jitter);
                let wait = if unconfirmed { wait.max(CONFIRM_WITHIN) } else { wait };
                // Begun seconds count, or a hundred waits would be a minute more than they say.
                let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
                let waited = next.waited.saturating_add(seconds);
                if waited > GIVE_UP_AFTER.as_secs() {
                    return next.failed(FailureReason::GaveUp, now);
                }
                let due = Some(later(now, wait));
                let state = if unconfirmed {
                    NoticeState::Unconfirmed { at: now }
                } else {
                    NoticeState::Queued
                };
                Self { state, waited, due, ..next }
            }
        }
    }

    /// The notice after a provider told what happened to it on a channel; `None` if that is not news.
    ///
    /// Wherever it stands, and in whatever order things are told, it ends the same.
    pub fn told(self, channel: Channel, happened: Happened, at: Timestamp) -> Option<Self> {
        let state = NoticeState::of(happened, at)?;
        if self.channel == Some(channel) {
            let next = self.state.clone().joined(state);
            if next == self.state {
                return None;
            }
            // What ended without telling anybody is looked at once more: the other channel may do,
            // and what it covers needs to know.
            let due = next.is_ended_untold().then_some(at);
            return Some(Self { state: next, hold: None, unanswered: false, due, ..self });
        }
        let earlier = self.earlier.clone().filter(|earlier| earlier.channel == channel)?;
        let next = earlier.state.clone().joined(state);
        let is_news = next != earlier.state;
        let next = Self { earlier: Some(Earlier { channel, state: next }), ..self };
        is_news.then_some(next)
    }

    /// The notice, to be looked at again at once: the one that covers it ended.
    #[must_use]
    pub fn released(self, now: Timestamp) -> Self {
        Self { due: Some(now), ..self }
    }

    /// Whether this one is covered by the notice of that message.
    pub fn is_covered_by(&self, number: u32) -> bool {
        matches!(self.state, NoticeState::Covered { by, .. } if by == number)
    }
}

/// The wait before the next attempt: 30 seconds, doubling to an hour, with up to a half on top.
pub fn backoff(attempts: u32, jitter: f64) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(7);
    let seconds = 30_i64.saturating_mul(1 << doublings).min(3_600);
    let spread = SignedDuration::from_secs(seconds).mul_f64(jitter.clamp(0.0, 1.0) / 2.0);
    SignedDuration::from_secs(seconds).saturating_add(spread)
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
