//! Where a notice stands, and why one fails.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::feedback::Happened;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)+) => {
        /// Why a notice ended without having been sent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum FailureReason {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant,
        )+}

        impl FailureReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The reason as text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

reasons! {
    /// The person has no address that a notice may go to.
    NoUsableAddress "no_usable_address";
    /// Mail to the address came back for good before, or the number does not exist.
    AddressBounced "address_bounced";
    /// The address's owner called a notice spam.
    AddressComplained "address_complained";
    /// Access was switched off, or the link revoked, before it was sent.
    AccessEnded "access_ended";
    /// The provider refuses this address.
    AddressRejected "address_rejected";
    /// The provider refuses our sender, so nobody can be told.
    SenderRejected "sender_rejected";
    /// The address's owner has opted out.
    OptedOut "opted_out";
    /// The provider refuses the request itself.
    RequestRejected "request_rejected";
    /// The provider took it, and then refused to send it.
    ProviderRejected "provider_rejected";
    /// It was tried for 72 hours.
    GaveUp "gave_up";
}

/// Where a notice stands. What the provider tells only moves it forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum NoticeState {
    /// To be sent, or to be tried again.
    Queued,
    /// Another message's notice tells of this one too.
    Covered {
        /// When that was decided.
        at: Timestamp,
        /// That message's number.
        by: u32,
    },
    /// It was handed over, and the answer was lost: it waits for the provider's feedback.
    Unconfirmed {
        /// Since when.
        at: Timestamp,
    },
    /// The provider took it.
    Accepted {
        /// When.
        at: Timestamp,
        /// The provider's id of it, if it answered with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_id: Option<String>,
    },
    /// It arrived.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It came back.
    Bounced {
        /// When.
        at: Timestamp,
        /// Whether for good: the address is not used any more.
        permanent: bool,
    },
    /// It was not sent and will not be.
    Failed {
        /// When that was settled.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
    /// It was not delivered, because the address's owner opted out.
    OptedOut {
        /// When.
        at: Timestamp,
    },
    /// It arrived, and its reader called it spam.
    Complained {
        /// When.
        at: Timestamp,
    },
}

impl NoticeState {
    /// The state as text.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Covered { .. } => "covered",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Accepted { .. } => "accepted",
            Self::Delivered { .. } => "delivered",
            Self::Bounced { .. } => "bounced",
            Self::Failed { .. } => "failed",
            Self::OptedOut { .. } => "opted_out",
            Self::Complained { .. } => "complained",
        }
    }

    /// The state that this happening alone would put a notice in; `None`: it says nothing.
    pub(super) fn of(happened: Happened, at: Timestamp) -> Option<Self> {
        Some(match happened {
            Happened::Sent => Self::Accepted { at, provider_id: None },
            Happened::Delivered => Self::Delivered { at },
            Happened::Bounced { permanent, .. } => Self::Bounced { at, permanent },
            Happened::Complained => Self::Complained { at },
            Happened::Rejected => Self::Failed { at, reason: FailureReason::ProviderRejected },
            Happened::OptedOut => Self::OptedOut { at },
            Happened::Nothing => return None,
        })
    }

    /// The one of two states that is further on; of two alike, the earlier.
    ///
    /// That makes it commutative, associative and idempotent: the order and number of what is told
    /// do not matter. A hard bounce or a complaint may follow a delivery, and nothing takes them back. A
    /// soft bounce takes back no delivery: SES also calls a mailbox's own answer one, such as that its
    /// owner is away.
    #[must_use]
    pub(super) fn joined(self, other: Self) -> Self {
        let (rank, others) = (self.rank(), other.rank());
        if others < rank || (others == rank && other.at() >= self.at()) {
            return self;
        }
        match (self, other) {
            // The id that the provider's answer brought stays.
            (Self::Accepted { provider_id, .. }, Self::Accepted { at, provider_id: None }) => {
                Self::Accepted { at, provider_id }
            }
            (_, other) => other,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Covered { .. } => 1,
            Self::Unconfirmed { .. } => 2,
            // The provider refuses what it took: what was not even sent, whatever else is told.
            Self::Failed { reason: FailureReason::ProviderRejected, .. } => 7,
            // It was not sent, as far as we know: that an answer was lost, the provider may tell.
            Self::Failed { .. } => 3,
            Self::Accepted { .. } => 4,
            Self::Bounced { permanent: false, .. } => 5,
            Self::Delivered { .. } => 6,
            Self::Bounced { permanent: true, .. } => 8,
            Self::OptedOut { .. } => 9,
            Self::Complained { .. } => 10,
        }
    }

    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Queued => None,
            Self::Covered { at, .. }
            | Self::Unconfirmed { at }
            | Self::Accepted { at, .. }
            | Self::Delivered { at }
            | Self::Bounced { at, .. }
            | Self::Failed { at, .. }
            | Self::OptedOut { at }
            | Self::Complained { at } => Some(*at),
        }
    }

    /// Whether it ended without having told the person.
    pub fn is_ended_untold(&self) -> bool {
        matches!(self, Self::Bounced { .. } | Self::OptedOut { .. } | Self::Failed { .. })
    }

    /// Whether it ended because of the address, so that another address may do.
    pub(super) fn is_for_good_here(&self) -> bool {
        matches!(
            self,
            Self::Bounced { permanent: true, .. }
                | Self::OptedOut { .. }
                | Self::Failed {
                    reason: FailureReason::AddressRejected | FailureReason::OptedOut,
                    ..
                }
        )
    }
}
