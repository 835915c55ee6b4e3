//! Where a person can be told, and what is known of the address itself.
//!
//! Bounces, complaints, opt-outs and consent belong to the address and not to one patient record
//! (product page, "Notifications"): siblings share a parent's phone. What is known of an address
//! stands under a keyed hash of it, which tells nobody the address.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::clinic::Language;
use crate::contact::{EmailAddress, SmsNumber};
use crate::notice::FailureReason;
use crate::people::Channel;

/// The key of the hashes. It has no `Debug`, since it could end in a log.
#[derive(Clone)]
pub struct AddressKey([u8; 32]);

impl AddressKey {
    /// A key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The address, with its hash beside it.
    pub fn know<T: Address>(&self, address: T) -> Known<T> {
        let hash = self.hash(T::CHANNEL, &address.canonical());
        Known { address, hash }
    }

    fn hash(&self, channel: Channel, canonical: &str) -> AddressHash {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes a key of any length")
        };
        // The channel's name ends where the separator is, so no two inputs are the same bytes.
        mac.update(channel.as_str().as_bytes());
        mac.update(b":");
        mac.update(canonical.as_bytes());
        AddressHash(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

/// An address of one of the channels.
pub trait Address {
    /// The channel.
    const CHANNEL: Channel;

    /// The one spelling by which the address is known, however it was typed.
    fn canonical(&self) -> String;
}

impl Address for EmailAddress {
    const CHANNEL: Channel = Channel::Email;

    fn canonical(&self) -> String {
        self.folded()
    }
}

impl Address for SmsNumber {
    const CHANNEL: Channel = Channel::Sms;

    fn canonical(&self) -> String {
        self.as_str().to_owned()
    }
}

/// The keyed hash of an address: HMAC-SHA-256 (RFC 2104), in the URL-safe Base64 alphabet (RFC 4648,
/// section 5) without padding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressHash(String);

impl AddressHash {
    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address with its hash, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known<T> {
    /// The address.
    pub address: T,
    /// The hash under which is kept what is known of it.
    pub hash: AddressHash,
}

impl<T> fmt::Debug for Known<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Known(address)")
    }
}

/// Where a person can be told, and how the person wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Where email goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Known<EmailAddress>>,
    /// Where text messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Known<SmsNumber>>,
    /// The channel that the person prefers.
    pub preferred_channel: Channel,
    /// Whether the person agreed to the other channel, should the preferred one not be usable.
    pub other_channel_consented: bool,
    /// The person's language; absent: the clinic's default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

impl Contact {
    /// Whether there is any address at all.
    pub fn is_reachable(&self) -> bool {
        self.email.is_some() || self.sms.is_some()
    }

    /// The hash of the address of a channel.
    pub fn hash(&self, channel: Channel) -> Option<&AddressHash> {
        match channel {
            Channel::Email => self.email.as_ref().map(|known| &known.hash),
            Channel::Sms => self.sms.as_ref().map(|known| &known.hash),
        }
    }

    /// The hashes of all addresses.
    pub fn hashes(&self) -> impl Iterator<Item = &AddressHash> {
        Channel::ALL.into_iter().filter_map(|channel| self.hash(channel))
    }

    /// The way of a notice: the preferred channel, or the other one if that one cannot be used and
    /// the person consented (product page, "Notifications").
    ///
    /// If neither can be used, the reason is that of the preferred channel: it says what is to be
    /// put right.
    pub fn way(&self, known: &Addresses) -> Result<Way, FailureReason> {
        let preferred = self.usable(self.preferred_channel, known);
        match preferred {
            Err(_) if self.other_channel_consented => {
                self.usable(self.preferred_channel.other(), known).or(preferred)
            }
            _ => preferred,
        }
    }

    /// How the person would be told, as staff see it.
    pub fn reach(&self, known: &Addresses) -> Reach {
        match self.way(known) {
            Ok(way) => Reach { notice_channel: Some(way.channel), notice_problem: None },
            Err(reason) => Reach { notice_channel: None, notice_problem: Some(reason) },
        }
    }

