//! Bursts: several messages in one conversation within a few minutes are one notice.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::later;

/// For this long after a message was announced, unread ones that follow need no notice of their own.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// The last message of a conversation that was announced to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Its number.
    pub number: u32,
    /// When its notice was opened.
    pub at: Timestamp,
}

/// Whether a message gets a notice of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burst {
    /// It does.
    Own,
    /// Another one's notice tells of it too.
    Covered {
        /// That message.
        by: u32,
        /// When it is looked at again: whether the person found it with the other.
        until: Timestamp,
    },
    /// It was read before anybody was told: nobody is.
    Read,
}

impl Burst {
    /// How it is for a message whose notice is opened now. What waited, because sending was off, may
    /// have been read meanwhile: nobody is told of it any more.
    pub fn at_opening(
        number: u32,
        announced: Option<Announced>,
        seen: u32,
        now: Timestamp,
    ) -> Self {
        if seen >= number { Self::Read } else { Self::of(announced, seen, now) }
    }

    /// How it is for a message that is announced now, to a person who has read this far.
    pub fn of(announced: Option<Announced>, seen: u32, now: Timestamp) -> Self {
        let Some(Announced { number, at }) = announced else { return Self::Own };
        let until = later(at, WINDOW);
        // Who has read the announced message may be gone again: the next one is news.
        if now < until && seen < number { Self::Covered { by: number, until } } else { Self::Own }
    }
}
