//! Time and fresh ids as one argument, so that a handler's test says what they are.

use jiff::Timestamp;

/// Where a handler has the time and its fresh ids from.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// The instant now.
    pub now: fn() -> Timestamp,
    /// An id that was never given out before.
    pub new_id: fn() -> String,
}

impl Sources {
    /// The host's clock and random ids.
    #[must_use]
    pub fn real() -> Self {
        Self { now: crate::now, new_id: crate::new_id }
    }

    /// The instant now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// An id that was never given out before.
    #[must_use]
    pub fn new_id(&self) -> String {
        (self.new_id)()
    }
}