    /// The way through one channel, if its address can be used.
    fn usable(&self, channel: Channel, known: &Addresses) -> Result<Way, FailureReason> {
        let hash = self.hash(channel).ok_or(FailureReason::NoUsableAddress)?;
        match known.of(hash).and_then(AddressState::blocked) {
            None => Ok(Way { channel, hash: hash.clone() }),
            Some(mark) => Err(mark.reason.into()),
        }
    }
}

/// How a notice goes to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The channel.
    pub channel: Channel,
    /// The hash of the address.
    pub hash: AddressHash,
}

/// How a person would be told, as staff see it: through which channel, or what is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// The channel; null: no address can be used.
    pub notice_channel: Option<Channel>,
    /// Why no address can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_problem: Option<FailureReason>,
}

/// Why an address is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkReason {
    /// Mail to it comes back for good, or the number does not exist.
    Bounced,
    /// Its owner called a notice spam.
    Complained,
    /// Its owner opted out.
    OptedOut,
}

impl From<MarkReason> for FailureReason {
    fn from(reason: MarkReason) -> Self {
        match reason {
            MarkReason::Bounced => Self::AddressBounced,
            MarkReason::Complained => Self::AddressComplained,
            MarkReason::OptedOut => Self::OptedOut,
        }
    }
}

/// That an address is not used, why and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Why.
    pub reason: MarkReason,
    /// When the last thing happened that says so.
    pub at: Timestamp,
}

/// What is known of one address: when each thing last happened.
///
/// Each instant only moves forward, so that what is told late, twice or in any order ends the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressState {
    /// 1 when first written, and one more with each change.
    pub version: u64,
    /// When a notice last bounced for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounced_at: Option<Timestamp>,
    /// When its owner last complained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complained_at: Option<Timestamp>,
    /// When its owner last opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_out_at: Option<Timestamp>,
    /// When its owner last agreed to be told here. What happened until then does not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consented_at: Option<Timestamp>,
}

impl AddressState {
    /// Why the address is not used, if it is not: the strongest reason since the last consent.
    pub fn blocked(&self) -> Option<Mark> {
        let reasons = [
            (MarkReason::OptedOut, self.opted_out_at),
            (MarkReason::Complained, self.complained_at),
            (MarkReason::Bounced, self.bounced_at),
        ];
        let mut marks =
            reasons.into_iter().filter_map(|(reason, at)| Some(Mark { reason, at: at? }));
        marks.find(|mark| self.consented_at.is_none_or(|consented| consented < mark.at))
    }

    /// The state after something happened that speaks against the address; `None` if it is not news.
    pub fn marked(self, mark: Mark) -> Option<Self> {
        let mut next = self;
        let place = match mark.reason {
            MarkReason::Bounced => &mut next.bounced_at,
            MarkReason::Complained => &mut next.complained_at,
            MarkReason::OptedOut => &mut next.opted_out_at,
        };
        *place = (*place).max(Some(mark.at));
        next.changed_from(self)
    }

    /// The state after its owner agreed to be told here; `None` if it is not news.
    pub fn consented(self, at: Timestamp) -> Option<Self> {
        let consented_at = self.consented_at.max(Some(at));
        Self { consented_at, ..self }.changed_from(self)
    }

    fn changed_from(self, before: Self) -> Option<Self> {
        (self != before).then(|| Self { version: before.version.saturating_add(1), ..self })
    }
}

/// What is known of some addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(BTreeMap<AddressHash, AddressState>);

impl Addresses {
    /// What is known of one of them.
    pub fn of(&self, hash: &AddressHash) -> Option<&AddressState> {
        self.0.get(hash)
    }

    /// Counts an address as one that mail to it comes back from, for one decision: a provider refused
    /// it just now.
    pub fn refuse(&mut self, hash: AddressHash, at: Timestamp) {
        let state = self.0.remove(&hash).unwrap_or_default();
        let refused = AddressState { bounced_at: state.bounced_at.max(Some(at)), ..state };
        self.0.insert(hash, refused);
    }

    /// Learns what is known of one more.
    pub fn learn(&mut self, hash: AddressHash, state: AddressState) {
        self.0.insert(hash, state);
    }
}

#[cfg(test)]
mod tests;
